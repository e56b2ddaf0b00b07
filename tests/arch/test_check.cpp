// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "arch/check.hpp"
#include "tests/arch/machine_text.hpp"

namespace sluice {
namespace {

TEST_CASE("the machine that the other tests change has no mistakes") {
  CHECK(complaints(MachineText{}) == "");
}

TEST_CASE("an unknown model is told with what is known") {
  CHECK(complaints(MachineText{.extra = "model: systolic"}) == "");
  CHECK(complaints(MachineText{.extra = "model: systolc"}) ==
        "3:8: unknown model 'systolc' | did you mean 'systolic'?\n");
}

TEST_CASE("a tensor lives in exactly one scratchpad") {
  SUBCASE("one may hold two") {
    const MachineText shared{.in = "{name: in, capacity: 1 KiB, holds: [input, output]}",
                             .acc = "{name: none, capacity: 1 KiB, holds: []}"};
    CHECK(complaints(shared) ==
          "8:42: scratchpad 'none' holds no tensor | "
          "name at least one of input, weight, output\n");
  }
  SUBCASE("two may not hold one") {
    const MachineText twice{.wt = "{name: wt, capacity: 1 KiB, holds: [weight, input]}"};
    CHECK(complaints(twice) ==
          "7:49: input is already held by scratchpad 'in' | "
          "each of input, weight, output belongs to one scratchpad\n");
  }
  SUBCASE("nor one twice") {
    const MachineText twice{.wt = "{name: wt, capacity: 1 KiB, holds: [weight, weight]}"};
    CHECK(complaints(twice) ==
          "7:49: weight is already held by scratchpad 'wt' | "
          "each of input, weight, output belongs to one scratchpad\n");
  }
  SUBCASE("none may be left out") {
    const MachineText without{.in = "{name: in, capacity: 1 KiB, holds: [output]}",
                              .acc = "{name: acc, capacity: 1 KiB, holds: [weight]}"};
    CHECK(complaints(without) ==
          "6:3: input is held by no scratchpad | add it to `holds` of one scratchpad\n"
          "8:42: weight is already held by scratchpad 'wt' | "
          "each of input, weight, output belongs to one scratchpad\n");
  }
}

TEST_CASE("a tensor is moved by exactly one DMA engine") {
  const auto with = [](std::string dma) { return complaints(MachineText{.dma = std::move(dma)}); };
  CHECK(with("dma: [{name: all, moves: [input, weight, output]}]") == "");
  CHECK(with("dma: []") == "");
  CHECK(with("dma: [{name: a, moves: [input, weight]}]") ==
        "10:6: output is moved by no DMA engine | "
        "add it to `moves` of one engine, or leave out `dma` for one engine each\n");
  CHECK(with("dma: [{name: a, moves: [input, weight]}, {name: b, moves: [output, input]}]") ==
        "10:68: input is already moved by DMA engine 'a' | "
        "each of input, weight, output belongs to one DMA engine\n");
  CHECK(with("dma: [{name: a, moves: [input, weight, output]}, {name: b, moves: []}]") ==
        "10:67: DMA engine 'b' moves no tensor | name at least one of input, weight, output\n");
}

TEST_CASE("names are unique and not those of units that every machine has") {
  CHECK(complaints(MachineText{.wt = "{name: in, capacity: 1 KiB, holds: [weight]}"}) ==
        "7:12: the name 'in' is already taken on line 6 | "
        "every scratchpad and DMA engine needs a name of its own\n");
  CHECK(complaints(MachineText{.dma = "dma: [{name: acc, moves: [input, weight, output]}]"}) ==
        "10:14: the name 'acc' is already taken on line 8 | "
        "every scratchpad and DMA engine needs a name of its own\n");
  for (const std::string taken : {"array", "vector", "dram"})
    CHECK(complaints(MachineText{.in = "{name: " + taken + ", capacity: 1 KiB, holds: [input]}"}) ==
          "6:12: '" + taken +
              "' is a unit of every machine | "
              "choose another name than array, vector, dram\n");
  CHECK(complaints(MachineText{.in = "{name: '', capacity: 1 KiB, holds: [input]}"}) ==
        "6:12: a name is empty | reports need a name for every unit\n");
}

TEST_CASE("weights that enter along the rows are not double-buffered") {
  const auto with = [](const std::string& options) {
    return complaints(MachineText{.array = "{rows: 4, columns: 4, " + options + "}"});
  };
  CHECK(with("stationary_load: rows") == "");
  CHECK(with("double_buffered_stationary: true") == "");
  CHECK(with("dataflow: is, stationary_load: rows, double_buffered_stationary: true") ==
        "4:61: stationary_load rows and double_buffered_stationary exclude each other: along the "
        "rows the stationary tile travels through the registers of the moving operand, which are "
        "in use while a fold computes | "
        "choose stationary_load: columns, or double_buffered_stationary: false\n");
}

TEST_CASE("an option of another dataflow is an error unless it is at its default") {
  const auto with = [](const std::string& options) {
    return complaints(MachineText{.array = "{rows: 4, columns: 4, " + options + "}"});
  };
  const std::string cure = " | remove it, or choose another dataflow\n";
  const std::string loads = " has no effect: with dataflow os no operand is loaded before a fold";
  const std::string leaves = " results leave at the lower edge as they are done";

  CHECK(with("dataflow: os, drain: direct") == "");
  CHECK(with("dataflow: os, double_buffered_output: true") == "");
  CHECK(with("dataflow: ws, drain: columns, double_buffered_output: false") == "");
  CHECK(with("dataflow: os, double_buffered_stationary: false, stationary_load: columns") == "");

  CHECK(with("dataflow: os, double_buffered_stationary: true") ==
        "4:72: double_buffered_stationary" + loads + cure);
  CHECK(with("dataflow: os, stationary_load: rows") == "4:61: stationary_load" + loads + cure);
  CHECK(with("dataflow: os, drain: direct, double_buffered_output: true") ==
        "4:83: double_buffered_output has no effect: with drain direct results are read in the "
        "cycle in which they are done | remove it, or choose drain: columns\n");
  CHECK(with("dataflow: ws, drain: direct") ==
        "4:51: drain has no effect: with dataflow ws" + leaves + cure);
  CHECK(with("dataflow: is, double_buffered_output: true") ==
        "4:68: double_buffered_output has no effect: with dataflow is" + leaves + cure);
}

TEST_CASE("an accumulator holds a product of its operands") {
  const auto with = [](const std::string& formats) {
    return complaints(MachineText{.array = "{rows: 4, columns: 4, " + formats + "}"});
  };
  CHECK(with("accumulator_format: int16") == "");  // 8 + 8 bits
  CHECK(with("input_format: bf16, weight_format: bf16, accumulator_format: bf16") == "");
  CHECK(with("input_format: bf16, weight_format: int4, accumulator_format: fp32") == "");
  CHECK(with("input_format: int16, accumulator_format: int20") ==
        "4:71: accumulator_format int20 has 20 bits, a product of int16 x int8 has 24 | "
        "choose a wider accumulator\n");
  CHECK(with("input_format: fp32, weight_format: fp32, accumulator_format: fp16") ==
        "4:91: accumulator_format fp16 has 16 bits, a product of fp32 x fp32 has 32 | "
        "choose a wider accumulator\n");
  CHECK(with("accumulator_format: fp32") ==
        "4:50: accumulator_format fp32 cannot hold products of int8 x int8 | "
        "choose an integer format, such as int32\n");
  CHECK(with("input_format: bf16") ==
        "4:8: accumulator_format int32 cannot hold products of bf16 x int8 | "
        "choose a floating-point format, such as fp32\n");
}

TEST_CASE("a scratchpad holds a line of each of its banks") {
  const auto with = [](const std::string& options) {
    return complaints(
        MachineText{.in = "{name: in, capacity: 1 KiB, holds: [input], " + options + "}"});
  };
  CHECK(with("banks: 4, width: 256 B") == "");  // 4 x 256 B = 1 KiB
  CHECK(with("banks: 4, width: 257 B") ==
        "6:66: one line of 257 B in each of 4 banks is more than scratchpad 'in' holds, 1 KiB | "
        "choose a smaller width, fewer banks or a larger capacity\n");
  CHECK(with("shared_ports: true, read_ports: 2") == "");
  CHECK(with("shared_ports: true, write_ports: 2") ==
        "6:82: write_ports has no effect: with shared_ports reads and writes share the 1 of "
        "read_ports | remove it, or set shared_ports: false\n");
}

TEST_CASE("banks are interleaved by lines, and only where that matters") {
  const auto with = [](const std::string& options) {
    return complaints(
        MachineText{.in = "{name: in, capacity: 1 KiB, holds: [input], " + options + "}"});
  };
  CHECK(with("banks: 4, width: 8 B, interleave: 16 B") == "");
  CHECK(with("banks: 4, width: 8 B, interleave: 256 B") == "");
  CHECK(with("banks: 4, width: 8 B, interleave: 264 B") ==
        "6:83: interleave 264 B is more than each of 4 banks of scratchpad 'in' holds, 256 B | "
        "choose at most the capacity of a bank\n");
  CHECK(with("banks: 4, width: 8 B, interleave: 12 B") ==
        "6:83: interleave 12 B is no multiple of width 8 B: an access is to one bank | "
        "choose whole lines, or leave it out for one line\n");
  CHECK(with("width: 8 B, interleave: 16 B") ==
        "6:73: interleave has no effect: there is one bank | remove it, or state more banks\n");
  CHECK(with("banks: 4, width: 8 B, layout: skewed") == "");
  CHECK(with("banks: 4, width: 8 B, layout: skewed, interleave: 16 B") ==
        "6:99: interleave has no effect: layout skewed is free of bank conflicts | "
        "remove it, or choose layout: linear\n");
  CHECK(with("interleave: 16 B, layout: skewed") ==
        "6:61: interleave has no effect: a scratchpad without a width serves all at once | "
        "state the width of an access, or remove it\n"
        "6:75: layout has no effect: a scratchpad without a width serves all at once | "
        "state the width of an access, or remove it\n");
}

TEST_CASE("all mistakes of a machine are told at once, each of them once") {
  const MachineText machine{.extra = "model: spatial",
                            .array = "{rows: 0, columns: 4, drain: direct}",  // not read cleanly
                            .wt = "{name: in, capacity: 1 KiB, holds: [weight]}",
                            .dma = "dma: [{name: d, moves: [input, weight, outptu]}]"};
  CHECK(complaints(machine) ==
        "3:8: unknown model 'spatial' | known: systolic\n"
        "4:15: rows is 0, at least 1 is required | \n"
        "7:12: the name 'in' is already taken on line 6 | "
        "every scratchpad and DMA engine needs a name of its own\n"
        "10:40: moves: 'outptu' is not known here | did you mean 'output'?\n");
}

}  // namespace
}  // namespace sluice
