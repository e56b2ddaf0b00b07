// SPDX-License-Identifier: Apache-2.0
// The registry of mappers, and the one that does not tile.
#include <doctest/doctest.h>

#include <string>

#include "base/diagnostics.hpp"
#include "mapper/mappers.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

Network two_layers() {
  Network network;
  network.name = "two";
  network.layers = {{"fc", Linear{.rows = 100, .in_features = 211, .out_features = 37}, {}, {}},
                    {"act", Elementwise{.kind = ElementwiseKind::relu, .elements = 3700}, {}, {}}};
  return network;
}

TEST_CASE("every mapper describes itself under its own name") {
  const auto list = mapper_descriptors();
  REQUIRE(list.size() == 4);
  CHECK(list[0].name == "heuristic");
  CHECK(list[1].name == "fixed");
  CHECK(list[2].name == "search");
  CHECK(list[3].name == "whole");
  for (const Descriptor& d : list) CHECK_FALSE(d.summary.empty());
}

std::string mistake(std::string_view mapper) {
  try {
    map_network(mapper, two_layers(), machine(4096, 4096, 4096));
  } catch (const SpecError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("an unknown mapper is answered with the nearest one") {
  CHECK(mistake("heuristics") ==
        "mapper: error: there is no mapper 'heuristics'\nhint: did you mean 'heuristic'?");
}

TEST_CASE("who asks for the mapper of the first versions is told which has taken its place") {
  CHECK(mistake("simple") ==
        "mapper: error: there is no mapper 'simple'\n"
        "hint: heuristic has taken its place");
}

TEST_CASE("the mapper whole makes one tile of each task, larger than the scratchpads or not") {
  const Architecture a = machine(16, 16, 16);
  const auto mapping = std::get<Mapping>(map_network("whole", two_layers(), a));
  REQUIRE(mapping.tasks.size() == 2);
  CHECK(std::get<GemmTiling>(mapping.tasks[0].tiling) == GemmTiling{100, 37, 211, false});
  CHECK(std::get<VectorTiling>(mapping.tasks[1].tiling) == VectorTiling{3700});
  CHECK_FALSE(respects_capacity("whole"));
  CHECK_FALSE(verify(mapping, a).empty());
  CHECK(verify(mapping, machine(1 << 20, 1 << 20, 1 << 20)).empty());
}

TEST_CASE("the mapper whole reads every operand once and writes every result once") {
  const Architecture a = machine(16, 16, 16);
  const auto mapping = std::get<Mapping>(map_network("whole", two_layers(), a));
  const TaskTraffic moved = traffic(mapping.tasks[0], a);
  CHECK(moved == TaskTraffic{100 * 211, 211 * 37, 100 * 37});  // int8: one byte each
}

TEST_CASE("work that cannot be counted is infeasible for every mapper") {
  Network network = two_layers();
  // 2^20 x 2^20 x 2^19 = 2^59 MACs, more than the 2^58 that are counted.
  network.layers[0].op = Linear{.rows = 1 << 20, .in_features = 1 << 20, .out_features = 1 << 19};
  for (const Descriptor& d : mapper_descriptors()) {
    CAPTURE(d.name);
    const auto mapped = map_network(d.name, network, machine(4096, 4096, 4096));
    REQUIRE(std::holds_alternative<Infeasible>(mapped));
    CHECK(std::get<Infeasible>(mapped).what == "task fc: more work than can be counted");
    CHECK(std::get<Infeasible>(mapped).needed == std::uint64_t{1} << 59);
  }
}

}  // namespace
}  // namespace sluice
