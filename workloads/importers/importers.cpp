// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/importers.hpp"

#include <fmt/format.h>

#include "base/diagnostics.hpp"

namespace sluice {

namespace importers {
#define SLUICE_IMPORTER(name)                                                         \
  Network import_##name(std::string_view, const std::string&, const ImportSettings&); \
  Descriptor describe_import_##name();
#include "workloads/importers/importers.def"
#undef SLUICE_IMPORTER
}  // namespace importers

namespace {

struct Entry {
  std::string_view name;
  Network (*import)(std::string_view, const std::string&, const ImportSettings&);
  Descriptor (*describe)();
};

constexpr Entry entries[] = {
#define SLUICE_IMPORTER(name) {#name, importers::import_##name, importers::describe_import_##name},
#include "workloads/importers/importers.def"
#undef SLUICE_IMPORTER
};

const Entry* find_entry(std::string_view importer, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const Entry& entry : entries) {
    if (entry.name == importer) return &entry;
    known.emplace_back(entry.name);
  }
  diagnostics.error({.path = "import"}, "there is no importer " + quote(importer),
                    suggestion(importer, known));
  return nullptr;
}

void check_settings(const Descriptor& importer, const ImportSettings& settings,
                    Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const ParameterInfo& parameter : importer.parameters) known.push_back(parameter.name);
  for (const auto& [name, value] : settings) {
    bool found = false;
    for (const std::string& parameter : known)
      found = found || parameter == name || parameter == "*";
    if (!found)
      diagnostics.error({.path = "import"},
                        "importer " + importer.name + " has no parameter " + quote(name),
                        suggestion(name, known));
  }
}

}  // namespace

Network import_network(std::string_view importer, std::string_view text, const std::string& path,
                       const ImportSettings& settings) {
  Diagnostics diagnostics;
  const Entry* entry = find_entry(importer, diagnostics);
  if (entry != nullptr) check_settings(entry->describe(), settings, diagnostics);
  diagnostics.throw_if_any();
  Network network = entry->import(text, path, settings);
  if (const auto what = overflow(network))
    diagnostics.error({.path = path}, fmt::format("the number of {} is too large to count", *what));
  diagnostics.throw_if_any();
  return network;
}

std::vector<Descriptor> importer_descriptors() {
  std::vector<Descriptor> list;
  for (const Entry& entry : entries) list.push_back(entry.describe());
  return list;
}

}  // namespace sluice
