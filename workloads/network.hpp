// SPDX-License-Identifier: Apache-2.0
// What is computed: a network as a list of layers with exact shapes, in execution order. All
// parameters (batch, sequence length, ...) are resolved; nothing here knows of hardware.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/describe.hpp"

namespace sluice {

/// 2D convolution of a batch x channels x height x width tensor. `groups` = in_channels =
/// out_channels makes it depthwise.
struct Conv2d {
  std::uint64_t batch = 1, in_channels = 1, in_height = 1, in_width = 1;
  std::uint64_t out_channels = 1, kernel_height = 1, kernel_width = 1;
  std::uint64_t stride_height = 1, stride_width = 1;
  std::uint64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  std::uint64_t dilation_height = 1, dilation_width = 1;
  std::uint64_t groups = 1;
  bool bias = false;
  bool ceil_output = false;  ///< a partial last window counts (SCALE-Sim), else it is dropped
  bool operator==(const Conv2d&) const = default;
};

/// Deformable convolution (J. Dai et al., ICCV 2017): every tap of every output reads the image
/// where an offset says, between pixels by bilinear sampling; modulated, times a weight of its own
/// (X. Zhu et al., CVPR 2019). Offsets and weights are a second operand; `offset_groups` groups of
/// channels have their own. `conv` has one group.
struct DeformableConv2d {
  Conv2d conv;
  std::uint64_t offset_groups = 1;
  bool modulated = false;
  bool operator==(const DeformableConv2d&) const = default;
};

/// Matrix product with weights: for each of `experts` independent weight matrices,
/// rows x in_features times in_features x out_features. `experts` > 1 is a mixture of experts'
/// routed projection, `rows` being the tokens of one expert.
struct Linear {
  std::uint64_t rows = 1, in_features = 1, out_features = 1;
  std::uint64_t experts = 1;
  std::uint64_t idle_experts = 0;  ///< experts without a token in this call: parameters, no work
  bool bias = false;
  bool tied = false;  ///< the weights are another layer's; they count no parameters
  bool operator==(const Linear&) const = default;
};

/// Batched product of two activations: batch x (m x k) times (k x n).
struct MatMul {
  std::uint64_t batch = 1, m = 1, k = 1, n = 1;
  bool operator==(const MatMul&) const = default;
};

/// softmax(Q K^T / sqrt(d)) V, kept whole: how it is computed is the mapper's choice.
/// query_heads / kv_heads query heads share a key and value head. The queries are the last
/// `query_length` of `context_length` positions; a causal query sees the positions up to its own,
/// of which a window keeps the last `window`.
struct Attention {
  std::uint64_t batch = 1, query_heads = 1, kv_heads = 1;
  std::uint64_t query_length = 1, context_length = 1, head_width = 1;
  bool causal = false;
  std::uint64_t window = 0;  ///< sliding window of keys; 0 for all; needs `causal`
  bool operator==(const Attention&) const = default;
};

enum class PoolKind : std::uint8_t { max, average };
template <>
struct EnumNames<PoolKind> {
  static constexpr EnumName<PoolKind> table[] = {{"max", PoolKind::max},
                                                 {"average", PoolKind::average}};
};

struct Pool2d {
  PoolKind kind = PoolKind::max;
  std::uint64_t batch = 1, channels = 1, in_height = 1, in_width = 1;
  std::uint64_t kernel_height = 1, kernel_width = 1, stride_height = 1, stride_width = 1;
  std::uint64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  bool ceil_output = false;
  bool operator==(const Pool2d&) const = default;
};

enum class ElementwiseKind : std::uint8_t {
  relu,
  relu6,
  hard_sigmoid,
  hard_swish,
  gelu,
  silu,
  sigmoid,
  tanh,
  exp,
  sin,
  add,
  multiply,
  complex_multiply,
  scale,
  bias,
  batch_norm,
  rope,
};
template <>
struct EnumNames<ElementwiseKind> {
  static constexpr EnumName<ElementwiseKind> table[] = {
      {"relu", ElementwiseKind::relu},
      {"relu6", ElementwiseKind::relu6},
      {"hard_sigmoid", ElementwiseKind::hard_sigmoid},
      {"hard_swish", ElementwiseKind::hard_swish},
      {"gelu", ElementwiseKind::gelu},
      {"silu", ElementwiseKind::silu},
      {"sigmoid", ElementwiseKind::sigmoid},
      {"tanh", ElementwiseKind::tanh},
      {"exp", ElementwiseKind::exp},
      {"sin", ElementwiseKind::sin},
      {"add", ElementwiseKind::add},
      {"multiply", ElementwiseKind::multiply},
      {"complex_multiply", ElementwiseKind::complex_multiply},
      {"scale", ElementwiseKind::scale},
      {"bias", ElementwiseKind::bias},
      {"batch_norm", ElementwiseKind::batch_norm},
      {"rope", ElementwiseKind::rope},
  };
};

/// One operation on `elements` elements, with one or two operand tensors (add and the products:
/// two). complex_multiply: elements are real and imaginary parts, two for each product.
struct Elementwise {
  ElementwiseKind kind = ElementwiseKind::relu;
  std::uint64_t elements = 1;
  std::uint64_t channels = 0;  ///< of bias (1 trained number each) and batch_norm (2 each)
  bool operator==(const Elementwise&) const = default;
};

/// Softmax over `columns`, for each of `rows`.
struct Softmax {
  std::uint64_t rows = 1, columns = 1;
  bool operator==(const Softmax&) const = default;
};

enum class NormKind : std::uint8_t { layer, rms };
template <>
struct EnumNames<NormKind> {
  static constexpr EnumName<NormKind> table[] = {{"layer", NormKind::layer},
                                                 {"rms", NormKind::rms}};
};

struct Norm {
  NormKind kind = NormKind::layer;
  std::uint64_t rows = 1, columns = 1;
  bool operator==(const Norm&) const = default;
};

enum class ScanKind : std::uint8_t { selective, gated };
template <>
struct EnumNames<ScanKind> {
  static constexpr EnumName<ScanKind> table[] = {{"selective", ScanKind::selective},
                                                 {"gated", ScanKind::gated}};
};

/// A recurrence along a sequence, of `channels` x `state` independent numbers.
/// selective: Mamba's S6 (A. Gu and T. Dao, 2023, algorithm 2), discretisation and skip connection
/// included; operands are the sequence, its steps before softplus, and the vectors B and C.
/// gated: h = f h + (1 - f) c (the token mixer of R.-J. Zhu et al., 2024); operands c and f.
struct Scan {
  ScanKind kind = ScanKind::selective;
  std::uint64_t batch = 1, length = 1, channels = 1, state = 1;
  bool carried = false;  ///< the state comes from memory and goes back, as in a decode step
  bool operator==(const Scan&) const = default;
};

/// Look-up of `tokens` rows of `width` numbers in a table of `vocabulary` rows.
struct Embedding {
  std::uint64_t tokens = 1, vocabulary = 1, width = 1;
  bool tied = false;  ///< the table is another layer's; it counts no parameters
  bool operator==(const Embedding&) const = default;
};

using Operator = std::variant<Conv2d, Linear, MatMul, Attention, Pool2d, Elementwise, Softmax, Norm,
                              Embedding, DeformableConv2d, Scan>;

/// In `Layer::inputs`: the input of the network itself. No layer has this name.
inline constexpr std::string_view network_input = "input";

/// One operator and what is applied to its output as it leaves (bias, batch_norm, relu, ...),
/// which therefore moves no data of its own.
struct Layer {
  std::string name;
  Operator op;
  std::vector<ElementwiseKind> epilogue;
  std::vector<std::string> inputs;  ///< producing layers; empty: the layer before (or the input)
  bool operator==(const Layer&) const = default;
};

struct Network {
  std::string name;
  std::string source;  ///< paper or model card
  std::vector<Layer> layers;
  bool operator==(const Network&) const = default;
};

/// Output extent of a window of `kernel` sliding over `in` padded elements.
std::uint64_t output_extent(std::uint64_t in, std::uint64_t pad_before, std::uint64_t pad_after,
                            std::uint64_t kernel, std::uint64_t stride, std::uint64_t dilation,
                            bool ceil_output);
std::uint64_t out_height(const Conv2d& conv);
std::uint64_t out_width(const Conv2d& conv);
std::uint64_t out_height(const Pool2d& pool);
std::uint64_t out_width(const Pool2d& pool);

/// Channels of the second operand: two offsets and, modulated, a weight for each tap and group.
std::uint64_t offset_channels(const DeformableConv2d& op);
/// Numbers that a scan carries from one step to the next, of all sequences.
std::uint64_t state_elements(const Scan& scan);

/// Whether every channel is convolved by itself.
bool is_depthwise(const Conv2d& conv);
/// Whether `kind` combines two tensors.
bool is_binary(ElementwiseKind kind);

/// The word for the operator in YAML and reports: conv2d, depthwise_conv2d, linear, matmul, ...
std::string_view operator_name(const Operator& op);

/// Multiply-accumulates of the matrix products in `op` (masked attention: only what is needed).
std::uint64_t macs(const Operator& op);
/// Trained numbers that `layer` holds, epilogue included (bias 1, batch_norm 2 a channel, ...).
std::uint64_t parameters(const Layer& layer);
/// Elements of the activations read (both operands, a KV cache included; token numbers of an
/// embedding), each once; of the weights used (without biases; the whole table of an embedding;
/// tied weights too); and of the result.
std::uint64_t input_elements(const Operator& op);
std::uint64_t weight_elements(const Operator& op);
std::uint64_t output_elements(const Operator& op);
/// Channels, features or columns of the result: what a bias has one number for. 0: unknown.
std::uint64_t output_channels(const Operator& op);

std::uint64_t macs(const Network& network);
std::uint64_t parameters(const Network& network);

/// The first count above that does not fit ("MACs", "input elements", ...), or nothing. Networks
/// that were read from files have been checked: the functions above do not overflow on them, and
/// the bits of any tensor and the sum over the layers can be counted in 64 bits.
std::optional<std::string_view> overflow(const Layer& layer);
std::optional<std::string_view> overflow(const Network& network);

/// A table for reading: layer, operator, shape, MACs, parameters, elements in and out, and totals.
std::string to_table(const Network& network);

/// The network as a file of the format in docs/networks.md, every layer explicit, which reads back
/// to an equal network.
std::string network_to_yaml(const Network& network);

}  // namespace sluice
