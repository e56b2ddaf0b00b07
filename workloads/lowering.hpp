// SPDX-License-Identifier: Apache-2.0
// Networks as cascades of Einsums: what a layer, or a run of layers, computes, in the notation of
// docs/cascades.md. Every operator has a lowering; docs/cascades.md says which Einsums each
// becomes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "workloads/cascade/cascade.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// The cascades of attention in configs/cascades, by their passes over the keys.
enum class AttentionCascade : std::uint8_t {
  one_pass,
  one_pass_early,
  two_pass_online,
  two_pass_local,
  three_pass,
  three_pass_deferred,
};
template <>
struct EnumNames<AttentionCascade> {
  static constexpr EnumName<AttentionCascade> table[] = {
      {"1pass", AttentionCascade::one_pass},
      {"1pass_early", AttentionCascade::one_pass_early},
      {"2pass_online", AttentionCascade::two_pass_online},
      {"2pass_local", AttentionCascade::two_pass_local},
      {"3pass", AttentionCascade::three_pass},
      {"3pass_deferred", AttentionCascade::three_pass_deferred},
  };
};

/// How convolutions are computed: window by window, as a matrix product of unfolded windows, or by
/// Winograd's F(2x2,3x3). The last two are configs/cascades/conv2d_*.yaml.
enum class ConvolutionCascade : std::uint8_t { direct, im2col, winograd };
template <>
struct EnumNames<ConvolutionCascade> {
  static constexpr EnumName<ConvolutionCascade> table[] = {
      {"direct", ConvolutionCascade::direct},
      {"im2col", ConvolutionCascade::im2col},
      {"winograd", ConvolutionCascade::winograd},
  };
};

/// Whether `how` can compute it: convolutions only, and winograd only filters of 3 x 3 with stride
/// 1, without dilation and groups.
bool can_lower(const Operator& op, ConvolutionCascade how);

struct LoweringOptions {
  AttentionCascade attention = AttentionCascade::three_pass;
  /// Convolutions that cannot be computed so are lowered directly.
  ConvolutionCascade convolution = ConvolutionCascade::direct;
  std::uint64_t tile = 256;  ///< keys of a tile in the cascades that have tiles; all keys at most
};

/// What one layer computes, its epilogue included. Inputs are X (A and B of two operands; Q, K and
/// V of attention; token numbers I of an embedding), weights W and what else the operator trains;
/// the result is Y, of attention AV. MACs are those that macs() counts, and no others but the
/// squares that norms sum (rows * columns) and the tile sums of 2pass_local; winograd has fewer, 16
/// for each 2 x 2 results, channel and filter.
Cascade lower(const Layer& layer, const LoweringOptions& options = {});

/// Layers `first` to `last`, both included, by their place in the network.
struct LayerRange {
  std::size_t first = 0;
  std::size_t last = 0;

  bool operator==(const LayerRange&) const = default;
};

/// One cascade of the layers of `range`. The result of a layer is a tensor with the layer's name,
/// dots as underscores; its other tensors have that name before theirs. A layer reads the results
/// of its producers in place when indices can say where; else an Einsum without operations
/// arranges them; when the network file says only that elements are chosen (`gather`), an input
/// says which. Results that layers outside the range read, or nothing, are outputs.
Cascade lower(const Network& network, const LayerRange& range, const LoweringOptions& options = {});

/// The layers that `text` names: a place (`7`), a name (`block0.query`), a group of layers
/// (`block0`), or the first and the last of a run (`3..9`, `block0..block2`). Throws SpecError,
/// which names `place`, when there are none.
LayerRange find_layers(const Network& network, const std::string& text, const std::string& place);

}  // namespace sluice
