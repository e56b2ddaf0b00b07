// SPDX-License-Identifier: Apache-2.0
// "More of a resource is never slower": where that is a law, and where it is not (docs/time.md).
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "arch/systolic_timing.hpp"
#include "sim/models/systolic.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

using Random = std::mt19937_64;

std::uint64_t cycles_of(const Network& network, const Architecture& machine,
                        const Mapping& mapping) {
  const SystolicGraph graph = build_systolic(network, machine, mapping);
  return run(graph.graph, {machine.dram, machine.clock}, {}).cycles;
}

/// What the mappers say for a machine, and random variations of that of least traffic.
void add_mappings(Random& random, const Network& network, const Architecture& machine,
                  std::vector<Mapping>& mappings) {
  const auto add = [&](const std::variant<Mapping, Infeasible>& mapped) {
    if (const Mapping* mapping = std::get_if<Mapping>(&mapped)) mappings.push_back(*mapping);
  };
  for (const Descriptor& mapper : mapper_descriptors())
    if (mapper.name != "whole") add(map_network(mapper.name, network, machine));
  for (int i = 0; i < 4; ++i) add(random_mapping(random, network, machine));
}

/// The fewest cycles on `machine` over those mappings that fit it.
std::uint64_t best_of(const Network& network, const Architecture& machine,
                      const std::vector<Mapping>& mappings) {
  std::uint64_t best = ~std::uint64_t{0};
  for (const Mapping& mapping : mappings)
    if (verify(mapping, machine).empty())
      best = std::min(best, cycles_of(network, machine, mapping));
  return best;
}

struct Tally {
  int fit = 0, slower = 0;
  double worst = 1;
};

/// How often a machine with more of something is slower, with the best mapping of either.
Tally tally(std::uint64_t seed, int runs, void (*grow)(Architecture&, Random&)) {
  Tally found;
  for (int i = 0; i < runs; ++i) {
    Random random(seed + static_cast<std::uint64_t>(i));
    const Architecture small = random_machine(random, random_ideal_memory(random));
    const Network network = random_network(random);
    Architecture large = small;
    grow(large, random);
    std::vector<Mapping> mappings;
    add_mappings(random, network, small, mappings);
    if (mappings.empty()) continue;
    add_mappings(random, network, large, mappings);
    const std::uint64_t before = best_of(network, small, mappings);
    const std::uint64_t after = best_of(network, large, mappings);
    ++found.fit;
    found.slower += after > before;
    found.worst = std::max(found.worst, static_cast<double>(after) / static_cast<double>(before));
  }
  return found;
}

void more_bandwidth(Architecture& machine, Random& random) {
  machine.dram.bandwidth.bytes *= 1 + static_cast<double>(1 + random() % 8) / 4;
}
void more_lanes(Architecture& machine, Random& random) {
  machine.vector.lanes += 1 + static_cast<std::uint32_t>(random() % 64);
}

/// A unit that works for `busy` cycles and then stores 100 B, beside one that loads 10 B at cycle
/// 10 for a computation of 200 cycles, on a bus of 1 B a cycle.
std::uint64_t with_a_store_after(std::uint64_t busy) {
  GraphBuilder b;
  b.layer("layer");
  for (const char* stream : {"in", "out"}) b.stream(stream);
  const UnitId worker = b.unit("worker", UnitKind::vector),
               store = b.unit("store", UnitKind::store);
  const UnitId load = b.unit("load", UnitKind::load), array = b.unit("array", UnitKind::compute);
  const ChannelId results = b.channel("results", worker, store, 1);
  const ChannelId tiles = b.channel("tiles", load, array, 1);
  b.fire(simple(worker, {}, {results}, busy, busy));
  Firing write = simple(store, {results}, {}, 0, 0);
  write.transfer = MemoryTransfer{0, 100, 1, 100, true, 1, {}};
  b.fire(write);
  b.fire(simple(load, {}, {}, 10, 10));
  Firing read = simple(load, {}, {tiles}, 0, 0);
  read.transfer = MemoryTransfer{1 << 20, 10, 1, 10, false, 0, {}};
  b.fire(read);
  b.fire(simple(array, {tiles}, {}, 200, 200));
  TileMemory memory;
  memory.dram.bandwidth = {1, Bandwidth::Per::cycle};
  return run(b.finish(), memory, {}).cycles;
}

}  // namespace

TEST_CASE("without servers nothing is later when a firing is shorter or a channel deeper") {
  const std::uint64_t seed = 20241201;
  for (int i = 0; i < 400; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    Random random(seed + static_cast<std::uint64_t>(i));
    std::vector<std::uint64_t> intervals, latencies;
    for (std::size_t u = 0, n = 2 + random() % 5; u < n; ++u) {
      intervals.push_back(1 + random() % 9);
      latencies.push_back(random() % 20);
    }
    std::uint64_t capacity = 1 + random() % 4;
    const std::uint64_t tokens = 1 + random() % 40;
    const TileResult before = run(chain(tokens, intervals, latencies, capacity));
    std::uint64_t& interval = intervals[random() % intervals.size()];
    std::uint64_t& latency = latencies[random() % latencies.size()];
    if (i % 3 == 0) interval = random() % (interval + 1);
    if (i % 3 == 1) latency = random() % (latency + 1);
    if (i % 3 == 2) capacity += 1 + random() % 3;
    const TileResult after = run(chain(tokens, intervals, latencies, capacity));
    CHECK(after.cycles <= before.cycles);
    for (std::size_t c = 0; c < before.channels.size(); ++c)
      CHECK(after.channels[c].last_dequeue <= before.channels[c].last_dequeue);
  }
}

TEST_CASE("without a memory no mapping is slower with more lanes or a second output buffer") {
  const std::uint64_t seed = 20241202;
  int compared = 0;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    Random random(seed + static_cast<std::uint64_t>(i));
    Architecture machine = random_machine(random, Dram{});
    for (Scratchpad& pad : machine.scratchpads) pad.width = Bytes{0};  // ports are servers
    const Network network = random_network(random);
    const auto mapped = random_mapping(random, network, machine);
    if (!std::holds_alternative<Mapping>(mapped)) continue;
    const Mapping& mapping = std::get<Mapping>(mapped);
    const std::uint64_t before = cycles_of(network, machine, mapping);
    if (i % 2 == 0)
      more_lanes(machine, random);
    else
      machine.scratchpads[2].double_buffered = true;
    CHECK(cycles_of(network, machine, mapping) <= before);
    ++compared;
  }
  CHECK(compared > 250);
}

void check_larger_scratchpads(int machines) {
  const std::uint64_t seed = 20241203;
  CAPTURE(seed);
  const Tally found = tally(seed, machines, [](Architecture& machine, Random& random) {
    for (Scratchpad& pad : machine.scratchpads) pad.capacity.value += random() % 5000;
  });
  CHECK(10 * found.fit > 8 * machines);
  CHECK(found.slower == 0);
}

TEST_CASE("a larger scratchpad is never slower: room that a mapping leaves free changes nothing") {
  check_larger_scratchpads(100);
}

TEST_CASE("who is served first come, first served may lose by being early") {
  // Ready at 11, the store's 100 B follow the load's 10 B on the bus: load 10-20, computed by 220.
  CHECK(with_a_store_after(11) == 220);
  // Ready at 9, they come before it: bus 9-109, load 109-119, computed by 319.
  CHECK(with_a_store_after(9) == 319);
}

TEST_CASE("more bandwidth or lanes, with the best mapping, is rarely slower, and by little") {
  for (const bool bandwidth : {true, false}) {
    const Tally found = tally(20241204, 100, bandwidth ? more_bandwidth : more_lanes);
    const std::string what = bandwidth ? "more bandwidth: " : "more lanes: ";
    MESSAGE(what, found.slower, " of ", found.fit, " slower, at worst ", found.worst,
            " times the cycles");
    CHECK(found.fit > 80);
    CHECK(100 * found.slower <= found.fit);
  }
}

TEST_CASE("a larger array is slower by its longer wires where there is too little to do") {
  // One product of 1 x 1 x 1, os, direct: the word crosses R + C - 2 PEs before it can leave.
  SystolicArray array;
  array.dataflow = Dataflow::output_stationary;
  array.drain = Drain::direct;
  array.rows = array.columns = 1;
  CHECK(total_cycles(array, 1, 1, 1) == 1);
  array.rows = array.columns = 8;
  CHECK(total_cycles(array, 1, 1, 1) == 15);
}

TEST_CASE("a larger array is never slower by more than its folds' longer wires") {
  const std::uint64_t seed = 20241205;
  Random random(seed);
  CAPTURE(seed);
  int slower = 0;
  for (int i = 0; i < 20000; ++i) {
    CAPTURE(i);
    const SystolicArray small = random_array(random, 16);
    SystolicArray large = small;
    large.rows += static_cast<std::uint32_t>(random() % 17);
    large.columns += static_cast<std::uint32_t>(random() % 17);
    const std::uint64_t m = 1 + random() % 100, n = 1 + random() % 100, k = 1 + random() % 100;
    const GemmFolds folds = fold_gemm(large, m, n, k), before = fold_gemm(small, m, n, k);
    REQUIRE(folds.steps == before.steps);  // the rank that runs in time
    const std::uint64_t longer =
        fold_timing(large, folds.steps).latency - fold_timing(small, folds.steps).latency;
    const std::uint64_t cycles = total_cycles(small, m, n, k);
    CHECK(folds.row_folds * folds.column_folds <= before.row_folds * before.column_folds);
    CHECK(total_cycles(large, m, n, k) <= cycles + folds.row_folds * folds.column_folds * longer);
    slower += total_cycles(large, m, n, k) > cycles;
  }
  CHECK(slower > 100);
}

TEST_SUITE("slow") {
  TEST_CASE("a larger scratchpad is never slower, over many machines") {
    check_larger_scratchpads(250);
  }

  TEST_CASE("more bandwidth or lanes, over many machines") {
    const Tally bandwidth = tally(20250100, 2000, more_bandwidth);
    const Tally lanes = tally(20250100, 2000, more_lanes);
    MESSAGE("bandwidth: ", bandwidth.slower, " of ", bandwidth.fit, ", worst ", bandwidth.worst,
            "; lanes: ", lanes.slower, " of ", lanes.fit, ", worst ", lanes.worst);
    CHECK(100 * bandwidth.slower <= bandwidth.fit);
    CHECK(100 * lanes.slower <= lanes.fit);
  }
}
