// SPDX-License-Identifier: Apache-2.0
// The parsed form of one line of a cascade, as written: names are not looked up yet. Not for users
// of the room; see load.hpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A node of an expression, an index or a condition. `text` is the number, name, function, operator
/// or relation; a chain `a <= b < c` is an `and` of two comparisons.
struct SyntaxTree {
  enum class Kind : std::uint8_t { number, name, access, call, compare, logic };
  Kind kind = Kind::number;
  std::string text;
  std::size_t begin = 0;  ///< of the node in the line, in bytes
  std::size_t end = 0;
  std::vector<SyntaxTree> parts;  ///< operands, or indices of an access
};

struct ReductionSyntax {
  SyntaxTree operation;
  std::vector<SyntaxTree> ranks;
};

struct EinsumSyntax {
  SyntaxTree output;  ///< an access
  SyntaxTree value;
  std::vector<ReductionSyntax> reductions;
  std::optional<SyntaxTree> condition;
};

struct SyntaxMistake {
  std::size_t offset = 0;
  std::string message;
  std::string hint;
};

// Each throws SyntaxMistake, which never leaves the room.
EinsumSyntax parse_einsum(std::string_view line);
SyntaxTree parse_access(std::string_view text);      ///< `Q[e,p]`
SyntaxTree parse_expression(std::string_view text);  ///< the body of a function
SyntaxTree parse_condition(std::string_view text);   ///< `m1 >= M1`

}  // namespace sluice
