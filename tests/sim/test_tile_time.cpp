// SPDX-License-Identifier: Apache-2.0
// The rules of time in `tile`, each with a run in which it decides. Cycles count from 0.
#include <doctest/doctest.h>

#include "tests/sim/graphs.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("a unit fires every interval and its result is ready after the latency") {
  // Source: firings at 0, 3, 6; tokens ready at 5, 8, 11. Sink fires at 5, 8, 11 and ends at 12.
  const TileResult result = run(chain(3, {3, 1}, {5, 1}, 4));
  CHECK(result.cycles == 12);
  CHECK(result.channels[0].last_dequeue == 11);
}

TEST_CASE("a token is dequeued no earlier than one cycle after its enqueue") {
  // Latency 0: ready at once, but the channel takes a cycle. Enqueue 0, 1; dequeue 1, 2.
  const TileResult result = run(chain(2, {1, 1}, {0, 1}, 4));
  CHECK(result.channels[0].last_dequeue == 2);
}

TEST_CASE("a slot is free one cycle after its token was dequeued, tokens in flight counted") {
  // Capacity 1, latency 4: enqueue 0, dequeue 4, enqueue 5, dequeue 9, enqueue 10, dequeue 14.
  CHECK(run(chain(3, {1, 1}, {4, 1}, 1)).channels[0].last_dequeue == 14);
  // Capacity 4 still makes the fifth token wait for the first dequeue: enqueue at 4 + 1 = 5.
  CHECK(run(chain(5, {1, 1}, {4, 1}, 4)).channels[0].last_dequeue == 9);
  // Capacity 5 = latency + 1 is the depth that lets a token pass every cycle: enqueue 4, dequeue 8.
  CHECK(run(chain(5, {1, 1}, {4, 1}, 5)).channels[0].last_dequeue == 8);
}

TEST_CASE("a buffer released at the end is free one cycle after the firing that used it") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId source = builder.unit("source", UnitKind::other);
  const UnitId sink = builder.unit("sink", UnitKind::other);
  const ChannelId tiles = builder.channel("tiles", source, sink, 1);
  builder.open_loop(2);
  builder.fire(simple(source, {}, {tiles}));
  builder.fire(simple(sink, {tiles}, {}, 10, 10, Release::at_end));
  builder.close_loop();
  // Enqueue 0, ready 1; used 1..11, free from 12; second enqueue 12, ready 13, used until 23.
  CHECK(run(builder.finish()).cycles == 23);
}

TEST_CASE("a firing that only looks leaves the token for the one that takes it") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId source = builder.unit("source", UnitKind::other);
  const UnitId sink = builder.unit("sink", UnitKind::other);
  const ChannelId tiles = builder.channel("tiles", source, sink, 2);
  builder.fire(simple(source, {}, {tiles}, 1, 7));
  builder.fire(simple(sink, {tiles}, {}, 2, 2, Release::never));
  builder.fire(simple(sink, {tiles}, {}, 3, 3, Release::at_end));
  const TileResult result = run(builder.finish());
  CHECK(result.cycles == 12);  // ready 7, looked at until 9, used until 12
  CHECK(result.channels[0].tokens == 1);
  CHECK(result.channels[0].last_dequeue == 12);
}

TEST_CASE("several tokens are taken when the last of them is ready") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId source = builder.unit("source", UnitKind::other);
  const UnitId sink = builder.unit("sink", UnitKind::other);
  const ChannelId c = builder.channel("c", source, sink, 4);
  builder.open_loop(4);
  builder.fire(simple(source, {}, {c}, 2, 1));
  builder.close_loop();
  Firing take = simple(sink, {}, {});
  take.takes.push_back({c, 4, Release::at_start});
  builder.fire(take);
  CHECK(run(builder.finish()).channels[0].last_dequeue == 7);  // enqueues 0 2 4 6, last ready 7
}

TEST_CASE("repeats of a firing follow each other every interval; the result is that of the last") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId array = builder.unit("array", UnitKind::compute);
  const UnitId sink = builder.unit("sink", UnitKind::other);
  const ChannelId c = builder.channel("c", array, sink, 2);
  Firing folds = simple(array, {}, {c}, 10, 25);
  folds.repeat = 3;
  builder.fire(folds);
  builder.fire(simple(sink, {c}, {}));
  const TileResult result = run(builder.finish());
  CHECK(result.channels[0].last_dequeue == 45);  // begin 0, 10, 20; 20 + 25
  CHECK(result.units[0].layers[0].firings == 3);
  CHECK(result.units[0].layers[0].busy == 30);
}

TEST_CASE("an initial token can be taken at cycle 0") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId a = builder.unit("a", UnitKind::other), b = builder.unit("b", UnitKind::other);
  const ChannelId credits = builder.channel("credits", b, a, 2, 2);
  const ChannelId data = builder.channel("data", a, b, 2);
  builder.open_loop(3);
  builder.fire(simple(a, {credits}, {data}));
  builder.fire(simple(b, {data}, {credits}, 1, 0));
  builder.close_loop();
  const TileResult result = run(builder.finish());
  // a at 0, 1; b at 1, 2; credit of b's first firing enqueued 1, taken 2: a at 2, b at 3.
  CHECK(result.channels[1].last_dequeue == 3);
}

TEST_CASE("what a unit was busy with and waited for adds up to the time it took") {
  std::mt19937_64 random(20240611);
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    std::vector<std::uint64_t> intervals, latencies;
    for (int u = 0; u < 4; ++u) {
      intervals.push_back(1 + random() % 9);
      latencies.push_back(random() % 20);
    }
    const Graph graph = chain(1 + random() % 50, intervals, latencies, 1 + random() % 5);
    const TileResult result = run(graph);
    for (const UnitStats& unit : result.units) {
      const UnitLayerStats& row = unit.layers[0];
      std::uint64_t sum = row.busy;
      for (const std::uint64_t stall : row.stalls) sum += stall;
      CHECK(sum == row.end);
      CHECK(row.end <= result.cycles);
    }
  }
}

TEST_CASE("two units that share a port take turns, and the waits are counted") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId a = builder.unit("a", UnitKind::compute), b = builder.unit("b", UnitKind::compute);
  const PortId port = builder.port("glb port");
  for (const UnitId unit : {a, b}) {
    Firing f = simple(unit, {}, {}, 10, 10);
    f.ports.push_back({port, 8});
    builder.fire(f);
  }
  const TileResult result = run(builder.finish());
  // a takes beats 0..8, b begins when the port is free, at 8, and ends at 18.
  CHECK(result.cycles == 18);
  CHECK(result.port_beats[0] == 16);
  CHECK(result.port_conflicts[0] == 8);
  CHECK(result.units[1].layers[0].stalls[std::size_t(StallKind::port_conflict)] == 8);
}

TEST_CASE("a firing that needs more beats than it has cycles lasts as long as its beats") {
  GraphBuilder builder;
  builder.layer("layer");
  const UnitId a = builder.unit("a", UnitKind::compute);
  Firing f = simple(a, {}, {}, 10, 10);
  f.ports.push_back({builder.port("glb port"), 25});
  builder.fire(f);
  const TileResult result = run(builder.finish());
  CHECK(result.cycles == 25);
  CHECK(result.units[0].layers[0].busy == 10);
  CHECK(result.units[0].layers[0].stalls[std::size_t(StallKind::port_conflict)] == 15);
}

TEST_CASE("progress is told every 64 firings, and its answer ends the run") {
  struct Calls {
    std::uint64_t count = 0, most = 0, firings = 0, total = 0;
  } calls;
  TileOptions options;
  options.fast_forward = false;
  options.progress_context = &calls;
  options.progress = [](const TileProgress& progress, void* context) {
    Calls& seen = *static_cast<Calls*>(context);
    seen.firings = progress.firings;
    seen.total = progress.total_firings;
    return ++seen.count < seen.most;
  };
  const Graph graph = chain(640, {1, 1}, {1, 1}, 4);  // 1280 firings
  calls.most = 1000;
  CHECK(std::holds_alternative<TileResult>(run_tile(graph, no_memory(), options)));
  CHECK(calls.count == 1280 / 64);
  CHECK(calls.firings == 1280);
  CHECK(calls.total == 1280);
  calls = {0, 3};
  CHECK(std::holds_alternative<Interrupted>(run_tile(graph, no_memory(), options)));
  CHECK(calls.count == 3);
  CHECK(calls.firings == 3 * 64);
  // What fast-forward skips counts as done: the host executes few, and few are left at the end.
  options.fast_forward = true;
  calls = {0, 1000};
  const Graph longer = chain(1'000'000, {1, 3}, {1, 3}, 100);  // full after 150 cycles
  const TileOutcome outcome = run_tile(longer, no_memory(), options);
  CHECK(std::get<TileResult>(outcome).host_firings < 10'000);
  CHECK(calls.total == 2'000'000);
  CHECK(calls.firings > 1'900'000);
  CHECK(calls.firings <= 2'000'000);
}
