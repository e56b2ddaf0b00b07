// SPDX-License-Identifier: Apache-2.0
// The page of a run, as far as it can be read without a browser; tests/cli/test_pages.py looks at
// it in one.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/html.hpp"
#include "sim/writers/page_parts.hpp"
#include "sim/writers/writers.hpp"
#include "tests/sim/writers_samples.hpp"

using namespace sluice;
using nlohmann::json;

namespace {

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t at = text.find(begin);
  REQUIRE(at != std::string::npos);
  const std::size_t from = at + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A machine with the units and memories of the samples.
Experiment experiment() {
  Experiment experiment;
  auto& machine = experiment.setup.emplace<SystolicSetup>().machine;
  machine.name = "edge_16x16";
  machine.array.rows = machine.array.columns = 16;
  machine.scratchpads = {{.name = "glb",
                          .capacity = Bytes{131072},
                          .holds = {TensorRole::input, TensorRole::weight, TensorRole::output}}};
  machine.dma = default_engines();
  return experiment;
}

}  // namespace

TEST_CASE("the page of a run holds the report's own JSON") {
  const std::string page = write_page(samples::report());
  const json data =
      json::parse(between(page, "<script type=\"application/json\" id=\"data\">", "</script>"));
  CHECK(data.size() == 1);
  CHECK(data["report"] == nlohmann::ordered_json::parse(write_json(samples::report())));
}

TEST_CASE("every layer, unit and memory can be read without a script") {
  const Report report = samples::report();
  const std::string page = write_page(report);
  const std::string readable = page.substr(0, page.find("<script"));
  for (const LayerReport& layer : report.layers) {
    CAPTURE(layer.name);
    CHECK(holds(readable, "<td>" + html_text(layer.name) + "</td>"));
    CHECK(holds(readable, html_text(layer.bottleneck)));
  }
  for (const UnitReport& unit : report.units) CHECK(holds(readable, "<td>" + unit.name + "</td>"));
  for (const MemoryReport& memory : report.memories)
    CHECK(holds(readable, "<td>" + memory.name + "</td>"));
  CHECK(holds(readable, html_text(report.total.bottleneck)));
}

TEST_CASE("what was not priced has no chart of energy, and says so") {
  Report report = samples::report();
  CHECK(holds(write_page(report), "id=\"energy\""));
  report.total.energy.clear();
  for (LayerReport& layer : report.layers) layer.energy.clear();
  const std::string page = write_page(report);
  CHECK(holds(page, "the machine has no energy table"));
  CHECK_FALSE(holds(page, "id=\"energy\""));
  CHECK_FALSE(holds(page, "id=\"components\""));
}

TEST_CASE("a memory alone has neither a roofline nor work") {
  Report report = samples::report();
  const auto has_roofline = [](const std::string& page) {
    return holds(page, "id=\"roofline\"") && holds(page, "by the roofline") &&
           holds(page, "<dt>work</dt>");
  };
  CHECK(has_roofline(write_page(report)));
  report.total.macs = 0;
  const std::string page = write_page(report);
  CHECK_FALSE(holds(page, "id=\"roofline\""));
  CHECK_FALSE(holds(page, "by the roofline"));
  CHECK_FALSE(holds(page, "<dt>work</dt>"));
  Experiment alone;
  alone.setup.emplace<MemorySetup>();
  const std::string drawing = machine_svg(alone, report);
  CHECK(holds(drawing, ">dram</text>"));
  CHECK_FALSE(holds(drawing, "PEs"));
}

TEST_CASE("the drawing marks the block that holds the run back, and no other") {
  Report report = samples::report();
  const auto held = [&](std::vector<Stall> stalls) {
    report.total.busy_cycles = 250;
    report.total.mapping_efficiency = 1;
    report.total.stalls = std::move(stalls);
    const std::string svg = machine_svg(experiment(), report);
    CHECK(svg.find("class=\"held\"") == svg.rfind("class=\"held\""));
    return between(between(svg, "<g class=\"held\">", "</g>"), "class=\"name\"", "</text>");
  };
  CHECK(held({{"memory_bandwidth", 1000}}).ends_with(">dram"));
  CHECK(held({{"input_starved:vector", 1000}}).ends_with(">vector"));
  CHECK(held({{"port_conflict", 1000}}).ends_with(">glb"));
  CHECK(held({{"drain", 1000}}).ends_with(">array"));
  CHECK(held({}).ends_with(">array"));
}

TEST_CASE("steps of the timeline count each busy cycle once, however firings overlap") {
  Trace trace;
  trace.tracks = {"array", "vector"};
  trace.names = {"conv", "pool"};
  // Cycles 0..5 and 3..8 of one unit are 8 busy cycles, not 10.
  trace.slices = {{0, 0, 0, 5}, {0, 1, 3, 5}, {1, 1, 9, 1}};
  const json timeline = json::parse(timeline_json(trace, 100));
  CHECK(timeline["start"] == 0);
  CHECK(timeline["cycles_per_step"] == 1);
  CHECK(timeline["units"][0]["busy"] == json({100, 100, 100, 100, 100, 100, 100, 100, 0, 0}));
  CHECK(timeline["units"][0]["firing"] == json({0, 0, 0, 0, 0, 1, 1, 1, -1, -1}));
  CHECK(timeline["units"][1]["busy"] == json({0, 0, 0, 0, 0, 0, 0, 0, 0, 100}));
}

TEST_CASE("a long window is told in at most 600 steps, and ends with the run") {
  Trace trace;
  trace.tracks = {"array"};
  trace.names = {"conv"};
  trace.slices = {{0, 0, 1000, 6000}, {0, 0, 13000, 9000}};
  const json timeline = json::parse(timeline_json(trace, 19000));  // 18 000 cycles: steps of 30
  CHECK(timeline["start"] == 1000);
  CHECK(timeline["cycles_per_step"] == 30);
  const json& busy = timeline["units"][0]["busy"];
  CHECK(busy.size() == 600);
  CHECK(busy[199] == 100);
  CHECK(busy[200] == 0);
  CHECK(busy[400] == 100);
}
