// SPDX-License-Identifier: Apache-2.0
// Topology files of SCALE-Sim (v2 and v3): one layer a row, as a convolution or a matrix product.
// docs/validation/scalesim.md says what they mean and where sluice reads them otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/describe.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// What the rows of a topology are (the option `-i` of SCALE-Sim).
enum class ScalesimRows : std::uint8_t { conv, gemm };
template <>
struct EnumNames<ScalesimRows> {
  static constexpr EnumName<ScalesimRows> table[] = {{"conv", ScalesimRows::conv},
                                                     {"gemm", ScalesimRows::gemm}};
};

/// What becomes of the column `N:M` (N of M weights along K are not zero).
enum class ScalesimSparsity : std::uint8_t {
  ignore,  ///< layers are dense (SparsitySupport: false)
  layer,   ///< zero weights are left out of K, the same in all filters (OptimizedMapping: false)
};
template <>
struct EnumNames<ScalesimSparsity> {
  static constexpr EnumName<ScalesimSparsity> table[] = {{"ignore", ScalesimSparsity::ignore},
                                                         {"layer", ScalesimSparsity::layer}};
};

/// Reads a topology with the importer `scalesim_topology`. Rows of convolutions become Conv2d
/// without padding whose partial last windows count; those with `DP` in their name become
/// depthwise, Num Filter outputs a channel. Rows of matrix products become Linear. A sparse layer
/// becomes a Linear of what is left of K; its name ends in `_NofM`. Names are kept, but for what no
/// name may have and for a number behind one that comes twice. Throws SpecError with every mistake,
/// each at its cell.
Network import_scalesim_topology(std::string_view text, const std::string& path, ScalesimRows rows,
                                 ScalesimSparsity sparsity = ScalesimSparsity::ignore);

/// K of a layer of which `n` of `m` weights along K are kept.
constexpr std::uint64_t sparse_extent(std::uint64_t k, std::uint64_t n, std::uint64_t m) {
  return k / m * n + (k % m < n ? k % m : n);
}

}  // namespace sluice
