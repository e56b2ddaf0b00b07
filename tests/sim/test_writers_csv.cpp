// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "sim/writers/writers.hpp"
#include "tests/sim/writers_samples.hpp"

using namespace sluice;

namespace {

/// Rows of fields by the grammar of RFC 4180, section 2.
std::vector<std::vector<std::string>> parse(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& field = rows.back().back();
    if (text[i] == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"')
        field += text[i++];
      else
        quoted = !quoted;
    } else if (quoted) {
      field += text[i];
    } else if (text[i] == ',') {
      rows.back().emplace_back();
    } else if (text[i] == '\r') {
      REQUIRE(text.at(++i) == '\n');
      rows.emplace_back(1);
    } else {
      field += text[i];
    }
  }
  REQUIRE(rows.back() == std::vector<std::string>{""});  // the last line is ended, too
  rows.pop_back();
  return rows;
}

}  // namespace

TEST_CASE("CSV has a line for each layer and one for the total") {
  const auto rows = parse(write_csv(samples::report()));
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == std::vector<std::string>{"scope",
                                            "name",
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
                                            "traffic_bytes",
                                            "arithmetic_intensity",
                                            "overlapped_bytes",
                                            "roofline_utilization",
                                            "energy_pj",
                                            "stall_cycles:fill",
                                            "stall_cycles:drain",
                                            "stall_cycles:memory_bandwidth",
                                            "stall_cycles:memory_latency",
                                            "stall_cycles:port_conflict",
                                            "stall_cycles:input_starved:vector",
                                            "tiling",
                                            "bottleneck"});
  CHECK(std::vector(rows[1].begin(), rows[1].begin() + 24) ==
        std::vector<std::string>{
            "layer",  "conv1", "conv2d", "array", "1000",   "1e-06",
            "115200", "64",    "0.45",   "0.75",  "600",    "0",
            "9600",   "12",    "0",      "0.75",  "103040", "60",
            "0",      "300",   "0",      "0",     "40",     "m 49 of 196, n 16, k 147 (n, m, k)"});
  CHECK(rows[2][1] == "attention \"0\", softmax");
  CHECK(rows[3][0] == "total");
  CHECK(rows[3][4] == "1250");
}

TEST_CASE("CSV quotes commas, quotes and newlines and keeps every row as long as the header") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const Report report = samples::RandomReport(seed).report();
    const auto rows = parse(write_csv(report));
    REQUIRE(rows.size() == report.layers.size() + 2);
    for (const auto& row : rows) REQUIRE(row.size() == rows[0].size());
    for (std::size_t i = 0; i < report.layers.size(); ++i) {
      REQUIRE(rows[i + 1][1] == report.layers[i].name);
      REQUIRE(rows[i + 1].back() == report.layers[i].bottleneck);
    }
  }
}

TEST_CASE("the columns of causes do not depend on the order in which they occur") {
  Report report;
  report.layers.resize(2);
  report.layers[0].stalls = {{"output_blocked:a", 1}, {"drain", 2}};
  report.layers[1].stalls = {{"input_starved:b", 3}};
  const std::string first = write_csv(report);
  std::swap(report.layers[0], report.layers[1]);
  CHECK(parse(write_csv(report))[0] == parse(first)[0]);
  CHECK(parse(first)[0][22] == "stall_cycles:input_starved:b");
  CHECK(parse(first)[0][23] == "stall_cycles:output_blocked:a");
}
