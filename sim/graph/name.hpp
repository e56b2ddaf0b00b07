// SPDX-License-Identifier: Apache-2.0
// Names of the parts of a graph.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// A literal, which is only pointed at, or a text of its own. Most names are the same in all
/// machines of a kind, and graphs are built by the million: to copy a name takes longer than to
/// make the rest of what bears it.
class Name {
 public:
  Name() = default;
  template <std::size_t size>
  Name(const char (&literal)[size]) : literal_(literal, size - 1) {}
  Name(std::string text) : text_(std::move(text)) {}

  std::string_view view() const { return text_.empty() ? literal_ : std::string_view(text_); }
  std::string text() const { return std::string(view()); }
  bool operator==(const Name& other) const { return view() == other.view(); }

 private:
  std::string_view literal_;
  std::string text_;
};

}  // namespace sluice
