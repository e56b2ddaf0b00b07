// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "arch/architecture.hpp"
#include "base/print.hpp"
#include "tests/arch/machine_text.hpp"

namespace sluice {
namespace {

TEST_CASE("without engines every tensor gets one of its own") {
  const Architecture machine = read(MachineText{});
  REQUIRE(machine.dma.size() == 3);
  CHECK(machine.dma[0] == Dma{.name = "dma_input", .moves = {TensorRole::input}});
  CHECK(machine.dma[1] == Dma{.name = "dma_weight", .moves = {TensorRole::weight}});
  CHECK(machine.dma[2] == Dma{.name = "dma_output", .moves = {TensorRole::output}});
}

TEST_CASE("engines that are given are left as they are") {
  const MachineText text{.dma = "dma: [{name: all, moves: [output, input, weight]}]"};
  const Architecture machine = read(text);
  REQUIRE(machine.dma.size() == 1);
  CHECK(machine.dma[0].name == "all");
}

TEST_CASE("each tensor is found in its scratchpad") {
  Architecture machine = read(MachineText{});
  CHECK(scratchpad_of(machine, TensorRole::input) == 0);
  CHECK(scratchpad_of(machine, TensorRole::weight) == 1);
  CHECK(scratchpad_of(machine, TensorRole::output) == 2);
  machine.scratchpads[0].holds = {TensorRole::output};
  machine.scratchpads[2].holds = {TensorRole::weight, TensorRole::input};
  machine.scratchpads[1].holds = {};
  CHECK(scratchpad_of(machine, TensorRole::input) == 2);
  CHECK(scratchpad_of(machine, TensorRole::weight) == 2);
  CHECK(scratchpad_of(machine, TensorRole::output) == 0);
}

TEST_CASE("a machine that is printed reads back as the same machine") {
  const Architecture machine = read(MachineText{.extra = "source: a paper"});
  for (const bool omit_defaults : {false, true}) {
    CAPTURE(omit_defaults);
    const std::string text = to_text(to_yaml(machine, {.omit_defaults = omit_defaults}));
    Diagnostics diagnostics;
    CHECK(read_architecture(parse_yaml(text, "printed.yaml"), diagnostics) == machine);
    CHECK(complaints(diagnostics) == "");
  }
}

TEST_CASE("a file that is no map is one mistake") {
  Diagnostics diagnostics;
  read_architecture(parse_yaml("- 1\n", "machine.yaml"), diagnostics);
  CHECK(diagnostics.size() == 1);
}

TEST_CASE("the table of a machine shows its units and where memory and array are in balance") {
  // 16 MACs a cycle at 1 GHz = 0.016 TMAC/s; 8 GB/s = 8 B/cycle; ridge 16 / 8 = 2 MAC/B.
  const MachineText text{
      .extra = "source: a paper",
      .in = "{name: in, capacity: 1 KiB, holds: [input], banks: 2, width: 16 B, read_ports: 2}",
      .dram = "{preset: ideal, bandwidth: 8 GB/s}",
      .dma = "dma: [{name: d, moves: [input, weight, output], setup_cycles: 5}]"};
  CHECK(to_table(read(text)) ==
        "test (a paper)\n"
        "  model        systolic\n"
        "  clock        1 GHz\n"
        "  array        4 x 4 PEs, ws, int8 x int8 into int32\n"
        "               load by columns, folds apart\n"
        "               16 MAC/cycle, 0.016 TMAC/s\n"
        "  vector       128 lanes, fp32; exp 4, divide 4, latency 8 cycles\n"
        "  scratchpad   in 1 KiB, holds input; 2 banks, 2 read ports, 1 write port of 16 B, "
        "64 B/cycle; double-buffered\n"
        "  scratchpad   wt 1 KiB, holds weight; 1 bank, 1 read port, 1 write port; "
        "double-buffered\n"
        "  scratchpad   acc 1 KiB, holds output; 1 bank, 1 read port, 1 write port; "
        "double-buffered\n"
        "  dma          d, moves input, weight, output; 1024 bursts in flight, 5 cycles a tile\n"
        "  dram         ideal, 8 GB/s, 8 B/cycle\n"
        "  ridge point  2 MAC/B; with fewer the DRAM is the limit\n"
        "  weights      fetched ahead of the layer before's end\n"
        "  energy       none: timing only\n");
}

}  // namespace
}  // namespace sluice
