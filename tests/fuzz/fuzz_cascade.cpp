// SPDX-License-Identifier: Apache-2.0
// Any text is a cascade, or mistakes that point into the text.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/diagnostics.hpp"
#include "workloads/cascade/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  sluice::Cascade cascade;
  try {
    cascade = sluice::parse_cascade(text, "f.yaml");
  } catch (const sluice::SpecError&) {
    return 0;
  }
  if (cascade.einsums.empty()) __builtin_trap();  // an empty cascade is a mistake
  return 0;
}
