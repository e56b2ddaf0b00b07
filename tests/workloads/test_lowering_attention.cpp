// SPDX-License-Identifier: Apache-2.0
// Attention of a layer in each of its cascades, against softmax written here for itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/source_path.hpp"
#include "tests/workloads/lowered.hpp"

namespace sluice {
namespace {

/// softmax(q k / sqrt(d)) v with everything in long double.
Numbers direct_attention(const Attention& a, const TensorValues& in) {
  const std::uint64_t heads = a.query_heads, width = a.head_width, keys = a.context_length;
  Numbers result(a.batch * heads * width * a.query_length);
  for (std::uint64_t head = 0; head < a.batch * heads; ++head)
    for (std::uint64_t p = 0; p < a.query_length; ++p) {
      const std::uint64_t kv = head / (heads / a.kv_heads), position = keys - a.query_length + p;
      std::vector<Real> weight(keys, 0);
      Real greatest = -INFINITY, sum = 0;
      const auto sees = [&](std::uint64_t m) {
        return !a.causal || (m <= position && (a.window == 0 || m + a.window > position));
      };
      for (std::uint64_t m = 0; m < keys; ++m) {
        for (std::uint64_t e = 0; e < width; ++e)
          weight[m] += Real(in.at("Q")[(head * width + e) * a.query_length + p]) *
                       Real(in.at("K")[(kv * width + e) * keys + m]);
        weight[m] /= std::sqrt(Real(width));
        if (sees(m)) greatest = std::max(greatest, weight[m]);
      }
      for (std::uint64_t m = 0; m < keys; ++m)
        sum += weight[m] = sees(m) ? std::exp(weight[m] - greatest) : Real(0);
      for (std::uint64_t f = 0; f < width; ++f) {
        Real value = 0;
        for (std::uint64_t m = 0; m < keys; ++m)
          value += weight[m] / sum * Real(in.at("V")[(kv * width + f) * keys + m]);
        result[(head * width + f) * a.query_length + p] = static_cast<double>(value);
      }
    }
  return result;
}

TEST_CASE("attention in every cascade: masked, grouped, crossed, behind a cache") {
  const std::vector<Attention> shapes = {
      {.query_length = 6, .context_length = 6, .head_width = 3},
      {.batch = 2,
       .query_heads = 6,
       .kv_heads = 2,
       .query_length = 7,
       .context_length = 7,
       .head_width = 4,
       .causal = true},
      {.query_heads = 4,
       .kv_heads = 1,
       .query_length = 9,
       .context_length = 9,
       .head_width = 2,
       .causal = true,
       .window = 2},
      {.query_heads = 2, .kv_heads = 2, .query_length = 3, .context_length = 8, .head_width = 2},
      {.query_heads = 2, .kv_heads = 1, .query_length = 8, .context_length = 3, .head_width = 2},
      {.batch = 2,
       .query_heads = 4,
       .kv_heads = 2,
       .query_length = 1,
       .context_length = 11,
       .head_width = 3,
       .causal = true},
      {.query_length = 1, .context_length = 11, .head_width = 3, .causal = true, .window = 4},
  };
  for (const auto& entry : EnumNames<AttentionCascade>::table)
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const LoweringOptions options{.attention = entry.value, .tile = 3};
      const Attention& a = shapes[i];
      CAPTURE(entry.name);
      CAPTURE(i);
      CHECK(lowering_error(
                {"a", a, {}, {}}, "AV",
                [&](const TensorValues& in) { return direct_attention(a, in); }, options) <= 1e-12);
      const std::uint64_t tiles = (a.context_length + 2) / 3;
      const bool local = entry.value == AttentionCascade::two_pass_local;
      CHECK(macs_of(lower({"a", a, {}, {}}, options)) ==
            macs(a) + (local ? a.batch * a.query_heads * a.query_length * tiles : 0));
    }
}

TEST_CASE("the attention of a layer is the shipped cascade behind scaled queries") {
  const Attention a{.query_heads = 2,
                    .kv_heads = 2,
                    .query_length = 8,
                    .context_length = 8,
                    .head_width = 4,
                    .causal = true};
  const Cascade cascade =
      lower({"a", a, {}, {}}, {.attention = AttentionCascade::one_pass, .tile = 4});
  CHECK(to_text(cascade.einsums[0]) == "QS[b,h,g,e,p] = Q[b,h,g,e,p] * 0.5");
  const Cascade shipped = load_cascade(
      source_path("configs/cascades/attention_1pass.yaml"),
      {{"kv_heads", "2"}, {"head_dim", "4"}, {"keys", "8"}, {"mask", "causal"}, {"tile", "4"}});
  REQUIRE(cascade.einsums.size() == shipped.einsums.size() + 1);
  CHECK(to_text(cascade.einsums[1]) == "BK[b,h,e,m1,m0] = K[b,h,e,m1*M0+m0] where m1*M0+m0 < M");
  for (std::size_t i = 3; i + 1 < shipped.einsums.size(); ++i)
    CHECK(cascade.einsums[i + 1].output == shipped.einsums[i].output);
}

}  // namespace
}  // namespace sluice
