// SPDX-License-Identifier: Apache-2.0
// What can be wrong with one layer and its operands.
#include <doctest/doctest.h>

#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

/// Mistakes in a file with these layers, the first on line 3.
Texts mistakes_with(const std::string& layers) {
  return mistakes_in("name: net\nlayers:\n" + layers);
}

const std::string image =
    "- {name: image, op: conv2d, batch: 2, in_channels: 3, in_height: 10, in_width: 12, "
    "out_channels: 4, kernel: 3}\n";  // 2 x 4 x 8 x 10
const std::string matrix =
    "- {name: matrix, op: linear, rows: 6, in_features: 5, out_features: 8}\n";  // 6 x 8
const std::string gather_hint =
    " | `gather: true` says that inputs are cut, joined, routed or cached on the way";

}  // namespace

TEST_CASE("an unsupported operator is named with the nearest and all known ones") {
  const std::string known =
      "known: conv2d, depthwise_conv2d, linear, matmul, attention, pool2d, elementwise, softmax, "
      "norm, embedding, deformable_conv2d, scan";
  CHECK(mistakes_with("- {name: a, op: conv3d, kernel: 3}\n- {name: b, op: lstm}") ==
        Texts{"3:17: operator 'conv3d' is not supported | did you mean 'conv2d'? " + known,
              "4:17: operator 'lstm' is not supported | " + known});
}

TEST_CASE("unknown and missing fields are told together") {
  CHECK(mistakes_with("- {name: a, op: linear, row: 3, in_features: 4}") ==
        Texts{"3:3: 'rows' is missing: rows of the input (tokens); of one expert | it can be left "
              "out only where the producing layer settles it",
              "3:3: 'out_features' is missing: columns of the output",
              "3:25: unknown key 'row' | did you mean 'rows'?"});
  CHECK(mistakes_with(image + "- {name: b, op: conv2d, out_channels: 3}") ==
        Texts{"4:3: 'kernel' is missing: extent of the window: one number, or [height, width]"});
}

TEST_CASE("an extent is at least one, a count at least zero") {
  CHECK(mistakes_with("- {name: a, op: linear, rows: 0, in_features: -4, out_features: 3, "
                      "idle_experts: -1}") ==
        Texts{"3:31: rows is 0, but at least 1 is needed",
              "3:47: in_features is -4, but at least 1 is needed",
              "3:82: idle_experts is -1, but at least 0 is needed"});
}

TEST_CASE("a division in a field must be whole") {
  CHECK(mistakes_with("- {name: a, op: softmax, rows: 7 / 2, columns: 2}") ==
        Texts{"3:34: 7 / 2 is not whole | use `//` to round down or ceil_div(a, b) to round up"});
}

TEST_CASE("a field has the kind that it needs") {
  CHECK(mistakes_with("- {name: a, op: linear, rows: true, in_features: [1], out_features: 3, "
                      "bias: 2}") == Texts{"3:31: 'true' is a condition, a number is expected here",
                                           "3:50: a number or a formula is expected here",
                                           "3:78: '2' is a number, a condition is expected here"});
  CHECK(mistakes_with("- {name: a, op: pool2d, kind: maximum, batch: 1, channels: 1, in_height: 4, "
                      "in_width: 4, kernel: 2}\n- {name: b, op: norm, kind: [rms]}") ==
        Texts{"3:31: 'maximum' is not a kind that is known here | known: max, average",
              "4:29: a word is expected here | known: layer, rms"});
}

TEST_CASE("short forms have the right number of numbers") {
  CHECK(mistakes_with(image + "- {name: a, op: conv2d, out_channels: 1, kernel: [1, 2, 3], "
                              "stride: [], padding: [1, 2]}") ==
        Texts{"4:50: kernel has 3 numbers, one or two are expected: [height, width]",
              "4:69: stride has 0 numbers, one or two are expected: [height, width]",
              "4:82: padding has 2 numbers, one or four are expected: [top, bottom, left, right]"});
  CHECK(mistakes_with(image + "- {name: a, op: conv2d, out_channels: 1, kernel: global}") ==
        Texts{"4:50: only pool2d has a global kernel"});
}

TEST_CASE("an epilogue is a list of operations on one tensor") {
  CHECK(mistakes_with("- {name: a, op: linear, rows: 1, in_features: 1, out_features: 1, "
                      "epilogue: relu}\n"
                      "- {name: b, op: linear, out_features: 1, epilogue: [rellu, add]}") ==
        Texts{"3:77: a list such as [batch_norm, relu] is expected here",
              "4:53: 'rellu' cannot be an epilogue | did you mean 'relu'?",
              "4:60: 'add' takes a second tensor | write it as a layer of op elementwise"});
}

TEST_CASE("a window larger than the padded image is refused with both extents") {
  CHECK(mistakes_with("- {name: a, op: conv2d, batch: 1, in_channels: 1, in_height: 4, "
                      "in_width: 6, out_channels: 1, kernel: 3, dilation: 3, padding: [1, 1, 0, "
                      "0]}") ==
        Texts{"3:103: layer 'a': the window's height is 7, but the padded input's is 6",
              "3:103: layer 'a': the window's width is 7, but the padded input's is 6"});
  CHECK(mistakes_with("- {name: a, op: pool2d, kind: max, batch: 1, channels: 1, in_height: 4, "
                      "in_width: 4, kernel: 5}") ==
        Texts{"3:94: layer 'a': the window's height is 5, but the padded input's is 4",
              "3:94: layer 'a': the window's width is 5, but the padded input's is 4"});
  CHECK(mistakes_with("- {name: a, op: conv2d, batch: 1, in_channels: 1, in_height: 4, "
                      "in_width: 4, out_channels: 1, kernel: 5, "
                      "dilation: 9223372036854775807}") ==
        Texts{"3:103: layer 'a': the height exceeds 64 bits",
              "3:103: layer 'a': the width exceeds 64 bits"});
}

TEST_CASE("groups divide the channels") {
  CHECK(mistakes_with("- {name: a, op: conv2d, batch: 1, in_channels: 6, in_height: 4, "
                      "in_width: 4, out_channels: 9, kernel: 1, groups: 4}") ==
        Texts{"3:114: layer 'a': groups is 4, which does not divide the 6 input channels",
              "3:114: layer 'a': groups is 4, which does not divide the 9 output channels"});
}

TEST_CASE("attention is consistent in itself") {
  CHECK(mistakes_with("- {name: a, op: attention, query_heads: 8, kv_heads: 3, head_width: 4, "
                      "query_length: 5, context_length: 4, causal: true}\n"
                      "- {name: b, op: attention, inputs: [input], query_heads: 8, head_width: 4, "
                      "query_length: 5, window: 2}") ==
        Texts{"3:54: layer 'a': kv_heads is 3, which does not divide the 8 query heads",
              "3:86: layer 'a': query_length is 5, but causal attention has a context_length of 4",
              "4:101: layer 'b': a window needs `causal: true`"});
}

TEST_CASE("a scan and a deformable convolution are consistent in themselves") {
  CHECK(mistakes_with("- {name: a, op: scan, kind: gated, length: 5, channels: 4, state: 2}\n"
                      "- {name: b, op: deformable_conv2d, inputs: [input, input], in_channels: 4, "
                      "batch: 1, in_height: 9, in_width: 9, out_channels: 1, kernel: 12, "
                      "offset_groups: 3}") ==
        Texts{"3:67: layer 'a': state is 2, but a gated scan carries one number a channel",
              "4:138: layer 'b': the window's height is 12, but the padded input's is 9",
              "4:138: layer 'b': the window's width is 12, but the padded input's is 9",
              "4:157: layer 'b': offset_groups is 3, which does not divide the 4 input channels"});
}

TEST_CASE("a scan and a deformable convolution have operands of their sizes") {
  CHECK(mistakes_with(matrix + "- {name: x, op: scan, kind: selective, length: 6, channels: 8, "
                               "state: 2, inputs: [matrix, matrix, matrix]}") ==
        Texts{"4:82: layer 'x': the third operand has 24 elements, but 'matrix' makes 48" +
              gather_hint});
  CHECK(mistakes_with(matrix + "- {name: x, op: scan, kind: gated, length: 5, channels: 8, "
                               "inputs: [matrix]}") ==
        Texts{"4:68: layer 'x': scan takes 2 inputs, not 1" + gather_hint});
  // Offsets of 3 x 3 taps: 18 channels of 7 x 7.
  CHECK(
      mistakes_with("- {name: a, op: conv2d, batch: 1, in_channels: 2, in_height: 9, in_width: 9, "
                    "out_channels: 9, kernel: 3}\n"
                    "- {name: x, op: deformable_conv2d, inputs: [input, a], batch: 1, "
                    "in_channels: 2, in_height: 9, in_width: 9, out_channels: 1, kernel: 3}") ==
      Texts{"4:44: layer 'x': the second operand has 882 elements, but 'a' makes 441" +
            gather_hint});
}

TEST_CASE("rope turns pairs") {
  CHECK(mistakes_with("- {name: a, op: elementwise, kind: rope, elements: 7}\n"
                      "- {name: b, op: linear, inputs: [input], rows: 3, in_features: 2, "
                      "out_features: 3, epilogue: [rope]}") ==
        Texts{"3:52: layer 'a': rope turns pairs, but elements is 7",
              "4:94: layer 'b': rope turns pairs, but the layer makes 9 elements"});
}

TEST_CASE("a count beyond 64 bits is a mistake of its layer") {
  CHECK(mistakes_with("- {name: a, op: matmul, batch: 4294967296, m: 4294967296, k: 4294967296, "
                      "n: 4294967296}") ==
        Texts{"3:3: layer 'a': the number of MACs is too large to count"});
  CHECK(mistakes_with("- {name: a, op: softmax, inputs: [input], rows: 4294967296, columns: "
                      "4294967296}") ==
        Texts{"3:3: layer 'a': the number of input elements is too large to count"});
  CHECK(mistakes_with("- {name: a, op: attention, batch: 1, query_heads: 9223372036854775807, "
                      "head_width: 9223372036854775807, query_length: 1}") ==
        Texts{"3:3: layer 'a': the number of MACs is too large to count"});
}

TEST_CASE("a sum over the layers beyond 64 bits is a mistake of the network") {
  CHECK(mistakes_with("- {name: a, op: softmax, rows: 268435456, columns: 268435456}\n"
                      "- {name: b, op: softmax}") ==
        Texts{"3:1: the number of input elements is too large to count"});
}

TEST_CASE("a convolution that contradicts its producer is told every difference") {
  CHECK(mistakes_with(image + "- {name: x, op: conv2d, batch: 1, in_channels: 5, in_height: 9, "
                              "in_width: 11, out_channels: 1, kernel: 1}") ==
        Texts{"4:32: layer 'x': batch is 1, but 'image' makes 2 images" + gather_hint,
              "4:48: layer 'x': in_channels is 5, but 'image' makes 4 channels" + gather_hint,
              "4:62: layer 'x': in_height is 9, but 'image' makes 8 rows" + gather_hint,
              "4:75: layer 'x': in_width is 11, but 'image' makes 10 columns" + gather_hint});
  CHECK(mistakes_with(matrix + "- {name: x, op: pool2d, kind: max, batch: 1, channels: 3, "
                               "in_height: 4, in_width: 5, kernel: 2}") ==
        Texts{"4:3: layer 'x': the input image has 60 elements, but 'matrix' makes 48" +
              gather_hint});
  CHECK(mistakes_with(image + "- {name: x, op: depthwise_conv2d, channels: 5, kernel: 1}") ==
        Texts{"4:45: layer 'x': channels is 5, but 'image' makes 4 channels" + gather_hint});
}

TEST_CASE("rows and features that contradict the producer are told with both numbers") {
  CHECK(mistakes_with(matrix + "- {name: x, op: linear, in_features: 7, out_features: 1}") ==
        Texts{"4:38: layer 'x': in_features is 7, but 'matrix' makes 8 features a row" +
              gather_hint});
  CHECK(mistakes_with(matrix + "- {name: x, op: linear, rows: 5, out_features: 1}") ==
        Texts{"4:31: layer 'x': rows is 5, but 'matrix' makes 6 rows" + gather_hint});
  CHECK(mistakes_with(matrix + "- {name: x, op: norm, kind: rms, rows: 5, columns: 4}") ==
        Texts{"4:3: layer 'x': the input matrix has 20 elements, but 'matrix' makes 48" +
              gather_hint});
  CHECK(mistakes_with(matrix + "- {name: x, op: softmax, columns: 3}") ==
        Texts{"4:35: layer 'x': columns is 3, but 'matrix' makes 8 features a row" + gather_hint});
}

TEST_CASE("products and sums must have operands of their size") {
  CHECK(mistakes_with(matrix + "- {name: x, op: matmul, inputs: [matrix, matrix], m: 6, k: 8, "
                               "n: 5}") ==
        Texts{"4:33: layer 'x': the second operand has 40 elements, but 'matrix' makes 48" +
              gather_hint});
  CHECK(mistakes_with(matrix + "- {name: x, op: elementwise, kind: relu, elements: 96}") ==
        Texts{"4:52: layer 'x': elements is 96, but 'matrix' makes 48 elements" + gather_hint});
  CHECK(mistakes_with(matrix + "- {name: y, op: linear, out_features: 5}\n"
                               "- {name: x, op: elementwise, kind: add, inputs: [matrix, y]}") ==
        Texts{"5:49: layer 'x': elements is 48, but 'y' makes 30 elements" + gather_hint});
}

TEST_CASE("attention must have queries, keys and values of its heads") {
  const std::string heads =
      "- {name: q, op: linear, rows: 2, in_features: 8, out_features: 8}\n"
      "- {name: k, op: linear, inputs: [input], rows: 2, in_features: 8, out_features: 4}\n";
  CHECK(mistakes_with(heads + "- {name: x, op: attention, inputs: [q, k, k], query_heads: 4, "
                              "head_width: 2, query_length: 2}") ==
        Texts{"5:36: layer 'x': the keys have 8 features, but 'k' makes 4" + gather_hint,
              "5:36: layer 'x': the values have 8 features, but 'k' makes 4" + gather_hint});
  CHECK(mistakes_with(heads + "- {name: x, op: attention, inputs: [q, k, k], query_heads: 4, "
                              "kv_heads: 2, head_width: 2, query_length: 1, context_length: 1}") ==
        Texts{"5:36: layer 'x': the queries have 1 rows, but 'q' makes 2" + gather_hint,
              "5:36: layer 'x': the keys have 1 rows, but 'k' makes 2" + gather_hint,
              "5:36: layer 'x': the values have 1 rows, but 'k' makes 2" + gather_hint});
  CHECK(mistakes_with(heads + "- {name: x, op: attention, query_heads: 1, head_width: 2, "
                              "query_length: 2}") ==
        Texts{"5:3: layer 'x': the queries, keys and values have 6 features, but 'k' makes 4" +
              gather_hint});
}

TEST_CASE("an operator takes the number of inputs that it has operands") {
  CHECK(mistakes_with(matrix + "- {name: x, op: softmax, inputs: [matrix, matrix]}\n"
                               "- {name: y, op: elementwise, kind: add, inputs: [matrix]}\n"
                               "- {name: z, op: attention, inputs: [matrix, matrix], "
                               "query_heads: 1, head_width: 8, query_length: 6}") ==
        Texts{"4:34: layer 'x': softmax takes 1 input, not 2" + gather_hint,
              "5:49: layer 'y': elementwise takes 2 inputs, not 1" + gather_hint,
              "6:36: layer 'z': attention takes 1 or 3 inputs, not 2" + gather_hint});
}
