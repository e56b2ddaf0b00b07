// SPDX-License-Identifier: Apache-2.0
// The fields of every operator in a network file: one describe() each, from which come reading,
// writing, the JSON Schema and the documentation. Not for users of the room; see load.hpp.
//
// A visitor has these members:
//   required(key, value, info)        must be given
//   field(key, value, info)           may be given; `value` is the default
//   derived(key, value, info)         may be left out when the producing layer settles it
//   otherwise(key, value, other, info)  left out, it equals `other`
//   extents(key, height, width, info, need)   `3` or `[3, 5]`
//   padding(key, Padding, info)       `1`, `same`, or `[top, bottom, left, right]`
// Values are std::uint64_t, bool, or an enum with EnumNames.
#pragma once

#include <array>

#include "base/describe.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// The operators of network files. Depthwise convolution has a word of its own.
enum class OperatorWord : std::uint8_t {
  conv2d,
  depthwise_conv2d,
  linear,
  matmul,
  attention,
  pool2d,
  elementwise,
  softmax,
  norm,
  embedding,
  deformable_conv2d,
  scan
};
template <>
struct EnumNames<OperatorWord> {
  static constexpr EnumName<OperatorWord> table[] = {
      {"conv2d", OperatorWord::conv2d},
      {"depthwise_conv2d", OperatorWord::depthwise_conv2d},
      {"linear", OperatorWord::linear},
      {"matmul", OperatorWord::matmul},
      {"attention", OperatorWord::attention},
      {"pool2d", OperatorWord::pool2d},
      {"elementwise", OperatorWord::elementwise},
      {"softmax", OperatorWord::softmax},
      {"norm", OperatorWord::norm},
      {"embedding", OperatorWord::embedding},
      {"deformable_conv2d", OperatorWord::deformable_conv2d},
      {"scan", OperatorWord::scan},
  };
};

struct Padding {
  std::uint64_t &top, &bottom, &left, &right;
};

enum class Need : std::uint8_t { required, optional };

/// The fields that convolutions of both words share, after the channels.
template <class Visitor>
void describe_window(Visitor& v, Conv2d& c) {
  v.derived("in_height", c.in_height, {.doc = "rows of the input image", .min = 1});
  v.derived("in_width", c.in_width, {.doc = "columns of the input image", .min = 1});
  v.extents("kernel", c.kernel_height, c.kernel_width,
            {.doc = "extent of the window: one number, or [height, width]", .min = 1},
            Need::required);
  v.extents("stride", c.stride_height, c.stride_width,
            {.doc = "step of the window: one number, or [height, width]", .min = 1},
            Need::optional);
  v.padding("padding", Padding{c.pad_top, c.pad_bottom, c.pad_left, c.pad_right},
            {.doc = "zeros around the image: one number, `same`, or [top, bottom, left, right]"});
  v.extents("dilation", c.dilation_height, c.dilation_width,
            {.doc = "distance of the window's elements: one number, or [height, width]", .min = 1},
            Need::optional);
  v.field("bias", c.bias, {.doc = "adds one trained number a channel"});
  v.field("ceil_output", c.ceil_output, {.doc = "a partial last window counts"});
}

template <class Visitor>
void describe(Visitor& v, Conv2d& c) {
  v.derived("batch", c.batch, {.doc = "images", .min = 1});
  v.derived("in_channels", c.in_channels, {.doc = "channels of the input", .min = 1});
  v.required("out_channels", c.out_channels, {.doc = "channels of the output", .min = 1});
  v.field("groups", c.groups, {.doc = "groups of channels convolved apart", .min = 1});
  describe_window(v, c);
}

template <class Visitor>
void describe_depthwise(Visitor& v, Conv2d& c) {
  v.derived("batch", c.batch, {.doc = "images", .min = 1});
  v.derived("channels", c.in_channels, {.doc = "channels of input and output", .min = 1});
  describe_window(v, c);
}

template <class Visitor>
void describe(Visitor& v, Linear& l) {
  v.derived("rows", l.rows, {.doc = "rows of the input (tokens); of one expert", .min = 1});
  v.derived("in_features", l.in_features, {.doc = "columns of the input", .min = 1});
  v.required("out_features", l.out_features, {.doc = "columns of the output", .min = 1});
  v.field("experts", l.experts,
          {.doc = "weight matrices, each with `rows` rows of its own", .min = 1});
  v.field("idle_experts", l.idle_experts,
          {.doc = "experts without rows in this call: they count parameters only"});
  v.field("bias", l.bias, {.doc = "adds one trained number a column"});
  v.field("tied", l.tied, {.doc = "the weights are another layer's and count no parameters"});
}

template <class Visitor>
void describe(Visitor& v, MatMul& m) {
  v.field("batch", m.batch, {.doc = "independent products", .min = 1});
  v.required("m", m.m, {.doc = "rows of the first operand", .min = 1});
  v.required("k", m.k, {.doc = "columns of the first, rows of the second operand", .min = 1});
  v.required("n", m.n, {.doc = "columns of the second operand", .min = 1});
}

template <class Visitor>
void describe(Visitor& v, Attention& a) {
  v.field("batch", a.batch, {.doc = "sequences", .min = 1});
  v.required("query_heads", a.query_heads, {.doc = "heads of the queries", .min = 1});
  v.otherwise("kv_heads", a.kv_heads, a.query_heads,
              {.doc = "heads of keys and values; default: query_heads", .min = 1});
  v.required("head_width", a.head_width, {.doc = "numbers a head", .min = 1});
  v.required("query_length", a.query_length, {.doc = "queries of a sequence", .min = 1});
  v.otherwise("context_length", a.context_length, a.query_length,
              {.doc = "keys of a sequence, the cache included; default: query_length", .min = 1});
  v.field("causal", a.causal,
          {.doc = "a query sees the keys up to its own position; queries are the last positions"});
  v.field("window", a.window, {.doc = "a causal query sees this many keys at most; 0: all"});
}

template <class Visitor>
void describe(Visitor& v, Pool2d& p) {
  v.required("kind", p.kind, {.doc = "what is made of a window"});
  v.derived("batch", p.batch, {.doc = "images", .min = 1});
  v.derived("channels", p.channels, {.doc = "channels of input and output", .min = 1});
  v.derived("in_height", p.in_height, {.doc = "rows of the input image", .min = 1});
  v.derived("in_width", p.in_width, {.doc = "columns of the input image", .min = 1});
  v.extents("kernel", p.kernel_height, p.kernel_width,
            {.doc = "extent of the window: one number, [height, width], or `global`", .min = 1},
            Need::required);
  v.extents("stride", p.stride_height, p.stride_width,
            {.doc = "step of the window: one number, or [height, width]", .min = 1},
            Need::optional);
  v.padding("padding", Padding{p.pad_top, p.pad_bottom, p.pad_left, p.pad_right},
            {.doc = "border around the image: one number, `same`, or [top, bottom, left, right]"});
  v.field("ceil_output", p.ceil_output, {.doc = "a partial last window counts"});
}

/// Whether `kind` has trained numbers a channel.
constexpr bool has_channels(ElementwiseKind kind) {
  return kind == ElementwiseKind::bias || kind == ElementwiseKind::batch_norm;
}

template <class Visitor>
void describe(Visitor& v, Elementwise& e) {
  v.required("kind", e.kind, {.doc = "what is done to each element"});
  v.derived("elements", e.elements, {.doc = "elements of the result", .min = 1});
  if (has_channels(e.kind))
    v.derived("channels", e.channels, {.doc = "channels of a bias or batch_norm", .min = 1});
}

template <class Visitor>
void describe(Visitor& v, Softmax& s) {
  v.derived("rows", s.rows, {.doc = "independent rows", .min = 1});
  v.derived("columns", s.columns, {.doc = "numbers a row", .min = 1});
}

template <class Visitor>
void describe(Visitor& v, Norm& n) {
  v.required("kind", n.kind, {.doc = "layer: mean and variance; rms: root mean square"});
  v.derived("rows", n.rows, {.doc = "independent rows (tokens)", .min = 1});
  v.derived("columns", n.columns, {.doc = "numbers a row", .min = 1});
}

template <class Visitor>
void describe(Visitor& v, Embedding& e) {
  v.required("tokens", e.tokens, {.doc = "rows looked up", .min = 1});
  v.required("vocabulary", e.vocabulary, {.doc = "rows of the table", .min = 1});
  v.required("width", e.width, {.doc = "numbers a row", .min = 1});
  v.field("tied", e.tied, {.doc = "the table is another layer's and counts no parameters"});
}

template <class Visitor>
void describe(Visitor& v, DeformableConv2d& d) {
  v.derived("batch", d.conv.batch, {.doc = "images", .min = 1});
  v.derived("in_channels", d.conv.in_channels, {.doc = "channels of the input", .min = 1});
  v.required("out_channels", d.conv.out_channels, {.doc = "channels of the output", .min = 1});
  v.field("offset_groups", d.offset_groups,
          {.doc = "groups of channels with offsets of their own", .min = 1});
  v.field("modulated", d.modulated, {.doc = "every sample has a weight beside its two offsets"});
  describe_window(v, d.conv);
}

template <class Visitor>
void describe(Visitor& v, Scan& s) {
  v.required("kind", s.kind, {.doc = "selective: Mamba's S6; gated: h = f h + (1 - f) c"});
  v.field("batch", s.batch, {.doc = "sequences", .min = 1});
  v.required("length", s.length, {.doc = "steps of a sequence", .min = 1});
  v.required("channels", s.channels, {.doc = "numbers a step", .min = 1});
  v.field("state", s.state,
          {.doc = "numbers that a channel of a selective scan carries", .min = 1});
  v.field("carried", s.carried, {.doc = "the state comes from memory and goes back"});
}

/// The word under which `op` is written.
OperatorWord word_of(const Operator& op);

/// An operator of the kind that `word` names, every field at its default.
Operator default_operator(OperatorWord word);

/// Lets `visitor` see the fields of `op`, which is written as `word`.
template <class Visitor>
void describe_operator(Visitor& visitor, OperatorWord word, Operator& op) {
  if (word == OperatorWord::depthwise_conv2d) {
    describe_depthwise(visitor, std::get<Conv2d>(op));
  } else {
    std::visit([&](auto& concrete) { describe(visitor, concrete); }, op);
  }
}

/// The fields of a layer that do not depend on its operator, for checks and the schema.
struct LayerKey {
  std::string_view key;
  std::string_view doc;
};
inline constexpr std::array<LayerKey, 6> layer_keys{{
    {"name", "unique name; inside a group the group's name goes before it"},
    {"op", "the operator"},
    {"epilogue", "what is applied to the output as it leaves"},
    {"inputs", "producing layers; left out: the layer before"},
    {"gather", "the inputs are cut, joined, routed or cached: their shapes are not compared"},
    {"when", "condition under which the layer is there"},
}};

}  // namespace sluice
