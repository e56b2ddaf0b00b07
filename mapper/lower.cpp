// SPDX-License-Identifier: Apache-2.0
// From layers to tasks: matrix products for the array, row-wise work for the vector unit. What the
// products and counts are is decided here; how they are tiled is not (tiling.cpp).
#include <algorithm>

#include "base/checked.hpp"
#include "mapper/lane_cycles.hpp"
#include "mapper/mapping.hpp"

namespace sluice {
namespace {

std::uint64_t epilogue_cycles(const Layer& layer, const VectorUnit& unit) {
  std::uint64_t sum = 0;
  for (const ElementwiseKind kind : layer.epilogue) sum += lane_cycles(kind, unit);
  return sum;
}

/// Collects the tasks of one layer; one overload an operator.
class Lowering {
 public:
  Lowering(const Layer& layer, std::size_t index, AttentionForm form, const VectorUnit& unit,
           std::vector<Task>& tasks)
      : layer_(layer),
        index_(index),
        form_(form),
        unit_(unit),
        tasks_(tasks),
        epilogue_(epilogue_cycles(layer, unit)) {}

  void operator()(const Conv2d& conv) {
    const std::uint64_t height = out_height(conv);
    const std::uint64_t width = out_width(conv);
    const std::uint64_t channels = conv.in_channels / conv.groups;
    SlidingWindow window;
    window.images = conv.batch;
    window.rows = {conv.in_height,       height,      conv.kernel_height, conv.stride_height,
                   conv.dilation_height, conv.pad_top};
    window.columns = {conv.in_width,       width,        conv.kernel_width, conv.stride_width,
                      conv.dilation_width, conv.pad_left};
    GemmTask task;
    task.batch = conv.groups;
    task.m = product(conv.batch, height, width);
    task.n = conv.out_channels / conv.groups;
    task.k = product(channels, conv.kernel_height, conv.kernel_width);
    task.input_elements = product(conv.batch, channels, touched(window.rows, 0, height),
                                  touched(window.columns, 0, width));
    if (task.input_elements < product(task.m, task.k)) task.window = window;
    task.input_batch = conv.groups;
    task.weight_batch = conv.groups;
    task.epilogue_ops = epilogue_ + (conv.bias ? 1 : 0);
    add({}, task);
  }

  /// The samples of a window become a row of a matrix product. The image is read once: what the
  /// offsets of neighbouring windows ask for again is taken to be on chip still.
  void operator()(const DeformableConv2d& op) {
    const Conv2d& conv = op.conv;
    GemmTask task =
        gemm(1, product(conv.batch, out_height(conv), out_width(conv)),
             product(conv.in_channels, conv.kernel_height, conv.kernel_width), conv.out_channels);
    VectorTask sample;
    sample.elements = product(task.m, task.k);
    sample.lane_cycles = lane_cycles(op, unit_);
    sample.input_elements = input_elements(op);
    add(".sample", sample);
    task.epilogue_ops = epilogue_ + (conv.bias ? 1 : 0);
    add(".product", task);
  }

  void operator()(const Linear& linear) {
    GemmTask task = gemm(linear.experts, linear.rows, linear.in_features, linear.out_features);
    task.epilogue_ops = epilogue_ + (linear.bias ? 1 : 0);
    add({}, task);
  }

  void operator()(const MatMul& op) {
    GemmTask task = gemm(op.batch, op.m, op.k, op.n);
    task.epilogue_ops = epilogue_;
    add({}, task);
  }

  /// Query heads that share a key and value head are rows of one product, so that keys and values
  /// are read once for all of them. The whole rectangle of scores is computed, masked or not; but
  /// keys that no query of a causal window sees are left out.
  void operator()(const Attention& op) {
    SLUICE_ASSERT(op.kv_heads > 0 && op.query_heads % op.kv_heads == 0,
                  "query heads must be a multiple of key-value heads");
    const std::uint64_t batch = product(op.batch, op.kv_heads);
    const std::uint64_t rows = product(op.query_length, op.query_heads / op.kv_heads);
    const std::uint64_t keys = op.window > 0
                                   ? std::min(op.context_length, op.window + op.query_length - 1)
                                   : op.context_length;
    const std::uint64_t score_ops = op.causal ? 2 : 1;  // times 1 / sqrt(head_width); add the mask
    if (form_ != AttentionForm::unfused && form_ != AttentionForm::automatic) {
      const AttentionCycles cycles = attention_cycles(form_, unit_, score_ops, epilogue_);
      return add({}, AttentionTask{batch, rows, keys, op.head_width, form_, cycles});
    }
    GemmTask scores = gemm(batch, rows, op.head_width, keys);
    scores.epilogue_ops = score_ops;
    add(".qk", scores);
    const Softmax softmax{product(batch, rows), keys};
    add(".softmax", rowwise(softmax.rows, softmax.columns, 3, lane_cycles(softmax, unit_)));
    GemmTask context = gemm(batch, rows, keys, op.head_width);
    context.epilogue_ops = epilogue_;
    add(".pv", context);
  }

  void operator()(const Pool2d& pool) {
    const std::uint64_t height = out_height(pool);
    const std::uint64_t width = out_width(pool);
    const std::uint64_t rows =
        touched({pool.in_height, height, pool.kernel_height, pool.stride_height, 1, pool.pad_top},
                0, height);
    const std::uint64_t columns = touched(
        {pool.in_width, width, pool.kernel_width, pool.stride_width, 1, pool.pad_left}, 0, width);
    VectorTask task = stream(product(pool.batch, pool.channels, height, width), lane_cycles(pool));
    task.input_elements = product(pool.batch, pool.channels, rows, columns);
    add({}, task);
  }

  void operator()(const Elementwise& op) {
    VectorTask task = stream(op.elements, lane_cycles(op.kind, unit_));
    task.input_elements = input_elements(op) + weight_elements(op);
    add({}, task);
  }

  /// Three passes when a row does not fit: maximum, sum of exponentials, quotient (the "safe
  /// softmax" of Milakov & Gimelshein 2018, sec. 2).
  void operator()(const Softmax& op) {
    add({}, rowwise(op.rows, op.columns, 3, lane_cycles(op, unit_) + epilogue_));
  }

  /// Passes when a row does not fit: mean, variance, result; rms: mean square, result. The gains
  /// (and offsets) of the columns are read once.
  void operator()(const Norm& op) {
    const bool layer_norm = op.kind == NormKind::layer;
    VectorTask task =
        rowwise(op.rows, op.columns, layer_norm ? 3 : 2, lane_cycles(op, unit_) + epilogue_);
    task.input_elements += weight_elements(op);
    add({}, task);
  }

  /// The states stay in the vector unit from step to step; there are enough of them, all
  /// independent, to fill its lanes. A carried state is read and written besides.
  void operator()(const Scan& op) {
    VectorTask task = stream(output_elements(op), lane_cycles(op, unit_));
    const std::uint64_t carried = op.carried ? state_elements(op) : 0;
    task.input_elements = input_elements(op) - carried + weight_elements(op);
    add({}, task);
    if (!op.carried) return;
    VectorTask state;
    state.elements = state.input_elements = carried;
    add(".state", state);
  }

  /// A gather: the rows looked up are read once for each token and pass through the vector unit.
  void operator()(const Embedding& op) { add({}, stream(product(op.tokens, op.width), 1)); }

 private:
  static GemmTask gemm(std::uint64_t batch, std::uint64_t m, std::uint64_t k, std::uint64_t n) {
    GemmTask task;
    task.batch = task.input_batch = task.weight_batch = batch;
    task.m = m;
    task.n = n;
    task.k = k;
    task.input_elements = product(m, k);
    return task;
  }

  VectorTask stream(std::uint64_t elements, std::uint64_t cycles) const {
    VectorTask task;
    task.elements = task.input_elements = elements;
    task.lane_cycles = cycles + epilogue_;
    return task;
  }

  static VectorTask rowwise(std::uint64_t rows, std::uint64_t columns, std::uint64_t passes,
                            std::uint64_t cycles) {
    VectorTask task;
    task.elements = task.input_elements = product(rows, columns);
    task.lane_cycles = cycles;
    task.passes = passes;
    task.row_elements = columns;
    return task;
  }

  void add(std::string_view suffix, TaskWork work) {
    tasks_.push_back({index_, std::string(layer_.name).append(suffix), work});
  }

  const Layer& layer_;
  std::size_t index_;
  AttentionForm form_;
  const VectorUnit& unit_;
  std::vector<Task>& tasks_;
  std::uint64_t epilogue_;
};

}  // namespace

std::vector<ElementwiseKind> epilogue_kinds(const Layer& layer, const Task& task) {
  std::vector<ElementwiseKind> kinds;
  const auto* conv = std::get_if<Conv2d>(&layer.op);
  const auto* linear = std::get_if<Linear>(&layer.op);
  const auto* attention = std::get_if<Attention>(&layer.op);
  if (attention != nullptr && task.name == layer.name + ".qk") {
    kinds.push_back(ElementwiseKind::scale);
    if (attention->causal) kinds.push_back(ElementwiseKind::add);
    return kinds;
  }
  if ((conv != nullptr && conv->bias) || (linear != nullptr && linear->bias))
    kinds.push_back(ElementwiseKind::bias);
  kinds.insert(kinds.end(), layer.epilogue.begin(), layer.epilogue.end());
  return kinds;
}

std::vector<Task> lower(const Network& network, const Architecture& architecture,
                        std::span<const AttentionForm> forms) {
  std::vector<Task> tasks;
  tasks.reserve(network.layers.size());
  for (std::size_t index = 0; index < network.layers.size(); ++index) {
    const Layer& layer = network.layers[index];
    const AttentionForm form = index < forms.size() ? forms[index] : AttentionForm::unfused;
    std::visit(Lowering(layer, index, form, architecture.vector, tasks), layer.op);
  }
  return tasks;
}

}  // namespace sluice
