// SPDX-License-Identifier: Apache-2.0
// Machines as YAML text, and what reading one complains about, for the tests of this room.
#pragma once

#include <fmt/format.h>

#include <string>

#include "arch/architecture.hpp"

namespace sluice {

/// A machine of which one part is replaced by a test. Lines 1 and 2 are name and clock.
struct MachineText {
  std::string extra = {};                                             ///< line 3
  std::string array = "{rows: 4, columns: 4}";                        ///< line 4
  std::string in = "{name: in, capacity: 1 KiB, holds: [input]}";     ///< line 6
  std::string wt = "{name: wt, capacity: 1 KiB, holds: [weight]}";    ///< line 7
  std::string acc = "{name: acc, capacity: 1 KiB, holds: [output]}";  ///< line 8
  std::string dram = "{preset: ideal}";                               ///< line 9
  std::string dma = {};                                               ///< line 10

  std::string text() const {
    return fmt::format(
        "name: test\nclock: 1 GHz\n{}\narray: {}\nscratchpads:\n  - {}\n  - {}\n  - {}\ndram: "
        "{}\n{}\n",
        extra, array, in, wt, acc, dram, dma);
  }
};

/// `line:column: message | hint`, one mistake a line, in the order of their places.
inline std::string complaints(const Diagnostics& diagnostics) {
  try {
    diagnostics.throw_if_any();
  } catch (const SpecError& error) {
    std::string text;
    for (const Diagnostic& mistake : error.diagnostics())
      text += fmt::format("{}:{}: {} | {}\n", mistake.where.line, mistake.where.column,
                          mistake.message, mistake.hint);
    return text;
  }
  return "";
}

inline std::string complaints(const MachineText& machine) {
  Diagnostics diagnostics;
  read_architecture(parse_yaml(machine.text(), "machine.yaml"), diagnostics);
  return complaints(diagnostics);
}

/// The machine; it must be without mistakes.
inline Architecture read(const MachineText& machine) {
  Diagnostics diagnostics;
  Architecture architecture =
      read_architecture(parse_yaml(machine.text(), "machine.yaml"), diagnostics);
  diagnostics.throw_if_any();
  return architecture;
}

}  // namespace sluice
