// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <map>
#include <optional>

namespace sluice {
namespace {

using Digraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using Coefficients = std::map<std::string, std::int64_t>;

Coefficients coefficients_of(const TensorIndex& index, std::int64_t sign, Coefficients sum = {}) {
  for (const IndexTerm& term : index.terms) sum[term.rank] += sign * term.coefficient;
  return sum;
}

/// Splits off the constant, and leaves out ranks that cancel.
std::int64_t take_constant(Coefficients& sum) {
  const std::int64_t constant = sum[std::string()];
  sum.erase(std::string());
  std::erase_if(sum, [](const auto& entry) { return entry.second == 0; });
  return constant;
}

Coefficients negative(Coefficients sum) {
  for (auto& [rank, coefficient] : sum) coefficient = -coefficient;
  return sum;
}

/// Narrows `range` of `form + constant` by `difference <= -slack`, where difference is left -
/// right.
void narrow(const RankComparison& condition, const Coefficients& form, std::int64_t constant,
            IndexRange& range) {
  Coefficients sum = coefficients_of(condition.right, -1, coefficients_of(condition.left, 1));
  const std::int64_t offset = take_constant(sum);
  const bool same = sum == form, opposite = negative(sum) == form;
  if (form.empty() || (!same && !opposite)) return;
  // same: form + offset R 0; opposite: offset - form R 0.
  const std::string& r = condition.relation;
  const bool at_most = r == "<" || r == "<=" || r == "==";
  const bool at_least = r == ">" || r == ">=" || r == "==";
  const std::int64_t strict = r == "<" || r == ">" ? 1 : 0;
  if (same && at_most) range.most = std::min(range.most, constant - offset - strict);
  if (same && at_least) range.least = std::max(range.least, constant - offset + strict);
  if (opposite && at_most) range.least = std::max(range.least, constant + offset + strict);
  if (opposite && at_least) range.most = std::min(range.most, constant + offset - strict);
}

/// The edge from a write to a read, when they meet.
std::optional<CascadeEdge> edge_between(const Cascade& cascade, std::size_t writer,
                                        const Einsum& reader, const TensorAccess& read) {
  const Einsum& einsum = cascade.einsums[writer];
  CascadeEdge edge{writer, 0, read.tensor, {}};
  for (std::size_t d = 0; d < read.indices.size(); ++d) {
    const TensorIndex& w = einsum.output.indices[d];
    const TensorIndex& r = read.indices[d];
    const IndexRange made = range_of(w, einsum, cascade);
    const IndexRange wanted = range_of(r, reader, cascade);
    if (r.gathers.empty() && (made.most < wanted.least || wanted.most < made.least))
      return std::nullopt;
    Coefficients wf = coefficients_of(w, 1), rf = coefficients_of(r, 1);
    const std::int64_t distance = take_constant(wf) - take_constant(rf);
    if (wf != rf || wf.size() != 1 || !r.gathers.empty()) continue;
    const CascadeRank* rank = cascade.find_rank(wf.begin()->first);
    if (!rank->iterative || wf.begin()->second != 1) continue;
    edge.distances.push_back({rank->name, distance});
  }
  return edge;
}

using Members = std::vector<std::size_t>;
using Edges = std::vector<CascadeEdge>;

/// Strongly connected parts of Einsums, in an order that respects the edges between them.
std::vector<Members> parts_of(const Members& members, const Edges& edges) {
  std::map<std::size_t, std::size_t> places;
  for (const std::size_t einsum : members) places.emplace(einsum, places.size());
  Digraph graph(members.size());
  for (const CascadeEdge& edge : edges)
    boost::add_edge(places.at(edge.writer), places.at(edge.reader), graph);
  std::vector<std::size_t> component(members.size());
  const std::size_t count = boost::strong_components(
      graph,
      boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
  // Tarjan's algorithm numbers the components in reverse topological order.
  std::vector<Members> parts(count);
  for (std::size_t i = 0; i < members.size(); ++i)
    parts[count - 1 - component[i]].push_back(members[i]);
  return parts;
}

/// The edges among the Einsums of a part.
Edges among(const Edges& edges, const Members& part) {
  const auto has = [&](std::size_t einsum) {
    return std::ranges::find(part, einsum) != part.end();
  };
  Edges inner;
  for (const CascadeEdge& edge : edges)
    if (has(edge.writer) && has(edge.reader)) inner.push_back(edge);
  return inner;
}

/// Whether a loop over `rank` may run around a cycle: it carries some edge, turns none back, and
/// all Einsums run in it.
bool orders(const CascadeRank& rank, const Cascade& cascade, const Members& part,
            const Edges& edges) {
  bool carries = false;
  for (const CascadeEdge& edge : edges) {
    const auto distance = edge.along(rank.name);
    if (!distance || *distance < 0) return false;
    carries = carries || *distance > 0;
  }
  return carries && std::ranges::all_of(part, [&](std::size_t einsum) {
           const std::vector<std::string> ranks = ranks_of(cascade.einsums[einsum]);
           return std::ranges::find(ranks, rank.name) != ranks.end();
         });
}

std::vector<CascadeStep> steps_of(const Cascade& cascade, const Members& members,
                                  const Edges& edges);

/// One part: an Einsum, or a cycle with the iterative rank that is its outermost loop. The edges
/// that this carries are kept whatever happens inside (J. R. Allen, K. Kennedy, Automatic
/// translation of Fortran programs to vector form, TOPLAS 1987).
CascadeStep step_of(const Cascade& cascade, const Members& part, Edges edges) {
  if (edges.empty()) return {{}, part, {}, true};
  CascadeStep step{{}, part, {}, false};
  for (const CascadeRank& rank : cascade.ranks) {
    if (!rank.iterative || !orders(rank, cascade, part, edges)) continue;
    std::erase_if(edges, [&](const CascadeEdge& edge) { return *edge.along(rank.name) > 0; });
    step = {rank.name, {}, steps_of(cascade, part, edges), true};
    for (const CascadeStep& inner : step.inner) {
      step.possible = step.possible && inner.possible;
      step.einsums.insert(step.einsums.end(), inner.einsums.begin(), inner.einsums.end());
    }
    break;
  }
  return step;
}

std::vector<CascadeStep> steps_of(const Cascade& cascade, const Members& members,
                                  const Edges& edges) {
  std::vector<CascadeStep> steps;
  for (const Members& part : parts_of(members, edges))
    steps.push_back(step_of(cascade, part, among(edges, part)));
  return steps;
}

}  // namespace

std::optional<std::int64_t> CascadeEdge::along(const std::string& rank) const {
  const auto found = std::ranges::find(distances, rank, &RankDistance::rank);
  return found == distances.end() ? std::nullopt : std::optional(found->distance);
}

bool CascadeEdge::carried() const {
  return std::ranges::any_of(distances, [](const RankDistance& d) { return d.distance > 0; });
}

std::string carried_text(const CascadeEdge& edge) {
  std::string text;
  if (!edge.carried()) return text;
  for (const auto& [rank, distance] : edge.distances)
    if (distance != 0) text += fmt::format(" {:+} {}", distance, rank);
  return text;
}

IndexRange range_of(const TensorIndex& index, const Einsum& einsum, const Cascade& cascade) {
  Coefficients form = coefficients_of(index, 1);
  const std::int64_t constant = take_constant(form);
  IndexRange range{constant, constant};
  for (const auto& [name, coefficient] : form) {
    const CascadeRank* rank = cascade.find_rank(name);
    const auto last = rank ? static_cast<std::int64_t>(rank->size) - 1 : 0;
    std::int64_t& end = coefficient < 0 ? range.least : range.most;
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(coefficient, last, &reach) ||
        __builtin_add_overflow(end, reach, &end))
      end = coefficient < 0 ? INT64_MIN : INT64_MAX;
  }
  for (const RankComparison& condition : einsum.conditions)
    if (condition.alternatives.empty()) narrow(condition, form, constant, range);
  return range;
}

std::vector<CascadeEdge> edges_of(const Cascade& cascade) {
  std::vector<CascadeEdge> edges;
  std::map<std::string, std::vector<std::size_t>> writers;
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i)
    writers[cascade.einsums[i].output.tensor].push_back(i);
  for (std::size_t reader = 0; reader < cascade.einsums.size(); ++reader) {
    const std::size_t before = edges.size();
    for (const TensorAccess* read : reads_of(cascade.einsums[reader]))
      for (const std::size_t writer : writers[read->tensor]) {
        auto edge = edge_between(cascade, writer, cascade.einsums[reader], *read);
        if (!edge) continue;
        edge->reader = reader;
        const auto first = edges.begin() + static_cast<std::ptrdiff_t>(before);
        if (std::find(first, edges.end(), *edge) == edges.end()) edges.push_back(std::move(*edge));
      }
  }
  return edges;
}

std::vector<CascadeStep> schedule_of(const Cascade& cascade) {
  Members all(cascade.einsums.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return steps_of(cascade, all, edges_of(cascade));
}

}  // namespace sluice
