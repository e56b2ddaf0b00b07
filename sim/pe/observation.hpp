// SPDX-License-Identifier: Apache-2.0
// What is seen of the PE grid while it runs: hazards, when folds come and go, how long one fold
// keeps a register, and the counts of actions. It decides nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sim/pe/banks.hpp"
#include "sim/pe/word.hpp"

namespace sluice {

/// Cycles of one fold, as seen.
struct PeFoldTimes {
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t first_entry = never;         ///< of any word at an edge
  std::uint64_t first_stream_entry = never;  ///< of a word that does not stay
  std::uint64_t last_product = 0;
  std::uint64_t last_exit = 0;
};

/// The cycles from the first to the last in which fold 0 holds a register or a wire.
class PeOccupation {
 public:
  void extend(std::uint64_t cycle) {
    first_ = cycle < first_ ? cycle : first_;
    last_ = cycle > last_ ? cycle : last_;
  }
  std::uint64_t length() const { return last_ - first_ + 1; }

 private:
  std::uint64_t first_ = PeFoldTimes::never;
  std::uint64_t last_ = 0;
};

/// Everything seen in a run. Modules of the grid write it, whoever started the run reads it.
class PeObservation {
 public:
  /// `banks`: told of all words that enter and leave (nullptr: nobody is).
  PeObservation(std::uint64_t folds, std::uint64_t results_expected, PeBanks* banks = nullptr)
      : folds_(folds), results_expected_(results_expected), banks_(banks) {}

  /// Reports a word lost, overwritten or mistaken for another; ends the run.
  void hazard(std::uint64_t cycle, const std::string& what);

  /// A word enters the array at lane `lane` of an edge. Real ones count as a read of their operand.
  void enter(const PeWord& word, bool west, std::uint32_t lane, std::uint64_t cycle);
  /// A PE multiplies; padding does not count as a MAC.
  void multiply(std::uint32_t fold, bool real, std::uint64_t cycle);
  /// A result leaves the array from column `column`.
  void leave(const PeWord& word, std::uint32_t column, std::uint64_t cycle);
  /// `copies` of the register take turns from fold to fold. Only fold 0 is recorded.
  void hold(PeOccupation& occupation, std::uint32_t fold, std::uint64_t cycle,
            std::uint64_t copies = 1);

  /// No result is outstanding.
  bool complete() const { return results_seen_ == results_expected_; }
  const std::vector<std::string>& hazards() const { return hazards_; }
  const std::vector<PeFoldTimes>& folds() const { return folds_; }
  /// The longest time for which fold 0 held a register or wire, a copy's share of it.
  std::uint64_t longest_hold() const { return longest_hold_; }
  std::uint64_t macs() const { return macs_; }
  std::uint64_t input_reads() const { return input_reads_; }
  std::uint64_t weight_reads() const { return weight_reads_; }
  std::uint64_t result_writes() const { return result_writes_; }

 private:
  std::vector<PeFoldTimes> folds_;
  std::uint64_t results_expected_;
  PeBanks* banks_;
  std::uint64_t results_seen_ = 0;
  std::vector<std::string> hazards_;
  std::uint64_t longest_hold_ = 1;
  std::uint64_t macs_ = 0;
  std::uint64_t input_reads_ = 0;
  std::uint64_t weight_reads_ = 0;
  std::uint64_t result_writes_ = 0;
};

}  // namespace sluice
