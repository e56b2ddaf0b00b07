// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "workloads/network.hpp"

using namespace sluice;

namespace {

Layer alone(Operator op, std::vector<ElementwiseKind> epilogue = {}) {
  return {.name = "layer", .op = std::move(op), .epilogue = std::move(epilogue), .inputs = {}};
}

/// Pairs of a query and a key that it sees, one by one.
std::uint64_t pairs_one_by_one(const Attention& a) {
  std::uint64_t pairs = 0;
  for (std::uint64_t i = 0; i < a.query_length; ++i) {
    const std::uint64_t position = a.context_length - a.query_length + i;
    for (std::uint64_t key = 0; key < a.context_length; ++key)
      pairs += !a.causal || (key <= position && (a.window == 0 || key + a.window > position));
  }
  return pairs;
}

}  // namespace

TEST_CASE("the output extent of a window drops or counts the partial last window") {
  // (224 + 3 + 3 - 7) / 2 = 111.5: 112 windows, or 113 with the partial one.
  CHECK(output_extent(224, 3, 3, 7, 2, 1, false) == 112);
  CHECK(output_extent(224, 3, 3, 7, 2, 1, true) == 113);
  // (224 + 2 + 2 - 11) / 4 = 54.25.
  CHECK(output_extent(224, 2, 2, 11, 4, 1, false) == 55);
  // A window as large as the input fits once; dilation 3 stretches 3 elements over 7.
  CHECK(output_extent(7, 0, 0, 3, 1, 3, false) == 1);
  // Uneven padding: (10 + 0 + 1 - 3) / 2 = 4.
  CHECK(output_extent(10, 0, 1, 3, 2, 1, false) == 5);
}

TEST_CASE("a convolution counts what its loops do") {
  // The first layer of ResNet-50 with 2 images: 2 * 64 * 112 * 112 outputs of 3 * 7 * 7 products.
  Conv2d conv{.batch = 2,
              .in_channels = 3,
              .in_height = 224,
              .in_width = 224,
              .out_channels = 64,
              .kernel_height = 7,
              .kernel_width = 7,
              .stride_height = 2,
              .stride_width = 2,
              .pad_top = 3,
              .pad_bottom = 3,
              .pad_left = 3,
              .pad_right = 3};
  CHECK(out_height(conv) == 112);
  CHECK(out_width(conv) == 112);
  CHECK(macs(conv) == 2ull * 64 * 112 * 112 * 3 * 7 * 7);
  CHECK(input_elements(conv) == 2 * 3 * 224 * 224);
  CHECK(weight_elements(conv) == 64 * 3 * 7 * 7);
  CHECK(output_elements(conv) == 2 * 64 * 112 * 112);
  CHECK(operator_name(conv) == "conv2d");
  // 9408 weights; a bias adds 64, batch norm 128.
  CHECK(parameters(alone(conv)) == 9408);
  CHECK(parameters(alone(conv, {ElementwiseKind::batch_norm, ElementwiseKind::relu})) == 9536);
  CHECK(parameters(alone(conv, {ElementwiseKind::bias})) == 9472);
  conv.bias = true;
  CHECK(parameters(alone(conv)) == 9472);
}

TEST_CASE("groups divide the products and weights of a convolution") {
  Conv2d conv{.in_channels = 32,
              .in_height = 8,
              .in_width = 10,
              .out_channels = 64,
              .kernel_height = 3,
              .kernel_width = 1,
              .groups = 4};
  // 6 x 10 outputs of 64 channels, each of 32 / 4 channels times 3.
  CHECK(macs(conv) == 6 * 10 * 64 * 8 * 3);
  CHECK(weight_elements(conv) == 64 * 8 * 3);
  CHECK_FALSE(is_depthwise(conv));
  conv.groups = conv.out_channels = 32;
  CHECK(is_depthwise(conv));
  CHECK(operator_name(conv) == "depthwise_conv2d");
  CHECK(macs(conv) == 6 * 10 * 32 * 3);
}

TEST_CASE("a linear layer counts its experts, and idle ones as parameters only") {
  Linear linear{.rows = 5, .in_features = 7, .out_features = 11, .bias = true};
  CHECK(macs(linear) == 5 * 7 * 11);
  CHECK(input_elements(linear) == 35);
  CHECK(weight_elements(linear) == 77);
  CHECK(output_elements(linear) == 55);
  CHECK(parameters(alone(linear)) == 77 + 11);
  linear.experts = 3;
  linear.idle_experts = 2;
  CHECK(macs(linear) == 3 * 5 * 7 * 11);
  CHECK(input_elements(linear) == 3 * 35);
  CHECK(weight_elements(linear) == 3 * 77);
  CHECK(output_elements(linear) == 3 * 55);
  CHECK(parameters(alone(linear)) == 5 * (77 + 11));
  linear.tied = true;  // the weights are read all the same, but only the biases are its own
  CHECK(weight_elements(linear) == 3 * 77);
  CHECK(parameters(alone(linear)) == 5 * 11);
}

TEST_CASE("a product of activations has no parameters") {
  const MatMul matmul{.batch = 12, .m = 3, .k = 64, .n = 5};
  CHECK(macs(matmul) == 12 * 3 * 64 * 5);
  CHECK(input_elements(matmul) == 12 * (3 * 64 + 64 * 5));
  CHECK(weight_elements(matmul) == 0);
  CHECK(output_elements(matmul) == 12 * 3 * 5);
  CHECK(parameters(alone(matmul)) == 0);
}

TEST_CASE("attention counts both products, its cache, and only the pairs it needs") {
  Attention a{.batch = 2,
              .query_heads = 8,
              .kv_heads = 2,
              .query_length = 4,
              .context_length = 10,
              .head_width = 16};
  CHECK(macs(a) == 2 * 2 * 8 * 16 * 40);
  CHECK(input_elements(a) == 2 * 16 * (8 * 4 + 2 * 2 * 10));
  CHECK(output_elements(a) == 2 * 8 * 4 * 16);
  CHECK(parameters(alone(a)) == 0);
  // Causal: the four queries stand at positions 6..9 and see 7 + 8 + 9 + 10 = 34 keys.
  a.causal = true;
  CHECK(macs(a) == 2 * 2 * 8 * 16 * 34);
  // A window of 8 cuts them to 7 + 8 + 8 + 8 = 31.
  a.window = 8;
  CHECK(macs(a) == 2 * 2 * 8 * 16 * 31);
  // One query with its whole cache: a decode step.
  const Attention decode{.query_heads = 4,
                         .kv_heads = 4,
                         .query_length = 1,
                         .context_length = 100,
                         .head_width = 1,
                         .causal = true};
  CHECK(macs(decode) == 2 * 4 * 100);
}

TEST_CASE("the pairs of causal and windowed attention equal a count one by one") {
  const std::uint32_t seed = 20240611;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto upto = [&](std::uint64_t most) { return 1 + random() % most; };
  for (int i = 0; i < 500; ++i) {
    Attention a;
    a.context_length = upto(40);
    a.query_length = upto(a.context_length);
    a.causal = random() % 4 != 0;
    a.window = a.causal ? random() % 50 : 0;
    CAPTURE(a.query_length);
    CAPTURE(a.context_length);
    CAPTURE(a.window);
    REQUIRE(macs(a) == 2 * pairs_one_by_one(a));
  }
}

TEST_CASE("pooling, normalisation, softmax and lookups count what they read and write") {
  const Pool2d pool{.channels = 64,
                    .in_height = 112,
                    .in_width = 112,
                    .kernel_height = 3,
                    .kernel_width = 3,
                    .stride_height = 2,
                    .stride_width = 2,
                    .pad_top = 1,
                    .pad_bottom = 1,
                    .pad_left = 1,
                    .pad_right = 1};
  CHECK(out_height(pool) == 56);
  CHECK(out_width(pool) == 56);
  CHECK(macs(pool) == 0);
  CHECK(input_elements(pool) == 64 * 112 * 112);
  CHECK(output_elements(pool) == 64 * 56 * 56);

  const Norm norm{.kind = NormKind::layer, .rows = 3, .columns = 8};
  CHECK(parameters(alone(norm)) == 16);  // gain and offset
  CHECK(parameters(alone(Norm{.kind = NormKind::rms, .rows = 3, .columns = 8})) == 8);
  CHECK(input_elements(norm) == 24);
  CHECK(output_elements(norm) == 24);

  const Softmax softmax{.rows = 3, .columns = 8};
  CHECK(input_elements(softmax) == 24);
  CHECK(output_elements(softmax) == 24);
  CHECK(parameters(alone(softmax)) == 0);

  Embedding table{.tokens = 6, .vocabulary = 100, .width = 8};
  CHECK(input_elements(table) == 6);
  CHECK(weight_elements(table) == 800);
  CHECK(output_elements(table) == 48);
  CHECK(parameters(alone(table)) == 800);
  table.tied = true;
  CHECK(parameters(alone(table)) == 0);
}

TEST_CASE("elementwise operations read one or two operands and may have parameters a channel") {
  CHECK(input_elements(Elementwise{.kind = ElementwiseKind::relu, .elements = 10}) == 10);
  CHECK(input_elements(Elementwise{.kind = ElementwiseKind::add, .elements = 10}) == 20);
  CHECK(input_elements(Elementwise{.kind = ElementwiseKind::multiply, .elements = 10}) == 20);
  CHECK(input_elements(Elementwise{.kind = ElementwiseKind::complex_multiply, .elements = 10}) ==
        20);
  CHECK(output_elements(Elementwise{.kind = ElementwiseKind::add, .elements = 10}) == 10);
  const Elementwise norm{.kind = ElementwiseKind::batch_norm, .elements = 10, .channels = 5};
  CHECK(parameters(alone(norm)) == 10);
  const Elementwise bias{.kind = ElementwiseKind::bias, .elements = 10, .channels = 5};
  CHECK(parameters(alone(bias)) == 5);
  CHECK(parameters(alone(Elementwise{.kind = ElementwiseKind::gelu, .elements = 10})) == 0);
}

TEST_CASE("a deformable convolution counts as a convolution that reads offsets besides") {
  // 2 images of 4 x 6 x 6, 3 x 3 with a border of one: 36 windows of 36 samples, 5 channels made.
  const DeformableConv2d op{.conv = {.batch = 2,
                                     .in_channels = 4,
                                     .in_height = 6,
                                     .in_width = 6,
                                     .out_channels = 5,
                                     .kernel_height = 3,
                                     .kernel_width = 3,
                                     .pad_top = 1,
                                     .pad_bottom = 1,
                                     .pad_left = 1,
                                     .pad_right = 1,
                                     .bias = true},
                            .offset_groups = 2,
                            .modulated = true};
  CHECK(offset_channels(op) == 2 * 9 * 3);
  CHECK(offset_channels(DeformableConv2d{.conv = op.conv}) == 9 * 2);
  CHECK(macs(op) == 2 * 36 * 36 * 5);
  CHECK(input_elements(op) == 2 * 4 * 36 + 2 * 54 * 36);
  CHECK(weight_elements(op) == 5 * 4 * 9);
  CHECK(output_elements(op) == 2 * 5 * 36);
  CHECK(parameters(alone(op)) == 5 * 4 * 9 + 5);
}

TEST_CASE("a scan reads its operands, and its state when that is carried") {
  Scan scan{.batch = 2, .length = 5, .channels = 6, .state = 4};
  CHECK(state_elements(scan) == 2 * 6 * 4);
  CHECK(macs(scan) == 0);  // no matrix product
  CHECK(input_elements(scan) == 2 * 5 * (2 * 6 + 2 * 4));
  CHECK(output_elements(scan) == 2 * 5 * 6);
  CHECK(parameters(alone(scan)) == 6 * 4 + 6);  // decays, skip connection
  scan.carried = true;
  CHECK(input_elements(scan) == 2 * 5 * (2 * 6 + 2 * 4) + 48);
  const Scan gated{.kind = ScanKind::gated, .batch = 2, .length = 5, .channels = 6};
  CHECK(input_elements(gated) == 2 * 5 * 2 * 6);
  CHECK(parameters(alone(gated)) == 0);
}

TEST_CASE("what lies between the parts of an operator must be countable") {
  const std::uint64_t large = std::uint64_t{1} << 20;
  CHECK_FALSE(overflow(alone(Scan{.length = large, .channels = large, .state = 1 << 16})));
  CHECK(overflow(alone(Scan{.length = large, .channels = large, .state = 1 << 17})) ==
        "scores, samples or states");
}

TEST_CASE("every operator has the word of its alternative") {
  CHECK(operator_name(Conv2d{}) == "conv2d");
  CHECK(operator_name(Linear{}) == "linear");
  CHECK(operator_name(MatMul{}) == "matmul");
  CHECK(operator_name(Attention{}) == "attention");
  CHECK(operator_name(Pool2d{}) == "pool2d");
  CHECK(operator_name(Elementwise{}) == "elementwise");
  CHECK(operator_name(Softmax{}) == "softmax");
  CHECK(operator_name(Norm{}) == "norm");
  CHECK(operator_name(Embedding{}) == "embedding");
  CHECK(operator_name(DeformableConv2d{}) == "deformable_conv2d");
  CHECK(operator_name(Scan{}) == "scan");
}

TEST_CASE("the channels of a result are those that a bias would have") {
  CHECK(output_channels(Conv2d{.out_channels = 7}) == 7);
  CHECK(output_channels(Linear{.out_features = 7}) == 7);
  CHECK(output_channels(MatMul{.n = 7}) == 7);
  CHECK(output_channels(Attention{.query_heads = 3, .head_width = 7}) == 21);
  CHECK(output_channels(Pool2d{.channels = 7}) == 7);
  CHECK(output_channels(Norm{.columns = 7}) == 7);
  CHECK(output_channels(Embedding{.width = 7}) == 7);
  CHECK(output_channels(DeformableConv2d{.conv = {.out_channels = 7}}) == 7);
  CHECK(output_channels(Scan{.channels = 7}) == 7);
}

TEST_CASE("totals are sums over the layers") {
  const Network network{.name = "two",
                        .source = "",
                        .layers = {alone(Linear{.rows = 2, .in_features = 3, .out_features = 4}),
                                   alone(Linear{.rows = 2, .in_features = 4, .out_features = 5})}};
  CHECK(macs(network) == 2 * 3 * 4 + 2 * 4 * 5);
  CHECK(parameters(network) == 3 * 4 + 4 * 5);
}

TEST_CASE("a count that does not fit is named, and one that just fits passes") {
  const std::uint64_t large = std::uint64_t{1} << 28;
  // 2^28 * 2^28 = 2^56 elements are the most that a tensor may have.
  CHECK_FALSE(overflow(alone(Softmax{.rows = large, .columns = large})));
  CHECK(overflow(alone(Softmax{.rows = large + 1, .columns = large})) == "input elements");
  CHECK(overflow(alone(MatMul{.batch = large, .m = large, .k = large, .n = 1})) == "MACs");
  CHECK(overflow(alone(Embedding{.tokens = 1, .vocabulary = large, .width = 2 * large})) ==
        "weight elements");
  CHECK(overflow(alone(Embedding{.tokens = large, .vocabulary = 1, .width = 2 * large})) ==
        "output elements");
  CHECK(overflow(alone(Linear{.idle_experts = 2 * large, .bias = true})) == std::nullopt);
  CHECK(overflow(alone(Linear{.in_features = large, .idle_experts = 2 * large})) == "parameters");
  // Few queries and keys a head, but 2^57 scores in all.
  CHECK(overflow(alone(
            Attention{.batch = 2 * large, .query_length = 1 << 14, .context_length = 1 << 14})) ==
        "scores, samples or states");
  // Each layer fits, their sum does not.
  Network network{.name = "sum", .source = "", .layers = {}};
  network.layers.assign(2, alone(Softmax{.rows = large, .columns = large}));
  CHECK(overflow(network) == "input elements");
  network.layers.pop_back();
  CHECK_FALSE(overflow(network));
}

TEST_CASE("the table shows every layer and the totals") {
  const Network network{.name = "tiny",
                        .source = "made up",
                        .layers = {{.name = "conv",
                                    .op = Conv2d{.in_channels = 3,
                                                 .in_height = 4,
                                                 .in_width = 4,
                                                 .out_channels = 2,
                                                 .kernel_height = 3,
                                                 .kernel_width = 3},
                                    .epilogue = {ElementwiseKind::relu},
                                    .inputs = {}},
                                   {.name = "fc",
                                    .op = Linear{.rows = 1, .in_features = 8, .out_features = 5},
                                    .epilogue = {},
                                    .inputs = {}}}};
  // conv: 2 * 2 * 2 outputs of 27 products; fc: 8 * 5.
  CHECK(
      to_table(network) ==
      "tiny\n"
      "source: made up\n"
      "layer  operator      shape                    MACs  parameters  inputs  weights  outputs\n"
      "conv   conv2d +relu  1x3x4x4 -> 2x2x2, 3x3/1   216          54      48       54        8\n"
      "fc     linear        1x8 -> 5                   40          40       8       40        5\n"
      "total  2 layers                                256          94      56       94       13\n");
}
