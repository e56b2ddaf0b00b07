// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of network files. The operators' fields come from fields.hpp; only the frame
// around them (groups, blocks, parameters) is written here.
#include <nlohmann/json.hpp>

#include "workloads/fields.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json reference(std::string_view definition) {
  return {{"$ref", "#/$defs/" + std::string(definition)}};
}

Json text(std::string_view doc) { return {{"type", "string"}, {"description", doc}}; }

template <NamedEnum Enum>
Json words(bool binary_too = true) {
  Json list = Json::array();
  for (const auto& entry : EnumNames<Enum>::table) {
    if constexpr (std::is_same_v<Enum, ElementwiseKind>)
      if (!binary_too && is_binary(entry.value)) continue;
    list.push_back(entry.name);
  }
  return list;
}

Json described(Json schema, std::string_view doc) {
  schema["description"] = doc;
  return schema;
}

/// The visitor (see fields.hpp) that turns fields into properties.
class FieldSchema {
 public:
  Json properties = Json::object();
  Json needed = Json::array();

  void required(std::string_view key, auto& value, const FieldInfo& info) {
    needed.push_back(key);
    field(key, value, info);
  }
  void field(std::string_view key, std::uint64_t&, const FieldInfo& info) {
    put(key, number(info), info);
  }
  void field(std::string_view key, bool&, const FieldInfo& info) {
    put(key, reference("condition"), info);
  }
  template <NamedEnum Enum>
  void field(std::string_view key, Enum&, const FieldInfo& info) {
    put(key, {{"anyOf", Json::array({{{"enum", words<Enum>()}}, reference("formula")})}}, info);
  }
  void derived(std::string_view key, std::uint64_t& value, const FieldInfo& info) {
    field(key, value, info);
  }
  void otherwise(std::string_view key, std::uint64_t& value, std::uint64_t, const FieldInfo& info) {
    field(key, value, info);
  }
  void extents(std::string_view key, std::uint64_t&, std::uint64_t&, const FieldInfo& info,
               Need need) {
    if (need == Need::required) needed.push_back(key);
    put(key, {{"anyOf", Json::array({number(info), list(2, info)})}}, info);
  }
  void padding(std::string_view key, Padding, const FieldInfo& info) {
    put(key, {{"anyOf", Json::array({number(info), list(4, info)})}}, info);
  }

 private:
  void put(std::string_view key, Json schema, const FieldInfo& info) {
    properties[std::string(key)] = described(std::move(schema), info.doc);
  }
  /// A whole number, or a formula (words such as `same` and `global` among them).
  static Json number(const FieldInfo& info) {
    return {{"anyOf",
             Json::array({{{"type", "integer"}, {"minimum", static_cast<std::int64_t>(info.min)}},
                          reference("formula")})}};
  }
  static Json list(std::size_t length, const FieldInfo& info) {
    return {{"type", "array"}, {"items", number(info)}, {"minItems", length}, {"maxItems", length}};
  }
};

/// The keys that every layer may have.
void add_layer_keys(Json& properties) {
  for (const LayerKey& common : layer_keys) {
    Json schema = reference("condition");  // gather and when
    if (common.key == "name" || common.key == "op") schema = {{"type", "string"}};
    if (common.key == "epilogue")
      schema = {{"type", "array"}, {"items", {{"enum", words<ElementwiseKind>(false)}}}};
    if (common.key == "inputs") schema = reference("producers");
    if (!properties.contains(common.key))
      properties[std::string(common.key)] = described(std::move(schema), common.doc);
  }
}

Json operator_schema(OperatorWord word) {
  Operator op = default_operator(word);
  // A bias has all the fields that any kind of elementwise operation has.
  if (auto* elementwise = std::get_if<Elementwise>(&op)) elementwise->kind = ElementwiseKind::bias;
  FieldSchema fields;
  fields.properties["op"] = {{"const", name_of(word)}};
  fields.needed = {"name", "op"};
  describe_operator(fields, word, op);
  add_layer_keys(fields.properties);
  return {{"type", "object"},
          {"properties", std::move(fields.properties)},
          {"required", std::move(fields.needed)},
          {"additionalProperties", false}};
}

Json group_schema() {
  const Json number = {
      {"anyOf", Json::array({{{"type", "integer"}, {"minimum", 0}}, reference("formula")})}};
  Json properties = {
      {"name", text("name of the group; goes before the names of its layers")},
      {"repeat", described(number, "how often; `index` counts from 0 inside")},
      {"when", described(reference("condition"), "condition under which the group is there")},
      {"inputs",
       described(reference("producers"), "what the first layer takes, and `input` means")},
      {"let", described(reference("definitions"), "definitions for the layers of the group")},
      {"layers", reference("layers")},
      {"block", text("name of a block")},
      {"with", described(reference("definitions"), "arguments of the block")}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false},
          {"oneOf", Json::array({{{"required", {"layers"}}}, {{"required", {"block", "name"}}}})}};
}

Json parameter_schema() {
  const Json integer = {{"type", "integer"}};
  return {{"anyOf",
           Json::array(
               {reference("value"),
                {{"type", "object"},
                 {"required", {"default"}},
                 {"additionalProperties", false},
                 {"properties",
                  {{"default", described(reference("value"), "a formula over earlier parameters")},
                   {"min", described(integer, "smallest value; 1 when left out")},
                   {"max", described(integer, "largest value")},
                   {"choices", {{"type", "array"}, {"items", {{"type", "string"}}}}},
                   {"doc", text("one line")}}}}})}};
}

Json block_schema() {
  return {{"type", "object"},
          {"required", {"layers"}},
          {"additionalProperties", false},
          {"properties",
           {{"arguments",
             {{"type", "array"},
              {"items", {{"type", {"string", "object"}}}},
              {"description", "names, or names with a default"}}},
            {"let", reference("definitions")},
            {"layers", reference("layers")},
            {"doc", text("one line")}}}};
}

Json definitions() {
  Json layer = Json::array({reference("group")});
  Json result = {
      {"formula", {{"type", "string"}, {"description", "a formula, such as batch * seq_len"}}},
      {"value", {{"type", {"integer", "boolean", "string"}}}},
      {"condition", {{"type", {"boolean", "string"}}}},
      {"definitions", {{"type", "object"}, {"additionalProperties", reference("value")}}},
      {"producers", {{"type", "array"}, {"items", {{"type", "string"}}}}},
      {"parameter", parameter_schema()},
      {"block", block_schema()},
      {"group", group_schema()}};
  for (const auto& entry : EnumNames<OperatorWord>::table) {
    result[std::string(entry.name)] = operator_schema(entry.value);
    layer.push_back(reference(entry.name));
  }
  result["layers"] = {{"type", "array"}, {"items", {{"oneOf", std::move(layer)}}}};
  return result;
}

}  // namespace

std::string network_schema() {
  const auto map_of = [](std::string_view definition) {
    return Json{{"type", "object"}, {"additionalProperties", reference(definition)}};
  };
  const Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "sluice network"},
      {"type", "object"},
      {"anyOf", Json::array({{{"required", {"name", "layers"}}}, {{"required", {"include"}}}})},
      {"additionalProperties", false},
      {"properties",
       {{"include", text("a network file whose keys these override")},
        {"name", text("the network's name")},
        {"summary", text("one line for lists")},
        {"source", text("paper or model card")},
        {"parameters", described(map_of("parameter"), "what a run may choose")},
        {"let", described(reference("definitions"), "named formulas")},
        {"blocks", described(map_of("block"), "lists of layers with arguments")},
        {"layers", described(reference("layers"), "in execution order")}}},
      {"$defs", definitions()}};
  return schema.dump(2) + "\n";
}

}  // namespace sluice
