// SPDX-License-Identifier: Apache-2.0
// What a searcher says of itself, and how one is made, both from the struct of its settings.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "base/parameters.hpp"
#include "base/read.hpp"
#include "dse/searcher.hpp"

namespace sluice {

/// An entry of the list of searchers. The hyperparameters are a design space of their own, over
/// `search.settings` of a sweep, so that a search over searchers is a sweep like any other.
struct SearcherInfo {
  Descriptor descriptor;
  DesignSpace hyperparameters;
  bool knows_budget = false;  ///< what it tries depends on how many designs it may try
};

/// Settings of a searcher that has none.
struct NoSettings {};
template <class Visitor>
void describe(Visitor&, NoSettings&) {}

/// The visitor that makes a parameter of every field. Ranges that begin above 0 and span a factor
/// of 16 are covered by even factors, others by even steps; the default is the usual value (or the
/// nearest that there is).
class HyperparameterTable {
 public:
  void field(std::string_view key, const double& value, const FieldInfo& info);
  void field(std::string_view key, const std::uint64_t& value, const FieldInfo& info);
  void field(std::string_view key, const bool& value, const FieldInfo& info);
  template <NamedEnum Enum>
  void field(std::string_view key, const Enum& value, const FieldInfo& info) {
    ChoiceDomain words;
    for (const auto& entry : EnumNames<Enum>::table) words.values.emplace_back(entry.name);
    const std::uint64_t usual = index_of(words, std::string(name_of(value)));
    add(key, std::move(words), usual, info);
  }
  DesignSpace take(std::string_view searcher);

 private:
  void add(std::string_view key, Domain domain, std::uint64_t usual, const FieldInfo& info);
  DesignSpace space_;
};

/// What a searcher with these settings says of itself.
template <class Settings>
SearcherInfo searcher_info(std::string_view name, std::string_view summary, std::string_view source,
                           bool knows_budget = false) {
  Settings usual;
  HyperparameterTable table;
  describe(table, usual);
  return {{std::string(name), std::string(summary), std::string(source), parameters_of(usual)},
          table.take(name),
          knows_budget};
}

/// A searcher of type S with its settings read from YAML.
template <class S, class Settings>
AnySearcher searcher_with(const SearchProblem& problem, const YamlNode& settings,
                          Diagnostics& diagnostics) {
  Settings values;
  read_value(settings, values, {.name = "settings"}, diagnostics);
  return AnySearcher(S(problem, values));
}

}  // namespace sluice
