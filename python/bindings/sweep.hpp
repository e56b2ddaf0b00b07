// SPDX-License-Identifier: Apache-2.0
// A sweep that is open in Python.
#pragma once

#include <optional>
#include <vector>

#include "dse/evaluator.hpp"
#include "python/bindings/bindings.hpp"

namespace sluice::python {

/// Never moved: the evaluator refers to the other members.
struct OpenSweep {
  Sweep sweep;
  Library library;
  std::optional<Evaluator> evaluator;
  std::mutex evaluating;  ///< the evaluator's memory of designs is not to be shared
};

/// Designs, a row each.
using Designs = nb::ndarray<nb::numpy, const std::int64_t, nb::ndim<2>, nb::c_contig>;

/// The canonical points of designs. Throws SpecError for a number out of range.
std::vector<Point> points_of(const OpenSweep& open, const Designs& designs);

nb::ndarray<nb::numpy, std::int64_t> matrix_of(const OpenSweep& open,
                                               const std::vector<Point>& points);

/// What dict_of() made, back as results.
std::vector<Result> results_of(const OpenSweep& open, const nb::dict& answer);

/// `designs`, `metrics` (a row a design, NaN where nothing was simulated), and a list each of
/// `status`, `reason`, `bottleneck`, `stalls`.
nb::dict dict_of(const OpenSweep& open, const std::vector<Point>& points,
                 const std::vector<Result>& results);

}  // namespace sluice::python
