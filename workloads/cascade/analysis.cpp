// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/analysis.hpp"

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"
#include "workloads/cascade/count.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/operations.hpp"
#include "workloads/cascade/passes.hpp"

namespace sluice {
namespace {

using Kind = MapExpression::Kind;
using Counts = std::map<std::string, std::uint64_t>;

void add_terms(const TensorIndex& index, std::int64_t sign, const std::vector<std::string>& ranks,
               Inequality& sum) {
  for (const IndexTerm& term : index.terms) {
    const auto rank = std::ranges::find(ranks, term.rank);
    (term.rank.empty() ? sum.constant
                       : sum.coefficients[static_cast<std::size_t>(rank - ranks.begin())]) +=
        sign * term.coefficient;
  }
}

/// The iteration space of an Einsum: its points are those of any of the cases, one for each choice
/// of alternatives.
struct EinsumSpace {
  std::vector<std::string> ranks;
  std::vector<PointSpace> cases;

  EinsumSpace(const Einsum& einsum, const Cascade& cascade) : ranks(ranks_of(einsum)) {
    PointSpace whole;
    for (const std::string& rank : ranks) whole.sizes.push_back(cascade.find_rank(rank)->size);
    cases.push_back(std::move(whole));
    for (const RankComparison& condition : einsum.conditions) {
      std::vector<PointSpace> next;
      for (const PointSpace& before : cases) {
        next.push_back(with(before, condition));
        for (const RankComparison& other : condition.alternatives)
          next.push_back(with(before, other));
      }
      cases = std::move(next);
    }
  }

  PointSpace with(PointSpace space, const RankComparison& c) const {
    const std::int64_t strict = c.relation == "<" || c.relation == ">" ? 1 : 0;
    if (c.relation != ">" && c.relation != ">=") add(c.right, c.left, strict, space);
    if (c.relation != "<" && c.relation != "<=") add(c.left, c.right, strict, space);
    return space;
  }
  void add(const TensorIndex& larger, const TensorIndex& smaller, std::int64_t strict,
           PointSpace& space) const {
    Inequality result{std::vector<std::int64_t>(ranks.size(), 0), -strict};
    add_terms(larger, 1, ranks, result);
    add_terms(smaller, -1, ranks, result);
    space.inequalities.push_back(std::move(result));
  }

  /// Points of the ranks but `gone` at which the conditions hold for some coordinate of those. When
  /// they are too costly to count, they are left out from then on, and `exact` becomes false.
  std::uint64_t count(const std::vector<std::string>& gone, bool& exact) {
    for (PointSpace& space : cases) {
      space.kept.clear();
      for (const std::string& rank : ranks)
        space.kept.push_back(std::ranges::find(gone, rank) == gone.end());
    }
    if (const auto points = count_points(cases)) return *points;
    exact = false;
    cases.resize(1);
    cases[0].inequalities.clear();
    return *count_points(cases);
  }
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
void count_reductions(const Einsum& einsum, EinsumSpace& space, EinsumFacts& facts) {
  std::vector<std::string> gone;
  std::uint64_t before = facts.points;
  for (std::size_t k = 0; k < einsum.reductions.size(); ++k) {
    const Reduction& reduction = einsum.reductions[k];
    gone.insert(gone.end(), reduction.ranks.begin(), reduction.ranks.end());
    const std::uint64_t after = space.count(gone, facts.exact);
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

/// What must be held at once, tensor by tensor.
class LiveCounter {
 public:
  LiveCounter(const Cascade& cascade, const PassCounter& counter,
              const std::vector<PassFacts>& families)
      : cascade_(cascade), counter_(counter) {
    for (std::size_t i = 0; i < cascade.einsums.size(); ++i)
      for (const TensorAccess* read : reads_of(cascade.einsums[i]))
        readers_[read->tensor].push_back(i);
    for (const PassFacts& family : families)
      for (const auto& cover : family.family.covers)
        for (const std::string& rank : cover) by_rank_[rank].push_back(&family);
  }

  std::uint64_t count(const CascadeTensor& tensor) {
    std::uint64_t live = 1;
    for (std::size_t d = 0; d < tensor.dimensions.size(); ++d)
      if (std::ranges::any_of(ranks_of_dimension(cascade_, tensor, d),
                              [&](const std::string& rank) { return is_read_again(tensor, rank); }))
        live = product(live, tensor.dimensions[d].size);
    return live;
  }

 private:
  /// Whether the tensor is read in more than one pass over the rank, or a family that it is in.
  bool is_read_again(const CascadeTensor& tensor, const std::string& rank) {
    const auto differ = [&](const PassFacts& passes) {
      std::uint32_t first = 0, last = 0;
      for (const std::size_t reader : readers_[tensor.name]) {
        const std::uint32_t stage = passes.stages[reader];
        if (stage == 0) continue;
        first = first == 0 ? stage : std::min(first, stage);
        last = std::max(last, stage);
      }
      return first != last;
    };
    if (std::ranges::any_of(by_rank_[rank], [&](const PassFacts* p) { return differ(*p); }))
      return true;
    auto alone = alone_.find(rank);
    if (alone == alone_.end()) alone = alone_.emplace(rank, counter_.count({rank, {{rank}}})).first;
    return differ(alone->second);
  }

  const Cascade& cascade_;
  const PassCounter& counter_;
  std::map<std::string, std::vector<std::size_t>> readers_;
  std::map<std::string, std::vector<const PassFacts*>> by_rank_;
  std::map<std::string, PassFacts> alone_;
};

std::vector<RecurrenceFacts> recurrences_of(const Cascade& cascade) {
  std::vector<RecurrenceFacts> result;
  for (const CascadeEdge& edge : edges_of(cascade))
    for (const auto& [rank, distance] : edge.distances) {
      if (distance <= 0) continue;
      auto found = std::ranges::find(result, rank, &RecurrenceFacts::rank);
      if (found == result.end()) found = result.insert(found, {rank, 0, {}});
      found->distance = std::max(found->distance, distance);
      if (std::ranges::find(found->tensors, edge.tensor) == found->tensors.end())
        found->tensors.push_back(edge.tensor);
    }
  return result;
}

bool gathers(const TensorAccess& access) {
  return std::ranges::any_of(access.indices,
                             [](const TensorIndex& index) { return !index.gathers.empty(); });
}

/// Elements of an input that are read: all, or where every reader gathers, as many as they ask for
/// when none asks for what another did.
std::uint64_t elements_read(const CascadeTensor& tensor, const Cascade& cascade) {
  double asked = 0;
  for (const Einsum& einsum : cascade.einsums)
    for (const TensorAccess* access : reads_of(einsum)) {
      if (access->tensor != tensor.name) continue;
      if (!gathers(*access)) return tensor.elements();
      double points = 1;
      for (const std::string& rank : ranks_of(*access))
        points *= static_cast<double>(cascade.find_rank(rank)->size);
      asked += points;
    }
  return asked < static_cast<double>(tensor.elements()) ? static_cast<std::uint64_t>(asked)
                                                        : tensor.elements();
}

}  // namespace

EinsumFacts facts_of(const Einsum& einsum, const Cascade& cascade) {
  EinsumFacts facts;
  EinsumSpace space(einsum, cascade);
  facts.ranks = space.ranks;
  facts.points = space.count({}, facts.exact);
  Counts each;
  add_operations(einsum.value, cascade, each);
  for (const auto& [kind, count] : each) facts.operations[kind] = product(count, facts.points);
  count_reductions(einsum, space, facts);
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
  const PassCounter counter(cascade);
  for (const RankFamily& family : families_of(cascade))
    facts.passes.push_back(counter.count(family));
  LiveCounter live(cascade, counter, facts.passes);
  for (const CascadeTensor& tensor : cascade.tensors) {
    facts.tensors.push_back({tensor.name, tensor.elements(), live.count(tensor)});
    const auto bytes = [&](std::uint64_t elements) {
      return static_cast<double>(elements) * cascade.element_bits / 8;
    };
    if (tensor.kind == CascadeTensor::Kind::input)
      facts.read_bytes += bytes(elements_read(tensor, cascade));
    if (tensor.kind == CascadeTensor::Kind::output) facts.written_bytes += bytes(tensor.elements());
  }
  facts.recurrences = recurrences_of(cascade);
  facts.intensity =
      static_cast<double>(total(facts.operations)) / (facts.read_bytes + facts.written_bytes);
  return facts;
}

}  // namespace sluice
