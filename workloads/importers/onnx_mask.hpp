// SPDX-License-Identifier: Apache-2.0
// Bounds of what the nodes of an ONNX model compute from constants and from the integers and
// booleans that the model is given, each of which is taken to be 1: a mask that hides no padding.
#pragma once

#include <limits>
#include <vector>

#include "workloads/importers/onnx_graph.hpp"

namespace sluice {

struct OnnxBounds {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};

/// The first and the last index of an axis.
struct OnnxSpan {
  std::int64_t first = 0, last = 0;
};
using OnnxBox = std::vector<OnnxSpan>;  ///< one an axis

class OnnxEvaluator {
 public:
  explicit OnnxEvaluator(const OnnxGraph& graph) : graph_(graph) {}

  /// Bounds of the elements of `name` in a box. Without bounds where an operator is not known here,
  /// and when more is to be computed than a file can reasonably want.
  OnnxBounds bounds(const std::string& name, const OnnxBox& box);

 private:
  OnnxBounds of_numbers(const OnnxValue& value, const OnnxBox& box);
  OnnxBounds of_node(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds input(const OnnxNode& node, std::size_t i, const OnnxBox& box);
  OnnxBounds arithmetic(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds where(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds range(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds filling(const OnnxNode& node) const;
  OnnxBounds reshaped(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds transposed(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds sliced(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds joined(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds triangle(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds gathered(const OnnxNode& node, const OnnxBox& box);
  OnnxBounds gathered_points(const OnnxNode& node, const OnnxBox& box);
  std::optional<std::int64_t> integer(const std::string& name) const;

  const OnnxGraph& graph_;
  std::size_t steps_ = 0, depth_ = 0;
};

}  // namespace sluice
