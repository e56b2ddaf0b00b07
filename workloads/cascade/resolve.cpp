// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <numbers>

#include "base/utf8.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

using Syntax = SyntaxTree::Kind;
using Kind = MapExpression::Kind;

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

bool is_constant(const TensorIndex& index) {
  return index.gathers.empty() &&
         std::ranges::all_of(index.terms, [](const IndexTerm& t) { return t.rank.empty(); });
}

std::string negated(const std::string& written) {
  if (written.empty()) return {};
  return written.front() == '-' ? written.substr(1) : "-" + written;
}

/// How the product of two coefficients is written; empty when it is a plain number.
std::string product_text(const IndexTerm& a, const IndexTerm& b) {
  if (a.written.empty() && b.written.empty()) return {};
  const auto magnitude = [](const IndexTerm& term) {
    if (term.written.empty()) return fmt::format("{}", std::abs(term.coefficient));
    return term.written.front() == '-' ? term.written.substr(1) : term.written;
  };
  const auto negative = [](const IndexTerm& term) {
    return term.written.empty() ? term.coefficient < 0 : term.written.front() == '-';
  };
  std::string text = magnitude(a);
  if (const std::string other = magnitude(b); text == "1") {
    text = other;
  } else if (other != "1") {
    text += "*" + other;
  }
  return negative(a) != negative(b) ? "-" + text : text;
}

/// Adds up the plain numbers of each rank, and leaves out what is zero.
void tidy(TensorIndex& index) {
  std::vector<IndexTerm> terms;
  for (const IndexTerm& term : index.terms) {
    const auto same = std::ranges::find_if(terms, [&](const IndexTerm& other) {
      return other.rank == term.rank && other.written.empty() && term.written.empty();
    });
    std::int64_t sum = 0;
    if (same == terms.end() || __builtin_add_overflow(same->coefficient, term.coefficient, &sum)) {
      terms.push_back(term);
    } else {
      same->coefficient = sum;
    }
  }
  std::erase_if(terms, [](const IndexTerm& t) { return t.coefficient == 0 && t.written.empty(); });
  index.terms = std::move(terms);
}

}  // namespace

Location CascadeLine::place(std::size_t offset) const {
  Location where = begin;
  const std::string_view before = std::string_view(text).substr(0, std::min(offset, text.size()));
  where.column += static_cast<std::uint32_t>(utf8_count(before));
  return where;
}

void Resolver::error(const CascadeLine& line, std::size_t offset, std::string message,
                     std::string hint) {
  mistakes_.error(line.place(offset), std::move(message), std::move(hint));
}

const Resolver::Known* Resolver::find_tensor(const std::string& name) const {
  const auto found = std::ranges::find(tensors, name, &Known::name);
  return found == tensors.end() ? nullptr : &*found;
}

std::vector<std::string> Resolver::rank_names() const {
  std::vector<std::string> names;
  for (const CascadeRank& rank : cascade_.ranks) names.push_back(rank.name);
  return names;
}

std::vector<std::string> Resolver::tensor_names() const {
  std::vector<std::string> names;
  for (const Known& tensor : tensors) names.push_back(tensor.name);
  return names;
}

const CascadeRank* Resolver::rank(const std::string& name) {
  if (const CascadeRank* known = cascade_.find_rank(name)) return known;
  if (upper(name) == name || scope_.find(name)) return nullptr;
  const FormulaValue* size = scope_.find(upper(name));
  if (!size || !size->number() || *size->number() < 1) return nullptr;
  cascade_.ranks.push_back({name, static_cast<std::uint64_t>(*size->number()), false});
  return &cascade_.ranks.back();
}

std::optional<std::int64_t> Resolver::number(const SyntaxTree& tree, const CascadeLine& line) {
  const auto result = evaluate_formula(
      std::string_view(line.text).substr(tree.begin, tree.end - tree.begin), scope_);
  if (const auto* mistake = std::get_if<FormulaError>(&result)) {
    if (!mistake->message.empty())
      error(line, tree.begin + mistake->offset, mistake->message, mistake->hint);
    return std::nullopt;
  }
  if (const std::int64_t* found = std::get<FormulaValue>(result).number()) return *found;
  error(line, tree.begin, "a number is needed here");
  return std::nullopt;
}

TensorIndex Resolver::scaled(TensorIndex index, const TensorIndex& by, const SyntaxTree& tree,
                             const CascadeLine& line) {
  if (!is_constant(by) && is_constant(index)) return scaled(by, index, tree, line);
  if (!is_constant(by) || !index.gathers.empty()) {
    error(line, tree.begin, "an index multiplies ranks only by numbers and parameters");
    return {};
  }
  TensorIndex result;
  for (const IndexTerm& a : index.terms)
    for (const IndexTerm& b : by.terms)  // both at most 2^30
      result.terms.push_back({a.coefficient * b.coefficient, a.rank, product_text(a, b)});
  return result;
}

TensorIndex Resolver::index(const SyntaxTree& tree, const CascadeLine& line) {
  TensorIndex result;
  if (tree.kind == Syntax::number) {
    if (const auto value = number(tree, line)) result.terms.push_back({*value, {}, {}});
  } else if (tree.kind == Syntax::access) {
    result.gathers.push_back(access(tree, line));
  } else if (tree.kind == Syntax::name) {
    if (rank(tree.text)) {
      result.terms.push_back({1, tree.text, {}});
    } else if (const FormulaValue* symbol = scope_.find(tree.text)) {
      if (symbol->number()) result.terms.push_back({*symbol->number(), {}, tree.text});
      if (symbol->word() || symbol->condition())
        error(line, tree.begin, fmt::format("'{}' is no number", tree.text));
    } else {
      error(line, tree.begin, fmt::format("the rank '{}' has no size", tree.text),
            fmt::format("give it one under `ranks:`; {}", suggestion(tree.text, rank_names())));
    }
  } else if (tree.text == "+" || tree.text == "-" || tree.text == "neg") {
    result = index(tree.parts[0], line);
    TensorIndex last = tree.parts.size() > 1 ? index(tree.parts[1], line) : TensorIndex{};
    TensorIndex& turned = tree.text == "neg" ? result : last;
    if (tree.text != "+") {
      for (IndexTerm& term : turned.terms)
        term = {-term.coefficient, term.rank, negated(term.written)};
      if (!turned.gathers.empty()) error(line, tree.begin, "a gathered index can only be added");
    }
    result.terms.insert(result.terms.end(), last.terms.begin(), last.terms.end());
    result.gathers.insert(result.gathers.end(), last.gathers.begin(), last.gathers.end());
  } else if (tree.text == "*") {
    result = scaled(index(tree.parts[0], line), index(tree.parts[1], line), tree, line);
  } else {
    error(line, tree.begin,
          fmt::format("an index is a sum of ranks, {} cannot stand in it", quote(tree.text)),
          "name the number under `let:`, where `/`, `//` and ceil_div are known");
  }
  tidy(result);
  constexpr std::int64_t most = std::int64_t{1} << 30;
  for (IndexTerm& term : result.terms)
    if (term.coefficient > most || term.coefficient < -most) {
      error(line, tree.begin, fmt::format("{} is too large for an index", term.coefficient),
            "2^30 is the most");
      term.coefficient = 1;
    }
  return result;
}

TensorAccess Resolver::access(const SyntaxTree& tree, const CascadeLine& line) {
  TensorAccess result{tree.text, {}};
  const Known* known = find_tensor(tree.text);
  if (!known) {
    error(line, tree.begin, fmt::format("nothing makes the tensor '{}'", tree.text),
          fmt::format("declare it under `inputs:`; {}", suggestion(tree.text, tensor_names())));
  } else if (known->subscripts != tree.parts.size()) {
    error(line, tree.begin,
          fmt::format("'{}' has {} ranks, {} are given", tree.text, known->subscripts,
                      tree.parts.size()));
  }
  for (const SyntaxTree& part : tree.parts) result.indices.push_back(index(part, line));
  return result;
}

MapExpression Resolver::named(const SyntaxTree& tree, const CascadeLine& line,
                              const std::vector<std::string>& arguments) {
  MapExpression result;
  result.name = tree.text;
  if (std::ranges::find(arguments, tree.text) != arguments.end()) {
    result.kind = Kind::argument;
  } else if (tree.text == "inf" || tree.text == "pi") {
    result = {};
    result.number = tree.text == "pi" ? std::numbers::pi : std::numeric_limits<double>::infinity();
  } else if (find_tensor(tree.text)) {
    result = {};
    result.kind = Kind::element;
    result.element = access(tree, line);
  } else if (const FormulaValue* symbol = scope_.find(tree.text);
             symbol && !symbol->word() && !symbol->condition()) {
    result.kind = Kind::symbol;
    if (symbol->number()) result.number = static_cast<double>(*symbol->number());
  } else if (arguments.empty() && rank(tree.text)) {
    result = {};
    result.kind = Kind::coordinate;
    result.coordinate.terms.push_back({1, tree.text, {}});
  } else {
    std::vector<std::string> known = arguments.empty() ? tensor_names() : arguments;
    error(line, tree.begin, fmt::format("'{}' is not known here", tree.text),
          suggestion(tree.text, known));
  }
  return result;
}

void Resolver::check_call(const SyntaxTree& tree, const CascadeLine& line) {
  std::size_t least = 0, most = 0;
  if (const MapOperation* operation = find_operation(tree.text)) {
    least = operation->least;
    most = operation->most;
  } else if (const MapFunction* function = cascade_.find_function(tree.text)) {
    least = most = function->arguments.size();
  } else {
    std::vector<std::string> known = operation_names();
    std::erase_if(known, [](const std::string& name) { return name.size() == 1; });
    for (const MapFunction& declared : cascade_.functions) known.push_back(declared.name);
    return error(line, tree.begin, fmt::format("there is no function '{}'", tree.text),
                 suggestion(tree.text, known));
  }
  if (tree.parts.size() < least || tree.parts.size() > most)
    error(line, tree.begin,
          fmt::format("{} takes {}{} arguments, {} are given", tree.text, least,
                      most > least ? " or more" : "", tree.parts.size()));
}

MapExpression Resolver::value(const SyntaxTree& tree, const CascadeLine& line,
                              const std::vector<std::string>& arguments) {
  MapExpression result;
  if (tree.kind == Syntax::name) return named(tree, line, arguments);
  if (tree.kind == Syntax::number) {
    const char* end = tree.text.data() + tree.text.size();
    const auto [stop, problem] = std::from_chars(tree.text.data(), end, result.number);
    if (problem != std::errc() || stop != end)
      error(line, tree.begin, fmt::format("{} is not a number", quote(tree.text)));
    return result;
  }
  if (tree.kind == Syntax::access) {
    if (!arguments.empty()) {
      error(line, tree.begin, "a function sees its arguments, no tensors");
      return result;
    }
    result.kind = Kind::element;
    result.element = access(tree, line);
    return result;
  }
  check_call(tree, line);
  result.kind = Kind::call;
  result.name = tree.text;
  for (const SyntaxTree& part : tree.parts) result.parts.push_back(value(part, line, arguments));
  if (result.name == "neg" && result.parts.size() == 1 && result.parts[0].kind == Kind::number) {
    result = std::move(std::vector<MapExpression>(std::move(result.parts))[0]);
    result.number = -result.number;
  }
  return result;
}

void Resolver::check_reductions(Einsum& einsum, const EinsumSyntax& syntax,
                                const CascadeLine& line) {
  const std::vector<std::string> kept = ranks_of(einsum.output);
  std::vector<std::string> open;
  for (const std::string& name : ranks_of(einsum))
    if (std::ranges::find(kept, name) == kept.end()) open.push_back(name);
  for (const ReductionSyntax& written : syntax.reductions) {
    Reduction reduction{written.operation.text, {}};
    if (!is_reduction(reduction.operation))
      error(line, written.operation.begin, fmt::format("'{}' is no reduction", reduction.operation),
            suggestion(reduction.operation, {"+", "*", "max", "min"}));
    for (const SyntaxTree& rank : written.ranks) {
      const auto found = std::ranges::find(open, rank.text);
      if (found != open.end()) {
        open.erase(found);
        reduction.ranks.push_back(rank.text);
      } else if (std::ranges::find(kept, rank.text) != kept.end()) {
        error(line, rank.begin,
              fmt::format("the rank '{}' is in the result, it cannot be reduced", rank.text));
      } else {
        error(line, rank.begin, fmt::format("no operand has the rank '{}' to reduce", rank.text),
              suggestion(rank.text, open));
      }
    }
    einsum.reductions.push_back(std::move(reduction));
  }
  if (!open.empty()) einsum.reductions.insert(einsum.reductions.begin(), {"+", open});
}

void Resolver::check_condition(const RankComparison& condition, const Einsum& einsum,
                               const SyntaxTree& syntax, const CascadeLine& line) {
  const std::vector<std::string> bound = ranks_of(einsum);
  for (const TensorIndex* side : {&condition.left, &condition.right}) {
    if (!side->gathers.empty())
      error(line, syntax.begin, "a condition compares ranks, not elements");
    for (const IndexTerm& term : side->terms)
      if (!term.rank.empty() && std::ranges::find(bound, term.rank) == bound.end())
        error(line, syntax.begin,
              fmt::format("the condition has the rank '{}', which is in no tensor of the Einsum",
                          term.rank),
              suggestion(term.rank, bound));
  }
  for (const RankComparison& other : condition.alternatives)
    check_condition(other, einsum, syntax, line);
}

Einsum Resolver::einsum(const EinsumSyntax& syntax, const CascadeLine& line) {
  Einsum result;
  result.output = access(syntax.output, line);
  result.value = value(syntax.value, line);
  check_reductions(result, syntax, line);
  if (!syntax.condition) return result;
  if (const auto conditions = condition(*syntax.condition, line)) {
    result.conditions = *conditions;
  } else {
    error(line, syntax.condition->begin, "this condition never holds",
          "the parameters decide it: leave the Einsum out, or change them");
  }
  for (const RankComparison& comparison : result.conditions)
    check_condition(comparison, result, *syntax.condition, line);
  return result;
}

}  // namespace sluice
