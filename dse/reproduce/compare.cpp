// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace sluice {
namespace {

bool within(const Claim& claim, double value, double published) {
  if (claim.absolute) return std::abs(value - published) <= *claim.absolute;
  return std::abs(value - published) <= *claim.tolerance * std::abs(published);
}

/// Index of the first claim that selects `key`, if any.
std::optional<std::size_t> claim_of(const ClaimFile& file, const PointKey& key) {
  for (std::size_t i = 0; i < file.claims.size(); ++i)
    if (file.claims[i].select.matches(key)) return i;
  return std::nullopt;
}

void judge(ComparedPoint& point, const Claim& claim, ClaimResult& result) {
  point.claim = claim.name;
  if (claim.published) point.published = claim.published;
  if (!point.published) return;
  ++result.points;
  if (!point.value) {
    point.verdict = Verdict::missing;
    ++result.missing;
    return;
  }
  const double deviation = *point.deviation();
  if (!result.worst || std::abs(deviation) > std::abs(*result.worst)) result.worst = deviation;
  if (within(claim, *point.value, *point.published)) {
    point.verdict = Verdict::passes;
  } else if (!claim.differs.empty()) {
    point.verdict = Verdict::differs;
    ++result.differing;
  } else {
    point.verdict = Verdict::fails;
    ++result.failing;
  }
}

void check_selections(const Comparison& comparison) {
  Diagnostics diagnostics;
  for (const ClaimResult& result : comparison.claims) {
    const Claim& claim = *result.claim;
    if (result.points == 0)
      diagnostics.error(claim.where,
                        fmt::format("claim {} selects no published number", quote(claim.name)),
                        "a point belongs to the first claim that selects it");
    else if (claim.published && result.points > 1)
      diagnostics.error(claim.where,
                        fmt::format("claim {} has one published number and selects {} points",
                                    quote(claim.name), result.points));
  }
  diagnostics.throw_if_any();
}

}  // namespace

std::optional<double> ComparedPoint::deviation() const {
  if (!value || !published) return std::nullopt;
  return *published == 0 ? *value : *value / *published - 1;
}

bool Comparison::holds() const {
  return std::ranges::all_of(claims, [](const ClaimResult& claim) { return claim.holds(); });
}

Comparison compare(const ClaimFile& file, const std::vector<ComputedPoint>& computed) {
  Comparison comparison;
  for (const Claim& claim : file.claims) comparison.claims.push_back({.claim = &claim});
  std::set<PointKey> seen;
  const auto add = [&](ComparedPoint point) {
    if (const auto claim = claim_of(file, point.key))
      judge(point, file.claims[*claim], comparison.claims[*claim]);
    comparison.points.push_back(std::move(point));
  };
  for (const ComputedPoint& point : computed) {
    seen.insert(point.key);
    PointKey wanted = point.key;
    if (!point.like.empty()) wanted.design = point.like;
    const auto published = file.published.find(wanted);
    ComparedPoint compared{.key = point.key, .value = point.value};
    if (published != file.published.end()) compared.published = published->second;
    add(std::move(compared));
  }
  for (const auto& [key, value] : file.published)
    if (!seen.contains(key) && claim_of(file, key)) add({.key = key, .published = value});
  check_selections(comparison);
  return comparison;
}

}  // namespace sluice
