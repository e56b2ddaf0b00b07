// SPDX-License-Identifier: Apache-2.0
#include "sim/analytic/cycle_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

constexpr double precision = 0.005;     ///< of a distance, below which a policy is not changed
constexpr int most_improvements = 100;  ///< there is no end where sums lose their last digits

}  // namespace

/// A counting sort: the edges of a vertex keep their order.
void MaximumCycleRatio::sort(std::span<const EventEdge> edges, std::size_t vertices) {
  vertices_.assign(vertices, {});
  leaving_.assign(edges.size(), {});
  for (const EventEdge& edge : edges) ++vertices_[edge.from].first;
  std::uint32_t place = 0;
  for (Vertex& vertex : vertices_) {
    place += vertex.first;
    vertex.first = place;  // one past its edges, which then go in from the last to the first
  }
  for (std::size_t e = edges.size(); e-- > 0;) {
    const EventEdge& edge = edges[e];
    leaving_[--vertices_[edge.from].first] = {static_cast<double>(edge.cycles),
                                              static_cast<double>(edge.iterations), edge.to,
                                              static_cast<std::uint32_t>(e)};
  }
}

void MaximumCycleRatio::follow_longest_edges() {
  double sum = 0, fewest = std::numeric_limits<double>::max();
  for (std::size_t v = 0; v < vertices_.size(); ++v) {
    std::uint32_t longest = vertices_[v].first;
    for (std::uint32_t e = vertices_[v].first; e < end_of(v); ++e) {
      sum += leaving_[e].cycles;
      if (leaving_[e].iterations > 0) fewest = std::min(fewest, leaving_[e].iterations);
      if (leaving_[longest].cycles < leaving_[e].cycles) longest = e;
    }
    vertices_[v].policy = longest;
  }
  bound_ = best_ = -(sum / fewest);
}

/// The first vertex on the way from `from` along the policy that has its distance, or that comes a
/// second time.
std::uint32_t MaximumCycleRatio::end_of_way(std::uint32_t from) {
  ++walks_;
  while (!vertices_[from].measured && vertices_[from].seen != walks_) {
    vertices_[from].seen = walks_;
    from = policy(vertices_[from]).to;
  }
  return from;
}

double MaximumCycleRatio::ratio_of_cycle(std::uint32_t at) {
  double cycles = 0, iterations = 0;
  cycle_.clear();
  std::uint32_t v = at;
  do {
    const Leaving& edge = policy(vertices_[v]);
    cycle_.push_back(edge.edge);
    cycles += edge.cycles, iterations += edge.iterations;
    v = edge.to;
  } while (v != at);
  const double ratio = cycles / iterations;
  if (best_ < ratio) {
    best_ = ratio;
    best_cycle_ = cycle_;
  }
  return ratio;
}

/// Distances of the vertices on the way from `from` to one that has its own.
void MaximumCycleRatio::measure(std::uint32_t from) {
  path_.clear();
  for (; !vertices_[from].measured; from = policy(vertices_[from]).to) path_.push_back(from);
  const double ratio = vertices_[from].ratio;
  for (; !path_.empty(); path_.pop_back()) {
    Vertex& vertex = vertices_[path_.back()];
    const Leaving& edge = policy(vertex);
    vertex.distance = vertices_[edge.to].distance + edge.cycles - edge.iterations * ratio;
    vertex.ratio = ratio;
    vertex.measured = true;
  }
}

/// The largest ratio of the policy's cycles, and the distances of all vertices to the one of their
/// own cycle that is found first, which keeps the distance that it has.
double MaximumCycleRatio::best_of_policy() {
  double best = bound_;
  for (Vertex& vertex : vertices_) vertex.measured = false;
  for (std::uint32_t v = 0; v < vertices_.size(); ++v) {
    if (vertices_[v].measured) continue;
    Vertex& end = vertices_[end_of_way(v)];
    if (!end.measured) {
      end.ratio = ratio_of_cycle(static_cast<std::uint32_t>(&end - vertices_.data()));
      end.measured = true;
      if (best < end.ratio) best = end.ratio;
    }
    measure(v);
  }
  return best;
}

/// Lets vertices follow edges that lead further at this ratio; whether any does.
bool MaximumCycleRatio::improve(double ratio) {
  bool improved = false;
  for (std::size_t v = 0; v < vertices_.size(); ++v) {
    Vertex& vertex = vertices_[v];
    for (std::uint32_t e = vertex.first; e < end_of(v); ++e) {
      const Leaving& edge = leaving_[e];
      const double distance = edge.cycles - edge.iterations * ratio + vertices_[edge.to].distance;
      if (!(vertex.distance + precision < distance)) continue;
      vertex.policy = e;
      vertex.distance = distance;
      improved = true;
    }
  }
  return improved;
}

std::span<const std::uint32_t> MaximumCycleRatio::critical(std::span<const EventEdge> edges,
                                                           std::size_t vertices) {
  sort(edges, vertices);
  follow_longest_edges();
  best_cycle_.clear();
  walks_ = 0;
  for (int i = 0; i < most_improvements; ++i)
    if (!improve(best_of_policy())) break;
  return {best_cycle_.data(), best_cycle_.size()};
}

}  // namespace sluice
