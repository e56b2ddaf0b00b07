// SPDX-License-Identifier: Apache-2.0
// Whether the masks of an attention hide exactly the keys behind each query, exactly those and the
// ones before a window, or none. The matrix of queries and keys is taken apart into quarters until
// every part is surely hidden or surely seen, which takes parts along the edge only.
#include <algorithm>

#include "workloads/importers/onnx_mask.hpp"
#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

// Scores to which this or less is added are hidden.
constexpr double most_hidden = -1e4;

enum class Sight { seen, hidden, mixed };

class Comparison {
 public:
  Comparison(const OnnxGraph& graph, const std::vector<OnnxMask>& masks, const Attention& attention)
      : graph_(graph), masks_(masks), evaluator_(graph), attention_(attention) {}

  std::int64_t queries() const { return static_cast<std::int64_t>(attention_.query_length); }
  std::int64_t keys() const { return static_cast<std::int64_t>(attention_.context_length); }

  Sight masked(OnnxSpan query, OnnxSpan key) {
    Sight result = Sight::seen;
    for (const OnnxMask& mask : masks_) {
      const Sight next = masked(mask, query, key);
      if (next == Sight::hidden) return next;
      if (next == Sight::mixed) result = next;
    }
    return result;
  }
  /// Whether the masks hide what an attention of this kind hides.
  bool equal(const Attention& kind, OnnxSpan query, OnnxSpan key) {
    const Sight wanted = of_kind(kind, query, key);
    const Sight found = masked(query, key);
    if (wanted == found && wanted != Sight::mixed) return true;
    if (wanted != Sight::mixed && found != Sight::mixed) return false;
    const bool tall = query.last - query.first >= key.last - key.first;
    OnnxSpan& longer = tall ? query : key;
    if (longer.first == longer.last) return false;  // one pair, of which nothing is certain
    const std::int64_t middle = longer.first + (longer.last - longer.first) / 2;
    const OnnxSpan low{longer.first, middle}, high{middle + 1, longer.last};
    return tall ? equal(kind, low, key) && equal(kind, high, key)
                : equal(kind, query, low) && equal(kind, query, high);
  }

 private:
  Sight masked(const OnnxMask& mask, OnnxSpan query, OnnxSpan key) {
    const OnnxDims& dims = graph_.dims(mask.name);
    OnnxBox box;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const OnnxSpan all{0, static_cast<std::int64_t>(dims[i]) - 1};
      const std::size_t behind = dims.size() - 1 - i;
      box.push_back(dims[i] == 1 || behind > 1 ? all : behind == 0 ? key : query);
    }
    const OnnxBounds bounds = evaluator_.bounds(mask.name, box);
    if (mask.additive)
      return bounds.most <= most_hidden              ? Sight::hidden
             : bounds.least == 0 && bounds.most == 0 ? Sight::seen
                                                     : Sight::mixed;
    return bounds.most == 0 && bounds.least == 0 ? Sight::hidden
           : bounds.least > 0                    ? Sight::seen
                                                 : Sight::mixed;
  }
  Sight of_kind(const Attention& kind, OnnxSpan query, OnnxSpan key) const {
    if (!kind.causal) return Sight::seen;
    const std::int64_t shift = keys() - queries();
    const auto window =
        static_cast<std::int64_t>(kind.window == 0 ? kind.context_length : kind.window);
    // Query i sees the keys above i + shift - window up to i + shift.
    if (key.first > query.last + shift || key.last <= query.first + shift - window)
      return Sight::hidden;
    if (key.last <= query.first + shift && key.first > query.last + shift - window)
      return Sight::seen;
    return Sight::mixed;
  }

  const OnnxGraph& graph_;
  const std::vector<OnnxMask>& masks_;
  OnnxEvaluator evaluator_;
  const Attention& attention_;
};

OnnxMaskAnswer answer(const OnnxGraph& graph, const std::vector<OnnxMask>& masks,
                      const Attention& attention) {
  Comparison comparison(graph, masks, attention);
  const OnnxSpan queries{0, comparison.queries() - 1}, keys{0, comparison.keys() - 1};
  if (comparison.equal(attention, queries, keys)) return {true, false, 0};
  if (attention.query_length > attention.context_length) return {};
  Attention causal = attention;
  causal.causal = true;
  // The window is what the last query sees.
  const OnnxSpan last{queries.last, queries.last};
  std::int64_t first = keys.last;
  while (first > 0 && comparison.masked(last, {first - 1, first - 1}) == Sight::seen) --first;
  if (first > 0) causal.window = static_cast<std::uint64_t>(comparison.keys() - first);
  return {comparison.equal(causal, queries, keys), true, causal.window};
}

}  // namespace

bool apply_masks(const OnnxGraph& graph, const std::vector<OnnxMask>& masks, Attention& attention,
                 OnnxMaskAnswers& answers) {
  if (masks.empty()) return true;
  const OnnxMaskQuestion question{masks, attention.query_length, attention.context_length};
  const auto [known, fresh] = answers.emplace(question, OnnxMaskAnswer{});
  if (fresh) known->second = answer(graph, masks, attention);
  attention.causal = known->second.causal;
  attention.window = known->second.window;
  return known->second.expressible;
}

}  // namespace sluice
