// SPDX-License-Identifier: Apache-2.0
// The scratchpads of a PE grid: the words that enter and leave it are gathered into accesses, and
// every access is served by banks, cycle by cycle. While a bank has more to serve than it can in
// one cycle, the whole array is held. Addresses are worked out word by word, and nothing here knows
// the closed forms of mapper/bank_conflicts.hpp, which this confirms.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "arch/architecture.hpp"
#include "mapper/mapping.hpp"
#include "sim/pe/word.hpp"

namespace sluice {

class PeBanks {
 public:
  /// For one product, computed in one piece. Scratchpads without a width serve everything at once.
  PeBanks(const Architecture& architecture, const GemmTask& task);

  /// A word enters at lane `lane` of the west or the north edge.
  void enter(const PeWord& word, bool west, std::uint32_t lane);
  /// A result leaves column `column`; partial sums of folds along k are added to what was there.
  void leave(const PeWord& word, std::uint32_t column);

  /// Cycles for which the array was held by all accesses, beyond what the width of a scratchpad
  /// asks for.
  std::uint64_t held() const;

 private:
  enum class Rank : std::uint8_t { m, n, k };
  /// What is taken together: words of one step, or of one row that is loaded.
  using Access = std::tuple<TensorRole, bool, Rank, std::uint32_t, std::uint64_t>;

  /// Elements of an axis in the scratchpad, and from one window, and one tap, to the next.
  struct Axis {
    std::uint64_t length = 0, window = 1, tap = 1;
  };

  static Axis axis_of(const WindowAxis& axis);
  void add(TensorRole role, bool write, Rank rank, const PeWord& word, std::uint64_t position);
  std::uint64_t word_address(TensorRole role, Rank rank, std::uint64_t position) const;
  std::uint64_t bits_of(TensorRole role) const;
  std::uint64_t cycles(TensorRole role, bool write, Rank rank,
                       const std::set<std::uint64_t>& positions) const;

  const Architecture& architecture_;
  const GemmTask& task_;
  std::uint64_t row_folds_ = 1;
  Axis rows_, columns_;                                 ///< of a window
  std::map<Access, std::set<std::uint64_t>> accesses_;  ///< positions along the rank
};

}  // namespace sluice
