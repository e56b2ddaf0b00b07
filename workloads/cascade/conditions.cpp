// SPDX-License-Identifier: Apache-2.0
// Conditions of Einsums: comparisons of ranks, joined, some of which the parameters decide.
#include <fmt/format.h>

#include <algorithm>

#include "workloads/cascade/resolve.hpp"

namespace sluice {
namespace {

using Syntax = SyntaxTree::Kind;
using Clauses = std::vector<RankComparison>;  ///< all of which must hold

constexpr std::size_t most_clauses = 32;

void add_alternative(const RankComparison& other, RankComparison& clause) {
  clause.alternatives.push_back(other);
  clause.alternatives.back().alternatives.clear();
  for (const RankComparison& more : other.alternatives) clause.alternatives.push_back(more);
}

/// What holds when all of `left` or all of `right` does: each of one or each of the other.
Clauses either(const Clauses& left, const Clauses& right) {
  Clauses result;
  for (const RankComparison& a : left)
    for (const RankComparison& b : right) {
      result.push_back(a);
      add_alternative(b, result.back());
    }
  return result;
}

/// What holds when a comparison, without its alternatives, does not.
RankComparison opposite(RankComparison c) {
  c.alternatives.clear();
  static constexpr std::pair<std::string_view, std::string_view> turned[] = {
      {"<", ">="}, {"<=", ">"}, {">", "<="}, {">=", "<"}};
  for (const auto& [from, to] : turned)
    if (c.relation == from) {
      c.relation = to;
      return c;
    }
  RankComparison more = c;
  c.relation = "<";
  more.relation = ">";
  add_alternative(more, c);
  return c;
}

/// What holds when a clause does not: the opposites of all that it offers.
Clauses opposite_of_clause(const RankComparison& clause) {
  Clauses result = {opposite(clause)};
  for (const RankComparison& other : clause.alternatives) result.push_back(opposite(other));
  return result;
}

}  // namespace

bool Resolver::has_rank(const SyntaxTree& tree) {
  if (tree.kind == Syntax::access) return true;
  if (tree.kind == Syntax::name) return rank(tree.text) != nullptr;
  return std::ranges::any_of(tree.parts, [&](const SyntaxTree& part) { return has_rank(part); });
}

Resolver::Conditions Resolver::comparison(const SyntaxTree& tree, const CascadeLine& line) {
  if (has_rank(tree)) {
    RankComparison result{index(tree.parts[0], line), tree.text, index(tree.parts[1], line), {}};
    if (tree.text == "!=") {
      result.relation = "==";
      result = opposite(result);
    }
    return Clauses{std::move(result)};
  }
  const auto result = evaluate_formula(
      std::string_view(line.text).substr(tree.begin, tree.end - tree.begin), scope_);
  if (const auto* mistake = std::get_if<FormulaError>(&result)) {
    if (!mistake->message.empty())
      error(line, tree.begin + mistake->offset, mistake->message, mistake->hint);
    return Clauses{};
  }
  const bool* holds = std::get<FormulaValue>(result).condition();
  if (holds && !*holds) return std::nullopt;
  return Clauses{};
}

Resolver::Conditions Resolver::inverse(const SyntaxTree& tree, const CascadeLine& line) {
  Conditions inner = condition(tree.parts[0], line);
  if (!inner) return Clauses{};
  if (inner->empty()) return std::nullopt;
  Clauses result = opposite_of_clause(inner->front());
  for (std::size_t i = 1; i < inner->size() && result.size() <= most_clauses; ++i)
    result = either(result, opposite_of_clause((*inner)[i]));
  return limited(std::move(result), tree, line);
}

/// Conditions grow by the product of what `or` joins.
Resolver::Conditions Resolver::limited(std::vector<RankComparison> clauses, const SyntaxTree& tree,
                                       const CascadeLine& line) {
  if (clauses.size() <= most_clauses) return clauses;
  error(line, tree.begin,
        fmt::format("this condition is an `and` of more than {} cases", most_clauses),
        "split the Einsum, or write it with fewer `and` inside of `or`");
  return Clauses{};
}

std::optional<std::vector<RankComparison>> Resolver::condition(const SyntaxTree& tree,
                                                               const CascadeLine& line) {
  if (tree.kind == Syntax::compare) return comparison(tree, line);
  if (tree.kind == Syntax::name) {
    const auto found = std::ranges::find(conditions, tree.text, &Condition::name);
    if (found != conditions.end()) return condition(found->tree, found->line);
    std::vector<std::string> known;
    for (const Condition& named : conditions) known.push_back(named.name);
    error(line, tree.begin, fmt::format("there is no condition '{}'", tree.text),
          suggestion(tree.text, known));
    return Clauses{};
  }
  if (tree.text == "not") return inverse(tree, line);
  Conditions left = condition(tree.parts[0], line);
  // Only the parameters decide whether the other side is looked at, as in formulas.
  if (tree.text == "and") {
    if (!left) return left;
    const Conditions right = condition(tree.parts[1], line);
    if (!right) return right;
    left->insert(left->end(), right->begin(), right->end());
    return left;
  }
  if (left && left->empty()) return left;
  Conditions right = condition(tree.parts[1], line);
  if (!left || (right && right->empty())) return right;
  if (!right) return left;
  return limited(either(*left, *right), tree, line);
}

}  // namespace sluice
