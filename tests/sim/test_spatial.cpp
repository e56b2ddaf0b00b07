// SPDX-License-Identifier: Apache-2.0
// Runs on the spatial machine: cycles by hand, laws, and that fast-forward changes nothing.
#include <doctest/doctest.h>

#include <tuple>

#include "sim/models/spatial.hpp"
#include "sim/models/spatial_epochs.hpp"
#include "sim/models/spatial_evaluate.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/machines.hpp"

namespace sluice {
namespace {

using namespace sluice::test;

/// The shipped run with other values.
Experiment shipped(const std::vector<std::pair<std::string, std::string>>& more = {}) {
  YamlNode root = load_yaml(source_path("configs/run/fusemax_bert_1k.yaml"));
  for (const auto& [path, value] : more) set_path(root, path, value);
  return read_experiment(root, library());
}

Report run(const Experiment& e) {
  const Outcome outcome = evaluate(e, library());
  REQUIRE(std::holds_alternative<Report>(outcome));
  return std::get<Report>(outcome);
}

const UnitReport& unit(const Report& report, const std::string& name) {
  for (const UnitReport& unit : report.units)
    if (unit.name == name) return unit;
  FAIL("there is no unit ", name);
  return report.units.front();
}

std::uint64_t sum_of_stalls(const std::vector<Stall>& stalls) {
  std::uint64_t sum = 0;
  for (const Stall& stall : stalls) sum += stall.cycles;
  return sum;
}

void check_laws(const Experiment& e) {
  Experiment other = e;
  const Report tile = run(e);
  other.simulation.fidelity = Fidelity::analytic;
  const Report analytic = run(other);
  CHECK(analytic.total.cycles <= tile.total.cycles);
  CHECK(analytic.total.macs == tile.total.macs);
  CHECK(analytic.total.traffic == tile.total.traffic);
  CHECK(tile.total.macs == tile.network.macs);
  CHECK(tile.total.busy_cycles + sum_of_stalls(tile.total.stalls) == tile.total.cycles);
  CHECK(tile.total.utilization <= tile.total.roofline_utilization * (1 + 1e-12));
  CHECK(tile.total.mapping_efficiency <= 1);
  for (const UnitReport& u : tile.units) {
    CAPTURE(u.name);
    CHECK(u.busy_cycles + sum_of_stalls(u.stalls) + u.idle_cycles == tile.total.cycles);
  }
  for (const MemoryReport& memory : tile.memories) CHECK(memory.bandwidth_utilization <= 1);
}

const SpatialSetup& spatial(const Experiment& e) { return std::get<SpatialSetup>(e.setup); }

/// What the transfers of the graph move, by stream, against what the report says.
void check_traffic(const Experiment& e) {
  const auto mapped = map_spatial(e.network, spatial(e));
  const auto& jobs = std::get<std::vector<SpatialJob>>(mapped);
  const SpatialGraph graph = build_spatial(jobs, spatial(e).machine.outstanding);
  REQUIRE(check(graph.graph).empty());
  const TileMemory memory{spatial(e).machine.dram, spatial(e).machine.clock};
  const TileResult result = test::run(graph.graph, memory, {});
  const Report report = run(e);
  for (std::size_t s = 0; s < result.streams.size(); ++s)
    for (const Traffic& t : report.total.traffic)
      if (t.memory == "dram" && t.tensor == graph.graph.streams[s]) {
        CAPTURE(t.tensor);
        CHECK(result.streams[s].read_bytes == t.read_bytes);
        CHECK(result.streams[s].write_bytes == t.write_bytes);
      }
}

}  // namespace

// 64 x 12 blocks of 4 x 4 tiles, a tile every 138 cycles, 6 tiles in flight: 16 + 5 epochs a block.
// What comes after the loop, 4 x 64 cycles, finds room while the next block fills the pipeline, but
// for the last block, where it ends when it has come to lane 255. The grid works for 137 cycles a
// tile.
TEST_CASE("BERT at 1024 tokens takes the epochs of its blocks, and what the memory adds") {
  const Report report = run(shipped());
  const std::uint64_t blocks = 64 * 12, epochs = blocks * 21 * 138 + 4 * 64 + 255;
  Experiment analytic = shipped();
  analytic.simulation.fidelity = Fidelity::analytic;
  CHECK(run(analytic).total.cycles == epochs);
  CHECK(report.total.cycles >= epochs);
  CHECK(report.total.cycles < epochs * 101 / 100);
  CHECK(report.total.busy_cycles == blocks * 16 * 137);
  CHECK(unit(report, "vector_array").busy_cycles == blocks * (16 * 138 + 4 * 64));
  // Q, K, V and AV once each: 64 x 12 x 1024 x 64 words of 2 B.
  CHECK(report.total.traffic_bytes == 4ull * 64 * 12 * 1024 * 64 * 2);
}

// The first rows are in the buffer a cycle after they were sent.
TEST_CASE("an unlimited memory leaves the epochs alone") {
  Experiment e = shipped({{"architecture.dram", "{preset: ideal}"}});
  CHECK(run(e).total.cycles == 1 + 64 * 12 * 21 * 138 + 4 * 64 + 255);
}

TEST_CASE("groups of column tiles fill the pipeline once each") {
  const std::vector<std::pair<std::string, std::string>> base = {
      {"architecture.dram", "{preset: ideal}"}, {"mapping.turns", "4"}};
  const auto cycles = [&](const std::string& width, const std::string& tokens) {
    auto more = base;
    more.push_back({"workload.seq_len", tokens});
    more.push_back({"workload.model", width});
    return run(shipped(more)).total.cycles;
  };
  // 16 column tiles in 4 groups of 4, each 16 steps long.
  CHECK(cycles("bert_base", "4096") == 1 + 64 * 12 * (4 * (4 * 16 + 5) * 138) + 4 * 64 + 255);
  // 266 cycles and 4 tiles in flight where heads are 128 wide.
  CHECK(cycles("xlm", "1024") == 1 + 64 * 16 * (16 + 3) * 266 + 4 * 128 + 255);
}

TEST_CASE("fast-forward changes nothing") {
  for (const auto& more : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {{"workload.seq_len", "4096"}, {"workload.batch", "1"}},
           {{"workload.seq_len", "5000"}, {"workload.batch", "1"}},
           {{"workload.batch", "2"}, {"architecture.dram", "{preset: HBM2-2000, channels: 16}"}}}) {
    Experiment e = shipped(more);
    const Report with = run(e);
    e.simulation.fast_forward = false;
    CHECK(run(e) == with);
  }
}

TEST_CASE("runs obey the laws: lengths, models, placements, memories") {
  for (const auto& more : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {},
           {{"workload.seq_len", "4096"}},
           {{"workload.seq_len", "1000"}},
           {{"workload.seq_len", "77"}},
           {{"workload.seq_len", "65536"}, {"workload.model", "xlm"}},
           {{"mapping.placement", "free"}},
           {{"mapping.turns", "3"}},
           {{"workload.batch", "1"}, {"architecture.dram.bandwidth", "10 GB/s"}}}) {
    CAPTURE(more.size());
    const Experiment e = shipped(more);
    check_laws(e);
    check_traffic(e);
  }
}

TEST_CASE("a million tokens cost about as many steps of the host as thousands") {
  const Experiment e = shipped({{"workload.seq_len", "1048576"}});
  const auto mapped = map_spatial(e.network, spatial(e));
  const SpatialGraph graph = build_spatial(std::get<std::vector<SpatialJob>>(mapped), 1024);
  const TileResult result =
      test::run(graph.graph, {spatial(e).machine.dram, spatial(e).machine.clock}, {});
  CHECK(result.cycles > 1'700'000'000'000);
  CHECK(result.host_firings < 200'000);
}

// Arrays of 8 x 8 to 32 x 32, ragged lengths, masks, grouped heads: every PE is clocked and
// computes attention itself.
TEST_CASE("`tile` equals `pe` to the cycle, and the PEs compute what the cascade says") {
  struct Case {
    const char *size, *attention, *placement, *blocks;
  };
  for (const Case& c :
       {Case{"8", "query_heads: 2, query_length: 32", "published", "drain"},
        Case{"8", "query_heads: 3, query_length: 64", "published", "overlap"},
        Case{"16", "query_heads: 2, query_length: 64", "free", "drain"},
        Case{"8", "query_heads: 3, query_length: 48", "free", "overlap"},
        Case{"8", "query_heads: 2, query_length: 45", "published", "drain"},
        Case{"8", "query_heads: 2, query_length: 45, causal: true", "published", "drain"},
        Case{"8", "query_heads: 4, kv_heads: 2, query_length: 32, causal: true", "published",
             "overlap"},
        Case{"8", "query_heads: 8, kv_heads: 2, query_length: 1, context_length: 40", "published",
             "drain"},
        Case{"32", "query_heads: 1, query_length: 96", "published", "drain"}}) {
    CAPTURE(c.size);
    CAPTURE(c.attention);
    CAPTURE(c.placement);
    CAPTURE(c.blocks);
    const std::string network =
        std::string(
            "{network: {name: one, layers: [{name: attention, op: attention, head_width: 16, ") +
        c.attention + "}]}}";
    Experiment e = shipped({{"workload", network},
                            {"mapping.layers", "attention"},
                            {"architecture.spatial_array.rows", c.size},
                            {"architecture.spatial_array.columns", c.size},
                            {"architecture.vector_array.lanes", c.size},
                            {"architecture.vector_array.registers", "64"},
                            {"architecture.dram", "{preset: ideal}"},
                            {"mapping.placement", c.placement},
                            {"mapping.blocks", c.blocks}});
    const Report tile = run(e);
    e.simulation.fidelity = Fidelity::pe;
    const Report pe = run(e);
    CHECK(pe.total.cycles == tile.total.cycles);
    CHECK(pe.total.busy_cycles == tile.total.busy_cycles);
    CHECK(unit(pe, "vector_array").busy_cycles == unit(tile, "vector_array").busy_cycles);
  }
}

TEST_CASE("epochs are those of the tiles, whatever is taken out first") {
  TileGroup group;
  group.sweeps = {{1, 5, 5, 0}, {7, 5, 0, 0}, {1, 5, 0, 5}};
  const std::vector<EpochNode> all = epochs_of(group);
  const auto epochs = [](const std::vector<EpochNode>& nodes) {
    std::uint64_t sum = 0;
    for (const EpochNode& node : nodes) sum += node.epochs();
    return sum;
  };
  CHECK(epochs(all) == 45);
  for (const std::uint64_t count : {0, 1, 4, 5, 6, 23, 44, 45, 60}) {
    std::vector<EpochNode> rest = all;
    const std::size_t taken = take_first(rest, count).size();
    CHECK(taken == std::min<std::uint64_t>(count, 45));
    CHECK(epochs(rest) == 45 - taken);
  }
}

}  // namespace sluice
