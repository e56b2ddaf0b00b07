// SPDX-License-Identifier: Apache-2.0
// Any text is a quantity or an error with a message, and a quantity reads back from its own text.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/quantity.hpp"

namespace {

template <class T>
void check(sluice::Parsed<T> (*parse)(std::string_view), std::string_view text) {
  const auto parsed = parse(text);
  if (const auto* error = std::get_if<sluice::QuantityError>(&parsed)) {
    SLUICE_ASSERT(!error->message.empty(), "an error says what is wrong");
    SLUICE_ASSERT(error->message.size() < 1000, "an error is short");
    return;
  }
  const auto again = parse(to_text(std::get<T>(parsed)));
  SLUICE_ASSERT(std::holds_alternative<T>(again), "the text of a quantity is a quantity");
  SLUICE_ASSERT(std::get<T>(again) == std::get<T>(parsed), "a quantity reads back as itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(sluice::parse_bytes, text);
  check(sluice::parse_hertz, text);
  check(sluice::parse_seconds, text);
  check(sluice::parse_bandwidth, text);
  check(sluice::parse_picojoules, text);
  check(sluice::parse_area, text);
  return 0;
}
