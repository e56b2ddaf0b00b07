// SPDX-License-Identifier: Apache-2.0
// Any text behind a letter that chooses a reader is a topology or a configuration of SCALE-Sim, or
// an error at a place in the text; what was imported is written and read back unchanged. Letters:
// c, C convolutions, g, G products (capital: with sparsity); anything else a configuration.
#include <cstdint>
#include <string>
#include <string_view>

#include "arch/importers/scalesim_config.hpp"
#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "base/print.hpp"
#include "workloads/importers/scalesim_topology.hpp"
#include "workloads/load.hpp"

namespace {

using namespace sluice;

void topology(std::string_view text, ScalesimRows rows, ScalesimSparsity sparsity) {
  const Network network = import_scalesim_topology(text, "f.csv", rows, sparsity);
  SLUICE_ASSERT(!network.layers.empty(), "a topology has layers");
  (void)macs(network);
  const YamlNode file = parse_yaml(network_to_yaml(network), "f.yaml");
  SLUICE_ASSERT(read_network(file, nullptr) == network, "an imported network reads back");
}

void configuration(std::string_view text) {
  const Architecture machine = import_scalesim_config(text, "f.cfg").architecture;
  Diagnostics diagnostics;
  const YamlNode file = parse_yaml(to_text(to_yaml(machine)), "f.yaml");
  SLUICE_ASSERT(read_architecture(file, diagnostics) == machine, "an imported machine reads back");
  SLUICE_ASSERT(diagnostics.empty(), "an imported machine is possible");
}

void read(char choice, std::string_view text) {
  switch (choice) {
    case 'c':
      return topology(text, ScalesimRows::conv, ScalesimSparsity::ignore);
    case 'C':
      return topology(text, ScalesimRows::conv, ScalesimSparsity::layer);
    case 'g':
      return topology(text, ScalesimRows::gemm, ScalesimSparsity::ignore);
    case 'G':
      return topology(text, ScalesimRows::gemm, ScalesimSparsity::layer);
    default:
      return configuration(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    read(text[0], text.substr(1));
  } catch (const SpecError& error) {
    SLUICE_ASSERT(!error.diagnostics().empty(), "an error says what is wrong");
    for (const Diagnostic& diagnostic : error.diagnostics())
      SLUICE_ASSERT(!to_text(diagnostic).empty(), "a diagnostic has a text");
  }
  return 0;
}
