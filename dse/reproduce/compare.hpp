// SPDX-License-Identifier: Apache-2.0
// Computed points against published ones, claim by claim.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dse/reproduce/claims.hpp"

namespace sluice {

enum class Verdict : std::uint8_t {
  unclaimed,  ///< nothing is claimed of the point, or nothing was published
  passes,
  differs,  ///< outside, and the claim says why
  fails,
  missing,  ///< published and claimed, but not computed
};

struct ComparedPoint {
  PointKey key;
  std::optional<double> value = {};      ///< none: missing
  std::optional<double> published = {};  ///< none: not published
  std::string claim = {};                ///< name; empty: none
  Verdict verdict = Verdict::unclaimed;
  bool of_another = false;  ///< what was published is of another design, like which this one is

  /// value / published - 1, or value - published where that is 0; none where one is missing.
  std::optional<double> deviation() const;
};

/// What came of one claim.
struct ClaimResult {
  const Claim* claim = nullptr;
  std::size_t points = 0;  ///< that were published; of a claim with `at_most`: that it selects
  std::size_t differing = 0, failing = 0, missing = 0;
  std::optional<double> worst = {};  ///< deviation furthest from 0; with `at_most`, the highest
  bool holds() const { return failing == 0 && missing == 0; }
};

/// A point that is above that of another design, against a claim.
struct BrokenOrder {
  std::string claim;
  PointKey key;
  double value = 0;
  std::optional<double> other = {};  ///< none: the other design has no such point
};

struct Comparison {
  std::vector<ComparedPoint> points;  ///< in the order of computing, then those that are missing
  std::vector<BrokenOrder> broken;    ///< in the order of the claims
  std::vector<ClaimResult> claims;    ///< in the order of the file
  bool holds() const;
};

/// A point belongs to the first claim that selects it, and to every claim with `at_most` that does.
/// A claim that selects no published point (`at_most`: no point) is a mistake of the file: throws
/// SpecError. The result refers to `file`.
Comparison compare(const ClaimFile& file, const std::vector<ComputedPoint>& computed);

}  // namespace sluice
