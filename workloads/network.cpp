// SPDX-License-Identifier: Apache-2.0
// Shapes and counts of layers. Each count is written once, over numbers that remember whether they
// overflowed, and serves both the checked and the plain functions.
#include "workloads/network.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

/// A count that remembers whether it overflowed.
struct Count {
  std::uint64_t value = 0;
  bool overflowed = false;

  Count(std::uint64_t number) : value(number) {}  // implicit: formulas mix counts and extents
  friend Count operator*(Count a, Count b) {
    const auto exact = multiply(a.value, b.value);
    Count result(exact.value_or(0));
    result.overflowed = a.overflowed || b.overflowed || !exact;
    return result;
  }
  friend Count operator+(Count a, Count b) {
    const auto exact = add(a.value, b.value);
    Count result(exact.value_or(0));
    result.overflowed = a.overflowed || b.overflowed || !exact;
    return result;
  }
  Count& operator+=(Count other) { return *this = *this + other; }
};

Count half(Count even) {
  even.value /= 2;
  return even;
}

std::uint64_t exact(Count count) {
  SLUICE_ASSERT(!count.overflowed, "a count exceeds 64 bits although the network was checked");
  return count.value;
}

/// 1 + 2 + ... + n.
Count triangle(std::uint64_t n) { return half(Count(n) * (Count(n) + 1)); }

/// Pairs of a query and a key that it sees, of one head of one sequence.
Count attended_pairs(const Attention& a) {
  if (!a.causal) return Count(a.query_length) * a.context_length;
  // Query i of 0..Q-1 stands at position T-Q+i and sees the min(T-Q+i+1, window) keys up to it.
  const std::uint64_t last = a.context_length;
  const std::uint64_t before_first = last - std::min(a.query_length, last);
  const std::uint64_t window = a.window == 0 ? last : std::min(a.window, last);
  const std::uint64_t growing_until = std::max(window, before_first);
  Count pairs = triangle(growing_until);
  pairs.value -= triangle(before_first).value;
  return pairs + Count(last - growing_until) * window;
}

Count count_offsets(const DeformableConv2d& d) {
  return Count(d.offset_groups) * d.conv.kernel_height * d.conv.kernel_width *
         (d.modulated ? 3 : 2);
}

Count count_state(const Scan& s) { return Count(s.batch) * s.channels * s.state; }
bool is_selective(const Scan& s) { return s.kind == ScanKind::selective; }

struct CountMacs {
  Count operator()(const Conv2d& c) const {
    return Count(c.batch) * c.out_channels * out_height(c) * out_width(c) *
           (c.in_channels / c.groups) * c.kernel_height * c.kernel_width;
  }
  Count operator()(const DeformableConv2d& d) const { return (*this)(d.conv); }
  Count operator()(const Linear& l) const {
    return Count(l.experts) * l.rows * l.in_features * l.out_features;
  }
  Count operator()(const MatMul& m) const { return Count(m.batch) * m.m * m.k * m.n; }
  Count operator()(const Attention& a) const {
    return Count(2) * a.batch * a.query_heads * attended_pairs(a) * a.head_width;
  }
  Count operator()(const auto&) const { return 0; }
};

struct CountInput {
  Count operator()(const Conv2d& c) const {
    return Count(c.batch) * c.in_channels * c.in_height * c.in_width;
  }
  Count operator()(const DeformableConv2d& d) const {
    return (*this)(d.conv) +
           Count(d.conv.batch) * count_offsets(d) * out_height(d.conv) * out_width(d.conv);
  }
  Count operator()(const Scan& s) const {
    const Count vectors = Count(2) * s.channels + Count(2) * (is_selective(s) ? s.state : 0);
    return Count(s.batch) * s.length * vectors + (s.carried ? count_state(s) : Count(0));
  }
  Count operator()(const Linear& l) const { return Count(l.experts) * l.rows * l.in_features; }
  Count operator()(const MatMul& m) const {
    return Count(m.batch) * (Count(m.m) * m.k + Count(m.k) * m.n);
  }
  Count operator()(const Attention& a) const {
    return Count(a.batch) * a.head_width *
           (Count(a.query_heads) * a.query_length + Count(2) * a.kv_heads * a.context_length);
  }
  Count operator()(const Pool2d& p) const {
    return Count(p.batch) * p.channels * p.in_height * p.in_width;
  }
  Count operator()(const Elementwise& e) const {
    return Count(e.elements) * (is_binary(e.kind) ? 2 : 1);
  }
  Count operator()(const Embedding& e) const { return e.tokens; }
  Count operator()(const auto& rows) const { return Count(rows.rows) * rows.columns; }
};

/// Trained numbers a channel of an operation between layers.
std::uint64_t trained_per_channel(ElementwiseKind kind) {
  if (kind == ElementwiseKind::bias) return 1;
  if (kind == ElementwiseKind::batch_norm) return 2;  // scale and shift; the statistics are fixed
  return 0;
}

struct CountWeights {
  Count operator()(const Conv2d& c) const {
    return Count(c.out_channels) * (c.in_channels / c.groups) * c.kernel_height * c.kernel_width;
  }
  Count operator()(const DeformableConv2d& d) const { return (*this)(d.conv); }
  /// Decays of every state, and the skip connection of every channel.
  Count operator()(const Scan& s) const {
    return is_selective(s) ? Count(s.channels) * (Count(s.state) + 1) : Count(0);
  }
  Count operator()(const Linear& l) const {
    return Count(l.experts) * l.in_features * l.out_features;
  }
  Count operator()(const Elementwise& e) const {
    return Count(e.channels) * trained_per_channel(e.kind);
  }
  Count operator()(const Norm& n) const {
    return Count(n.columns) * (n.kind == NormKind::layer ? 2 : 1);
  }
  Count operator()(const Embedding& e) const { return Count(e.vocabulary) * e.width; }
  Count operator()(const auto&) const { return 0; }
};

struct CountOutput {
  Count operator()(const Conv2d& c) const {
    return Count(c.batch) * c.out_channels * out_height(c) * out_width(c);
  }
  Count operator()(const DeformableConv2d& d) const { return (*this)(d.conv); }
  Count operator()(const Scan& s) const { return Count(s.batch) * s.length * s.channels; }
  Count operator()(const Linear& l) const { return Count(l.experts) * l.rows * l.out_features; }
  Count operator()(const MatMul& m) const { return Count(m.batch) * m.m * m.n; }
  Count operator()(const Attention& a) const {
    return Count(a.batch) * a.query_heads * a.query_length * a.head_width;
  }
  Count operator()(const Pool2d& p) const {
    return Count(p.batch) * p.channels * out_height(p) * out_width(p);
  }
  Count operator()(const Elementwise& e) const { return e.elements; }
  Count operator()(const Embedding& e) const { return Count(e.tokens) * e.width; }
  Count operator()(const auto& rows) const { return Count(rows.rows) * rows.columns; }
};

/// What lies between the two parts of an operator, should it be kept: scores of an attention,
/// samples of a deformable convolution, states of a scan.
Count count_between(const Operator& op) {
  if (const auto* a = std::get_if<Attention>(&op))
    return Count(a->batch) * a->query_heads * a->query_length * a->context_length;
  if (const auto* s = std::get_if<Scan>(&op)) return count_state(*s) * s->length;
  const auto* d = std::get_if<DeformableConv2d>(&op);
  if (!d) return 0;
  const Conv2d& c = d->conv;
  return Count(c.batch) * c.in_channels * c.kernel_height * c.kernel_width * out_height(c) *
         out_width(c);
}

struct CountChannels {
  Count operator()(const Conv2d& c) const { return c.out_channels; }
  Count operator()(const DeformableConv2d& d) const { return d.conv.out_channels; }
  Count operator()(const Scan& s) const { return s.channels; }
  Count operator()(const Linear& l) const { return l.out_features; }
  Count operator()(const MatMul& m) const { return m.n; }
  Count operator()(const Attention& a) const { return Count(a.query_heads) * a.head_width; }
  Count operator()(const Pool2d& p) const { return p.channels; }
  Count operator()(const Elementwise& e) const { return e.channels; }
  Count operator()(const Embedding& e) const { return e.width; }
  Count operator()(const auto& rows) const { return rows.columns; }
};

struct CountOwn {
  Count operator()(const Conv2d& c) const {
    return CountWeights{}(c) + (c.bias ? c.out_channels : 0);
  }
  Count operator()(const DeformableConv2d& d) const { return (*this)(d.conv); }
  Count operator()(const Linear& l) const {
    const Count weights = l.tied ? Count(0) : Count(l.in_features) * l.out_features;
    return (Count(l.experts) + l.idle_experts) * (weights + (l.bias ? l.out_features : 0));
  }
  Count operator()(const Embedding& e) const { return e.tied ? Count(0) : CountWeights{}(e); }
  Count operator()(const auto& op) const { return CountWeights{}(op); }
};

Count count_parameters(const Layer& layer) {
  Count result = std::visit(CountOwn{}, layer.op);
  for (const ElementwiseKind kind : layer.epilogue)
    result += std::visit(CountChannels{}, layer.op) * trained_per_channel(kind);
  return result;
}

/// A tensor of this many elements can be counted in bits of any number format.
constexpr std::uint64_t most_elements = std::uint64_t{1} << 56;
constexpr std::uint64_t most_macs = std::uint64_t{1} << 62;

bool beyond(Count count, std::uint64_t most) { return count.overflowed || count.value > most; }

/// The counts of a layer and their sums over a network.
struct Totals {
  Count macs = 0, input = 0, weights = 0, output = 0, parameters = 0, between = 0;

  void add_layer(const Layer& layer) {
    macs += std::visit(CountMacs{}, layer.op);
    input += std::visit(CountInput{}, layer.op);
    weights += std::visit(CountWeights{}, layer.op);
    output += std::visit(CountOutput{}, layer.op);
    parameters += count_parameters(layer);
    between += count_between(layer.op);
  }
  std::optional<std::string_view> overflow() const {
    if (beyond(macs, most_macs)) return "MACs";
    if (beyond(input, most_elements)) return "input elements";
    if (beyond(weights, most_elements)) return "weight elements";
    if (beyond(output, most_elements)) return "output elements";
    if (beyond(parameters, most_elements)) return "parameters";
    if (beyond(between, most_elements)) return "scores, samples or states";
    return std::nullopt;
  }
};

}  // namespace

std::uint64_t output_extent(std::uint64_t in, std::uint64_t pad_before, std::uint64_t pad_after,
                            std::uint64_t kernel, std::uint64_t stride, std::uint64_t dilation,
                            bool ceil_output) {
  const std::uint64_t window = exact(Count(dilation) * (kernel - 1) + 1);
  const std::uint64_t padded = exact(Count(in) + pad_before + pad_after);
  SLUICE_ASSERT(window <= padded, "a window is larger than its padded input");
  const std::uint64_t room = padded - window;
  return 1 + (ceil_output ? ceil_div(room, stride) : room / stride);
}

std::uint64_t out_height(const Conv2d& c) {
  return output_extent(c.in_height, c.pad_top, c.pad_bottom, c.kernel_height, c.stride_height,
                       c.dilation_height, c.ceil_output);
}
std::uint64_t out_width(const Conv2d& c) {
  return output_extent(c.in_width, c.pad_left, c.pad_right, c.kernel_width, c.stride_width,
                       c.dilation_width, c.ceil_output);
}
std::uint64_t out_height(const Pool2d& p) {
  return output_extent(p.in_height, p.pad_top, p.pad_bottom, p.kernel_height, p.stride_height, 1,
                       p.ceil_output);
}
std::uint64_t out_width(const Pool2d& p) {
  return output_extent(p.in_width, p.pad_left, p.pad_right, p.kernel_width, p.stride_width, 1,
                       p.ceil_output);
}

std::uint64_t offset_channels(const DeformableConv2d& op) { return exact(count_offsets(op)); }
std::uint64_t state_elements(const Scan& scan) { return exact(count_state(scan)); }

bool is_depthwise(const Conv2d& conv) {
  return conv.groups > 1 && conv.groups == conv.in_channels && conv.groups == conv.out_channels;
}

bool is_binary(ElementwiseKind kind) {
  return kind == ElementwiseKind::add || kind == ElementwiseKind::multiply ||
         kind == ElementwiseKind::complex_multiply;
}

std::string_view operator_name(const Operator& op) {
  if (const auto* conv = std::get_if<Conv2d>(&op))
    return is_depthwise(*conv) ? "depthwise_conv2d" : "conv2d";
  static constexpr std::string_view names[] = {
      "conv2d",  "linear", "matmul",    "attention",         "pool2d", "elementwise",
      "softmax", "norm",   "embedding", "deformable_conv2d", "scan"};
  static_assert(std::size(names) == std::variant_size_v<Operator>);
  return names[op.index()];
}

std::uint64_t macs(const Operator& op) { return exact(std::visit(CountMacs{}, op)); }
std::uint64_t parameters(const Layer& layer) { return exact(count_parameters(layer)); }
std::uint64_t input_elements(const Operator& op) { return exact(std::visit(CountInput{}, op)); }
std::uint64_t weight_elements(const Operator& op) { return exact(std::visit(CountWeights{}, op)); }
std::uint64_t output_elements(const Operator& op) { return exact(std::visit(CountOutput{}, op)); }
std::uint64_t output_channels(const Operator& op) { return exact(std::visit(CountChannels{}, op)); }

std::uint64_t macs(const Network& network) {
  Count sum = 0;
  for (const Layer& layer : network.layers) sum += macs(layer.op);
  return exact(sum);
}

std::uint64_t parameters(const Network& network) {
  Count sum = 0;
  for (const Layer& layer : network.layers) sum += parameters(layer);
  return exact(sum);
}

std::optional<std::string_view> overflow(const Layer& layer) {
  Totals totals;
  totals.add_layer(layer);
  return totals.overflow();
}

std::optional<std::string_view> overflow(const Network& network) {
  Totals totals;
  for (const Layer& layer : network.layers) totals.add_layer(layer);
  return totals.overflow();
}

}  // namespace sluice
