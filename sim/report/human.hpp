// SPDX-License-Identifier: Apache-2.0
// Numbers for people: rounded to what a reader compares, with a prefix. Files that programs read
// take base/quantity.hpp or the shortest form instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// With 0 to 2 digits after the point, as `{:.2f}` has them.
std::string fixed(double value, int decimals);

/// All digits in groups of three: `1 234 567`.
std::string grouped(std::uint64_t value);

/// Three significant digits with a decimal prefix: `3.86 GMAC`, `1.76 ms`, `25.6 MB`, `512 B`.
/// Without `unit` only the prefix stays: `25.6 M`. Below 1 only seconds and joules have prefixes.
std::string rounded(double value, std::string_view unit);

/// `62 %`, `4.1 %`; 100 % and 0 % only when nothing is left or nothing is there. `ratio` 0..1.
std::string percent(double ratio);

/// `2.6 times`, `15 times`.
std::string times(double factor);

}  // namespace sluice
