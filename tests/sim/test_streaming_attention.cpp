// SPDX-License-Identifier: Apache-2.0
// Attention on streaming dataflow (Sohn et al., arXiv 2404.16629): cycle counts at full throughput,
// below the depth that gives it, and deadlock below the depth that runs at all. The time of a run
// is that of the last output's dequeue. Closed forms with all latencies 1, derived for the
// semantics of docs/time.md: naive N^2 + N + 3, with maximum N^2 + 2N + 5, reordered N^2 + 3, with
// maximum N^2 + N + 5, memory-free N^2 + 4; each slot missing below N + 2 costs N - 1 cycles.
#include <doctest/doctest.h>

#include "tests/sim/graphs.hpp"
#include "tests/sim/streaming_graphs.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

std::uint64_t cycles(AttentionGraph kind, std::uint64_t n, std::uint64_t depth) {
  return run(attention_graph(kind, n, depth)).channels.back().last_dequeue;
}

struct Row {
  std::uint64_t n, naive, naive_n, naive_n1, naive_max, reordered, reordered_max, memory_free;
};

void check_row(const Row& row) {
  const std::uint64_t n = row.n;
  CAPTURE(n);
  CHECK(cycles(AttentionGraph::naive, n, n + 2) == row.naive);
  CHECK(cycles(AttentionGraph::naive, n, n) == row.naive_n);
  CHECK(cycles(AttentionGraph::naive, n, n + 1) == row.naive_n1);
  CHECK(cycles(AttentionGraph::naive_max, n, n + 2) == row.naive_max);
  CHECK(cycles(AttentionGraph::reordered, n, n + 2) == row.reordered);
  CHECK(cycles(AttentionGraph::reordered_max, n, n + 2) == row.reordered_max);
  CHECK(cycles(AttentionGraph::memory_free, n, n + 2) == row.memory_free);
}

}  // namespace

TEST_CASE("streaming attention takes the derived number of cycles") {
  check_row({16, 275, 305, 290, 293, 259, 277, 260});
  check_row({64, 4163, 4289, 4226, 4229, 4099, 4165, 4100});
  check_row({512, 262659, 263681, 263170, 263173, 262147, 262661, 262148});
}

TEST_CASE("a deeper long FIFO than N + 2 gains nothing") {
  CHECK(cycles(AttentionGraph::naive, 64, 66) == cycles(AttentionGraph::naive, 64, 6600));
}

TEST_CASE("short FIFOs of depth 1 halve the throughput") {
  const Graph graph = attention_graph(AttentionGraph::reordered, 64, 2, 1);
  CHECK(run(graph).channels.back().last_dequeue == 8194);
}

TEST_CASE("a long FIFO of N - 1 deadlocks, and the report names it and the depth that would do") {
  for (const std::uint64_t n : {16, 64, 512}) {
    CAPTURE(n);
    const TileOutcome outcome =
        run_tile(attention_graph(AttentionGraph::naive, n, n - 1), no_memory());
    REQUIRE(std::holds_alternative<Deadlock>(outcome));
    const Deadlock& deadlock = std::get<Deadlock>(outcome);
    CHECK(deadlock.channel == "long");
    CHECK(deadlock.depth == n);
    CHECK(deadlock.waits.size() == 3);
  }
}

TEST_CASE("the deadlock report is a cycle of waits in words") {
  const TileOutcome outcome = run_tile(attention_graph(AttentionGraph::naive, 16, 15), no_memory());
  REQUIRE(std::holds_alternative<Deadlock>(outcome));
  CHECK(to_text(std::get<Deadlock>(outcome)) ==
        "deadlock at cycle 17: nothing can run although units are unfinished\n"
        "  scores waits for room in channel 'long' (holds 15 of 15), which divide would give\n"
        "  divide waits for a token of channel 'total' (holds 0 of 2), which sum would give\n"
        "  sum waits for a token of channel 'to_sum' (holds 0 of 2), which scores would give\n"
        "  hint: channel 'long' needs a depth of at least 16\n");
}

TEST_CASE("with a row maximum both long FIFOs need depth N") {
  for (const AttentionGraph kind : {AttentionGraph::naive_max, AttentionGraph::reordered_max}) {
    CHECK(std::holds_alternative<Deadlock>(run_tile(attention_graph(kind, 16, 15), no_memory())));
    CHECK(std::holds_alternative<TileResult>(run_tile(attention_graph(kind, 16, 16), no_memory())));
  }
}

TEST_SUITE("slow") {
  TEST_CASE("streaming attention of 1024 and 4096 takes the derived number of cycles") {
    check_row({1024, 1049603, 1051649, 1050626, 1050629, 1048579, 1049605, 1048580});
    check_row({4096, 16781315, 16789505, 16785410, 16785413, 16777219, 16781317, 16777220});
  }

  TEST_CASE("streaming attention of 1024 is the same without fast-forward") {
    for (int kind = 0; kind < 5; ++kind) {
      CAPTURE(kind);
      const Graph graph = attention_graph(AttentionGraph(kind), 1024, 1026);
      check_same(run(graph, true), run(graph, false));
    }
  }
}
