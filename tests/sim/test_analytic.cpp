// SPDX-License-Identifier: Apache-2.0
// The bounds of `analytic`: the maximum cycle ratio is that of exhaustive search, it is exact in
// the steady state, and no run of `tile` is ever faster than the bound.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "sim/analytic/analytic.hpp"
#include "sim/analytic/bound.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// The event graph of a loop body, written down a second time as docs/analytic.md defines it.
struct EventEdge {
  std::size_t from = 0, to = 0;
  std::uint64_t cycles = 0, iterations = 0;
};

/// For bodies in which every firing takes and puts one token of a channel at a time.
std::vector<EventEdge> event_edges(const Graph& graph) {
  std::vector<EventEdge> edges;
  const std::vector<Firing>& f = graph.firings;
  for (std::size_t u = 0; u < graph.units.size(); ++u) {
    std::vector<std::size_t> own;
    for (std::size_t i = 0; i < f.size(); ++i)
      if (index(f[i].unit) == u) own.push_back(i);
    for (std::size_t i = 0; i < own.size(); ++i)
      edges.push_back({own[i], own[(i + 1) % own.size()], f[own[i]].interval * f[own[i]].repeat,
                       i + 1 == own.size() ? 1u : 0u});
  }
  for (std::size_t from = 0; from < f.size(); ++from)
    for (const Put& put : f[from].puts)
      for (std::size_t to = 0; to < f.size(); ++to)
        for (const Take& take : f[to].takes) {
          if (take.channel != put.channel) continue;
          const Channel& c = graph.channels[index(put.channel)];
          const std::uint64_t result = f[from].interval * (f[from].repeat - 1) + f[from].latency;
          const std::uint64_t held =
              take.release == Release::at_end ? f[to].interval * f[to].repeat : 0;
          edges.push_back({from, to, std::max<std::uint64_t>(result, 1), c.initial});
          edges.push_back({to, from, held + 1, c.capacity - c.initial});
        }
  return edges;
}

/// The largest ratio over all simple cycles, found by walking every one of them.
class AllCycles {
 public:
  AllCycles(std::vector<EventEdge> edges, std::size_t vertices)
      : edges_(std::move(edges)), on_path_(vertices) {
    for (start_ = 0; start_ < vertices; ++start_) walk(start_, 0, 0);
  }
  std::uint64_t cycles = 0, iterations = 1;
  bool dead = false;  ///< a cycle without tokens: the body can never run

 private:
  void walk(std::size_t at, std::uint64_t time, std::uint64_t tokens) {
    on_path_[at] = true;
    for (const EventEdge& e : edges_) {
      if (e.from != at || e.to < start_) continue;
      if (e.to == start_)
        close(time + e.cycles, tokens + e.iterations);
      else if (!on_path_[e.to])
        walk(e.to, time + e.cycles, tokens + e.iterations);
    }
    on_path_[at] = false;
  }
  void close(std::uint64_t time, std::uint64_t tokens) {
    if (tokens == 0) {
      dead = true;
    } else if (time * iterations > cycles * tokens) {
      cycles = time, iterations = tokens;
    }
  }

  std::vector<EventEdge> edges_;
  std::vector<bool> on_path_;
  std::size_t start_ = 0;
};

/// A loop around up to seven firings of up to four units, with channels in any direction.
Graph random_body(std::mt19937_64& random, std::uint64_t iterations) {
  GraphBuilder b;
  b.layer("body");
  std::vector<UnitId> units;
  for (std::size_t u = 0, n = 1 + random() % 4; u < n; ++u)
    units.push_back(b.unit("unit" + std::to_string(u), UnitKind::other));
  std::vector<Firing> firings;
  for (std::size_t i = 0, n = units.size() + random() % 4; i < n; ++i) {
    Firing f = simple(units[i < units.size() ? i : random() % units.size()], {}, {}, random() % 9,
                      random() % 20);
    f.repeat = 1 + random() % 3;
    firings.push_back(f);
  }
  for (std::size_t c = 0, n = random() % 7; c < n; ++c) {
    Firing& from = firings[random() % firings.size()];
    Firing& to = firings[random() % firings.size()];
    if (from.unit == to.unit) continue;
    const std::uint64_t capacity = 1 + random() % 4;
    const ChannelId id =
        b.channel("c" + std::to_string(c), from.unit, to.unit, capacity, random() % (capacity + 1));
    from.puts.push_back({id, 1});
    to.takes.push_back({id, 1, random() % 2 == 0 ? Release::at_start : Release::at_end});
  }
  b.open_loop(iterations);
  for (const Firing& f : firings) b.fire(f);
  b.close_loop();
  return b.finish();
}

std::uint64_t period_end(const Graph& graph) {
  std::uint64_t end = 0;
  for (const UnitStats& unit : run(graph).units) end = std::max(end, unit.layers[0].end);
  return end;
}

struct Comparison {
  std::uint64_t analytic = 0, tile = 0;
};

/// Both fidelities of a random network on a random machine; nothing if it does not fit.
std::optional<Comparison> compare(std::mt19937_64& random, const Dram& dram) {
  const Architecture machine = random_machine(random, dram);
  const Network network = random_network(random);
  const auto mapped = random_mapping(random, network, machine);
  if (!std::holds_alternative<Mapping>(mapped)) return std::nullopt;
  const Mapping& mapping = std::get<Mapping>(mapped);
  const SystolicGraph graph = build_systolic(network, machine, mapping);
  REQUIRE(check(graph.graph).empty());
  const TileResult tile = run(graph.graph, {machine.dram, machine.clock}, {});
  if (random() % 4 == 0) {
    TileOptions plain;
    plain.fast_forward = false;
    plain.yield_every = random() % 4;  // processes give way: the host's order changes nothing
    check_same(tile, run(graph.graph, {machine.dram, machine.clock}, plain));
  }
  return Comparison{analyze(machine, mapping, graph).cycles, tile.cycles};
}

/// `runs` comparisons; every one is drawn from its own seed, so that it can be repeated alone.
void check_law(std::uint64_t seed, int runs, Dram (*memory)(std::mt19937_64&)) {
  int feasible = 0;
  double tightness = 0;
  for (int i = 0; i < runs; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
    const Dram dram = memory(random);
    const auto both = compare(random, dram);
    if (!both) continue;
    CHECK(both->analytic <= both->tile);
    ++feasible;
    tightness += static_cast<double>(both->analytic) / static_cast<double>(both->tile);
  }
  MESSAGE(feasible, " of ", runs, " fit; mean of analytic / tile ", tightness / feasible);
  CHECK(feasible > runs / 2);
}

}  // namespace

TEST_CASE("the critical cycle is the one that exhaustive search finds") {
  const std::uint64_t seed = 20240901;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int alive = 0;
  for (int i = 0; i < 3000; ++i) {
    CAPTURE(i);
    const Graph graph = random_body(random, 2);
    const AllCycles all(event_edges(graph), graph.firings.size());
    if (all.dead) continue;
    ++alive;
    const CriticalCycle found =
        critical_cycle(graph, 1, static_cast<std::uint32_t>(graph.schedule.size()), MemoryBound{});
    CHECK(found.cycles * all.iterations == all.cycles * found.iterations);
  }
  CHECK(alive > 1000);
}

TEST_CASE("in the steady state tile takes the critical cycle's time, exactly") {
  const std::uint64_t seed = 20240902;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    std::vector<std::uint64_t> intervals, latencies;
    for (std::size_t u = 0, n = 2 + random() % 4; u < n; ++u) {
      intervals.push_back(1 + random() % 9);
      latencies.push_back(random() % 20);
    }
    const std::uint64_t capacity = 1 + random() % 2;  // single and double buffered
    const Graph probe = chain(2, intervals, latencies, capacity);
    const CriticalCycle critical =
        critical_cycle(probe, 1, static_cast<std::uint32_t>(probe.schedule.size()), MemoryBound{});
    // A multiple of every possible number of iterations of a cycle, beyond any transient.
    const std::uint64_t n = critical.iterations * 2520;
    const std::uint64_t once = run(chain(n, intervals, latencies, capacity)).cycles;
    const std::uint64_t twice = run(chain(2 * n, intervals, latencies, capacity)).cycles;
    CHECK((twice - once) * critical.iterations == n * critical.cycles);
  }
}

TEST_CASE("random loop bodies reach the critical cycle's time, exactly") {
  const std::uint64_t seed = 20240903;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int ran = 0;
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    const std::mt19937_64 copy = random;
    const Graph probe = random_body(random, 2);
    if (AllCycles(event_edges(probe), probe.firings.size()).dead) continue;
    const CriticalCycle critical =
        critical_cycle(probe, 1, static_cast<std::uint32_t>(probe.schedule.size()), MemoryBound{});
    const std::uint64_t n = 2520 * critical.iterations;
    std::mt19937_64 first = copy, second = copy;
    CHECK((period_end(random_body(second, 2 * n)) - period_end(random_body(first, n))) *
              critical.iterations ==
          n * critical.cycles);
    ++ran;
  }
  CHECK(ran > 200);
}

TEST_CASE("a first tile that lies in the padding is not waited for") {
  check_law(20250796, 1, random_ideal_memory);  // the bound was a cycle too high
  check_law(20251889, 1, random_ideal_memory);  // 54 cycles
}

TEST_CASE("no machine with an ideal memory is faster than its bound") {
  check_law(20240910, 3000, random_ideal_memory);
}

TEST_CASE("no machine with a DRAM is faster than its bound") {
  check_law(20240920, 400, random_dram);
}

TEST_CASE("no machine without limits of memory is faster than its bound") {
  check_law(20240930, 300, [](std::mt19937_64&) { return Dram{}; });
}

TEST_SUITE("slow") {
  TEST_CASE("no machine of many more is faster than its bound") {
    check_law(20250000, 30000, random_ideal_memory);
    check_law(20260000, 6000, random_dram);
  }
}
