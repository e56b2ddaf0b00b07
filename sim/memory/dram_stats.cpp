// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/dram_stats.hpp"

#include <array>
#include <cstddef>

namespace sluice {
namespace {

/// Changes each counter of `a` by the counter of `b` at the same place.
template <class Change>
void combine(DramStats& a, const DramStats& b, Change change) {
  std::array<std::uint64_t, sizeof(DramStats) / sizeof(std::uint64_t)> other{};
  std::size_t i = 0;
  for_each_counter(b, [&](const char*, std::uint64_t value) { other[i++] = value; });
  i = 0;
  for_each_counter(a, [&](const char*, std::uint64_t& value) { change(value, other[i++]); });
}

}  // namespace

DramStats& DramStats::operator+=(const DramStats& other) {
  combine(*this, other, [](std::uint64_t& a, std::uint64_t b) { a += b; });
  return *this;
}

DramStats& DramStats::operator-=(const DramStats& other) {
  combine(*this, other, [](std::uint64_t& a, std::uint64_t b) { a -= b; });
  return *this;
}

DramStats& DramStats::operator*=(std::uint64_t count) {
  for_each_counter(*this, [&](const char*, std::uint64_t& value) { value *= count; });
  return *this;
}

}  // namespace sluice
