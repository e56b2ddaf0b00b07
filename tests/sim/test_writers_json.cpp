// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/diagnostics.hpp"
#include "sim/writers/writers.hpp"
#include "tests/sim/writers_samples.hpp"

using namespace sluice;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> result;
  for (const auto& [key, value] : object.items()) result.push_back(key);
  return result;
}

/// The messages of read_json, without the hints.
std::vector<std::string> mistakes(const std::string& text) {
  std::vector<std::string> result;
  try {
    (void)read_json(text, "r.json");
  } catch (const SpecError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) result.push_back(diagnostic.message);
  }
  return result;
}

std::string shown(const std::string& text) {
  try {
    (void)read_json(text, "r.json");
  } catch (const SpecError& error) {
    return error.what();
  }
  return "";
}

/// The sample with one change.
std::string changed(const std::function<void(Json&)>& change) {
  Json json = Json::parse(write_json(samples::report()));
  change(json);
  return json.dump();
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("a report that is written as JSON reads back the same") {
  const Outcome report = samples::report();
  CHECK(read_json(write_json(report)) == report);
  const Outcome empty = Report{};
  CHECK(read_json(write_json(empty)) == empty);
}

TEST_CASE("an infeasible design that is written as JSON reads back the same") {
  const Outcome outcome = Infeasible{"task conv1: the input does not fit glb", 196608, 131072, "B"};
  CHECK(write_json(outcome) == R"({
  "version": 1,
  "infeasible": {
    "what": "task conv1: the input does not fit glb",
    "needed": 196608,
    "available": 131072,
    "unit": "B"
  }
}
)");
  CHECK(read_json(write_json(outcome)) == outcome);
}

TEST_CASE("random reports of odd texts and extreme numbers read back the same") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const Outcome report = samples::RandomReport(seed).report();
    const std::string text = write_json(report);
    REQUIRE(read_json(text) == report);
    REQUIRE(write_json(read_json(text)) == text);
  }
}

TEST_CASE("the keys of the JSON form stand in a fixed order") {
  const Json json = Json::parse(write_json(samples::report()));
  CHECK(keys(json) == Messages{"version", "provenance", "machine", "network", "total", "layers",
                               "units", "memories", "counters"});
  const Messages of_layer{"name",
                          "operator",
                          "unit",
                          "cycles",
                          "seconds",
                          "macs",
                          "vector_operations",
                          "utilization",
                          "mapping_efficiency",
                          "busy_cycles",
                          "overlapped_cycles",
                          "stalls",
                          "traffic",
                          "traffic_bytes",
                          "arithmetic_intensity",
                          "overlapped_bytes",
                          "roofline_utilization",
                          "energy",
                          "energy_pj",
                          "tiling",
                          "bottleneck"};
  CHECK(keys(json["total"]) == of_layer);
  CHECK(keys(json["layers"][1]) == of_layer);
  CHECK(keys(json["layers"][0]["stalls"]) ==
        Messages{"memory_bandwidth", "fill", "input_starved:vector"});
}

TEST_CASE("a double is written with the fewest digits that read back") {
  Report report;
  report.total.seconds = 0.1;
  report.total.energy_pj = 5e-324;       // the smallest
  report.total.utilization = 1.0 / 3.0;  // 16 digits
  report.machine.clock_hz = 1e9;
  report.machine.area_um2 = 1e22;
  const std::string text = write_json(report);
  for (const char* expected :
       {"\"seconds\": 0.1,", "\"energy_pj\": 5e-324,", "\"utilization\": 0.3333333333333333,",
        "\"clock_hz\": 1000000000,", "\"area_um2\": 1e+22"}) {
    CAPTURE(expected);
    CHECK(text.find(expected) != std::string::npos);
  }
}

TEST_CASE("an intensity without bound is null") {
  Report report;
  report.total.arithmetic_intensity = std::numeric_limits<double>::infinity();
  const std::string text = write_json(report);
  CHECK(text.find("\"arithmetic_intensity\": null") != std::string::npos);
  CHECK(std::get<Report>(read_json(text)) == report);
}

TEST_CASE("a key that is missing or unknown is an error with its place") {
  CHECK(mistakes(changed([](Json& json) { json["layers"][1].erase("cycles"); })) ==
        Messages{"layers[1]: 'cycles' is missing"});
  const std::string text = changed([](Json& json) { json["total"]["cycle"] = 1; });
  CHECK(shown(text) == "r.json: error: total: unknown key 'cycle'\nhint: did you mean 'cycles'?");
  CHECK(mistakes("{\"version\": 1}").size() == 8);
}

TEST_CASE("all values of the wrong type are reported together") {
  const std::string text = changed([](Json& json) {
    json["layers"][0]["cycles"] = -1;
    json["layers"][0]["seconds"] = "soon";
    json["layers"][0]["stalls"]["fill"] = 0.5;
    json["machine"]["name"] = 5;
    json["units"] = Json::object();
    json["memories"][1] = true;
  });
  CHECK(mistakes(text) ==
        Messages{"machine.name: a text is expected, not '5'",
                 "layers[0].cycles: a whole number from 0 to 18446744073709551615 is expected, "
                 "not '-1'",
                 "layers[0].seconds: a number or null is expected, not '\"soon\"'",
                 "layers[0].stalls.fill: a whole number from 0 to 18446744073709551615 is "
                 "expected, not '0.5'",
                 "units: a list is expected, not an object",
                 "memories[1]: an object is expected, not 'true'"});
}

TEST_CASE("a report of another version is refused before anything else") {
  const std::string text = changed([](Json& json) { json = {{"version", 2}, {"new", 1}}; });
  CHECK(shown(text) ==
        "r.json: error: version 2 of the report format is not known\n"
        "hint: this sluice reads version 1");
}

TEST_CASE("what is not JSON is reported with line and column") {
  CHECK(shown("{\"version\": 1,\n  oops}") ==
        "r.json:2:3: error: this is not JSON: syntax error while parsing object key - invalid "
        "literal; last read: '1,<U+000A>  o'; expected string literal\n    oops}\n    ^");
  CHECK(mistakes("").size() == 1);
  CHECK(mistakes("[]") == Messages{"an object is expected, not a list"});
  CHECK(mistakes(std::string(100000, '[')) == Messages{"nested deeper than 32 levels"});
}

TEST_CASE("a key that is there twice is an error") {
  CHECK(
      mistakes("{\"version\": 1, \"infeasible\": {\"what\": \"a\", \"what\": \"b\", \"needed\": 1, "
               "\"available\": 0, \"unit\": \"B\"}}") ==
      Messages{"the key 'what' is there twice in one object"});
}
