// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/source_path.hpp"
#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

Texts names(const Network& network) {
  Texts result;
  for (const Layer& layer : network.layers) result.push_back(layer.name);
  return result;
}

template <class Op>
const Op& op(const Network& network, std::string_view name) {
  return std::get<Op>(layer(network, name).op);
}

}  // namespace

TEST_CASE("every operator is read with all its fields") {
  const Network net = read_text(R"(
name: every
source: made up
layers:
  - {name: conv, op: conv2d, batch: 2, in_channels: 8, in_height: 20, in_width: 30,
     out_channels: 16, kernel: [3, 5], stride: [2, 1], padding: [1, 2, 3, 4], dilation: [1, 2],
     groups: 4, bias: true, ceil_output: true, epilogue: [batch_norm, relu]}
  - {name: depthwise, op: depthwise_conv2d, inputs: [input], batch: 1, channels: 8, in_height: 9,
     in_width: 9, kernel: 3}
  - {name: linear, op: linear, inputs: [input], rows: 3, in_features: 4, out_features: 5,
     experts: 2, idle_experts: 1, bias: true, tied: true}
  - {name: matmul, op: matmul, inputs: [input, input], batch: 2, m: 3, k: 4, n: 5}
  - {name: attention, op: attention, inputs: [input], batch: 2, query_heads: 8, kv_heads: 2,
     head_width: 16, query_length: 3, context_length: 9, causal: true, window: 4}
  - {name: pool, op: pool2d, inputs: [input], kind: average, batch: 1, channels: 4, in_height: 6,
     in_width: 7, kernel: [2, 3], stride: 2, padding: 1, ceil_output: true}
  - {name: elementwise, op: elementwise, inputs: [input], kind: batch_norm, elements: 12,
     channels: 4}
  - {name: softmax, op: softmax, inputs: [input], rows: 2, columns: 3}
  - {name: norm, op: norm, inputs: [input], kind: rms, rows: 2, columns: 3}
  - {name: embedding, op: embedding, inputs: [input], tokens: 2, vocabulary: 7, width: 3,
     tied: true}
  - {name: deformable, op: deformable_conv2d, inputs: [input, input], batch: 2, in_channels: 6,
     in_height: 9, in_width: 8, out_channels: 5, kernel: 3, padding: same, stride: 2,
     offset_groups: 3, modulated: true, bias: true}
  - {name: scan, op: scan, inputs: [input, input, input], kind: selective, batch: 2, length: 5,
     channels: 6, state: 4, carried: true}
)");
  CHECK(net.name == "every");
  CHECK(net.source == "made up");
  CHECK(op<Conv2d>(net, "conv") == Conv2d{.batch = 2,
                                          .in_channels = 8,
                                          .in_height = 20,
                                          .in_width = 30,
                                          .out_channels = 16,
                                          .kernel_height = 3,
                                          .kernel_width = 5,
                                          .stride_height = 2,
                                          .stride_width = 1,
                                          .pad_top = 1,
                                          .pad_bottom = 2,
                                          .pad_left = 3,
                                          .pad_right = 4,
                                          .dilation_height = 1,
                                          .dilation_width = 2,
                                          .groups = 4,
                                          .bias = true,
                                          .ceil_output = true});
  CHECK(layer(net, "conv").epilogue ==
        std::vector{ElementwiseKind::batch_norm, ElementwiseKind::relu});
  CHECK(layer(net, "conv").inputs.empty());
  CHECK(op<Conv2d>(net, "depthwise") == Conv2d{.in_channels = 8,
                                               .in_height = 9,
                                               .in_width = 9,
                                               .out_channels = 8,
                                               .kernel_height = 3,
                                               .kernel_width = 3,
                                               .groups = 8});
  CHECK(layer(net, "depthwise").inputs == Texts{"input"});
  CHECK(op<Linear>(net, "linear") == Linear{.rows = 3,
                                            .in_features = 4,
                                            .out_features = 5,
                                            .experts = 2,
                                            .idle_experts = 1,
                                            .bias = true,
                                            .tied = true});
  CHECK(op<MatMul>(net, "matmul") == MatMul{.batch = 2, .m = 3, .k = 4, .n = 5});
  CHECK(op<Attention>(net, "attention") == Attention{.batch = 2,
                                                     .query_heads = 8,
                                                     .kv_heads = 2,
                                                     .query_length = 3,
                                                     .context_length = 9,
                                                     .head_width = 16,
                                                     .causal = true,
                                                     .window = 4});
  CHECK(op<Pool2d>(net, "pool") == Pool2d{.kind = PoolKind::average,
                                          .channels = 4,
                                          .in_height = 6,
                                          .in_width = 7,
                                          .kernel_height = 2,
                                          .kernel_width = 3,
                                          .stride_height = 2,
                                          .stride_width = 2,
                                          .pad_top = 1,
                                          .pad_bottom = 1,
                                          .pad_left = 1,
                                          .pad_right = 1,
                                          .ceil_output = true});
  CHECK(op<Elementwise>(net, "elementwise") ==
        Elementwise{.kind = ElementwiseKind::batch_norm, .elements = 12, .channels = 4});
  CHECK(op<Softmax>(net, "softmax") == Softmax{.rows = 2, .columns = 3});
  CHECK(op<Norm>(net, "norm") == Norm{.kind = NormKind::rms, .rows = 2, .columns = 3});
  CHECK(op<Embedding>(net, "embedding") ==
        Embedding{.tokens = 2, .vocabulary = 7, .width = 3, .tied = true});
  // 9 rows by steps of 2 are 5: 2 * 4 + 3 - 9 zeros; 8 columns are 4: 2 * 3 + 3 - 8.
  CHECK(op<DeformableConv2d>(net, "deformable") == DeformableConv2d{.conv = {.batch = 2,
                                                                             .in_channels = 6,
                                                                             .in_height = 9,
                                                                             .in_width = 8,
                                                                             .out_channels = 5,
                                                                             .kernel_height = 3,
                                                                             .kernel_width = 3,
                                                                             .stride_height = 2,
                                                                             .stride_width = 2,
                                                                             .pad_top = 1,
                                                                             .pad_bottom = 1,
                                                                             .pad_left = 0,
                                                                             .pad_right = 1,
                                                                             .bias = true},
                                                                    .offset_groups = 3,
                                                                    .modulated = true});
  CHECK(op<Scan>(net, "scan") == Scan{.kind = ScanKind::selective,
                                      .batch = 2,
                                      .length = 5,
                                      .channels = 6,
                                      .state = 4,
                                      .carried = true});
}

TEST_CASE("attention has as many key heads as query heads, and as many keys as queries") {
  const Network net = read_text(R"(
name: short
layers:
  - {name: attention, op: attention, query_heads: 8, head_width: 16, query_length: 3}
)");
  CHECK(op<Attention>(net, "attention") == Attention{.query_heads = 8,
                                                     .kv_heads = 8,
                                                     .query_length = 3,
                                                     .context_length = 3,
                                                     .head_width = 16});
}

TEST_CASE("padding 'same' keeps ceil(in / stride), with the odd zero after") {
  const Network net = read_text(R"(
name: same
layers:
  - {name: even, op: conv2d, batch: 1, in_channels: 1, in_height: 10, in_width: 11,
     out_channels: 1, kernel: 3, stride: 2, padding: same}
  - {name: dilated, op: conv2d, inputs: [input], batch: 1, in_channels: 1, in_height: 10,
     in_width: 11, out_channels: 1, kernel: 3, dilation: 2, padding: same}
  - {name: pool, op: pool2d, kind: max, inputs: [input], batch: 1, channels: 1, in_height: 10,
     in_width: 11, kernel: 1, stride: 4, padding: same}
)");
  const auto& even = op<Conv2d>(net, "even");
  // Height 10: windows at 0, 2, ..., 8 reach 11, one zero after. Width 11: ..., 10 reach 13: 1 + 1.
  CHECK(even.pad_top == 0);
  CHECK(even.pad_bottom == 1);
  CHECK(even.pad_left == 1);
  CHECK(even.pad_right == 1);
  CHECK(out_height(even) == 5);
  CHECK(out_width(even) == 6);
  const auto& dilated = op<Conv2d>(net, "dilated");  // a reach of 5: 2 zeros on every side
  CHECK(dilated.pad_top == 2);
  CHECK(dilated.pad_right == 2);
  CHECK(out_height(dilated) == 10);
  CHECK(out_width(dilated) == 11);
  const auto& pool = op<Pool2d>(net, "pool");  // a stride beyond the window needs no zeros
  CHECK(pool.pad_bottom == 0);
  CHECK(out_height(pool) == 3);
}

TEST_CASE("a global pool covers the image") {
  const Network net = read_text(R"(
name: global
layers:
  - {name: pool, op: pool2d, kind: average, batch: 2, channels: 5, in_height: 7, in_width: 9,
     kernel: global}
)");
  CHECK(op<Pool2d>(net, "pool").kernel_height == 7);
  CHECK(op<Pool2d>(net, "pool").kernel_width == 9);
  CHECK(output_elements(layer(net, "pool").op) == 10);
}

TEST_CASE("parameters have defaults, which a run replaces") {
  constexpr std::string_view text = R"(
name: parameters
parameters:
  batch: {default: 2, max: 8}
  seq_len: 16
  context_len: {default: 2 * seq_len}
  phase: {default: prefill, choices: [prefill, decode]}
  biased: false
let:
  tokens: batch * (1 if phase == decode else seq_len)
layers:
  - {name: fc, op: linear, rows: tokens, in_features: context_len, out_features: 3, bias: biased}
)";
  CHECK(op<Linear>(read_text(text), "fc") ==
        Linear{.rows = 32, .in_features = 32, .out_features = 3});
  CHECK(op<Linear>(read_text(text, "{model: any, seq_len: 5, batch: 8}"), "fc") ==
        Linear{.rows = 40, .in_features = 10, .out_features = 3});
  CHECK(op<Linear>(read_text(text, "{phase: decode, biased: true, context_len: 7}"), "fc") ==
        Linear{.rows = 2, .in_features = 7, .out_features = 3, .bias = true});
}

TEST_CASE("layers are there when their condition holds") {
  constexpr std::string_view text = R"(
name: conditions
parameters: {phase: {default: prefill, choices: [prefill, decode]}}
layers:
  - {name: a, op: softmax, rows: 2, columns: 2}
  - {name: b, when: phase == decode, op: softmax}
  - when: phase == prefill
    layers:
      - {name: c, op: softmax}
  - {name: d, op: elementwise, kind: add, inputs: [a, b | c]}
)";
  const Network prefill = read_text(text);
  CHECK(names(prefill) == Texts{"a", "c", "d"});
  CHECK(layer(prefill, "d").inputs == Texts{"a", "c"});
  const Network decode = read_text(text, "{phase: decode}");
  CHECK(names(decode) == Texts{"a", "b", "d"});
  CHECK(layer(decode, "d").inputs == Texts{"a", "b"});
}

TEST_CASE("what a layer that is left out would have made comes from the network's input") {
  const Network net = read_text(R"(
name: outside
layers:
  - {name: a, op: softmax, rows: 2, columns: 2}
  - {name: b, when: false, op: softmax}
  - {name: c, op: softmax, inputs: [b], rows: 4, columns: 4}
)");
  CHECK(layer(net, "c").inputs == Texts{"input"});
}

TEST_CASE("a repetition numbers its layers, knows its index, and sees what came before") {
  const Network net = read_text(R"(
name: repetitions
layers:
  - {name: start, op: linear, rows: 4, in_features: 8, out_features: 8}
  - name: block
    repeat: 2
    let: {inner: 16 + index}
    layers:
      - {name: up, op: linear, out_features: inner}
      - {name: down, op: linear, out_features: 8}
      - {name: add, op: elementwise, kind: add, inputs: [down, input]}
  - {name: end, op: elementwise, kind: add, inputs: [block0, block]}
)");
  CHECK(names(net) == Texts{"start", "block0.up", "block0.down", "block0.add", "block1.up",
                            "block1.down", "block1.add", "end"});
  CHECK(op<Linear>(net, "block0.up").out_features == 16);
  CHECK(op<Linear>(net, "block1.up").out_features == 17);
  CHECK(layer(net, "block0.add").inputs == Texts{"block0.down", "start"});
  CHECK(layer(net, "block1.add").inputs == Texts{"block1.down", "block0.add"});
  // A group stands for its last layer, a repeated group for that of its last repetition.
  CHECK(layer(net, "end").inputs == Texts{"block0.add", "block1.add"});
}

TEST_CASE("a repetition of none is nothing") {
  const Network net = read_text(R"(
name: none
layers:
  - {name: a, op: softmax, rows: 2, columns: 2}
  - {name: block, repeat: 0, layers: [{name: b, op: softmax}]}
)");
  CHECK(names(net) == Texts{"a"});
}

TEST_CASE("a block has arguments, defaults and definitions, and sees no names of its user") {
  const Network net = read_text(R"(
name: blocks
parameters: {batch: 3}
blocks:
  mlp:
    arguments: [width, inner: 4 * width]
    let: {rows: batch}
    layers:
      - {name: up, op: linear, rows: rows, in_features: width, out_features: inner}
      - {name: down, op: linear, out_features: width}
  two:
    arguments: [width]
    layers:
      - {name: mlp_, repeat: 2, block: mlp, with: {width: width}}
layers:
  - {name: first, block: mlp, with: {width: 5}}
  - {name: second, block: mlp, with: {width: 5, inner: 7}}
  - {name: third, block: two, with: {width: 5}}
)");
  CHECK(names(net) == Texts{"first.up", "first.down", "second.up", "second.down", "third.mlp_0.up",
                            "third.mlp_0.down", "third.mlp_1.up", "third.mlp_1.down"});
  CHECK(op<Linear>(net, "first.up").out_features == 20);
  CHECK(op<Linear>(net, "second.up").out_features == 7);
  CHECK(op<Linear>(net, "third.mlp_1.up").rows == 3);
}

TEST_CASE("a group takes the input it names") {
  const Network net = read_text(R"(
name: redirected
layers:
  - {name: a, op: linear, rows: 4, in_features: 8, out_features: 8}
  - {name: b, op: linear, out_features: 6}
  - name: group
    inputs: [a]
    repeat: 2
    layers:
      - {name: c, op: linear, out_features: 8}
      - {name: d, op: elementwise, kind: add, inputs: [c, input]}
)");
  CHECK(op<Linear>(net, "group0.c").in_features == 8);
  CHECK(layer(net, "group0.c").inputs == Texts{"a"});
  CHECK(layer(net, "group0.d").inputs == Texts{"group0.c", "a"});
  CHECK(layer(net, "group1.c").inputs.empty());
  CHECK(layer(net, "group1.d").inputs == Texts{"group1.c", "group0.d"});
}

TEST_CASE("names are looked up from the inside out") {
  const Network net = read_text(R"(
name: lookup
layers:
  - {name: a, op: softmax, rows: 2, columns: 2}
  - {name: b, op: softmax}
  - name: outer
    layers:
      - {name: a, op: softmax, inputs: [a]}
      - name: inner
        layers:
          - {name: c, op: elementwise, kind: add, inputs: [a, b]}
)");
  CHECK(layer(net, "outer.a").inputs == Texts{"a"});
  CHECK(layer(net, "outer.inner.c").inputs == Texts{"outer.a", "b"});
}

TEST_CASE("a network is found by name in the search folders and by path") {
  CHECK(load_text("{model: alexnet}").name == "alexnet");
  const std::string path = source_path("workloads/library/alexnet.yaml");
  CHECK(load_text("{model: " + path + ", batch: 2}") == load_text("{model: alexnet, batch: 2}"));
}

TEST_CASE("a path is looked up beside the file that names it") {
  const YamlNode run =
      parse_yaml("{model: library/alexnet.yaml}", source_path("workloads/run.yaml"));
  CHECK(load_network(run, {}).name == "alexnet");
}

TEST_CASE("the library's names are sorted") {
  const Texts names = library_networks(library());
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::find(names.begin(), names.end(), "resnet50") != names.end());
  CHECK(library_networks({"/nowhere"}).empty());
}

TEST_CASE("a network says what it is and what can be chosen") {
  const Descriptor d = describe_network(parse_yaml(R"(
name: described
summary: A network of words
source: made up
parameters:
  batch: {default: 2, max: 8, doc: images}
  seq_len: {default: 2 * batch, min: 4}
  phase: {default: prefill, choices: [prefill, decode]}
  biased: false
layers: []
)",
                                                   "net.yaml"));
  CHECK(d.name == "described");
  CHECK(d.summary == "A network of words");
  CHECK(d.source == "made up");
  REQUIRE(d.parameters.size() == 4);
  CHECK(d.parameters[0].name == "batch");
  CHECK(d.parameters[0].type == "integer");
  CHECK(d.parameters[0].default_value == "2");
  CHECK(d.parameters[0].range == "1..8");
  CHECK(d.parameters[0].doc == "images");
  CHECK(d.parameters[1].default_value == "2 * batch");
  CHECK(d.parameters[1].range == "4..");
  CHECK(d.parameters[2].type == "prefill, decode");
  CHECK(d.parameters[2].range.empty());
  CHECK(d.parameters[3].type == "boolean");
}
