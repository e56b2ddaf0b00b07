// SPDX-License-Identifier: Apache-2.0
// Conditions of Einsums: comparisons of ranks, joined, some of which the parameters decide.
#include <fmt/format.h>

#include <algorithm>

#include "workloads/cascade/resolve.hpp"

namespace sluice {
namespace {

using Syntax = SyntaxTree::Kind;

}  // namespace

bool Resolver::has_rank(const SyntaxTree& tree) {
  if (tree.kind == Syntax::access) return true;
  if (tree.kind == Syntax::name) return rank(tree.text) != nullptr;
  return std::ranges::any_of(tree.parts, [&](const SyntaxTree& part) { return has_rank(part); });
}

Resolver::Conditions Resolver::comparison(const SyntaxTree& tree, const CascadeLine& line) {
  if (has_rank(tree)) {
    if (tree.text == "!=") error(line, tree.begin, "ranks are compared with < <= > >= and ==", {});
    return std::vector<RankComparison>{
        {index(tree.parts[0], line), tree.text, index(tree.parts[1], line)}};
  }
  const auto result = evaluate_formula(
      std::string_view(line.text).substr(tree.begin, tree.end - tree.begin), scope_);
  if (const auto* mistake = std::get_if<FormulaError>(&result)) {
    if (!mistake->message.empty())
      error(line, tree.begin + mistake->offset, mistake->message, mistake->hint);
    return std::vector<RankComparison>{};
  }
  const bool* holds = std::get<FormulaValue>(result).condition();
  if (holds && !*holds) return std::nullopt;
  return std::vector<RankComparison>{};
}

Resolver::Conditions Resolver::inverse(const SyntaxTree& tree, const CascadeLine& line) {
  Conditions inner = condition(tree.parts[0], line);
  if (!inner) return std::vector<RankComparison>{};
  if (inner->empty()) return std::nullopt;
  static constexpr std::pair<std::string_view, std::string_view> turned[] = {
      {"<", ">="}, {"<=", ">"}, {">", "<="}, {">=", "<"}};
  for (const auto& [from, to] : turned)
    if (inner->size() == 1 && inner->front().relation == from) {
      inner->front().relation = to;
      return inner;
    }
  error(line, tree.begin, "`not` of several comparisons of ranks, or of ==, cannot be counted");
  return inner;
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
    return std::vector<RankComparison>{};
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
  if (right)
    error(line, tree.begin, "`or` between comparisons of ranks cannot be counted",
          "split the Einsum; `or` may join conditions on parameters");
  return left;
}

}  // namespace sluice
