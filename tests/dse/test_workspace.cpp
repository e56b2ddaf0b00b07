// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "dse/evaluator.hpp"
#include "dse/sampling.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

/// Random designs of a sweep, the first and the last value of every parameter among them.
std::vector<Point> designs_of(const DesignSpace& space, std::size_t count, std::uint64_t seed) {
  std::vector<Point> points;
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    for (const std::uint64_t digit : {std::uint64_t{0}, size_of(space.parameters[p].domain) - 1}) {
      Point point{std::vector<std::uint64_t>(space.parameters.size(), 0)};
      point.digits[p] = digit;
      points.push_back(canonical(space, point));
    }
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    Point point;
    for (const SpaceParameter& parameter : space.parameters)
      point.digits.push_back(random.below(size_of(parameter.domain)));
    points.push_back(canonical(space, point));  // whether it keeps the constraints or not
  }
  return points;
}

void check_workspace(const Sweep& sweep, std::size_t count) {
  constexpr std::uint64_t seed = 5;
  CAPTURE(sweep.name);
  CAPTURE(seed);
  Workspace workspace(sweep, test_library());
  for (const Point& point : designs_of(sweep.space, count, seed)) {
    CAPTURE(to_text(sweep.space, point));
    if (const Experiment* experiment = workspace.set(point)) {
      const Experiment read = read_experiment(apply(sweep, point), test_library());
      CHECK(std::get<SystolicSetup>(experiment->setup).machine ==
            std::get<SystolicSetup>(read.setup).machine);
      CHECK(experiment->network == read.network);
      CHECK(std::get<SystolicSetup>(experiment->setup).mapping ==
            std::get<SystolicSetup>(read.setup).mapping);
      CHECK(experiment->simulation == read.simulation);
    }
    CHECK(evaluate_point(workspace, point) == evaluate_point(sweep, test_library(), point));
  }
}

TEST_CASE("a design set in memory is the design that is read, in every shipped sweep") {
  for (const auto& entry : std::filesystem::directory_iterator(source_path("configs/sweep"))) {
    if (entry.path().extension() != ".yaml") continue;
    Sweep sweep = read_sweep(load_yaml(entry.path().string()), test_library());
    sweep.fidelity = Fidelity::analytic;
    check_workspace(sweep, 10);
  }
}

TEST_CASE("a design set in memory is the design that is read, whatever a parameter sets") {
  std::string text = sweep_text;
  text.insert(text.find("constraints:"),
              "  rows_of_input: {path: workload.network.layers.0.rows, integers: [1, 3]}\n"
              "  attention: {path: mapping.attention, choices: [auto, unfused]}\n"
              "  dataflow: {path: architecture.array.dataflow, choices: [ws, os, is]}\n"
              "  preloads: {path: architecture.array.double_buffered_stationary, boolean: true}\n"
              "  format: {path: architecture.array.input_format, choices: [int8, fp32, int4]}\n"
              "  added: {path: architecture.array.accumulator_format, choices: [int32, fp32]}\n"
              "  dram: {path: architecture.dram.preset, choices: [LPDDR4-3200, ideal, DDR4-2400]}\n"
              "  refi: {path: architecture.dram.timing.refi, choices: [3900, null, 300]}\n"
              "  clock: {paths: [architecture.clock], reals: [0.1, 2], levels: 4, unit: GHz}\n");
  const Sweep sweep = sweep_of(text);
  check_workspace(sweep, 300);
  Workspace workspace(sweep, test_library());
  std::size_t in_memory = 0;
  const std::vector<Point> points = designs_of(sweep.space, 300, 6);
  for (const Point& point : points) in_memory += workspace.set(point) != nullptr ? 1 : 0;
  CHECK(in_memory > points.size() / 10);
}

}  // namespace
}  // namespace sluice
