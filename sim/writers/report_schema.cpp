// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of a report, made from the same list of fields that writes it.
#include <nlohmann/json.hpp>

#include "sim/writers/report_fields.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

struct FieldSchema {
  Json properties = Json::object();
  Json required = Json::array();
  void operator()(const char* key, const auto& value, const char* meaning);
};

template <class T>
concept HasFields = requires(FieldSchema& schema, const T& value) {
  fields(schema, value);
};

Json whole() { return {{"type", "integer"}, {"minimum", 0}}; }

Json schema_of(std::uint32_t) { return {{"const", Report{}.version}}; }
Json schema_of(std::uint64_t) { return whole(); }
Json schema_of(double) { return {{"type", Json::array({"number", "null"})}}; }
Json schema_of(const std::string&) { return {{"type", "string"}}; }
Json schema_of(const std::vector<Stall>&) {
  return {{"type", "object"}, {"additionalProperties", whole()}};
}

Json object_schema(const auto& value) {
  FieldSchema schema;
  fields(schema, value);
  return {{"type", "object"},
          {"required", schema.required},
          {"additionalProperties", false},
          {"properties", schema.properties}};
}

// Total and layers are the same thing; it is defined once.
Json schema_of(const LayerReport&) { return {{"$ref", "#/$defs/layer"}}; }

template <HasFields T>
Json schema_of(const T& value) {
  return object_schema(value);
}

template <HasFields T>
Json schema_of(const std::vector<T>&) {
  return {{"type", "array"}, {"items", schema_of(T{})}};
}
void FieldSchema::operator()(const char* key, const auto& value, const char* meaning) {
  Json schema = schema_of(value);
  schema["description"] = meaning;
  properties[key] = std::move(schema);
  required.push_back(key);
}

}  // namespace

std::string report_schema() {
  const Json infeasible = {
      {"type", "object"},
      {"required", Json::array({"version", "infeasible"})},
      {"additionalProperties", false},
      {"properties",
       {{"version", schema_of(std::uint32_t{})}, {"infeasible", schema_of(Infeasible{})}}}};
  const Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "sluice report"},
      {"description", "What a machine did with a network, or why it cannot run it."},
      {"anyOf", Json::array({{{"$ref", "#/$defs/report"}}, {{"$ref", "#/$defs/infeasible"}}})},
      {"$defs",
       {{"report", schema_of(Report{})},
        {"infeasible", infeasible},
        {"layer", object_schema(LayerReport{})}}}};
  return schema.dump(2) + '\n';
}

}  // namespace sluice
