// SPDX-License-Identifier: Apache-2.0
// Fast-forward must not change a single count, and must make the cost independent of the length.
#include <doctest/doctest.h>

#include "tests/sim/graphs.hpp"
#include "tests/sim/streaming_graphs.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// A machine in miniature: two load units, an array with hoisted weights, a store unit, nested
/// loops and transfers, with everything drawn at random.
Graph random_machine(std::mt19937_64& random) {
  GraphBuilder b;
  b.layer("layer");
  for (const char* stream : {"input", "weight", "output"}) b.stream(stream);
  const UnitId in = b.unit("load input", UnitKind::load), w = b.unit("load weight", UnitKind::load);
  const UnitId array = b.unit("array", UnitKind::compute);
  const UnitId out = b.unit("store", UnitKind::store);
  const auto capacity = [&] { return 1 + random() % 3; };
  const ChannelId inputs = b.channel("inputs", in, array, capacity());
  const ChannelId weights = b.channel("weights", w, array, capacity());
  const ChannelId results = b.channel("results", array, out, capacity());
  const auto transfer = [&](UnitId unit, std::uint32_t stream, LoopId loop, bool write) {
    Firing f = simple(unit, {}, {}, random() % 3, 0);
    MemoryTransfer t;
    t.address = std::uint64_t{stream} << 24;
    t.row_bytes = 64 * (1 + random() % 40);
    t.stream = stream;
    t.write = write;
    t.strides.push_back({loop, static_cast<std::int64_t>(t.row_bytes)});
    f.transfer = t;
    return f;
  };
  const LoopId n = b.open_loop(2 + random() % 30);
  Firing load_w = transfer(w, 1, n, false);
  load_w.puts.push_back({weights, 1});
  b.fire(load_w);
  b.fire(simple(array, {weights}, {}, 0, 0, Release::never));
  const LoopId m = b.open_loop(2 + random() % 60);
  Firing load_in = transfer(in, 0, m, false);
  load_in.puts.push_back({inputs, 1});
  b.fire(load_in);
  Firing step =
      simple(array, {inputs}, {results}, 5 + random() % 200, 10 + random() % 200, Release::at_end);
  step.repeat = 1 + random() % 4;
  b.fire(step);
  Firing store = transfer(out, 2, m, true);
  store.takes.push_back({results, 1, Release::at_end});
  b.fire(store);
  b.close_loop();
  b.fire(simple(array, {weights}, {}, 0, 0, Release::at_end));
  b.close_loop();
  return b.finish();
}

TileMemory ideal(double bytes_per_cycle, double latency_cycles) {
  TileMemory memory;
  memory.dram.bandwidth = {bytes_per_cycle, Bandwidth::Per::cycle};
  memory.dram.latency = {latency_cycles / memory.clock.value};
  return memory;
}

}  // namespace

TEST_CASE("streaming attention is bit-identical with and without fast-forward") {
  for (int kind = 0; kind < 5; ++kind)
    for (const std::uint64_t depth : {64, 65, 66, 90}) {
      CAPTURE(kind);
      CAPTURE(depth);
      const Graph graph = attention_graph(AttentionGraph(kind), 64, depth);
      check_same(run(graph, true), run(graph, false));
    }
}

TEST_CASE("random machines with a memory are bit-identical with and without fast-forward") {
  const std::uint64_t seed = 7;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    const Graph graph = random_machine(random);
    REQUIRE(check(graph).empty());
    const TileMemory memory =
        ideal(1.0 + static_cast<double>(random() % 640) / 10, static_cast<double>(random() % 100));
    TileOptions with, without;
    without.fast_forward = false;
    check_same(run(graph, memory, with), run(graph, memory, without));
  }
}

TEST_CASE("the order in which the host runs processes changes nothing") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    const Graph graph = random_machine(random);
    const TileMemory memory = ideal(16, 40);
    TileOptions plain, hasty;
    plain.fast_forward = hasty.fast_forward = false;
    hasty.yield_every = 1 + random() % 3;
    check_same(run(graph, memory, plain), run(graph, memory, hasty));
  }
}

TEST_CASE("the cost of a periodic run does not grow with its length") {
  const TileResult little = run(chain(1000, {1, 3, 2}, {2, 5, 1}, 2));
  const TileResult much = run(chain(100'000'000, {1, 3, 2}, {2, 5, 1}, 2));
  CHECK(much.host_firings == little.host_firings);
  // One token every 3 cycles in the steady state: the middle unit decides.
  CHECK(much.cycles - little.cycles == std::uint64_t{100'000'000 - 1000} * 3);
}

TEST_CASE("the window of a trace is executed, not skipped") {
  const Graph graph = chain(100'000, {1, 3, 2}, {2, 5, 1}, 2);
  TileOptions options;
  options.trace = true;
  options.trace_start = 150'000;
  options.trace_end = 150'300;
  const TileResult traced = run(graph, no_memory(), options);
  check_same(traced, run(graph, true));
  // 100 firings of each of the three units begin in 300 cycles.
  CHECK(traced.trace.slices.size() >= 297);
  CHECK(traced.trace.slices.size() <= 303);
  CHECK(traced.host_firings < 5000);
}
