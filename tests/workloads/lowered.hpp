// SPDX-License-Identifier: Apache-2.0
// What the tests of lowered layers share: how far a cascade is from a direct formula.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/lowering.hpp"

namespace sluice {

using Numbers = std::vector<double>;
using Real = long double;

inline constexpr std::uint64_t lowering_seed = 20250311;

inline std::uint64_t macs_of(const Cascade& cascade) {
  const CascadeFacts facts = facts_of(cascade);
  const auto found = facts.operations.find("mac");
  return found == facts.operations.end() ? 0 : found->second;
}

/// The largest difference of `output` of the lowered layer to `direct`, relative to the largest
/// element; that the cascade comes back from its text is checked beside.
inline double lowering_error(const Layer& layer, const std::string& output,
                             const std::function<Numbers(const TensorValues&)>& direct,
                             const LoweringOptions& options = {}) {
  const Cascade cascade = lower(layer, options);
  CHECK(parse_cascade(to_text(cascade), "again.yaml") == cascade);
  const TensorValues inputs = random_inputs(cascade, lowering_seed);
  const Numbers found = evaluate_cascade(cascade, inputs).at(output), exact = direct(inputs);
  REQUIRE(found.size() == exact.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (!std::isfinite(found[i])) return found[i];
    worst = std::max(worst, std::fabs(found[i] - exact[i]));
    largest = std::max(largest, std::fabs(exact[i]));
  }
  return worst / largest;
}

}  // namespace sluice
