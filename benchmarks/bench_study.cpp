// SPDX-License-Identifier: Apache-2.0
// What it takes to look at a study of a million trials with the command.
#include "benchmarks/command.hpp"
#include "benchmarks/figures.hpp"
#include "dse/evaluator.hpp"
#include "dse/run_sweep.hpp"
#include "dse/sampling.hpp"
#include "dse/space_index.hpp"
#include "tests/base/folder.hpp"

namespace {

using namespace sluice;

constexpr std::uint64_t trials = 1'000'000, simulated = 2'000, together = 10'000;

/// A study of as many designs of the shipped edge space, evenly chosen. Some are simulated; of the
/// others the metrics are those of these, each by another millionth larger.
void make_study(const std::string& path) {
  const Library library = bench::library();
  YamlNode root = load_yaml(std::string(SLUICE_SOURCE_DIR) + "/configs/sweep/tpu_edge.yaml");
  set_path(root, "experiment.workload", "{model: alexnet}");
  const Sweep sweep = read_sweep(root, library);
  Random random(1);
  std::vector<Point> some;
  for (std::uint64_t i = 0; i < simulated; ++i) some.push_back(*random_point(sweep.space, random));
  const std::vector<Result> known = Evaluator(sweep, library).evaluate(some);
  const SpaceIndex index(sweep.space);
  Study study = study_of(sweep, path);
  for (std::uint64_t first = 0; first < trials; first += together) {
    std::vector<Trial> batch;
    for (std::uint64_t i = first; i < first + together; ++i) {
      const Point point = index.point(i * (*index.count() / trials));
      batch.push_back({i, i / together, point, known[i % simulated]});
      for (double& metric : batch.back().result.metrics)
        metric *= 1 + 1e-6 * static_cast<double>(i);
    }
    study.add(batch);
  }
}

void measure(const std::string& what, const std::vector<std::string>& words,
             bench::Figures& figures) {
  const bench::Cost cost = bench::run_command(words);
  figures.at_most("a million trials: " + what, cost.cpu, 10, "s");
  figures.note("- wall time", cost.wall, "s");
  figures.note("- peak memory", cost.memory_mb, "MB");
}

}  // namespace

int main() {
  const Folder folder;
  const std::string path = folder.path("million.sqlite");
  const double begin = bench::cpu_seconds();
  make_study(path);
  bench::Figures figures;
  figures.note("a million trials: made in", bench::cpu_seconds() - begin, "s");
  figures.note("- the file", static_cast<double>(std::filesystem::file_size(path)) / 1e6, "MB");
  measure("study list", {"study", "list", path}, figures);
  measure("study show", {"study", "show", path}, figures);
  measure("study best", {"study", "best", path}, figures);
  measure("study front", {"study", "front", path}, figures);
  measure("study export, CSV", {"study", "export", path}, figures);
  measure("study export, JSON lines", {"study", "export", path, "--format", "jsonl"}, figures);
  return figures.status();
}
