// SPDX-License-Identifier: Apache-2.0
// Computes a cascade element by element in double precision: the reference that says whether two
// cascades mean the same. It is no simulator and knows nothing of time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// Elements by tensor, the last rank fastest.
using TensorValues = std::map<std::string, std::vector<double>>;

struct CascadeEvaluation {
  /// Rounds every element when it is stored, inputs included.
  std::function<double(double)> round = {};
  /// Rounds what a reduction has so far, after every value that it takes in; without it reductions
  /// are made in double. What the map computes for one point is in double in either case.
  std::function<double(double)> round_sum = {};
  std::uint64_t most_points = std::uint64_t{1} << 34;  ///< of all Einsums together
};

/// Every tensor of the cascade. `inputs` holds each input with as many elements as it has. Throws
/// SpecError when the cascade is too large to compute, or a gather leaves its tensor.
TensorValues evaluate_cascade(const Cascade& cascade, const TensorValues& inputs,
                              const CascadeEvaluation& options = {});

/// Standard normal elements, the same for a tensor of the same name and seed in every cascade;
/// whole numbers that fit for a tensor that is used as an index.
TensorValues random_inputs(const Cascade& cascade, std::uint64_t seed);

struct OutputDifference {
  std::string tensor;
  std::uint64_t elements = 0;
  double absolute = 0;  ///< the largest; not a number when one side alone is none
  double relative = 0;  ///< the largest, to the larger magnitude of the two

  bool operator==(const OutputDifference&) const = default;
};

/// Computes both on the same random inputs, the first with options of its own if there are any.
/// Throws SpecError when inputs or outputs differ in name or shape.
std::vector<OutputDifference> compare_cascades(
    const Cascade& first, const Cascade& second, std::uint64_t seed,
    const CascadeEvaluation& options = {},
    const std::optional<CascadeEvaluation>& first_options = std::nullopt);

}  // namespace sluice
