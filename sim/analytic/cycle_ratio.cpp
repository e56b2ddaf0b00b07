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
void MaximumCycleRatio::sort(std::span<const EventEdge> edges, std::size_t count) {
  vertices_.assign(count, {});
  leaving_.assign(edges.size(), {});
  const std::span<Vertex> vertices = this->vertices();
  Leaving* const leaving = leaving_.data();
  for (const EventEdge& edge : edges) ++vertices[edge.from].first;
  std::uint32_t place = 0;
  for (Vertex& vertex : vertices) {
    place += vertex.first;
    vertex.first = vertex.end = place;  // edges then go in from the last to the first
  }
  for (std::size_t e = edges.size(); e-- > 0;) {
    const EventEdge& edge = edges[e];
    leaving[--vertices[edge.from].first] = {static_cast<double>(edge.cycles),
                                            static_cast<double>(edge.iterations), edge.to,
                                            static_cast<std::uint32_t>(e)};
  }
}

void MaximumCycleRatio::follow_longest_edges() {
  double sum = 0, fewest = std::numeric_limits<double>::max();
  const std::span<const Leaving> leaving = this->leaving();
  for (Vertex& vertex : vertices()) {
    std::uint32_t longest = vertex.first;
    for (std::uint32_t e = vertex.first; e < vertex.end; ++e) {
      sum += leaving[e].cycles;
      if (leaving[e].iterations > 0) fewest = std::min(fewest, leaving[e].iterations);
      if (leaving[longest].cycles < leaving[e].cycles) longest = e;
    }
    vertex.policy = longest;
  }
  bound_ = best_ = -(sum / fewest);
}

/// The first vertex on the way from `from` along the policy that has its distance, or that comes a
/// second time.
std::uint32_t MaximumCycleRatio::end_of_way(std::uint32_t from) {
  const std::span<Vertex> vertices = this->vertices();
  const std::span<const Leaving> leaving = this->leaving();
  ++walks_;
  while (!vertices[from].measured && vertices[from].seen != walks_) {
    vertices[from].seen = walks_;
    from = leaving[vertices[from].policy].to;
  }
  return from;
}

double MaximumCycleRatio::ratio_of_cycle(std::uint32_t at) {
  const std::span<const Vertex> vertices = this->vertices();
  const std::span<const Leaving> leaving = this->leaving();
  double cycles = 0, iterations = 0;
  cycle_.clear();
  std::uint32_t v = at;
  do {
    const Leaving& edge = leaving[vertices[v].policy];
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
  const std::span<Vertex> vertices = this->vertices();
  const std::span<const Leaving> leaving = this->leaving();
  path_.clear();
  for (; !vertices[from].measured; from = leaving[vertices[from].policy].to) path_.push_back(from);
  const double ratio = vertices[from].ratio;
  for (; !path_.empty(); path_.pop_back()) {
    Vertex& vertex = vertices[path_.back()];
    const Leaving& edge = leaving[vertex.policy];
    vertex.distance = vertices[edge.to].distance + edge.cycles - edge.iterations * ratio;
    vertex.ratio = ratio;
    vertex.measured = true;
  }
}

/// The largest ratio of the policy's cycles, and the distances of all vertices to the one of their
/// own cycle that is found first, which keeps the distance that it has.
double MaximumCycleRatio::best_of_policy() {
  const std::span<Vertex> vertices = this->vertices();
  double best = bound_;
  for (Vertex& vertex : vertices) vertex.measured = false;
  for (std::uint32_t v = 0; v < vertices.size(); ++v) {
    if (vertices[v].measured) continue;
    const std::uint32_t place = end_of_way(v);
    Vertex& end = vertices[place];
    if (!end.measured) {
      end.ratio = ratio_of_cycle(place);
      end.measured = true;
      if (best < end.ratio) best = end.ratio;
    }
    measure(v);
  }
  return best;
}

/// Lets vertices follow edges that lead further at this ratio; whether any does.
bool MaximumCycleRatio::improve(double ratio) {
  const std::span<Vertex> vertices = this->vertices();
  const std::span<const Leaving> leaving = this->leaving();
  bool improved = false;
  for (Vertex& vertex : vertices) {
    for (std::uint32_t e = vertex.first; e < vertex.end; ++e) {
      const Leaving& edge = leaving[e];
      const double distance = edge.cycles - edge.iterations * ratio + vertices[edge.to].distance;
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
