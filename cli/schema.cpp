// SPDX-License-Identifier: Apache-2.0
// `sluice schema`: JSON Schemas of the files that users write, and of the reports that they read.
// The fields are those that reading and writing use; what is added here is that any map of a
// user's file may include another file.
#include "base/schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arch/architecture.hpp"
#include "cli/commands.hpp"
#include "cli/streams.hpp"
#include "dse/reproduce/claims.hpp"
#include "dse/sweep.hpp"
#include "mapper/nest/map_file.hpp"
#include "sim/experiment.hpp"
#include "sim/writers/writers.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json include_schema() {
  const Json file = {{"type", "string"}};
  return {{"description", "file, or files, whose keys the others here override"},
          {"anyOf", Json::array({file, {{"type", "array"}, {"items", file}}})}};
}

bool only_requires(const Json& alternatives) {
  return std::ranges::all_of(alternatives, [](const Json& alternative) {
    return alternative.size() == 1 && alternative.contains("required");
  });
}

Json take_demands(Json& schema);

/// Lets every map in it include files, which then may hold what is required of it and of the maps
/// in it.
void allow_include(Json& schema) {
  const Json demands = take_demands(schema);
  if (!demands.is_null()) schema["allOf"] = Json::array({demands});
}

/// The demands of one of several forms, which stay where not all have some.
Json demands_of_forms(Json& forms) {
  Json each = Json::array();
  for (Json& form : forms) each.push_back(take_demands(form));
  if (std::ranges::none_of(each, &Json::is_null)) return {{"anyOf", each}};
  for (std::size_t i = 0; i < each.size(); ++i)
    if (!each[i].is_null()) forms[i]["allOf"] = Json::array({each[i]});
  return nullptr;
}

/// The demands of the fields of a map, and its own.
Json demands_of_map(Json& schema) {
  Json demands = Json::object(), fields = Json::object();
  Json& properties = schema["properties"];
  for (auto& [name, property] : properties.items())
    if (Json inside = take_demands(property); !inside.is_null()) fields[name] = inside;
  if (schema.contains("required")) demands["required"] = schema["required"];
  if (schema.contains("anyOf") && only_requires(schema["anyOf"]))
    demands["anyOf"] = schema["anyOf"];
  schema.erase("required");
  if (demands.contains("anyOf")) schema.erase("anyOf");
  if (!fields.empty()) demands["properties"] = fields;
  if (demands.empty()) return nullptr;
  // The forms of a machine are told apart by their model.
  if (properties.contains("model") && properties["model"].contains("const"))
    demands["properties"]["model"] = properties["model"];
  return {{"anyOf", Json::array({{{"required", {"include"}}}, demands})}};
}

/// Takes out of a schema what it demands to be there, so that its map may be a part of one that a
/// file is included for; the demands are a schema of their own, or null. Items of lists, which are
/// whole, and the values of maps with any names keep theirs.
Json take_demands(Json& schema) {
  if (!schema.is_object()) return nullptr;
  for (const char* inside : {"items", "additionalProperties"})
    if (schema.contains(inside)) allow_include(schema[inside]);
  for (const char* inside : {"oneOf", "$defs"})
    if (schema.contains(inside))
      for (Json& part : schema[inside]) allow_include(part);
  const bool is_map = schema.value("type", Json()) == "object" && schema.contains("properties");
  if (schema.contains("anyOf") && !(is_map && only_requires(schema["anyOf"])))
    return demands_of_forms(schema["anyOf"]);
  if (!is_map) return nullptr;
  Json demands = demands_of_map(schema);
  schema["properties"]["include"] = include_schema();
  return demands;
}

/// What `workload:` holds: the name of a network and its parameters, or a network in place.
std::string workload_schema() {
  return Json{
      {"type", "object"},
      {"properties",
       {{"model", {{"type", "string"}, {"description", "network of the library, or a path"}}},
        {"network", {{"type", "object"}, {"description", "a network in place"}}},
        {"trace", Json::parse(schema_of(MemoryTrace{}, {}))}}},
      {"anyOf", Json::array({{{"required", {"model"}}},
                             {{"required", {"network"}}},
                             {{"required", {"trace"}}},
                             {{"required", {"include"}}}})},
      {"additionalProperties", {{"type", {"integer", "string", "boolean"}}}}}
      .dump();
}

template <class Setup>
Json machine_schema_of() {
  Json machine = Json::parse(schema_of(decltype(Setup::machine){}, {}));
  // A machine that names no model is a systolic one, which says more of its `model`.
  if (Setup::model != SystolicSetup::model)
    machine["properties"]["model"] = {{"const", std::string(Setup::model)}};
  return machine;
}

/// One of the kinds of machines, told apart by `model`.
template <class... Setups>
std::string machine_schema(const std::variant<Setups...>&) {
  return Json{{"anyOf", Json::array({machine_schema_of<Setups>()...})}}.dump();
}
std::string machine_schema() { return machine_schema(AnySetup{}); }

/// The settings of each.
template <class... Setups>
std::string mapping_schema(const std::variant<Setups...>&) {
  Json each = Json::array();
  const auto add = [&]<class Setup>(std::type_identity<Setup>) {
    if constexpr (requires { Setup::mapping; })
      each.push_back(Json::parse(schema_of(decltype(Setup::mapping){}, {})));
  };
  (add(std::type_identity<Setups>{}), ...);
  return Json{{"anyOf", each}}.dump();
}

std::string run_schema() {
  FieldSchema run;
  run.add("name", schema_of(std::string(), {}), {.doc = "name of the run"});
  run.add("workload", workload_schema(), {.doc = "the network and its parameters"});
  run.add("architecture", machine_schema(), {.doc = "the machine"});
  run.add("mapping", mapping_schema(AnySetup{}), {.doc = "how the network is mapped"});
  run.add("simulation", schema_of(SimulationSettings{}, {}), {.doc = "how closely to look"});
  run.add("output", schema_of(OutputSettings{}, {}), {.doc = "what is written where"});
  Json schema = Json::parse(run.json());
  schema["required"] = {"workload", "architecture"};
  return schema.dump();
}

std::string document(std::string_view title, const std::string& root) {
  Json schema = Json::parse(root);
  allow_include(schema);
  return schema_document(title, schema.dump());
}

}  // namespace

int schema_command(const SchemaArguments& arguments) {
  if (arguments.kind == "run") {
    write_output(document("sluice run", run_schema()));
  } else if (arguments.kind == "sweep") {
    write_output(document("sluice sweep", sweep_schema(run_schema())));
  } else if (arguments.kind == "architecture") {
    write_output(document("sluice machine", machine_schema()));
  } else if (arguments.kind == "cascade") {
    write_output(document("sluice cascade", cascade_schema()));
  } else if (arguments.kind == "claims") {
    write_output(document("sluice claims", claims_schema()));
  } else if (arguments.kind == "facts") {
    write_output(facts_schema());
  } else if (arguments.kind == "map") {
    write_output(document("sluice map", map_schema()));
  } else if (arguments.kind == "report") {
    write_output(report_schema());
  } else {
    write_output(network_schema());
  }
  return exit_done;
}

}  // namespace sluice
