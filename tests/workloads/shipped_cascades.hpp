// SPDX-License-Identifier: Apache-2.0
// What the tests of the shipped cascades share: loading one with numbers for its parameters,
// reading its tensors by coordinates, and the distance to values from a direct formula.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/source_path.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {

using Numbers = std::vector<std::pair<std::string, std::size_t>>;

inline Cascade load_shipped(const std::string& name, const Numbers& numbers = {}) {
  std::vector<CascadeSetting> settings;
  for (const auto& [parameter, value] : numbers)
    settings.push_back({parameter, std::to_string(value)});
  return load_cascade(source_path("configs/cascades/" + name + ".yaml"), settings);
}

inline std::uint32_t passes_of(const std::string& name, const std::string& rank,
                               const Numbers& numbers = {}) {
  return count_passes(load_shipped(name, numbers), rank).value().passes;
}

/// Operations of one kind in the whole cascade.
inline std::uint64_t operations_of(const std::string& name, const std::string& kind,
                                   const Numbers& numbers = {}) {
  const CascadeFacts facts = facts_of(load_shipped(name, numbers));
  const auto found = facts.operations.find(kind);
  return found == facts.operations.end() ? 0 : found->second;
}

/// Elements with coordinates, the last fastest; read as long double for direct formulas.
template <std::size_t Ranks>
class Elements {
 public:
  Elements(std::vector<double> values, std::array<std::size_t, Ranks> extents)
      : values_(std::move(values)), extents_(extents) {}
  explicit Elements(std::array<std::size_t, Ranks> extents) : extents_(extents) {
    std::size_t size = 1;
    for (const std::size_t extent : extents) size *= extent;
    values_.resize(size);
  }

  template <class... Coordinates>
  long double operator()(Coordinates... at) const {
    return static_cast<long double>(values_.at(offset({static_cast<std::size_t>(at)...})));
  }
  template <class... Coordinates>
  void set(long double value, Coordinates... at) {
    values_.at(offset({static_cast<std::size_t>(at)...})) = static_cast<double>(value);
  }
  const std::vector<double>& values() const { return values_; }

 private:
  std::size_t offset(std::array<std::size_t, Ranks> at) const {
    std::size_t sum = 0;
    for (std::size_t d = 0; d < Ranks; ++d) sum = sum * extents_[d] + at[d];
    return sum;
  }

  std::vector<double> values_;
  std::array<std::size_t, Ranks> extents_;
};

/// The largest difference, relative to the largest magnitude of `exact`; NaN when one is.
inline double distance(const std::vector<double>& found, const std::vector<double>& exact) {
  if (found.size() != exact.size()) return INFINITY;
  double largest = 0, scale = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = std::fabs(found[i] - exact[i]);
    if (std::isnan(error)) return error;
    largest = std::max(largest, error);
    scale = std::max(scale, std::fabs(exact[i]));
  }
  return largest == 0 ? 0 : largest / scale;
}

/// A cascade with random inputs, and what it makes of them.
struct Computed {
  TensorValues inputs, values;

  Computed(const Cascade& cascade, std::uint64_t seed)
      : inputs(random_inputs(cascade, seed)), values(evaluate_cascade(cascade, inputs)) {}

  template <class... Extents>
  Elements<sizeof...(Extents)> in(const std::string& name, Extents... extents) const {
    return {inputs.at(name), {static_cast<std::size_t>(extents)...}};
  }
};

inline long double sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }
inline long double silu(long double x) { return x * sigmoid(x); }

}  // namespace sluice
