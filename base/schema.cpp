// SPDX-License-Identifier: Apache-2.0
#include "base/schema.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/quantity_units.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json bound_json(double bound) {
  if (bound == std::floor(bound) && std::abs(bound) < 0x1p53)
    return static_cast<std::int64_t>(bound);
  return bound;
}

std::string number_schema(std::string_view type, const FieldInfo& info, double least, double most) {
  Json schema{{"type", type}};
  const double low = std::max(info.min, least);
  const double high = std::min(info.max, most);
  if (std::isfinite(low)) schema["minimum"] = bound_json(low);
  if (std::isfinite(high)) schema["maximum"] = bound_json(high);
  return schema.dump();
}

std::string quantity_schema(const UnitSystem& system, const FieldInfo& info,
                            std::string_view per = "") {
  std::string units;
  for (const Unit& unit : system.units) units.append(units.empty() ? "" : "|").append(unit.name);
  const Json text{
      {"type", "string"},
      {"pattern", fmt::format(R"(^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)? ?({}){}$)", units, per)},
      {"examples", {system.example}}};
  if (info.min > 0) return text.dump();
  return Json{{"anyOf", {text, {{"const", 0}}}}}.dump();
}

Json default_json(const YamlNode& node, bool number) {
  if (node.is_null()) return nullptr;
  if (node.is_scalar()) {
    if (!number) return node.scalar;
    return Json::parse(node.scalar, nullptr, false);
  }
  Json list = Json::array();
  for (const YamlNode& item : node.items) list.push_back(default_json(item, number));
  return list;
}

bool holds_map(const YamlNode& node) {
  if (node.is_map()) return true;
  for (const YamlNode& item : node.items)
    if (holds_map(item)) return true;
  return false;
}

}  // namespace

std::string schema_of(const bool&, const FieldInfo&) { return R"({"type":"boolean"})"; }
std::string schema_of(const std::uint32_t&, const FieldInfo& info) {
  return number_schema("integer", info, 0, std::numeric_limits<std::uint32_t>::max());
}
std::string schema_of(const std::uint64_t&, const FieldInfo& info) {
  return number_schema("integer", info, 0, std::numeric_limits<double>::infinity());
}
std::string schema_of(const double&, const FieldInfo& info) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  return number_schema("number", info, -infinite, infinite);
}
std::string schema_of(const std::string&, const FieldInfo&) { return R"({"type":"string"})"; }
std::string schema_of(const Bytes&, const FieldInfo& info) {
  return quantity_schema(byte_system, info);
}
std::string schema_of(const Hertz&, const FieldInfo& info) {
  return quantity_schema(hertz_system, info);
}
std::string schema_of(const Seconds&, const FieldInfo& info) {
  return quantity_schema(second_system, info);
}
std::string schema_of(const Bandwidth&, const FieldInfo& info) {
  return quantity_schema(bandwidth_system, info, "/(s|cycle)");
}
std::string schema_of(const Picojoules&, const FieldInfo& info) {
  return quantity_schema(picojoule_system, info);
}
std::string schema_of(const SquareMicrometres&, const FieldInfo& info) {
  return quantity_schema(area_system, info);
}

std::string words_schema(const std::vector<std::string>& words) {
  return Json{{"enum", words}}.dump();
}

std::string list_schema(const std::string& items) {
  return Json{{"type", "array"}, {"items", Json::parse(items)}}.dump();
}

std::string optional_schema(const std::string& value) {
  return Json{{"anyOf", {Json::parse(value), {{"type", "null"}}}}}.dump();
}

void FieldSchema::add(std::string_view key, const std::string& schema, const FieldInfo& info) {
  std::string description(info.doc);
  if (!info.unit.empty()) description += fmt::format(" [{}]", info.unit);
  properties_.push_back({std::string(key), schema, std::move(description), {}});
}

void FieldSchema::add_default(std::string_view, const YamlNode& value, bool number) {
  if (holds_map(value)) return;
  const Json json = default_json(value, number);
  if (!json.is_discarded()) properties_.back().default_value = json.dump();
}

std::string FieldSchema::json() const {
  Json properties = Json::object();
  for (const Property& property : properties_) {
    Json schema = Json::object();
    if (!property.description.empty()) schema["description"] = property.description;
    schema.update(Json::parse(property.schema));
    if (!property.default_value.empty()) schema["default"] = Json::parse(property.default_value);
    properties[property.key] = std::move(schema);
  }
  Json object{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required_.empty()) object["required"] = required_;
  object["additionalProperties"] = false;
  return object.dump();
}

std::string schema_document(std::string_view title, const std::string& root) {
  Json document{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  document.update(Json::parse(root));
  return document.dump(2) + '\n';
}

}  // namespace sluice
