// SPDX-License-Identifier: Apache-2.0
#include "dse/design_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/hash.hpp"

namespace sluice {

const std::string& DigitTexts::at(std::size_t parameter, std::uint64_t digit) {
  const auto [place, is_new] = texts_[parameter].try_emplace(digit);
  if (is_new) place->second = make_(space_.parameters[parameter], digit);
  return place->second;
}

DesignHashes::DesignHashes(const DesignSpace& space)
    : parts_(space,
             [](const SpaceParameter& parameter, std::uint64_t digit) {
               return fmt::format("{}={}\n", parameter.name, value_with_unit(parameter, digit));
             }),
      order_(space.parameters.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::sort(order_, {}, [&](std::size_t i) { return space.parameters[i].name + "="; });
}

std::uint64_t DesignHashes::of(const Point& point) {
  sorted_.clear();
  for (const std::size_t i : order_)
    if (point.digits[i] != inactive) sorted_.push_back(parts_.at(i, point.digits[i]));
  std::ranges::sort(sorted_);  // they are, unless a name has a '=' in it
  std::uint64_t hash = content_hash("");
  for (const std::string_view part : sorted_) hash = content_hash(part, hash);
  return hash;
}

}  // namespace sluice
