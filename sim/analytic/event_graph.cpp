// SPDX-License-Identifier: Apache-2.0
// The event graph of a loop body and its maximum cycle ratio (A. Dasdan, "Experimental Analysis of
// the Fastest Optimum Cycle Ratio and Mean Algorithms", ACM TODAES 9(4), 2004, for Howard's
// algorithm as Boost.Graph implements it).
#include "sim/analytic/event_graph.hpp"

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/howard_cycle_ratio.hpp>
#include <utility>

namespace sluice {
namespace {

struct EventEdge {
  double cycles = 0, iterations = 0;
  std::size_t index = 0;  ///< in Body::edges_
};
/// All edges in one array; those of a vertex keep their order.
using EventGraph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, EventEdge>;

struct Edge {
  std::size_t from = 0, to = 0;
  std::uint64_t cycles = 0, iterations = 0;
};

/// What the body does with one channel; the vertex numbers are places in the body.
struct Ends {
  std::uint32_t channel = 0;
  std::size_t puts = 0, takes = 0, put_at = 0, take_at = 0;
  std::uint32_t put_tokens = 0, take_tokens = 0;
  Release release = Release::at_start;
};

/// Tokens that a firing adds to a channel; those that stay when it takes them are not counted off.
std::int64_t tokens_added(const Firing& firing, std::uint32_t channel) {
  std::int64_t sum = 0;
  for (const Put& put : firing.puts)
    if (index(put.channel) == channel) sum += put.tokens;
  for (const Take& take : firing.takes)
    if (index(take.channel) == channel && take.release != Release::never) sum -= take.tokens;
  return sum;
}

/// Tokens that the nodes from `begin` to `end`, as far as they lie before `first`, add to a
/// channel. Of loops around `first` the iterations before the present one add nothing.
std::int64_t tokens_before(const Graph& graph, std::uint32_t begin, std::uint32_t end,
                           std::uint32_t first, std::uint32_t channel) {
  std::int64_t sum = 0;
  for (std::uint32_t i = begin; i < std::min(end, first);) {
    const ScheduleNode& node = graph.schedule[i];
    if (node.kind == ScheduleNode::Kind::fire) {
      sum += tokens_added(graph.firings[index(node.firing)], channel);
      ++i;
      continue;
    }
    const std::int64_t once = tokens_before(graph, i + 1, node.end, first, channel);
    sum += node.end <= first ? once * static_cast<std::int64_t>(node.count) : once;
    i = node.end;
  }
  return sum;
}

class Body {
 public:
  Body(const Graph& graph, std::uint32_t first, std::uint32_t last, const MemoryBound& memory)
      : graph_(graph), memory_(memory), first_(first) {
    for (std::uint32_t i = first; i < last; ++i)
      firings_.push_back(&graph.firings[index(graph.schedule[i].firing)]);
    edges_.reserve(4 * firings_.size());
    add_unit_edges();
    add_channel_edges();
  }

  CriticalCycle solve() const;

 private:
  void add_unit_edges();
  void add_channel_edges();
  std::vector<Ends> collect() const;
  std::uint64_t busy(std::size_t at) const { return firing_time(*firings_[at], memory_).busy; }

  std::uint64_t there_at_begin(std::uint32_t channel, const Ends& ends) const;

  const Graph& graph_;
  MemoryBound memory_;
  std::uint32_t first_;
  std::vector<const Firing*> firings_;
  std::vector<Edge> edges_;
};

/// A unit's firings follow each other, and its first of the next iteration its last.
void Body::add_unit_edges() {
  constexpr std::size_t none = ~std::size_t{0};
  std::vector<std::pair<std::size_t, std::size_t>> ends(  // by unit: first and last place
      graph_.units.size(), {none, none});
  for (std::size_t i = 0; i < firings_.size(); ++i) {
    auto& [first, last] = ends[index(firings_[i]->unit)];
    if (first == none)
      first = i;
    else
      edges_.push_back({last, i, busy(last), 0});
    last = i;
  }
  for (const auto& [first, last] : ends)
    if (first != none) edges_.push_back({last, first, busy(last), 1});
}

/// In the order of their channels.
std::vector<Ends> Body::collect() const {
  std::vector<Ends> channels(graph_.channels.size());
  for (std::uint32_t c = 0; c < channels.size(); ++c) channels[c].channel = c;
  for (std::size_t i = 0; i < firings_.size(); ++i) {
    for (const Put& put : firings_[i]->puts) {
      // Results that a firing waits for may be those of an earlier run of this loop.
      if (graph_.channels[index(put.channel)].order) continue;
      Ends& ends = channels[index(put.channel)];
      ++ends.puts, ends.put_at = i, ends.put_tokens = put.tokens;
    }
    for (const Take& take : firings_[i]->takes) {
      if (take.release == Release::never) continue;
      Ends& ends = channels[index(take.channel)];
      ++ends.takes, ends.take_at = i, ends.take_tokens = take.tokens, ends.release = take.release;
    }
  }
  return channels;
}

/// Tokens that the channel holds when the loop begins. Only what the body takes before it puts can
/// be of an earlier firing; elsewhere the initial tokens are all.
std::uint64_t Body::there_at_begin(std::uint32_t channel, const Ends& ends) const {
  const std::uint64_t initial = graph_.channels[channel].initial;
  if (initial > 0 || ends.take_at >= ends.put_at) return initial;
  const std::int64_t added = tokens_before(graph_, 0, first_, first_, channel);
  return added > 0 ? static_cast<std::uint64_t>(added) : 0;
}

/// Channels with one put and one take of as many tokens an iteration: the data edge, and the edge
/// back for the room. Others are left out, which only lowers the bound.
void Body::add_channel_edges() {
  for (const Ends& ends : collect()) {
    const std::uint32_t id = ends.channel;
    if (ends.puts != 1 || ends.takes != 1 || ends.put_tokens != ends.take_tokens) continue;
    const Channel& channel = graph_.channels[id];
    const std::uint64_t tokens = ends.put_tokens;
    const std::uint64_t there = there_at_begin(id, ends);
    if (there % tokens != 0 || channel.capacity % tokens != 0 || there > channel.capacity) continue;
    const std::uint64_t result = firing_time(*firings_[ends.put_at], memory_).result;
    edges_.push_back(
        {ends.put_at, ends.take_at, std::max<std::uint64_t>(result, 1), there / tokens});
    const std::uint64_t held = ends.release == Release::at_end ? busy(ends.take_at) : 0;
    edges_.push_back({ends.take_at, ends.put_at, held + 1, (channel.capacity - there) / tokens});
  }
}

CriticalCycle Body::solve() const {
  std::vector<std::pair<std::size_t, std::size_t>> ends;
  std::vector<EventEdge> weights;
  ends.reserve(edges_.size());
  weights.reserve(edges_.size());
  for (const Edge& e : edges_) {
    ends.emplace_back(e.from, e.to);
    weights.push_back(
        {static_cast<double>(e.cycles), static_cast<double>(e.iterations), weights.size()});
  }
  const EventGraph g(boost::edges_are_unsorted_multi_pass, ends.begin(), ends.end(),
                     weights.begin(), firings_.size());
  std::vector<boost::graph_traits<EventGraph>::edge_descriptor> cycle;
  boost::maximum_cycle_ratio(g, boost::get(boost::vertex_index, g),
                             boost::get(&EventEdge::cycles, g),
                             boost::get(&EventEdge::iterations, g), &cycle);
  CriticalCycle critical{0, 0, {}};
  for (const auto& edge : cycle) {
    const Edge& e = edges_[g[edge].index];
    critical.cycles += e.cycles;
    critical.iterations += e.iterations;
    const auto place = firings_[e.from] - graph_.firings.data();
    critical.firings.push_back(FiringId{static_cast<std::uint32_t>(place)});
  }
  if (critical.iterations == 0) return {0, 1, {}};
  return critical;
}

}  // namespace

CriticalCycle critical_cycle(const Graph& graph, std::uint32_t first, std::uint32_t last,
                             const MemoryBound& memory) {
  return Body(graph, first, last, memory).solve();
}

}  // namespace sluice
