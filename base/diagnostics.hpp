// SPDX-License-Identifier: Apache-2.0
// What is wrong with the user's input, and where. All mistakes found are collected and reported
// together; a library throws SpecError, only the command prints it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A place in a text. Lines and columns (characters, not bytes) count from 1; line 0 means "the
/// whole file", or a text that has no lines, such as an argument of the command.
struct Location {
  std::string path;  ///< as the user named it; `--set` for the command line
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string line_text = {};          ///< the source line, for the caret, or the part near it
  std::uint32_t line_text_column = 1;  ///< the column at which line_text begins

  bool operator==(const Location&) const = default;
};

struct Diagnostic {
  Location where;
  std::string message;    ///< what is wrong, with the value
  std::string hint = {};  ///< how to mend it; may be empty

  bool operator==(const Diagnostic&) const = default;
};

/// `path:line:column: error: message`, the line with a caret, and `hint: ...`.
std::string to_text(const Diagnostic& diagnostic);

/// Thrown by whatever reads the user's input, with every mistake that was found. what() shows the
/// first hundred.
class SpecError : public std::exception {
 public:
  explicit SpecError(std::vector<Diagnostic> diagnostics);
  const char* what() const noexcept override { return text_.c_str(); }
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
  std::string text_;
};

/// Collects mistakes while reading goes on.
class Diagnostics {
 public:
  void error(Location where, std::string message, std::string hint = {});
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const std::vector<Diagnostic>& list() const { return list_; }
  /// Throws SpecError when anything was collected, sorted by place.
  void throw_if_any() const;

 private:
  std::vector<Diagnostic> list_;
};

/// The candidate nearest to `word` by edit distance, or "" when none is near enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// `value` in single quotes for a message: long ones are clipped, control characters shown as `?`.
std::string quote(std::string_view value);

/// `did you mean 'rows'?`, or `known: a, b, c` when none is near; for the hint of a diagnostic.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sluice
