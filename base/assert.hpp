// SPDX-License-Identifier: Apache-2.0
// Assertions about our own mistakes. They stay on in Release builds; mistakes of the user are
// diagnostics (base/diagnostics.hpp), never assertions.
#pragma once

namespace sluice {

/// Prints the broken sentence to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* sentence, const char* file,
                                   int line);

}  // namespace sluice

/// SLUICE_ASSERT(condition, "a sentence that says what is wrong when it does not hold")
#define SLUICE_ASSERT(condition, sentence) \
  ((condition) ? void(0) : ::sluice::assertion_failed(#condition, sentence, __FILE__, __LINE__))
