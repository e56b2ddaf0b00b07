// SPDX-License-Identifier: Apache-2.0
// Layers lowered together: what a network of the library counts, and small networks whose values
// are computed here for themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/base/errors.hpp"
#include "tests/source_path.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/load.hpp"
#include "workloads/lowering.hpp"

namespace sluice {
namespace {

using Numbers = std::vector<double>;

Network library(const std::string& name) {
  return read_network(load_yaml(source_path("workloads/library/") + name + ".yaml"), nullptr);
}

/// MACs of the cascade of a layer, and what that of macs() leaves out: the squares of norms, and
/// the result of a selective scan, C h.
std::uint64_t lowered_macs(const Cascade& cascade) {
  std::uint64_t sum = 0;
  for (const Einsum& einsum : cascade.einsums) {
    const EinsumFacts facts = facts_of(einsum, cascade);
    CHECK(facts.exact);
    if (const auto found = facts.operations.find("mac"); found != facts.operations.end())
      sum += found->second;
  }
  return sum;
}
std::uint64_t expected_macs(const Operator& op) {
  const auto* norm = std::get_if<Norm>(&op);
  const auto* scan = std::get_if<Scan>(&op);
  const bool selective = scan && scan->kind == ScanKind::selective;
  return macs(op) + (norm ? norm->rows * norm->columns : 0) +
         (selective ? output_elements(*scan) * scan->state : 0);
}

TEST_CASE("the MACs of every lowered layer of the library are those of the network") {
  for (const std::string& name : library_networks({source_path("workloads/library")})) {
    CAPTURE(name);
    const Network network = library(name);
    std::vector<Operator> seen;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      if (std::ranges::find(seen, layer.op) != seen.end()) continue;
      seen.push_back(layer.op);
      CAPTURE(layer.name);
      CHECK(lowered_macs(lower(layer)) == expected_macs(layer.op));
      CHECK(lowered_macs(lower(network, {i, i})) == expected_macs(layer.op));
    }
  }
}

TEST_CASE("the MACs of a whole lowered network are those of the network") {
  for (const std::string name : {"resnet18", "mobilenet_v2", "t5_base"}) {
    CAPTURE(name);
    const Network network = library(name);
    std::uint64_t expected = 0;
    for (const Layer& layer : network.layers) expected += expected_macs(layer.op);
    CHECK(lowered_macs(lower(network, {0, network.layers.size() - 1})) == expected);
  }
}

TensorValues computed(const Network& network, TensorValues& inputs, std::uint64_t seed = 11) {
  const Cascade cascade = lower(network, {0, network.layers.size() - 1});
  inputs = random_inputs(cascade, seed);
  return evaluate_cascade(cascade, inputs);
}

void check_close(const Numbers& found, const Numbers& exact) {
  REQUIRE(found.size() == exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i)
    CHECK(std::fabs(found[i] - exact[i]) <= 1e-12 * std::max(1.0, std::fabs(exact[i])));
}

/// rows x k times k x n.
Numbers times(const Numbers& x, const Numbers& w, std::size_t k, std::size_t n) {
  Numbers result;
  for (std::size_t row = 0; row < x.size() / k; ++row)
    for (std::size_t c = 0; c < n; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < k; ++i) sum += x[row * k + i] * w[i * n + c];
      result.push_back(sum);
    }
  return result;
}

TEST_CASE("an image is flattened channel by channel for a linear layer") {
  const Pool2d pool{.batch = 2, .channels = 3, .in_height = 2, .in_width = 2};  // of one element
  const Network network{"net",
                        "",
                        {{"pool", pool, {}, {}},
                         {"fc", Linear{.rows = 2, .in_features = 12, .out_features = 4}, {}, {}}}};
  TensorValues in;
  const TensorValues out = computed(network, in);
  check_close(out.at("fc"), times(in.at("input"), in.at("fc_W"), 12, 4));
}

TEST_CASE(
    "a norm over the channels of an image, and the convolution behind it, go pixel by pixel") {
  const Conv2d one{.in_channels = 2, .in_height = 1, .in_width = 3, .out_channels = 2};
  const Network network{
      "net",
      "",
      {{"conv", one, {}, {}}, {"norm", Norm{NormKind::rms, 3, 2}, {}, {}}, {"next", one, {}, {}}}};
  TensorValues in;
  const TensorValues out = computed(network, in);
  const Numbers& made = out.at("conv");
  Numbers exact;
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t x = 0; x < 3; ++x) {
      const double square = (made[x] * made[x] + made[3 + x] * made[3 + x]) / 2;
      double sum = 0;
      for (std::size_t c = 0; c < 2; ++c)
        sum += made[c * 3 + x] / std::sqrt(square + 1e-5) * in.at("norm_G")[c] *
               in.at("next_W")[k * 2 + c];
      exact.push_back(sum);
    }
  check_close(out.at("next"), exact);
}

/// softmax(q k / sqrt(d)) v of rows of features, two heads of two, every query seeing all keys up
/// to its own; the queries are the last rows.
Numbers attend(const Numbers& q, const Numbers& k, const Numbers& v) {
  const std::size_t queries = q.size() / 4, keys = k.size() / 4;
  Numbers result(q.size());
  for (std::size_t p = 0; p < queries; ++p)
    for (std::size_t head = 0; head < 2; ++head) {
      Numbers weight;
      double sum = 0;
      for (std::size_t m = 0; m <= keys - queries + p; ++m) {
        double score = 0;
        for (std::size_t e = 0; e < 2; ++e)
          score += q[p * 4 + head * 2 + e] * k[m * 4 + head * 2 + e];
        weight.push_back(std::exp(score / std::sqrt(2.0)));
        sum += weight.back();
      }
      for (std::size_t m = 0; m < weight.size(); ++m)
        for (std::size_t f = 0; f < 2; ++f)
          result[p * 4 + head * 2 + f] += weight[m] / sum * v[m * 4 + head * 2 + f];
    }
  return result;
}

const Linear square{.rows = 5, .in_features = 4, .out_features = 4};

TEST_CASE("a block of a transformer with three projections and a residual sum") {
  const Attention a{.query_heads = 2,
                    .kv_heads = 2,
                    .query_length = 5,
                    .context_length = 5,
                    .head_width = 2,
                    .causal = true};
  const Network network{
      "net",
      "",
      {{"b.q", square, {}, {"input"}},
       {"b.k", square, {}, {"input"}},
       {"b.v", square, {}, {"input"}},
       {"b.attention", a, {}, {"b.q", "b.k", "b.v"}},
       {"b.output", square, {}, {}},
       {"b.add", Elementwise{ElementwiseKind::add, 20}, {}, {"b.output", "input"}}}};
  TensorValues in;
  const TensorValues out = computed(network, in);
  const Numbers& x = in.at("input");
  Numbers exact = times(attend(times(x, in.at("b_q_W"), 4, 4), times(x, in.at("b_k_W"), 4, 4),
                               times(x, in.at("b_v_W"), 4, 4)),
                        in.at("b_output_W"), 4, 4);
  for (std::size_t i = 0; i < 20; ++i) exact[i] += x[i];
  check_close(out.at("b_add"), exact);
}

TEST_CASE("one projection may make queries, keys and values, and a cache holds the keys before") {
  const Attention a{.query_heads = 2,
                    .kv_heads = 2,
                    .query_length = 2,
                    .context_length = 5,
                    .head_width = 2,
                    .causal = true};
  const Network network{"net",
                        "",
                        {{"qkv", Linear{.rows = 2, .in_features = 3, .out_features = 12}, {}, {}},
                         {"attention", a, {}, {}}}};
  TensorValues in;
  const TensorValues out = computed(network, in);
  const Numbers all = times(in.at("input"), in.at("qkv_W"), 3, 12);
  Numbers q, k, v;
  for (std::size_t row = 0; row < 5; ++row)
    for (std::size_t f = 0; f < 4; ++f) {
      // The cache has heads, elements and then positions: 3 of them.
      const std::size_t cached = f * 3 + row, fresh = (row - 3) * 12 + f;
      k.push_back(row < 3 ? in.at("attention_K_CACHE")[cached] : all[fresh + 4]);
      v.push_back(row < 3 ? in.at("attention_V_CACHE")[cached] : all[fresh + 8]);
      if (row >= 3) q.push_back(all[fresh]);
    }
  const Numbers exact = attend(q, k, v);
  const Numbers& found = out.at("attention");  // heads, elements, queries
  for (std::size_t p = 0; p < 2; ++p)
    for (std::size_t f = 0; f < 4; ++f)
      CHECK(std::fabs(found[f * 2 + p] - exact[p * 4 + f]) <= 1e-12);
}

TEST_CASE("a small operand is repeated, as a table or once a row") {
  const Network network{
      "net",
      "",
      {{"table", Embedding{2, 5, 3}, {}, {"input"}},
       {"score", Embedding{4, 5, 1}, {}, {"input"}},
       {"rows", Linear{.rows = 4, .in_features = 2, .out_features = 3}, {}, {"input"}},
       {"placed", Elementwise{ElementwiseKind::add, 12}, {}, {"rows", "table"}},
       {"weighed", Elementwise{ElementwiseKind::multiply, 12}, {}, {"placed", "score"}}}};
  TensorValues in;
  const TensorValues out = computed(network, in);
  Numbers exact = times(in.at("input"), in.at("rows_W"), 2, 3);
  for (std::size_t i = 0; i < 12; ++i)
    exact[i] = (exact[i] + out.at("table")[i % 6]) * out.at("score")[i / 3];
  check_close(out.at("weighed"), exact);
}

TEST_CASE("operands are joined, and rows chosen where the network says only how many") {
  // Two experts of 3 and 1 rows get rows of 2 tokens; their results are joined, then a row of them
  // is chosen for the head.
  const Linear large{.rows = 3, .in_features = 2, .out_features = 2};
  const Linear small{.rows = 1, .in_features = 2, .out_features = 2};
  const Network network{"net",
                        "",
                        {{"in", Linear{.rows = 2, .in_features = 2, .out_features = 2}, {}, {}},
                         {"larger", large, {}, {"in"}},
                         {"equal", small, {}, {"in"}},
                         {"act", Elementwise{ElementwiseKind::silu, 8}, {}, {"larger", "equal"}},
                         {"head", small, {}, {}}}};
  TensorValues in;
  const TensorValues out = computed(network, in);
  const auto rows_of = [](const Numbers& from, const Numbers& which) {
    Numbers rows;
    for (const double row : which)
      for (std::size_t i = 0; i < 2; ++i)
        rows.push_back(from[static_cast<std::size_t>(row) * 2 + i]);
    return rows;
  };
  Numbers joined = times(rows_of(out.at("in"), in.at("larger_I")), in.at("larger_W"), 2, 2);
  const Numbers other = times(rows_of(out.at("in"), in.at("equal_I")), in.at("equal_W"), 2, 2);
  joined.insert(joined.end(), other.begin(), other.end());
  for (double& e : joined) e = e / (1 + std::exp(-e));
  check_close(out.at("head"), times(rows_of(joined, in.at("head_I")), in.at("head_W"), 2, 2));
}

TEST_CASE("ranks along the same dimension are one, and results read outside are outputs") {
  const Network network{"net",
                        "",
                        {{"a", square, {}, {}},
                         {"b", square, {}, {}},
                         {"c", square, {}, {}},
                         {"d", Elementwise{ElementwiseKind::add, 20}, {}, {"a", "c"}}}};
  const Cascade cascade = lower(network, {0, 1});
  CHECK(to_text(cascade.einsums[0]) == "a[m,n] = input[m,k] * a_W[k,n]");
  CHECK(to_text(cascade.einsums[1]) == "b[m,n_2] = a[m,n] * b_W[n,n_2]");
  std::set<std::string> outputs;
  for (const CascadeTensor& tensor : cascade.tensors)
    if (tensor.kind == CascadeTensor::Kind::output) outputs.insert(tensor.name);
  CHECK(outputs == std::set<std::string>{"a", "b"});
}

TEST_CASE("layers are found by place, name, group and run") {
  const Network network = library("bert_base");
  CHECK(find_layers(network, "6", "--layer") == LayerRange{6, 6});
  CHECK(find_layers(network, "block0.query", "--layer") == LayerRange{6, 6});
  CHECK(find_layers(network, "block1", "--layer") == LayerRange{17, 27});
  CHECK(find_layers(network, "block0..block1", "--layer") == LayerRange{6, 27});
  CHECK(find_layers(network, "0..2", "--layer") == LayerRange{0, 2});
  const auto mistake = [&](const std::string& text) {
    return error_of([&] { find_layers(network, text, "--layer"); });
  };
  CHECK(mistake("139") ==
        "--layer: error: there is no layer 139\nhint: 'bert_base' has the layers 0 to 138");
  CHECK(mistake("block0.qery") ==
        "--layer: error: there is no layer 'block0.qery'\nhint: did you mean 'block0.query'?");
  CHECK(
      mistake("block1..block0") ==
      "--layer: error: 'block1..block0' ends before it begins\nhint: the first layer comes first");
  CHECK(mistake("zzzzzzzz") ==
        "--layer: error: there is no layer 'zzzzzzzz'\nhint: a place from 0 to 138, a name as "
        "`sluice describe` lists them, or the first and last of a run: 3..9");
}

}  // namespace
}  // namespace sluice
