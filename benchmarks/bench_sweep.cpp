// SPDX-License-Identifier: Apache-2.0
// How many designs a second the evaluator gives answers for, through the interface that a sweep
// uses: batches of points in, results with metrics, bottleneck and stalls out. One layer, and a
// machine of which ten parameters vary.
#include <tbb/task_arena.h>

#include "base/yaml.hpp"
#include "benchmarks/figures.hpp"
#include "dse/evaluator.hpp"
#include "dse/sampling.hpp"

namespace {

using namespace sluice;

/// One layer of a network on the shipped edge space.
Sweep one_layer(const std::string& layer) {
  YamlNode root = load_yaml(std::string(SLUICE_SOURCE_DIR) + "/configs/sweep/tpu_edge.yaml");
  set_path(root, "experiment.workload",
           "{network: {name: one, layers: [{name: one, " + layer + "}]}}");
  return read_sweep(root, bench::library());
}

std::vector<Point> designs(const Sweep& sweep, std::size_t count) {
  Random random(1);
  Seen seen;
  std::vector<Point> points;
  add_distinct(points, count, seen, [&] { return random_point(sweep.space, random); });
  return points;
}

void measure(const std::string& name, const std::string& layer, bench::Figures& figures) {
  const Library library = bench::library();
  const Sweep sweep = one_layer(layer);
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
  tbb::task_arena one_thread(1), two_threads(2);
  const double one = bench::least_seconds(5, bench::cpu_seconds, [&] { one_thread.execute(all); });
  const double two = bench::least_seconds(5, bench::cpu_seconds, [&] { two_threads.execute(all); });
  figures.note(name + ": designs that are ok", 100.0 * static_cast<double>(ok) / count, "%");
  figures.at_least(name + ": designs a second of two free cores", 2 * count / one, 2e5,
                   "designs/s");
  figures.note(name + ": two threads, processor time to one", two / one, "x");
}

}  // namespace

int main() {
  bench::Figures figures;
  // A projection of BERT-base (Devlin et al., NAACL 2019, hidden size 768) for 128 tokens, and a
  // convolution of ResNet-50 (He et al., CVPR 2016, table 1, conv3_x).
  measure("projection", "op: linear, rows: 128, in_features: 768, out_features: 768", figures);
  measure("convolution",
          "op: conv2d, batch: 1, in_channels: 128, in_height: 28, in_width: 28, "
          "out_channels: 128, kernel: 3, padding: 1",
          figures);
  figures.at_most("peak memory", bench::peak_memory_mb(), 600, "MB");
  return figures.status();
}
