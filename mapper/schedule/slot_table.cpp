// SPDX-License-Identifier: Apache-2.0
#include "mapper/schedule/slot_table.hpp"

#include "mapper/schedule/occupancy.hpp"

namespace sluice {
namespace {

/// Leaves the cycles of `open` from which the cycle `later` on is one of `other` as well.
void keep_if_also(std::vector<std::uint8_t>& open, const std::vector<std::uint8_t>& other,
                  std::uint64_t later) {
  const std::size_t size = open.size(), shift = static_cast<std::size_t>(later % size);
  for (std::size_t at = 0; at < size - shift; ++at) open[at] &= other[at + shift];
  for (std::size_t at = size - shift; at < size; ++at) open[at] &= other[at + shift - size];
}

/// Leaves the cycles from which `count` cycles, `stride` apart, are all of `open`.
void keep_runs(std::vector<std::uint8_t>& open, std::uint64_t count, std::uint64_t stride) {
  std::uint64_t known = 1;
  while (known < count) {
    const std::uint64_t more = known < count - known ? known : count - known;
    keep_if_also(open, std::vector<std::uint8_t>(open), more * stride);
    known += more;
  }
}

}  // namespace

SlotTable::SlotTable(const Pipeline& pipeline, std::uint64_t interval)
    : pipeline_(pipeline), interval_(interval), reads_(interval, 0), writes_(interval, 0) {
  for (auto& unit : taken_) unit.assign(interval, 0);
  free_.fill(interval);
}

bool SlotTable::has_room(std::uint64_t at, std::uint64_t reads, std::uint64_t writes) const {
  if (pipeline_.shared_ports)
    return reads_[at] + writes_[at] + reads + writes <= pipeline_.read_ports;
  return (reads == 0 || reads_[at] + reads <= pipeline_.read_ports) &&
         (writes == 0 || writes_[at] + writes <= pipeline_.write_ports);
}

bool SlotTable::fits(std::uint32_t o, std::uint64_t k, std::uint64_t at) const {
  const PipelineOp& op = pipeline_.ops[o];
  if (taken_[static_cast<std::size_t>(op.unit)][at] != 0) return false;
  if (pipeline_.read_ports == 0) return true;
  const std::uint64_t writes = k + 1 == op.slots ? op.writes : 0;
  const std::uint64_t later = writes == 0 ? 0 : written(op, at);
  bool room = writes == 0 || has_room(later, 0, writes);
  if (k == 0 && room)
    for_each_read(pipeline_, op, at, interval_, [&](std::uint64_t row_at, std::uint64_t rows) {
      room = room && has_room(row_at, rows, row_at == later && pipeline_.shared_ports ? writes : 0);
    });
  return room;
}

void SlotTable::change(std::uint32_t o, std::uint64_t k, std::uint64_t at, bool add) {
  const PipelineOp& op = pipeline_.ops[o];
  const auto unit = static_cast<std::size_t>(op.unit);
  taken_[unit][at] = add ? 1 : 0;
  free_[unit] = add ? free_[unit] - 1 : free_[unit] + 1;
  const auto apply = [&](std::uint64_t& count, std::uint64_t amount) {
    count = add ? count + amount : count - amount;
  };
  if (k == 0 && op.reads > 0)
    for_each_read(pipeline_, op, at, interval_,
                  [&](std::uint64_t row_at, std::uint64_t rows) { apply(reads_[row_at], rows); });
  if (k + 1 == op.slots && op.writes > 0) apply(writes_[written(op, at)], op.writes);
}

std::vector<std::uint8_t> SlotTable::open_parts(std::uint32_t o, std::uint64_t k) const {
  std::vector<std::uint8_t> open(interval_);
  for (std::uint64_t at = 0; at < interval_; ++at) open[at] = fits(o, k, at) ? 1 : 0;
  return open;
}

std::vector<std::uint8_t> SlotTable::open_starts(std::uint32_t o, std::uint64_t elements,
                                                 std::uint64_t stride) const {
  const std::uint64_t slots = pipeline_.ops[o].slots;
  std::vector<std::uint8_t> open = open_parts(o, 0);
  if (slots > 1) keep_if_also(open, open_parts(o, slots - 1), slots - 1);
  if (slots > 2) {
    std::vector<std::uint8_t> middle = open_parts(o, 1);
    keep_runs(middle, slots - 2, 1);
    keep_if_also(open, middle, 1);
  }
  keep_runs(open, elements, stride);
  return open;
}

}  // namespace sluice
