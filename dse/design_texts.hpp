// SPDX-License-Identifier: Apache-2.0
// Texts of many designs of a space, such as those of a study: what is said of a value is made once,
// when the first design has it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dse/space.hpp"

namespace sluice {

/// A text for each value of each parameter of a space. Holds a reference to it.
class DigitTexts {
 public:
  using Make = std::function<std::string(const SpaceParameter&, std::uint64_t digit)>;
  DigitTexts(const DesignSpace& space, Make make)
      : space_(space), make_(std::move(make)), texts_(space.parameters.size()) {}

  /// What `make` gave for the digit of a parameter, which may be `inactive`.
  const std::string& at(std::size_t parameter, std::uint64_t digit);

 private:
  const DesignSpace& space_;
  Make make_;
  std::vector<std::unordered_map<std::uint64_t, std::string>> texts_;
};

/// hash_of() the designs of a space, which it refers to.
class DesignHashes {
 public:
  explicit DesignHashes(const DesignSpace& space);
  std::uint64_t of(const Point& point);

 private:
  DigitTexts parts_;
  std::vector<std::size_t> order_;  ///< of the parameters, by what their parts begin with
  std::vector<std::string_view> sorted_;
};

}  // namespace sluice
