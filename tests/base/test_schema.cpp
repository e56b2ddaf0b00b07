// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/schema.hpp"
#include "tests/base/machine.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

TEST_CASE("the schema of a struct says all that describe() says") {
  const Buffer buffer{.name = "x", .capacity = {4096}, .banks = 2};
  CHECK(json_schema("buffer", buffer) == R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "buffer",
  "type": "object",
  "properties": {
    "name": {
      "description": "name in reports",
      "type": "string"
    },
    "capacity": {
      "description": "what it holds [B]",
      "type": "string",
      "pattern": "^[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)? ?(B|KiB|MiB|GiB|TiB|PiB|EiB|kB|MB|GB|TB|PB|EB)$",
      "examples": [
        "16 MiB"
      ],
      "default": "4 KiB"
    },
    "banks": {
      "description": "banks that work at once",
      "type": "integer",
      "minimum": 1,
      "maximum": 1024,
      "default": 2
    }
  },
  "required": [
    "name"
  ],
  "additionalProperties": false
}
)");
}

TEST_CASE("every kind of field has its schema") {
  const Json properties = Json::parse(json_schema<Machine>("machine"))["properties"];
  CHECK(properties["prefetch"].dump() ==
        R"({"description":"fetch early","type":"boolean","default":true})");
  CHECK(properties["utilization"].dump() ==
        R"({"description":"share of peak","type":"number","minimum":0,"maximum":1,"default":1})");
  CHECK(properties["dataflow"].dump() ==
        R"({"description":"what stays in place","enum":["weight_stationary","output_stationary"],)"
        R"("default":"weight_stationary"})");
  CHECK(properties["note"]["default"] == "");
  CHECK(properties["rows"].contains("default") == false);
  CHECK(properties["cache"]["anyOf"][0]["required"].dump() == R"(["name"])");
  CHECK(properties["cache"]["anyOf"][1].dump() == R"({"type":"null"})");
  CHECK(properties["main"]["properties"]["banks"]["default"] == 2);
  CHECK(properties["buffers"]["items"]["additionalProperties"] == false);
  CHECK(properties["sizes"].dump() ==
        R"({"description":"sizes","type":"array","items":{"type":"integer","minimum":1},)"
        R"("default":[]})");
}

TEST_CASE("a bare zero is in the schema of a quantity that may be zero") {
  const Json properties = Json::parse(json_schema<Machine>("machine"))["properties"];
  CHECK(properties["energy"]["anyOf"][1].dump() == R"({"const":0})");
  CHECK(properties["clock"]["type"] == "string");
  CHECK(properties["bandwidth"]["anyOf"][0]["pattern"].get<std::string>().ends_with("/(s|cycle)$"));
}

}  // namespace
}  // namespace sluice
