// SPDX-License-Identifier: Apache-2.0
// Forests of proxies made small, and as text.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dse/learn/encoding.hpp"
#include "dse/learn/forest.hpp"

namespace sluice {

/// Answers to every point of the space as `forest` does, but for the rounding of leaves to floats.
/// A threshold becomes the next value that its feature can have, of which there are few, and
/// siblings of the same value one leaf.
Forest compacted(const Forest& forest, const Encoding& encoding);

/// A forest whose leaves are floats.
struct ForestText {
  using Cut = std::pair<Eigen::Index, double>;  ///< a feature and a threshold
  std::vector<Cut> cuts;                        ///< that splits have, each once
  /// Of each tree, in base64, its nodes in order, parents before children and the first child's
  /// before the second's: the number of the cut, counted from 1, in groups of 7 bits, least first,
  /// or 0 and the bytes of a leaf's float, least first.
  std::vector<std::string> trees;
};
ForestText text_of(const Forest& forest);

/// Nothing for what is no forest.
std::optional<Forest> forest_of(const ForestText& text);

}  // namespace sluice
