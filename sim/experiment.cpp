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

/// The keys of a machine and mapping of the model `spatial`; the network is cut down to the layers
/// that run.
void read_spatial(FieldReader& reader, const YamlNode& machine, Experiment& experiment,
                  Diagnostics& diagnostics) {
  SpatialSetup& setup = experiment.spatial.emplace();
  setup.machine = read_spatial_machine(machine, diagnostics);
  reader.field("mapping", setup.mapping, {.doc = "how the network is mapped"});
  if (setup.mapping.layers.empty() || experiment.network.layers.empty()) return;
  collecting(diagnostics, [&] {
    const LayerRange range =
        find_layers(experiment.network, setup.mapping.layers, "mapping.layers");
    const auto begin = experiment.network.layers.begin();
    experiment.network.layers = {begin + static_cast<std::ptrdiff_t>(range.first),
                                 begin + static_cast<std::ptrdiff_t>(range.last) + 1};
  });
}

void read_systolic(FieldReader& reader, const YamlNode* machine, const YamlNode* mapping,
                   Experiment& experiment, Diagnostics& diagnostics) {
  if (machine != nullptr) experiment.architecture = read_architecture(*machine, diagnostics);
  reader.field("mapping", experiment.mapping, {.doc = "how the network is mapped"});
  check_mapper(mapping, experiment.mapping.mapper, diagnostics);
}

}  // namespace

Experiment read_experiment(const YamlNode& root, const Library& library) {
  Diagnostics diagnostics;
  Experiment experiment;
  FieldReader reader(root, diagnostics);
  reader.field("name", experiment.name, {.doc = "name of the run"});
  if (const YamlNode* node = reader.take_required("workload", {.doc = "the network to run"}))
    collecting(diagnostics, [&] { experiment.network = read_workload(*node, library); });
  const YamlNode* machine = reader.take_required("architecture", {.doc = "the machine"});
  if (machine != nullptr && is_spatial(*machine))
    read_spatial(reader, *machine, experiment, diagnostics);
  else
    read_systolic(reader, machine, root.find("mapping"), experiment, diagnostics);
  reader.field("simulation", experiment.simulation, {.doc = "how closely to look"});
  reader.field("output", experiment.output, {.doc = "what is written where"});
  reader.finish();
  diagnostics.throw_if_any();
  if (const YamlNode* mapping = root.find("mapping"); mapping != nullptr && !experiment.spatial)
    experiment.fixed = read_fixed(*mapping, experiment, diagnostics);
  diagnostics.throw_if_any();
  if (experiment.name.empty()) experiment.name = experiment.network.name;
  YamlNode hashed = root;  // where the answer goes does not change the answer
  std::erase_if(hashed.entries, [](const YamlNode::Entry& e) { return e.key == "output"; });
  experiment.input_hash = fmt::format("{:016x}", content_hash(to_text(hashed)));
  return experiment;
}

}  // namespace sluice
