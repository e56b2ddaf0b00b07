// SPDX-License-Identifier: Apache-2.0
// What the Einsums of a cascade are to a mapper.
#pragma once

#include <string>
#include <vector>

#include "mapper/nest/problem.hpp"
#include "workloads/cascade/cascade.hpp"

namespace sluice {

struct ProblemOptions {
  /// Readers of a tensor that is only another view of one tensor, such as K cut into tiles, read
  /// that tensor itself; the copy is no Einsum then.
  bool inline_copies = true;
  bool count_fractions = false;  ///< costs what counting the points under conditions costs
};

struct EinsumProblem {
  std::size_t einsum = 0;  ///< in Cascade::einsums
  Problem problem;         ///< named after the tensor that it makes
  double fraction = 1;     ///< points that its conditions leave, of all; 1 where not counted
  std::vector<std::string> notes;  ///< what is counted other than it is written, a sentence each
};

struct CascadeProblems {
  std::vector<EinsumProblem> problems;
  std::vector<std::string> left_out;  ///< Einsums that are none, and why, a sentence each
};

/// One problem an Einsum. Constants in indices are dropped, since they move all points alike;
/// strides and dilations are coefficients; iterative ranks are ordered where the Einsum is part of
/// the recurrence. Initial values are no Einsums: the first touch of a sum starts it. What a
/// problem cannot express (a gather, ranks of opposite signs that slide over each other, too many
/// ranks or tensors) is left out and said.
CascadeProblems problems_of(const Cascade& cascade, const ProblemOptions& options = {});

}  // namespace sluice
