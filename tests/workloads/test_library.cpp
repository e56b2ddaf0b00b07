// SPDX-License-Identifier: Apache-2.0
// The networks of the library: totals as published, and counts that follow from their sizes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

/// MACs of linear layers, the head apart.
std::uint64_t projection_macs(const Network& network) {
  std::uint64_t sum = 0;
  for (const Layer& layer : network.layers)
    if (std::holds_alternative<Linear>(layer.op) && layer.name != "head" && layer.name != "pooler")
      sum += macs(layer.op);
  return sum;
}

std::uint64_t attention_macs(const Network& network) {
  std::uint64_t sum = 0;
  for (const Layer& layer : network.layers)
    if (std::holds_alternative<Attention>(layer.op)) sum += macs(layer.op);
  return sum;
}

template <class Op>
std::size_t count(const Network& network) {
  std::size_t number = 0;
  for (const Layer& layer : network.layers) number += std::holds_alternative<Op>(layer.op);
  return number;
}

/// Outputs and weights of convolutions and linear layers.
struct Traffic {
  std::uint64_t weights = 0, outputs = 0;
};
Traffic weight_layers(const Network& network) {
  Traffic sum;
  for (const Layer& layer : network.layers) {
    if (!std::holds_alternative<Conv2d>(layer.op) && !std::holds_alternative<Linear>(layer.op))
      continue;
    sum.weights += weight_elements(layer.op);
    sum.outputs += output_elements(layer.op);
  }
  return sum;
}

struct Published {
  std::string network, setting, quantity, unit, printed, source;
};

std::vector<Published> published() {
  std::ifstream file(source_path("tests/workloads/golden/published/network_totals/expected.csv"));
  std::vector<Published> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream cells(line);
    Published row;
    for (std::string* cell :
         {&row.network, &row.setting, &row.quantity, &row.unit, &row.printed, &row.source})
      std::getline(cells, *cell, ',');
    rows.push_back(row);
  }
  return rows;
}

/// `value` in the unit and with the digits of the printed figure.
std::string as_printed(std::uint64_t value, const Published& row) {
  const std::size_t point = row.printed.find('.');
  const int digits =
      point == std::string::npos ? 0 : static_cast<int>(row.printed.size() - point - 1);
  return fmt::format("{:.{}f}", static_cast<double>(value) / std::stod(row.unit), digits);
}

}  // namespace

TEST_CASE("parameters and MACs equal the published totals to their last printed digit") {
  const auto rows = published();
  REQUIRE(rows.size() == 31);
  for (const Published& row : rows) {
    CAPTURE(row.network);
    CAPTURE(row.quantity);
    const Network network =
        load_text("{model: " + row.network + (row.setting.empty() ? "" : ", " + row.setting) + "}");
    const std::uint64_t ours = row.quantity == "macs" ? macs(network) : parameters(network);
    CHECK(as_printed(ours, row) == row.printed);
  }
}

TEST_CASE("every network of the library names its source and describes itself") {
  const auto list = describe_networks(library());
  CHECK(list.size() == library_networks(library()).size());
  for (const Descriptor& network : list) {
    CAPTURE(network.name);
    CHECK_FALSE(network.summary.empty());
    CHECK_FALSE(network.source.empty());
    REQUIRE_FALSE(network.parameters.empty());
    CHECK(network.parameters[0].name == "batch");
    for (const ParameterInfo& parameter : network.parameters) CHECK_FALSE(parameter.doc.empty());
    CHECK(load_text("{model: " + network.name + "}").name == network.name);
  }
}

TEST_CASE("MACs grow with the batch and parameters do not") {
  for (const std::string& name : library_networks(library())) {
    CAPTURE(name);
    const Network one = load_text("{model: " + name + "}");
    const Network three = load_text("{model: " + name + ", batch: 3}");
    CHECK(macs(three) == 3 * macs(one));
    CHECK(parameters(three) == parameters(one));
    CHECK(three.layers.size() == one.layers.size());
  }
}

TEST_CASE("the CNNs have the published number of weight layers") {
  const auto weighted = [](std::string_view name) {
    const Network network = load_text("{model: " + std::string(name) + "}");
    return count<Conv2d>(network) + count<Linear>(network);
  };
  CHECK(weighted("alexnet") == 8);
  CHECK(weighted("vgg16") == 16);
  CHECK(weighted("resnet18") == 18 + 3);  // with the shortcuts' projections
  CHECK(weighted("resnet50") == 50 + 4);
  CHECK(weighted("mobilenet_v1") == 28);
  CHECK(weighted("mobilenet_v2") == 53);
}

TEST_CASE("residual sums and pools are layers of their own") {
  const Network resnet18 = load_text("{model: resnet18}");
  CHECK(count<Elementwise>(resnet18) == 8);
  CHECK(count<Pool2d>(resnet18) == 2);
  CHECK(count<Elementwise>(load_text("{model: resnet50}")) == 16);
  // Rows of 2, 3, 4, 3, 3 repetitions: all but the first of each have a residual.
  CHECK(count<Elementwise>(load_text("{model: mobilenet_v2}")) == 1 + 2 + 3 + 2 + 2);
  CHECK(count<Pool2d>(load_text("{model: vgg16}")) == 5);
}

TEST_CASE("weights and activations of the CNNs are those of their layer tables") {
  // Sums over the layer tables of the cited papers, outputs of weight layers, in millions.
  const auto check = [](std::string_view name, std::string_view weights, std::string_view outputs) {
    CAPTURE(name);
    const Traffic sum = weight_layers(load_text("{model: " + std::string(name) + "}"));
    CHECK(fmt::format("{:.2f}", static_cast<double>(sum.weights) / 1e6) == weights);
    CHECK(fmt::format("{:.2f}", static_cast<double>(sum.outputs) / 1e6) == outputs);
  };
  check("alexnet", "61.09", "0.49");
  check("vgg16", "138.34", "13.56");
  check("resnet18", "11.68", "2.48");
  check("resnet50", "25.50", "11.11");
  check("mobilenet_v1", "4.21", "5.04");
  check("mobilenet_v2", "3.47", "6.68");
}

TEST_CASE("a transformer's projections cost its weights for every token") {
  // Blocks of width d with key-value width g and feed-forward width f hold 2 d^2 + 2 d g + 2 d f
  // weights, a gated one 3 d f; a decode step multiplies each with one token.
  const auto decode = [](std::string_view name) {
    return projection_macs(load_text("{model: " + std::string(name) + ", phase: decode}"));
  };
  CHECK(decode("gpt2") == 12ull * (4 * 768 * 768 + 2 * 768 * 3072));
  CHECK(decode("gpt2_medium") == 24ull * (4 * 1024 * 1024 + 2 * 1024 * 4096));
  CHECK(decode("llama2_7b") == 32ull * (4 * 4096 * 4096 + 3 * 4096 * 11008));
  CHECK(decode("llama2_70b") == 80ull * (2 * 8192ull * 8192 + 2 * 8192 * 1024 + 3 * 8192 * 28672));
  CHECK(decode("llama3_8b") == 32ull * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336));
  CHECK(decode("llama3_70b") == decode("llama2_70b"));
  CHECK(decode("gpt3_175b") == 96ull * 12 * 12288 * 12288);
  // Mixtral: two of eight experts, and the router.
  CHECK(decode("mixtral_8x7b") ==
        32ull * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 4096 * 8 + 2 * 3 * 4096ull * 14336));
  const auto encode = [](std::string_view workload) {
    return projection_macs(load_text(workload));
  };
  CHECK(encode("{model: bert_base, seq_len: 1}") == 12ull * (4 * 768 * 768 + 2 * 768 * 3072));
  CHECK(encode("{model: bert_large, seq_len: 1}") == 24ull * 12 * 1024 * 1024);
  CHECK(encode("{model: xlm, seq_len: 1}") == 12ull * 12 * 2048 * 2048);
  CHECK(encode("{model: t5_base, part: encoder, seq_len: 1}") ==
        12ull * (4 * 768 * 768 + 2 * 768 * 3072));
  CHECK(encode("{model: t5_base, part: decoder, seq_len: 1, target_len: 1}") ==
        12ull * (8 * 768 * 768 + 2 * 768 * 3072));
}

// GPT-3: T. B. Brown et al., NeurIPS 2020, table D.1: two operations of the forward pass for each
// of 174,600 million active parameters and token. Mixtral: A. Q. Jiang et al., arXiv:2401.04088,
// sec. 1: each token uses 13B parameters, an embedding that is looked up among them.
TEST_CASE("language models multiply each token with as many weights as published") {
  const auto token = [](std::string_view name) {
    const Network network = load_text("{model: " + std::string(name) + ", phase: decode}");
    return projection_macs(network) + macs(layer(network, "head").op);
  };
  CHECK(fmt::format("{:.1f}", static_cast<double>(token("gpt3_175b")) / 1e9) == "174.6");
  CHECK(fmt::format("{:.0f}", static_cast<double>(token("mixtral_8x7b")) / 1e9) == "13");
}

TEST_CASE("attention costs 2 h T for every query, head and block, or half of it when causal") {
  // BERT-base: 12 blocks, 12 heads of 64, all 128 x 128 pairs.
  CHECK(attention_macs(load_text("{model: bert_base, seq_len: 128}")) ==
        12ull * 12 * 2 * 64 * 128 * 128);
  // Llama 3 8B decode: 32 blocks, 32 heads of 128, the whole context: 8192 T a block.
  CHECK(attention_macs(load_text("{model: llama3_8b, phase: decode, context_len: 5000}")) ==
        32ull * 8192 * 5000);
  // Prefill: 1 + 2 + ... + 2048 pairs.
  CHECK(attention_macs(load_text("{model: llama3_8b, seq_len: 2048}")) ==
        32ull * 8192 * (2048ull * 2049 / 2));
  // A prompt of 100 tokens after 400 in the cache: 401 + ... + 500.
  CHECK(attention_macs(load_text("{model: gpt2, seq_len: 100, context_len: 500}")) ==
        12ull * 12 * 2 * 64 * (100ull * 901 / 2));
}

TEST_CASE("a decode step reads the key-value cache") {
  // Numbers a token in the cache: 2 * blocks * kv_heads * head_width.
  const auto cached = [](std::string_view name) {
    std::uint64_t sum = 0;
    const Network network =
        load_text("{model: " + std::string(name) + ", phase: decode, context_len: 1000}");
    for (const Layer& layer : network.layers)
      if (const auto* a = std::get_if<Attention>(&layer.op))
        sum += input_elements(*a) - a->query_heads * a->head_width;
    return sum / 1000;
  };
  CHECK(cached("gpt2_medium") == 2 * 24 * 16 * 64);
  CHECK(cached("llama2_7b") == 2 * 32 * 32 * 128);
  CHECK(cached("llama3_8b") == 2 * 32 * 8 * 128);
  CHECK(cached("llama3_70b") == 2 * 80 * 8 * 128);
  CHECK(cached("mixtral_8x7b") == 2 * 32 * 8 * 128);
}

TEST_CASE("balanced routing gives every token its two experts and every expert its weights") {
  // tokens: 1 (two experts busy), 5 (ten places on eight experts), 64 (sixteen places each).
  for (const std::uint64_t batch : {1, 3, 5, 64}) {
    CAPTURE(batch);
    const Network network =
        load_text(fmt::format("{{model: mixtral_8x7b, phase: decode, batch: {}}}", batch));
    CHECK(parameters(network) == 46702792704);
    std::uint64_t gate = 0, most = 0, least = batch;
    for (const Layer& layer : network.layers) {
      if (!layer.name.starts_with("block0.gate.")) continue;
      const auto& linear = std::get<Linear>(layer.op);
      gate += macs(linear);
      most = std::max(most, linear.rows);
      least = std::min(least, linear.rows);
      CHECK(layer.inputs == Texts{"block0.ffn_norm"});
    }
    CHECK(gate == batch * 2 * 4096 * 14336);
    CHECK(most - least <= 1);
  }
}

TEST_CASE("uneven routing loads one expert more, and costs the same MACs") {
  // 64 tokens to 2 of 8 experts: 16 are the mean. The others share what the busiest leaves.
  struct Case {
    std::uint64_t imbalance, busiest, larger;
  };
  for (const auto& [imbalance, busiest, larger] :
       {Case{150, 24, 15}, Case{200, 32, 14}, Case{400, 64, 10}}) {
    const Network network =
        load_text(fmt::format("{{model: mixtral_8x7b, seq_len: 64, imbalance: {}}}", imbalance));
    CHECK(parameters(network) == 46702792704);
    CHECK(macs(network) == macs(load_text("{model: mixtral_8x7b, seq_len: 64}")));
    CHECK(std::get<Linear>(layer(network, "block0.up.busiest").op).rows == busiest);
    // (128 - busiest) / 7, rounded up: 104 / 7, 96 / 7, 64 / 7.
    CHECK(std::get<Linear>(layer(network, "block0.up.larger").op).rows == larger);
  }
  // Two places of one token: no expert can have more than one.
  const Network step = load_text("{model: mixtral_8x7b, phase: decode, imbalance: 400}");
  CHECK(std::get<Linear>(layer(step, "block0.up.busiest").op).rows == 1);
  CHECK(parameters(step) == 46702792704);
}

TEST_CASE("the head can be computed for the last token only") {
  const auto head = [](std::string_view workload) {
    return std::get<Linear>(layer(load_text(workload), "head").op).rows;
  };
  CHECK(head("{model: llama3_8b, batch: 2, seq_len: 7}") == 14);
  CHECK(head("{model: llama3_8b, batch: 2, seq_len: 7, logits: last}") == 2);
  CHECK(head("{model: mixtral_8x7b, batch: 2, seq_len: 7, logits: last}") == 2);
  CHECK(head("{model: gpt2, batch: 2, phase: decode}") == 2);
}

TEST_CASE("BERT ends with nothing, the pooler, or the masked language model") {
  const std::uint64_t none = parameters(load_text("{model: bert_base, head: none}"));
  CHECK(none == 109482240 - (768 * 768 + 768));
  // Transform and norm, and a bias for the tied decoder.
  CHECK(parameters(load_text("{model: bert_base, head: mlm}")) ==
        none + 768 * 768 + 768 + 2 * 768 + 30522);
}

TEST_CASE("the halves of T5 share the embedding and make the whole") {
  const std::uint64_t embedding = 32128ull * 768;
  CHECK(parameters(load_text("{model: t5_base, part: encoder}")) +
            parameters(load_text("{model: t5_base, part: decoder}")) - embedding ==
        parameters(load_text("{model: t5_base}")));
}

TEST_CASE("T5 decodes with the source's keys and values from the cache") {
  const Network decode = load_text("{model: t5_base, phase: decode, seq_len: 300}");
  const auto& cross = std::get<Attention>(layer(decode, "decoder_block0.cross.attention").op);
  CHECK(cross.query_length == 1);
  CHECK(cross.context_length == 300);
  CHECK_THROWS(layer(decode, "decoder_block0.cross.key"));
  CHECK_THROWS(layer(decode, "encoder_norm"));
  CHECK_NOTHROW(layer(load_text("{model: t5_base}"), "decoder_block0.cross.key"));
}

TEST_CASE("networks load at other sizes") {
  // 14 x 14 positions at the end instead of 7 x 7.
  const Network large = load_text("{model: resnet50, image_size: 448}");
  CHECK(std::get<Pool2d>(layer(large, "pool5").op).kernel_height == 14);
  // 24 x 24 patches and the class token.
  const Network vit = load_text("{model: vit_b16, image_size: 384}");
  CHECK(std::get<Attention>(layer(vit, "block0.attention").op).query_length == 577);
  for (const auto* name : {"resnet18", "mobilenet_v1", "mobilenet_v2"})
    for (const int size : {32, 33, 160, 225, 299})
      CHECK_NOTHROW(load_text(fmt::format("{{model: {}, image_size: {}}}", name, size)));
  for (const int length : {1, 127, 65536, 1048576})
    for (const auto* name : {"bert_base", "t5_base", "xlm", "llama3_70b"})
      CHECK_NOTHROW(load_text(fmt::format("{{model: {}, seq_len: {}}}", name, length)));
}

TEST_CASE("a causal prefill cannot have fewer keys than queries") {
  CHECK(mistakes_of([] { load_text("{model: gpt2, seq_len: 100, context_len: 50}"); }) ==
        Texts{"40:51: layer 'block0.attention': query_length is 100, but causal attention has a "
              "context_length of 50"});
}

TEST_CASE("a library network refuses parameters it does not have") {
  CHECK(mistakes_of([] { load_text("{model: resnet50, sequence: 3}"); }) ==
        Texts{"1:19: network 'resnet50' has no parameter 'sequence' | known: batch, image_size"});
}
