// SPDX-License-Identifier: Apache-2.0
// Bytes as text (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// Four letters for every three bytes, padded with `=`.
std::string to_base64(std::string_view bytes);

/// Nothing for what to_base64() does not write.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice
