// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/graph.hpp"

namespace sluice {
namespace {

/// A sum of terms with the constant left out.
using Affine = std::map<std::string, std::int64_t>;

bool gathers(const TensorAccess& access) {
  return std::ranges::any_of(access.indices,
                             [](const TensorIndex& index) { return !index.gathers.empty(); });
}

Affine affine_of(const TensorIndex& index) {
  Affine sum;
  for (const IndexTerm& term : index.terms)
    if (!term.rank.empty()) sum[term.rank] += term.coefficient;
  std::erase_if(sum, [](const auto& entry) { return entry.second == 0; });
  return sum;
}

struct View {
  std::string tensor;
  std::vector<Affine> indices;
  bool operator==(const View&) const = default;
};

View view_of(const TensorAccess& access) {
  View view{access.tensor, {}};
  for (const TensorIndex& index : access.indices) view.indices.push_back(affine_of(index));
  return view;
}

bool constants_differ(const TensorAccess& a, const TensorAccess& b) {
  for (std::size_t i = 0; i < a.indices.size(); ++i)
    if (constant_of(a.indices[i]) != constant_of(b.indices[i])) return true;
  return false;
}

/// Translates the Einsums of a cascade one by one.
class Translator {
 public:
  Translator(const Cascade& cascade, const ProblemOptions& options)
      : cascade_(cascade), options_(options) {
    for (const CascadeStep& step : schedule_of(cascade)) add_recurrences(step);
    for (const CascadeEdge& edge : edges_of(cascade))
      if (edge.carried())
        for (const auto& [rank, distance] : edge.distances)
          if (distance < 0 && recurrences_.contains(edge.reader)) turned_[edge.reader] = rank;
    for (const Einsum& einsum : cascade.einsums) ++makers_[einsum.output.tensor];
  }

  CascadeProblems translate() {
    for (std::size_t i = 0; i < cascade_.einsums.size(); ++i) {
      const Einsum& einsum = cascade_.einsums[i];
      if (const auto why = why_not(i)) {
        result_.left_out.push_back(fmt::format("{}: {}", to_text(einsum.output), *why));
      } else {
        add(i);
      }
    }
    return std::move(result_);
  }

 private:
  void add_recurrences(const CascadeStep& step) {
    if (step.rank.empty()) return;
    for (const std::size_t einsum : step.einsums) recurrences_[einsum].insert(step.rank);
    for (const CascadeStep& inner : step.inner) add_recurrences(inner);
  }

  /// Why an Einsum is no problem, if it is none. Remembers copies.
  std::optional<std::string> why_not(std::size_t index) {
    const Einsum& einsum = cascade_.einsums[index];
    const std::vector<const TensorAccess*> reads = reads_of(einsum);
    if (reads.empty()) return "an initial value, with which the first touch begins";
    if (gathers(einsum.output)) return "it is written through an index tensor";
    for (const TensorAccess* read : reads)
      if (gathers(*read)) return fmt::format("{} is read through an index tensor", read->tensor);
    if (const auto turned = turned_.find(index); turned != turned_.end())
      return fmt::format(
          "its recurrence reads later coordinates of {}, which a nest does not keep in "
          "order",
          turned->second);
    if (options_.inline_copies && is_copy(einsum)) {
      copies_[einsum.output.tensor] = {einsum.output, resolved(*reads.front())};
      return fmt::format("a view of {}, which its readers read instead", reads.front()->tensor);
    }
    return std::nullopt;
  }

  /// Whether an Einsum only shows one tensor in other ranks.
  bool is_copy(const Einsum& einsum) const {
    if (einsum.value.kind != MapExpression::Kind::element || !einsum.reductions.empty())
      return false;
    if (makers_.at(einsum.output.tensor) != 1) return false;
    const CascadeTensor* tensor = cascade_.find_tensor(einsum.output.tensor);
    if (tensor == nullptr || tensor->kind == CascadeTensor::Kind::output) return false;
    std::set<std::string> ranks;
    for (const TensorIndex& index : einsum.output.indices) {
      const std::string rank = plain_rank(index);
      if (rank.empty() || !ranks.insert(rank).second) return false;
    }
    return std::ranges::all_of(ranks_of(einsum.value.element),
                               [&](const std::string& rank) { return ranks.contains(rank); });
  }

  /// The access with copies replaced by what they are of.
  View resolved(const TensorAccess& access) const {
    const auto copy = copies_.find(access.tensor);
    if (copy == copies_.end()) return view_of(access);
    std::map<std::string, Affine> meaning;
    for (std::size_t i = 0; i < access.indices.size(); ++i)
      meaning[plain_rank(copy->second.shown.indices[i])] = affine_of(access.indices[i]);
    View view = copy->second.of;
    for (Affine& index : view.indices) {
      Affine sum;
      for (const auto& [rank, coefficient] : index)
        for (const auto& [inner, factor] : meaning[rank]) sum[inner] += coefficient * factor;
      index = std::move(sum);
    }
    return view;
  }

  void add(std::size_t index) {
    const Einsum& einsum = cascade_.einsums[index];
    EinsumProblem made{index, {}, 1, {}};
    made.problem.name = name_of(einsum.output.tensor);
    std::vector<View> views = operands(einsum, made.notes);
    views.push_back(view_of(einsum.output));
    add_ranks(views, einsum, index, made.problem);
    if (!add_tensors(views, made)) return;
    const std::vector<std::string> mistakes = check(made.problem);
    if (!mistakes.empty()) {
      result_.left_out.push_back(
          fmt::format("{}: {}", to_text(einsum.output), fmt::join(mistakes, "; ")));
      return;
    }
    if (options_.count_fractions && !einsum.conditions.empty()) made.fraction = fraction_of(einsum);
    result_.problems.push_back(std::move(made));
  }

  std::string name_of(const std::string& tensor) {
    const int count = ++named_[tensor];
    return count == 1 ? tensor : fmt::format("{}.{}", tensor, count);
  }

  /// What is read, each once.
  std::vector<View> operands(const Einsum& einsum, std::vector<std::string>& notes) const {
    std::vector<View> views;
    std::vector<const TensorAccess*> accesses;
    for (const TensorAccess* read : reads_of(einsum)) {
      View view = resolved(*read);
      const auto same = std::ranges::find(views, view);
      if (same == views.end()) {
        views.push_back(std::move(view));
        accesses.push_back(read);
      } else if (const auto* other = accesses[static_cast<std::size_t>(same - views.begin())];
                 constants_differ(*other, *read)) {
        notes.push_back(
            fmt::format("{} and {} are counted as one operand", to_text(*other), to_text(*read)));
      }
    }
    return views;
  }

  void add_ranks(const std::vector<View>& views, const Einsum& einsum, std::size_t index,
                 Problem& problem) const {
    std::set<std::string> used;
    for (const View& view : views)
      for (const Affine& sum : view.indices)
        for (const auto& [rank, coefficient] : sum) used.insert(rank);
    for (const std::string& rank : ranks_of(einsum)) used.insert(rank);
    std::vector<std::string> order = ranks_of(einsum);
    for (const std::string& rank : used)
      if (std::ranges::find(order, rank) == order.end()) order.push_back(rank);
    const auto recurrences = recurrences_.find(index);
    for (const std::string& name : order) {
      const CascadeRank* rank = cascade_.find_rank(name);
      problem.ranks.push_back(
          {name, rank == nullptr ? 1 : rank->size,
           recurrences != recurrences_.end() && recurrences->second.contains(name)});
    }
  }

  bool add_tensors(const std::vector<View>& views, EinsumProblem& made) {
    std::map<std::string, int> sign;  // of ranks where they slide over others
    for (const View& view : views) {
      NestTensor tensor{view.tensor, {}, &view == &views.back(), cascade_.element_bits};
      for (const Affine& sum : view.indices) {
        NestProjection& dimension = tensor.dimensions.emplace_back();
        for (const auto& [rank, coefficient] : sum) {
          if (sum.size() > 1 && !same_sign(rank, coefficient, sign, made)) return false;
          const auto at = std::ranges::find(made.problem.ranks, rank, &NestRank::name);
          dimension.push_back(
              {static_cast<std::uint32_t>(at - made.problem.ranks.begin()),
               static_cast<std::uint64_t>(coefficient < 0 ? -coefficient : coefficient)});
        }
      }
      made.problem.tensors.push_back(std::move(tensor));
    }
    return true;
  }

  /// A rank that always slides backwards may as well run backwards; a recurrence may not, and no
  /// rank can do both.
  bool same_sign(const std::string& rank, std::int64_t coefficient,
                 std::map<std::string, int>& sign, EinsumProblem& made) {
    const int now = coefficient < 0 ? -1 : 1;
    const auto [known, first] = sign.emplace(rank, now);
    const auto at = std::ranges::find(made.problem.ranks, rank, &NestRank::name);
    if (known->second == now && (now > 0 || !at->ordered)) {
      if (first && now < 0) made.notes.push_back(fmt::format("{} is counted backwards", rank));
      return true;
    }
    result_.left_out.push_back(
        fmt::format("{}: {} slides backwards over another rank", made.problem.name, rank));
    return false;
  }

  double fraction_of(const Einsum& einsum) const {
    double all = 1;
    for (const std::string& name : ranks_of(einsum))
      all *= static_cast<double>(cascade_.find_rank(name)->size);
    return static_cast<double>(facts_of(einsum, cascade_).points) / all;
  }

  struct Copy {
    TensorAccess shown;
    View of;
  };

  const Cascade& cascade_;
  const ProblemOptions& options_;
  std::map<std::size_t, std::set<std::string>> recurrences_;  ///< ranks, by Einsum
  std::map<std::size_t, std::string> turned_;  ///< a rank that some carried value goes back along
  std::map<std::string, int> makers_, named_;
  std::map<std::string, Copy> copies_;
  CascadeProblems result_;
};

}  // namespace

CascadeProblems problems_of(const Cascade& cascade, const ProblemOptions& options) {
  return Translator(cascade, options).translate();
}

}  // namespace sluice
