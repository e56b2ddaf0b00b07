// SPDX-License-Identifier: Apache-2.0
// How many layers the analytic fidelity evaluates a second and core, from the layer to its cycles:
// lowering, mapping, the graph and its bounds. Also on two threads, as a ratio to one.
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <string>
#include <vector>

#include "benchmarks/figures.hpp"
#include "mapper/mapping.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/models/systolic.hpp"

namespace {

using namespace sluice;

/// Every layer of a network as a network of its own.
std::vector<Network> layers_of(const Network& network) {
  std::vector<Network> layers;
  for (const Layer& layer : network.layers) {
    Network one;
    one.name = network.name;
    one.layers = {layer};
    one.layers.front().inputs.clear();
    layers.push_back(one);
  }
  return layers;
}

std::uint64_t cycles_of(const Network& network, const Architecture& architecture) {
  const auto mapped = map_for_least_traffic(network, architecture);
  const Mapping* mapping = std::get_if<Mapping>(&mapped);
  if (mapping == nullptr) return 0;
  return analyze(architecture, *mapping, build_systolic(network, architecture, *mapping)).cycles;
}

/// Evaluates all layers `times` times on `threads` threads; the sum of all cycles.
std::uint64_t evaluate_all(const std::vector<Network>& layers, const Architecture& architecture,
                           std::size_t times, int threads) {
  std::vector<std::uint64_t> cycles(layers.size() * times);
  tbb::task_arena arena(threads);
  arena.execute([&] {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, cycles.size(), 64),
                      [&](const auto& range) {
                        for (std::size_t i = range.begin(); i != range.end(); ++i)
                          cycles[i] = cycles_of(layers[i % layers.size()], architecture);
                      });
  });
  std::uint64_t sum = 0;
  for (const std::uint64_t c : cycles) sum += c;
  return sum;
}

void measure(const char* run_file, bench::Figures& figures) {
  const Experiment experiment = bench::experiment(run_file);
  const std::vector<Network> layers = layers_of(experiment.network);
  const Architecture& machine = std::get<SystolicSetup>(experiment.setup).machine;
  constexpr std::size_t times = 100;
  const auto evaluations = static_cast<double>(layers.size() * times);
  std::uint64_t one = 0, two = 0;
  const auto run = [&](int threads, std::uint64_t& sum) {
    return [&, threads] { sum = evaluate_all(layers, machine, times, threads); };
  };
  const double seconds = bench::least_seconds(7, bench::cpu_seconds, run(1, one));
  const std::string name = std::string(run_file, std::string(run_file).find('.'));
  figures.at_least(name + ": layers a second and core", evaluations / seconds, 1e5, "layers/s");
  // Two threads: as fast as two cores that are free allow, at the same processor time a layer.
  double wall_one = 1e300, wall_two = 1e300, cpu_two = 1e300;
  for (int round = 0; round < 7; ++round) {  // alternating, since others use the machine too
    wall_one = std::min(wall_one, bench::least_seconds(1, bench::wall_seconds, run(1, one)));
    const double cpu_begin = bench::cpu_seconds();
    wall_two = std::min(wall_two, bench::least_seconds(1, bench::wall_seconds, run(2, two)));
    cpu_two = std::min(cpu_two, bench::cpu_seconds() - cpu_begin);
  }
  figures.note(name + ": two threads, speed to one", wall_one / wall_two, "x");
  figures.note(name + ": two threads, processor time to one", cpu_two / seconds, "x");
  if (one != two) {
    std::printf("two threads give other cycles than one\n");
    figures.at_most(name + ": difference", 1, 0, "");
  }
}

}  // namespace

int main() {
  bench::Figures figures;
  measure("resnet50_128_ws_ideal.yaml", figures);
  measure("resnet50_128_ws_dram.yaml", figures);
  measure("bert_base_tpu_v4i.yaml", figures);
  figures.at_most("peak memory", bench::peak_memory_mb(), 300, "MB");
  return figures.status();
}
