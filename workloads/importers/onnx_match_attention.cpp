// SPDX-License-Identifier: Apache-2.0
// softmax(Q K^T / sqrt(d) + mask) V that is written out: a product, scales and masks, a softmax,
// and a product. Scales may stand before, behind or between; their values are not looked at.
#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

// What is added to hidden scores lies below this: -10,000 in older models, else the least number.
constexpr double most_hidden = -1e4;

class AttentionWalk {
 public:
  AttentionWalk(const OnnxGraph& graph, const OnnxNode& product) : graph_(graph), walk_(graph) {
    walk_.pass(&product);
  }

  /// From the probabilities back to the product of queries and keys; nullptr: no attention.
  const OnnxNode* scores(const std::string& probabilities) {
    const OnnxNode* softmax = walk_.back(without_nan_guard(probabilities), "Softmax");
    const auto shape = softmax ? onnx_softmax(graph_, *softmax) : std::nullopt;
    if (!shape || shape->columns != graph_.dims(softmax->inputs[0]).back()) return nullptr;
    std::string name = softmax->inputs[0];
    for (std::size_t step = 0; step < most_steps; ++step) {
      if (const OnnxNode* product = walk_.back(name, "MatMul")) return product;
      const auto next = before_mask(name);
      name = next ? *next : unscaled(name);
    }
    return nullptr;
  }
  /// What is multiplied by one number, which passes the product; `name` itself if nothing is.
  std::string unscaled(const std::string& name) {
    OnnxWalk trial = walk_;
    const OnnxNode* node = trial.back(name, "Mul");
    if (node == nullptr) node = trial.back(name, "Div");
    if (node == nullptr || node->inputs.size() != 2) return name;
    for (const std::size_t i : {1u, 0u})
      if (graph_.number(node->inputs[i]) && (i == 1 || node->type == "Mul")) {
        walk_ = trial;
        return node->inputs[1 - i];
      }
    return name;
  }

  const OnnxWalk& walk() const { return walk_; }
  const std::vector<OnnxMask>& masks() const { return masks_; }

 private:
  static constexpr std::size_t most_steps = 8;

  /// Of Where(IsNaN(p), 0, p), in which rows that are hidden as a whole are zeros: p.
  std::string without_nan_guard(const std::string& name) {
    OnnxWalk trial = walk_;
    const OnnxNode* where = trial.back(name, "Where");
    if (where == nullptr || where->inputs.size() != 3 || graph_.number(where->inputs[1]) != 0.0)
      return name;
    const OnnxNode* asks = trial.back(where->inputs[0], "IsNaN");
    if (asks == nullptr || asks->inputs[0] != where->inputs[2]) return name;
    walk_ = trial;
    return where->inputs[2];
  }
  /// Whether `name` is no activation but something that says what is hidden.
  bool is_mask(const std::string& name) const {
    const OnnxValue& v = graph_.value(name);
    return v.control || (v.constant && !v.trained);
  }
  /// The scores before a mask is applied, which is noted.
  std::optional<std::string> before_mask(const std::string& name) {
    OnnxWalk trial = walk_;
    if (const OnnxNode* plus = trial.back(name, "Add"); plus && plus->inputs.size() == 2) {
      const std::size_t mask = is_mask(plus->inputs[1]) ? 1 : 0;
      if (!is_mask(plus->inputs[mask])) return std::nullopt;
      masks_.push_back({plus->inputs[mask], true});
      walk_ = trial;
      return plus->inputs[1 - mask];
    }
    const OnnxNode* where = trial.back(name, "Where");
    if (where == nullptr || where->inputs.size() != 3 || !is_mask(where->inputs[0]))
      return std::nullopt;
    const auto hidden = graph_.number(where->inputs[2]);
    if (!hidden || !(*hidden <= most_hidden)) return std::nullopt;
    masks_.push_back({where->inputs[0], false});
    walk_ = trial;
    return where->inputs[1];
  }

  const OnnxGraph& graph_;
  OnnxWalk walk_;
  std::vector<OnnxMask> masks_;
};

/// Heads of keys or values before each was repeated for the queries of its group: the tensor
/// [.., heads, 1, length, width] is expanded along the 1. Otherwise all `heads`.
std::uint64_t own_heads(const OnnxGraph& graph, std::string name, std::uint64_t heads) {
  const OnnxNode* node = graph.maker(name);
  while (node != nullptr && (node->type == "Transpose" || node->type == "Cast" ||
                             node->type == "Reshape" || node->type == "Mul")) {
    if (node->type == "Mul" && !graph.number(node->inputs[1])) return heads;
    node = graph.maker(node->inputs[0]);
  }
  if (node == nullptr || node->type != "Expand") return heads;
  const OnnxDims &from = graph.dims(node->inputs[0]), &to = graph.dims(node->outputs[0]);
  if (from.size() < 4 || to.size() != from.size()) return heads;
  const std::size_t at = from.size() - 3;
  OnnxDims expected = from;
  expected[at] = to[at];
  const bool repeated = from[at] == 1 && to == expected && from[at - 1] * to[at] == heads;
  return repeated ? from[at - 1] : heads;
}

OnnxDims outer(const OnnxDims& dims) { return {dims.begin(), dims.end() - 2}; }

}  // namespace

std::optional<OnnxMatch> match_attention(const OnnxGraph& graph, const OnnxNode& product,
                                         OnnxMaskAnswers& answers) {
  if (product.type != "MatMul") return std::nullopt;
  AttentionWalk walk(graph, product);
  const OnnxNode* scores = walk.scores(product.inputs[0]);
  if (scores == nullptr) return std::nullopt;
  const std::string query = walk.unscaled(scores->inputs[0]);
  const std::string key = walk.unscaled(scores->inputs[1]), value = product.inputs[1];
  const OnnxDims &q = graph.dims(query), &k = graph.dims(key), &v = graph.dims(value);
  for (const std::string& name : {query, key, value})
    if (graph.value(name).constant || graph.value(name).control) return std::nullopt;
  const OnnxDims heads = outer(graph.dims(scores->outputs[0]));
  if (outer(q) != heads || outer(k) != heads || outer(v) != heads || q.back() != v.back() ||
      onnx_elements(q) == 0 || onnx_elements(k) == 0)
    return std::nullopt;
  Attention attention;
  attention.query_heads = heads.size() > 1 ? heads.back() : 1;
  attention.batch = onnx_elements(heads) / attention.query_heads;
  attention.query_length = q[q.size() - 2], attention.context_length = k.back();
  attention.head_width = q.back();
  attention.kv_heads = own_heads(graph, key, attention.query_heads);
  if (own_heads(graph, value, attention.query_heads) != attention.kv_heads) return std::nullopt;
  if (!apply_masks(graph, walk.masks(), attention, answers)) return std::nullopt;
  return walk.walk().match(&product, Operator(attention), {query, key, value});
}

}  // namespace sluice
