// SPDX-License-Identifier: Apache-2.0
// Shapes of the tensors between layers: what a layer takes from its producer when its file leaves
// it out, and whether what it states fits. Not for users of the room; see load.hpp.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "workloads/network.hpp"

namespace sluice {

struct ImageShape {
  std::uint64_t batch = 1, channels = 1, height = 1, width = 1;
};
struct MatrixShape {
  std::uint64_t rows = 1, features = 1;
};
/// A tensor of which only the size is known.
struct FlatShape {
  std::uint64_t elements = 1;
};
using Shape = std::variant<ImageShape, MatrixShape, FlatShape>;

/// What a layer takes as an operand. No shape: the network's input, or a layer with mistakes.
struct Operand {
  std::string name;
  std::optional<Shape> shape;
};

/// A statement of a layer that its operands contradict: both sides in the sentence.
struct Mismatch {
  std::string key;  ///< the field that is wrong; empty: the layer as a whole
  std::string message;
};

/// Elements of a tensor of this shape.
std::uint64_t elements(const Shape& shape);

/// The shape of the output of `op`, a checked operator; `operands` for those that keep a shape.
Shape output_shape(const Operator& op, const std::vector<Operand>& operands);

/// Sets the fields of `op` that `operands` settle, and returns their keys.
std::vector<std::string> derive(Operator& op, const std::vector<Operand>& operands);

/// Where `op` and the shapes of its operands disagree.
std::vector<Mismatch> mismatches(const Operator& op, const std::vector<Operand>& operands);

/// How many tensors `op` combines, at least and at most.
struct OperandCount {
  std::size_t least = 1, most = 1;
};
OperandCount operand_count(const Operator& op);

/// What is wrong with the fields of `op` among themselves (windows larger than the image, groups
/// that do not divide the channels, counts beyond 64 bits); key and sentence as in mismatches().
std::vector<Mismatch> contradictions(const Operator& op);

}  // namespace sluice
