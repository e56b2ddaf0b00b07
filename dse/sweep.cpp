// SPDX-License-Identifier: Apache-2.0
#include "dse/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/collect.hpp"
#include "base/hash.hpp"
#include "base/read.hpp"
#include "dse/check_fidelity.hpp"
#include "dse/halving.hpp"
#include "dse/metrics.hpp"
#include "dse/random.hpp"
#include "dse/read_space.hpp"
#include "dse/run_sweep.hpp"
#include "dse/searchers.hpp"
#include "dse/space_index.hpp"

namespace sluice {

namespace {

std::optional<std::size_t> find_metric(const YamlNode& node, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const Metric& metric : metrics()) names.emplace_back(metric.name);
  return read_word(node, names, diagnostics, "metric");
}

/// `energy_j`, or `{maximize: utilization}`, or `{minimize: cycles}`.
std::optional<Objective> read_objective(const YamlNode& node, Diagnostics& diagnostics) {
  const bool is_pair = node.is_map() && node.entries.size() == 1;
  const bool maximize = is_pair && node.entries[0].key == "maximize";
  if (!node.is_scalar() && !maximize && !(is_pair && node.entries[0].key == "minimize")) {
    diagnostics.error(node.where, "an objective is the name of a metric",
                      "such as cycles, or {maximize: utilization}");
    return std::nullopt;
  }
  const auto metric = find_metric(is_pair ? node.entries[0].value : node, diagnostics);
  if (!metric) return std::nullopt;
  return Objective{*metric, maximize};
}

void read_objectives(const YamlNode& node, Sweep& sweep, Diagnostics& diagnostics) {
  std::vector<YamlNode> items = node.is_sequence() ? node.items : std::vector<YamlNode>{node};
  for (const YamlNode& item : items)
    if (const auto objective = read_objective(item, diagnostics))
      sweep.objectives.push_back(*objective);
  if (items.empty()) diagnostics.error(node.where, "at least one objective is needed");
}

/// The experiment as it is, or nothing after its mistakes were reported.
std::optional<Experiment> read_base(const YamlNode& node, const Library& library,
                                    Diagnostics& diagnostics) {
  return collecting(diagnostics, [&] { return std::optional(read_experiment(node, library)); });
}

/// How read_word() ends what it says of a word that there is not.
constexpr std::string_view unknown_word = "is not known here";

/// What the experiment says first to the values of a point, or nothing.
std::optional<Diagnostic> refusal(const Sweep& sweep, const Point& point, const Library& library) {
  YamlNode root = sweep.experiment;
  try {
    for (const SpaceSetting& setting : settings_of(sweep.space, point))
      set_path(root, setting.path, setting.text);
    read_experiment(root, library);
    return std::nullopt;
  } catch (const SpecError& error) {
    return error.diagnostics().front();
  }
}

Point any_digits(const DesignSpace& space, Random& random) {
  Point point;
  for (const SpaceParameter& parameter : space.parameters)
    point.digits.push_back(random.below(size_of(parameter.domain)));
  return point;
}

/// The values of a domain that are tried out: all choices, of others the ends.
std::vector<std::uint64_t> values_to_try(const Domain& domain) {
  const std::uint64_t size = size_of(domain);
  std::vector<std::uint64_t> values = {0};
  for (std::uint64_t v = std::holds_alternative<ChoiceDomain>(domain) ? 1 : size - 1;
       0 < v && v < size; ++v)
    values.push_back(v);
  return values;
}

/// Reports parameters of which no value that is tried can be set in the experiment as it is: their
/// path leads nowhere, or their values are of the wrong kind. And choices that are no known word;
/// what else is refused may go with other values.
void check_paths(const YamlNode& parameters, const Sweep& sweep, const Library& library,
                 Diagnostics& diagnostics) {
  const DesignSpace& space = sweep.space;
  for (std::size_t p = 0; p < space.parameters.size(); ++p) {
    const SpaceParameter& parameter = space.parameters[p];
    const std::vector<std::uint64_t> values = values_to_try(parameter.domain);
    std::vector<std::pair<std::uint64_t, Diagnostic>> refused;
    for (const std::uint64_t value : values) {
      Point alone{std::vector<std::uint64_t>(space.parameters.size(), inactive)};
      alone.digits[p] = value;
      if (const auto first = refusal(sweep, alone, library)) refused.emplace_back(value, *first);
    }
    const auto entry = std::ranges::find(parameters.entries, parameter.name, &YamlNode::Entry::key);
    if (refused.size() == values.size()) {
      const Diagnostic& first = refused.front().second;
      diagnostics.error(
          entry->key_where,
          fmt::format("parameter {} cannot be set: {}", quote(parameter.name), first.message),
          first.hint);
      continue;
    }
    for (const auto& [value, first] : refused)
      if (first.message.ends_with(unknown_word))
        diagnostics.error(entry->key_where,
                          fmt::format("parameter {} cannot be {}: {}", quote(parameter.name),
                                      value_text(parameter.domain, value), first.message),
                          first.hint);
  }
}

/// Reports constraints over parameters that none of some thousand designs keeps, nor, where the
/// space is small, any design: each by itself, or all together.
void check_constraints(const YamlNode& constraints, const DesignSpace& space,
                       Diagnostics& diagnostics) {
  if (space.constraints.empty()) return;
  constexpr std::uint64_t most = 100'000, sampled = 20'000;
  const SpaceIndex index(space);
  const bool all = index.count().value_or(most + 1) <= most;
  const std::uint64_t count = all ? *index.count() : sampled;
  Random random(1);
  std::vector<bool> kept(space.constraints.size(), false);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Point point = all ? index.point(i) : canonical(space, any_digits(space, random));
    const std::vector<ExpressionValue> values = expression_values(space, point);
    std::size_t holding = 0;
    for (std::size_t c = 0; c < kept.size(); ++c)
      if (space.constraints[c].holds(values)) kept[c] = true, ++holding;
    if (holding == kept.size()) return;
  }
  const std::string those = all ? fmt::format("none of the {} designs", count)
                                : fmt::format("none of {} random designs", count);
  for (std::size_t c = 0; c < kept.size(); ++c)
    if (!kept[c])
      for (const YamlNode& item : constraints.items)
        if (item.scalar == space.constraints[c].text())
          diagnostics.error(item.where, fmt::format("{} keeps {}", those, quote(item.scalar)));
  if (std::ranges::find(kept, false) == kept.end())
    diagnostics.error(constraints.where, fmt::format("{} keeps all constraints together", those),
                      "each alone can be kept");
}

/// How a machine that has no prices gets them; empty for one that has.
struct MissingPrices {
  std::string operator()(const SystolicSetup& setup) const { return of(setup.machine); }
  std::string operator()(const SpatialSetup& setup) const { return of(setup.machine); }
  std::string operator()(const FormsSetup& setup) const {
    return setup.machine.prices ? "" : "state them: architecture.prices";
  }
  std::string operator()(const MemorySetup& setup) const {
    return setup.machine.currents ? "" : "state the currents of its DRAM: architecture.currents";
  }

 private:
  std::string of(const auto& machine) const {
    return machine.energy_table.empty()
               ? "name a table: architecture.energy_table (see `sluice list tables`)"
               : "";
  }
};

/// Reports objectives and constraints that need prices which the machine does not have.
void check_prices(const YamlNode& root, const Sweep& sweep, const Experiment& base,
                  Diagnostics& diagnostics) {
  const std::string hint = std::visit(MissingPrices{}, base.setup);
  if (hint.empty()) return;
  const auto check = [&](const Metric& metric, const YamlNode& node) {
    if (metric.needs_prices)
      diagnostics.error(
          node.where, fmt::format("{} needs prices, and the machine has none", metric.name), hint);
  };
  for (const Objective& objective : sweep.objectives)
    check(metrics()[objective.metric], *root.find("objectives"));
  const std::size_t parameters = sweep.space.parameters.size();
  for (const Expression& constraint : sweep.metric_constraints)
    for (const std::size_t name : constraint.uses())
      for (const YamlNode& item : root.find("constraints")->items)
        if (name >= parameters && item.scalar == constraint.text())
          check(metrics()[name - parameters], item);
}

/// Reports fidelities of the search and of `confirm` with which no design can be looked at.
void check_fidelities(const YamlNode& root, const Sweep& sweep, const Library& library,
                      Diagnostics& diagnostics) {
  if (const YamlNode* fidelity = root.find("fidelity"))
    check_fidelity(sweep, fidelity->where, library, diagnostics);
  if (sweep.confirm)
    check_fidelity(at_confirmation(sweep), root.find("confirm")->where, library, diagnostics);
}

}  // namespace

Sweep read_sweep(const YamlNode& root, const Library& library) {
  Diagnostics diagnostics;
  Sweep sweep;
  sweep.text = to_text(root);
  FieldReader reader(root, diagnostics);
  reader.field("name", sweep.name, {.doc = "name of the sweep"});
  reader.field("source", sweep.source, {.doc = "where the space comes from"});
  reader.field("fidelity", sweep.fidelity, {.doc = "how closely each design is looked at"});
  const YamlNode* search = reader.take("search");
  reader.field("proxy", sweep.proxy, {.doc = "what says it in place of simulating"});
  reader.field("confirm", sweep.confirm, {.doc = "look again at the best designs"});
  const YamlNode* experiment = reader.take_required("experiment", {.doc = "a run file"});
  const YamlNode* parameters = reader.take_required("parameters", {.doc = "what may vary"});
  const YamlNode* objectives = reader.take_required("objectives", {.doc = "what is wanted"});
  reader.take("constraints");
  const YamlNode* scalarisation = reader.take("scalarisation");
  const YamlNode* halving = reader.take("halving");
  reader.finish();
  if (search != nullptr) {
    FieldReader inside(*search, diagnostics, "search");
    describe(inside, sweep.search);
    if (const YamlNode* settings = inside.take("settings")) sweep.searcher_settings = *settings;
    inside.finish();
    check_searcher(*search, sweep.search.searcher, sweep.searcher_settings, diagnostics);
  }
  if (objectives != nullptr) read_objectives(*objectives, sweep, diagnostics);
  if (scalarisation != nullptr && objectives != nullptr)
    sweep.scalarisation = read_scalarisation(*scalarisation, sweep.objectives, diagnostics);
  if (halving != nullptr && sweep.confirm)
    diagnostics.error(halving->where, "confirm and halving both look again at the best designs",
                      "leave one of them out");
  if (parameters != nullptr)
    sweep.space = read_space(root, metric_names(), sweep.metric_constraints, diagnostics);
  sweep.space.name = sweep.name;
  std::optional<Experiment> base;
  if (experiment != nullptr) {
    sweep.experiment = *experiment;
    base = read_base(*experiment, library, diagnostics);
  }
  if (base && diagnostics.empty()) {
    check_paths(*parameters, sweep, library, diagnostics);
    if (const YamlNode* constraints = root.find("constraints"))
      check_constraints(*constraints, sweep.space, diagnostics);
    check_prices(root, sweep, *base, diagnostics);
    check_fidelities(root, sweep, library, diagnostics);
  }
  if (base && halving != nullptr) read_halving(*halving, sweep, library, diagnostics);
  diagnostics.throw_if_any();
  return sweep;
}

YamlNode apply(const Sweep& sweep, const Point& point) {
  YamlNode root = sweep.experiment;
  for (const SpaceSetting& setting : settings_of(sweep.space, point))
    set_path(root, setting.path, setting.text);
  set_path(root, "simulation.fidelity", std::string(name_of(sweep.fidelity)));
  return root;
}

std::uint64_t hash_of(const Sweep& sweep) {
  std::uint64_t hash = content_hash(to_text(sweep.experiment), hash_of(sweep.space));
  for (const Expression& constraint : sweep.metric_constraints)
    hash = content_hash(constraint.text() + "\n", hash);
  for (const Objective& objective : sweep.objectives)
    hash = content_hash(fmt::format("{} {}\n", objective.maximize ? "maximize" : "minimize",
                                    metrics()[objective.metric].name),
                        hash);
  if (sweep.proxy)
    hash = content_hash(fmt::format("{} {}\n", sweep.proxy->file, sweep.proxy->hash), hash);
  if (sweep.scalarisation != Scalarisation{})
    hash = content_hash(to_text(sweep.scalarisation, sweep.objectives), hash);
  return content_hash(name_of(sweep.fidelity), hash);
}

}  // namespace sluice
