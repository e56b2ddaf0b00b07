// SPDX-License-Identifier: Apache-2.0
// Shipped cascades of feed-forward layers, norms and softmax against direct formulas; passes and
// operations as derived in docs/cascades.md.
#include <doctest/doctest.h>

#include <numeric>

#include "tests/workloads/shipped_cascades.hpp"

namespace sluice {
namespace {

struct Mixture {
  std::size_t tokens, experts, top_k, width, inner, imbalance, skew;

  Numbers numbers() const {
    return {{"T", tokens}, {"experts", experts}, {"top_k", top_k},        {"D", width},
            {"F", inner},  {"skew", skew},       {"imbalance", imbalance}};
  }
  std::size_t places() const {
    const std::size_t wanted = (imbalance * tokens * top_k + 100 * experts - 1) / (100 * experts);
    return std::max<std::size_t>(1, std::min(tokens, wanted));
  }
};

/// What each expert makes of each token, whether it is sent there or not.
Elements<3> all_experts(const Mixture& m, const Computed& run) {
  const auto x = run.in("TOK", m.tokens, m.width);
  const auto gate = run.in("WG", m.experts, m.width, m.inner);
  const auto up = run.in("WU", m.experts, m.width, m.inner);
  const auto down = run.in("WD", m.experts, m.inner, m.width);
  Elements<3> result({m.tokens, m.experts, m.width});
  for (std::size_t t = 0; t < m.tokens; ++t)
    for (std::size_t e = 0; e < m.experts; ++e) {
      std::vector<long double> made(m.width, 0);
      for (std::size_t f = 0; f < m.inner; ++f) {
        long double a = 0, b = 0;
        for (std::size_t d = 0; d < m.width; ++d) {
          a += x(t, d) * gate(e, d, f);
          b += x(t, d) * up(e, d, f);
        }
        for (std::size_t o = 0; o < m.width; ++o) made[o] += silu(a) * b * down(e, f, o);
      }
      for (std::size_t o = 0; o < m.width; ++o) result.set(made[o], t, e, o);
    }
  return result;
}

/// Token by token: the experts in order of falling scores, the first top_k of which take it unless
/// their queue is full.
void mix(const Mixture& m, const Computed& run, std::vector<double>& mixed,
         std::vector<double>& load) {
  const auto x = run.in("TOK", m.tokens, m.width);
  const auto router = run.in("WR", m.width, m.experts);
  const Elements<3> expert = all_experts(m, run);
  Elements<2> result({m.tokens, m.width});
  load.assign(m.experts, 0);
  for (std::size_t t = 0; t < m.tokens; ++t) {
    std::vector<long double> score(m.experts);
    for (std::size_t e = 0; e < m.experts; ++e) {
      for (std::size_t d = 0; d < m.width; ++d) score[e] += x(t, d) * router(d, e);
      score[e] -= static_cast<long double>(m.skew * e) / 100;
    }
    std::vector<std::size_t> order(m.experts);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](auto a, auto b) { return score[a] > score[b]; });
    long double sum = 0;
    for (std::size_t j = 0; j < m.top_k; ++j) sum += std::exp(score[order[j]] - score[order[0]]);
    for (std::size_t j = 0; j < m.top_k; ++j) {
      const std::size_t e = order[j];
      const bool taken = load[e] < static_cast<double>(m.places());
      load[e] += 1;
      for (std::size_t o = 0; taken && o < m.width; ++o)
        result.set(result(t, o) + std::exp(score[e] - score[order[0]]) / sum * expert(t, e, o), t,
                   o);
    }
  }
  mixed = result.values();
}

const Mixture mixtures[] = {
    {12, 4, 2, 8, 16, 400, 0},   // no token is dropped
    {9, 5, 3, 3, 7, 500, 0},     // odd sizes
    {16, 4, 2, 5, 6, 100, 150},  // skewed routing, queues as long as the mean load
    {7, 8, 1, 4, 3, 125, 40},    // one expert a token, some experts idle
    {1, 3, 2, 2, 2, 100, 0},     // decode: one token
    {6, 3, 3, 4, 5, 100, 1000},  // every expert takes every token
};

TEST_CASE("mixtures of experts are what a sort of every token's scores gives") {
  for (const char* name : {"moe_one_hot", "moe_gather"})
    for (const Mixture& m : mixtures) {
      CAPTURE(name);
      CAPTURE(m.tokens);
      const Computed run(load_shipped(name, m.numbers()), 5);
      std::vector<double> mixed, load;
      mix(m, run, mixed, load);
      CHECK(distance(run.values.at("OUT"), mixed) <= 1e-12);
      CHECK(run.values.at("LOAD") == load);
      CHECK(std::accumulate(load.begin(), load.end(), 0.0) ==
            static_cast<double>(m.tokens * m.top_k));
    }
}

TEST_CASE("skewed scores load the first experts more, and full queues drop tokens") {
  const auto load = [](std::size_t skew) {
    const Mixture m{64, 8, 2, 8, 2, 800, skew};
    return Computed(load_shipped("moe_gather", m.numbers()), 11).values.at("LOAD");
  };
  // 64 tokens to 2 of 8 experts: 16 are the mean. A skew of 20 a step is beyond any score.
  CHECK(load(2000) == std::vector<double>{64, 64, 0, 0, 0, 0, 0, 0});
  CHECK(std::ranges::max(load(0)) < std::ranges::max(load(100)));
}

TEST_CASE("dispatch by products costs MACs that gathered indices do not") {
  // T = 12, X = 4, C = 6 (half of the tokens, the mean load), D = 8, F = 16.
  const Numbers half = {{"imbalance", 100}};
  const std::uint64_t experts = 3 * 4 * 6 * 8 * 16, router = 12 * 4 * 8, move = 12 * 4 * 6 * 8;
  CHECK(operations_of("moe_one_hot", "mac", half) == router + experts + 2 * move);
  // The gathered form weighs two results a token.
  CHECK(operations_of("moe_gather", "mac", half) == router + experts + 12 * 2 * 8);
}

TEST_CASE("the gated MLP is the formula of Llama") {
  for (const auto& [tokens, width, inner] :
       {std::array<std::size_t, 3>{8, 16, 40}, {1, 5, 3}, {3, 1, 7}}) {
    const Computed run(load_shipped("gated_mlp", {{"T", tokens}, {"D", width}, {"F", inner}}), 3);
    const auto x = run.in("X", tokens, width), down = run.in("WD", inner, width);
    const auto gate = run.in("WG", width, inner), up = run.in("WU", width, inner);
    Elements<2> exact({tokens, width});
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t o = 0; o < width; ++o) {
        long double sum = 0;
        for (std::size_t f = 0; f < inner; ++f) {
          long double a = 0, b = 0;
          for (std::size_t d = 0; d < width; ++d) {
            a += x(t, d) * gate(d, f);
            b += x(t, d) * up(d, f);
          }
          sum += silu(a) * b * down(f, o);
        }
        exact.set(sum, t, o);
      }
    CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
  }
  CHECK(operations_of("gated_mlp", "mac") == 3 * 8 * 16 * 40);
}

struct Row {
  std::vector<long double> x;
  long double mean() const {
    return std::accumulate(x.begin(), x.end(), 0.0L) / static_cast<long double>(x.size());
  }
  long double mean_square(long double center) const {
    long double sum = 0;
    for (const long double e : x) sum += (e - center) * (e - center);
    return sum / static_cast<long double>(x.size());
  }
};

/// One normalised row by a direct formula.
std::vector<long double> normalised(const std::string& name, const Row& row) {
  std::vector<long double> result = row.x;
  const long double greatest = std::ranges::max(row.x);
  long double sum = 0;
  for (const long double e : row.x) sum += std::exp(e - greatest);
  const long double center = name.starts_with("layer") ? row.mean() : 0;
  const long double deviation = std::sqrt(row.mean_square(center) + 1e-5L);
  for (long double& e : result)
    e = name.starts_with("softmax") ? std::exp(e - greatest) / sum : (e - center) / deviation;
  return result;
}

TEST_CASE("norms and softmax are their direct formulas") {
  for (const std::string name :
       {"layer_norm", "layer_norm_2pass", "rms_norm", "softmax_3pass", "softmax_2pass"})
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{8, 32}, {3, 7}, {1, 1}}) {
      CAPTURE(name);
      CAPTURE(columns);
      const Computed run(load_shipped(name, {{"T", rows}, {"E", columns}}), 17);
      const auto x = run.in("X", rows, columns);
      Elements<2> exact({rows, columns});
      for (std::size_t t = 0; t < rows; ++t) {
        Row row;
        for (std::size_t e = 0; e < columns; ++e) row.x.push_back(x(t, e));
        const std::vector<long double> made = normalised(name, row);
        for (std::size_t e = 0; e < columns; ++e) {
          const bool scaled = run.inputs.contains("G"), moved = run.inputs.contains("B");
          const long double gain = scaled ? run.in("G", columns)(e) : 1;
          exact.set(made[e] * gain + (moved ? run.in("B", columns)(e) : 0), t, e);
        }
      }
      CHECK(distance(run.values.at("Y"), exact.values()) <= 1e-12);
    }
}

TEST_CASE("cascades of the same meaning agree on the same random inputs") {
  const std::pair<const char*, const char*> pairs[] = {{"conv2d", "conv2d_im2col"},
                                                       {"conv2d", "conv2d_winograd"},
                                                       {"mamba_scan", "mamba_scan_chunked"},
                                                       {"hyena", "hyena_fft"},
                                                       {"moe_one_hot", "moe_gather"}};
  for (const auto& [a, b] : pairs) {
    CAPTURE(a);
    for (const OutputDifference& d : compare_cascades(load_shipped(a), load_shipped(b), 61))
      CHECK(d.absolute <= 1e-12);
  }
}

TEST_CASE("passes of feed-forward layers are those derived on paper") {
  CHECK(passes_of("gated_mlp", "d") == 1);  // gate and up read X together
  CHECK(passes_of("gated_mlp", "f") == 1);
  CHECK(passes_of("moe_one_hot", "x") == 3);  // greatest score; exponentials' sum; shares
  CHECK(passes_of("moe_gather", "j") == 3);
  CHECK(passes_of("moe_one_hot", "t") == 2);  // all tokens are dispatched, then get results
  CHECK(passes_of("moe_gather", "t") == 2);
}

}  // namespace
}  // namespace sluice
