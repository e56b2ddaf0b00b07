// SPDX-License-Identifier: Apache-2.0
// Any text is a network, or mistakes that point into the text; formulas and blocks included.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "workloads/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const sluice::Network network =
        sluice::read_network(sluice::parse_yaml(text, "f.yaml"), nullptr);
    if (network.layers.empty()) __builtin_trap();  // an empty network is a mistake
  } catch (const sluice::SpecError&) {
  }
  return 0;
}
