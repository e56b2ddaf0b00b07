// SPDX-License-Identifier: Apache-2.0
// A stable hash of contents, for provenance: the same text has the same hash on every machine and
// in every version. Not for security, and not for tables that an enemy fills.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// FNV-1a with 64 bits (Fowler, Noll, Vo; constants from IETF draft-eastlake-fnv, section 5). Hash
/// several texts by passing the hash so far as `state`.
constexpr std::uint64_t content_hash(std::string_view text,
                                     std::uint64_t state = 0xcbf29ce484222325u) {
  for (const char c : text) {
    state ^= static_cast<unsigned char>(c);
    state *= 0x00000100000001b3u;
  }
  return state;
}

/// A hash as it is printed: 16 hexadecimal digits.
constexpr std::string hash_text(std::uint64_t hash) {
  std::string text(16, '0');
  for (std::size_t i = 0; i < 16; ++i) text[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15u];
  return text;
}

}  // namespace sluice
