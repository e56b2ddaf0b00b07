// SPDX-License-Identifier: Apache-2.0
// The shape of every tensor of an ONNX model, and the numbers of the small integer tensors from
// which shapes are computed. What the nodes cost is the business of onnx_lower.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/importers/onnx_model.hpp"

namespace sluice {

using OnnxDims = std::vector<std::uint64_t>;

struct OnnxValue {
  OnnxDims dims;
  int type = 0;
  bool constant = false;  ///< made of initializers and constants alone
  std::optional<std::vector<std::int64_t>> integers;
  std::optional<double> real;  ///< of one floating-point number
  bool trained = false;        ///< constant, and made of floating-point numbers in the file
  /// Not constant, but made of the model's integers and booleans alone: token numbers, positions,
  /// masks. Arithmetic with them steers and costs nothing.
  bool control = false;
};

using OnnxValues = std::map<std::string, OnnxValue, std::less<>>;

/// A mistake in a node; whoever walks the nodes says which node it was.
struct OnnxNodeError {
  std::string message, hint = {};
};

[[noreturn]] void onnx_fail(std::string message, std::string hint = {});

/// `node 12 'Conv_12' (Conv)`.
std::string onnx_node_text(const OnnxNode& node);

/// Whether tensors of this type hold floating-point numbers; whole numbers or truth values.
bool onnx_is_real(int type);
bool onnx_is_whole(int type);

inline constexpr std::uint64_t most_onnx_elements = std::uint64_t{1} << 56;

/// The product of `dims`. Throws OnnxNodeError beyond most_onnx_elements.
std::uint64_t onnx_elements(const OnnxDims& dims);

/// The integers of an attribute, or of the input that later operator sets have in its place.
std::optional<std::vector<std::int64_t>> onnx_integers(const OnnxNode& node,
                                                       const OnnxValues& values,
                                                       std::string_view attribute,
                                                       std::size_t input);
std::int64_t onnx_integer(const OnnxNode& node, std::string_view attribute, std::int64_t otherwise);

/// One node with its inputs, all of which are known.
class OnnxInputs {
 public:
  OnnxInputs(const OnnxNode& node, const OnnxValues& values) : node(node), values_(values) {}

  const OnnxNode& node;

  bool has(std::size_t i) const { return i < node.inputs.size() && !node.inputs[i].empty(); }
  /// Input `i`; it is an error when it is left out.
  const OnnxValue& operator[](std::size_t i) const;
  /// Its dimensions, of which there have to be `rank`.
  const OnnxDims& ranked(std::size_t i, std::size_t rank) const;
  std::optional<std::vector<std::int64_t>> integers(std::string_view attribute,
                                                    std::size_t input) const {
    return onnx_integers(node, values_, attribute, input);
  }
  /// The same where they are needed; `what` says in an error what they are.
  std::vector<std::int64_t> numbers(std::string_view attribute, std::size_t input,
                                    std::string_view what) const;
  std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const {
    return onnx_integer(node, attribute, otherwise);
  }
  /// A value of the type of input 0 whose numbers are not known.
  OnnxValue made(OnnxDims dims) const;

 private:
  const OnnxValues& values_;
};

/// `axis` of `rank`, which may count from the end.
std::size_t onnx_axis(std::int64_t axis, std::size_t rank);
/// Dimensions of a tensor that is repeated to fit another (onnx/docs/Broadcasting.md).
OnnxDims onnx_broadcast(const OnnxDims& a, const OnnxDims& b);

/// How an operator makes its first output; nullptr: not of this kind.
using OnnxRule = OnnxValue (*)(const OnnxInputs&);
OnnxRule onnx_product_rule(std::string_view type);  ///< products, windows, reductions
OnnxRule onnx_move_rule(std::string_view type);     ///< what renames, cuts and joins
OnnxRule onnx_element_rule(std::string_view type);  ///< element by element, and numbers made
std::vector<OnnxValue> onnx_split(const OnnxInputs& in);

/// The letters of an Einsum of two operands and a result, or an error.
struct OnnxEinsum {
  std::string a, b, result;
};
OnnxEinsum onnx_einsum(const OnnxNode& node);

/// Strides, dilations and zeros around the image of a convolution or pooling node, two each.
struct OnnxWindow {
  std::vector<std::uint64_t> kernel, stride, dilation, before, after;
  bool ceil = false;
};
OnnxWindow onnx_window(const OnnxNode& node, const OnnxDims& image, const OnnxDims* weights);

/// The nodes in an order in which every node comes after those that it reads. Reports a cycle, a
/// tensor that nothing makes, and one that is made twice.
std::vector<const OnnxNode*> onnx_order(const OnnxModel& model, const std::string& path,
                                        Diagnostics& diagnostics);

/// What a node makes of its inputs, all of which are in `values`. Throws OnnxNodeError.
std::vector<OnnxValue> infer_onnx_node(const OnnxNode& node, const OnnxValues& values);

/// The values of `model` with its named dimensions set. Every mistake goes to `diagnostics`; what
/// follows from a mistake is left out.
OnnxValues infer_onnx(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                      const ImportSettings& settings, const std::string& path,
                      Diagnostics& diagnostics);

}  // namespace sluice
