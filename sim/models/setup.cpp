// SPDX-License-Identifier: Apache-2.0
#include "sim/models/setup.hpp"

#include <fmt/format.h>

#include <type_traits>

namespace sluice {
namespace {

/// Makes `setup` one of the model `name`, unless there is none of that name.
template <class... Setups>
void choose(std::variant<Setups...>& setup, std::string_view name) {
  const auto try_one = [&]<class Setup>(std::type_identity<Setup>) {
    if (Setup::model == name) setup.template emplace<Setup>();
  };
  (try_one(std::type_identity<Setups>{}), ...);
}

struct Summary {
  std::string operator()(const Architecture& machine) const {
    std::uint64_t on_chip = 0;
    for (const Scratchpad& pad : machine.scratchpads) on_chip += pad.capacity.value;
    return fmt::format("{} x {} {}, {}, {} on chip, {} memory", machine.array.rows,
                       machine.array.columns, name_of(machine.array.dataflow),
                       to_text(machine.clock), to_text(Bytes{on_chip}), machine.dram.preset);
  }
  std::string operator()(const SpatialMachine& machine) const {
    return fmt::format("{} x {} and {} PEs, {}, {}, {} on chip, {} memory",
                       machine.spatial_array.rows, machine.spatial_array.columns,
                       machine.vector_array.lanes, machine.model, to_text(machine.clock),
                       to_text(machine.global_buffer.capacity), machine.dram.preset);
  }
  std::string operator()(const fusemax::FormsMachine& machine) const {
    return (*this)(machine.machine);
  }
  std::string operator()(const MemoryMachine& machine) const {
    return fmt::format("{} x {} alone, for traces", machine.dram.channels, machine.dram.preset);
  }
};

struct Source {
  std::string operator()(const fusemax::FormsMachine& machine) const {
    return machine.machine.source;
  }
  std::string operator()(const auto& machine) const { return machine.source; }
};

struct Reader {
  const YamlNode& node;
  Diagnostics& diagnostics;

  AnyMachine operator()(const SystolicSetup&) const { return read_architecture(node, diagnostics); }
  AnyMachine operator()(const SpatialSetup&) const {
    return read_spatial_machine(node, diagnostics);
  }
  AnyMachine operator()(const FormsSetup&) const {
    return fusemax::read_forms_machine(node, diagnostics);
  }
  AnyMachine operator()(const MemorySetup&) const { return read_memory_machine(node, diagnostics); }
};

}  // namespace

AnySetup setup_of(const YamlNode& machine) {
  AnySetup setup;
  choose(setup, model_of(machine));
  return setup;
}

AnyMachine read_machine(const YamlNode& node, Diagnostics& diagnostics) {
  return std::visit(Reader{node, diagnostics}, setup_of(node));
}

std::string summary_of(const AnyMachine& machine) { return std::visit(Summary{}, machine); }
std::string source_of(const AnyMachine& machine) { return std::visit(Source{}, machine); }

}  // namespace sluice
