// SPDX-License-Identifier: Apache-2.0
// Any bytes are an ONNX model, or mistakes; what was imported is written and read back unchanged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const sluice::Network network =
        sluice::import_network("onnx", bytes, "f.onnx", {{"batch", "2"}});
    (void)sluice::macs(network);
    const sluice::YamlNode file = sluice::parse_yaml(sluice::network_to_yaml(network), "f.yaml");
    SLUICE_ASSERT(sluice::read_network(file, nullptr) == network, "what is imported reads back");
  } catch (const sluice::SpecError& error) {
    SLUICE_ASSERT(!error.diagnostics().empty(), "an error says what is wrong");
  }
  return 0;
}
