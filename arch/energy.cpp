// SPDX-License-Identifier: Apache-2.0
// Prices of the actions of one machine. Nothing is read from files here.
#include "arch/energy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "arch/energy_scaling.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

/// Scratchpads that are looked for one by one.
constexpr std::size_t most_known = 64;
constexpr std::string_view timing_only = "or leave energy_table empty: timing only";

template <class T>
bool allows(const std::optional<T>& condition, const T& value) {
  return !condition || *condition == value;
}

/// Whether a MAC of these operands is what `when` describes; which operand is which is the same
/// to a multiplier.
bool allows(const PriceConditions& when, const SystolicArray& array) {
  const bool straight =
      allows(when.input, array.input_format) && allows(when.weight, array.weight_format);
  const bool crossed =
      allows(when.input, array.weight_format) && allows(when.weight, array.input_format);
  return (straight || crossed) && allows(when.accumulator, array.accumulator_format);
}

std::string operands(const NumberFormat input, const NumberFormat weight) {
  return fmt::format("{} x {}", name_of(input), name_of(weight));
}

class Resolver {
 public:
  Resolver(const EnergyTable& table, const Architecture& machine, Diagnostics& diagnostics,
           const Location& where, PriceSources sources, std::vector<PricedScratchpad>* known)
      : table_(table),
        machine_(machine),
        diagnostics_(diagnostics),
        where_(where),
        cites_(sources == PriceSources::kept),
        known_(known) {}

  EnergyModel run() {
    const std::size_t pads = machine_.scratchpads.size();
    model_.prices.reserve(4 + 2 * pads);
    model_.areas.reserve(2 + pads);
    price_array();
    price_vector();
    area_of_array();
    area_of_vector();
    for (const Scratchpad& pad : machine_.scratchpads)
      if (!recall(pad)) add_scratchpad(pad);
    for (const std::string_view action : {"read", "write"}) price_dram(action);
    return std::move(model_);
  }

 private:
  bool recall(const Scratchpad& pad) {
    if (known_ == nullptr) return false;
    for (const PricedScratchpad& known : *known_) {
      if (known.capacity != pad.capacity || known.name != pad.name) continue;
      model_.prices.insert(model_.prices.end(), known.prices.begin(), known.prices.end());
      if (known.area)
        model_.areas.push_back(*known.area);
      else
        model_.without_area.push_back(pad.name);
      return true;
    }
    return false;
  }
  void add_scratchpad(const Scratchpad& pad) {
    const std::size_t prices = model_.prices.size(), areas = model_.areas.size();
    for (const std::string_view action : {"read", "write"}) price_scratchpad(pad, action);
    area_of_scratchpad(pad);
    if (known_ == nullptr || model_.prices.size() != prices + 2) return;
    PricedScratchpad priced{pad.name, pad.capacity, {}, std::nullopt};
    std::copy_n(model_.prices.begin() + static_cast<std::ptrdiff_t>(prices), 2,
                priced.prices.begin());
    if (model_.areas.size() > areas) priced.area = model_.areas.back();
    if (known_->size() >= most_known) known_->clear();
    known_->push_back(std::move(priced));
  }

  /// Picojoules of one action, at the table's node.
  double energy(const EnergyEntry& entry) const {
    return entry.energy.value * scaling_factor(table_, entry.scaling, &NodeScaling::energy_factor);
  }
  double per_byte(const EnergyEntry& entry) const {
    return energy(entry) / static_cast<double>(entry.bytes.value);
  }
  std::string cite(const std::string& source, const std::string& scaling) const {
    if (!cites_) return {};
    return scaling.empty() ? source : fmt::format("{}; scaled by {}", source, scaling);
  }

  /// Entries of a component and action for which `holds` is true.
  template <class Predicate>
  std::vector<const EnergyEntry*> energies(std::string_view component, std::string_view action,
                                           Predicate holds) const {
    std::vector<const EnergyEntry*> found;
    found.reserve(8);
    for (const EnergyEntry& entry : table_.energies)
      if (entry.component == component && entry.action == action && holds(entry))
        found.push_back(&entry);
    return found;
  }
  /// The first of them, or nullptr.
  template <class Predicate>
  const EnergyEntry* first(std::string_view component, std::string_view action,
                           Predicate holds) const {
    for (const EnergyEntry& entry : table_.energies)
      if (entry.component == component && entry.action == action && holds(entry)) return &entry;
    return nullptr;
  }

  void price(std::string_view component, std::string_view action, double picojoules,
             std::string source) {
    model_.prices.push_back(
        {std::string(component), std::string(action), {picojoules}, std::move(source)});
  }
  /// What is counted of a memory's reads or writes.
  static std::string_view of_byte(std::string_view action) {
    return action == "read" ? "read_byte" : "write_byte";
  }
  void missing(std::string what, std::string_view hint) {
    diagnostics_.error(where_,
                       fmt::format("energy table {} has no price for {}", quote(table_.name), what),
                       fmt::format("{}{}{}", hint, hint.empty() ? "" : "; ", timing_only));
  }

  void price_array() {
    const SystolicArray& array = machine_.array;
    const EnergyEntry* entry =
        first("array", "mac", [&](const EnergyEntry& e) { return allows(e.when, array); });
    if (entry != nullptr)
      return price("array", "mac", energy(*entry), cite(entry->source, entry->scaling));
    missing(fmt::format("a MAC of {} in {}", operands(array.input_format, array.weight_format),
                        name_of(array.accumulator_format)),
            priced_macs());
  }
  /// The accumulators that are priced for these operands; without any, the operands that are.
  std::string priced_macs() const {
    std::vector<std::string> accumulators, pairs;
    SystolicArray array = machine_.array;
    for (const EnergyEntry* entry :
         energies("array", "mac", [](const EnergyEntry&) { return true; })) {
      const PriceConditions& when = entry->when;
      if (!when.input || !when.weight || !when.accumulator) continue;
      array.accumulator_format = *when.accumulator;
      if (allows(when, array)) accumulators.emplace_back(name_of(*when.accumulator));
      const std::string pair = operands(*when.input, *when.weight);
      if (std::ranges::find(pairs, pair) == pairs.end()) pairs.push_back(pair);
    }
    if (!accumulators.empty())
      return fmt::format("accumulators priced for these operands: {}",
                         fmt::join(accumulators, ", "));
    return fmt::format("operands priced: {}", fmt::join(pairs, ", "));
  }

  /// The price of a lane cycle, or that of the dearer of addition and multiplication.
  void price_vector() {
    const NumberFormat format = machine_.vector.format;
    const auto of = [&](std::string_view action) {
      return first("vector", action,
                   [&](const EnergyEntry& entry) { return allows(entry.when.format, format); });
    };
    const EnergyEntry* entry = of("lane_cycle");
    if (entry == nullptr) {
      const EnergyEntry* add = of("add");
      const EnergyEntry* multiply = of("multiply");
      if (add == nullptr || multiply == nullptr) {
        missing(fmt::format("a lane cycle in {}", name_of(format)),
                "give lane_cycle, or both add and multiply, of that format");
        return;
      }
      entry = energy(*add) > energy(*multiply) ? add : multiply;
    }
    price("vector", "lane_cycle", energy(*entry), cite(entry->source, entry->scaling));
  }

  void price_scratchpad(const Scratchpad& pad, std::string_view action) {
    const auto any = [](const EnergyEntry&) { return true; };
    auto entries = energies(pad.name, action, any);
    if (entries.empty()) entries = energies("scratchpad", action, any);
    const std::string_view counted = of_byte(action);
    if (entries.empty()) {
      missing(fmt::format("a {} of scratchpad {}", action, quote(pad.name)),
              "give it for component: scratchpad, or for that name");
      return;
    }
    const auto flat = std::ranges::find_if(
        entries, [](const EnergyEntry* entry) { return !entry->when.capacity; });
    if (flat != entries.end() || entries.size() == 1) {
      const EnergyEntry& entry = flat != entries.end() ? **flat : *entries.front();
      price(pad.name, counted, per_byte(entry), cite(entry.source, entry.scaling));
      return;
    }
    interpolate(pad, counted, std::move(entries));
  }
  /// The straight line in log-log through the two points around the capacity, or nearest to it.
  void interpolate(const Scratchpad& pad, std::string_view counted,
                   std::vector<const EnergyEntry*> points) {
    const auto capacity = [](const EnergyEntry* entry) { return *entry->when.capacity; };
    std::ranges::sort(points, {}, capacity);
    const auto above =
        std::ranges::upper_bound(points.begin() + 1, points.end() - 1, pad.capacity, {}, capacity);
    const EnergyEntry& low = **(above - 1);
    const EnergyEntry& high = **above;
    const auto bytes = [&](Bytes b) { return static_cast<double>(b.value); };
    const double c0 = bytes(capacity(&low)), c1 = bytes(capacity(&high));
    const double slope = std::log(per_byte(high) / per_byte(low)) / std::log(c1 / c0);
    const double picojoules = per_byte(low) * std::pow(bytes(pad.capacity) / c0, slope);
    const bool outside =
        pad.capacity < capacity(points.front()) || pad.capacity > capacity(points.back());
    const std::string how =
        !cites_                           ? ""
        : pad.capacity == capacity(&low)  ? ""
        : pad.capacity == capacity(&high) ? ""
        : outside
            ? fmt::format("; extrapolated from {} and {}", to_text(capacity(&low)),
                          to_text(capacity(&high)))
            : fmt::format("; between {} and {}", to_text(capacity(&low)), to_text(capacity(&high)));
    price(pad.name, counted, picojoules, cite(low.source, low.scaling) + how);
  }

  void price_dram(std::string_view action) {
    const std::string& preset = machine_.dram.preset;
    const EnergyEntry* known = first("dram", action, [&](const EnergyEntry& entry) {
      return !entry.when.memory || is_memory(preset, *entry.when.memory);
    });
    if (known != nullptr)
      return price("dram", of_byte(action), per_byte(*known), cite(known->source, known->scaling));
    std::vector<std::string> priced;
    for (const EnergyEntry* entry :
         energies("dram", action, [](const EnergyEntry& e) { return e.when.memory.has_value(); }))
      priced.push_back(*entry->when.memory);
    missing(fmt::format("a {} of DRAM {}", action, quote(preset)),
            fmt::format("presets priced: {}", fmt::join(priced, ", ")));
  }

  template <class Predicate>
  const AreaEntry* area(std::string_view component, Predicate holds) const {
    const auto found = std::ranges::find_if(table_.areas, [&](const AreaEntry& entry) {
      return entry.component == component && holds(entry);
    });
    return found == table_.areas.end() ? nullptr : &*found;
  }
  void add_area(std::string_view component, const AreaEntry* entry, double instances) {
    if (entry == nullptr) {
      model_.without_area.emplace_back(component);
      return;
    }
    model_.areas.push_back(
        {std::string(component),
         {entry->area.value * scaling_factor(table_, entry->scaling, &NodeScaling::area_factor) *
          instances},
         cite(entry->source, entry->scaling)});
  }
  void area_of_array() {
    const SystolicArray& array = machine_.array;
    const AreaEntry* entry =
        area("array", [&](const AreaEntry& e) { return allows(e.when, array); });
    add_area("array", entry, static_cast<double>(product(array.rows, array.columns)));
  }
  void area_of_vector() {
    const AreaEntry* entry = area("vector", [&](const AreaEntry& e) {
      return allows(e.when.format, machine_.vector.format);
    });
    add_area("vector", entry, machine_.vector.lanes);
  }
  void area_of_scratchpad(const Scratchpad& pad) {
    const auto any = [&](const AreaEntry& e) { return allows(e.when.capacity, pad.capacity); };
    const AreaEntry* entry = area(pad.name, any);
    if (entry == nullptr) entry = area("scratchpad", any);
    const double parts =
        entry != nullptr && entry->bytes
            ? static_cast<double>(pad.capacity.value) / static_cast<double>(entry->bytes->value)
            : 1;
    add_area(pad.name, entry, parts);
  }

  const EnergyTable& table_;
  const Architecture& machine_;
  Diagnostics& diagnostics_;
  const Location& where_;
  bool cites_;
  std::vector<PricedScratchpad>* known_;
  EnergyModel model_;
};

}  // namespace

const ComponentPrice* EnergyModel::price(std::string_view component,
                                         std::string_view action) const {
  const auto found = std::ranges::find_if(prices, [&](const ComponentPrice& price) {
    return price.component == component && price.action == action;
  });
  return found == prices.end() ? nullptr : &*found;
}

bool is_memory(std::string_view preset, std::string_view memory) {
  return preset.starts_with(memory) &&
         (preset.size() == memory.size() || preset[memory.size()] == '-');
}

EnergyModel resolve(const EnergyTable& table, const Architecture& architecture,
                    Diagnostics& diagnostics, const Location& where, PriceSources sources,
                    std::vector<PricedScratchpad>* known) {
  return Resolver(table, architecture, diagnostics, where, sources, known).run();
}

}  // namespace sluice
