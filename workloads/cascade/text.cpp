// SPDX-License-Identifier: Apache-2.0
// The text of Einsums and cascades; load.hpp reads it back.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/yaml.hpp"
#include "workloads/cascade/cascade.hpp"

namespace sluice {
namespace {

using Kind = MapExpression::Kind;

std::string number_text(double value) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return fmt::format("{}", value);
}

/// `+m1*M0`, with its sign.
std::string term_text(const IndexTerm& term) {
  const bool negative = term.written.empty() ? term.coefficient < 0 : term.written.front() == '-';
  std::string size = term.written.empty()
                         ? fmt::format("{}", term.coefficient < 0
                                                 ? 0 - static_cast<std::uint64_t>(term.coefficient)
                                                 : static_cast<std::uint64_t>(term.coefficient))
                         : term.written.substr(term.written.front() == '-' ? 1 : 0);
  if (!term.rank.empty())
    size = size == "1"            ? term.rank
           : term.written.empty() ? size + "*" + term.rank
                                  : term.rank + "*" + size;
  return (negative ? "-" : "+") + size;
}

/// How tightly the operator of a node binds: sums 0, products 1, all else 2.
int tightness(const MapExpression& value) {
  if (value.kind != Kind::call) return 2;
  if (value.name == "+" || value.name == "-") return 0;
  return value.name == "*" || value.name == "/" ? 1 : 2;
}

std::string at_least(const MapExpression& value, int level) {
  return tightness(value) >= level ? to_text(value) : "(" + to_text(value) + ")";
}

std::string call_text(const MapExpression& value) {
  const int level = tightness(value);
  if (level < 2)
    return fmt::format("{} {} {}", at_least(value.parts[0], level), value.name,
                       at_least(value.parts[1], level + 1));
  if (value.name == "neg") return "-" + at_least(value.parts[0], 2);
  std::string text = value.name + "(";
  for (std::size_t i = 0; i < value.parts.size(); ++i)
    text += (i > 0 ? ", " : "") + to_text(value.parts[i]);
  return text + ")";
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

YamlNode text_node(std::string_view text) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.scalar = text;
  return node;
}

void write_entry(std::string& text, std::string_view key, const std::string& value) {
  YamlNode map;
  map.kind = YamlNode::Kind::map;
  map.entries.push_back({std::string(key), {}, text_node(value)});
  text += to_text(map);
}

void write_symbols(const Cascade& cascade, std::string& text) {
  std::string lines;
  for (const CascadeSymbol& symbol : cascade.symbols) {
    const bool of_rank = std::ranges::any_of(
        cascade.ranks, [&](const CascadeRank& rank) { return upper(rank.name) == symbol.name; });
    if (of_rank) continue;
    lines += symbol.value >= 1
                 ? fmt::format("  {}: {}\n", symbol.name, symbol.value)
                 : fmt::format("  {0}: {{default: {1}, min: {1}}}\n", symbol.name, symbol.value);
  }
  if (!lines.empty()) text += "parameters:\n" + lines;
}

std::string declaration(const CascadeTensor& tensor) {
  std::vector<std::string> sizes;
  for (const TensorDimension& dimension : tensor.dimensions)
    sizes.push_back(dimension.rank.empty() ? fmt::format("{}", dimension.size) : dimension.rank);
  return fmt::format("{}[{}]", tensor.name, fmt::join(sizes, ","));
}

void write_tensors(const Cascade& cascade, std::string& text) {
  std::string inputs, outputs;
  for (const CascadeTensor& tensor : cascade.tensors) {
    if (tensor.kind == CascadeTensor::Kind::input)
      inputs += fmt::format("  - \"{}\"\n", declaration(tensor));
    if (tensor.kind == CascadeTensor::Kind::output)
      outputs += (outputs.empty() ? "" : ", ") + tensor.name;
  }
  if (!inputs.empty()) text += "inputs:\n" + inputs;
  text += fmt::format("outputs: [{}]\n", outputs);
}

}  // namespace

std::string to_text(const TensorIndex& index) {
  std::string text;
  for (const IndexTerm& term : index.terms) text += term_text(term);
  for (const TensorAccess& gather : index.gathers) text += "+" + to_text(gather);
  if (text.empty()) return "0";
  return text.front() == '+' ? text.substr(1) : text;
}

std::string to_text(const TensorAccess& access) {
  if (access.indices.empty()) return access.tensor;
  std::string text = access.tensor + "[";
  for (std::size_t i = 0; i < access.indices.size(); ++i)
    text += (i > 0 ? "," : "") + to_text(access.indices[i]);
  return text + "]";
}

std::string to_text(const MapExpression& value) {
  switch (value.kind) {
    case Kind::number:
      return number_text(value.number);
    case Kind::symbol:
    case Kind::argument:
      return value.name;
    case Kind::coordinate:
      return to_text(value.coordinate);
    case Kind::element:
      return to_text(value.element);
    case Kind::call:
      return call_text(value);
  }
  return {};
}

std::string to_text(const RankComparison& condition) {
  std::string text = fmt::format("{} {} {}", to_text(condition.left), condition.relation,
                                 to_text(condition.right));
  for (const RankComparison& other : condition.alternatives) text += " or " + to_text(other);
  return text;
}

std::string to_text(const Einsum& einsum) {
  std::string text = to_text(einsum.output) + " = " + to_text(einsum.value);
  const bool implied = einsum.reductions.size() == 1 && einsum.reductions[0].operation == "+";
  if (!einsum.reductions.empty() && !implied) {
    text += " ::";
    for (const Reduction& reduction : einsum.reductions)
      text += fmt::format(" {}({})", reduction.operation, fmt::join(reduction.ranks, ","));
  }
  for (std::size_t i = 0; i < einsum.conditions.size(); ++i) {
    const bool joined = !einsum.conditions[i].alternatives.empty() && einsum.conditions.size() > 1;
    text += (i > 0 ? " and " : " where ") + (joined ? "(" : std::string()) +
            to_text(einsum.conditions[i]) + (joined ? ")" : "");
  }
  return text;
}

std::string to_text(const Cascade& cascade) {
  std::string text;
  write_entry(text, "name", cascade.name);
  if (!cascade.summary.empty()) write_entry(text, "summary", cascade.summary);
  if (!cascade.source.empty()) write_entry(text, "source", cascade.source);
  text += fmt::format("element_bits: {}\n", cascade.element_bits);
  write_symbols(cascade, text);
  std::string ranks, iterative, functions;
  for (const CascadeRank& rank : cascade.ranks) {
    ranks += fmt::format("  {}: {}\n", rank.name, rank.size);
    if (rank.iterative) iterative += fmt::format("  {0}: {0} >= {1}\n", rank.name, rank.size);
  }
  for (const MapFunction& function : cascade.functions)
    functions += fmt::format("  \"{}({})\": \"{}\"\n", function.name,
                             fmt::join(function.arguments, ","), to_text(function.body));
  if (!ranks.empty()) text += "ranks:\n" + ranks;
  if (!iterative.empty()) text += "iterative:\n" + iterative;
  if (!functions.empty()) text += "functions:\n" + functions;
  write_tensors(cascade, text);
  text += "einsums: |\n";
  for (const Einsum& einsum : cascade.einsums) text += "  " + to_text(einsum) + "\n";
  return text;
}

}  // namespace sluice
