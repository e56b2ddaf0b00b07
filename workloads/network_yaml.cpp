// SPDX-License-Identifier: Apache-2.0
// Writes a network as a file with every layer explicit; load.cpp reads it back.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/yaml.hpp"
#include "workloads/fields.hpp"
#include "workloads/network.hpp"
#include "workloads/shape.hpp"

namespace sluice {
namespace {

YamlNode scalar(std::string text) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.scalar = std::move(text);
  return node;
}

YamlNode sequence(const std::vector<std::string>& texts) {
  YamlNode node;
  node.kind = YamlNode::Kind::sequence;
  for (const std::string& text : texts) node.items.push_back(scalar(text));
  return node;
}

void put(YamlNode& map, std::string_view key, YamlNode value) {
  map.kind = YamlNode::Kind::map;
  map.entries.push_back({std::string(key), {}, std::move(value)});
}

/// The visitor (see fields.hpp) that writes the fields of an operator.
class FieldWriter {
 public:
  explicit FieldWriter(YamlNode& map) : map_(map) {}

  void required(std::string_view key, auto& value, const FieldInfo&) { write(key, value); }
  /// Fields that may be left out have a default of 0, 1 or false, and are left out when at it.
  void field(std::string_view key, auto& value, const FieldInfo& info) {
    if (!at_default(value, info)) write(key, value);
  }
  void derived(std::string_view key, std::uint64_t& value, const FieldInfo&) { write(key, value); }
  void otherwise(std::string_view key, std::uint64_t& value, std::uint64_t other,
                 const FieldInfo&) {
    if (value != other) write(key, value);
  }
  void extents(std::string_view key, std::uint64_t& height, std::uint64_t& width, const FieldInfo&,
               Need need) {
    if (need == Need::optional && height == 1 && width == 1) return;
    if (height == width) return write(key, height);
    put(map_, key, sequence({fmt::format("{}", height), fmt::format("{}", width)}));
  }
  void padding(std::string_view key, Padding p, const FieldInfo&) {
    if (p.top == p.bottom && p.top == p.left && p.top == p.right) {
      if (p.top != 0) write(key, p.top);
      return;
    }
    put(map_, key,
        sequence({fmt::format("{}", p.top), fmt::format("{}", p.bottom), fmt::format("{}", p.left),
                  fmt::format("{}", p.right)}));
  }

 private:
  static bool at_default(bool value, const FieldInfo&) { return !value; }
  static bool at_default(std::uint64_t value, const FieldInfo& info) {
    return static_cast<double>(value) == info.min;
  }
  void write(std::string_view key, std::uint64_t value) {
    put(map_, key, scalar(fmt::format("{}", value)));
  }
  void write(std::string_view key, bool value) { put(map_, key, scalar(value ? "true" : "false")); }
  template <NamedEnum Enum>
  void write(std::string_view key, Enum value) {
    put(map_, key, scalar(std::string(name_of(value))));
  }

  YamlNode& map_;
};

/// Whether reading `layer` back would object to the shapes of its operands.
bool needs_gather(const Layer& layer, const std::vector<Operand>& operands) {
  const OperandCount count = operand_count(layer.op);
  const bool wrong_number = !layer.inputs.empty() &&
                            (operands.size() < count.least || operands.size() > count.most ||
                             (std::holds_alternative<Attention>(layer.op) && operands.size() == 2));
  return wrong_number || !mismatches(layer.op, operands).empty();
}

YamlNode layer_node(const Layer& layer, bool gather) {
  YamlNode node;
  put(node, "name", scalar(layer.name));
  put(node, "op", scalar(std::string(operator_name(layer.op))));
  FieldWriter writer(node);
  Operator op = layer.op;
  describe_operator(writer, word_of(op), op);
  std::vector<std::string> epilogue;
  for (const ElementwiseKind kind : layer.epilogue) epilogue.emplace_back(name_of(kind));
  if (!epilogue.empty()) put(node, "epilogue", sequence(epilogue));
  if (!layer.inputs.empty()) put(node, "inputs", sequence(layer.inputs));
  if (gather) put(node, "gather", scalar("true"));
  return node;
}

}  // namespace

std::string network_to_yaml(const Network& network) {
  YamlNode file;
  put(file, "name", scalar(network.name));
  if (!network.source.empty()) put(file, "source", scalar(network.source));
  YamlNode layers;
  layers.kind = YamlNode::Kind::sequence;
  std::map<std::string, Shape> shapes;
  std::string before(network_input);
  for (const Layer& layer : network.layers) {
    std::vector<Operand> operands;
    for (const auto& input : layer.inputs.empty() ? std::vector{before} : layer.inputs) {
      const auto made = shapes.find(input);
      operands.push_back(
          {input, made == shapes.end() ? std::nullopt : std::optional(made->second)});
    }
    const bool gather = needs_gather(layer, operands);
    layers.items.push_back(layer_node(layer, gather));
    shapes.insert_or_assign(layer.name,
                            output_shape(layer.op, gather ? std::vector<Operand>{} : operands));
    before = layer.name;
  }
  put(file, "layers", std::move(layers));
  return to_text(file);
}

}  // namespace sluice
