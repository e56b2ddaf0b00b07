// SPDX-License-Identifier: Apache-2.0
// What is on a wire of the PE grid in one cycle: a number, and the tags by which the PEs check
// that it is the number they wait for. Hardware has the number and a valid bit; the tags are ours.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace sc_core {
class sc_trace_file;
}

namespace sluice {

/// Which matrix of the product a word belongs to.
enum class PeOperand : std::uint8_t { input, weight, result };

struct PeWord {
  enum class Kind : std::uint8_t { bubble, load, stream };
  Kind kind = Kind::bubble;
  PeOperand operand = PeOperand::input;
  bool real = false;  ///< false: padding of an edge fold, or no word
  bool last = false;  ///< the last streamed word of its fold
  std::uint32_t fold = 0;
  /// Streamed: the step. Loaded: the row (or column) of the PE where it stays. Result of an os
  /// array: the row of the PE that made it.
  std::uint64_t index = 0;
  double value = 0;

  bool valid() const { return kind != Kind::bubble; }
  bool operator==(const PeWord&) const = default;
};

/// SystemC asks for these two, to print a signal and to write it to a waveform. The waveform gets
/// the number only.
std::ostream& operator<<(std::ostream& out, const PeWord& word);
void sc_trace(sc_core::sc_trace_file* file, const PeWord& word, const std::string& name);

}  // namespace sluice
