// SPDX-License-Identifier: Apache-2.0
#include "cli/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "arch/dram.hpp"
#include "arch/energy.hpp"
#include "base/files.hpp"
#include "base/parameters.hpp"
#include "dse/reproduce/papers.hpp"
#include "dse/searchers.hpp"
#include "mapper/mappers.hpp"
#include "sim/models/models.hpp"
#include "sim/writers/writers.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::vector<Descriptor>& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const Descriptor& entry : entries) names.push_back(entry.name);
  return names;
}

Kind registry_kind(std::string_view name, std::string_view doc,
                   std::vector<Descriptor> (*entries)()) {
  return {name, doc, [entries] { return names_of(entries()); }, entries};
}

Descriptor describe_machine(const std::string& folder, const std::string& name) {
  Diagnostics diagnostics;
  const std::string path = (fs::path(folder) / (name + ".yaml")).string();
  const YamlNode root = load_yaml(path);
  const AnyMachine machine = read_machine(root, diagnostics);
  diagnostics.throw_if_any();
  return {name, summary_of(machine), source_of(machine) + "\nfile: " + path, {}};
}

std::vector<Descriptor> describe_machines(const std::vector<std::string>& search) {
  std::vector<Descriptor> entries;
  for (const std::string& folder : search)
    for (const std::string& name : file_stems({folder}, ".yaml"))
      entries.push_back(describe_machine(folder, name));
  return entries;
}

std::vector<Descriptor> describe_cascades(const std::vector<std::string>& search) {
  std::vector<Descriptor> entries;
  for (const std::string& folder : search)
    for (const std::string& name : file_stems({folder}, ".yaml")) {
      const std::string path = (fs::path(folder) / (name + ".yaml")).string();
      entries.push_back(describe_cascade(load_yaml(path)));
      entries.back().source += "\nfile: " + path;
    }
  return entries;
}

std::vector<Descriptor> describe_tables(const std::vector<std::string>& search) {
  std::vector<Descriptor> entries;
  for (const std::string& name : library_energy_tables(search)) {
    const EnergyTable table = load_energy_table(name, search);
    entries.push_back(
        {name,
         fmt::format("energies and areas at {} nm, {} V", table.node_nm, table.voltage_v),
         table.source,
         {}});
  }
  return entries;
}

}  // namespace

std::vector<Kind> catalogue(const LibraryFolders& folders) {
  const std::vector<std::string>& networks = folders.library.networks;
  const std::vector<std::string>& tables = folders.library.tables;
  const std::vector<std::string>& machines = folders.machines;
  const std::vector<std::string>& cascades = folders.cascades;
  return {
      registry_kind("models", "what accelerators can be described (model: of a machine)",
                    model_descriptors),
      {"networks", "networks of the library (model: of a workload)",
       [&] { return library_networks(networks); }, [&] { return describe_networks(networks); }},
      {"cascades", "cascades of Einsums of the library (files for sluice cascade)",
       [&] { return file_stems(cascades, ".yaml"); }, [&] { return describe_cascades(cascades); }},
      {"machines", "machines of the library (files to include as architecture)",
       [&] { return file_stems(machines, ".yaml"); }, [&] { return describe_machines(machines); }},
      registry_kind("mappers", "how networks are mapped (mapper: of a mapping)",
                    mapper_descriptors),
      registry_kind("searchers", "how designs are chosen (searcher: of a sweep's search)",
                    searcher_descriptors),
      registry_kind("papers", "papers whose figures can be computed (sluice reproduce)",
                    paper_descriptors),
      registry_kind("importers", "formats of networks that can be read (sluice import)",
                    importer_descriptors),
      registry_kind("writers", "forms of the report", writer_descriptors),
      registry_kind("memories", "main memories (preset: of a dram)", dram_descriptors),
      {"tables", "tables of energies and areas (energy_table: of a machine)",
       [&] { return library_energy_tables(tables); }, [&] { return describe_tables(tables); }},
  };
}

}  // namespace sluice
