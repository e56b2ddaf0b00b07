// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "dse/relief.hpp"
#include "tests/dse/spaces.hpp"

namespace sluice {
namespace {

DesignSpace machine_space() {
  return space_of(
      "parameters:\n"
      "  a: {path: architecture.array.rows, powers_of_two: [8, 64]}\n"
      "  b: {path: architecture.scratchpads.1.capacity, powers_of_two: [8, 64], unit: KiB}\n"
      "  c: {path: architecture.dram.channels, powers_of_two: [1, 4]}\n"
      "  d: {path: architecture.vector.lanes, powers_of_two: [8, 64]}\n"
      "  e: {path: architecture.systolic_unit.depth, integers: [1, 4]}\n"
      "  f: {path: workload.batch, integers: [1, 4]}\n");
}

TEST_CASE("what relieves a loss follows from where the parameters stand") {
  const DesignSpace space = machine_space();
  using Reliefs = std::vector<Relief>;
  CHECK(reliefs_of(space, "memory_bandwidth") ==
        Reliefs{{0, Change::raise}, {1, Change::raise}, {2, Change::raise}});
  CHECK(reliefs_of(space, "fill") == Reliefs{{0, Change::lower}, {2, Change::any}});
  CHECK(reliefs_of(space, "input_starved:vector") == Reliefs{{3, Change::raise}});
  CHECK(reliefs_of(space, "output_blocked:array") == Reliefs{{0, Change::raise}});
  CHECK(reliefs_of(space, "area_mm2") ==
        Reliefs{{0, Change::lower}, {1, Change::lower}, {3, Change::lower}});
  CHECK(reliefs_of(space, "port_conflict").empty());
}

TEST_CASE("a unit that no rule knows is relieved by parameters under its name, else by memory") {
  const DesignSpace space = machine_space();
  using Reliefs = std::vector<Relief>;
  CHECK(reliefs_of(space, "input_starved:systolic_unit") == Reliefs{{4, Change::any}});
  CHECK(reliefs_of(space, "input_starved:dma.weight") ==
        Reliefs{{0, Change::raise}, {1, Change::raise}, {2, Change::raise}, {2, Change::any}});
}

TEST_CASE("cycles that are not stalls are useful, or lost to folds that do not fill the array") {
  Result result;
  result.metrics = {1000, 1e-6, 0, 0, 0, 0, 0.25, 0, 64};  // utilization 0.25
  result.stalls = {{"memory_bandwidth", 400}, {"fill", 200}};
  // Busy for 400 of 1000 cycles, of which 250 would do.
  const std::vector<Loss> losses = losses_of(result);
  REQUIRE(losses.size() == 4);
  CHECK(losses[0] == Loss{"memory_bandwidth", 0.4});
  CHECK(losses[1] == Loss{"work:array", 0.25});
  CHECK(losses[2] == Loss{"fill", 0.2});
  CHECK(losses[3].cause == "mapping");
  CHECK(losses[3].share == doctest::Approx(0.15));
  CHECK(losses_of(Result{TrialStatus::infeasible, "", {}, {}, {}}).empty());
}

}  // namespace
}  // namespace sluice
