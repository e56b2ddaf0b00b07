// SPDX-License-Identifier: Apache-2.0
// The shipped cascades: pass counts as derived on paper, and values against direct formulas.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "tests/source_path.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

const std::string folder = source_path("configs/cascades/");
const std::vector<std::string> attentions = {"attention_3pass",       "attention_3pass_deferred",
                                             "attention_2pass_local", "attention_2pass_online",
                                             "attention_1pass",       "attention_1pass_early"};

Cascade shipped(const std::string& name, const std::vector<CascadeSetting>& settings = {}) {
  return load_cascade(folder + name + ".yaml", settings);
}

std::uint32_t passes(const std::string& name, const std::string& rank) {
  return count_passes(shipped(name), rank).value().passes;
}

struct Shape {
  std::size_t b = 1, h = 1, g = 1, e = 4, f = 3, p = 1, m = 1;
  std::string mask = "none";
  std::size_t window = 1;
  std::size_t tile = 4;

  bool sees(std::size_t query, std::size_t key) const {
    const std::size_t position = query + (m > p ? m - p : 0);
    if (mask == "none") return true;
    return key <= position && (mask == "causal" || key + window > position);
  }
  std::vector<CascadeSetting> settings(bool tiled) const {
    std::vector<CascadeSetting> all = {{"batch", std::to_string(b)},
                                       {"kv_heads", std::to_string(h)},
                                       {"group", std::to_string(g)},
                                       {"head_dim", std::to_string(e)},
                                       {"value_dim", std::to_string(f)},
                                       {"queries", std::to_string(p)},
                                       {"keys", std::to_string(m)},
                                       {"mask", mask},
                                       {"window_size", std::to_string(window)}};
    if (tiled) all.push_back({"tile", std::to_string(tile)});
    return all;
  }
};

/// softmax(q k) v of one query, with the sums in long double.
void attend(const Shape& s, const TensorValues& in, std::size_t head, std::size_t kv,
            std::size_t query, std::vector<double>& out) {
  std::vector<long double> score(s.m, 0);
  long double greatest = -INFINITY, sum = 0;
  for (std::size_t m = 0; m < s.m; ++m) {
    if (!s.sees(query, m)) continue;
    for (std::size_t e = 0; e < s.e; ++e)
      score[m] += static_cast<long double>(in.at("Q")[(head * s.e + e) * s.p + query]) *
                  static_cast<long double>(in.at("K")[(kv * s.e + e) * s.m + m]);
    greatest = std::max(greatest, score[m]);
  }
  for (std::size_t m = 0; m < s.m; ++m)
    if (s.sees(query, m)) sum += std::exp(score[m] - greatest);
  for (std::size_t f = 0; f < s.f; ++f) {
    long double value = 0;
    for (std::size_t m = 0; m < s.m; ++m)
      if (s.sees(query, m))
        value += std::exp(score[m] - greatest) / sum *
                 static_cast<long double>(in.at("V")[(kv * s.f + f) * s.m + m]);
    out[(head * s.f + f) * s.p + query] = static_cast<double>(value);
  }
}

double worst_error(const std::string& name, const Shape& s, std::uint64_t seed) {
  const Cascade cascade = shipped(name, s.settings(!name.starts_with("attention_3pass")));
  const TensorValues inputs = random_inputs(cascade, seed);
  const std::vector<double> found = evaluate_cascade(cascade, inputs).at("AV");
  std::vector<double> exact(found.size());
  for (std::size_t head = 0; head < s.b * s.h * s.g; ++head)
    for (std::size_t p = 0; p < s.p; ++p) attend(s, inputs, head, head / s.g, p, exact);
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = std::fabs(found[i] - exact[i]);
    if (!(error <= worst)) worst = error;  // also when it is not a number
    if (std::isnan(error)) return error;
  }
  return worst;
}

TEST_CASE("passes over the keys are those of the paper") {
  CHECK(passes("attention_3pass", "m") == 3);
  CHECK(passes("attention_3pass_deferred", "m") == 2);
  CHECK(passes("attention_2pass_local", "m") == 2);
  CHECK(passes("attention_2pass_online", "m") == 2);
  CHECK(passes("attention_1pass", "m") == 1);
  CHECK(passes("attention_1pass_early", "m") == 1);
  CHECK(passes("example", "k") == 2);
  CHECK(passes("example_deferred", "k") == 1);
}

TEST_CASE("passes of norms and softmax are those derived in docs/cascades.md") {
  CHECK(passes("layer_norm", "e") == 3);
  CHECK(passes("layer_norm_2pass", "e") == 2);
  CHECK(passes("rms_norm", "e") == 2);
  CHECK(passes("softmax_3pass", "e") == 3);
  CHECK(passes("softmax_2pass", "e") == 2);
}

TEST_CASE("the one-pass cascade still visits each tile twice") {
  CHECK(passes("attention_1pass", "m0") == 2);
  const Cascade cascade = shipped("attention_1pass");
  const CascadeFacts facts = facts_of(cascade);
  for (const TensorFacts& tensor : facts.tensors) {
    if (tensor.name == "BQK") CHECK(tensor.live == 16);  // one tile, whatever the length
    if (tensor.name == "BK") CHECK(tensor.live == 1);    // streams through
  }
}

TEST_CASE("every attention cascade is exact softmax attention") {
  const std::vector<Shape> shapes = {
      {.p = 8, .m = 8},
      {.b = 2, .h = 2, .g = 3, .p = 9, .m = 9, .mask = "causal"},         // grouped queries, ragged
      {.h = 1, .g = 4, .p = 13, .m = 13, .mask = "window", .window = 3},  // masked whole tiles
      {.p = 5, .m = 11},                                                  // cross attention
      {.p = 11, .m = 5},
      {.h = 2, .g = 2, .p = 1, .m = 18, .mask = "causal"},  // decode with a cache
      {.p = 1, .m = 18, .mask = "window", .window = 4},
      {.p = 7, .m = 7, .mask = "causal", .tile = 16},  // one ragged tile
      {.p = 6, .m = 16, .mask = "window", .window = 1, .tile = 1},
  };
  for (const std::string& name : attentions)
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      CAPTURE(name);
      CAPTURE(i);
      CHECK(worst_error(name, shapes[i], 7) <= 1e-12);
    }
}

TEST_CASE("the phase decode is one query that sees the whole cache") {
  for (const std::string& name : attentions) {
    CAPTURE(name);
    const Cascade decode =
        shipped(name, {{"phase", "decode"}, {"keys", "21"}, {"mask", "causal"}, {"group", "3"}});
    CHECK(decode.find_rank("p")->size == 1);
    const Shape s{.h = 2, .g = 3, .e = 8, .f = 8, .p = 1, .m = 21, .mask = "causal"};
    CHECK(worst_error(name, s, 7) <= 1e-12);
  }
}

TEST_CASE("attention cascades agree on random shapes") {
  const std::uint64_t seed = 20240817;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto up_to = [&](std::uint64_t most) { return 1 + random() % most; };
  for (int round = 0; round < 40; ++round) {
    Shape s{up_to(2), up_to(2), up_to(3), up_to(5), up_to(5), up_to(12), 0};
    s.m = s.p + random() % 12;
    s.mask = round % 3 == 0 ? "none" : round % 3 == 1 ? "causal" : "window";
    s.window = up_to(6);
    s.tile = up_to(7);
    CAPTURE(round);
    for (const std::string& name : attentions) CHECK(worst_error(name, s, seed) <= 1e-12);
  }
}

TEST_CASE("norms of the same meaning agree") {
  const auto worst = [](const char* a, const char* b) {
    return compare_cascades(shipped(a), shipped(b), 3).at(0).absolute;
  };
  CHECK(worst("layer_norm", "layer_norm_2pass") <= 1e-12);
  CHECK(worst("softmax_3pass", "softmax_2pass") <= 1e-12);
  CHECK(worst("example", "example_deferred") <= 1e-12);
}

TEST_CASE("masked points are not counted as operations") {
  // p = m = 64: 64 * 65 / 2 = 2080 pairs, two heads, e = 8: 2 * 2080 * 8 = 33280 products.
  const CascadeFacts facts = facts_of(shipped("attention_1pass", {{"mask", "causal"}}));
  CHECK(facts.einsums[2].operations.at("mac") == 33280);
  CHECK(facts.einsums[2].exact);
  // LM: 2080 pairs a head; p sees p/16 + 1 tiles: 16 * (1 + 2 + 3 + 4) = 160 maxima remain.
  CHECK(facts.einsums[3].operations.at("max") == 2 * (2080 - 160));
}

TEST_CASE("least traffic and intensity follow from the shapes") {
  // Q, K, V, AV: 2 heads * 8 * 64 elements of 2 bytes each = 2048 B.
  const CascadeFacts facts = facts_of(shipped("attention_3pass"));
  CHECK(facts.read_bytes == 3 * 2048);
  CHECK(facts.written_bytes == 2048);
  // 8192 pairs: QK 8 MACs, AV 8 MACs (32 operations), subtract, exp, divide; 8192 - 128 maxima and
  // sums each.
  CHECK(facts.intensity == doctest::Approx((8192 * 35 + 2 * (8192 - 128)) / 8192.0).epsilon(1e-15));
}

TEST_CASE("every shipped cascade has a source and comes back from its text") {
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().stem();
    CAPTURE(name);
    const Cascade cascade = shipped(name);
    CHECK(cascade.name == name);
    CHECK_FALSE(cascade.summary.empty());
    CHECK_FALSE(cascade.source.empty());
    CHECK(parse_cascade(to_text(cascade), "f.yaml") == cascade);
    ++count;
  }
  CHECK(count >= 33);
}

}  // namespace
}  // namespace sluice
