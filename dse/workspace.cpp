// SPDX-License-Identifier: Apache-2.0
#include "dse/workspace.hpp"

#include <algorithm>
#include <utility>

#include "arch/check.hpp"

namespace sluice {
namespace {

constexpr std::string_view machine_path = "architecture.";
/// Domains beyond this are read anew for every design.
constexpr std::uint64_t most_values = 65536;
/// Experiments that are kept for the values of parameters that are read.
constexpr std::size_t most_bases = 256;

bool is_of_machine(const SpaceParameter& parameter) {
  return size_of(parameter.domain) <= most_values &&
         std::ranges::all_of(parameter.paths, [](const std::string& path) {
           return path.starts_with(machine_path);
         });
}

std::vector<YamlNode> values_of(const SpaceParameter& parameter) {
  std::vector<YamlNode> values;
  for (std::uint64_t i = 0; i < size_of(parameter.domain); ++i) {
    YamlNode holder;
    holder.kind = YamlNode::Kind::map;
    std::string text = value_text(parameter.domain, i);
    if (!parameter.unit.empty()) text += " " + parameter.unit;
    set_path(holder, "value", text);
    values.push_back(std::move(holder.entries[0].value));
  }
  return values;
}

/// One parameter's fields.
struct Slot {
  std::size_t parameter = 0;
  std::vector<FieldSetter> fields;
};

}  // namespace

/// What designs have in common that agree in the parameters that are read.
struct Workspace::Base {
  YamlNode machine;       ///< for check_architecture()
  Experiment experiment;  ///< the slots point into it
  std::vector<Slot> slots;

  bool set(const Point& point) {
    for (const Slot& slot : slots)
      if (point.digits[slot.parameter] == inactive)
        for (const FieldSetter& field : slot.fields) field.reset();
    for (const Slot& slot : slots)
      if (const std::uint64_t digit = point.digits[slot.parameter]; digit != inactive)
        for (const FieldSetter& field : slot.fields)
          if (!field.set(digit)) return false;
    Diagnostics mistakes;
    check_architecture(std::get<SystolicSetup>(experiment.setup).machine, machine, mistakes,
                       SectionsRead::cleanly);
    return mistakes.empty();
  }
};

const EnergyTable& EnergyTables::of(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  const auto known = tables_.find(name);
  if (known != tables_.end()) return known->second;
  return tables_.emplace(name, load_energy_table(name, library_.tables)).first->second;
}

Workspace::Workspace(const Sweep& sweep, const Library& library,
                     std::shared_ptr<EnergyTables> tables)
    : sweep_(sweep),
      library_(library),
      values_(sweep.space.parameters.size()),
      tables_(tables ? std::move(tables) : std::make_shared<EnergyTables>(library)) {
  for (std::size_t p = 0; p < values_.size(); ++p) {
    if (is_of_machine(sweep.space.parameters[p]))
      values_[p] = values_of(sweep.space.parameters[p]);
    else
      others_.push_back(p);
  }
}

Workspace::~Workspace() = default;

/// nullptr where the experiment without the machine's parameters is wrong, or where a field of the
/// machine is not found.
std::unique_ptr<Workspace::Base> Workspace::make_base(const Point& point) const {
  Point common{std::vector<std::uint64_t>(point.digits.size(), inactive)};
  for (const std::size_t p : others_) common.digits[p] = point.digits[p];
  auto base = std::make_unique<Base>();
  try {
    const YamlNode root = apply(sweep_, common);
    base->experiment = read_experiment(root, library_);
    base->machine = *root.find("architecture");
  } catch (const SpecError&) {
    return nullptr;
  }
  // Has another kind of machine.
  auto* setup = std::get_if<SystolicSetup>(&base->experiment.setup);
  if (setup == nullptr) return nullptr;
  if (!setup->mapping.nests.empty()) return nullptr;  // are checked against the machine
  for (std::size_t p = 0; p < values_.size(); ++p) {
    if (values_[p].empty()) continue;
    Slot slot{p, {}};
    for (const std::string& path : sweep_.space.parameters[p].paths) {
      auto field = find_field(setup->machine, path.substr(machine_path.size()), values_[p]);
      if (!field) return nullptr;
      slot.fields.push_back(std::move(*field));
    }
    base->slots.push_back(std::move(slot));
  }
  return base;
}

Workspace::Base* Workspace::base_of(const Point& point) {
  std::vector<std::uint64_t> key;
  for (const std::size_t p : others_) key.push_back(point.digits[p]);
  const auto known = bases_.find(key);
  if (known != bases_.end()) return known->second.get();
  if (bases_.size() >= most_bases) bases_.clear();
  return bases_.emplace(std::move(key), make_base(point)).first->second.get();
}

const Experiment* Workspace::set(const Point& point) {
  Base* base = base_of(point);
  return base != nullptr && base->set(point) ? &base->experiment : nullptr;
}

Workspace::Prices* Workspace::prices(const std::string& name) {
  if (name.empty()) return nullptr;
  const auto known = prices_.find(name);
  if (known != prices_.end()) return &known->second;
  return &prices_.emplace(name, Prices{tables_->of(name), {}}).first->second;
}

}  // namespace sluice
