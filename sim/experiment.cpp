// SPDX-License-Identifier: Apache-2.0
// Reading of run files; see experiment.hpp.
#include "sim/experiment.hpp"

#include <fmt/format.h>

#include "base/diagnostics.hpp"
#include "base/hash.hpp"
#include "base/read.hpp"
#include "mapper/mappers.hpp"
#include "sim/fixed_mapping.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

/// Adds what `read` throws to the other mistakes, so that all are reported at once.
template <class Read>
void collecting(Diagnostics& diagnostics, Read read) {
  try {
    read();
  } catch (const SpecError& error) {
    for (const Diagnostic& d : error.diagnostics()) diagnostics.error(d.where, d.message, d.hint);
  }
}

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

/// The keys of a machine and mapping of the model `spatial`.
void read_spatial(FieldReader& reader, const YamlNode& machine, Experiment& experiment,
                  Diagnostics& diagnostics) {
  SpatialSetup& setup = experiment.spatial.emplace();
  setup.machine = read_spatial_machine(machine, diagnostics);
  reader.field("mapping", setup.mapping, {.doc = "how the network is mapped"});
  choose_layers(experiment, setup.mapping.layers, diagnostics);
}

/// The same of the model `fusemax_forms`.
void read_forms(FieldReader& reader, const YamlNode& machine, Experiment& experiment,
                Diagnostics& diagnostics) {
  FormsSetup& setup = experiment.forms.emplace();
  setup.machine = fusemax::read_forms_machine(machine, diagnostics);
  reader.field("mapping", setup.mapping, {.doc = "how the network is mapped"});
  choose_layers(experiment, setup.mapping.layers, diagnostics);
}

void read_systolic(FieldReader& reader, const YamlNode* machine, const YamlNode* mapping,
                   Experiment& experiment, Diagnostics& diagnostics) {
  if (machine != nullptr) experiment.architecture = read_architecture(*machine, diagnostics);
  reader.field("mapping", experiment.mapping, {.doc = "how the network is mapped"});
  check_mapper(mapping, experiment.mapping.mapper, diagnostics);
}

/// The machine and the trace of the model `dram_trace`.
void read_memory(const YamlNode* workload, const YamlNode& machine, Experiment& experiment,
                 Diagnostics& diagnostics) {
  MemoryRun& run = experiment.memory.emplace();
  run.machine = read_memory_machine(machine, diagnostics);
  if (workload == nullptr) return;
  FieldReader reader(*workload, diagnostics, "workload");
  const YamlNode* trace = reader.take_required("trace", {.doc = "the requests"});
  reader.finish();
  if (trace == nullptr) return;
  run.trace = read_memory_trace(*trace, diagnostics);
  if (!run.trace.file.empty())
    collecting(diagnostics, [&] { run.requests = read_trace(run.trace.file); });
  experiment.network.name =
      run.trace.file.empty() ? std::string(name_of(run.trace.pattern)) : "trace";
}

/// Over the resolved input and the requests of a trace file; where the answer goes does not change
/// the answer.
std::uint64_t hash_of_input(YamlNode root, const Experiment& experiment) {
  std::erase_if(root.entries, [](const YamlNode::Entry& e) { return e.key == "output"; });
  std::uint64_t hash = content_hash(to_text(root));
  if (experiment.memory)
    for (const MemoryRequest& request : experiment.memory->requests)
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
  const YamlNode* workload = reader.take_required("workload", {.doc = "the network to run"});
  const YamlNode* machine = reader.take_required("architecture", {.doc = "the machine"});
  const bool memory_alone = machine != nullptr && is_memory_machine(*machine);
  if (workload != nullptr && !memory_alone)
    collecting(diagnostics, [&] { experiment.network = read_workload(*workload, library); });
  if (memory_alone)
    read_memory(workload, *machine, experiment, diagnostics);
  else if (machine != nullptr && is_spatial(*machine))
    read_spatial(reader, *machine, experiment, diagnostics);
  else if (machine != nullptr && fusemax::is_forms(*machine))
    read_forms(reader, *machine, experiment, diagnostics);
  else
    read_systolic(reader, machine, root.find("mapping"), experiment, diagnostics);
  reader.field("simulation", experiment.simulation, {.doc = "how closely to look"});
  reader.field("output", experiment.output, {.doc = "what is written where"});
  reader.finish();
  diagnostics.throw_if_any();
  const YamlNode* mapping = root.find("mapping");
  if (mapping != nullptr && !experiment.spatial && !experiment.memory && !experiment.forms)
    experiment.fixed = read_fixed(*mapping, experiment, diagnostics);
  diagnostics.throw_if_any();
  if (experiment.name.empty()) experiment.name = experiment.network.name;
  experiment.input_hash = fmt::format("{:016x}", hash_of_input(root, experiment));
  return experiment;
}

}  // namespace sluice
