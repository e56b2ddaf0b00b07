// SPDX-License-Identifier: Apache-2.0
// Finds the elements of an operand among the results of its producers. Not for users of the room;
// see lowering.hpp.
#pragma once

#include <string>
#include <vector>

#include "workloads/lowering/compose.hpp"

namespace sluice {

/// What an operand is called in the cascade: its layer's name, and its own.
struct OperandName {
  std::string prefix;
  std::string tensor;

  std::string text() const { return prefix.empty() ? tensor : prefix + "_" + tensor; }
};

/// Where the elements of `wanted` are, which `producers` hold one behind the other. Adds Einsums
/// that arrange them when they cannot be read in place, or an input that says which they are when
/// the producers hold another number of them.
Source connect(Composer& composer, const Port& wanted, const std::vector<Stored>& producers,
               const OperandName& name);

/// `stored` as a tensor in which `wanted` can be read in place, its first element at `offset`.
Source arrange(Composer& composer, const Port& wanted, const Stored& stored,
               const OperandName& name, std::uint64_t offset = 0);

}  // namespace sluice
