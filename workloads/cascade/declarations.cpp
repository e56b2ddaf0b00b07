// SPDX-License-Identifier: Apache-2.0
// What a cascade file declares before its Einsums.
#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "workloads/cascade/operations.hpp"
#include "workloads/cascade/reader.hpp"
#include "workloads/parameters.hpp"

namespace sluice {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

}  // namespace

void CascadeReader::read_bits(const YamlNode& file) {
  const YamlNode* node = file.find("element_bits");
  if (!node) return;
  const auto bits = evaluate_number(*node, {}, mistakes_);
  if (bits && (*bits < 1 || *bits > 64))
    return mistakes_.error(node->where,
                           fmt::format("element_bits is {}, 1 to 64 are possible", *bits));
  if (bits) cascade_.element_bits = static_cast<std::uint32_t>(*bits);
}

void CascadeReader::read_numbers(const YamlNode& file,
                                 const std::vector<CascadeSetting>& settings) {
  const auto rules = read_parameters(file.find("parameters"), mistakes_);
  std::vector<std::string> names;
  for (const ParameterRule& rule : rules) names.push_back(rule.name);
  YamlNode given;
  given.kind = YamlNode::Kind::map;
  for (const CascadeSetting& setting : settings) {
    const Location where{.path = "--set"};
    if (std::ranges::find(names, setting.name) == names.end()) {
      mistakes_.error(where, fmt::format("the cascade has no parameter {}", quote(setting.name)),
                      names.empty() ? "it has none" : suggestion(setting.name, names));
      continue;
    }
    YamlNode value;
    value.kind = YamlNode::Kind::scalar;
    value.scalar = setting.value;
    value.where = where;
    std::erase_if(given.entries, [&](const auto& entry) { return entry.key == setting.name; });
    given.entries.push_back({setting.name, where, value});
  }
  scope_ = parameter_values(rules, &given, cascade_.name, mistakes_);
  if (const YamlNode* let = map_at(file.find("let")))
    for (const YamlNode::Entry& entry : let->entries)
      if (check_name(entry.key, entry.key_where, mistakes_))
        scope_.set(entry.key, evaluate(entry.value, scope_, mistakes_).value_or(unknown_value));
  if (const YamlNode* require = map_at(file.find("require"))) check_required(*require);
}

void CascadeReader::check_required(const YamlNode& require) {
  for (const YamlNode::Entry& entry : require.entries) {
    YamlNode formula = entry.value;
    formula.scalar = entry.key;
    formula.kind = YamlNode::Kind::scalar;
    formula.where = entry.key_where;
    const auto holds = evaluate_condition(formula, scope_, mistakes_);
    if (holds && !*holds)
      mistakes_.error(entry.key_where, entry.value.scalar, "change the parameters");
  }
}

void CascadeReader::add_rank(const std::string& name, std::int64_t size, const Location& where) {
  if (size < 1) {
    cascade_.ranks.push_back({name, 1, false});
    return mistakes_.error(where,
                           fmt::format("the rank '{}' has {} elements, 1 at least", name, size));
  }
  if (scope_.find(name))
    mistakes_.error(where, fmt::format("'{}' names a parameter already", name));
  const CascadeRank* known = cascade_.find_rank(name);
  const FormulaValue* symbol = scope_.find(upper(name));
  const std::int64_t other = known                        ? static_cast<std::int64_t>(known->size)
                             : symbol && symbol->number() ? *symbol->number()
                                                          : size;
  if (other != size)
    mistakes_.error(where, fmt::format("the rank '{}' has two sizes, {} and {}", name, size, other),
                    fmt::format("{} is its size wherever it is written", upper(name)));
  if (!known) cascade_.ranks.push_back({name, static_cast<std::uint64_t>(size), false});
  if (!symbol && upper(name) != name) scope_.set(upper(name), {size});
}

void CascadeReader::read_ranks(const YamlNode* node) {
  if (!(node = map_at(node))) return;
  for (const YamlNode::Entry& entry : node->entries) {
    if (!check_name(entry.key, entry.key_where, mistakes_)) continue;
    const auto size = evaluate_number(entry.value, scope_, mistakes_);
    if (size) add_rank(entry.key, *size, entry.value.where);
    if (!size) cascade_.ranks.push_back({entry.key, 1, false});
  }
}

void CascadeReader::read_iterative(const YamlNode* node) {
  if (!(node = map_at(node))) return;
  for (const YamlNode::Entry& entry : node->entries) {
    const CascadeLine line = line_of(entry.value);
    try {
      const SyntaxTree stop = parse_condition(line.text);
      if (stop.kind != SyntaxTree::Kind::compare || stop.text != ">=" ||
          stop.parts[0].text != entry.key) {
        mistakes_.error(line.place(0), fmt::format("the stop of '{}' is not understood", entry.key),
                        fmt::format("write it as `{} >= number`", entry.key));
        continue;
      }
      if (const auto size = resolver_.number(stop.parts[1], line))
        add_rank(entry.key, *size, line.place(stop.parts[1].begin));
      for (CascadeRank& rank : cascade_.ranks)
        if (rank.name == entry.key) rank.iterative = true;
      places_.iterative[entry.key] = entry.key_where;
    } catch (const SyntaxMistake& mistake) {
      resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
    }
  }
}

void CascadeReader::read_conditions(const YamlNode* node) {
  if (!(node = map_at(node))) return;
  for (const YamlNode::Entry& entry : node->entries) {
    const CascadeLine line = line_of(entry.value);
    try {
      SyntaxTree tree = parse_condition(line.text);
      resolver_.condition(tree, line);  // reports mistakes even if nothing uses it
      resolver_.conditions.push_back({entry.key, std::move(tree), line});
    } catch (const SyntaxMistake& mistake) {
      resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
    }
  }
}

void CascadeReader::read_functions(const YamlNode* node) {
  if (!(node = map_at(node))) return;
  for (const YamlNode::Entry& entry : node->entries) {
    YamlNode head;
    head.kind = YamlNode::Kind::scalar;
    head.scalar = entry.key;
    head.where = entry.key_where;
    CascadeLine line = line_of(head);
    try {
      const SyntaxTree call = parse_expression(line.text);
      MapFunction function{call.text, {}, {}};
      for (const SyntaxTree& part : call.parts) function.arguments.push_back(part.text);
      if (call.kind != SyntaxTree::Kind::call || call.parts.empty() ||
          std::ranges::any_of(call.parts,
                              [](const SyntaxTree& p) { return p.kind != SyntaxTree::Kind::name; }))
        resolver_.error(line, 0, "a function is declared like `gelu(x): 0.5 * x`");
      else if (find_operation(call.text) || cascade_.find_function(call.text))
        resolver_.error(line, 0, fmt::format("there is a function '{}' already", call.text));
      line = line_of(entry.value);
      function.body = resolver_.value(parse_expression(line.text), line, function.arguments);
      cascade_.functions.push_back(std::move(function));
    } catch (const SyntaxMistake& mistake) {
      resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
    }
  }
}

void CascadeReader::read_inputs(const YamlNode* node) {
  if (!node) return;
  if (!node->is_sequence()) return mistakes_.error(node->where, "a list of tensors is expected");
  for (const YamlNode& item : node->items) {
    const CascadeLine line = line_of(item);
    try {
      read_input(parse_access(line.text), line);
    } catch (const SyntaxMistake& mistake) {
      resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
    }
  }
}

void CascadeReader::read_input(const SyntaxTree& syntax, const CascadeLine& line) {
  CascadeTensor tensor{syntax.text, CascadeTensor::Kind::input, {}};
  std::uint64_t elements = 1;
  for (const SyntaxTree& part : syntax.parts) {
    TensorDimension dimension;
    if (part.kind == SyntaxTree::Kind::name && resolver_.rank(part.text)) {
      dimension = {resolver_.rank(part.text)->size, part.text};
    } else if (part.kind == SyntaxTree::Kind::name && !scope_.find(part.text)) {
      resolver_.index(part, line);  // reports the rank
    } else if (const auto size = resolver_.number(part, line)) {
      if (*size < 1)
        resolver_.error(line, part.begin, fmt::format("the size is {}, 1 at least", *size));
      dimension.size = static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 1));
    }
    elements = multiply(elements, dimension.size).value_or(UINT64_MAX);
    tensor.dimensions.push_back(std::move(dimension));
  }
  if (elements > (std::uint64_t{1} << 60))
    resolver_.error(line, 0, fmt::format("'{}' has more than 2^60 elements", syntax.text));
  check_tensor_name(syntax, line);
  if (cascade_.find_tensor(syntax.text))
    resolver_.error(line, 0, fmt::format("the input '{}' is declared twice", syntax.text));
  resolver_.tensors.push_back({syntax.text, tensor.dimensions.size()});
  places_.inputs.emplace(syntax.text, line.place(0));
  cascade_.tensors.push_back(std::move(tensor));
}

void CascadeReader::check_tensor_name(const SyntaxTree& syntax, const CascadeLine& line) {
  if (scope_.find(syntax.text) || resolver_.rank(syntax.text))
    resolver_.error(line, syntax.begin,
                    fmt::format("'{}' names a parameter, a rank or its size already", syntax.text),
                    "give the tensor another name");
}

}  // namespace sluice
