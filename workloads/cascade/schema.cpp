// SPDX-License-Identifier: Apache-2.0
// JSON Schemas (draft 2020-12) of cascade files, and of what is derived from them.
#include "base/schema.hpp"

#include <nlohmann/json.hpp>

#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json described(Json schema, std::string_view doc) {
  schema["description"] = doc;
  return schema;
}
Json text(std::string_view doc) { return described({{"type", "string"}}, doc); }
Json number(std::string_view doc) { return described({{"type", "integer"}, {"minimum", 0}}, doc); }
Json list_of(Json items, std::string_view doc) {
  return described({{"type", "array"}, {"items", std::move(items)}}, doc);
}
Json map_of(Json values, std::string_view doc) {
  return described({{"type", "object"}, {"additionalProperties", std::move(values)}}, doc);
}
/// A formula is a text or a number.
Json formula() { return {{"type", Json::array({"integer", "string"})}}; }

/// An object with these properties, all of which are there unless `needed` says otherwise.
Json object_of(Json properties, Json needed = nullptr) {
  if (needed.is_null()) {
    needed = Json::array();
    for (const auto& [key, value] : properties.items()) needed.push_back(key);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(needed)},
          {"additionalProperties", false}};
}

Json parameter() {
  const Json value = {{"type", Json::array({"integer", "string", "boolean"})}};
  Json rule = object_of({{"default", described(value, "value, or a formula over those before it")},
                         {"min", described(formula(), "least value; 1 if not given")},
                         {"max", described(formula(), "greatest value")},
                         {"choices", list_of({{"type", "string"}}, "words that it may be")},
                         {"doc", text("what it means")}},
                        Json::array({"default"}));
  return {{"anyOf", Json::array({value, std::move(rule)})}};
}

Json names() { return list_of({{"type", "string"}}, "tensors; default: what nothing reads"); }

Json facts_of_tensor() {
  return object_of({{"name", text("name of the tensor")},
                    {"kind", {{"enum", Json::array({"input", "intermediate", "output"})}}},
                    {"dimensions", list_of(object_of({{"size", number("elements")},
                                                      {"rank", text("rank it runs over")}},
                                                     Json::array({"size"})),
                                           "in the order of its indices")},
                    {"elements", number("product of the sizes")},
                    {"live_elements", number("what the best mapping must hold at once")}});
}

Json operations() {
  return map_of(number("how many"), "operations by kind; mac is a product that is summed");
}

Json facts_of_einsum() {
  const Json read = object_of({{"tensor", text("tensor")}, {"access", text("with its indices")}});
  const Json reduction =
      object_of({{"operation", {{"enum", Json::array({"+", "*", "max", "min"})}}},
                 {"ranks", list_of({{"type", "string"}}, "ranks it removes")}});
  return object_of({{"text", text("the Einsum as written")},
                    {"output", text("tensor it makes")},
                    {"reads", list_of(read, "operands, from left to right")},
                    {"ranks", list_of({{"type", "string"}}, "iteration space")},
                    {"reductions", list_of(reduction, "in order")},
                    {"conditions", list_of({{"type", "string"}}, "where it is computed")},
                    {"points", number("where all conditions hold")},
                    {"results", number("elements of the output that some point contributes to")},
                    {"exact", described({{"type", "boolean"}},
                                        "false: conditions were too costly to count, left out")},
                    {"operations", operations()}});
}

}  // namespace

std::string cascade_schema() {
  Json root = object_of(
      {{"name", text("name of the cascade")},
       {"summary", text("a sentence on what it computes")},
       {"source", text("paper or other origin")},
       {"element_bits",
        described(formula(), "bits of an element of every tensor; 16 if not given")},
       {"parameters", map_of(parameter(), "numbers and words that a user may change")},
       {"let", map_of(formula(), "formulas with names")},
       {"require",
        map_of({{"type", "string"}}, "conditions on parameters: what is wrong otherwise")},
       {"ranks", map_of(formula(), "sizes of ranks")},
       {"iterative", map_of({{"type", "string"}}, "ranks that carry values, and when they stop")},
       {"conditions", map_of({{"type", "string"}}, "conditions with names")},
       {"functions", map_of({{"type", "string"}}, "scalar functions: silu(x): x * sigmoid(x)")},
       {"inputs", list_of({{"type", "string"}}, "tensors with their dimensions: Q[e,p]")},
       {"outputs", names()},
       {"einsums",
        described({{"anyOf", Json::array({{{"type", "string"}},
                                          {{"type", "array"}, {"items", {{"type", "string"}}}}})}},
                  "one a line: Z[m] = A[m,k] * B[k]")}},
      Json::array({"name", "einsums"}));
  return root.dump();
}

std::string facts_schema() {
  const Json rank = object_of({{"name", text("name of the rank")},
                               {"size", number("coordinates")},
                               {"iterative", {{"type", "boolean"}}}});
  const Json distance =
      object_of({{"rank", text("iterative rank")},
                 {"distance", described({{"type", "integer"}}, "coordinates from made to read")}});
  const Json edge = object_of({{"writer", number("place of the Einsum that makes the tensor")},
                               {"reader", number("place of the one that reads it")},
                               {"tensor", text("tensor")},
                               {"distances", list_of(distance, "by iterative rank")}});
  const Json pass = object_of(
      {{"rank", text("rank, with what it is split into")},
       {"covers",
        list_of(list_of({{"type", "string"}}, "ranks"), "ranks that traverse it together")},
       {"passes", number("how often the elements of one tensor must be traversed")},
       {"stages", list_of(number("pass"), "of every Einsum; 0: it does not traverse the rank")}});
  const Json recurrence =
      object_of({{"rank", text("iterative rank")},
                 {"distance", number("the largest")},
                 {"tensors", list_of({{"type", "string"}}, "what it carries")}});
  const Json bytes = {{"type", "number"}};
  return schema_document(
      "sluice cascade, as JSON",
      object_of(
          {{"schema_version", {{"const", 1}}},
           {"name", text("name of the cascade")},
           {"summary", text("a sentence on what it computes")},
           {"source", text("paper or other origin")},
           {"element_bits", number("of every tensor")},
           {"ranks", list_of(rank, "sorted by name")},
           {"tensors", list_of(facts_of_tensor(), "inputs first")},
           {"einsums", list_of(facts_of_einsum(), "in the order of the file")},
           {"edges", list_of(edge, "which Einsum needs which; places count from 0")},
           {"passes", list_of(pass, "by rank")},
           {"recurrences", list_of(recurrence, "by iterative rank")},
           {"operations", operations()},
           {"least_traffic",
            object_of(
                {{"read_bytes",
                  described(bytes, "every input once; of one that is gathered, what is asked for")},
                 {"written_bytes", described(bytes, "every output once")},
                 {"operations_per_byte", described(bytes, "a MAC counts as two")}})}})
          .dump());
}

}  // namespace sluice
