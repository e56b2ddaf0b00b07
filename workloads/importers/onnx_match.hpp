// SPDX-License-Identifier: Apache-2.0
// Groups of ONNX nodes that are together one operator of a network: a normalization, an activation
// or an attention that was written out. A group that differs in anything stays what it is.
#pragma once

#include <map>
#include <set>
#include <tuple>
#include <variant>
#include <vector>

#include "workloads/importers/onnx_graph.hpp"

namespace sluice {

struct OnnxMatch {
  std::vector<const OnnxNode*> nodes;  ///< the last one makes the result
  std::variant<Operator, ElementwiseKind> op;
  std::vector<std::string> operands;
};

struct OnnxMatches {
  std::map<const OnnxNode*, OnnxMatch> by_last;
  std::set<const OnnxNode*> nodes;  ///< all of all groups
};

/// What is hidden from a query: where the value `name` is below -10,000 (`additive`), or is false.
struct OnnxMask {
  std::string name;
  bool additive = true;
  auto operator<=>(const OnnxMask&) const = default;
};
/// Masks, queries and keys, and what was found for them: all layers of a model ask the same.
using OnnxMaskQuestion = std::tuple<std::vector<OnnxMask>, std::uint64_t, std::uint64_t>;
struct OnnxMaskAnswer {
  bool expressible = false;  ///< an attention hides just what the masks hide
  bool causal = false;
  std::uint64_t window = 0;
};
using OnnxMaskAnswers = std::map<OnnxMaskQuestion, OnnxMaskAnswer>;
/// Sets `causal` and `window` of an attention so that it hides exactly what all `masks` together
/// hide when integers and booleans that the model is given are 1 (nothing is padded). False: no
/// attention does.
bool apply_masks(const OnnxGraph& graph, const std::vector<OnnxMask>& masks, Attention& attention,
                 OnnxMaskAnswers& answers);

/// The groups of a graph. No node is in two, and nobody else reads what passes inside.
OnnxMatches match_onnx(const OnnxGraph& graph);

/// The group around a node of it, should there be one: the second product of an attention; the
/// square root of a norm; Erf, Tanh, Sigmoid, HardSigmoid or Clip of an activation; Neg of a rotary
/// embedding. Whether others read what passes inside is not looked at.
std::optional<OnnxMatch> match_attention(const OnnxGraph& graph, const OnnxNode& product,
                                         OnnxMaskAnswers& answers);
std::optional<OnnxMatch> match_norm(const OnnxGraph& graph, const OnnxNode& root);
std::optional<OnnxMatch> match_activation(const OnnxGraph& graph, const OnnxNode& function);
std::optional<OnnxMatch> match_rope(const OnnxGraph& graph, const OnnxNode& negation);

/// Rows and columns of a Softmax, or nothing where it is not over the last axes.
std::optional<Softmax> onnx_softmax(const OnnxGraph& graph, const OnnxNode& node);

/// Whether a Clip is one to 0 .. 6.
bool onnx_is_relu6(const OnnxGraph& graph, const OnnxNode& clip);
/// Whether a HardSigmoid is min(max(x + 3, 0), 6) / 6; without attributes it has another slope.
bool onnx_is_hard_sigmoid(const OnnxNode& node);

/// A walk along the edges of a graph that notes the nodes it has passed. It steps over Cast,
/// Identity and Dropout.
class OnnxWalk {
 public:
  explicit OnnxWalk(const OnnxGraph& graph) : graph_(&graph) {}

  void pass(const OnnxNode* node) { nodes_.push_back(node); }
  const std::vector<const OnnxNode*>& nodes() const { return nodes_; }
  /// The node of this type that makes `name`; nullptr: another.
  const OnnxNode* back(const std::string& name, std::string_view type);
  /// The node of this type that alone reads what `node` makes; nullptr: another.
  const OnnxNode* forward(const OnnxNode& node, std::string_view type);
  /// The same for a product with, a sum with, or a quotient by one number, which is `number`.
  const OnnxNode* forward(const OnnxNode& node, std::string_view type, double number);
  /// The result of the walk, `last` at its end.
  OnnxMatch match(const OnnxNode* last, std::variant<Operator, ElementwiseKind> op,
                  std::vector<std::string> operands) const;

 private:
  const OnnxGraph* graph_;
  std::vector<const OnnxNode*> nodes_;
};

/// Of the two inputs of a node the one that is not `name`; of x op x it is x.
const std::string& onnx_other(const OnnxNode& node, const std::string& name);

}  // namespace sluice
