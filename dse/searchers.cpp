// SPDX-License-Identifier: Apache-2.0
#include "dse/searchers.hpp"

#include "dse/searcher_info.hpp"

namespace sluice {

namespace searchers {
#define SLUICE_SEARCHER(name)                                                            \
  AnySearcher make_##name(const SearchProblem&, const YamlNode& settings, Diagnostics&); \
  SearcherInfo describe_##name();
#include "dse/searchers.def"
#undef SLUICE_SEARCHER
}  // namespace searchers

namespace {

struct Entry {
  std::string_view name;
  AnySearcher (*make)(const SearchProblem&, const YamlNode&, Diagnostics&);
  SearcherInfo (*describe)();
};

constexpr Entry entries[] = {
#define SLUICE_SEARCHER(name) {#name, searchers::make_##name, searchers::describe_##name},
#include "dse/searchers.def"
#undef SLUICE_SEARCHER
};

/// The entry of this name, or nullptr after the mistake was reported.
const Entry* find_entry(std::string_view name, const Location& where, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
    known.emplace_back(entry.name);
  }
  diagnostics.error(where, "there is no searcher " + quote(name), suggestion(name, known));
  return nullptr;
}

SearcherInfo describe_searcher(std::string_view name) {
  Diagnostics diagnostics;
  const Entry* entry = find_entry(name, {.path = "searcher"}, diagnostics);
  diagnostics.throw_if_any();
  return entry->describe();
}

}  // namespace

AnySearcher make_searcher(std::string_view name, const SearchProblem& problem,
                          const YamlNode& settings) {
  Diagnostics diagnostics;
  const Entry* entry = find_entry(name, {.path = "searcher"}, diagnostics);
  diagnostics.throw_if_any();
  AnySearcher searcher = entry->make(problem, settings, diagnostics);
  diagnostics.throw_if_any();
  return searcher;
}

std::vector<Descriptor> searcher_descriptors() {
  std::vector<Descriptor> list;
  for (const Entry& entry : entries) list.push_back(entry.describe().descriptor);
  return list;
}

DesignSpace hyperparameters_of(std::string_view name) {
  return describe_searcher(name).hyperparameters;
}

bool knows_budget(std::string_view name) { return describe_searcher(name).knows_budget; }

void check_searcher(const YamlNode& search, const std::string& name, const YamlNode& settings,
                    Diagnostics& diagnostics) {
  const YamlNode* node = search.find("searcher");
  const Entry* entry = find_entry(name, node == nullptr ? search.where : node->where, diagnostics);
  if (entry == nullptr) return;
  const DesignSpace nothing;
  entry->make({nothing, {}, 0, 1}, settings, diagnostics);
}

}  // namespace sluice
