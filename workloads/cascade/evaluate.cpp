// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <utility>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

using Kind = MapExpression::Kind;

[[noreturn]] void fail(const Cascade& cascade, std::string message, std::string hint = {}) {
  throw SpecError({{{.path = cascade.name}, std::move(message), std::move(hint)}});
}

/// Computes Einsums; the point is the coordinate of every rank of the cascade.
class Evaluator {
 public:
  Evaluator(const Cascade& cascade, TensorValues values, const CascadeEvaluation& options)
      : cascade_(cascade), values_(std::move(values)), options_(options) {
    for (std::size_t i = 0; i < cascade.ranks.size(); ++i) rank_ids_[cascade.ranks[i].name] = i;
    point_.resize(cascade.ranks.size());
  }

  TensorValues run() {
    for (const CascadeTensor& tensor : cascade_.tensors)
      if (tensor.kind != CascadeTensor::Kind::input) values_[tensor.name].resize(tensor.elements());
    for (const Einsum& einsum : cascade_.einsums) clear(einsum);
    for (const CascadeStep& step : schedule_of(cascade_)) run(step);
    return std::move(values_);
  }

 private:
  using Ranks = std::vector<std::size_t>;

  /// All of a step, or its slice at the present coordinates of `fixed_`.
  void run(const CascadeStep& step) {
    if (step.rank.empty()) {
      for (const std::size_t i : step.einsums) compute(cascade_.einsums[i]);
      return;
    }
    const std::size_t rank = rank_ids_.at(step.rank);
    fixed_.push_back(rank);
    for (std::size_t at = 0; at < cascade_.ranks[rank].size; ++at) {
      point_[rank] = static_cast<std::int64_t>(at);
      for (const CascadeStep& inner : step.inner) run(inner);
    }
    fixed_.pop_back();
  }

  Ranks ids_of(const std::vector<std::string>& names) const {
    Ranks ids;
    for (const std::string& name : names)
      if (const std::size_t id = rank_ids_.at(name); std::ranges::find(fixed_, id) == fixed_.end())
        ids.push_back(id);
    return ids;
  }

  /// Elements that no point contributes to are the identity of the last reduction. They are so from
  /// the beginning, since another Einsum may make those that the conditions of this one leave out.
  void clear(const Einsum& einsum) {
    const double nothing =
        einsum.reductions.empty() ? 0.0 : identity_of(einsum.reductions.back().operation);
    if (nothing == 0) return;
    std::vector<double>& output = values_.at(einsum.output.tensor);
    const CascadeTensor& tensor = *cascade_.find_tensor(einsum.output.tensor);
    for_each(ids_of(ranks_of(einsum.output)), 0, [&] {
      if (const auto at = offset_of(einsum.output, tensor)) output[*at] = rounded(nothing);
    });
  }

  void compute(const Einsum& einsum) {
    levels_.clear();
    for (const Reduction& reduction : einsum.reductions) levels_.push_back(ids_of(reduction.ranks));
    einsum_ = &einsum;
    const Ranks kept = ids_of(ranks_of(einsum.output));
    std::vector<double>& output = values_.at(einsum.output.tensor);
    const CascadeTensor& tensor = *cascade_.find_tensor(einsum.output.tensor);
    for_each(kept, 0, [&] {
      const auto at = offset_of(einsum.output, tensor);
      const auto made = at ? reduced(levels_.size()) : std::nullopt;
      if (made) output[*at] = rounded(*made);
    });
  }

  template <class Visit>
  void for_each(const Ranks& ranks, std::size_t next, const Visit& visit) {
    if (next == ranks.size()) return visit();
    const auto size = static_cast<std::int64_t>(cascade_.ranks[ranks[next]].size);
    for (std::int64_t i = 0; i < size; ++i) {
      point_[ranks[next]] = i;
      for_each(ranks, next + 1, visit);
    }
  }

  /// The value of the first `level` reductions; nothing when no point contributes.
  std::optional<double> reduced(std::size_t level) {
    if (level == 0) return holds() ? std::optional(value(einsum_->value)) : std::nullopt;
    const MapOperation* operation = find_operation(einsum_->reductions[level - 1].operation);
    std::optional<double> sum;
    for_each(levels_[level - 1], 0, [&] {
      const std::optional<double> next = reduced(level - 1);
      if (!next) return;
      const double both[] = {sum.value_or(0), *next};
      sum = sum ? operation->value(both, 2) : *next;
      if (options_.round_sum) sum = options_.round_sum(*sum);
    });
    return sum;
  }

  bool holds() {
    return std::ranges::all_of(einsum_->conditions,
                               [&](const RankComparison& condition) { return holds(condition); });
  }
  bool holds(const RankComparison& c) {
    const std::int64_t a = coordinate(c.left), b = coordinate(c.right);
    const bool own = c.relation == "<"    ? a < b
                     : c.relation == "<=" ? a <= b
                     : c.relation == ">"  ? a > b
                     : c.relation == ">=" ? a >= b
                                          : a == b;
    return own || std::ranges::any_of(c.alternatives,
                                      [&](const RankComparison& other) { return holds(other); });
  }

  std::int64_t coordinate(const TensorIndex& index) {
    std::int64_t sum = 0;
    for (const IndexTerm& term : index.terms)
      sum += term.coefficient * (term.rank.empty() ? 1 : point_[rank_ids_.at(term.rank)]);
    for (const TensorAccess& gather : index.gathers)
      sum += static_cast<std::int64_t>(std::nearbyint(element(gather)));
    return sum;
  }

  std::optional<std::size_t> offset_of(const TensorAccess& access, const CascadeTensor& tensor) {
    std::size_t offset = 0;
    for (std::size_t d = 0; d < access.indices.size(); ++d) {
      const std::int64_t at = coordinate(access.indices[d]);
      if (at < 0 || at >= static_cast<std::int64_t>(tensor.dimensions[d].size)) return std::nullopt;
      offset = offset * tensor.dimensions[d].size + static_cast<std::size_t>(at);
    }
    return offset;
  }

  double element(const TensorAccess& access) {
    const auto at = offset_of(access, *cascade_.find_tensor(access.tensor));
    if (!at)
      fail(cascade_, fmt::format("{} leaves its tensor for some elements", to_text(access)),
           "an index tensor holds a number that is too large or too small");
    return values_.at(access.tensor)[*at];
  }

  double value(const MapExpression& tree) {
    switch (tree.kind) {
      case Kind::number:
      case Kind::symbol:
        return tree.number;
      case Kind::argument:
        return arguments_->at(tree.name);
      case Kind::coordinate:
        return static_cast<double>(coordinate(tree.coordinate));
      case Kind::element:
        return element(tree.element);
      case Kind::call:
        break;
    }
    std::vector<double> operands;
    for (const MapExpression& part : tree.parts) operands.push_back(value(part));
    if (const MapOperation* operation = find_operation(tree.name))
      return operation->value(operands.data(), operands.size());
    return declared(*cascade_.find_function(tree.name), operands);
  }

  double declared(const MapFunction& function, const std::vector<double>& operands) {
    std::map<std::string, double> arguments;
    for (std::size_t i = 0; i < operands.size(); ++i)
      arguments[function.arguments[i]] = operands[i];
    const auto* outer = std::exchange(arguments_, &arguments);
    const double result = value(function.body);
    arguments_ = outer;
    return result;
  }

  double rounded(double value) const { return options_.round ? options_.round(value) : value; }

  const Cascade& cascade_;
  TensorValues values_;
  const CascadeEvaluation& options_;
  std::map<std::string, std::size_t> rank_ids_;
  std::vector<std::int64_t> point_;
  Ranks fixed_;  ///< iterative ranks whose loops run
  const Einsum* einsum_ = nullptr;
  std::vector<Ranks> levels_;
  const std::map<std::string, double>* arguments_ = nullptr;
};

void check_cost(const Cascade& cascade, const CascadeEvaluation& options) {
  constexpr double most_elements = 1e8;
  double points = 0, elements = 0;
  for (const Einsum& einsum : cascade.einsums) {
    double product = 1;
    for (const std::string& rank : ranks_of(einsum))
      product *= static_cast<double>(cascade.find_rank(rank)->size);
    points += product;
  }
  for (const CascadeTensor& tensor : cascade.tensors)
    elements += static_cast<double>(tensor.elements());
  if (points > static_cast<double>(options.most_points) || elements > most_elements)
    fail(cascade,
         fmt::format("{:.3g} points and {:.3g} elements are too many to compute", points, elements),
         "make the parameters smaller");
}

/// How many coordinates an index tensor may choose from; nothing when it is no index tensor.
std::optional<std::int64_t> choices_of(const Cascade& cascade, const std::string& name) {
  std::optional<std::int64_t> least;
  for (const Einsum& einsum : cascade.einsums)
    for (const TensorAccess* read : reads_of(einsum))
      for (std::size_t d = 0; d < read->indices.size(); ++d)
        for (const TensorAccess& gather : read->indices[d].gathers) {
          if (gather.tensor != name) continue;
          const auto size =
              static_cast<std::int64_t>(cascade.find_tensor(read->tensor)->dimensions[d].size);
          const std::int64_t room = size - range_of(read->indices[d], einsum, cascade).most;
          least = std::min(least.value_or(room), room);
        }
  return least;
}

std::uint64_t seed_of(const std::string& name, std::uint64_t seed) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a, 64 bits
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash + seed;
}

void check_same(const Cascade& a, const Cascade& b, CascadeTensor::Kind kind) {
  for (const CascadeTensor& tensor : a.tensors) {
    if (tensor.kind != kind) continue;
    const std::string_view what = kind == CascadeTensor::Kind::input ? "input" : "output";
    const CascadeTensor* other = b.find_tensor(tensor.name);
    if (!other || other->kind != kind)
      fail(b, fmt::format("it has no {} '{}', which {} has", what, tensor.name, a.name),
           "both need the same inputs and outputs");
    const bool alike = std::ranges::equal(tensor.dimensions, other->dimensions, {},
                                          &TensorDimension::size, &TensorDimension::size);
    std::string shape, other_shape;
    for (const auto& d : tensor.dimensions) shape += fmt::format("[{}]", d.size);
    for (const auto& d : other->dimensions) other_shape += fmt::format("[{}]", d.size);
    if (!alike)
      fail(b,
           fmt::format("its {} '{}' is {}, that of {} is {}", what, tensor.name, other_shape,
                       a.name, shape),
           "set the parameters so that both have the same shapes");
  }
}

OutputDifference difference(const std::string& name, const std::vector<double>& a,
                            const std::vector<double>& b) {
  OutputDifference result{name, a.size(), 0, 0};
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double absolute = std::fabs(a[i] - b[i]);
    const double relative = absolute / std::max(std::fabs(a[i]), std::fabs(b[i]));
    if (std::isnan(absolute)) {
      result.absolute = result.relative = std::numeric_limits<double>::quiet_NaN();
      return result;
    }
    result.absolute = std::max(result.absolute, absolute);
    result.relative = std::max(result.relative, relative);
  }
  return result;
}

}  // namespace

TensorValues evaluate_cascade(const Cascade& cascade, const TensorValues& inputs,
                              const CascadeEvaluation& options) {
  check_cost(cascade, options);
  TensorValues values;
  for (const CascadeTensor& tensor : cascade.tensors) {
    if (tensor.kind != CascadeTensor::Kind::input) continue;
    const auto given = inputs.find(tensor.name);
    SLUICE_ASSERT(given != inputs.end() && given->second.size() == tensor.elements(),
                  "an input of the cascade is not given, or not of its size");
    std::vector<double>& own = values[tensor.name] = given->second;
    if (options.round && !choices_of(cascade, tensor.name))
      for (double& element : own) element = options.round(element);
  }
  return Evaluator(cascade, std::move(values), options).run();
}

TensorValues random_inputs(const Cascade& cascade, std::uint64_t seed) {
  check_cost(cascade, {});
  TensorValues values;
  for (const CascadeTensor& tensor : cascade.tensors) {
    if (tensor.kind != CascadeTensor::Kind::input) continue;
    std::mt19937_64 random(seed_of(tensor.name, seed));
    std::normal_distribution<double> normal;
    const auto choices = choices_of(cascade, tensor.name);
    std::vector<double>& elements = values[tensor.name];
    elements.resize(tensor.elements());
    for (double& element : elements)
      element = choices ? static_cast<double>(random() % static_cast<std::uint64_t>(
                                                             std::max<std::int64_t>(*choices, 1)))
                        : normal(random);
  }
  return values;
}

std::vector<OutputDifference> compare_cascades(
    const Cascade& first, const Cascade& second, std::uint64_t seed,
    const CascadeEvaluation& options, const std::optional<CascadeEvaluation>& first_options) {
  for (const auto kind : {CascadeTensor::Kind::input, CascadeTensor::Kind::output}) {
    check_same(first, second, kind);
    check_same(second, first, kind);
  }
  const TensorValues inputs = random_inputs(first, seed);
  const TensorValues a = evaluate_cascade(first, inputs, first_options.value_or(options));
  const TensorValues b = evaluate_cascade(second, inputs, options);
  std::vector<OutputDifference> result;
  for (const CascadeTensor& tensor : first.tensors)
    if (tensor.kind == CascadeTensor::Kind::output)
      result.push_back(difference(tensor.name, a.at(tensor.name), b.at(tensor.name)));
  return result;
}

}  // namespace sluice
