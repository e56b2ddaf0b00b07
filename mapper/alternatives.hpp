// SPDX-License-Identifier: Apache-2.0
// Why a tiling and no other: what its neighbours would cost, by the estimate that mappers use.
#pragma once

#include <string>
#include <vector>

#include "mapper/mapping.hpp"

namespace sluice {

/// A tiling that differs from another in one thing.
struct TilingAlternative {
  std::string change;            ///< such as `m 64 instead of 128`
  double cycles = 0;             ///< estimated
  std::uint64_t dram_bytes = 0;  ///< both ways
  std::string obstacle;          ///< why it cannot be; empty: it can
  bool operator==(const TilingAlternative&) const = default;
};

struct TilingReasons {
  double cycles = 0;  ///< of the tiling itself, estimated
  std::uint64_t dram_bytes = 0;
  std::vector<TilingAlternative> alternatives;  ///< those that can be first, the fastest first
};

/// The other loop order, and each tile halved and doubled (by whole folds of the array).
TilingReasons reasons_for(const TaskMapping& mapping, const Architecture& architecture);

/// One sentence: the next best and by how much, or that there is no other; and what does not fit.
std::string to_text(const TilingReasons& reasons);

}  // namespace sluice
