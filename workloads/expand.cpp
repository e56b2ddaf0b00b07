// SPDX-License-Identifier: Apache-2.0
#include "workloads/expand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workloads/blocks.hpp"
#include "workloads/layer_reader.hpp"
#include "workloads/producers.hpp"

namespace sluice {
namespace {

/// Against files that unfold into more than any network has.
constexpr std::size_t most_items = 200'000;

class Expander {
 public:
  Expander(const YamlNode& file, const FormulaScope& global, Mistakes& mistakes)
      : global_(global), mistakes_(mistakes), blocks_(file.find("blocks"), mistakes) {}

  void items(const YamlNode& list, const Group& group, const FormulaScope& scope) {
    if (!list.is_sequence())
      return mistakes_.error(list.where, "a list of layers is expected here");
    for (const YamlNode& item : list.items) {
      mistakes_.next_item();
      if (++items_ > most_items) return too_many(item);
      if (!item.is_map()) {
        mistakes_.error(item.where, "a layer such as {name: fc, op: linear, ...} is expected here");
      } else if (item.find("op")) {
        layer(item, group, scope);
      } else if (item.find("block") || item.find("layers")) {
        this->group(item, group, scope);
      } else {
        mistakes_.error(item.where, "a layer has 'op', and a group has 'layers' or 'block'");
      }
    }
  }

  std::vector<Layer> take() { return std::move(layers_); }

 private:
  void too_many(const YamlNode& item) {
    if (items_ == most_items + 1)
      mistakes_.error(item.where, fmt::format("the network has more than {} layers", most_items));
  }

  /// The value of `when`; a mistake counts as false.
  bool present(const YamlNode& item, const FormulaScope& scope) {
    const YamlNode* when = item.find("when");
    return !when || evaluate_condition(*when, scope, mistakes_).value_or(false);
  }

  std::optional<std::string> name_of(const YamlNode& item, std::string_view what) {
    const YamlNode* name = item.find("name");
    if (!name) {
      mistakes_.error(item.where, fmt::format("{} needs a name", what));
      return std::nullopt;
    }
    const bool printable = name->is_scalar() && !name->scalar.empty() &&
                           std::all_of(name->scalar.begin(), name->scalar.end(), [](char c) {
                             return c > ' ' && c < 127 && c != '|' && c != '"';
                           });
    if (!printable || name->scalar == network_input) {
      mistakes_.error(name->where, fmt::format("'{}' cannot be a layer's name", name->scalar));
      return std::nullopt;
    }
    return name->scalar;
  }

  void layer(const YamlNode& item, const Group& group, const FormulaScope& scope) {
    const auto short_name = name_of(item, "a layer");
    if (!short_name) return check_layer_words(item, mistakes_);
    const std::string name = group.prefix + *short_name;
    if (!present(item, scope)) {
      producers_.leave_out(name);
      return check_layer_words(item, mistakes_);
    }
    std::vector<std::string> inputs;
    bool inputs_known = true;
    if (const YamlNode* list = item.find("inputs")) {
      auto found = producers_.find(*list, group, mistakes_);
      inputs_known = found.has_value();
      if (found) inputs = std::move(*found);
      // What a layer that is left out would have made comes from outside.
      if (inputs.empty()) inputs = {std::string(network_input)};
    } else if (redirected_) {
      inputs = {*redirected_};
    }
    redirected_.reset();
    auto read = read_layer(item, context(name, inputs, inputs_known, scope), mistakes_);
    if (!producers_.add(name, read ? std::optional(read->shape) : std::nullopt))
      mistakes_.error(item.find("name")->where, fmt::format("there are two layers '{}'", name));
    if (read)
      layers_.push_back({name, std::move(read->op), std::move(read->epilogue), std::move(inputs)});
  }

  LayerContext context(const std::string& name, const std::vector<std::string>& inputs,
                       bool inputs_known, const FormulaScope& scope) const {
    LayerContext result{.name = name, .operands = {}, .scope = &scope};
    if (!inputs_known) {
      result.operands.push_back({"?", std::nullopt});
      return result;
    }
    const std::vector<std::string> before = {producers_.last()};
    for (const std::string& input : inputs.empty() ? before : inputs) {
      result.from_network_input |= input == network_input;
      result.operands.push_back({input, producers_.shape(input)});
    }
    return result;
  }

  /// A group: its layers, or a block's, once or `repeat` times.
  void group(const YamlNode& item, const Group& around, const FormulaScope& scope) {
    check_keys(item, {"name", "repeat", "when", "layers", "block", "with", "inputs", "let"},
               mistakes_);
    const bool named = item.find("name") || item.find("repeat") || item.find("block");
    std::optional<std::string> name = named ? name_of(item, "a block or repetition") : "";
    if (!name) return;
    if (name->find('.') != std::string::npos)
      return mistakes_.error(item.find("name")->where, "a group's name has no '.'");
    if (!present(item, scope)) {
      if (named) producers_.leave_out(around.prefix + *name);
      return;
    }
    if (!named) return once(item, around, scope);
    if (producers_.taken(around.prefix + *name))
      mistakes_.error(item.find("name")->where,
                      fmt::format("there are two layers '{}'", around.prefix + *name));
    redirect(item, around);
    const YamlNode* repeat = item.find("repeat");
    const auto count = repeat ? evaluate_number(*repeat, scope, mistakes_) : 1;
    if (!count) return;
    if (*count < 0)
      return mistakes_.error(repeat->where, fmt::format("repeat is {}, which is negative", *count));
    for (std::int64_t index = 0; index < *count; ++index) {
      if (++items_ > most_items) return too_many(item);
      FormulaScope inner = scope;
      if (repeat) inner.set("index", FormulaValue{index, {}});
      const std::string full = around.prefix + (repeat ? fmt::format("{}{}", *name, index) : *name);
      once(item, {full + ".", redirected_.value_or(producers_.last())}, inner);
      if (repeat) producers_.end_group(full);
    }
    producers_.end_group(around.prefix + *name);
  }

  /// `inputs: [x]` of a group: its first layer takes x, and so does `input` in it.
  void redirect(const YamlNode& item, const Group& around) {
    const YamlNode* inputs = item.find("inputs");
    if (!inputs) return;
    const auto found = producers_.find(*inputs, around, mistakes_);
    if (!found) return;
    if (found->size() != 1)
      return mistakes_.error(inputs->where,
                             fmt::format("a group takes 1 input, not {}", found->size()));
    redirected_ = (*found)[0];
  }

  void once(const YamlNode& item, const Group& group, const FormulaScope& scope) {
    const YamlNode* block = item.find("block");
    if (!block) {
      FormulaScope inner = scope;
      add_definitions(item.find("let"), inner, mistakes_);
      return items(*item.find("layers"), group, inner);
    }
    const Block* found = blocks_.find(*block, mistakes_);
    if (!found) {  // those who name it as a producer are not told again
      producers_.add(group.prefix.substr(0, group.prefix.size() - 1), std::nullopt);
      return;
    }
    if (std::find(open_.begin(), open_.end(), found) != open_.end())
      return mistakes_.error(block->where, fmt::format("block '{}' uses itself", block->scalar));
    const FormulaScope inner = bind_arguments(*found, item, scope, global_, mistakes_);
    if (!found->layers) return;
    open_.push_back(found);
    items(*found->layers, group, inner);
    open_.pop_back();
  }

  const FormulaScope& global_;
  Mistakes& mistakes_;
  Blocks blocks_;
  Producers producers_;
  std::vector<Layer> layers_;
  std::optional<std::string> redirected_;  ///< what the next layer takes instead of the one before
  std::vector<const Block*> open_;
  std::size_t items_ = 0;
};

}  // namespace

std::vector<Layer> expand_layers(const YamlNode& file, FormulaScope scope, Mistakes& mistakes) {
  add_definitions(file.find("let"), scope, mistakes);
  Expander expander(file, scope, mistakes);
  const YamlNode* layers = file.find("layers");
  if (!layers) {
    mistakes.error(file.where, "'layers' is missing");
    return {};
  }
  expander.items(*layers, {"", std::string(network_input)}, scope);
  return expander.take();
}

}  // namespace sluice
