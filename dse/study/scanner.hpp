// SPDX-License-Identifier: Apache-2.0
// Goes along a text of JSON in the one form in which the cells of studies are written: no spaces,
// nothing escaped. What it reads means the same to every JSON reader; what it does not may still be
// JSON. Internal to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

/// Each member reads what it names and goes on behind it; else it says so and stays.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool is_done() const { return rest_.empty(); }
  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  /// `17`
  std::optional<std::uint64_t> count();
  /// `1.5e-07`: with a fraction or an exponent, such as doubles are written with.
  std::optional<double> real();
  /// `"fill"`, of printable ASCII, without its quotes.
  std::optional<std::string_view> word();

 private:
  /// The number that is next, if it `is_form` as text.
  template <class Number, class IsForm>
  std::optional<Number> number(IsForm is_form);

  std::string_view rest_;
};

}  // namespace sluice
