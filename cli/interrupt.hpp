// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and the wish of others that the program ends (SIGINT, SIGTERM): remembered while a run
// goes on, so that it ends between two steps and leaves no half-written file.
#pragma once

namespace sluice {

/// While it lives, a signal is remembered instead of ending the program; a second one ends it. Only
/// one at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// Whether a signal has come.
  static bool requested();
  /// From here on no signal ends the program, not even the second: files are being written, which
  /// takes a moment.
  static void hold();
};

}  // namespace sluice
