// SPDX-License-Identifier: Apache-2.0
// Layers other than attention on the spatial machine: products on its grid, all else on its vector
// array, networks.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <random>

#include "mapper/schedule/layer_work.hpp"
#include "sim/fusemax/closed_forms.hpp"
#include "sim/models/spatial.hpp"
#include "sim/models/spatial_evaluate.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/machines.hpp"
#include "workloads/cascade/evaluate.hpp"

namespace sluice {
namespace {

using namespace sluice::test;
using Settings = std::vector<std::pair<std::string, std::string>>;

Experiment small(const std::string& size, const std::string& layers, const Settings& more = {}) {
  YamlNode root = load_yaml(source_path("configs/run/fusemax_bert_1k.yaml"));
  Settings all = {{"workload", "{network: {name: some, layers: [" + layers + "]}}"},
                  {"mapping", "{}"},
                  {"architecture.spatial_array.rows", size},
                  {"architecture.spatial_array.columns", size},
                  {"architecture.vector_array.lanes", size},
                  {"architecture.global_buffer.capacity", "16 KiB"},
                  {"architecture.global_buffer.row", "16 B"},
                  {"architecture.dram", "{preset: ideal}"}};
  all.insert(all.end(), more.begin(), more.end());
  for (const auto& [path, value] : all) set_path(root, path, value);
  return read_experiment(root, library());
}

Report run(const Experiment& e) {
  const Outcome outcome = evaluate(e, library());
  if (const auto* infeasible = std::get_if<Infeasible>(&outcome))
    FAIL(infeasible->what, " ", infeasible->needed, " ", infeasible->available);
  return std::get<Report>(outcome);
}

Report run(Experiment e, Fidelity fidelity) {
  e.simulation.fidelity = fidelity;
  return run(e);
}

const UnitReport& unit(const Report& report, const std::string& name) {
  for (const UnitReport& unit : report.units)
    if (unit.name == name) return unit;
  FAIL("there is no unit ", name);
  return report.units.front();
}

/// `tile` equals `pe`, whose PEs compute what the cascade says (else they assert), `analytic` is no
/// more, fast-forward changes nothing, and the graph moves the bytes of the report.
void check_layer(const Experiment& e) {
  const Report tile = run(e), pe = run(e, Fidelity::pe), analytic = run(e, Fidelity::analytic);
  CHECK(pe.total.cycles == tile.total.cycles);
  CHECK(pe.total.busy_cycles == tile.total.busy_cycles);
  CHECK(unit(pe, "vector_array").busy_cycles == unit(tile, "vector_array").busy_cycles);
  CHECK(analytic.total.cycles <= tile.total.cycles);
  CHECK(analytic.total.traffic == tile.total.traffic);
  CHECK(tile.total.macs == tile.network.macs);
  CHECK(tile.total.mapping_efficiency <= 1);
  Experiment slow = e;
  slow.simulation.fast_forward = false;
  CHECK(run(slow) == tile);
  const auto mapped = map_spatial(e.network, std::get<SpatialSetup>(e.setup));
  const SpatialGraph graph = build_spatial(std::get<std::vector<SpatialJob>>(mapped), 64);
  REQUIRE(check(graph.graph).empty());
  const TileResult result = test::run(
      graph.graph,
      {std::get<SpatialSetup>(e.setup).machine.dram, std::get<SpatialSetup>(e.setup).machine.clock},
      {});
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> moved;  // read and written
  for (std::size_t s = 0; s < result.streams.size(); ++s) {
    auto& [read, written] = moved[graph.graph.streams[s]];
    read += result.streams[s].read_bytes;
    written += result.streams[s].write_bytes;
  }
  for (const Traffic& t : tile.total.traffic) {
    if (t.memory != "dram") continue;
    CAPTURE(t.tensor);
    CHECK(moved[t.tensor] == std::pair(t.read_bytes, t.write_bytes));
  }
}

}  // namespace

TEST_CASE("products: the PEs compute them, in every dataflow") {
  for (const char* dataflow : {"weight", "input", "output", "output_swapped", "vector", "best"})
    for (const char* layer :
         {"{name: a, op: linear, rows: 24, in_features: 32, out_features: 16}",
          "{name: a, op: linear, rows: 37, in_features: 19, out_features: 21, bias: true}",
          "{name: a, op: linear, rows: 1, in_features: 40, out_features: 24, epilogue: [relu]}",
          "{name: a, op: linear, rows: 20, in_features: 6, out_features: 9, bias: true, "
          "epilogue: [relu]}",
          "{name: a, op: matmul, batch: 3, m: 10, k: 17, n: 11}"}) {
      CAPTURE(dataflow);
      CAPTURE(layer);
      check_layer(small("8", layer, {{"mapping.dataflow", dataflow}}));
    }
}

TEST_CASE("convolutions are products of their windows: padded, strided, grouped, by channel") {
  const std::string image = "{name: a, op: conv2d, batch: 2, in_height: 7, in_width: 6, ";
  for (const char* dataflow : {"weight", "input", "output", "best"})
    for (const char* rest :
         {"in_channels: 3, out_channels: 10, kernel: 3, padding: 1, epilogue: [batch_norm, relu]}",
          "in_channels: 12, out_channels: 9, kernel: 1, stride: 2}",
          "in_channels: 8, out_channels: 12, kernel: 3, stride: 2, padding: 1, groups: 4, bias: "
          "true}",
          "in_channels: 5, out_channels: 5, kernel: 3, padding: 1, groups: 5}"}) {
      CAPTURE(dataflow);
      CAPTURE(rest);
      check_layer(small("8", image + rest, {{"mapping.dataflow", dataflow}}));
    }
}

TEST_CASE("fewer Einsums compute the same") {
  for (const char* layer :
       {"{name: a, op: linear, rows: 5, in_features: 6, out_features: 7, bias: true, "
        "epilogue: [gelu, relu]}",
        "{name: a, op: conv2d, batch: 1, in_height: 5, in_width: 5, in_channels: 4, "
        "out_channels: 6, kernel: 3, padding: 1, groups: 2, bias: true, epilogue: [relu]}",
        "{name: a, op: norm, kind: layer, rows: 3, columns: 8}",
        "{name: a, op: pool2d, kind: average, batch: 1, channels: 2, in_height: 4, in_width: 4, "
        "kernel: 2, stride: 2}"}) {
    CAPTURE(layer);
    const Cascade cascade = lower(small("8", layer).network.layers[0]);
    const Cascade fewer = simplify(cascade);
    CHECK(fewer.einsums.size() <= cascade.einsums.size());
    for (const OutputDifference& d : compare_cascades(cascade, fewer, 1)) CHECK(d.relative < 1e-12);
  }
}

// Random products, convolutions, attention (cross attention, decode, windows, several heads,
// lengths that are no multiples of the array) and sums, two of them after each other.
TEST_CASE("random small networks obey the laws") {
  const std::uint64_t seed = 20241102;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
  };
  const auto layer = [&](const std::string& name) {
    switch (pick(0, 3)) {
      case 0:
        return fmt::format(
            "{{name: {}, op: linear, inputs: [input], rows: {}, in_features: {}, "
            "out_features: {}, bias: {}}}",
            name, pick(1, 40), pick(1, 40), pick(1, 40), pick(0, 1) == 1);
      case 1: {
        const std::uint64_t groups = pick(1, 3);
        return fmt::format(
            "{{name: {}, op: conv2d, inputs: [input], batch: {}, in_channels: {}, "
            "in_height: {}, in_width: {}, out_channels: {}, kernel: {}, stride: {}, "
            "padding: 1, groups: {}}}",
            name, pick(1, 2), groups * pick(1, 4), pick(3, 7), pick(3, 7), groups * pick(1, 4),
            pick(1, 3), pick(1, 2), groups);
      }
      case 2: {
        const std::uint64_t heads = pick(1, 2), queries = pick(1, 20), keys = queries + pick(0, 30);
        const bool causal = pick(0, 1) == 1;
        return fmt::format(
            "{{name: {}, op: attention, inputs: [input], query_heads: {}, kv_heads: {}, "
            "query_length: {}, context_length: {}, head_width: {}{}{}}}",
            name, heads * pick(1, 2), heads, queries, keys, 8 * pick(1, 2),
            causal ? ", causal: true" : "",
            causal && pick(0, 1) == 1 ? fmt::format(", window: {}", pick(1, 12)) : "");
      }
      default:
        return fmt::format(
            "{{name: {}, op: elementwise, kind: add, inputs: [input, input], "
            "elements: {}}}",
            name, pick(1, 300));
    }
  };
  for (int i = 0; i < 12; ++i) {
    const std::string layers = layer("a") + ", " + layer("b");
    INFO(layers);
    check_layer(small("8", layers,
                      {{"architecture.vector_array.registers", "64"},
                       {"architecture.global_buffer.capacity", "64 KiB"}}));
  }
}

TEST_CASE("norms, softmax, pools and sums run on the vector array") {
  for (const char* layer :
       {"{name: a, op: norm, kind: layer, rows: 20, columns: 24}",
        "{name: a, op: norm, kind: rms, rows: 9, columns: 40}",
        "{name: a, op: softmax, rows: 17, columns: 12}",
        "{name: a, op: elementwise, kind: add, elements: 1000}",
        "{name: a, op: elementwise, kind: gelu, elements: 77}",
        "{name: a, op: pool2d, kind: max, batch: 1, channels: 6, in_height: 7, in_width: 7, "
        "kernel: 3, stride: 2, padding: 1}",
        "{name: a, op: pool2d, kind: average, batch: 2, channels: 6, in_height: 4, in_width: 4, "
        "kernel: 4}"}) {
    CAPTURE(layer);
    check_layer(small("8", layer));
  }
}

TEST_CASE("what does not fit says what it would need") {
  const auto answer = [](const std::string& layer, const Settings& more) {
    const Outcome outcome = evaluate(small("8", layer, more), library());
    const Infeasible& infeasible = std::get<Infeasible>(outcome);
    return fmt::format("{}: {} of {} {}", infeasible.what, infeasible.needed, infeasible.available,
                       infeasible.unit);
  };
  // The least that is tried: three places of 8 x 8 words of W, and of 2 x 8 of X and of Y each.
  CHECK(
      answer("{name: a, op: linear, rows: 9, in_features: 8, out_features: 8}",
             {{"mapping.dataflow", "weight"}, {"architecture.global_buffer.capacity", "100 B"}}) ==
      "a: the tiles of 1 column tiles do not fit global_buffer: 576 of 100 B");
  const std::string no_registers =
      answer("{name: a, op: attention, query_heads: 1, query_length: 8, head_width: 16}",
             {{"architecture.vector_array.registers", "1"}});
  INFO(no_registers);
  CHECK(no_registers.find("layer a: no schedule fits the PEs of vector_array: ") == 0);
  CHECK(no_registers.ends_with(" of 1 registers"));
  // A word of each of 8 columns is 16 B.
  CHECK(answer("{name: a, op: attention, query_heads: 1, query_length: 8, head_width: 16}",
               {{"architecture.global_buffer.row", "4 B"},
                {"architecture.global_buffer.shared_ports", "true"},
                {"architecture.global_buffer.read_ports", "2"}}) ==
        "layer a: no schedule fits the ports of global_buffer: 4 of 2 rows written at once");
}

TEST_CASE("groups that cannot overlap say so") {
  const std::string layer =
      "{name: a, op: attention, query_heads: 2, query_length: 8, head_width: 16}";
  const Report report = run(small(
      "8", layer, {{"mapping.blocks", "overlap"}, {"architecture.vector_array.registers", "64"}}));
  CHECK(report.layers[0].tiling.find("groups are drained: a group has 1 tiles, ") !=
        std::string::npos);
}

// 64 sequences of 1024 tokens. What the PEs, their registers and the memory do is what the
// corrected closed form of FuseMax counts. Of the buffer it leaves out that AV lies there until it
// is stored (64 x 12 x 1024 x 64 words, 256 a row, written and read), and two of the three reads of
// the running maximum in each tile (its recurrence, the exponential, the correction). It counts a
// read of the denominator for every result of a column tile's division, which the lane keeps here:
// one of each.
TEST_CASE("the energy of BERT's attention is that of FuseMax's corrected accounting") {
  const Experiment e =
      read_experiment(load_yaml(source_path("configs/run/fusemax_bert_1k.yaml")), library());
  const Report report = run(e, Fidelity::analytic);
  Diagnostics diagnostics;
  const fusemax::Setup setup = fusemax::read_setup(
      load_yaml(source_path("configs/reproduce/fusemax/setup.yaml")), diagnostics);
  const fusemax::Cost cost = fusemax::attention_cost(setup, fusemax::Design::binding,
                                                     setup.models[0], 1024, {.corrected = true});
  double grid = 0, line = 0, registers = 0, buffer = 0, dram = 0;
  for (const EnergyItem& item : report.total.energy) {
    if (item.action.starts_with("register"))
      registers += item.picojoules;
    else
      (item.component == "spatial_array"   ? grid
       : item.component == "vector_array"  ? line
       : item.component == "global_buffer" ? buffer
                                           : dram) += item.picojoules;
  }
  CHECK(grid == doctest::Approx(cost.energy.array_2d_pj).epsilon(1e-12));
  CHECK(line == doctest::Approx(cost.energy.array_1d_pj).epsilon(1e-12));
  CHECK(registers == doctest::Approx(cost.energy.registers_pj).epsilon(1e-12));
  CHECK(dram == doctest::Approx(cost.energy.dram_pj).epsilon(1e-12));
  const double results = 64 * 12 * 1024 * 64 / 256, tiles = 64 * 12 * 16, columns = 64 * 12 * 4;
  const double rows[] = {cost.buffer_reads + results + 2 * tiles - columns,
                         cost.buffer_writes + results};
  for (const EnergyItem& item : report.total.energy)
    if (item.component == "global_buffer")
      CHECK(static_cast<double>(item.count) == 512 * rows[item.action == "read_byte" ? 0 : 1]);
  CHECK(report.total.energy_pj ==
        doctest::Approx(grid + line + registers + buffer + dram).epsilon(1e-12));
}

TEST_CASE("an operation without a price is told by name") {
  YamlNode table = load_yaml(source_path("arch/tables/fusemax_45nm.yaml"));
  auto& entries = table.find("energies")->items;
  std::erase_if(entries, [](const YamlNode& entry) {
    return entry.find("action")->scalar == "exp" &&
           entry.find("component")->scalar == "spatial_array";
  });
  Diagnostics diagnostics;
  const EnergyTable prices = read_energy_table(table, diagnostics);
  diagnostics.throw_if_any();
  const Experiment e =
      read_experiment(load_yaml(source_path("configs/run/fusemax_bert_1k.yaml")), library());
  EvaluateHooks hooks;
  hooks.energy_table = &prices;
  CHECK_THROWS_WITH_AS(
      evaluate(e, library(), hooks),
      ": error: energy table 'fusemax_45nm' has no price for exp of spatial_array\n"
      "hint: priced: mac, add, max, register_read, register_write; or leave energy_table empty: "
      "timing only",
      SpecError);
}

}  // namespace sluice
