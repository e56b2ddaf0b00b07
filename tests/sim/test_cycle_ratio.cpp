// SPDX-License-Identifier: Apache-2.0
// Howard's algorithm finds the very cycle that Boost.Graph's finds, also where several are
// critical.
#include <doctest/doctest.h>

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/howard_cycle_ratio.hpp>
#include <random>
#include <utility>

#include "sim/analytic/cycle_ratio.hpp"

namespace sluice {
namespace {

struct Weights {
  double cycles = 0, iterations = 0;
  std::uint32_t place = 0;
};
using BoostGraph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, Weights>;

std::vector<std::uint32_t> by_boost(const std::vector<EventEdge>& edges, std::size_t vertices) {
  std::vector<std::pair<std::size_t, std::size_t>> ends;
  std::vector<Weights> weights;
  for (const EventEdge& e : edges) {
    ends.emplace_back(e.from, e.to);
    weights.push_back({static_cast<double>(e.cycles), static_cast<double>(e.iterations),
                       static_cast<std::uint32_t>(weights.size())});
  }
  const BoostGraph g(boost::edges_are_unsorted_multi_pass, ends.begin(), ends.end(),
                     weights.begin(), vertices);
  std::vector<boost::graph_traits<BoostGraph>::edge_descriptor> cycle;
  boost::maximum_cycle_ratio(g, boost::get(boost::vertex_index, g), boost::get(&Weights::cycles, g),
                             boost::get(&Weights::iterations, g), &cycle);
  std::vector<std::uint32_t> places;
  for (const auto& edge : cycle) places.push_back(g[edge].place);
  return places;
}

/// A cycle through all vertices, and chords; few different weights, so that ratios are often equal.
std::vector<EventEdge> random_edges(std::mt19937& random, std::uint32_t vertices) {
  const auto below = [&](std::uint32_t end) {
    return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random);
  };
  const std::uint32_t largest = below(2) == 0 ? 3 : 100'000;
  std::vector<EventEdge> edges;
  for (std::uint32_t v = 0; v < vertices; ++v)
    edges.push_back({v, (v + 1) % vertices, below(largest), v + 1 == vertices ? 1u : 0u});
  for (std::uint32_t chords = below(3 * vertices); chords > 0; --chords) {
    const std::uint32_t from = below(vertices), to = below(vertices);
    edges.push_back({from, to, below(largest) + 1, to > from ? below(3) : 1 + below(3)});
  }
  std::shuffle(edges.begin(), edges.end(), random);
  return edges;
}

TEST_CASE("the critical cycle is the one that Boost.Graph finds") {
  std::mt19937 random(7);
  MaximumCycleRatio ratio;  // is used again and again
  for (int i = 0; i < 20'000; ++i) {
    CAPTURE(i);
    const std::uint32_t vertices = 1 + i % 12;
    const std::vector<EventEdge> edges = random_edges(random, vertices);
    const auto found = ratio.critical(edges, vertices);
    CHECK(std::vector<std::uint32_t>(found.begin(), found.end()) == by_boost(edges, vertices));
  }
}

TEST_CASE("a cycle without iterations is critical") {
  MaximumCycleRatio ratio;
  const std::vector<EventEdge> edges = {{0, 1, 5, 0}, {1, 0, 5, 1}, {0, 0, 1, 0}};
  const auto found = ratio.critical(edges, 2);
  REQUIRE(found.size() == 1);
  CHECK(found[0] == 2);
}

}  // namespace
}  // namespace sluice
