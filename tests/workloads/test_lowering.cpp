// SPDX-License-Identifier: Apache-2.0
// Every operator but attention lowered to a cascade, against a direct formula written for itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/workloads/lowered.hpp"

namespace sluice {
namespace {

Numbers direct_conv(const Conv2d& c, const TensorValues& in) {
  const std::uint64_t each = c.in_channels / c.groups, out = c.out_channels / c.groups;
  Numbers result;
  for (std::uint64_t n = 0; n < c.batch; ++n)
    for (std::uint64_t k = 0; k < c.out_channels; ++k)
      for (std::uint64_t p = 0; p < out_height(c); ++p)
        for (std::uint64_t q = 0; q < out_width(c); ++q) {
          Real sum = c.bias ? Real(in.at("BIAS")[k]) : Real(0);
          for (std::uint64_t i = 0; i < each; ++i)
            for (std::uint64_t r = 0; r < c.kernel_height; ++r)
              for (std::uint64_t s = 0; s < c.kernel_width; ++s) {
                // Wraps below zero, which is beyond the image, too.
                const std::uint64_t y = p * c.stride_height + r * c.dilation_height - c.pad_top;
                const std::uint64_t x = q * c.stride_width + s * c.dilation_width - c.pad_left;
                if (y >= c.in_height || x >= c.in_width) continue;
                const std::uint64_t channel = k / out * each + i;
                sum +=
                    Real(in.at(
                        "X")[((n * c.in_channels + channel) * c.in_height + y) * c.in_width + x]) *
                    Real(in.at("W")[((k * each + i) * c.kernel_height + r) * c.kernel_width + s]);
              }
          result.push_back(static_cast<double>(sum));
        }
  return result;
}

TEST_CASE("convolutions of random strides, paddings, dilations and groups") {
  CAPTURE(lowering_seed);
  std::mt19937_64 random(lowering_seed);
  const auto up_to = [&](std::uint64_t most) { return 1 + random() % most; };
  for (int round = 0; round < 60; ++round) {
    Conv2d c;
    c.groups = up_to(3);
    c.batch = up_to(2);
    c.in_channels = c.groups * (round % 4 == 0 ? 1 : up_to(3));
    c.out_channels = c.groups * (round % 4 == 0 ? 1 : up_to(3));
    c.kernel_height = up_to(3), c.kernel_width = up_to(3);
    c.dilation_height = up_to(2), c.dilation_width = up_to(2);
    c.stride_height = up_to(3), c.stride_width = up_to(2);
    c.in_height = 5 + up_to(4), c.in_width = 5 + up_to(4);
    c.pad_top = random() % 3, c.pad_bottom = random() % 3;
    c.pad_left = random() % 3, c.pad_right = random() % 3;
    c.bias = random() % 2 == 0;
    c.ceil_output = random() % 2 == 0;
    CAPTURE(round);
    CHECK(lowering_error({"conv", c, {}, {}}, "Y",
                         [&](const TensorValues& in) { return direct_conv(c, in); }) <= 1e-12);
    CHECK(macs_of(lower({"conv", c, {}, {}})) == macs(c));
    LoweringOptions unfolded;
    unfolded.convolution = ConvolutionCascade::im2col;
    const auto direct = [&](const TensorValues& in) { return direct_conv(c, in); };
    CHECK(lowering_error({"conv", c, {}, {}}, "Y", direct, unfolded) <= 1e-12);
    CHECK(macs_of(lower({"conv", c, {}, {}}, unfolded)) == macs(c));
  }
}

TEST_CASE("convolutions by minimal filtering, where that is possible") {
  CAPTURE(lowering_seed);
  std::mt19937_64 random(lowering_seed);
  const auto up_to = [&](std::uint64_t most) { return 1 + random() % most; };
  LoweringOptions winograd;
  winograd.convolution = ConvolutionCascade::winograd;
  for (int round = 0; round < 30; ++round) {
    Conv2d c;
    c.batch = up_to(2), c.in_channels = up_to(3), c.out_channels = up_to(3);
    c.kernel_height = c.kernel_width = 3;
    c.in_height = 2 + up_to(6), c.in_width = 2 + up_to(6);
    c.pad_top = random() % 3, c.pad_bottom = random() % 3;
    c.pad_left = random() % 3, c.pad_right = random() % 3;
    c.bias = random() % 2 == 0;
    CAPTURE(round);
    CHECK(can_lower(c, ConvolutionCascade::winograd));
    CHECK(lowering_error(
              {"conv", c, {}, {}}, "Y", [&](const TensorValues& in) { return direct_conv(c, in); },
              winograd) <= 1e-12);
    const std::uint64_t tiles = (out_height(c) + 1) / 2 * ((out_width(c) + 1) / 2);
    CHECK(macs_of(lower({"conv", c, {}, {}}, winograd)) ==
          16 * tiles * c.batch * c.in_channels * c.out_channels);
  }
  const Conv2d fits{.in_channels = 2,
                    .in_height = 5,
                    .in_width = 5,
                    .out_channels = 2,
                    .kernel_height = 3,
                    .kernel_width = 3};
  for (const auto& change : std::vector<std::function<void(Conv2d&)>>{
           [](Conv2d& c) { c.kernel_width = 1; }, [](Conv2d& c) { c.stride_height = 2; },
           [](Conv2d& c) { c.dilation_width = 2; }, [](Conv2d& c) { c.groups = 2; }}) {
    Conv2d other = fits;
    change(other);
    CHECK_FALSE(can_lower(other, ConvolutionCascade::winograd));
    CHECK(lower({"conv", other, {}, {}}, winograd) == lower({"conv", other, {}, {}}));
  }
  CHECK_FALSE(can_lower(Linear{}, ConvolutionCascade::im2col));
}

TEST_CASE("an epilogue follows on the channels of an image") {
  const Conv2d c{.batch = 2, .in_channels = 3, .in_height = 4, .in_width = 4, .out_channels = 5};
  const auto direct = [&](const TensorValues& in) {
    Numbers result = direct_conv(c, in);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t channel = i / 16 % 5;
      result[i] = std::max(result[i] * in.at("SCALE")[channel] + in.at("SHIFT")[channel], 0.0);
    }
    return result;
  };
  CHECK(lowering_error({"conv", c, {ElementwiseKind::batch_norm, ElementwiseKind::relu}, {}}, "Y",
                       direct) <= 1e-12);
}

TEST_CASE("linear layers, with a bias and of experts") {
  for (const std::uint64_t experts : {1, 3})
    for (const bool bias : {false, true}) {
      const Linear l{
          .rows = 4, .in_features = 5, .out_features = 3, .experts = experts, .bias = bias};
      const auto direct = [&](const TensorValues& in) {
        Numbers result;
        for (std::size_t row = 0; row < experts * 4; ++row)
          for (std::size_t n = 0; n < 3; ++n) {
            const std::size_t e = row / 4;
            Real sum = bias ? Real(in.at("BIAS")[e * 3 + n]) : Real(0);
            for (std::size_t k = 0; k < 5; ++k)
              sum += Real(in.at("X")[row * 5 + k]) * Real(in.at("W")[(e * 5 + k) * 3 + n]);
            result.push_back(static_cast<double>(sum));
          }
        return result;
      };
      CHECK(lowering_error({"l", l, {}, {}}, "Y", direct) <= 1e-12);
      CHECK(macs_of(lower({"l", l, {}, {}})) == macs(l));
    }
}

TEST_CASE("batched products of two operands") {
  const MatMul m{.batch = 2, .m = 3, .k = 4, .n = 5};
  const auto direct = [](const TensorValues& in) {
    Numbers result;
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t n = 0; n < 5; ++n) {
          Real sum = 0;
          for (std::size_t k = 0; k < 4; ++k)
            sum += Real(in.at("A")[(i * 3 + row) * 4 + k]) * Real(in.at("B")[(i * 4 + k) * 5 + n]);
          result.push_back(static_cast<double>(sum));
        }
    return result;
  };
  CHECK(lowering_error({"m", m, {}, {}}, "Y", direct) <= 1e-12);
  CHECK(macs_of(lower({"m", m, {}, {}})) == macs(m));
}

TEST_CASE("pooling, with windows that leave the image") {
  CAPTURE(lowering_seed);
  std::mt19937_64 random(lowering_seed);
  const auto up_to = [&](std::uint64_t most) { return 1 + random() % most; };
  for (int round = 0; round < 30; ++round) {
    Pool2d p;
    p.kind = round % 2 == 0 ? PoolKind::max : PoolKind::average;
    p.batch = up_to(2), p.channels = up_to(3);
    p.kernel_height = up_to(3), p.kernel_width = up_to(3);
    p.stride_height = up_to(3), p.stride_width = up_to(3);
    p.in_height = 3 + up_to(4), p.in_width = 3 + up_to(4);
    p.pad_top = random() % p.kernel_height, p.pad_left = random() % p.kernel_width;
    p.pad_bottom = random() % p.kernel_height, p.pad_right = random() % p.kernel_width;
    const auto direct = [&](const TensorValues& in) {
      Numbers result;
      for (std::uint64_t image = 0; image < p.batch * p.channels; ++image)
        for (std::uint64_t h = 0; h < out_height(p); ++h)
          for (std::uint64_t w = 0; w < out_width(p); ++w) {
            double greatest = -INFINITY, sum = 0;
            for (std::uint64_t r = 0; r < p.kernel_height; ++r)
              for (std::uint64_t s = 0; s < p.kernel_width; ++s) {
                const std::uint64_t y = h * p.stride_height + r - p.pad_top;
                const std::uint64_t x = w * p.stride_width + s - p.pad_left;
                if (y >= p.in_height || x >= p.in_width) continue;
                const double value = in.at("X")[(image * p.in_height + y) * p.in_width + x];
                greatest = std::max(greatest, value);
                sum += value;
              }
            result.push_back(p.kind == PoolKind::max
                                 ? greatest
                                 : sum / static_cast<double>(p.kernel_height * p.kernel_width));
          }
      return result;
    };
    CAPTURE(round);
    CHECK(lowering_error({"p", p, {}, {}}, "Y", direct) <= 1e-12);
    CHECK(macs_of(lower({"p", p, {}, {}})) == 0);
  }
}

double direct_unary(ElementwiseKind kind, const TensorValues& in, std::size_t i,
                    std::size_t channels) {
  const double x = in.at("X")[i];
  switch (kind) {
    case ElementwiseKind::relu:
      return x > 0 ? x : 0;
    case ElementwiseKind::relu6:
      return x < 0 ? 0 : x > 6 ? 6 : x;
    case ElementwiseKind::hard_sigmoid:
      return x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6;
    case ElementwiseKind::hard_swish:
      return x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6;
    case ElementwiseKind::gelu:
      return x * (0.5 + 0.5 * std::erf(x / std::sqrt(2.0)));
    case ElementwiseKind::silu:
      return x / (1 + std::exp(-x));
    case ElementwiseKind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case ElementwiseKind::tanh:
      return std::tanh(x);
    case ElementwiseKind::exp:
      return std::exp(x);
    case ElementwiseKind::sin:
      return std::sin(x);
    case ElementwiseKind::scale:
      return x * in.at("FACTOR")[0];
    case ElementwiseKind::bias:
      return x + in.at("BIAS")[i % channels];
    case ElementwiseKind::batch_norm:
      return x * in.at("SCALE")[i % channels] + in.at("SHIFT")[i % channels];
    case ElementwiseKind::rope: {
      const double other = in.at("X")[i % 2 == 0 ? i + 1 : i - 1];
      return x * in.at("COS")[i / 2] + other * in.at("SIN")[i];
    }
    case ElementwiseKind::add:
    case ElementwiseKind::multiply:
    case ElementwiseKind::complex_multiply:
      break;
  }
  return 0;
}

TEST_CASE("every elementwise kind, alone and as an epilogue") {
  for (const auto& entry : EnumNames<ElementwiseKind>::table) {
    CAPTURE(entry.name);
    const Elementwise e{entry.value, 24, 6};
    if (is_binary(entry.value)) {
      const auto direct = [&](const TensorValues& in) {
        Numbers result;
        for (std::size_t i = 0; i < 24; ++i) {
          const double a = in.at("A")[i], b = in.at("B")[i];
          const std::size_t other = i % 2 == 0 ? i + 1 : i - 1;
          if (entry.value == ElementwiseKind::add) result.push_back(a + b);
          if (entry.value == ElementwiseKind::multiply) result.push_back(a * b);
          if (entry.value != ElementwiseKind::complex_multiply) continue;
          result.push_back(i % 2 == 0 ? a * b - in.at("A")[other] * in.at("B")[other]
                                      : in.at("A")[other] * b + a * in.at("B")[other]);
        }
        return result;
      };
      CHECK(lowering_error({"e", e, {}, {}}, "Y", direct) <= 1e-12);
      continue;
    }
    const auto direct = [&](const TensorValues& in) {
      Numbers result;
      for (std::size_t i = 0; i < 24; ++i) result.push_back(direct_unary(entry.value, in, i, 6));
      return result;
    };
    CHECK(lowering_error({"e", e, {}, {}}, "Y", direct) <= 1e-12);
    CHECK(macs_of(lower({"e", e, {}, {}})) == 0);
    // A copy through a product with one row, so that the epilogue has something to follow.
    const Linear one{.rows = 4, .in_features = 1, .out_features = 6};
    const auto behind = [&](const TensorValues& in) {
      TensorValues product = in;
      Numbers& x = product["X"] = {};
      for (std::size_t i = 0; i < 24; ++i) x.push_back(in.at("X")[i / 6] * in.at("W")[i % 6]);
      Numbers result;
      for (std::size_t i = 0; i < 24; ++i)
        result.push_back(direct_unary(entry.value, product, i, 6));
      return result;
    };
    CHECK(lowering_error({"l", one, {entry.value}, {}}, "Y", behind) <= 1e-12);
  }
}

TEST_CASE("softmax and norms") {
  const auto by_row = [](const TensorValues& in, auto&& row) {
    Numbers result;
    const Numbers& x = in.at("X");
    for (std::size_t r = 0; r < 3; ++r) {
      const Numbers made = row(Numbers(x.begin() + static_cast<std::ptrdiff_t>(r * 7),
                                       x.begin() + static_cast<std::ptrdiff_t>(r * 7 + 7)));
      result.insert(result.end(), made.begin(), made.end());
    }
    return result;
  };
  const auto softmax = [&](const TensorValues& in) {
    return by_row(in, [](Numbers x) {
      double sum = 0;
      for (const double e : x) sum += std::exp(e);
      for (double& e : x) e = std::exp(e) / sum;
      return x;
    });
  };
  CHECK(lowering_error({"s", Softmax{3, 7}, {}, {}}, "Y", softmax) <= 1e-12);
  const auto layer = [&](const TensorValues& in) {
    return by_row(in, [&](Numbers x) {
      double mean = 0, variance = 0;
      for (const double e : x) mean += e / 7;
      for (const double e : x) variance += (e - mean) * (e - mean) / 7;
      for (std::size_t i = 0; i < 7; ++i)
        x[i] = (x[i] - mean) / std::sqrt(variance + 1e-5) * in.at("G")[i] + in.at("B")[i];
      return x;
    });
  };
  CHECK(lowering_error({"n", Norm{NormKind::layer, 3, 7}, {}, {}}, "Y", layer) <= 1e-12);
  const auto rms = [&](const TensorValues& in) {
    return by_row(in, [&](Numbers x) {
      double square = 0;
      for (const double e : x) square += e * e / 7;
      for (std::size_t i = 0; i < 7; ++i) x[i] *= in.at("G")[i] / std::sqrt(square + 1e-5);
      return x;
    });
  };
  CHECK(lowering_error({"n", Norm{NormKind::rms, 3, 7}, {}, {}}, "Y", rms) <= 1e-12);
  // The squares that are summed are MACs, which macs() leaves out.
  CHECK(macs_of(lower({"n", Norm{NormKind::layer, 3, 7}, {}, {}})) == 21);
  CHECK(macs_of(lower({"n", Norm{NormKind::rms, 3, 7}, {}, {}})) == 21);
}

TEST_CASE("of a table that is only gathered from, no more is read than is asked for") {
  // 5 indices and as many rows of 3; a table of 4 rows has but 12 elements.
  CHECK(facts_of(lower({"e", Embedding{5, 8, 3}, {}, {}}, {})).read_bytes == 2 * (5 + 5 * 3));
  CHECK(facts_of(lower({"e", Embedding{5, 4, 3}, {}, {}}, {})).read_bytes == 2 * (5 + 4 * 3));
}

TEST_CASE("an embedding looks rows up") {
  const auto direct = [](const TensorValues& in) {
    Numbers result;
    for (std::size_t t = 0; t < 5; ++t)
      for (std::size_t d = 0; d < 3; ++d)
        result.push_back(in.at("W")[static_cast<std::size_t>(in.at("I")[t]) * 3 + d]);
    return result;
  };
  CHECK(lowering_error({"e", Embedding{5, 8, 3}, {}, {}}, "Y", direct) == 0);
}

}  // namespace
}  // namespace sluice
