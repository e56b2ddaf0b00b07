// SPDX-License-Identifier: Apache-2.0
// What one parameter of a design may be: finitely many values, numbered from 0. A searcher that
// wants numbers gets them in order and, where that is what the values mean, on a logarithmic scale.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluice {

/// first, first + step, ... up to last.
struct IntegerDomain {
  std::int64_t first = 0, last = 0, step = 1;
  bool operator==(const IntegerDomain&) const = default;
};

/// first, 2 first, 4 first, ... up to last. `first` > 0.
struct PowerDomain {
  std::uint64_t first = 1, last = 1;
  bool operator==(const PowerDomain&) const = default;
};

/// `levels` numbers from first to last, evenly spaced, or by even factors.
struct RealDomain {
  double first = 0, last = 1;
  std::uint64_t levels = 2;
  bool logarithmic = false;
  bool operator==(const RealDomain&) const = default;
};

/// One of several values as they are written in YAML. Ordered ones have neighbours.
struct ChoiceDomain {
  std::vector<std::string> values;
  bool ordered = false;
  bool operator==(const ChoiceDomain&) const = default;
};

/// false, true.
struct SwitchDomain {
  bool operator==(const SwitchDomain&) const = default;
};

/// All orders of the items, in lexicographic order of their places; at most 20 items.
struct OrderDomain {
  std::vector<std::string> items;
  bool operator==(const OrderDomain&) const = default;
};

using Domain =
    std::variant<IntegerDomain, PowerDomain, RealDomain, ChoiceDomain, SwitchDomain, OrderDomain>;

/// Number of values, at least 1 for a domain that check_domain() has nothing against.
std::uint64_t size_of(const Domain& domain);

/// What is wrong with it (an empty range, no choice, a choice twice), or "".
std::string check_domain(const Domain& domain);

/// Value `index` as it is written in YAML: `64`, `ws`, `true`, `[k, m, n]`.
std::string value_text(const Domain& domain, std::uint64_t index);

/// The index of a value written like that, or size_of() when it is none.
std::uint64_t index_of(const Domain& domain, const std::string& text);

/// Whether the values are numbers: ranges, powers, reals, and choices that are all numbers.
bool is_number(const Domain& domain);
/// Value `index` of a domain of numbers.
double value_number(const Domain& domain, std::uint64_t index);

/// Whether neighbouring indices are neighbouring values.
bool is_ordered(const Domain& domain);

/// The place of value `index` on a scale from 0 to 1, in the middle of its share; shares are equal.
/// Powers and logarithmic reals are thereby even in their logarithm.
double coordinate(const Domain& domain, std::uint64_t index);
/// The value in whose share a coordinate lies; below 0 the first, above 1 the last.
std::uint64_t index_at(const Domain& domain, double coordinate);

/// `8..256 by powers of two`, `ws | os | is`.
std::string to_text(const Domain& domain);

}  // namespace sluice
