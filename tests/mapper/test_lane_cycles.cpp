// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "mapper/lane_cycles.hpp"

namespace sluice {
namespace {

VectorUnit unit() {
  VectorUnit result;
  result.exp_cycles = 10;
  result.divide_cycles = 100;
  return result;
}

TEST_CASE("an elementwise operation costs what its formula says") {
  const VectorUnit u = unit();
  CHECK(lane_cycles(ElementwiseKind::relu, u) == 1);
  CHECK(lane_cycles(ElementwiseKind::relu6, u) == 2);
  CHECK(lane_cycles(ElementwiseKind::hard_sigmoid, u) == 1 + 2 + 1);
  CHECK(lane_cycles(ElementwiseKind::hard_swish, u) == 1 + 2 + 1 + 1);
  CHECK(lane_cycles(ElementwiseKind::add, u) == 1);
  CHECK(lane_cycles(ElementwiseKind::multiply, u) == 1);
  CHECK(lane_cycles(ElementwiseKind::scale, u) == 1);
  CHECK(lane_cycles(ElementwiseKind::bias, u) == 1);
  CHECK(lane_cycles(ElementwiseKind::batch_norm, u) == 2);
  CHECK(lane_cycles(ElementwiseKind::rope, u) == 3);
  CHECK(lane_cycles(ElementwiseKind::exp, u) == 10);
  CHECK(lane_cycles(ElementwiseKind::sin, u) == 10);
  CHECK(lane_cycles(ElementwiseKind::complex_multiply, u) == 3);
  CHECK(lane_cycles(ElementwiseKind::sigmoid, u) == 1 + 10 + 1 + 100);
  CHECK(lane_cycles(ElementwiseKind::silu, u) == 1 + 10 + 1 + 100);
  CHECK(lane_cycles(ElementwiseKind::tanh, u) == 1 + 10 + 1 + 100 + 1);
  CHECK(lane_cycles(ElementwiseKind::gelu, u) == 4 + 10 + 1 + 100);
}

TEST_CASE("softmax divides once a row and multiplies each element") {
  // max, subtract, exp, sum, multiply = 4 + 10; the division of 100 cycles over the row:
  // 100 / 1000 = 0.1 -> 0; 100 / 200 = 0.5 -> 1; 100 / 10 = 10; 100 / 1 = 100.
  CHECK(lane_cycles(Softmax{1, 1000}, unit()) == 14);
  CHECK(lane_cycles(Softmax{1, 201}, unit()) == 14);
  CHECK(lane_cycles(Softmax{1, 200}, unit()) == 15);
  CHECK(lane_cycles(Softmax{1, 10}, unit()) == 24);
  CHECK(lane_cycles(Softmax{7, 1}, unit()) == 114);
}

TEST_CASE("layer norm costs seven operations an element and rms norm four") {
  CHECK(lane_cycles(Norm{NormKind::layer, 1, 4096}, unit()) == 7);
  CHECK(lane_cycles(Norm{NormKind::rms, 1, 4096}, unit()) == 4);
  // Once a row: 3 + 2 * 100 = 203 over 203 elements; 2 + 2 * 100 = 202 over 202.
  CHECK(lane_cycles(Norm{NormKind::layer, 1, 203}, unit()) == 8);
  CHECK(lane_cycles(Norm{NormKind::rms, 1, 202}, unit()) == 5);
}

TEST_CASE("pooling compares or adds each element of its window") {
  Pool2d pool;
  pool.kernel_height = 3;
  pool.kernel_width = 2;
  pool.kind = PoolKind::max;
  CHECK(lane_cycles(pool) == 5);
  pool.kind = PoolKind::average;  // 5 adds and a multiply by 1/6
  CHECK(lane_cycles(pool) == 6);
  pool.kernel_height = pool.kernel_width = 1;
  CHECK(lane_cycles(pool) == 1);
  pool.kind = PoolKind::max;
  CHECK(lane_cycles(pool) == 1);
}

TEST_CASE("a sample is made of four pixels, and shares its offset with a group of channels") {
  const VectorUnit u = unit();
  DeformableConv2d op{.conv = {.in_channels = 8}, .offset_groups = 2};
  CHECK(lane_cycles(op, u) == 9 + 2);  // 8 once for 4 channels
  op.modulated = true;
  // 8 and a sigmoid of 1 + 10 + 1 + 100 for 4 channels: 30; and one product more a sample.
  CHECK(lane_cycles(op, u) == 9 + 1 + 30);
}

TEST_CASE("a selective scan pays for every state, a gated one for every channel") {
  const VectorUnit u = unit();
  CHECK(lane_cycles(Scan{.state = 16}, u) == 16 * (6 + 10) + 2 * 10 + 4);
  CHECK(lane_cycles(Scan{.kind = ScanKind::gated}, u) == 3);
}

}  // namespace
}  // namespace sluice
