// SPDX-License-Identifier: Apache-2.0
// Whether a machine that was read is possible: the rules that no single field can state. What is
// wrong is told at the place of the offending value; nothing is mended here.
#pragma once

#include <cstdint>

#include "arch/architecture.hpp"
#include "base/diagnostics.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// Whether a caller knows that every section of a node reads without mistakes.
enum class SectionsRead : std::uint8_t { unknown, cleanly };

/// Checks `architecture`, which was read from `node`. A section in which reading itself found
/// mistakes is skipped, so that one mistake is told once; to find out, each is read again, unless
/// the caller knows.
void check_architecture(const Architecture& architecture, const YamlNode& node,
                        Diagnostics& diagnostics, SectionsRead read = SectionsRead::unknown);

}  // namespace sluice
