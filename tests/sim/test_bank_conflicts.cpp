// SPDX-License-Identifier: Apache-2.0
// Words that a unit takes together and that lie in the same bank of a scratchpad: what that costs
// in each fidelity. The arithmetic of addresses is in tests/arch/test_scratchpad_banks.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "sim/evaluate.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// 9 x 4 PEs, weight stationary; inputs in 4 banks with lines of 4 B.
Architecture small_machine() {
  SystolicArray array;
  array.rows = 9;
  array.columns = 4;
  Architecture machine = bare_machine(array);
  machine.scratchpads[0].width = Bytes{4};
  machine.scratchpads[0].banks = 4;
  return machine;
}

/// A 3 x 3 convolution of one channel of `width` x `width` pixels to four, without padding.
Network convolution(std::uint64_t width, std::uint64_t stride = 1) {
  Conv2d conv;
  conv.out_channels = 4;
  conv.in_height = conv.in_width = width;
  conv.kernel_height = conv.kernel_width = 3;
  conv.stride_height = conv.stride_width = stride;
  conv.bias = false;
  Network network;
  network.name = "convolution";
  Layer layer;
  layer.name = "conv";
  layer.op = conv;
  network.layers.push_back(layer);
  return network;
}

Outcome outcome_of(const Network& network, const Architecture& machine,
                   Fidelity fidelity = Fidelity::tile, bool fast_forward = true,
                   const std::string& mapper = "whole") {
  Experiment e;
  e.network = network;
  systolic(e).machine = machine;
  systolic(e).mapping.mapper = mapper;
  e.simulation.fidelity = fidelity;
  e.simulation.fast_forward = fast_forward;
  return evaluate(e, library());
}

Report report_of(const Network& network, const Architecture& machine,
                 Fidelity fidelity = Fidelity::tile) {
  return std::get<Report>(outcome_of(network, machine, fidelity));
}

std::uint64_t lost(const std::vector<Stall>& stalls) {
  for (const Stall& stall : stalls)
    if (stall.cause == "bank_conflict") return stall.cycles;
  return 0;
}

std::uint64_t sum(const std::vector<Stall>& stalls) {
  std::uint64_t cycles = 0;
  for (const Stall& stall : stalls) cycles += stall.cycles;
  return cycles;
}

/// Banks, ports and layouts drawn at random; wide enough that not all is a wait for the width.
void add_banks(std::mt19937_64& random, Architecture& machine, std::uint64_t widest) {
  for (Scratchpad& pad : machine.scratchpads) {
    pad.width = Bytes{};
    if (random() % 4 == 0) continue;
    pad.width = Bytes{1 + random() % widest};
    pad.banks = 1 + static_cast<std::uint32_t>(random() % 9);
    pad.read_ports = 1 + static_cast<std::uint32_t>(random() % 2);
    pad.shared_ports = random() % 3 == 0;
    if (pad.banks > 1 && random() % 3 == 0)
      pad.interleave = Bytes{pad.width.value * (1 + random() % 4)};
    if (pad.interleave.value == 0 && random() % 5 == 0) pad.layout = BankLayout::skewed;
  }
}

Network random_products(std::mt19937_64& random) {
  Network network;
  network.name = "products";
  for (std::size_t i = 0, n = 1 + random() % 2; i < n; ++i) {
    Layer layer;
    layer.name = "layer" + std::to_string(i);
    do layer.op = random_operator(random);
    while (!std::holds_alternative<Conv2d>(layer.op) && !std::holds_alternative<MatMul>(layer.op));
    if (auto* conv = std::get_if<Conv2d>(&layer.op)) {
      conv->bias = false;
      conv->dilation_height = conv->dilation_width = 1 + random() % 2;
      conv->in_height += 2, conv->in_width += 2;
    }
    network.layers.push_back(layer);
  }
  return network;
}

}  // namespace

// A step takes 3 rows of 3 words. 16 B from row to row are 4 lines, one round of the 4 banks: all
// three rows lie in bank 0, and the last comes 2 cycles late; 14 x 14 steps. In rows of 20 B they
// lie in banks 0, 1 and 2. In rows of 18 B words 18 and 19 lie in line 4 (bank 0), 20 in line 5 and
// 36 to 38 in line 9 (bank 1): two lines in each of two banks.
TEST_CASE("rows of a window in the same bank hold the array for a cycle each") {
  const auto cycles = [](std::uint64_t width, BankLayout layout) {
    Architecture machine = small_machine();
    machine.scratchpads[0].layout = layout;
    return report_of(convolution(width), machine).total.cycles;
  };
  using enum BankLayout;
  CHECK(cycles(16, linear) == cycles(16, skewed) + 2 * 14 * 14);
  CHECK(cycles(18, linear) == cycles(18, skewed) + 1 * 16 * 16);
  CHECK(cycles(20, linear) == cycles(20, skewed));
}

// Load 9, 196 steps, 9 + 4 - 2 of skew: 216; the unit is free at 216 as folds stay apart.
TEST_CASE("bank conflicts are a stall of their own") {
  const Report report = report_of(convolution(16), small_machine());
  const LayerReport& layer = report.layers[0];
  CHECK(layer.cycles == 216 + 392);
  CHECK(layer.busy_cycles == 216);
  CHECK(lost(layer.stalls) == 392);
  CHECK(layer.bottleneck ==
        "bank conflicts: 64 % of cycles wait for words of one access that lie in the same bank; a "
        "skewed layout, other banks or more ports would be up to 2.8 times faster");
  const Report analytic = report_of(convolution(16), small_machine(), Fidelity::analytic);
  CHECK(analytic.total.cycles == report.total.cycles);
  CHECK(lost(analytic.layers[0].stalls) == 392);
}

TEST_CASE("a port more serves one line more a cycle") {
  Architecture machine = small_machine();
  const auto conflicts = [&](std::uint32_t ports) {
    machine.scratchpads[0].read_ports = ports;
    return lost(report_of(convolution(16), machine).layers[0].stalls);
  };
  CHECK(conflicts(1) == 2 * 196);
  CHECK(conflicts(2) == 1 * 196);
  CHECK(conflicts(3) == 0);
}

// os: 9 of the 7 x 7 pixels at a time, 2 words apart, in image rows of 30 words for two rows. From
// the first pixel of an access on, in lines of 4 words over 4 banks:
//   pixels 0-8:   lines 0 0 1 1 2 2 3 | 7 8         lines 0 and 8 in bank 0         1 lost
//          9-17:  0 0 1 1 2 | 6 7 7 8               0 and 8; 2 and 6                1
//          18-26: 0 0 1 | 5 6 6 7 7 8               0 and 8; 1 and 5                1
//          27-35: 0 | 4 5 5 6 6 7 7 | 12            0, 4 and 12                     2
//          36-44: 0 0 1 1 2 2 | 7 7 8               0 and 8                         1
//          45-48: 0 0 1 1                                                           0
// and so in each of the 9 steps.
TEST_CASE("an output-stationary array conflicts on strided pixels") {
  Architecture machine = small_machine();
  machine.array.dataflow = Dataflow::output_stationary;
  CHECK(lost(report_of(convolution(15, 2), machine).layers[0].stalls) == 9 * 6);
}

// 9 x 4 sums of 4 B: 16 B in a cycle. In lines of 4 B over 4 banks that is one access of each; in
// stretches of 16 B all four lines of a step lie in one bank, which takes 4 cycles.
TEST_CASE("contiguous banks serve a row of results one line after the other") {
  Architecture machine = small_machine();
  machine.scratchpads[0].width = Bytes{};
  Scratchpad& sums = machine.scratchpads[2];
  sums.width = Bytes{4};
  sums.banks = 4;
  CHECK(lost(report_of(product_network(10, 4, 9), machine).layers[0].stalls) == 0);
  sums.interleave = Bytes{16};
  CHECK(lost(report_of(product_network(10, 4, 9), machine).layers[0].stalls) == 10 * 3);
}

TEST_CASE("pe and tile agree where words lie in banks") {
  const std::uint64_t seed = 20261129;
  int compared = 0, conflicts = 0;
  for (int i = 0; i < 400; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
    Architecture machine = bare_machine(random_array(random, 7));
    add_banks(random, machine, 12);
    const Network network = random_products(random);
    const Report tile = report_of(network, machine);
    try {
      const Report pe = report_of(network, machine, Fidelity::pe);
      CHECK(pe.total.cycles == tile.total.cycles);
      for (std::size_t l = 0; l < tile.layers.size(); ++l) {
        CHECK(pe.layers[l].cycles == tile.layers[l].cycles);
        CHECK(pe.layers[l].busy_cycles == tile.layers[l].busy_cycles);
        CHECK(lost(pe.layers[l].stalls) == lost(tile.layers[l].stalls));
      }
      ++compared;
      conflicts += lost(tile.total.stalls) > 0;
    } catch (const SpecError&) {  // ports that are too narrow for the array
    }
  }
  CHECK(compared > 200);
  CHECK(conflicts > 50);
}

TEST_CASE("the laws hold with banks: bounds, accounts, fast-forward") {
  const std::uint64_t seed = 20261130;
  int conflicts = 0;
  for (int i = 0; i < 150; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
    const Dram dram = i % 3 == 0 ? random_dram(random) : random_ideal_memory(random);
    Architecture machine = random_machine(random, dram);
    add_banks(random, machine, 32);
    const Network network = random_network(random);
    const Outcome tile = outcome_of(network, machine, Fidelity::tile, true, "heuristic");
    if (std::holds_alternative<Infeasible>(tile)) continue;
    const Report& report = std::get<Report>(tile);
    CHECK((outcome_of(network, machine, Fidelity::tile, false, "heuristic") == tile));
    const Outcome bound = outcome_of(network, machine, Fidelity::analytic, true, "heuristic");
    CHECK(std::get<Report>(bound).total.cycles <= report.total.cycles);
    for (const LayerReport& layer : report.layers)
      CHECK(layer.busy_cycles + sum(layer.stalls) == layer.cycles);
    for (const LayerReport& layer : std::get<Report>(bound).layers)
      CHECK(layer.busy_cycles + sum(layer.stalls) == layer.cycles);
    for (const UnitReport& unit : report.units)
      CHECK(unit.busy_cycles + sum(unit.stalls) + unit.idle_cycles == report.total.cycles);
    conflicts += lost(report.total.stalls) > 0;
  }
  CHECK(conflicts > 20);
}
