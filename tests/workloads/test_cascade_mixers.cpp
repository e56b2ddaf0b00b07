// SPDX-License-Identifier: Apache-2.0
// Shipped cascades that mix tokens without attention (Mamba, Hyena, Monarch, MatMul-free) and
// layers with structured or ternary weights, against direct formulas; passes and operations as
// derived in docs/cascades.md.
#include <doctest/doctest.h>

#include <functional>

#include "tests/workloads/shipped_cascades.hpp"

namespace sluice {
namespace {

struct Scan {
  std::size_t batch, tokens, channels, state, chunk;

  Numbers numbers(bool chunked) const {
    Numbers all = {{"batch", batch}, {"T", tokens}, {"D", channels}, {"N", state}};
    if (chunked) all.push_back({"chunk", chunk});
    return all;
  }
};

std::vector<double> scanned(const Scan& s, const Computed& run) {
  const auto per_token = [&](const char* name, std::size_t width) {
    return run.in(name, s.batch, s.tokens, width);
  };
  const auto x = per_token("X", s.channels), raw = per_token("RAW", s.channels);
  const auto in = per_token("BIN", s.state), out = per_token("COUT", s.state);
  const auto log_decay = run.in("ALOG", s.channels, s.state);
  const auto skip = run.in("SKIP", s.channels);
  Elements<3> result({s.batch, s.tokens, s.channels});
  for (std::size_t b = 0; b < s.batch; ++b)
    for (std::size_t d = 0; d < s.channels; ++d) {
      std::vector<long double> state(s.state, 0);
      for (std::size_t t = 0; t < s.tokens; ++t) {
        const long double step = std::log1p(std::exp(raw(b, t, d)));
        long double sum = skip(d) * x(b, t, d);
        for (std::size_t n = 0; n < s.state; ++n) {
          state[n] = std::exp(-std::exp(log_decay(d, n)) * step) * state[n] +
                     step * in(b, t, n) * x(b, t, d);
          sum += out(b, t, n) * state[n];
        }
        result.set(sum, b, t, d);
      }
    }
  return result.values();
}

TEST_CASE("the selective scan, by tokens and by chunks, is Mamba's recurrence") {
  for (const Scan& s : {Scan{1, 16, 6, 4, 4}, Scan{2, 13, 3, 5, 4}, Scan{1, 1, 2, 1, 8},
                        Scan{1, 37, 2, 16, 16}, Scan{3, 7, 1, 3, 1}}) {
    CAPTURE(s.tokens);
    const Computed steps(load_shipped("mamba_scan", s.numbers(false)), 21);
    const Computed chunks(load_shipped("mamba_scan_chunked", s.numbers(true)), 21);
    CHECK(distance(steps.values.at("Y"), scanned(s, steps)) <= 1e-12);
    CHECK(distance(chunks.values.at("Y"), scanned(s, chunks)) <= 1e-12);
  }
}

TEST_CASE("the gated scan is a running mean with gates as weights") {
  for (const auto& [batch, tokens, channels] :
       {std::array<std::size_t, 3>{1, 16, 6}, {2, 7, 3}, {1, 1, 1}}) {
    const Computed run(
        load_shipped("gated_scan", {{"batch", batch}, {"T", tokens}, {"D", channels}}), 23);
    const auto candidate = run.in("CAN", batch, tokens, channels);
    const auto gate = run.in("GATE", batch, tokens, channels);
    Elements<3> exact({batch, tokens, channels});
    for (std::size_t b = 0; b < batch; ++b)
      for (std::size_t d = 0; d < channels; ++d) {
        long double state = 0;
        for (std::size_t t = 0; t < tokens; ++t) {
          state = gate(b, t, d) * state + (1 - gate(b, t, d)) * candidate(b, t, d);
          exact.set(state, b, t, d);
        }
      }
    CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
  }
  CHECK(passes_of("gated_scan", "t") == 1);
  CHECK(operations_of("gated_scan", "*") == 16 * 6);  // and as many sums and differences
  CHECK(operations_of("gated_scan", "+") + operations_of("gated_scan", "-") == 2 * 16 * 6);
}

TEST_CASE("the selective scan takes the operations of Mamba's paper") {
  // T = 16, D = 6, N = 4: an exponential, and a state update of a product and a sum, for each
  // state; y takes a MAC for each.
  const std::uint64_t states = 16 * 6 * 4;
  const CascadeFacts facts = facts_of(load_shipped("mamba_scan"));
  CHECK(facts.einsums[4].operations.at("exp") == states);
  CHECK(facts.einsums[6].operations ==
        std::map<std::string, std::uint64_t>{{"*", states}, {"+", states}});
  CHECK(facts.operations.at("mac") == states);
  REQUIRE(facts.recurrences.size() == 1);
  CHECK(facts.recurrences[0] == RecurrenceFacts{"t", 1, {"ST"}});
  // A chunk of 4 sums 10 pairs of tokens; 4 chunks carry one state each.
  const CascadeFacts chunked = facts_of(load_shipped("mamba_scan_chunked"));
  CHECK(chunked.einsums[5].points == 4 * 10 * 6 * 4);
  CHECK(chunked.einsums[9].points == 4 * 6 * 4);
}

/// A causal convolution as long as the sequence between two gates.
std::vector<double> hyena(std::size_t tokens, std::size_t channels, const Computed& run) {
  const auto v = run.in("V", tokens, channels), filter = run.in("FIL", tokens, channels);
  const auto x0 = run.in("X0", tokens, channels), x1 = run.in("X1", tokens, channels);
  const auto skip = run.in("SKIP", channels);
  Elements<2> result({tokens, channels});
  for (std::size_t d = 0; d < channels; ++d)
    for (std::size_t t = 0; t < tokens; ++t) {
      long double sum = skip(d) * x1(t, d) * v(t, d);
      for (std::size_t u = 0; u <= t; ++u) sum += filter(u, d) * x1(t - u, d) * v(t - u, d);
      result.set(x0(t, d) * sum, t, d);
    }
  return result.values();
}

TEST_CASE("Hyena's operator, direct and by Fourier transforms, is the long convolution") {
  struct Shape {
    std::size_t tokens, channels, n0;
  };
  for (const auto& [tokens, channels, n0] :
       {Shape{16, 4, 8}, Shape{13, 3, 5}, Shape{1, 1, 1}, Shape{7, 2, 16}, Shape{64, 1, 8}}) {
    CAPTURE(tokens);
    const Numbers size = {{"T", tokens}, {"D", channels}};
    const Computed direct(load_shipped("hyena", size), 31);
    Numbers steps = size;
    steps.push_back({"N0", n0});
    const Computed fft(load_shipped("hyena_fft", steps), 31);
    CHECK(distance(direct.values.at("Y"), hyena(tokens, channels, direct)) <= 1e-12);
    CHECK(distance(fft.values.at("Y"), hyena(tokens, channels, fft)) <= 1e-12);
  }
}

TEST_CASE("four-step transforms take fewer MACs than the direct convolution of long sequences") {
  // Direct: pairs of tokens, T (T + 1) / 2 a channel.
  CHECK(operations_of("hyena", "mac", {{"T", 1024}}) == 4 * 1024 * 1025 / 2);
  // By transforms of N = N0 * N1 = 2T points, a channel: of V and of the filter 2 N1 T for the
  // first step (real, and half of it padding) and 4 N0 N for the second; back 4 N0 N and 2 N1 T,
  // the real part of the tokens only. N0 N1 = 32 * 64. Products of one operand pair, none else, are
  // MACs.
  const std::uint64_t t = 1024, n0 = 32, n1 = 64, n = n0 * n1;
  const std::uint64_t first = 2 * n1 * t;
  const CascadeFacts facts =
      facts_of(load_shipped("hyena_fft", {{"T", t}, {"N0", n0}, {"N1", n1}}));
  CHECK(facts.einsums[7].points + facts.einsums[8].points == 4 * first);
  CHECK(facts.einsums[11].points + facts.einsums[12].points == 4 * 2 * n0 * n);
  CHECK(facts.einsums[11].operations.at("*") == 4 * 2 * n0 * n);
}

struct Monarch {
  std::size_t b, i, j, k;
  Elements<3> right, left;

  Monarch(const Computed& run, const std::string& r, const std::string& l,
          std::array<std::size_t, 4> sizes)
      : b(sizes[0]),
        i(sizes[1]),
        j(sizes[2]),
        k(sizes[3]),
        right(run.in(r, b, j, i)),
        left(run.in(l, j, k, b)) {}

  /// Element (row, column) of the dense matrix: rows k*J+j, columns b*I+i.
  long double at(std::size_t row, std::size_t column) const {
    return left(row % j, row / j, column / i) * right(column / i, row % j, column % i);
  }
  std::vector<long double> times(const std::vector<long double>& x) const {
    std::vector<long double> y(j * k);
    for (std::size_t row = 0; row < y.size(); ++row)
      for (std::size_t column = 0; column < x.size(); ++column)
        y[row] += at(row, column) * x[column];
    return y;
  }
};

TEST_CASE("a Monarch product is the product with the dense matrix") {
  for (const auto& sizes :
       {std::array<std::size_t, 4>{4, 6, 6, 4}, {3, 5, 2, 7}, {1, 4, 3, 1}, {5, 1, 1, 2}}) {
    const auto [b, i, j, k] = sizes;
    const std::size_t vectors = 3;
    const Computed run(
        load_shipped("monarch", {{"T", vectors}, {"B", b}, {"I", i}, {"J", j}, {"K", k}}), 41);
    const Monarch matrix(run, "RIGHT", "LEFT", sizes);
    const auto x = run.in("X", vectors, b * i);
    Elements<2> exact({vectors, j * k});
    for (std::size_t t = 0; t < vectors; ++t) {
      std::vector<long double> vector;
      for (std::size_t e = 0; e < b * i; ++e) vector.push_back(x(t, e));
      const auto y = matrix.times(vector);
      for (std::size_t e = 0; e < y.size(); ++e) exact.set(y[e], t, e);
    }
    CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
  }
  // N = 24 by blocks: T (B J I + J K B) MACs = 4 * (144 + 96), where the dense matrix takes 4 *
  // 576.
  CHECK(operations_of("monarch", "mac") == 4 * (4 * 6 * 6 + 6 * 4 * 4));
}

using Matrix = std::vector<std::vector<long double>>;

Matrix transposed(const Matrix& m) {
  Matrix result(m[0].size(), std::vector<long double>(m.size()));
  for (std::size_t r = 0; r < m.size(); ++r)
    for (std::size_t c = 0; c < m[0].size(); ++c) result[c][r] = m[r][c];
  return result;
}

/// The matrix times every row.
Matrix mixed(const Monarch& matrix, Matrix rows) {
  for (auto& row : rows) row = matrix.times(row);
  return rows;
}

TEST_CASE("a layer of Monarch Mixer is four Monarch matrices, a kernel and an activation") {
  for (const auto& [b, i, g, e] :
       {std::array<std::size_t, 4>{4, 4, 3, 4}, {2, 5, 4, 1}, {1, 3, 2, 2}}) {
    const std::size_t tokens = b * i, width = g * e;
    const Computed run(load_shipped("monarch_mixer", {{"B", b}, {"I", i}, {"G", g}, {"E", e}}), 43);
    const auto monarch = [&](const std::string& number, std::size_t blocks, std::size_t each) {
      return Monarch(run, "R" + number, "L" + number, {blocks, each, each, blocks});
    };
    const auto x = run.in("X", tokens, width), kernel = run.in("KER", tokens, width);
    Matrix m(tokens, std::vector<long double>(width));
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t d = 0; d < width; ++d) m[t][d] = x(t, d);
    m = mixed(monarch("1", b, i), transposed(m));
    for (std::size_t d = 0; d < width; ++d)
      for (std::size_t t = 0; t < tokens; ++t) m[d][t] *= kernel(t, d);
    m = mixed(monarch("3", g, e), transposed(mixed(monarch("2", b, i), m)));
    for (auto& row : m)
      for (long double& v : row) v = v / 2 * (1 + std::erf(v / std::sqrt(2.0L)));
    m = mixed(monarch("4", g, e), m);
    Elements<2> exact({tokens, width});
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t d = 0; d < width; ++d) exact.set(m[t][d], t, d);
    CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
  }
}

TEST_CASE("a linear layer of low rank is one with the product of its matrices as weights") {
  for (const auto& [tokens, in, out, rank] :
       {std::array<std::size_t, 4>{8, 16, 12, 3}, {1, 5, 7, 1}, {3, 2, 9, 4}}) {
    const Computed run(
        load_shipped("low_rank_linear", {{"T", tokens}, {"D", in}, {"O", out}, {"J", rank}}), 47);
    const auto x = run.in("X", tokens, in), down = run.in("DOWN", in, rank);
    const auto up = run.in("UP", rank, out);
    Elements<2> exact({tokens, out});
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t o = 0; o < out; ++o)
        for (std::size_t d = 0; d < in; ++d)
          for (std::size_t j = 0; j < rank; ++j)
            exact.set(exact(t, o) + x(t, d) * down(d, j) * up(j, o), t, o);
    CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
  }
  CHECK(operations_of("low_rank_linear", "mac") == 8 * 3 * (16 + 12));
}

long double ternary(long double w) { return std::min(std::max(std::nearbyint(w), -1.0L), 1.0L); }

TEST_CASE("BitLinear adds, subtracts and leaves out elements of 8 bits") {
  for (const auto& [tokens, in, out] :
       {std::array<std::size_t, 3>{8, 16, 12}, {3, 7, 5}, {1, 1, 1}}) {
    const Computed run(load_shipped("bit_linear", {{"T", tokens}, {"D", in}, {"O", out}}), 53);
    const auto x = run.in("X", tokens, in), weights = run.in("WT", in, out);
    long double scale = 0;
    for (std::size_t d = 0; d < in; ++d)
      for (std::size_t o = 0; o < out; ++o) scale += std::fabs(weights(d, o));
    scale = scale / static_cast<long double>(in * out) + 1e-5L;
    Elements<2> exact({tokens, out});
    for (std::size_t t = 0; t < tokens; ++t) {
      long double squares = 0, greatest = 0;
      for (std::size_t d = 0; d < in; ++d) {
        squares += x(t, d) * x(t, d);
        greatest = std::max(greatest, std::fabs(x(t, d)));
      }
      const long double rms = std::sqrt(squares / static_cast<long double>(in) + 1e-5L);
      const long double step = greatest / rms / 127;
      for (std::size_t o = 0; o < out; ++o) {
        long double sum = 0;
        for (std::size_t d = 0; d < in; ++d)
          sum += ternary(weights(d, o) / scale) * std::nearbyint(x(t, d) / rms / step);
        exact.set(sum * scale * step, t, o);
      }
    }
    CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
    for (const double weight : run.values.at("TW"))
      CHECK((weight == -1 || weight == 0 || weight == 1));
  }
}

TEST_CASE("BitLinear multiplies no element by a weight") {
  const CascadeFacts facts = facts_of(load_shipped("bit_linear"));
  const std::uint64_t products = 8 * 16 * 12;
  // Every pair is chosen twice: is the weight above 0, below 0.
  CHECK(facts.einsums[7].operations ==
        std::map<std::string, std::uint64_t>{
            {"select", 2 * products}, {"neg", 2 * products}, {"+", products - 8 * 12}});
}

std::vector<double> matmul_free(std::size_t tokens, std::size_t width, const Computed& run) {
  const auto x = run.in("X", tokens, width);
  const auto project = [&](const char* weights, const std::function<long double(std::size_t)>& of,
                           std::size_t out) {
    long double sum = 0;
    for (std::size_t d = 0; d < width; ++d)
      sum += ternary(run.in(weights, width, width)(d, out)) * of(d);
    return sum;
  };
  const auto bias = [&](const char* name, std::size_t e) { return run.in(name, width)(e); };
  std::vector<long double> state(width, 0), gated(width);
  Elements<2> result({tokens, width});
  for (std::size_t t = 0; t < tokens; ++t) {
    const auto token = [&](std::size_t d) { return x(t, d); };
    for (std::size_t e = 0; e < width; ++e) {
      const long double forget = sigmoid(project("WF", token, e) + bias("BF", e));
      const long double candidate = silu(project("WC", token, e) + bias("BC", e));
      state[e] = forget * state[e] + (1 - forget) * candidate;
      gated[e] = sigmoid(project("WG", token, e) + bias("BG", e)) * state[e];
    }
    for (std::size_t o = 0; o < width; ++o)
      result.set(project(
                     "WO", [&](std::size_t e) { return gated[e]; }, o) +
                     bias("BO", o),
                 t, o);
  }
  return result.values();
}

TEST_CASE("the MatMul-free token mixer is the gated recurrence of its paper") {
  for (const auto& [tokens, width] :
       {std::pair<std::size_t, std::size_t>{8, 12}, {1, 5}, {11, 3}}) {
    const Computed run(load_shipped("matmul_free_mixer", {{"T", tokens}, {"D", width}}), 59);
    CHECK(distance(run.values.at("Y"), matmul_free(tokens, width, run)) <= 1e-12);
  }
  // No product is summed: 4 projections of T D D selections twice each, and no MAC.
  CHECK(operations_of("matmul_free_mixer", "mac") == 0);
  CHECK(operations_of("matmul_free_mixer", "select") == 2 * 4 * 8 * 12 * 12);
}

TEST_CASE("passes of mixers are those derived on paper") {
  CHECK(passes_of("mamba_scan", "t") == 1);
  CHECK(passes_of("mamba_scan_chunked", "t") == 1);
  CHECK(passes_of("hyena", "t") == 1);
  CHECK(passes_of("hyena_fft", "t") == 2);
  CHECK(passes_of("monarch", "b") == 1);
  CHECK(passes_of("monarch_mixer", "t") == 1);
  CHECK(passes_of("monarch_mixer", "d") == 1);
  CHECK(passes_of("low_rank_linear", "j") == 1);
  CHECK(passes_of("bit_linear", "d") == 3);
  CHECK(passes_of("matmul_free_mixer", "t") == 1);
  CHECK(passes_of("matmul_free_mixer", "e") == 1);
}

}  // namespace
}  // namespace sluice
