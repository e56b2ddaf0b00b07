// SPDX-License-Identifier: Apache-2.0
#include "workloads/blocks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {

/// `width` or `width: 64` in an `arguments:` list.
void read_argument(const YamlNode& item, Block& block, Mistakes& mistakes) {
  const bool with_default = item.is_map() && item.entries.size() == 1;
  if (!item.is_scalar() && !with_default)
    return mistakes.error(item.where, "an argument is a name, or a name and its default");
  const std::string& name = with_default ? item.entries[0].key : item.scalar;
  const Location& where = with_default ? item.entries[0].key_where : item.where;
  if (!check_name(name, where, mistakes)) return;
  for (const BlockArgument& other : block.arguments)
    if (other.name == name)
      return mistakes.error(where, fmt::format("there are two arguments '{}'", name));
  block.arguments.push_back({name, with_default ? &item.entries[0].value : nullptr});
}

Block read_block(const YamlNode::Entry& entry, Mistakes& mistakes) {
  Block block;
  block.name = entry.key;
  if (!entry.value.is_map()) {
    mistakes.error(entry.value.where, "a block is a map with 'arguments' and 'layers'");
    return block;
  }
  check_keys(entry.value, {"arguments", "let", "layers", "doc"}, mistakes);
  block.let = entry.value.find("let");
  block.layers = entry.value.find("layers");
  if (!block.layers)
    mistakes.error(entry.key_where, fmt::format("block '{}' has no layers", entry.key));
  if (const YamlNode* arguments = entry.value.find("arguments")) {
    if (!arguments->is_sequence())
      mistakes.error(arguments->where, "a list such as [width, stride: 1] is expected here");
    for (const YamlNode& item : arguments->items) read_argument(item, block, mistakes);
  }
  return block;
}

}  // namespace

Blocks::Blocks(const YamlNode* blocks, Mistakes& mistakes) {
  if (!blocks) return;
  if (!blocks->is_map())
    mistakes.error(blocks->where, "a map from names to blocks is expected here");
  for (const auto& entry : blocks->entries) blocks_.push_back(read_block(entry, mistakes));
}

const Block* Blocks::find(const YamlNode& use, Mistakes& mistakes) const {
  std::vector<std::string> names;
  for (const Block& block : blocks_) {
    if (use.is_scalar() && block.name == use.scalar) return &block;
    names.push_back(block.name);
  }
  mistakes.error(use.where, fmt::format("there is no block '{}'", use.scalar),
                 names.empty() ? "`blocks:` defines none" : suggestion(use.scalar, names));
  return nullptr;
}

FormulaScope bind_arguments(const Block& block, const YamlNode& use, const FormulaScope& scope,
                            const FormulaScope& global, Mistakes& mistakes) {
  static const YamlNode none;
  const YamlNode* given = use.find("with");
  if (given && !given->is_map()) {
    mistakes.error(given->where, "a map of arguments is expected here");
    given = nullptr;
  }
  std::vector<std::string> names;
  for (const BlockArgument& argument : block.arguments) names.push_back(argument.name);
  check_keys(given ? *given : none, names, mistakes);
  FormulaScope inner = global;
  for (const BlockArgument& argument : block.arguments) {
    const YamlNode* node = given ? given->find(argument.name) : nullptr;
    if (!node && !argument.default_value) {
      mistakes.error(
          given ? given->where : use.where,
          fmt::format("argument '{}' of block '{}' is missing", argument.name, block.name));
      inner.set(argument.name, unknown_value);
      continue;
    }
    // A default sees the arguments before it, a given value what its place sees.
    auto value = node ? evaluate(*node, scope, mistakes)
                      : evaluate(*argument.default_value, inner, mistakes);
    inner.set(argument.name, value ? std::move(*value) : unknown_value);
  }
  add_definitions(block.let, inner, mistakes);
  return inner;
}

void add_definitions(const YamlNode* let, FormulaScope& scope, Mistakes& mistakes) {
  if (!let) return;
  if (!let->is_map())
    return mistakes.error(let->where, "a map from names to formulas is expected here");
  for (const auto& entry : let->entries) {
    if (!check_name(entry.key, entry.key_where, mistakes)) continue;
    scope.set(entry.key, evaluate(entry.value, scope, mistakes).value_or(unknown_value));
  }
}

}  // namespace sluice
