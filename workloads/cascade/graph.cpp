// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/graph.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
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
  CascadeEdge edge{writer, 0, read.tensor, {}, 0};
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
    edge.rank = rank->name;
    edge.distance = distance;
  }
  return edge;
}

bool is_carried(const CascadeEdge& edge) { return edge.distance > 0; }

/// The Einsums of one component in an order of the edges that are not carried, if there is one.
bool order(std::vector<std::size_t>& members, const std::vector<CascadeEdge>& edges) {
  Digraph graph(members.size());
  const auto place = [&](std::size_t einsum) {
    return static_cast<std::size_t>(std::ranges::find(members, einsum) - members.begin());
  };
  for (const CascadeEdge& edge : edges)
    if (!is_carried(edge)) boost::add_edge(place(edge.writer), place(edge.reader), graph);
  std::vector<std::size_t> reversed;
  try {
    boost::topological_sort(graph, std::back_inserter(reversed));
  } catch (const boost::not_a_dag&) {
    return false;
  }
  std::vector<std::size_t> ordered;
  for (auto i = reversed.rbegin(); i != reversed.rend(); ++i) ordered.push_back(members[*i]);
  members = std::move(ordered);
  return true;
}

/// `edges` are those among the members.
CascadeStep step_of(const Cascade& cascade, std::vector<std::size_t> members,
                    const std::vector<CascadeEdge>& edges) {
  CascadeStep step;
  for (const CascadeEdge& edge : edges) {
    if (edge.distance < 0) step.possible = false;
    if (!is_carried(edge)) continue;
    if (!step.rank.empty() && step.rank != edge.rank) step.possible = false;
    step.rank = edge.rank;
  }
  step.possible = order(members, edges) && step.possible;
  for (const std::size_t einsum : members) {
    const std::vector<std::string> ranks = ranks_of(cascade.einsums[einsum]);
    if (!step.rank.empty() && std::ranges::find(ranks, step.rank) == ranks.end())
      step.possible = false;
  }
  step.einsums = std::move(members);
  return step;
}

}  // namespace

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
  const std::vector<CascadeEdge> edges = edges_of(cascade);
  Digraph graph(cascade.einsums.size());
  for (const CascadeEdge& edge : edges) boost::add_edge(edge.writer, edge.reader, graph);
  std::vector<std::size_t> component(cascade.einsums.size());
  const std::size_t count = boost::strong_components(
      graph,
      boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
  // Tarjan's algorithm numbers the components in reverse topological order.
  std::vector<CascadeStep> steps;
  std::vector<std::vector<std::size_t>> members(count);
  std::vector<std::vector<CascadeEdge>> inner(count);
  for (std::size_t einsum = 0; einsum < component.size(); ++einsum)
    members[component[einsum]].push_back(einsum);
  for (const CascadeEdge& edge : edges)
    if (component[edge.writer] == component[edge.reader])
      inner[component[edge.writer]].push_back(edge);
  for (std::size_t c = count; c-- > 0;)
    steps.push_back(step_of(cascade, std::move(members[c]), inner[c]));
  return steps;
}

}  // namespace sluice
