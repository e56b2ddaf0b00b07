// SPDX-License-Identifier: Apache-2.0
// Which registers a schedule holds for how long. Not for users of the room; see schedule.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "mapper/schedule/schedule.hpp"

namespace sluice {

/// `words` registers of every PE of `unit` that hold results of an operation in the cycles from
/// `from` to before `until`.
struct Lifetime {
  std::uint32_t op = 0;
  ArrayUnit unit = ArrayUnit::spatial;
  std::uint64_t from = 0, until = 0;
  std::uint64_t words = 1;
};
std::vector<Lifetime> lifetimes(const Pipeline& pipeline, const ModuloSchedule& schedule);

/// The last element of the producer that an element of the user needs.
std::uint64_t producer_element(const Pipeline& pipeline, const PipelineEdge& edge,
                               std::uint64_t element);

/// Calls visit(cycle of the interval, rows) for what an element reads whose first slot is at
/// cycle `t`. More rows than there are ports are read in the cycles before, into latches at the
/// edge of the array.
template <class Visit>
void for_each_read(const Pipeline& pipeline, const PipelineOp& op, std::uint64_t t,
                   std::uint64_t interval, Visit visit) {
  const std::uint64_t ports = pipeline.read_ports == 0 ? op.reads : pipeline.read_ports;
  std::uint64_t at = t % interval;
  for (std::uint64_t left = op.reads; left > 0;) {
    const std::uint64_t rows = left < ports ? left : ports;
    visit(at, rows);
    left -= rows;
    at = at == 0 ? interval - 1 : at - 1;
  }
}

}  // namespace sluice
