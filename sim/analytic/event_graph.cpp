// SPDX-License-Identifier: Apache-2.0
// The event graph of a loop body and its maximum cycle ratio (A. Dasdan, "Experimental Analysis of
// the Fastest Optimum Cycle Ratio and Mean Algorithms", ACM TODAES 9(4), 2004, for Howard's
// algorithm as Boost.Graph implements it).
#include "sim/analytic/event_graph.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/howard_cycle_ratio.hpp>
#include <map>

namespace sluice {
namespace {

using EventGraph = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<boost::edge_weight_t, double,
                    boost::property<boost::edge_weight2_t, double,
                                    boost::property<boost::edge_index_t, std::size_t>>>>;

struct Edge {
  std::size_t from = 0, to = 0;
  std::uint64_t cycles = 0, iterations = 0;
};

/// What the body does with one channel; the vertex numbers are places in the body.
struct Ends {
  std::size_t puts = 0, takes = 0, put_at = 0, take_at = 0;
  std::uint32_t put_tokens = 0, take_tokens = 0;
  Release release = Release::at_start;
};

class Body {
 public:
  Body(const Graph& graph, std::uint32_t first, std::uint32_t last, const MemoryBound& memory)
      : graph_(graph), memory_(memory) {
    for (std::uint32_t i = first; i < last; ++i)
      firings_.push_back(&graph.firings[index(graph.schedule[i].firing)]);
    add_unit_edges();
    add_channel_edges();
  }

  CriticalCycle solve() const;

 private:
  void add_unit_edges();
  void add_channel_edges();
  void collect(std::map<std::uint32_t, Ends>& channels) const;
  std::uint64_t busy(std::size_t at) const { return firing_time(*firings_[at], memory_).busy; }

  const Graph& graph_;
  MemoryBound memory_;
  std::vector<const Firing*> firings_;
  std::vector<Edge> edges_;
};

/// A unit's firings follow each other, and its first of the next iteration its last.
void Body::add_unit_edges() {
  std::map<UnitId, std::pair<std::size_t, std::size_t>> ends;  // first and last place
  for (std::size_t i = 0; i < firings_.size(); ++i) {
    const auto [unit, is_new] = ends.try_emplace(firings_[i]->unit, i, i);
    if (is_new) continue;
    edges_.push_back({unit->second.second, i, busy(unit->second.second), 0});
    unit->second.second = i;
  }
  for (const auto& [unit, places] : ends)
    edges_.push_back({places.second, places.first, busy(places.second), 1});
}

void Body::collect(std::map<std::uint32_t, Ends>& channels) const {
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
}

/// Channels with one put and one take of as many tokens an iteration: the data edge, and the edge
/// back for the room. Others are left out, which only lowers the bound.
void Body::add_channel_edges() {
  std::map<std::uint32_t, Ends> channels;
  collect(channels);
  for (const auto& [id, ends] : channels) {
    if (ends.puts != 1 || ends.takes != 1 || ends.put_tokens != ends.take_tokens) continue;
    const Channel& channel = graph_.channels[id];
    const std::uint64_t tokens = ends.put_tokens;
    if (channel.initial % tokens != 0 || channel.capacity % tokens != 0) continue;
    const std::uint64_t result = firing_time(*firings_[ends.put_at], memory_).result;
    // What is taken before it is put was there when the loop began.
    const bool was_there = channel.initial == 0 && ends.take_at < ends.put_at;
    edges_.push_back({ends.put_at, ends.take_at, std::max<std::uint64_t>(result, 1),
                      was_there ? 1 : channel.initial / tokens});
    const std::uint64_t held = ends.release == Release::at_end ? busy(ends.take_at) : 0;
    edges_.push_back(
        {ends.take_at, ends.put_at, held + 1, (channel.capacity - channel.initial) / tokens});
  }
}

CriticalCycle Body::solve() const {
  EventGraph g(firings_.size());
  for (std::size_t e = 0; e < edges_.size(); ++e) {
    const auto edge = boost::add_edge(edges_[e].from, edges_[e].to, g).first;
    boost::put(boost::edge_weight, g, edge, static_cast<double>(edges_[e].cycles));
    boost::put(boost::edge_weight2, g, edge, static_cast<double>(edges_[e].iterations));
    boost::put(boost::edge_index, g, edge, e);
  }
  std::vector<boost::graph_traits<EventGraph>::edge_descriptor> cycle;
  boost::maximum_cycle_ratio(g, boost::get(boost::vertex_index, g),
                             boost::get(boost::edge_weight, g), boost::get(boost::edge_weight2, g),
                             &cycle);
  CriticalCycle critical{0, 0, {}};
  for (const auto& edge : cycle) {
    const Edge& e = edges_[boost::get(boost::edge_index, g, edge)];
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
