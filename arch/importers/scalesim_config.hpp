// SPDX-License-Identifier: Apache-2.0
// Configuration files (.cfg) of SCALE-Sim (v2 and v3) as machines. docs/validation/scalesim.md says
// what they mean and where sluice reads them otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "arch/architecture.hpp"
#include "base/describe.hpp"

namespace sluice {

/// InterfaceBandwidth: whether main memory limits.
enum class ScalesimBandwidth : std::uint8_t { calc, user };
template <>
struct EnumNames<ScalesimBandwidth> {
  static constexpr EnumName<ScalesimBandwidth> table[] = {{"CALC", ScalesimBandwidth::calc},
                                                          {"USER", ScalesimBandwidth::user}};
};

struct ScalesimConfig {
  std::string run_name;
  ScalesimBandwidth bandwidth = ScalesimBandwidth::calc;
  Architecture architecture;
  std::array<std::uint64_t, tensor_role_count> sram_words{};  ///< by TensorRole
  /// USER: words a cycle of the port of each operand, by TensorRole.
  std::array<std::uint64_t, tensor_role_count> port_words{};
  bool sparsity = false;   ///< SparsitySupport: the column N:M of the topology counts
  bool ramulator = false;  ///< UseRamulatorTrace, which has no counterpart here
  bool operator==(const ScalesimConfig&) const = default;
};

/// Reads a configuration. Sections and keys that v2 does not have may be left out. Numbers are one
/// word of one byte in SCALE-Sim: here operands are int8, and partial sums int32 in an ofmap
/// scratchpad of as many words. Throws SpecError with every mistake: a section or key that
/// SCALE-Sim does not know, one that is missing, a wrong value, row-wise sparsity.
ScalesimConfig import_scalesim_config(std::string_view text, const std::string& path);

}  // namespace sluice
