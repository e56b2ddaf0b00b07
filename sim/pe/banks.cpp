// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/banks.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {

/// The elements that the windows read, next to each other.
PeBanks::Axis PeBanks::axis_of(const WindowAxis& axis) {
  std::set<std::uint64_t> inside;
  for (std::uint64_t o = 0; o < axis.out; ++o)
    for (std::uint64_t r = 0; r < axis.kernel; ++r) {
      const std::uint64_t padded = o * axis.stride + r * axis.dilation;
      if (padded >= axis.pad && padded < axis.in + axis.pad) inside.insert(padded);
    }
  Axis result;
  result.window = std::min(axis.stride, (axis.kernel - 1) * axis.dilation + 1);
  result.tap = axis.out == 1 ? 1 : axis.dilation;
  result.length =
      std::max({static_cast<std::uint64_t>(inside.size()), (axis.out - 1) * result.window + 1,
                (axis.kernel - 1) * result.tap + 1});
  return result;
}

PeBanks::PeBanks(const Architecture& architecture, const GemmTask& task)
    : architecture_(architecture), task_(task) {
  const bool outputs_stay = architecture.array.dataflow == Dataflow::output_stationary;
  row_folds_ = ceil_div(outputs_stay ? task.m : task.k, architecture.array.rows);
  if (task.window) rows_ = axis_of(task.window->rows), columns_ = axis_of(task.window->columns);
}

void PeBanks::add(TensorRole role, bool write, Rank rank, const PeWord& word,
                  std::uint64_t position) {
  const Scratchpad& pad = architecture_.scratchpads[scratchpad_of(architecture_, role)];
  if (pad.width.value == 0 || pad.layout == BankLayout::skewed) return;
  // A load by rows passes a column of words at a time, as a stream does.
  accesses_[{role, write, rank, word.fold, word.index}].insert(position);
}

void PeBanks::enter(const PeWord& word, bool west, std::uint32_t lane) {
  if (!word.real) return;
  const SystolicArray& array = architecture_.array;
  const std::uint64_t fold = word.fold;
  const std::uint64_t position =
      west ? fold % row_folds_ * array.rows + lane : fold / row_folds_ * array.columns + lane;
  const bool input = word.operand == PeOperand::input;
  const bool os = array.dataflow == Dataflow::output_stationary;
  const Rank rank = west ? (os ? Rank::m : Rank::k) : input ? Rank::m : Rank::n;
  add(input ? TensorRole::input : TensorRole::weight, false, rank, word, position);
}

void PeBanks::leave(const PeWord& word, std::uint32_t column) {
  if (!word.real) return;
  const SystolicArray& array = architecture_.array;
  const std::uint64_t position = word.fold / row_folds_ * array.columns + column;
  const Rank rank = array.dataflow == Dataflow::input_stationary ? Rank::m : Rank::n;
  add(TensorRole::output, true, rank, word, position);
  if (array.dataflow != Dataflow::output_stationary && word.fold % row_folds_ != 0)
    add(TensorRole::output, false, rank, word, position);
}

std::uint64_t PeBanks::bits_of(TensorRole role) const {
  const SystolicArray& array = architecture_.array;
  return width_bits(role == TensorRole::input    ? array.input_format
                    : role == TensorRole::weight ? array.weight_format
                                                 : array.accumulator_format);
}

std::uint64_t PeBanks::word_address(TensorRole role, Rank rank, std::uint64_t position) const {
  if (role != TensorRole::input || !task_.window) return position;
  const SlidingWindow& window = *task_.window;
  if (rank == Rank::m) {
    const std::uint64_t x = position % window.columns.out;
    const std::uint64_t y = position / window.columns.out % window.rows.out;
    const std::uint64_t image = position / window.pixels();
    return (image * rows_.length + y * rows_.window) * columns_.length + x * columns_.window;
  }
  const std::uint64_t channels = std::max<std::uint64_t>(1, task_.k / window.taps());
  const std::uint64_t channel = position % channels, tap = position / channels;
  const std::uint64_t x = tap % window.columns.kernel * columns_.tap;
  const std::uint64_t y = tap / window.columns.kernel * rows_.tap;
  return (y * columns_.length + x) * channels + channel;
}

/// Each bank serves a line a port a cycle.
std::uint64_t PeBanks::cycles(TensorRole role, bool write, Rank rank,
                              const std::set<std::uint64_t>& positions) const {
  const Scratchpad& pad = architecture_.scratchpads[scratchpad_of(architecture_, role)];
  const std::uint64_t bits = bits_of(role), width = pad.width.value;
  const std::uint64_t interleave = pad.interleave.value == 0 ? width : pad.interleave.value;
  const std::uint64_t ports = write && !pad.shared_ports ? pad.write_ports : pad.read_ports;
  const std::uint64_t origin = word_address(role, rank, *positions.begin());
  std::vector<std::set<std::uint64_t>> waiting(pad.banks);
  for (const std::uint64_t position : positions) {
    const std::uint64_t first = (word_address(role, rank, position) - origin) * bits;
    for (std::uint64_t bit = first; bit < first + bits; ++bit) {
      const std::uint64_t byte = bit / 8;
      waiting[byte / interleave % pad.banks].insert(byte / width);
    }
  }
  std::uint64_t needed = 0;
  for (bool more = true; more; ++needed) {
    more = false;
    for (std::set<std::uint64_t>& lines : waiting) {
      for (std::uint64_t port = 0; port < ports && !lines.empty(); ++port)
        lines.erase(lines.begin());
      more = more || !lines.empty();
    }
  }
  return needed - ceil_div(positions.size() * bits, 8 * width * pad.banks * ports);
}

std::uint64_t PeBanks::held() const {
  std::uint64_t sum = 0;
  for (const auto& [access, positions] : accesses_)
    sum += cycles(std::get<0>(access), std::get<1>(access), std::get<2>(access), positions);
  return sum;
}

}  // namespace sluice
