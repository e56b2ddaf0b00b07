// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "workloads/fields.hpp"
#include "workloads/load.hpp"

using namespace sluice;
using Json = nlohmann::json;

TEST_CASE("the schema knows every operator and its fields") {
  const Json schema = Json::parse(network_schema());
  CHECK(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  for (const auto& entry : EnumNames<OperatorWord>::table) {
    CAPTURE(entry.name);
    const Json& op = schema["$defs"].at(std::string(entry.name));
    CHECK(op["properties"]["op"]["const"] == entry.name);
    CHECK(op["additionalProperties"] == false);
    for (const LayerKey& key : layer_keys) CHECK(op["properties"].contains(key.key));
  }
  const Json& conv = schema["$defs"]["conv2d"];
  CHECK(conv["required"] == Json::array({"name", "op", "out_channels", "kernel"}));
  CHECK(conv["properties"]["stride"]["description"] ==
        "step of the window: one number, or [height, width]");
  CHECK(schema["$defs"]["elementwise"]["properties"].contains("channels"));
  CHECK(schema["$defs"]["linear"]["properties"]["rows"]["anyOf"][0]["minimum"] == 1);
  // One choice for a group and one for each operator.
  CHECK(schema["$defs"]["layers"]["items"]["oneOf"].size() ==
        1 + std::size(EnumNames<OperatorWord>::table));
}

TEST_CASE("every reference of the schema leads to a definition") {
  const Json schema = Json::parse(network_schema());
  std::size_t references = 0;
  const auto visit = [&](const auto& self, const Json& node) -> void {
    if (node.is_object() && node.contains("$ref")) {
      const std::string target = node["$ref"];
      CAPTURE(target);
      CHECK(schema.contains(Json::json_pointer(target.substr(1))));
      ++references;
    }
    for (const Json& child : node)
      if (child.is_structured()) self(self, child);
  };
  visit(visit, schema);
  CHECK(references > 50);
}
