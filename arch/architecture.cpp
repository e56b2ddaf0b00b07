// SPDX-License-Identifier: Apache-2.0
#include "arch/architecture.hpp"

#include <algorithm>

#include "arch/check.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"
#include "base/read.hpp"

namespace sluice {

std::vector<Dma> default_engines() {
  std::vector<Dma> engines;
  for (const auto& role : EnumNames<TensorRole>::table) {
    Dma& engine = engines.emplace_back();
    engine.name = "dma_" + std::string(role.name);
    engine.moves = {role.value};
  }
  return engines;
}

std::string_view model_of(const YamlNode& machine) {
  const YamlNode* model = machine.find("model");
  if (model == nullptr) return "systolic";
  return model->is_scalar() ? std::string_view(model->scalar) : std::string_view();
}

Architecture read_architecture(const YamlNode& node, Diagnostics& diagnostics) {
  Architecture architecture;
  read_value(node, architecture, FieldInfo{}, diagnostics);
  if (node.is_map()) check_architecture(architecture, node, diagnostics);
  if (architecture.dma.empty()) architecture.dma = default_engines();
  return architecture;
}

std::uint64_t port_bytes_per_cycle(const Scratchpad& s, bool write) {
  return product(s.width.value, s.banks, write && !s.shared_ports ? s.write_ports : s.read_ports);
}

std::size_t scratchpad_of(const Architecture& architecture, TensorRole role) {
  const auto& pads = architecture.scratchpads;
  const auto holder = std::ranges::find_if(pads, [&](const Scratchpad& pad) {
    return std::ranges::find(pad.holds, role) != pad.holds.end();
  });
  SLUICE_ASSERT(holder != pads.end(),
                "a tensor has no scratchpad although the machine was checked");
  return static_cast<std::size_t>(holder - pads.begin());
}

}  // namespace sluice
