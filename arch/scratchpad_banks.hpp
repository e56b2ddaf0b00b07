// SPDX-License-Identifier: Apache-2.0
// Which banks of a scratchpad an access needs, and for how long: arithmetic of addresses. What is
// accessed, and how often, is in mapper/bank_conflicts.hpp.
#pragma once

#include <array>
#include <cstdint>

#include "arch/architecture.hpp"

namespace sluice {

/// The places of words that one access may take together: word i lies where the mixed-radix digits
/// of i, the innermost first, move it by their strides. The outermost level has no end.
struct WordWalk {
  struct Level {
    std::uint64_t count = 1;
    std::uint64_t stride = 1;  ///< words
  };
  std::uint64_t word_bits = 8;
  std::array<Level, 3> levels{Level{}, Level{}, Level{}};

  /// Words next to each other.
  static WordWalk dense(std::uint64_t word_bits);
};

/// Cycles in which the banks serve words [first, first + words) of a walk, which must not go back:
/// a bank serves as many lines a cycle as it has ports, and words of one line together. The first
/// word is taken to lie at the beginning of a line. The scratchpad must have a width.
std::uint64_t access_cycles(const Scratchpad& pad, bool write, const WordWalk& walk,
                            std::uint64_t first, std::uint64_t words);

/// The same if the lines that the words fill were spread evenly over the banks: what the width of
/// the scratchpad asks for anyway.
std::uint64_t spread_cycles(const Scratchpad& pad, bool write, std::uint64_t word_bits,
                            std::uint64_t words);

/// Cycles lost to bank conflicts by accesses of `chunk` words each (the last: what is left) that
/// cover the first `extent` words of a walk: the sum of access_cycles - spread_cycles. 0 without a
/// width or with layout skewed.
std::uint64_t conflict_cycles(const Scratchpad& pad, bool write, const WordWalk& walk,
                              std::uint64_t extent, std::uint64_t chunk);

/// Cycles for which `bytes` next to each other keep the busiest bank.
std::uint64_t run_cycles(const Scratchpad& pad, bool write, std::uint64_t bytes);

}  // namespace sluice
