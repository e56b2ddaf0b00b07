// SPDX-License-Identifier: Apache-2.0
// Scans and deformable convolutions lowered to cascades, alone and behind the layers that make
// their operands, against direct formulas.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "tests/workloads/lowered.hpp"
#include "tests/workloads/networks.hpp"

namespace sluice {
namespace {

/// The vectors B and C of a step begin at `first` of `features` numbers.
struct Vectors {
  Numbers values;
  std::size_t features = 0, first = 0;
};

Numbers direct_selective(const Scan& s, const TensorValues& in, const Vectors& b,
                         const Vectors& c) {
  Numbers result(s.batch * s.length * s.channels);
  for (std::size_t i = 0; i < s.batch; ++i)
    for (std::size_t d = 0; d < s.channels; ++d)
      for (std::size_t n = 0; n < s.state; ++n) {
        Real state = s.carried ? Real(in.at("INIT")[(i * s.channels + d) * s.state + n]) : Real(0);
        for (std::size_t t = 0; t < s.length; ++t) {
          const std::size_t row = i * s.length + t, at = row * s.channels + d;
          const Real step = std::log1p(std::exp(Real(in.at("RAW")[at]))), x = in.at("X")[at];
          const Real decay = -std::exp(Real(in.at("ALOG")[d * s.state + n]));
          state = std::exp(step * decay) * state +
                  step * x * Real(b.values[row * b.features + b.first + n]);
          Real sum = Real(c.values[row * c.features + c.first + n]) * state;
          if (n == 0) sum += Real(in.at("SKIP")[d]) * x;
          result[at] += static_cast<double>(sum);
        }
      }
  return result;
}

TEST_CASE("a selective scan is Mamba's recurrence, its state kept or carried") {
  for (Scan s : {Scan{.batch = 2, .length = 5, .channels = 3, .state = 4},
                 Scan{.length = 1, .channels = 6, .state = 2}})
    for (const bool carried : {false, true}) {
      s.carried = carried;
      const auto direct = [&](const TensorValues& in) {
        return direct_selective(s, in, {in.at("BIN"), s.state, 0}, {in.at("COUT"), s.state, 0});
      };
      CHECK(lowering_error({"s", s, {}, {}}, "Y", direct) <= 1e-12);
      // C h takes a MAC a state; macs() counts matrix products only.
      CHECK(macs_of(lower({"s", s, {}, {}})) == s.batch * s.length * s.channels * s.state);
    }
}

TEST_CASE("a carried state goes out as it would come in") {
  // The state behind two steps, given to the third, is that of three steps.
  const Scan all{ScanKind::gated, 1, 3, 4, 1, true};
  const TensorValues inputs = random_inputs(lower({"s", all, {}, {}}), lowering_seed);
  const Numbers end = evaluate_cascade(lower({"s", all, {}, {}}), inputs).at("END");
  const auto part = [&](std::size_t first, std::size_t count, Numbers init) {
    TensorValues in = {{"INIT", std::move(init)}};
    for (const char* name : {"CAN", "GATE"})
      in[name] =
          Numbers(inputs.at(name).begin() + static_cast<std::ptrdiff_t>(first * 4),
                  inputs.at(name).begin() + static_cast<std::ptrdiff_t>((first + count) * 4));
    Scan scan = all;
    scan.length = count;
    return evaluate_cascade(lower({"s", scan, {}, {}}), in).at("END");
  };
  CHECK(part(2, 1, part(0, 2, inputs.at("INIT"))) == end);
}

TEST_CASE("a gated scan is a mean of state and candidate") {
  const Scan s{ScanKind::gated, 2, 5, 3, 1, false};
  const auto direct = [&](const TensorValues& in) {
    Numbers result(2 * 5 * 3);
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t d = 0; d < 3; ++d) {
        Real state = 0;
        for (std::size_t t = 0; t < 5; ++t) {
          const std::size_t at = (i * 5 + t) * 3 + d;
          const Real gate = in.at("GATE")[at];
          state = gate * state + (1 - gate) * Real(in.at("CAN")[at]);
          result[at] = static_cast<double>(state);
        }
      }
    return result;
  };
  CHECK(lowering_error({"s", s, {}, {}}, "Y", direct) <= 1e-12);
}

TEST_CASE("a selective scan takes B and C from the last columns of their projection") {
  const Network network = read_text(R"(
name: mamba
layers:
  - {name: x, op: linear, rows: 10, in_features: 4, out_features: 6}
  - {name: xp, op: linear, out_features: 7}
  - {name: dt, op: linear, gather: true, rows: 10, in_features: 3, out_features: 6}
  - {name: scan, op: scan, kind: selective, inputs: [x, dt, xp], gather: true, batch: 2, length: 5,
     channels: 6, state: 2}
)");
  const Cascade cascade = lower(network, {0, 3});
  const TensorValues inputs = random_inputs(cascade, lowering_seed);
  const TensorValues values = evaluate_cascade(cascade, inputs);
  const TensorValues in = {{"X", values.at("x")},
                           {"RAW", values.at("dt")},
                           {"ALOG", inputs.at("scan_ALOG")},
                           {"SKIP", inputs.at("scan_SKIP")}};
  const Numbers exact = direct_selective(std::get<Scan>(network.layers[3].op), in,
                                         {values.at("xp"), 7, 3}, {values.at("xp"), 7, 5});
  const Numbers& found = values.at("scan");
  REQUIRE(found.size() == exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i)
    CHECK(found[i] == doctest::Approx(exact[i]).epsilon(1e-12));
}

/// What the taps of a deformable convolution read: horizontal and vertical offsets, and weights.
struct Offsets {
  std::function<Real(std::size_t part, std::size_t n, std::size_t group, std::size_t tap,
                     std::size_t pixel)>
      at;
};

Real sampled(const Conv2d& c, const double* image, Real row, Real column) {
  Real sum = 0;
  for (std::size_t i = 0; i < c.in_height; ++i)
    for (std::size_t j = 0; j < c.in_width; ++j)
      sum += std::max(Real(0), 1 - std::fabs(row - Real(i))) *
             std::max(Real(0), 1 - std::fabs(column - Real(j))) * Real(image[i * c.in_width + j]);
  return sum;
}

Numbers direct_deformable(const DeformableConv2d& op, const Numbers& image, const Numbers& filter,
                          const Offsets& offsets) {
  const Conv2d& c = op.conv;
  const std::size_t taps = c.kernel_height * c.kernel_width, width = out_width(c);
  const std::size_t pixels = out_height(c) * width, area = c.in_height * c.in_width;
  std::vector<Real> sums(c.batch * c.out_channels * pixels, 0);
  for (std::size_t n = 0; n < c.batch; ++n)
    for (std::size_t i = 0; i < c.in_channels; ++i)
      for (std::size_t tap = 0; tap < taps; ++tap)
        for (std::size_t at = 0; at < pixels; ++at) {
          const std::size_t group = i / (c.in_channels / op.offset_groups);
          const Real row =
              Real(at / width * c.stride_height + tap / c.kernel_width * c.dilation_height) -
              Real(c.pad_top) + offsets.at(0, n, group, tap, at);
          const Real column =
              Real(at % width * c.stride_width + tap % c.kernel_width * c.dilation_width) -
              Real(c.pad_left) + offsets.at(1, n, group, tap, at);
          Real value = sampled(c, &image[(n * c.in_channels + i) * area], row, column);
          if (op.modulated) value /= 1 + std::exp(-offsets.at(2, n, group, tap, at));
          for (std::size_t k = 0; k < c.out_channels; ++k)
            sums[(n * c.out_channels + k) * pixels + at] +=
                value * Real(filter[(k * c.in_channels + i) * taps + tap]);
        }
  return {sums.begin(), sums.end()};
}

TEST_CASE("deformable convolutions of random strides, paddings and dilations") {
  CAPTURE(lowering_seed);
  std::mt19937_64 random(lowering_seed);
  const auto up_to = [&](std::uint64_t most) { return 1 + random() % most; };
  for (int round = 0; round < 12; ++round) {
    DeformableConv2d op;
    Conv2d& c = op.conv;
    op.offset_groups = up_to(2);
    op.modulated = round % 2 == 0;
    c.batch = up_to(2), c.in_channels = op.offset_groups * up_to(2), c.out_channels = up_to(3);
    c.kernel_height = up_to(3), c.kernel_width = up_to(3);
    c.dilation_height = up_to(2), c.dilation_width = up_to(2);
    c.stride_height = up_to(3), c.stride_width = up_to(2);
    c.in_height = 5 + up_to(3), c.in_width = 5 + up_to(3);
    c.pad_top = random() % 3, c.pad_bottom = random() % 3;
    c.pad_left = random() % 3, c.pad_right = random() % 3;
    const std::size_t taps = c.kernel_height * c.kernel_width;
    const std::size_t pixels = out_height(c) * out_width(c);
    const auto direct = [&](const TensorValues& in) {
      const auto at = [&](std::size_t part, std::size_t n, std::size_t group, std::size_t tap,
                          std::size_t pixel) {
        const char* names[] = {"DY", "DX", "MOD"};
        return Real(
            in.at(names[part])[((n * op.offset_groups + group) * taps + tap) * pixels + pixel]);
      };
      return direct_deformable(op, in.at("IN"), in.at("FIL"), {at});
    };
    CAPTURE(round);
    CHECK(lowering_error({"d", op, {}, {}}, "OUT", direct) <= 1e-12);
    CHECK(macs_of(lower({"d", op, {}, {}})) == macs(op));
  }
}

TEST_CASE("a deformable convolution takes offsets side by side, and weights behind them") {
  const Network network = read_text(R"(
name: dcn
layers:
  - {name: image, op: conv2d, batch: 2, in_channels: 1, in_height: 6, in_width: 5, out_channels: 4,
     kernel: 1}
  - {name: offsets, op: conv2d, out_channels: 24, kernel: 2}
  - {name: deformed, op: deformable_conv2d, inputs: [image, offsets], modulated: true,
     offset_groups: 2, out_channels: 3, kernel: 2}
)");
  const auto& op = std::get<DeformableConv2d>(network.layers[2].op);
  const Cascade cascade = lower(network, {0, 2});
  const TensorValues inputs = random_inputs(cascade, lowering_seed);
  const TensorValues values = evaluate_cascade(cascade, inputs);
  const Numbers& channels = values.at("offsets");
  const auto at = [&](std::size_t part, std::size_t n, std::size_t group, std::size_t tap,
                      std::size_t pixel) {
    const std::size_t place = group * 4 + tap;
    const std::size_t channel = part < 2 ? 2 * place + part : 16 + place;
    return Real(channels[(n * 24 + channel) * 20 + pixel]);
  };
  const Numbers exact = direct_deformable(op, values.at("image"), inputs.at("deformed_FIL"), {at});
  const Numbers& found = values.at("deformed");
  REQUIRE(found.size() == exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i)
    CHECK(found[i] == doctest::Approx(exact[i]).epsilon(1e-11));
}

TEST_CASE("a product with a table that no layer makes reads it as an input") {
  const Network network = read_text(R"(
name: table
layers:
  - {name: x, op: linear, rows: 2, in_features: 3, out_features: 4}
  - {name: y, op: elementwise, kind: multiply, gather: true, elements: 8}
)");
  const Cascade cascade = lower(network, {0, 1});
  const TensorValues inputs = random_inputs(cascade, lowering_seed);
  const TensorValues values = evaluate_cascade(cascade, inputs);
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(values.at("y")[i] == values.at("x")[i] * inputs.at("y_B")[i]);
}

TEST_CASE("complex products repeat the smaller operand") {
  const Network network = read_text(R"(
name: spectrum
layers:
  - {name: x, op: linear, rows: 6, in_features: 3, out_features: 4}
  - {name: h, op: linear, inputs: [input], rows: 2, in_features: 3, out_features: 4}
  - {name: y, op: elementwise, kind: complex_multiply, inputs: [x, h]}
)");
  const Cascade cascade = lower(network, {0, 2});
  const TensorValues values = evaluate_cascade(cascade, random_inputs(cascade, lowering_seed));
  const Numbers &x = values.at("x"), &h = values.at("h"), &y = values.at("y");
  REQUIRE(y.size() == 24);
  for (std::size_t i = 0; i < 24; i += 2) {
    const std::size_t j = i % 8;
    CHECK(y[i] == doctest::Approx(x[i] * h[j] - x[i + 1] * h[j + 1]).epsilon(1e-12));
    CHECK(y[i + 1] == doctest::Approx(x[i] * h[j + 1] + x[i + 1] * h[j]).epsilon(1e-12));
  }
}

}  // namespace
}  // namespace sluice
