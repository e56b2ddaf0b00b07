// SPDX-License-Identifier: Apache-2.0
// Reading of run files; see experiment.hpp.
#include "sim/experiment.hpp"

#include <fmt/format.h>

#include "base/collect.hpp"
#include "base/hash.hpp"
#include "base/read.hpp"
#include "mapper/mappers.hpp"
#include "sim/fixed_mapping.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

Network read_workload(const YamlNode& workload, const Library& library) {
  if (const YamlNode* trace = workload.find("trace")) {
    Diagnostics diagnostics;
    diagnostics.error(trace->where, "a trace runs on a memory alone",
                      "on a machine of the model dram_trace (see `sluice list models`)");
    diagnostics.throw_if_any();
  }
  if (const YamlNode* inline_network = workload.find("network"))
    return read_network(*inline_network, nullptr);
  return load_network(workload, library.networks);
}

void check_mapper(const YamlNode* mapping, const std::string& mapper, Diagnostics& diagnostics) {
  for (const Descriptor& d : mapper_descriptors())
    if (d.name == mapper) return;
  const YamlNode* node = mapping != nullptr ? mapping->find("mapper") : nullptr;
  diagnostics.error(node != nullptr ? node->where : Location{},
                    fmt::format("there is no mapper {}", quote(mapper)), mapper_suggestion(mapper));
}

/// Cuts the network down to the layers that `layers` names; empty: all.
void choose_layers(Experiment& experiment, const std::string& layers, Diagnostics& diagnostics) {
  if (layers.empty() || experiment.network.layers.empty()) return;
  collecting(diagnostics, [&] {
    const LayerRange range = find_layers(experiment.network, layers, "mapping.layers");
    const auto begin = experiment.network.layers.begin();
    experiment.network.layers = {begin + static_cast<std::ptrdiff_t>(range.first),
                                 begin + static_cast<std::ptrdiff_t>(range.last) + 1};
  });
}

/// What a model reads of a run file: an overload for each setup.
struct SetupReader {
  FieldReader& reader;
  const YamlNode& root;
  const YamlNode& machine;
  Experiment& experiment;
  Diagnostics& diagnostics;
  const Library& library;

  void operator()(SystolicSetup& setup) {
    setup.machine = read_architecture(machine, diagnostics);
    read_network_and(setup.mapping);
    check_mapper(root.find("mapping"), setup.mapping.mapper, diagnostics);
  }
  void operator()(SpatialSetup& setup) {
    setup.machine = read_spatial_machine(machine, diagnostics);
    read_network_and(setup.mapping);
    choose_layers(experiment, setup.mapping.layers, diagnostics);
  }
  void operator()(FormsSetup& setup) {
    setup.machine = fusemax::read_forms_machine(machine, diagnostics);
    read_network_and(setup.mapping);
    choose_layers(experiment, setup.mapping.layers, diagnostics);
  }
  /// A trace, in place of network and mapping.
  void operator()(MemorySetup& setup) {
    setup.machine = read_memory_machine(machine, diagnostics);
    const YamlNode* workload = root.find("workload");
    if (workload == nullptr) return;
    FieldReader fields(*workload, diagnostics, "workload");
    const YamlNode* trace = fields.take_required("trace", {.doc = "the requests"});
    fields.finish();
    if (trace == nullptr) return;
    setup.trace = read_memory_trace(*trace, diagnostics);
    if (!setup.trace.file.empty())
      collecting(diagnostics, [&] { setup.requests = read_trace(setup.trace.file); });
    experiment.network.name =
        setup.trace.file.empty() ? std::string(name_of(setup.trace.pattern)) : "trace";
  }

 private:
  void read_network_and(auto& mapping) {
    if (const YamlNode* workload = root.find("workload"))
      collecting(diagnostics, [&] { experiment.network = read_workload(*workload, library); });
    reader.field("mapping", mapping, {.doc = "how the network is mapped"});
  }
};

/// Over the resolved input and the requests of a trace file; where the answer goes does not change
/// the answer.
std::uint64_t hash_of_input(YamlNode root, const Experiment& experiment) {
  std::erase_if(root.entries, [](const YamlNode::Entry& e) { return e.key == "output"; });
  std::uint64_t hash = content_hash(to_text(root));
  if (const auto* memory = std::get_if<MemorySetup>(&experiment.setup))
    for (const MemoryRequest& request : memory->requests)
      hash = content_hash(
          fmt::format("{} {} {}\n", request.address, request.arrival, request.write), hash);
  return hash;
}

}  // namespace

Experiment read_experiment(const YamlNode& root, const Library& library) {
  Diagnostics diagnostics;
  Experiment experiment;
  FieldReader reader(root, diagnostics);
  reader.field("name", experiment.name, {.doc = "name of the run"});
  reader.take_required("workload", {.doc = "the network to run"});
  const YamlNode* machine = reader.take_required("architecture", {.doc = "the machine"});
  const YamlNode none;
  if (machine == nullptr) machine = &none;
  experiment.setup = setup_of(*machine);
  std::visit(SetupReader{reader, root, *machine, experiment, diagnostics, library},
             experiment.setup);
  reader.field("simulation", experiment.simulation, {.doc = "how closely to look"});
  reader.field("output", experiment.output, {.doc = "what is written where"});
  reader.finish();
  diagnostics.throw_if_any();
  if (auto* systolic = std::get_if<SystolicSetup>(&experiment.setup))
    if (const YamlNode* mapping = root.find("mapping"))
      systolic->fixed = read_fixed(*mapping, experiment.network, *systolic, diagnostics);
  diagnostics.throw_if_any();
  if (experiment.name.empty()) experiment.name = experiment.network.name;
  experiment.input_hash = fmt::format("{:016x}", hash_of_input(root, experiment));
  return experiment;
}

}  // namespace sluice
