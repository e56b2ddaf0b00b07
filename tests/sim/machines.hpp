// SPDX-License-Identifier: Apache-2.0
// Every shipped network and machine, and small ones made by hand, for the tests of whole runs.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "sim/evaluate.hpp"
#include "tests/source_path.hpp"
#include "workloads/load.hpp"

namespace sluice::test {

inline Library library() {
  return {{source_path("workloads/library")}, {source_path("arch/tables")}};
}

/// Names of the systolic machines in configs/arch.
inline std::vector<std::string> machines() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(source_path("configs/arch")))
    if (file.path().extension() == ".yaml" && model_of(load_yaml(file.path())) == "systolic")
      names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

inline std::vector<std::string> networks() { return library_networks(library().networks); }

/// The experiment of a shipped network on a shipped machine; `more` sets paths to values.
inline Experiment experiment(const std::string& network, const std::string& machine,
                             const std::vector<std::pair<std::string, std::string>>& more = {}) {
  YamlNode root = parse_yaml("workload: {model: " + network + "}\narchitecture: {}\n", "test.yaml");
  *root.find("architecture") = load_yaml(source_path("configs/arch/" + machine + ".yaml"));
  for (const auto& [path, value] : more) set_path(root, path, value);
  return read_experiment(root, library());
}

/// Of an experiment on a systolic machine.
inline SystolicSetup& systolic(Experiment& e) { return std::get<SystolicSetup>(e.setup); }
inline const SystolicSetup& systolic(const Experiment& e) {
  return std::get<SystolicSetup>(e.setup);
}

/// A network of one product, m x k times k x n.
inline Network product_network(std::uint64_t m, std::uint64_t n, std::uint64_t k,
                               std::uint64_t batch = 1) {
  Network network;
  network.name = "product";
  Layer layer;
  layer.name = "product";
  layer.op = Linear{m, k, n, batch, false, false};
  network.layers.push_back(layer);
  return network;
}

/// A machine with an array, three scratchpads and a memory without limits.
inline Architecture bare_machine(const SystolicArray& array) {
  Architecture architecture;
  architecture.name = "bare";
  architecture.array = array;
  for (const TensorRole role : {TensorRole::input, TensorRole::weight, TensorRole::output}) {
    Scratchpad pad;
    pad.name = std::string(name_of(role)) + "_sram";
    pad.capacity = Bytes{1u << 30};
    pad.holds = {role};
    architecture.scratchpads.push_back(pad);
    Dma dma;
    dma.name = "dma_" + std::string(name_of(role));
    dma.moves = {role};
    architecture.dma.push_back(dma);
  }
  return architecture;
}

}  // namespace sluice::test
