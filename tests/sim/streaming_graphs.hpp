// SPDX-License-Identifier: Apache-2.0
// Streaming attention graphs (Sohn et al., "Implementing and Optimizing the Scaled Dot-Product
// Attention on Streaming Dataflow", arXiv 2404.16629), built directly on channels and units. One
// token is one score; every unit fires at most once a cycle with a latency of one cycle.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.hpp"

namespace sluice::test {

/// Which of the paper's graphs.
enum class AttentionGraph {
  naive,          ///< sum in a branch, the scores wait in one long FIFO
  naive_max,      ///< row maximum first, then sum: two long FIFOs
  reordered,      ///< one division a row, after the product with V: no long FIFO
  reordered_max,  ///< the same with the row maximum: one long FIFO
  memory_free,    ///< running maximum: all FIFOs short
};

/// One row of scores of every unit, inside a loop over the rows that all share.
class StreamingGraph {
 public:
  explicit StreamingGraph(std::uint64_t n) : n_(n) { builder_.open_loop(n); }

  UnitId unit(std::string name) { return builder_.unit(std::move(name), UnitKind::other); }
  ChannelId channel(UnitId from, UnitId to, std::uint64_t capacity, std::string name) {
    return builder_.channel(std::move(name), from, to, capacity);
  }
  /// Every score: takes `in`, puts `out`.
  void map(UnitId unit, const std::vector<ChannelId>& in, const std::vector<ChannelId>& out) {
    builder_.open_loop(n_);
    fire(unit, in, out);
    builder_.close_loop();
  }
  /// Takes `in` at every score; puts `out` at the last of the row.
  void reduce(UnitId unit, const std::vector<ChannelId>& in, const std::vector<ChannelId>& out) {
    builder_.open_loop(n_ - 1);
    fire(unit, in, {});
    builder_.close_loop();
    fire(unit, in, out);
  }
  /// Takes `in` and puts `out` at every score; takes `held` as well at the first of the row.
  void repeat(UnitId unit, const std::vector<ChannelId>& in, ChannelId held,
              const std::vector<ChannelId>& out) {
    std::vector<ChannelId> both = in;
    both.push_back(held);
    fire(unit, both, out);
    builder_.open_loop(n_ - 1);
    fire(unit, in, out);
    builder_.close_loop();
  }
  /// One firing a row.
  void per_row(UnitId unit, const std::vector<ChannelId>& in, const std::vector<ChannelId>& out) {
    fire(unit, in, out);
  }
  Graph finish() {
    builder_.close_loop();
    builder_.layer("attention");
    return builder_.finish();
  }

 private:
  void fire(UnitId unit, const std::vector<ChannelId>& in, const std::vector<ChannelId>& out) {
    Firing firing;
    firing.name = "fire";
    firing.unit = unit;
    for (const ChannelId c : in) firing.takes.push_back({c, 1, Release::at_start});
    for (const ChannelId c : out) firing.puts.push_back({c, 1});
    builder_.fire(firing);
  }

  std::uint64_t n_;
  GraphBuilder builder_;
};

/// Graph G1..G4 with long FIFOs of depth `long_depth` and short ones of `short_depth`. The last
/// channel is the one that the sink reads.
inline Graph attention_graph(AttentionGraph kind, std::uint64_t n, std::uint64_t long_depth,
                             std::uint64_t short_depth = 2) {
  StreamingGraph g(n);
  const auto s = short_depth;
  const UnitId source = g.unit("source"), scores = g.unit("scores");
  const ChannelId in = g.channel(source, scores, s, "in");
  const bool with_max = kind == AttentionGraph::naive_max || kind == AttentionGraph::reordered_max;
  g.map(source, {}, {in});
  UnitId exponent = scores;
  if (with_max) {
    const UnitId maximum = g.unit("maximum"), subtract = g.unit("subtract"), exp = g.unit("exp");
    const ChannelId to_max = g.channel(scores, maximum, s, "to_max");
    const ChannelId wide = g.channel(scores, subtract, long_depth, "long_scores");
    const ChannelId max = g.channel(maximum, subtract, s, "max");
    const ChannelId difference = g.channel(subtract, exp, s, "difference");
    g.map(scores, {in}, {to_max, wide});
    g.reduce(maximum, {to_max}, {max});
    g.repeat(subtract, {wide}, max, {difference});
    exponent = exp;
    // `exp` forks below.
    if (kind == AttentionGraph::naive_max) {
      const UnitId sum = g.unit("sum"), divide = g.unit("divide"), output = g.unit("output");
      const UnitId sink = g.unit("sink");
      const ChannelId to_sum = g.channel(exp, sum, s, "to_sum");
      const ChannelId wide2 = g.channel(exp, divide, long_depth, "long_exponents");
      const ChannelId total = g.channel(sum, divide, s, "total");
      const ChannelId weights = g.channel(divide, output, s, "weights");
      const ChannelId out = g.channel(output, sink, s, "out");
      g.map(exp, {difference}, {to_sum, wide2});
      g.reduce(sum, {to_sum}, {total});
      g.repeat(divide, {wide2}, total, {weights});
      g.reduce(output, {weights}, {out});
      g.per_row(sink, {out}, {});
      return g.finish();
    }
    const UnitId sum = g.unit("sum"), output = g.unit("output"), divide = g.unit("divide");
    const UnitId sink = g.unit("sink");
    const ChannelId to_sum = g.channel(exp, sum, s, "to_sum");
    const ChannelId to_output = g.channel(exp, output, s, "to_output");
    const ChannelId total = g.channel(sum, divide, s, "total");
    const ChannelId row = g.channel(output, divide, s, "row");
    const ChannelId out = g.channel(divide, sink, s, "out");
    g.map(exp, {difference}, {to_sum, to_output});
    g.reduce(sum, {to_sum}, {total});
    g.reduce(output, {to_output}, {row});
    g.per_row(divide, {total, row}, {out});
    g.per_row(sink, {out}, {});
    return g.finish();
  }
  const UnitId sum = g.unit("sum"), output = g.unit("output"), divide = g.unit("divide");
  const UnitId sink = g.unit("sink");
  if (kind == AttentionGraph::naive) {
    const ChannelId to_sum = g.channel(exponent, sum, s, "to_sum");
    const ChannelId wide = g.channel(exponent, divide, long_depth, "long");
    const ChannelId total = g.channel(sum, divide, s, "total");
    const ChannelId weights = g.channel(divide, output, s, "weights");
    const ChannelId out = g.channel(output, sink, s, "out");
    g.map(scores, {in}, {to_sum, wide});
    g.reduce(sum, {to_sum}, {total});
    g.repeat(divide, {wide}, total, {weights});
    g.reduce(output, {weights}, {out});
    g.per_row(sink, {out}, {});
    return g.finish();
  }
  std::vector<ChannelId> to_sum, to_output;
  if (kind == AttentionGraph::memory_free) {
    const UnitId running = g.unit("running_max");
    const ChannelId score = g.channel(scores, running, s, "score");
    to_sum = {g.channel(running, sum, s, "delta_sum"), g.channel(running, sum, s, "e_sum")};
    to_output = {g.channel(running, output, s, "delta_output"),
                 g.channel(running, output, s, "e_output")};
    g.map(scores, {in}, {score});
    g.map(running, {score}, {to_sum[0], to_sum[1], to_output[0], to_output[1]});
  } else {
    to_sum = {g.channel(scores, sum, s, "to_sum")};
    to_output = {g.channel(scores, output, s, "to_output")};
    g.map(scores, {in}, {to_sum[0], to_output[0]});
  }
  const ChannelId total = g.channel(sum, divide, s, "total");
  const ChannelId row = g.channel(output, divide, s, "row");
  const ChannelId out = g.channel(divide, sink, s, "out");
  g.reduce(sum, to_sum, {total});
  g.reduce(output, to_output, {row});
  g.per_row(divide, {total, row}, {out});
  g.per_row(sink, {out}, {});
  return g.finish();
}

}  // namespace sluice::test
