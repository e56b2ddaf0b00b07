// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and the wish of others that the program ends (SIGINT, SIGTERM) during a run, which ends
// between two steps and leaves no half-written file.
#pragma once

#include <string_view>

namespace sluice {

/// What is said when a run was interrupted, on standard error.
inline constexpr std::string_view interrupted_text =
    "sluice run: interrupted, nothing was written\n";
inline constexpr int exit_interrupted = 130;  ///< 128 + SIGINT, as shells report it

/// While it lives, a signal is remembered for requested(). What takes no notice within a second is
/// ended here, with `text`, which must outlive it, on standard error. Only one at a time.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::string_view text);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// Whether a signal has come.
  static bool requested();
  /// From here on no signal ends the program: files are being written, which takes a moment.
  static void hold();
};

}  // namespace sluice
