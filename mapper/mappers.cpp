// SPDX-License-Identifier: Apache-2.0
#include "mapper/mappers.hpp"

#include "base/diagnostics.hpp"

namespace sluice {

namespace mappers {
#define SLUICE_MAPPER(name, fits)                                                   \
  std::variant<Mapping, Infeasible> map_##name(const Network&, const Architecture&, \
                                               const MappingOptions&);              \
  Descriptor describe_map_##name();
#include "mapper/mappers.def"
#undef SLUICE_MAPPER
}  // namespace mappers

namespace {

struct Entry {
  std::string_view name;
  bool fits;
  std::variant<Mapping, Infeasible> (*map)(const Network&, const Architecture&,
                                           const MappingOptions&);
  Descriptor (*describe)();
};

constexpr Entry entries[] = {
#define SLUICE_MAPPER(name, fits) {#name, fits, mappers::map_##name, mappers::describe_map_##name},
#include "mapper/mappers.def"
#undef SLUICE_MAPPER
};

const Entry& entry_of(std::string_view mapper) {
  for (const Entry& entry : entries)
    if (entry.name == mapper) return entry;
  Diagnostics diagnostics;
  diagnostics.error({.path = "mapper"}, "there is no mapper " + quote(mapper),
                    mapper_suggestion(mapper));
  throw SpecError(diagnostics.list());
}

}  // namespace

std::variant<Mapping, Infeasible> map_network(std::string_view mapper, const Network& network,
                                              const Architecture& architecture,
                                              const MappingOptions& options) {
  return entry_of(mapper).map(network, architecture, options);
}

std::string mapper_suggestion(std::string_view mapper) {
  if (mapper == "simple") return "heuristic has taken its place";
  std::vector<std::string> known;
  for (const Entry& entry : entries) known.emplace_back(entry.name);
  return suggestion(mapper, known);
}

std::vector<Descriptor> mapper_descriptors() {
  std::vector<Descriptor> list;
  for (const Entry& entry : entries) list.push_back(entry.describe());
  return list;
}

bool respects_capacity(std::string_view mapper) { return entry_of(mapper).fits; }

}  // namespace sluice
