// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/observation.hpp"

#include <algorithm>
#include <ostream>
#include <systemc>

#include "base/checked.hpp"

namespace sluice {

std::ostream& operator<<(std::ostream& out, const PeWord& word) {
  if (!word.valid()) return out << "bubble";
  return out << word.value << " of fold " << word.fold << ", index " << word.index;
}

void sc_trace(sc_core::sc_trace_file* file, const PeWord& word, const std::string& name) {
  sc_core::sc_trace(file, word.value, name);
}

void PeObservation::hazard(std::uint64_t cycle, const std::string& what) {
  hazards_.push_back("cycle " + std::to_string(cycle) + ": " + what);
  sc_core::sc_pause();
}

void PeObservation::enter(const PeWord& word, bool west, std::uint32_t lane, std::uint64_t cycle) {
  if (banks_ != nullptr) banks_->enter(word, west, lane);
  PeFoldTimes& times = folds_.at(word.fold);
  times.first_entry = std::min(times.first_entry, cycle);
  if (word.kind == PeWord::Kind::stream) {
    times.first_stream_entry = std::min(times.first_stream_entry, cycle);
  }
  if (word.real) ++(word.operand == PeOperand::weight ? weight_reads_ : input_reads_);
}

void PeObservation::multiply(std::uint32_t fold, bool real, std::uint64_t cycle) {
  PeFoldTimes& times = folds_.at(fold);
  times.last_product = std::max(times.last_product, cycle);
  if (real) ++macs_;
}

void PeObservation::leave(const PeWord& word, std::uint32_t column, std::uint64_t cycle) {
  if (banks_ != nullptr) banks_->leave(word, column);
  PeFoldTimes& times = folds_.at(word.fold);
  times.last_exit = std::max(times.last_exit, cycle);
  if (word.real) ++result_writes_;
  ++results_seen_;
  if (complete()) sc_core::sc_pause();
}

void PeObservation::hold(PeOccupation& occupation, std::uint32_t fold, std::uint64_t cycle,
                         std::uint64_t copies) {
  if (fold != 0) return;
  occupation.extend(cycle);
  longest_hold_ = std::max(longest_hold_, ceil_div(occupation.length(), copies));
}

}  // namespace sluice
