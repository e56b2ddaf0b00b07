// SPDX-License-Identifier: Apache-2.0
// What the mapper `heuristic` gains over the tilings of least traffic, in cycles of `tile`, and how
// near its timeline comes to them: a line for each shipped network, on the machines named as
// arguments (`machine`, or `machine/network`) or on all. scripts/gains makes the table of
// docs/mapping.md of it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/figures.hpp"
#include "mapper/mappers.hpp"
#include "mapper/timeline.hpp"
#include "sim/models/systolic.hpp"
#include "sim/tile/tile.hpp"
#include "workloads/load.hpp"

namespace sluice::bench {
namespace {

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

/// What can be run in seconds: images as they are, texts of 128 tokens with the first two of the
/// blocks, which are all the same; of the language models of 7 billion parameters and more one
/// block of 16 tokens, without the head.
Experiment shortened(const std::string& network, const std::string& machine) {
  YamlNode root =
      parse_yaml("workload: {model: " + network + "}\narchitecture: {}\n", "gains.yaml");
  *root.find("architecture") =
      load_yaml(std::string(SLUICE_SOURCE_DIR) + "/configs/arch/" + machine + ".yaml");
  const bool images = has(network, "net") || has(network, "vgg") || has(network, "vit");
  const bool large = has(network, "llama") || has(network, "mixtral") || has(network, "gpt3");
  if (!images) set_path(root, "workload.seq_len", large ? "16" : "128");
  Experiment e = read_experiment(root, library());
  std::erase_if(e.network.layers, [&](const Layer& layer) {
    const auto at = layer.name.find("block");
    if (at == std::string::npos) return large && layer.name == "head";
    return std::atoi(layer.name.c_str() + at + 5) >= (large ? 1 : 2);
  });
  return e;
}

const Architecture& machine_of(const Experiment& e) {
  return std::get<SystolicSetup>(e.setup).machine;
}

double tile_cycles(const Experiment& e, const Mapping& mapping) {
  const SystolicGraph machine = build_systolic(e.network, machine_of(e), mapping);
  const TileOutcome outcome = run_tile(machine.graph, {machine_of(e).dram, machine_of(e).clock});
  return static_cast<double>(std::get<TileResult>(outcome).cycles);
}

double timeline_cycles(const Experiment& e, const Mapping& mapping) {
  Timeline timeline(machine_of(e));
  Dependencies dependencies(e.network);
  for (const TaskMapping& mapped : mapping.tasks)
    timeline.append(mapped.task.work, mapped.tiling, dependencies.next(mapped.task));
  return timeline.end();
}

void compare(const std::string& machine, const std::string& network) {
  const Experiment e = shortened(network, machine);
  const auto least = map_for_least_traffic(e.network, machine_of(e));
  if (std::holds_alternative<Infeasible>(least)) return;
  const double begin = cpu_seconds();
  const auto chosen = map_network("heuristic", e.network, machine_of(e));
  const double milliseconds = 1e3 * (cpu_seconds() - begin);
  const double before = tile_cycles(e, std::get<Mapping>(least));
  const double after = tile_cycles(e, std::get<Mapping>(chosen));
  std::printf("%-18s %-14s %12.0f %12.0f %8.4f %8.3f %8.3f %8.2f\n", machine.c_str(),
              network.c_str(), before, after, after / before,
              timeline_cycles(e, std::get<Mapping>(least)) / before,
              timeline_cycles(e, std::get<Mapping>(chosen)) / after, milliseconds);
  std::fflush(stdout);
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  std::vector<std::string> machines(argv + 1, argv + argc);
  if (machines.empty())
    for (const auto& file :
         std::filesystem::directory_iterator(std::string(SLUICE_SOURCE_DIR) + "/configs/arch"))
      if (sluice::model_of(sluice::load_yaml(file.path())) == "systolic")
        machines.push_back(file.path().stem());
  std::sort(machines.begin(), machines.end());
  std::printf("%-18s %-14s %12s %12s %8s %8s %8s %8s\n", "machine", "network", "least traffic",
              "heuristic", "ratio", "timeline", "timeline", "ms");
  for (const std::string& named : machines) {
    const std::size_t slash = named.find('/');
    const std::string only = slash == std::string::npos ? "" : named.substr(slash + 1);
    for (const std::string& network : sluice::library_networks(sluice::bench::library().networks))
      if (only.empty() || only == network) sluice::bench::compare(named.substr(0, slash), network);
  }
}
