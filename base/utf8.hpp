// SPDX-License-Identifier: Apache-2.0
// The little that messages and readers need to know of UTF-8 (RFC 3629). No conversion, no case.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

/// Bytes of the well-formed character at `offset`, 1 to 4, or 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t offset);

/// Offset of the first byte that is not well-formed, or npos.
std::size_t find_invalid_utf8(std::string_view text);

/// Characters in well-formed text; a malformed byte counts as one.
std::size_t utf8_count(std::string_view text);

/// `text` with malformed bytes and control characters but tab replaced by `?`.
std::string printable(std::string_view text);

}  // namespace sluice
