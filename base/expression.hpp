// SPDX-License-Identifier: Apache-2.0
// Arithmetic over named whole numbers, for input files: `batch * seq_len / 2`. Every step is exact:
// a division must come out whole, and nothing may turn negative or exceed 64 bits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/yaml.hpp"

namespace sluice {

using Variables = std::map<std::string, std::uint64_t, std::less<>>;

struct ExpressionError {
  std::size_t offset = 0;  ///< byte of the text at which the mistake is
  std::string message;
  std::string hint = {};
};

/// The value of `text`: decimal numbers, names, `+ - * / %` with the usual precedence, parentheses,
/// `min(a, b, ...)`, `max(a, b, ...)`, `ceil_div(a, b)`. `a - b` needs a >= b.
std::variant<std::uint64_t, ExpressionError> evaluate(std::string_view text,
                                                      const Variables& variables);

/// The value of the expression at `node`; else nothing, and a diagnostic whose caret is at the
/// mistake within the expression. Checks info.min and info.max.
std::optional<std::uint64_t> read_expression(const YamlNode& node, const Variables& variables,
                                             const FieldInfo& info, Diagnostics& diagnostics);

}  // namespace sluice
