// SPDX-License-Identifier: Apache-2.0
// Shipped cascades of convolutions against the direct sum over the window; passes and operations as
// derived in docs/cascades.md.
#include <doctest/doctest.h>

#include <functional>

#include "tests/workloads/shipped_cascades.hpp"

namespace sluice {
namespace {

/// A convolution of one shape; `groups` of the channels, or of the offsets of a deformable one.
struct Window {
  std::size_t batch = 1, groups = 1, c = 4, k = 6, h = 8, w = 8, r = 3, s = 3;
  std::size_t stride = 1, dilation = 1, pad = 1;

  std::size_t p() const { return (h + 2 * pad - dilation * (r - 1) - 1) / stride + 1; }
  std::size_t q() const { return (w + 2 * pad - dilation * (s - 1) - 1) / stride + 1; }
  long double row(std::size_t out, std::size_t tap) const { return at(out, tap); }
  long double at(std::size_t out, std::size_t tap) const {
    return static_cast<long double>(out * stride + tap * dilation) - static_cast<long double>(pad);
  }
};

using Filter =
    std::function<long double(std::size_t k, std::size_t c, std::size_t r, std::size_t s)>;

/// An element of an image, 0 outside of it.
long double pixel(const Elements<4>& in, const Window& x, std::size_t n, std::size_t c,
                  long double row, long double column) {
  const bool inside = row >= 0 && column >= 0 && row < static_cast<long double>(x.h) &&
                      column < static_cast<long double>(x.w);
  return inside ? in(n, c, row, column) : 0;
}

/// The sum over the window; `filter` counts its channels within the group of k.
std::vector<double> convolved(const Window& x, const Elements<4>& in, const Filter& filter) {
  Elements<4> out({x.batch, x.k, x.p(), x.q()});
  const std::size_t channels = x.c / x.groups;
  for (std::size_t n = 0; n < x.batch; ++n)
    for (std::size_t k = 0; k < x.k; ++k)
      for (std::size_t p = 0; p < x.p(); ++p)
        for (std::size_t q = 0; q < x.q(); ++q) {
          long double sum = 0;
          const std::size_t first = k / (x.k / x.groups) * channels;
          for (std::size_t c = 0; c < channels; ++c)
            for (std::size_t r = 0; r < x.r; ++r)
              for (std::size_t s = 0; s < x.s; ++s)
                sum += pixel(in, x, n, first + c, x.at(p, r), x.at(q, s)) * filter(k, c, r, s);
          out.set(sum, n, k, p, q);
        }
  return out.values();
}

Numbers numbers_of(const Window& x) {
  return {{"batch", x.batch},   {"groups", x.groups},
          {"in_channels", x.c}, {"out_channels", x.k},
          {"H", x.h},           {"W", x.w},
          {"R", x.r},           {"S", x.s},
          {"stride", x.stride}, {"dilation", x.dilation},
          {"pad", x.pad}};
}

Filter as_filter(Elements<4> weights) {
  return [weights = std::move(weights)](auto k, auto c, auto r, auto s) {
    return weights(k, c, r, s);
  };
}

const Window windows[] = {
    {},
    {.batch = 2, .c = 3, .k = 5, .h = 7, .w = 9, .r = 1, .s = 3, .pad = 2},     // odd
    {.c = 2, .k = 3, .h = 9, .w = 7, .r = 3, .s = 2, .stride = 2, .pad = 0},    // strided
    {.c = 3, .k = 2, .h = 9, .w = 8, .dilation = 2, .pad = 2},                  // dilated
    {.groups = 3, .c = 6, .k = 9, .h = 5, .w = 6, .stride = 3, .dilation = 2},  // grouped
    {.groups = 5, .c = 5, .k = 5, .h = 6, .w = 5, .stride = 2},                 // depthwise
    {.groups = 2, .c = 2, .k = 8, .h = 1, .w = 1, .r = 1, .s = 1, .pad = 0},    // multiplier of 4
};

TEST_CASE("convolutions, direct and unfolded, are the sum over the window") {
  for (const char* name : {"conv2d", "conv2d_im2col"})
    for (const Window& x : windows) {
      CAPTURE(name);
      CAPTURE(x.h);
      const Computed run(load_shipped(name, numbers_of(x)), 2);
      const auto in = run.in("IN", x.batch, x.c, x.h, x.w);
      const auto exact = convolved(x, in, as_filter(run.in("FIL", x.k, x.c / x.groups, x.r, x.s)));
      CHECK(distance(run.values.at("OUT"), exact) <= 1e-12);
    }
}

TEST_CASE("a depthwise convolution is a convolution with a group for each channel") {
  for (const Window& x : {Window{.groups = 4, .k = 4},
                          {.groups = 3, .c = 3, .k = 3, .h = 7, .w = 9, .r = 5, .stride = 2},
                          {.batch = 2, .groups = 1, .c = 1, .k = 1, .dilation = 3, .pad = 3}}) {
    Numbers numbers = {
        {"batch", x.batch}, {"C", x.c}, {"H", x.h},           {"W", x.w},
        {"R", x.r},         {"S", x.s}, {"stride", x.stride}, {"dilation", x.dilation},
        {"pad", x.pad}};
    const Computed run(load_shipped("depthwise_conv2d", numbers), 4);
    const auto in = run.in("IN", x.batch, x.c, x.h, x.w);
    const auto exact = convolved(x, in, as_filter(run.in("FIL", x.c, 1, x.r, x.s)));
    CHECK(distance(run.values.at("OUT"), exact) <= 1e-12);
  }
}

TEST_CASE("Winograd's minimal filtering is the sum over the window") {
  for (const Window& x : {Window{},
                          {.batch = 2, .c = 3, .k = 2, .h = 7, .w = 9},
                          {.c = 1, .k = 5, .h = 3, .w = 4},
                          {.h = 5, .w = 3, .pad = 0},
                          {.c = 2, .k = 2, .h = 1, .w = 2, .pad = 2}}) {
    CAPTURE(x.h);
    Numbers numbers = {{"batch", x.batch}, {"in_channels", x.c}, {"out_channels", x.k},
                       {"H", x.h},         {"W", x.w},           {"pad", x.pad}};
    const Computed run(load_shipped("conv2d_winograd", numbers), 6);
    const auto exact = convolved(x, run.in("IN", x.batch, x.c, x.h, x.w),
                                 as_filter(run.in("FIL", x.k, x.c, 3, 3)));
    CHECK(distance(run.values.at("OUT"), exact) <= 1e-12);

    // One dimension: an image of one row, whose padding above and below is not wanted.
    Window line = x;
    line.h = line.r = 1;
    const Computed one(
        load_shipped("conv1d_winograd",
                     {{"batch", x.batch}, {"C", x.c}, {"K", x.k}, {"W", x.w}, {"pad", x.pad}}),
        6);
    const auto rows = convolved(line, one.in("IN", x.batch, x.c, 1, x.w),
                                as_filter(one.in("FIL", x.k, x.c, 1, 3)));
    const std::size_t q = line.q();
    std::vector<double> middle;  // of the 1 + 2 * pad rows of `line`, those at the image
    for (std::size_t row = 0; row < x.batch * x.k; ++row)
      for (std::size_t i = 0; i < q; ++i) middle.push_back(rows[(row * line.p() + x.pad) * q + i]);
    CHECK(distance(one.values.at("OUT"), middle) <= 1e-12);
  }
}

TEST_CASE("minimal filtering takes the operations that Lavin and Gray print") {
  // One tile of F(2x2,3x3): 16 products; 32 additions for the data, 24 for the result.
  const Numbers tile = {{"in_channels", 1}, {"out_channels", 1}, {"H", 4}, {"W", 4}, {"pad", 0}};
  CHECK(operations_of("conv2d_winograd", "mac", tile) == 16);
  // The filter: 3 additions for each of 3 columns, then of 4 rows: 21.
  CHECK(operations_of("conv2d_winograd", "+", tile) + operations_of("conv2d_winograd", "-", tile) ==
        32 + 24 + 21);
  CHECK(operations_of("conv2d_winograd", "*", tile) == 2 * 7);  // halves
  // F(2,3): 4 products; 4 additions for the data, 4 for the result, 3 and 2 halves for the filter.
  const Numbers pair = {{"C", 1}, {"K", 1}, {"W", 4}, {"pad", 0}};
  CHECK(operations_of("conv1d_winograd", "mac", pair) == 4);
  CHECK(operations_of("conv1d_winograd", "+", pair) + operations_of("conv1d_winograd", "-", pair) ==
        4 + 4 + 3);
  CHECK(operations_of("conv1d_winograd", "*", pair) == 2);
  // 8 x 8 outputs of 4 to 6 channels: 16 tiles of 16 products for 64 outputs of 9, a ratio of 2.25.
  CHECK(operations_of("conv2d_winograd", "mac") == 4 * 6 * 16 * 16);
}

/// Dai and others (2017), equations 3 and 4: the sum of all pixels, weighted by their distance.
long double sampled(const Elements<4>& in, const Window& x, std::size_t n, std::size_t c,
                    long double row, long double column) {
  long double sum = 0;
  for (std::size_t i = 0; i < x.h; ++i)
    for (std::size_t j = 0; j < x.w; ++j)
      sum += std::max(0.0L, 1 - std::fabs(row - static_cast<long double>(i))) *
             std::max(0.0L, 1 - std::fabs(column - static_cast<long double>(j))) * in(n, c, i, j);
  return sum;
}

std::vector<double> deformed(const Window& x, const Computed& run) {
  const auto in = run.in("IN", x.batch, x.c, x.h, x.w);
  const auto offset = [&](const char* name) {
    return run.in(name, x.batch, x.groups, x.r, x.s, x.p(), x.q());
  };
  const auto dy = offset("DY"), dx = offset("DX"), weight = offset("MOD");
  const auto filter = run.in("FIL", x.k, x.c, x.r, x.s);
  Elements<4> out({x.batch, x.k, x.p(), x.q()});
  for (std::size_t n = 0; n < x.batch; ++n)
    for (std::size_t p = 0; p < x.p(); ++p)
      for (std::size_t q = 0; q < x.q(); ++q)
        for (std::size_t c = 0; c < x.c; ++c)
          for (std::size_t r = 0; r < x.r; ++r)
            for (std::size_t s = 0; s < x.s; ++s) {
              const std::size_t v = c / (x.c / x.groups);
              const long double value = sampled(in, x, n, c, x.at(p, r) + dy(n, v, r, s, p, q),
                                                x.at(q, s) + dx(n, v, r, s, p, q)) *
                                        sigmoid(weight(n, v, r, s, p, q));
              for (std::size_t k = 0; k < x.k; ++k)
                out.set(out(n, k, p, q) + value * filter(k, c, r, s), n, k, p, q);
            }
  return out.values();
}

TEST_CASE("a deformable convolution samples where the offsets say") {
  for (const Window& x : {Window{.c = 2, .k = 3, .h = 6, .w = 5},
                          {.batch = 2, .groups = 3, .c = 3, .k = 2, .h = 5, .w = 7, .stride = 2},
                          {.groups = 2, .c = 4, .k = 1, .h = 4, .w = 4, .dilation = 2, .pad = 2},
                          {.c = 1, .k = 1, .h = 1, .w = 1, .r = 1, .s = 1, .pad = 3}}) {
    CAPTURE(x.h);
    const Numbers numbers = {{"batch", x.batch},
                             {"offset_groups", x.groups},
                             {"in_channels", x.c},
                             {"out_channels", x.k},
                             {"H", x.h},
                             {"W", x.w},
                             {"R", x.r},
                             {"S", x.s},
                             {"stride_height", x.stride},
                             {"stride_width", x.stride},
                             {"dilation_height", x.dilation},
                             {"dilation_width", x.dilation},
                             {"pad_top", x.pad},
                             {"pad_left", x.pad}};
    const Computed run(load_shipped("deformable_conv2d", numbers), 8);
    CHECK(distance(run.values.at("OUT"), deformed(x, run)) <= 1e-12);
  }
}

TEST_CASE("filters of low rank are the convolution with the filters that they decompose") {
  for (const Window& x : {Window{},
                          {.batch = 2, .c = 3, .k = 5, .h = 7, .w = 9, .r = 5, .s = 1},
                          {.c = 2, .k = 1, .h = 5, .w = 5, .stride = 2, .pad = 0}}) {
    const std::size_t rank = 3;
    Numbers numbers = {{"batch", x.batch},   {"C", x.c},    {"K", x.k}, {"J", rank},
                       {"H", x.h},           {"W", x.w},    {"R", x.r}, {"S", x.s},
                       {"stride", x.stride}, {"pad", x.pad}};
    const auto check = [&](const Computed& run, const Filter& term) {
      const auto exact = convolved(x, run.in("IN", x.batch, x.c, x.h, x.w), term);
      CHECK(distance(run.values.at("OUT"), exact) <= 1e-12);
    };
    const auto sum = [&](auto term) {
      return [=](std::size_t k, std::size_t c, std::size_t r, std::size_t s) {
        long double total = 0;
        for (std::size_t j = 0; j < rank; ++j) total += term(j, k, c, r, s);
        return total;
      };
    };
    const Computed separable(load_shipped("conv2d_separable", numbers), 9);
    const auto row = separable.in("ROW", rank, x.c, x.s);
    const auto column = separable.in("COL", x.k, rank, x.r);
    check(separable, sum([=](auto j, auto k, auto c, auto r, auto s) {
            return row(j, c, s) * column(k, j, r);
          }));
    const Computed cp(load_shipped("conv2d_cp", numbers), 9);
    const auto fc = cp.in("FC", rank, x.c), fr = cp.in("FR", rank, x.r);
    const auto fs = cp.in("FS", rank, x.s), fk = cp.in("FK", x.k, rank);
    check(cp, sum([=](auto j, auto k, auto c, auto r, auto s) {
            return fc(j, c) * fr(j, r) * fs(j, s) * fk(k, j);
          }));
    numbers[1] = {"channels", x.c};
    numbers.push_back({"groups", 1});
    const std::size_t groups = x.c % 2 == 0 ? 2 : 1, each = x.c / groups;
    numbers.back().second = groups;
    const Computed svd(load_shipped("conv2d_svd", numbers), 9);
    const auto win = svd.in("WIN", groups, rank, each, x.r, x.s);
    const auto mix = svd.in("MIX", x.k, groups, rank);
    check(svd, sum([=](auto j, auto k, auto c, auto r, auto s) {
            return win(c / each, j, c % each, r, s) * mix(k, c / each, j);
          }));
  }
}

TEST_CASE("decomposed filters take the MACs that Mixed-TD counts for each term") {
  // C = 4, K = 6, R = S = 3, without padding, so that no MAC falls out: 9 x 9 before; t = stride.
  for (const std::size_t t : {1u, 2u}) {
    const Numbers numbers = {{"H", 9}, {"W", 9}, {"pad", 0}, {"stride", t}, {"J", 5}};
    const std::uint64_t out = (9 - 3) / t + 1;
    CHECK(operations_of("conv2d_separable", "mac", numbers) ==
          5 * (out * out * 6 * 3 + 9 * out * 4 * 3));
    CHECK(operations_of("conv2d_cp", "mac", numbers) ==
          5 * (out * out * (6 + 3) + out * 9 * 3 + 9 * 9 * 4));
    CHECK(operations_of("conv2d_svd", "mac", numbers) == 5 * out * out * 2 * (6 + 4 / 2 * 3 * 3));
  }
}

TEST_CASE("passes of convolutions are those derived on paper") {
  for (const char* name : {"conv2d", "conv2d_im2col", "conv2d_winograd", "deformable_conv2d"})
    CHECK(passes_of(name, "c") == 1);
  for (const char* name : {"conv2d_separable", "conv2d_cp", "conv2d_svd"})
    CHECK(passes_of(name, "j") == 1);
  CHECK(passes_of("depthwise_conv2d", "c") == 1);
}

}  // namespace
}  // namespace sluice
