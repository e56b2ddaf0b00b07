// SPDX-License-Identifier: Apache-2.0
// The papers whose figures sluice computes. Which there are is in papers.def; how each is computed
// is in papers/. What was published, and how near we must come, is in the claims (claims.hpp).
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "base/yaml.hpp"
#include "sim/experiment.hpp"

namespace sluice {

/// What a number of a paper is of. A part that means nothing there is empty, or `all` for a mean.
struct PointKey {
  std::string figure;
  std::string model;
  std::string seq_len;
  std::string design;
  std::string metric;
  auto operator<=>(const PointKey&) const = default;
};

/// The parts of a key as words of claims and heads of columns, in their order.
inline constexpr std::string_view key_parts[] = {"figure", "model", "seq_len", "design", "metric"};
const std::string& part_of(const PointKey& key, std::string_view part);

struct ComputedPoint {
  PointKey key;
  double value = 0;
  std::string like = {};  ///< design whose published number applies; empty: its own
};

/// Everything that `paper` shows, computed; in the order in which it is to be shown. Throws
/// SpecError for mistakes in `settings`. There must be such a paper.
std::vector<ComputedPoint> compute_paper(std::string_view paper, const YamlNode& settings,
                                         const Library& library);

/// What the papers say of themselves, in the order of papers.def.
std::vector<Descriptor> paper_descriptors();
std::vector<std::string> paper_names();

}  // namespace sluice
