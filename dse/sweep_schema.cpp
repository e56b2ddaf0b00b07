// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of sweep files.
#include <nlohmann/json.hpp>

#include "base/schema.hpp"
#include "dse/metrics.hpp"
#include "dse/searchers.hpp"
#include "dse/sweep.hpp"
#include "dse/written_parameter.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json objective_schema() {
  Json names = Json::array();
  for (const Metric& metric : metrics()) names.push_back(metric.name);
  const Json name = {{"enum", names}};
  const auto one_way = [&](const char* way) {
    return Json{{"type", "object"},
                {"properties", {{way, name}}},
                {"required", {way}},
                {"additionalProperties", false}};
  };
  return {{"anyOf", Json::array({name, one_way("minimize"), one_way("maximize")})}};
}

Json parameter_schema() {
  Json schema = Json::parse(schema_of(WrittenParameter{}, {}));
  const Json list = {{"type", "array"}, {"minItems", 1}};
  schema["properties"]["choices"] = list;
  schema["properties"]["ordered_choices"] = list;
  schema["properties"]["when"] = {
      {"type", {"string", "boolean"}},
      {"description", "condition over parameters above, under which it exists"}};
  schema["properties"]["usual"] = {{"description", "the value of the unchanged design"}};
  return schema;
}

Json numbers_schema(const char* what) {
  Json properties = Json::object();
  for (const Metric& metric : metrics())
    properties[std::string(metric.name)] = {{"type", "number"}, {"exclusiveMinimum", 0}};
  return {{"type", "object"},
          {"description", what},
          {"properties", properties},
          {"additionalProperties", false}};
}

Json scalarisation_schema() {
  return {{"type", "object"},
          {"description", "how objectives become one number, where that is needed"},
          {"properties",
           {{"kind", Json::parse(schema_of(ScalarKind::product, {}))},
            {"weights", numbers_schema("by objective; 1 where there is none")},
            {"targets", numbers_schema("by objective, in the unit of its metric")}}},
          {"required", {"kind"}},
          {"additionalProperties", false}};
}

Json halving_schema() {
  const Json rung = {{"type", "object"},
                     {"properties",
                      {{"fidelity", Json::parse(schema_of(Fidelity::tile, {}))},
                       {"set",
                        {{"type", "object"},
                         {"description", "values of the experiment by path"},
                         {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}}}}},
                     {"additionalProperties", false}};
  return {{"type", "object"},
          {"description", "closer looks at the best designs, rung by rung"},
          {"properties",
           {{"eta",
             {{"type", "integer"},
              {"minimum", 2},
              {"description", "of so many designs one goes on to the next rung"}}},
            {"rungs", {{"type", "array"}, {"minItems", 1}, {"items", rung}}}}},
          {"required", {"rungs"}},
          {"additionalProperties", false}};
}

Json search_schema() {
  Json schema = Json::parse(schema_of(SearchSettings{}, {}));
  Json names = Json::array();
  for (const Descriptor& searcher : searcher_descriptors()) names.push_back(searcher.name);
  schema["properties"]["searcher"]["enum"] = names;
  schema["properties"]["settings"] = {{"type", "object"}, {"description", "of the searcher"}};
  return schema;
}

}  // namespace

std::string sweep_schema(const std::string& run) {
  FieldSchema sweep;
  sweep.add("name", schema_of(std::string(), {}), {.doc = "name of the sweep"});
  sweep.add("source", schema_of(std::string(), {}), {.doc = "where the space comes from"});
  sweep.add("experiment", run, {.doc = "a run file"});
  sweep.add("fidelity", schema_of(Fidelity::analytic, {}),
            {.doc = "how closely each design is looked at"});
  sweep.add("parameters",
            Json{{"type", "object"}, {"additionalProperties", parameter_schema()}}.dump(),
            {.doc = "what may vary, by name"});
  sweep.add("constraints", Json{{"type", "array"}, {"items", {{"type", "string"}}}}.dump(),
            {.doc = "conditions over parameters and metrics"});
  sweep.add(
      "objectives",
      Json{{"anyOf",
            Json::array({objective_schema(),
                         {{"type", "array"}, {"minItems", 1}, {"items", objective_schema()}}})}}
          .dump(),
      {.doc = "what is wanted"});
  sweep.add("scalarisation", scalarisation_schema().dump(), {.doc = "one number of several"});
  sweep.add("halving", halving_schema().dump(), {.doc = "closer looks at the best designs"});
  sweep.add("search", search_schema().dump(), {.doc = "how to look"});
  sweep.add("proxy", schema_of(ProxyChoice{}, {}), {.doc = "what says it in place of simulating"});
  sweep.add("confirm", schema_of(Confirmation{}, {}), {.doc = "look again at the best designs"});
  Json schema = Json::parse(sweep.json());
  schema["required"] = {"experiment", "parameters", "objectives"};
  return schema.dump();
}

}  // namespace sluice
