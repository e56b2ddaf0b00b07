// SPDX-License-Identifier: Apache-2.0
#include "sim/models/scalesim_run.hpp"

#include <utility>

#include "base/collect.hpp"
#include "base/print.hpp"
#include "base/yaml.hpp"

namespace sluice {
namespace {

void put(YamlNode& map, std::string_view key, YamlNode value) {
  map.kind = YamlNode::Kind::map;
  map.entries.push_back({std::string(key), {}, std::move(value)});
}

YamlNode map_of(std::string_view key, YamlNode value) {
  YamlNode map;
  put(map, key, std::move(value));
  return map;
}

}  // namespace

std::string scalesim_run_file(const ScalesimFile& config_file, const ScalesimFile& topology,
                              ScalesimRows rows) {
  Diagnostics diagnostics;
  const ScalesimConfig config = collecting(
      diagnostics, [&] { return import_scalesim_config(config_file.text, config_file.path); });
  const auto sparsity = config.sparsity ? ScalesimSparsity::layer : ScalesimSparsity::ignore;
  const Network network = collecting(diagnostics, [&] {
    return import_scalesim_topology(topology.text, topology.path, rows, sparsity);
  });
  diagnostics.throw_if_any();
  const bool calc = config.bandwidth == ScalesimBandwidth::calc;
  YamlNode run;
  put(run, "name", node_of(config.architecture.name, nullptr));
  put(run, "workload", map_of("network", parse_yaml(network_to_yaml(network), topology.path)));
  put(run, "architecture", to_yaml(config.architecture, {.omit_defaults = true}));
  put(run, "mapping",
      map_of("mapper", node_of(std::string(calc ? "whole" : "heuristic"), nullptr)));
  return to_text(run);
}

}  // namespace sluice
