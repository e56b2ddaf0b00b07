// SPDX-License-Identifier: Apache-2.0
// The executor of `tile` without fast-forward: firings a second of streaming attention graphs, and
// as a ratio to a plain round-robin loop over the same graph run beside it; DRAM requests a second
// through SystemC and TLM; and what fast-forward saves.
#include <array>
#include <string>
#include <variant>
#include <vector>

#include "benchmarks/figures.hpp"
#include "sim/tile/tile.hpp"
#include "tests/sim/streaming_graphs.hpp"

namespace {

using namespace sluice;

std::uint64_t firings_of(const Graph& graph) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : count_firings(graph)) sum += count;
  return sum;
}

TileResult run(const Graph& graph, const TileMemory& memory, bool fast_forward) {
  TileOptions options;
  options.fast_forward = fast_forward;
  return std::get<TileResult>(run_tile(graph, memory, options));
}

/// The plainest simulator of the same n x n scores: every unit of a chain of five looks once a
/// cycle whether its two FIFOs, counters of tokens, let it fire.
std::uint64_t clocked_chain(std::uint64_t scores) {
  std::array<std::uint64_t, 6> held{};
  std::uint64_t done = 0, fired = 0, left = scores;
  while (done < scores) {
    for (std::size_t unit = 5; unit-- > 0;) {
      const bool input = unit == 0 ? left > 0 : held[unit] > 0;
      if (!input || (unit < 4 && held[unit + 1] >= 2)) continue;
      unit == 0 ? --left : --held[unit];
      unit == 4 ? ++done : ++held[unit + 1];
      ++fired;
    }
  }
  return fired;
}

double nanoseconds_a_firing(std::uint64_t n) {
  const Graph graph = test::attention_graph(test::AttentionGraph::memory_free, n, n + 2);
  const int rounds = n > 1024 ? 3 : 20;
  const double seconds =
      bench::least_seconds(rounds, bench::cpu_seconds, [&] { run(graph, {}, false); });
  return 1e9 * seconds / static_cast<double>(firings_of(graph));
}

void firings(bench::Figures& figures) {
  constexpr std::uint64_t scores = 1024 * 1024;
  std::uint64_t fired = 0;
  const double clocked =
      bench::least_seconds(5, bench::cpu_seconds, [&] { fired = clocked_chain(scores); });
  const double reference = static_cast<double>(fired) / clocked;
  figures.note("reference: a clocked loop over token counters", 1e-6 * reference, "M firings/s");
  const std::pair<const char*, test::AttentionGraph> graphs[] = {
      {"naive", test::AttentionGraph::naive},
      {"naive_max", test::AttentionGraph::naive_max},
      {"reordered", test::AttentionGraph::reordered},
      {"memory_free", test::AttentionGraph::memory_free}};
  for (const auto& [name, kind] : graphs) {
    const Graph graph = test::attention_graph(kind, 512, 514);
    const double seconds =
        bench::least_seconds(5, bench::cpu_seconds, [&] { run(graph, {}, false); });
    const double rate = static_cast<double>(firings_of(graph)) / seconds;
    figures.at_least(std::string("firings, ") + name + ", 512 x 512", 1e-6 * rate, 3,
                     "M firings/s");
    figures.note("  to the reference", rate / reference, "x");
  }
  const double small = nanoseconds_a_firing(256), large = nanoseconds_a_firing(2048);
  figures.at_most("cost of a firing, N = 2048 to N = 256", large / small, 1.2, "x");
}

/// One load unit that moves `count` tiles of 64 KiB, which another unit takes.
Graph tiles(std::uint64_t count) {
  GraphBuilder builder;
  builder.stream("input");
  builder.layer("tiles");
  const UnitId load = builder.unit("load", UnitKind::load, 1024);
  const UnitId take = builder.unit("take", UnitKind::compute);
  const ChannelId channel = builder.channel("tiles", load, take, 2);
  const LoopId loop = builder.open_loop(count);
  Firing fetch;
  fetch.name = "fetch";
  fetch.unit = load;
  fetch.interval = 0;
  fetch.puts = {{channel, 1}};
  MemoryTransfer transfer;
  transfer.row_bytes = 65536;
  transfer.strides = {{loop, 65536}};
  fetch.transfer = transfer;
  builder.fire(fetch);
  Firing use;
  use.name = "use";
  use.unit = take;
  use.takes = {{channel, 1, Release::at_end}};
  builder.fire(use);
  builder.close_loop();
  return builder.finish();
}

void requests(bench::Figures& figures, const char* preset, std::uint32_t channels) {
  constexpr std::uint64_t count = 2000;
  const Graph graph = tiles(count);
  TileMemory memory;
  memory.dram.preset = preset;
  memory.dram.channels = channels;
  const double seconds =
      bench::least_seconds(5, bench::cpu_seconds, [&] { run(graph, memory, false); });
  const double bursts = 65536.0 * count / static_cast<double>(timing_of(memory.dram).burst_bytes);
  figures.at_least(std::string("DRAM requests, ") + preset + " x " + std::to_string(channels),
                   1e-6 * bursts / seconds, 5, "M requests/s");
}

/// The same number of rows in the loop and a thousand times as many.
void fast_forward(bench::Figures& figures) {
  const auto seconds = [](std::uint64_t count) {
    const Graph graph = tiles(count);
    TileMemory memory;
    memory.dram.bandwidth = {64, Bandwidth::Per::cycle};
    return bench::least_seconds(5, bench::cpu_seconds, [&] { run(graph, memory, true); });
  };
  figures.at_most("fast-forward: time of 10^9 tiles to 10^4",
                  seconds(1'000'000'000) / seconds(10'000), 2, "x");
}

}  // namespace

int main() {
  bench::Figures figures;
  firings(figures);
  requests(figures, "DDR4-2400", 1);
  requests(figures, "DDR4-2400", 4);
  requests(figures, "HBM2E-3200", 16);
  fast_forward(figures);
  figures.at_most("peak memory", bench::peak_memory_mb(), 300, "MB");
  return figures.status();
}
