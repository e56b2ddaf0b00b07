// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/analysis.hpp"

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

using Kind = MapExpression::Kind;
using Counts = std::map<std::string, std::uint64_t>;

/// `sum of coefficient * rank + constant >= 0`.
struct Inequality {
  std::map<std::string, std::int64_t> coefficients;
  std::int64_t constant = 0;
};

void add_terms(const TensorIndex& index, std::int64_t sign, Inequality& sum) {
  for (const IndexTerm& term : index.terms) {
    if (term.rank.empty())
      sum.constant += sign * term.coefficient;
    else
      sum.coefficients[term.rank] += sign * term.coefficient;
  }
}

Inequality difference(const TensorIndex& larger, const TensorIndex& smaller, bool strict) {
  Inequality result;
  add_terms(larger, 1, result);
  add_terms(smaller, -1, result);
  result.constant -= strict ? 1 : 0;
  return result;
}

std::vector<Inequality> inequalities_of(const Einsum& einsum) {
  std::vector<Inequality> result;
  for (const RankComparison& c : einsum.conditions) {
    const bool strict = c.relation == "<" || c.relation == ">";
    if (c.relation != ">" && c.relation != ">=")
      result.push_back(difference(c.right, c.left, strict));
    if (c.relation != "<" && c.relation != "<=")
      result.push_back(difference(c.left, c.right, strict));
  }
  return result;
}

/// Counts the coordinates of ranks under inequalities: all ranks but the last are walked, the last
/// is an interval, since every inequality bounds it from one side.
class PointCounter {
 public:
  PointCounter(const Cascade& cascade, std::vector<Inequality> inequalities)
      : cascade_(cascade), inequalities_(std::move(inequalities)) {}

  /// Points of `kept` that some point of `reduced` completes; nothing when that costs too much.
  std::optional<std::uint64_t> count(const std::vector<std::string>& kept,
                                     const std::vector<std::string>& reduced) const {
    std::uint64_t free = 1;
    std::vector<std::string> walked, inner;
    for (const std::string& rank : kept) {
      if (is_bound(rank))
        walked.push_back(rank);
      else
        free = product(free, cascade_.find_rank(rank)->size);
    }
    for (const std::string& rank : reduced)
      if (is_bound(rank)) inner.push_back(rank);
    const auto size = [&](const std::string& rank) { return cascade_.find_rank(rank)->size; };
    std::ranges::sort(walked, {}, size);
    std::ranges::sort(inner, {}, size);
    if (cost(walked, inner) > most_steps) return std::nullopt;
    std::vector<std::string> order = walked;
    order.insert(order.end(), inner.begin(), inner.end());
    return product(free, walk(order, 0, walked.size(), inequalities_));
  }

 private:
  static constexpr double most_steps = 3e7;

  bool is_bound(const std::string& rank) const {
    return std::ranges::any_of(inequalities_, [&](const Inequality& i) {
      const auto found = i.coefficients.find(rank);
      return found != i.coefficients.end() && found->second != 0;
    });
  }
  double cost(const std::vector<std::string>& walked, const std::vector<std::string>& inner) const {
    double steps = 1;
    const std::size_t last = walked.size() + inner.size();
    for (std::size_t i = 0; i + 1 < last; ++i)
      steps *= static_cast<double>(
          cascade_.find_rank(i < walked.size() ? walked[i] : inner[i - walked.size()])->size);
    return steps;
  }

  std::uint64_t walk(const std::vector<std::string>& order, std::size_t at, std::size_t kept,
                     const std::vector<Inequality>& left) const {
    if (at == order.size())
      return std::ranges::all_of(left, [](const auto& i) { return i.constant >= 0; }) ? 1 : 0;
    if (at + 1 == order.size()) {
      const std::uint64_t length = interval(order[at], left);
      return at < kept ? length : std::min<std::uint64_t>(length, 1);
    }
    std::uint64_t sum = 0;
    const auto size = static_cast<std::int64_t>(cascade_.find_rank(order[at])->size);
    for (std::int64_t x = 0; x < size; ++x) {
      std::vector<Inequality> next = left;
      for (Inequality& i : next)
        if (const auto found = i.coefficients.find(order[at]); found != i.coefficients.end()) {
          i.constant += found->second * x;
          i.coefficients.erase(found);
        }
      sum += walk(order, at + 1, kept, next);
      if (at >= kept && sum > 0) return 1;
    }
    return sum;
  }

  std::uint64_t interval(const std::string& rank, const std::vector<Inequality>& left) const {
    std::int64_t least = 0, most = static_cast<std::int64_t>(cascade_.find_rank(rank)->size) - 1;
    for (const Inequality& i : left) {
      const auto found = i.coefficients.find(rank);
      const std::int64_t c = found == i.coefficients.end() ? 0 : found->second;
      if (c == 0 && i.constant < 0) return 0;
      if (c > 0) least = std::max(least, -floor_div(i.constant, c));
      if (c < 0) most = std::min(most, floor_div(i.constant, -c));
    }
    return most < least ? 0 : static_cast<std::uint64_t>(most - least) + 1;
  }
  static std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b != 0 && a < 0 ? 1 : 0);
  }

  const Cascade& cascade_;
  std::vector<Inequality> inequalities_;
};

void add_operations(const MapExpression& value, const Cascade& cascade, Counts& counts) {
  for (const MapExpression& part : value.parts) add_operations(part, cascade, counts);
  if (value.kind != Kind::call) return;
  if (const MapFunction* function = cascade.find_function(value.name))
    return add_operations(function->body, cascade, counts);
  const bool chained = value.name == "max" || value.name == "min";
  counts[value.name] += chained ? value.parts.size() - 1 : 1;
}

std::uint64_t total(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : counts) sum += kind == "mac" ? 2 * count : count;
  return sum;
}

/// What an Einsum reduces, step by step, and the operations that follow.
void count_reductions(const Einsum& einsum, const Cascade& cascade, const PointCounter& counter,
                      EinsumFacts& facts) {
  std::vector<std::string> kept = facts.ranks, gone;
  std::uint64_t before = facts.points;
  for (std::size_t k = 0; k < einsum.reductions.size(); ++k) {
    const Reduction& reduction = einsum.reductions[k];
    for (const std::string& rank : reduction.ranks) {
      std::erase(kept, rank);
      gone.push_back(rank);
    }
    const auto exact = counter.count(kept, gone);
    facts.exact = facts.exact && exact.has_value();
    const std::uint64_t after = exact ? *exact : *PointCounter(cascade, {}).count(kept, gone);
    const bool fused = k == 0 && reduction.operation == "+" && einsum.value.kind == Kind::call &&
                       einsum.value.name == "*";
    if (fused) {
      facts.operations["mac"] = before;
      facts.operations["*"] -= before;
    } else {
      facts.operations[reduction.operation] += before - std::min(before, after);
    }
    before = after;
  }
  facts.results = before;
}

/// The ranks that a dimension of a tensor runs over.
std::vector<std::string> ranks_of_dimension(const Cascade& cascade, const CascadeTensor& tensor,
                                            std::size_t d) {
  if (!tensor.dimensions[d].rank.empty()) return {tensor.dimensions[d].rank};
  for (const Einsum& einsum : cascade.einsums) {
    if (einsum.output.tensor == tensor.name)
      if (auto ranks = ranks_of(TensorAccess{{}, {einsum.output.indices[d]}}); !ranks.empty())
        return ranks;
    for (const TensorAccess* read : reads_of(einsum))
      if (read->tensor == tensor.name && tensor.kind == CascadeTensor::Kind::input)
        if (auto ranks = ranks_of(TensorAccess{{}, {read->indices[d]}}); !ranks.empty())
          return ranks;
  }
  return {};
}

/// Whether a tensor is read in more than one pass.
bool is_read_again(const Cascade& cascade, const CascadeTensor& tensor, const PassFacts& passes) {
  std::uint32_t first = 0, last = 0;
  const auto see = [&](std::uint32_t stage) {
    if (stage == 0) return;
    first = first == 0 ? stage : std::min(first, stage);
    last = std::max(last, stage);
  };
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i) {
    const Einsum& einsum = cascade.einsums[i];
    for (const TensorAccess* read : reads_of(einsum))
      if (read->tensor == tensor.name) see(passes.stages[i]);
  }
  return first != last;
}

std::uint64_t live_elements(const Cascade& cascade, const CascadeTensor& tensor,
                            const std::vector<PassFacts>& passes) {
  std::uint64_t live = 1;
  for (std::size_t d = 0; d < tensor.dimensions.size(); ++d) {
    bool whole = false;
    for (const std::string& rank : ranks_of_dimension(cascade, tensor, d)) {
      for (const PassFacts& p : passes)
        whole = whole || (p.family.has(rank) && is_read_again(cascade, tensor, p));
      whole = whole ||
              is_read_again(cascade, tensor, count_passes(cascade, RankFamily{rank, {{rank}}}));
    }
    if (whole) live = product(live, tensor.dimensions[d].size);
  }
  return live;
}

std::vector<RecurrenceFacts> recurrences_of(const Cascade& cascade) {
  std::vector<RecurrenceFacts> result;
  for (const CascadeEdge& edge : edges_of(cascade)) {
    if (edge.distance <= 0) continue;
    auto found = std::ranges::find(result, edge.rank, &RecurrenceFacts::rank);
    if (found == result.end()) found = result.insert(found, {edge.rank, 0, {}});
    found->distance = std::max(found->distance, edge.distance);
    if (std::ranges::find(found->tensors, edge.tensor) == found->tensors.end())
      found->tensors.push_back(edge.tensor);
  }
  return result;
}

}  // namespace

EinsumFacts facts_of(const Einsum& einsum, const Cascade& cascade) {
  EinsumFacts facts;
  facts.ranks = ranks_of(einsum);
  const PointCounter counter(cascade, inequalities_of(einsum));
  if (const auto points = counter.count(facts.ranks, {})) {
    facts.points = *points;
  } else {
    facts.exact = false;
    facts.points = *PointCounter(cascade, {}).count(facts.ranks, {});
  }
  Counts each;
  add_operations(einsum.value, cascade, each);
  for (const auto& [kind, count] : each) facts.operations[kind] = product(count, facts.points);
  count_reductions(einsum, cascade, facts.exact ? counter : PointCounter(cascade, {}), facts);
  std::erase_if(facts.operations, [](const auto& entry) { return entry.second == 0; });
  return facts;
}

CascadeFacts facts_of(const Cascade& cascade) {
  CascadeFacts facts;
  for (const Einsum& einsum : cascade.einsums) {
    facts.einsums.push_back(facts_of(einsum, cascade));
    for (const auto& [kind, count] : facts.einsums.back().operations)
      facts.operations[kind] += count;
  }
  for (const RankFamily& family : families_of(cascade))
    facts.passes.push_back(count_passes(cascade, family));
  for (const CascadeTensor& tensor : cascade.tensors) {
    facts.tensors.push_back(
        {tensor.name, tensor.elements(), live_elements(cascade, tensor, facts.passes)});
    const double bytes = static_cast<double>(tensor.elements()) * cascade.element_bits / 8;
    if (tensor.kind == CascadeTensor::Kind::input) facts.read_bytes += bytes;
    if (tensor.kind == CascadeTensor::Kind::output) facts.written_bytes += bytes;
  }
  facts.recurrences = recurrences_of(cascade);
  facts.intensity =
      static_cast<double>(total(facts.operations)) / (facts.read_bytes + facts.written_bytes);
  return facts;
}

}  // namespace sluice
