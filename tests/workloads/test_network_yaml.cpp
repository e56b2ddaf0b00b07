// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

Network again(const Network& network) { return read_text(network_to_yaml(network)); }

Layer named(std::string name, Operator op, std::vector<std::string> inputs = {}) {
  return {
      .name = std::move(name), .op = std::move(op), .epilogue = {}, .inputs = std::move(inputs)};
}

}  // namespace

TEST_CASE("a network is written with every layer explicit and defaults left out") {
  const Network network = read_text(R"(
name: written
source: "made up: twice"
parameters: {batch: 2}
layers:
  - {name: conv, op: conv2d, batch: batch, in_channels: 3, in_height: 10, in_width: 12,
     out_channels: 4, kernel: [3, 1], padding: [1, 1, 0, 0], epilogue: [relu]}
  - {name: pool, op: pool2d, kind: max, kernel: 2, stride: 2}
  - {name: sum, op: elementwise, kind: add, inputs: [pool, pool]}
)");
  CHECK(network_to_yaml(network) == R"(name: written
source: "made up: twice"
layers:
  - name: conv
    op: conv2d
    batch: 2
    in_channels: 3
    out_channels: 4
    in_height: 10
    in_width: 12
    kernel:
      - 3
      - 1
    padding:
      - 1
      - 1
      - 0
      - 0
    epilogue:
      - relu
  - name: pool
    op: pool2d
    kind: max
    batch: 2
    channels: 4
    in_height: 10
    in_width: 12
    kernel: 2
    stride: 2
  - name: sum
    op: elementwise
    kind: add
    elements: 240
    inputs:
      - pool
      - pool
)");
}

TEST_CASE("every library network reads back equal to what was written") {
  for (const std::string& name : library_networks(library())) {
    CAPTURE(name);
    const Network network = load_text("{model: " + name + "}");
    CHECK(again(network) == network);
  }
  const Network decode = load_text("{model: mixtral_8x7b, phase: decode, batch: 5, logits: last}");
  CHECK(again(decode) == decode);
}

TEST_CASE("operands that do not fit are written as gathered") {
  // As from a table of independent layers, whose shapes do not follow from each other.
  Network network{.name = "loose", .source = "", .layers = {}};
  network.layers.push_back(named("a", Linear{.rows = 2, .in_features = 3, .out_features = 4}));
  network.layers.push_back(named("b", Linear{.rows = 5, .in_features = 6, .out_features = 7}));
  network.layers.push_back(named("c", Softmax{.rows = 5, .columns = 7}, {"a"}));
  network.layers.push_back(
      named("d", Elementwise{.kind = ElementwiseKind::add, .elements = 35}, {"a", "b", "c"}));
  CHECK(again(network) == network);
}

TEST_CASE("any operator reads back equal to what was written") {
  const std::uint32_t seed = 7;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto upto = [&](std::uint64_t most) { return 1 + random() % most; };
  const auto flag = [&] { return random() % 2 == 0; };
  for (int i = 0; i < 200; ++i) {
    Conv2d conv{.batch = upto(3),
                .in_channels = 4 * upto(3),
                .in_height = 20 + upto(5),
                .in_width = 20 + upto(5),
                .out_channels = 4 * upto(3),
                .kernel_height = upto(4),
                .kernel_width = upto(4),
                .stride_height = upto(3),
                .stride_width = upto(3),
                .pad_top = upto(3) - 1,
                .pad_bottom = upto(3) - 1,
                .pad_left = upto(3) - 1,
                .pad_right = upto(3) - 1,
                .dilation_height = upto(2),
                .dilation_width = upto(2),
                .groups = flag() ? 4u : 1u,
                .bias = flag(),
                .ceil_output = flag()};
    if (flag()) conv.groups = conv.out_channels = conv.in_channels;
    Attention attention{.batch = upto(3),
                        .query_heads = 8,
                        .kv_heads = flag() ? 2u : 8u,
                        .query_length = upto(5),
                        .context_length = 5 + upto(5),
                        .head_width = upto(64),
                        .causal = flag()};
    attention.window = attention.causal && flag() ? upto(9) : 0;
    const Linear linear{.rows = upto(9),
                        .in_features = upto(9),
                        .out_features = upto(9),
                        .experts = upto(3),
                        .idle_experts = upto(3) - 1,
                        .bias = flag(),
                        .tied = flag()};
    Network network{.name = "random", .source = "", .layers = {}};
    network.layers.push_back(named("conv", conv));
    network.layers.push_back(named("attention", attention));
    network.layers.push_back(named("linear", linear));
    network.layers.back().epilogue = {ElementwiseKind::bias, ElementwiseKind::gelu};
    network.layers.push_back(
        named("matmul", MatMul{.batch = upto(3), .m = upto(9), .k = upto(9), .n = upto(9)},
              {"input", "linear"}));
    network.layers.push_back(named(
        "embedding",
        Embedding{.tokens = upto(9), .vocabulary = upto(9), .width = upto(9), .tied = flag()}));
    conv.groups = 1;
    network.layers.push_back(named(
        "deformable", DeformableConv2d{.conv = conv, .offset_groups = upto(2), .modulated = flag()},
        {"input", "input"}));
    Scan scan{.kind = flag() ? ScanKind::selective : ScanKind::gated,
              .batch = upto(3),
              .length = upto(9),
              .channels = upto(9),
              .carried = flag()};
    if (scan.kind == ScanKind::selective) scan.state = upto(9);
    network.layers.push_back(named("scan", scan));
    network.layers.push_back(
        named("bias", Elementwise{.kind = ElementwiseKind::bias, .elements = 12, .channels = 3}));
    REQUIRE(again(network) == network);
  }
}
