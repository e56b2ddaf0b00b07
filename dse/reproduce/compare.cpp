// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
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
    if (file.claims[i].at_most.empty() && file.claims[i].select.matches(key)) return i;
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

/// Whether every point that the claim selects is at most that of the other design.
void judge_order(const Claim& claim, ClaimResult& result, Comparison& comparison) {
  std::map<PointKey, double> values;
  for (const ComparedPoint& point : comparison.points)
    if (point.value) values[point.key] = *point.value;
  for (const auto& [key, value] : values) {
    if (!claim.select.matches(key)) continue;
    ++result.points;
    PointKey wanted = key;
    wanted.design = claim.at_most;
    const auto other = values.find(wanted);
    if (other == values.end()) {
      ++result.missing;
      comparison.broken.push_back({claim.name, key, value});
      continue;
    }
    const double above = other->second == 0 ? value : value / other->second - 1;
    result.worst = std::max(result.worst.value_or(above), above);
    if (value <= other->second || within(claim, value, other->second)) continue;
    ++result.failing;
    comparison.broken.push_back({claim.name, key, value, other->second});
  }
}

void check_selections(const Comparison& comparison) {
  Diagnostics diagnostics;
  for (const ClaimResult& result : comparison.claims) {
    const Claim& claim = *result.claim;
    if (result.points == 0 && !claim.at_most.empty())
      diagnostics.error(claim.where, fmt::format("claim {} selects no point", quote(claim.name)));
    else if (result.points == 0)
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
    compared.of_another =
        compared.published && !point.like.empty() && point.like != point.key.design;
    add(std::move(compared));
  }
  for (const auto& [key, value] : file.published)
    if (!seen.contains(key) && claim_of(file, key)) add({.key = key, .published = value});
  for (ClaimResult& result : comparison.claims)
    if (!result.claim->at_most.empty()) judge_order(*result.claim, result, comparison);
  check_selections(comparison);
  return comparison;
}

}  // namespace sluice
