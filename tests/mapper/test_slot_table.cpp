// SPDX-License-Identifier: Apache-2.0
// Where elements may begin, known for all cycles at once, is what trying each of them says.
#include <doctest/doctest.h>

#include "mapper/schedule/slot_table.hpp"

namespace sluice {
namespace {

/// One operation of the vector array, and one that stands in its way.
Pipeline two_operations(std::uint64_t slots, std::uint64_t reads, std::uint64_t writes) {
  Pipeline pipeline;
  PipelineOp op;
  op.elements = 3;
  op.slots = slots;
  op.reads = reads;
  op.writes = writes;
  op.write_after = 7;
  PipelineOp other;
  other.reads = 2;
  other.writes = 1;
  pipeline.ops = {op, other};
  pipeline.read_ports = pipeline.write_ports = 3;
  return pipeline;
}

/// Whether every part fits that elements which begin at `start` have.
bool all_fit(const SlotTable& table, const PipelineOp& op, std::uint64_t start,
             std::uint64_t stride, std::uint64_t interval) {
  for (std::uint64_t e = 0; e < op.elements; ++e)
    for (std::uint64_t k = 0; k < op.slots; ++k)
      if (!table.fits(0, k, (start + e * stride + k) % interval)) return false;
  return true;
}

}  // namespace

TEST_CASE("open starts are those at which every part of every element fits") {
  constexpr std::uint64_t interval = 41;
  for (const bool shared : {false, true})
    for (std::uint64_t slots = 1; slots <= 5; ++slots)
      for (std::uint64_t stride = slots; stride <= slots + 9; ++stride)
        for (std::uint64_t every = 5; every <= 13; every += 4) {
          CAPTURE(shared);
          CAPTURE(slots);
          CAPTURE(stride);
          CAPTURE(every);
          Pipeline pipeline = two_operations(slots, 4, 2);
          pipeline.shared_ports = shared;
          SlotTable table(pipeline, interval);
          for (std::uint64_t at = 0; at < interval; at += every) table.take(1, 0, at);
          const auto open = table.open_starts(0, pipeline.ops[0].elements, stride);
          for (std::uint64_t start = 0; start < interval; ++start)
            CHECK((open[start] != 0) == all_fit(table, pipeline.ops[0], start, stride, interval));
        }
}

TEST_CASE("what is released is free again") {
  const Pipeline pipeline = two_operations(2, 4, 1);
  SlotTable table(pipeline, 9);
  CHECK(table.free_cycles(ArrayUnit::vector) == 9);
  table.take(0, 0, 8);
  table.take(0, 1, 0);
  CHECK(table.free_cycles(ArrayUnit::vector) == 7);
  CHECK_FALSE(table.fits(1, 0, 0));  // the unit is taken
  table.release(0, 0, 8);
  table.release(0, 1, 0);
  CHECK(table.free_cycles(ArrayUnit::vector) == 9);
  for (std::uint64_t at = 0; at < 9; ++at) CHECK(table.fits(0, 0, at));
}

}  // namespace sluice
