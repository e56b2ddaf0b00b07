// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

/// The last layer of a file with these layers.
Layer last(const std::string& layers) {
  return read_text("name: net\nlayers:\n" + layers).layers.back();
}

const std::string image =
    "- {name: image, op: conv2d, batch: 2, in_channels: 3, in_height: 10, in_width: 12, "
    "out_channels: 4, kernel: 3}\n";  // 2 x 4 x 8 x 10
const std::string matrix =
    "- {name: matrix, op: linear, rows: 6, in_features: 5, out_features: 8}\n";  // 6 x 8

}  // namespace

TEST_CASE("convolution and pooling take the image of their producer") {
  CHECK(last(image + "- {name: x, op: conv2d, out_channels: 5, kernel: 1}").op ==
        Operator{Conv2d{
            .batch = 2, .in_channels = 4, .in_height = 8, .in_width = 10, .out_channels = 5}});
  CHECK(last(image + "- {name: x, op: depthwise_conv2d, kernel: 1}").op ==
        Operator{Conv2d{.batch = 2,
                        .in_channels = 4,
                        .in_height = 8,
                        .in_width = 10,
                        .out_channels = 4,
                        .groups = 4}});
  CHECK(last(image + "- {name: x, op: pool2d, kind: max, kernel: 2, stride: 2}").op ==
        Operator{Pool2d{.batch = 2,
                        .channels = 4,
                        .in_height = 8,
                        .in_width = 10,
                        .kernel_height = 2,
                        .kernel_width = 2,
                        .stride_height = 2,
                        .stride_width = 2}});
}

TEST_CASE("a linear layer takes rows and features, and flattens an image") {
  CHECK(last(matrix + "- {name: x, op: linear, out_features: 3}").op ==
        Operator{Linear{.rows = 6, .in_features = 8, .out_features = 3}});
  CHECK(last(image + "- {name: x, op: linear, out_features: 3}").op ==
        Operator{Linear{.rows = 2, .in_features = 4 * 8 * 10, .out_features = 3}});
}

TEST_CASE("a linear layer may see an image pixel by pixel") {
  CHECK(last(image + "- {name: x, op: linear, rows: 160, in_features: 4, out_features: 3}").op ==
        Operator{Linear{.rows = 160, .in_features = 4, .out_features = 3}});
}

TEST_CASE("norm and softmax take the rows of a matrix, or the channels of every pixel") {
  CHECK(last(matrix + "- {name: x, op: softmax}").op == Operator{Softmax{.rows = 6, .columns = 8}});
  CHECK(last(matrix + "- {name: x, op: norm, kind: layer}").op ==
        Operator{Norm{.kind = NormKind::layer, .rows = 6, .columns = 8}});
  CHECK(last(image + "- {name: x, op: norm, kind: layer}").op ==
        Operator{Norm{.kind = NormKind::layer, .rows = 160, .columns = 4}});
}

TEST_CASE("rows may be cut into the heads they consist of") {
  CHECK(last(matrix + "- {name: x, op: norm, kind: rms, rows: 12, columns: 4}").op ==
        Operator{Norm{.kind = NormKind::rms, .rows = 12, .columns = 4}});
}

TEST_CASE("an elementwise operation takes the size of its largest operand and keeps its shape") {
  CHECK(last(image + "- {name: x, op: elementwise, kind: relu}").op ==
        Operator{Elementwise{.kind = ElementwiseKind::relu, .elements = 640}});
  CHECK(last(image + "- {name: x, op: elementwise, kind: bias}").op ==
        Operator{Elementwise{.kind = ElementwiseKind::bias, .elements = 640, .channels = 4}});
  const Layer scaled = last(matrix +
                            "- {name: row, op: embedding, tokens: 1, vocabulary: 9, width: 8}\n"
                            "- {name: add, op: elementwise, kind: add, inputs: [row, matrix]}\n"
                            "- {name: x, op: softmax}");
  CHECK(scaled.op == Operator{Softmax{.rows = 6, .columns = 8}});
}

TEST_CASE("attention takes three projections or one of all three, and keys from a cache") {
  const std::string heads =
      "- {name: q, op: linear, rows: 2, in_features: 8, out_features: 8}\n"
      "- {name: k, op: linear, inputs: [input], rows: 2, in_features: 8, out_features: 4}\n"
      "- {name: v, op: linear, inputs: [input], rows: 2, in_features: 8, out_features: 4}\n"
      "- {name: x, op: attention, inputs: [q, k, v], query_heads: 4, kv_heads: 2, head_width: 2, "
      "query_length: 2, context_length: 9}";
  CHECK(std::get<Attention>(last(heads).op).context_length == 9);
  const std::string fused =
      "- {name: qkv, op: linear, rows: 2, in_features: 8, out_features: 16}\n"
      "- {name: x, op: attention, query_heads: 4, kv_heads: 2, head_width: 2, query_length: 2}";
  CHECK(std::get<Attention>(last(fused).op).context_length == 2);
}

TEST_CASE("the result of attention, a product or a lookup is a matrix") {
  CHECK(last("- {name: a, op: attention, batch: 2, query_heads: 4, head_width: 2, "
             "query_length: 3}\n- {name: x, op: softmax}")
            .op == Operator{Softmax{.rows = 6, .columns = 8}});
  CHECK(last("- {name: a, op: matmul, batch: 2, m: 3, k: 9, n: 8}\n- {name: x, op: softmax}").op ==
        Operator{Softmax{.rows = 6, .columns = 8}});
  CHECK(last("- {name: a, op: embedding, tokens: 6, vocabulary: 9, width: 8}\n"
             "- {name: x, op: softmax}")
            .op == Operator{Softmax{.rows = 6, .columns = 8}});
}

TEST_CASE("the rows of all experts follow each other") {
  CHECK(last("- {name: a, op: linear, experts: 3, rows: 2, in_features: 4, out_features: 8}\n"
             "- {name: x, op: softmax}")
            .op == Operator{Softmax{.rows = 6, .columns = 8}});
}

TEST_CASE("a gathered operand may have any shape") {
  const Layer x = last(matrix +
                       "- {name: x, op: linear, gather: true, rows: 1, in_features: 8, "
                       "out_features: 3}");
  CHECK(x.op == Operator{Linear{.rows = 1, .in_features = 8, .out_features = 3}});
}
