// SPDX-License-Identifier: Apache-2.0
// How many designs a second the evaluator gives answers for, through the interface that a sweep
// uses: batches of points in, results with metrics, bottleneck and stalls out. One layer, and a
// machine of which ten parameters vary.
#include "base/yaml.hpp"
#include "benchmarks/figures.hpp"
#include "dse/evaluator.hpp"
#include "dse/sampling.hpp"

namespace {

using namespace sluice;

/// A convolution of ResNet-50 (conv3_x, He et al., CVPR 2016, table 1) on the shipped edge space.
Sweep one_layer() {
  YamlNode root = load_yaml(std::string(SLUICE_SOURCE_DIR) + "/configs/sweep/tpu_edge.yaml");
  set_path(root, "experiment.workload",
           "{network: {name: conv3, layers: [{name: conv3, op: conv2d, batch: 1, in_channels: 128, "
           "in_height: 28, in_width: 28, out_channels: 128, kernel: 3, padding: 1}]}}");
  return read_sweep(root, bench::library());
}

std::vector<Point> designs(const Sweep& sweep, std::size_t count) {
  Random random(1);
  Seen seen;
  std::vector<Point> points;
  add_distinct(points, count, seen, [&] { return random_point(sweep.space, random); });
  return points;
}

}  // namespace

int main() {
  bench::Figures figures;
  const Library library = bench::library();
  const Sweep sweep = one_layer();
  constexpr std::size_t count = 20'000, batch = 4096;
  const std::vector<Point> points = designs(sweep, count);
  std::size_t ok = 0;
  const auto all = [&] {
    Evaluator evaluator(sweep, library);
    ok = 0;
    for (std::size_t first = 0; first < count; first += batch)
      for (const Result& result :
           evaluator.evaluate(std::span(points).subspan(first, std::min(batch, count - first))))
        ok += result.status == TrialStatus::ok ? 1 : 0;
  };
  const double wall = bench::least_seconds(3, bench::wall_seconds, all);
  const double cpu = bench::least_seconds(3, bench::cpu_seconds, all);
  figures.note("designs that are ok", 100.0 * static_cast<double>(ok) / count, "%");
  figures.note("designs a second, wall time", count / wall, "designs/s");
  figures.at_least("designs a second of two cores", 2 * count / cpu, 2e5, "designs/s");
  figures.at_most("peak memory", bench::peak_memory_mb(), 600, "MB");
  return figures.status();
}
