// SPDX-License-Identifier: Apache-2.0
// Whole networks on the grid of PEs and the clocked vector unit: the same report as `tile`.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "sim/evaluate.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

Experiment whole(const Network& network, const Architecture& machine, Fidelity fidelity) {
  Experiment e;
  e.network = network;
  systolic(e).machine = machine;
  systolic(e).mapping.mapper = "whole";
  e.simulation.fidelity = fidelity;
  return e;
}

Report report_of(const Network& network, const Architecture& machine, Fidelity fidelity) {
  const Outcome outcome = evaluate(whole(network, machine, fidelity), library());
  REQUIRE(std::holds_alternative<Report>(outcome));
  Report report = std::get<Report>(outcome);
  report.provenance.fidelity.clear();
  // Causes of equally many cycles have no order.
  const auto sort = [](std::vector<Stall>& stalls) {
    std::sort(stalls.begin(), stalls.end(),
              [](const Stall& a, const Stall& b) { return a.cause < b.cause; });
  };
  for (LayerReport& layer : report.layers) sort(layer.stalls);
  for (UnitReport& unit : report.units) sort(unit.stalls);
  sort(report.total.stalls);
  return report;
}

/// What pe says against one network on one machine.
std::vector<std::string> refusals(const Network& network, const Architecture& machine) {
  std::vector<std::string> found;
  try {
    evaluate(whole(network, machine, Fidelity::pe), library());
  } catch (const SpecError& error) {
    for (const Diagnostic& d : error.diagnostics()) found.push_back(d.message + " | " + d.hint);
  }
  return found;
}

/// One to three products of all kinds, each with up to two epilogues.
Network random_products(std::mt19937_64& random) {
  const auto extent = [&](std::uint64_t largest) { return 1 + random() % largest; };
  Network network;
  network.name = "products";
  for (std::size_t i = 0, n = extent(3); i < n; ++i) {
    Layer layer;
    layer.name = "layer" + std::to_string(i);
    if (random() % 3 == 0)
      layer.op = MatMul{extent(4), extent(9), extent(9), extent(9)};
    else
      layer.op = Linear{extent(12), extent(12), extent(12), extent(3), 0, random() % 2 == 0, false};
    for (std::size_t e = random() % 3; e > 0; --e)
      layer.epilogue.push_back(
          EnumNames<ElementwiseKind>::table[random() % std::size(EnumNames<ElementwiseKind>::table)]
              .value);
    network.layers.push_back(layer);
  }
  return network;
}

Architecture random_bare_machine(std::mt19937_64& random) {
  Architecture machine = bare_machine(random_array(random, 5));
  machine.vector.lanes = 1 + static_cast<std::uint32_t>(random() % 12);
  machine.vector.latency = 1 + static_cast<std::uint32_t>(random() % 20);
  machine.vector.exp_cycles = 1 + static_cast<std::uint32_t>(random() % 6);
  machine.vector.divide_cycles = 1 + static_cast<std::uint32_t>(random() % 6);
  machine.scratchpads[2].double_buffered = random() % 2 == 0;
  return machine;
}

}  // namespace

TEST_CASE("pe and tile give the same report of random products with epilogues") {
  const std::uint64_t seed = 20241101;
  int with_epilogue = 0;
  for (int i = 0; i < 60; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
    const Architecture machine = random_bare_machine(random);
    const Network network = random_products(random);
    const Report tile = report_of(network, machine, Fidelity::tile);
    const Report pe = report_of(network, machine, Fidelity::pe);
    CHECK(pe.total.cycles == tile.total.cycles);
    for (std::size_t l = 0; l < tile.layers.size(); ++l) {
      CAPTURE(l);
      CHECK(pe.layers[l].cycles == tile.layers[l].cycles);
      CHECK(pe.layers[l].busy_cycles == tile.layers[l].busy_cycles);
      CHECK((pe.layers[l].stalls == tile.layers[l].stalls));
    }
    for (std::size_t u = 0; u < tile.units.size(); ++u) {
      CAPTURE(tile.units[u].name);
      CHECK((pe.units[u] == tile.units[u]));
    }
    CHECK((pe == tile));
    for (const UnitReport& unit : pe.units)
      if (unit.name == "vector") with_epilogue += unit.busy_cycles > 0;
  }
  CHECK(with_epilogue > 30);
}

TEST_CASE("pe says what it cannot do, all of it at once") {
  Network network = product_network(4, 4, 4);
  network.layers.push_back({"pool", Softmax{4, 4}, {}, {}});
  network.layers[0].epilogue = {ElementwiseKind::gelu};
  Architecture machine = bare_machine({});
  machine.array.rows = machine.array.columns = 4;
  machine.vector.format = NumberFormat::int32;
  machine.scratchpads[0].width = Bytes{1};
  CHECK(refusals(network, machine) ==
        std::vector<std::string>{
            "fidelity pe: scratchpad input_sram has ports of 1 B for which units wait, and pe "
            "has only the array and its banks | leave its width out, or use tile",
            "fidelity pe: task product has an epilogue, and int32 has no fractions | use tile, "
            "which computes no numbers",
            "fidelity pe: task pool is no matrix product, and the vector unit runs only epilogues "
            "| use tile, which counts its cycles"});
}
