// SPDX-License-Identifier: Apache-2.0
// `sluice import`: files of other tools become files of ours.
#include <fmt/format.h>

#include "arch/energy_import.hpp"
#include "arch/importers/scalesim_config.hpp"
#include "base/files.hpp"
#include "base/print.hpp"
#include "base/read.hpp"
#include "cli/commands.hpp"
#include "cli/streams.hpp"
#include "mapper/importers/timeloop.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/importers/scalesim_topology.hpp"

namespace sluice {
namespace {

// Files of SCALE-Sim are some kilobytes.
constexpr std::size_t most_bytes = std::size_t{16} << 20;
// Protobuf messages are at most 2 GiB.
constexpr std::size_t most_model_bytes = (std::size_t{1} << 31) - 1;

YamlNode scalar(std::string text) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.scalar = std::move(text);
  return node;
}

YamlNode map_of(std::string key, YamlNode value) {
  YamlNode map;
  map.kind = YamlNode::Kind::map;
  map.entries.push_back({std::move(key), {}, std::move(value)});
  return map;
}

/// `-` is standard output, and then nothing else goes there.
void write_result(const std::string& path, const std::string& text) {
  if (path == "-") return write_output(text);
  write_file_atomic(path, text);
  write_output(fmt::format("wrote {}\n", path));
}

/// The run file of what SCALE-Sim would simulate.
std::string run_file(const ScalesimConfig& config, const Network& network) {
  YamlNode run = map_of("name", scalar(config.run_name.empty() ? network.name : config.run_name));
  run.entries.push_back(
      {"workload", {}, map_of("network", parse_yaml(network_to_yaml(network), "network"))});
  run.entries.push_back(
      {"architecture", {}, to_yaml(config.architecture, {.omit_defaults = true})});
  // With CALC nothing but the array limits SCALE-Sim: layers are cut into its folds alone.
  const bool calc = config.bandwidth == ScalesimBandwidth::calc;
  run.entries.push_back({"mapping", {}, map_of("mapper", scalar(calc ? "whole" : "heuristic"))});
  return to_text(run);
}

}  // namespace

int import_scalesim_command(const ImportScaleSimArguments& arguments) {
  const ScalesimConfig config =
      import_scalesim_config(read_file(arguments.config, most_bytes), arguments.config);
  const Network network = import_scalesim_topology(
      read_file(arguments.topology, most_bytes), arguments.topology,
      arguments.input == "gemm" ? ScalesimRows::gemm : ScalesimRows::conv,
      config.sparsity ? ScalesimSparsity::layer : ScalesimSparsity::ignore);
  if (config.ramulator)
    write_error(fmt::format("{}: note: UseRamulatorTrace has no counterpart, the memory is {}\n",
                            arguments.config, config.architecture.dram.preset));
  write_result(arguments.output, run_file(config, network));
  return exit_done;
}

int import_accelergy_command(const ImportAccelergyArguments& arguments) {
  const YamlNode ert = load_yaml(arguments.ert);
  std::optional<YamlNode> art;
  if (arguments.art) art = load_yaml(*arguments.art);
  Diagnostics diagnostics;
  AccelergyOptions options;
  read_value(load_yaml(arguments.map), options, {}, diagnostics);
  diagnostics.throw_if_any();
  const EnergyTable table = import_accelergy(ert, art ? &*art : nullptr, options, diagnostics);
  diagnostics.throw_if_any();
  write_result(arguments.output, to_text(table));
  return exit_done;
}

int import_onnx_command(const ImportOnnxArguments& arguments) {
  ImportSettings settings;
  for (const Setting& setting : arguments.settings)
    settings.insert_or_assign(setting.path, setting.value);
  const Network network =
      import_network("onnx", read_file(arguments.file, most_model_bytes), arguments.file, settings);
  write_result(arguments.output, network_to_yaml(network));
  return exit_done;
}

int import_timeloop_command(const ImportTimeloopArguments& arguments) {
  const auto read = [](const std::string& path) {
    return parse_timeloop(read_file(path, most_bytes), path);
  };
  TimeloopFiles files{read(arguments.problem), read(arguments.architecture), {}, {}};
  if (arguments.mapping) files.mapping = read(*arguments.mapping);
  if (arguments.ert) files.energies = read(*arguments.ert);
  const TimeloopImport import = import_timeloop(files);
  for (const std::string& note : import.notes) write_error(fmt::format("note: {}\n", note));
  write_result(arguments.output, to_text(import.file));
  return exit_done;
}

}  // namespace sluice
