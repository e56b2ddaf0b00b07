// SPDX-License-Identifier: Apache-2.0
// What the PEs compute against the reference evaluator of cascades: lowered layers, with the same
// inputs, in the formats of the machine.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "arch/rounding.hpp"
#include "sim/pe/gemm.hpp"
#include "sim/pe/vector_unit.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/lowering.hpp"

using namespace sluice;

namespace {

using Elements = std::vector<double>;
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::MatrixXd matrix(const Elements& elements, std::size_t rows, std::size_t columns) {
  REQUIRE(elements.size() == rows * columns);
  return Eigen::Map<const Rows>(elements.data(), static_cast<Eigen::Index>(rows),
                                static_cast<Eigen::Index>(columns));
}
Elements elements(const Eigen::MatrixXd& matrix) {
  const Rows rows = matrix;
  return {rows.data(), rows.data() + rows.size()};
}

/// Random inputs, rounded to the formats that the array takes them in.
TensorValues inputs_of(const Cascade& cascade, const SystolicArray& array, std::uint64_t seed) {
  TensorValues values = random_inputs(cascade, seed);
  const bool whole = array.accumulator_format == NumberFormat::int32;
  for (auto& [name, list] : values)
    for (double& value : list)
      value = round_to(name == "W" ? array.weight_format : array.input_format,
                       whole ? std::round(30 * value) : value);
  return values;
}

/// Elements and partial sums in the format of the accumulators.
CascadeEvaluation in(NumberFormat format) {
  const auto round = [format](double value) { return round_to(format, value); };
  return {.round = round, .round_sum = round};
}

SystolicArray array_of(Dataflow dataflow, bool whole, std::uint32_t rows, std::uint32_t columns) {
  SystolicArray array{.rows = rows, .columns = columns, .dataflow = dataflow};
  array.input_format = array.weight_format = whole ? NumberFormat::int8 : NumberFormat::bf16;
  array.accumulator_format = whole ? NumberFormat::int32 : NumberFormat::fp32;
  return array;
}

/// Sums over k in parts of `fold`, each from the first to the last, then over the parts: what an
/// array does that holds `fold` of the rows of a weight matrix.
Cascade folded_product(const Linear& l, std::uint64_t fold) {
  const auto text = [](std::uint64_t number) { return std::to_string(number); };
  return parse_cascade(
      "name: folded\nranks: {m: " + text(l.rows) + ", n: " + text(l.out_features) +
          ", k: " + text(fold) + ", f: " + text((l.in_features + fold - 1) / fold) +
          "}\ninputs: [\"X[m," + text(l.in_features) + "]\", \"W[" + text(l.in_features) +
          ",n]\"]\neinsums: |\n" + "  P[f,m,n] = X[m,f*K+k] * W[f*K+k,n] where f*K+k < " +
          text(l.in_features) + "\n  Y[m,n] = P[f,m,n]\n",
      "folded");
}

}  // namespace

TEST_CASE("products on the PEs have every bit of the cascade that sums in their order") {
  constexpr std::uint64_t seed = 20250601;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto extent = [&](std::uint64_t most) { return 1 + random() % most; };
  for (int round = 0; round < 24; ++round) {
    CAPTURE(round);
    const auto dataflow = static_cast<Dataflow>(round % 3);
    const auto rows = static_cast<std::uint32_t>(extent(5)), columns = rows % 3 + 1;
    const SystolicArray array = array_of(dataflow, round % 2 == 0, rows, columns);
    const Linear l{.rows = extent(7), .in_features = extent(12), .out_features = extent(7)};
    // Output-stationary sums stay in their PE; others hold as many terms as there are rows.
    const std::uint64_t fold = dataflow == Dataflow::output_stationary ? l.in_features : rows;
    const Cascade lowered = lower({"linear", l, {}, {}}), folded = folded_product(l, fold);
    const TensorValues inputs = inputs_of(lowered, array, seed + static_cast<unsigned>(round));
    const PeResult pe = simulate_gemm_pe(array, matrix(inputs.at("X"), l.rows, l.in_features),
                                         matrix(inputs.at("W"), l.in_features, l.out_features));
    const Elements found = elements(pe.product);
    CHECK(found == evaluate_cascade(folded, inputs, in(array.accumulator_format)).at("Y"));
    // In double, any order: an fp32 sum of k terms is off by at most k half spacings of the sum of
    // their magnitudes; integers by nothing.
    const Elements exact = evaluate_cascade(lowered, inputs).at("Y");
    TensorValues magnitudes = inputs;
    for (auto& [name, list] : magnitudes)
      for (double& value : list) value = std::fabs(value);
    const Elements most = evaluate_cascade(lowered, magnitudes).at("Y");
    const double off =
        array.accumulator_format == NumberFormat::int32 ? 0 : double(l.in_features) / (1 << 24);
    for (std::size_t i = 0; i < exact.size(); ++i)
      CHECK(std::fabs(found[i] - exact[i]) <= off * most[i]);
  }
}

TEST_CASE("a convolution on the PEs is that of its cascade") {
  const Conv2d c{.batch = 2,
                 .in_channels = 3,
                 .in_height = 5,
                 .in_width = 4,
                 .out_channels = 4,
                 .kernel_height = 3,
                 .kernel_width = 2,
                 .stride_height = 2,
                 .pad_top = 1,
                 .pad_left = 1};
  LoweringOptions options;
  options.convolution = ConvolutionCascade::im2col;
  const Cascade cascade = lower({"conv", c, {}, {}}, options);
  const SystolicArray array = array_of(Dataflow::weight_stationary, true, 4, 4);
  const TensorValues inputs = inputs_of(cascade, array, 3);
  const TensorValues values = evaluate_cascade(cascade, inputs);
  const std::size_t windows = out_height(c) * out_width(c), taps = 3 * 3 * 2;
  const Eigen::MatrixXd filters = matrix(values.at("MAT"), 4, taps).transpose();
  Elements found;
  for (std::size_t image = 0; image < c.batch; ++image) {
    const auto first =
        values.at("COL").begin() + static_cast<std::ptrdiff_t>(image * windows * taps);
    const Elements unfolded(first, first + static_cast<std::ptrdiff_t>(windows * taps));
    const PeResult pe = simulate_gemm_pe(array, matrix(unfolded, windows, taps), filters);
    const Elements image_result = elements(pe.product.transpose());
    found.insert(found.end(), image_result.begin(), image_result.end());
  }
  CHECK(found == values.at("Y"));
  CHECK(found == evaluate_cascade(lower({"conv", c, {}, {}}), inputs).at("Y"));
}

TEST_CASE("epilogues on the vector unit behind the PEs are those of the cascade") {
  // Each step of the unit rounds to fp32; exponentials turn an error of x into a relative one.
  constexpr double spacing = 1.0 / (1 << 23);
  for (const ElementwiseKind kind :
       {ElementwiseKind::relu, ElementwiseKind::relu6, ElementwiseKind::hard_sigmoid,
        ElementwiseKind::hard_swish, ElementwiseKind::silu, ElementwiseKind::sigmoid,
        ElementwiseKind::tanh, ElementwiseKind::exp, ElementwiseKind::sin}) {
    CAPTURE(name_of(kind));
    const Linear l{.rows = 4, .in_features = 6, .out_features = 5};
    const Cascade cascade = lower({"linear", l, {kind}, {}});
    const SystolicArray array = array_of(Dataflow::output_stationary, false, 4, 4);
    const TensorValues inputs = inputs_of(cascade, array, 11);
    const PeResult pe =
        simulate_gemm_pe(array, matrix(inputs.at("X"), 4, 6), matrix(inputs.at("W"), 6, 5));
    const VectorUnit unit;
    std::mt19937_64 random(1);
    LaneProgram program;
    append_steps(program, kind, unit, 4, 5, random);
    const Elements found = elements(run_vector_unit(unit, program, pe.product).values);
    const Elements exact = evaluate_cascade(cascade, inputs).at("Y");
    for (std::size_t i = 0; i < exact.size(); ++i)
      CHECK(std::fabs(found[i] - exact[i]) <= 16 * spacing * std::max(1.0, std::fabs(exact[i])));
  }
}
