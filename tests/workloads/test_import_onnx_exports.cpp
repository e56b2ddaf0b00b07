// SPDX-License-Identifier: Apache-2.0
// Models that torch exported have the MACs and parameters of the library's own networks, to the
// last digit, and what the exporters write out in single operations is one operator again.
// onnx/SOURCE.md says which models these are.
#include <doctest/doctest.h>

#include "base/files.hpp"
#include "tests/source_path.hpp"
#include "tests/workloads/networks.hpp"
#include "workloads/importers/importers.hpp"

namespace sluice {
namespace {

Network exported(const std::string& name, const ImportSettings& settings) {
  const std::string file = source_path("tests/workloads/onnx/" + name);
  return import_network("onnx", read_file(file, std::size_t{1} << 20), name, settings);
}

template <class Op>
std::vector<Op> all(const Network& network) {
  std::vector<Op> found;
  for (const Layer& layer : network.layers)
    if (const auto* op = std::get_if<Op>(&layer.op)) found.push_back(*op);
  return found;
}

std::size_t epilogues(const Network& network, ElementwiseKind kind) {
  std::size_t count = 0;
  for (const Layer& layer : network.layers)
    for (const ElementwiseKind own : layer.epilogue) count += own == kind ? 1 : 0;
  return count;
}

/// Every attention of `network` is this one.
void check_attention(const Network& network, std::size_t count, const Attention& expected) {
  const auto found = all<Attention>(network);
  CHECK(found.size() == count);
  for (const Attention& attention : found) CHECK(attention == expected);
  CHECK(all<MatMul>(network).empty());
  CHECK(all<Softmax>(network).empty());
}

void check_totals(const Network& network, std::string_view own) {
  const Network expected = load_text(own);
  CHECK(macs(network) == macs(expected));
  CHECK(parameters(network) == parameters(expected));
  CHECK(read_network(parse_yaml(network_to_yaml(network), "n.yaml"), nullptr) == network);
}

}  // namespace

TEST_CASE("BERT-base as the TorchScript exporter writes it is the library's") {
  const Network bert =
      exported("bert_base_torchscript.onnx", {{"batch_size", "8"}, {"seq_len", "128"}});
  check_totals(bert, "{model: bert_base, batch: 8, seq_len: 128}");
  CHECK(macs(bert) == 89393725440);
  CHECK(parameters(bert) == 109482240);
  check_attention(bert, 12,
                  {.batch = 8,
                   .query_heads = 12,
                   .kv_heads = 12,
                   .query_length = 128,
                   .context_length = 128,
                   .head_width = 64});
  CHECK(all<Norm>(bert).size() == 25);
  CHECK(all<Linear>(bert).size() == 73);  // 6 a block, and the pooler
  CHECK(epilogues(bert, ElementwiseKind::gelu) == 12);
  // Nothing else costs anything: two sums of embeddings, and two residuals a block.
  CHECK(all<Elementwise>(bert).size() == 26);
}

TEST_CASE("GPT-2 as the TorchScript exporter writes it is the library's, its mask included") {
  const Network gpt2 = exported("gpt2_torchscript.onnx", {{"batch_size", "8"}, {"seq_len", "128"}});
  check_totals(gpt2, "{model: gpt2, batch: 8, seq_len: 128}");
  CHECK(macs(gpt2) == 127714197504);
  CHECK(parameters(gpt2) == 124439808);
  check_attention(gpt2, 12,
                  {.batch = 8,
                   .query_heads = 12,
                   .kv_heads = 12,
                   .query_length = 128,
                   .context_length = 128,
                   .head_width = 64,
                   .causal = true});
  CHECK(all<Norm>(gpt2).size() == 25);
  CHECK(epilogues(gpt2, ElementwiseKind::gelu) == 12);  // the tanh form, written out
  CHECK(all<Elementwise>(gpt2).size() == 25);           // positions, and two residuals a block
}

TEST_CASE("BERT-base and GPT-2 as the dynamo exporter writes them are the library's") {
  const Network bert = exported("bert_base_dynamo.onnx", {{"batch_size", "8"}, {"seq_len", "128"}});
  check_totals(bert, "{model: bert_base, batch: 8, seq_len: 128}");
  Attention attention{.batch = 8,
                      .query_heads = 12,
                      .kv_heads = 12,
                      .query_length = 128,
                      .context_length = 128,
                      .head_width = 64};
  check_attention(bert, 12, attention);
  CHECK(all<Norm>(bert).size() == 25);
  CHECK(all<Linear>(bert).size() == 73);
  CHECK(epilogues(bert, ElementwiseKind::gelu) == 12);
  CHECK(all<Elementwise>(bert).size() == 26);
  const Network gpt2 = exported("gpt2_dynamo.onnx", {{"batch_size", "8"}, {"seq_len", "128"}});
  check_totals(gpt2, "{model: gpt2, batch: 8, seq_len: 128}");
  attention.causal = true;
  check_attention(gpt2, 12, attention);
  CHECK(all<Norm>(gpt2).size() == 25);
  CHECK(epilogues(gpt2, ElementwiseKind::gelu) == 12);
  CHECK(all<Elementwise>(gpt2).size() == 25);
}

TEST_CASE("Llama as the TorchScript exporter writes it is the library's, operator by operator") {
  // Two blocks of 8 heads that share 2 of keys and values; RMS norms, rotary embeddings, SiLU, the
  // repeated keys and the mask are all written out.
  const Network llama =
      exported("llama_small_torchscript.onnx", {{"batch_size", "8"}, {"seq_len", "128"}});
  const YamlNode settings = parse_yaml("{batch: 8, seq_len: 128}", "run.yaml");
  const Network own =
      read_network(load_yaml(source_path("tests/workloads/onnx/llama_small.yaml")), &settings);
  REQUIRE(llama.layers.size() == own.layers.size());
  for (std::size_t i = 0; i < own.layers.size(); ++i) {
    CAPTURE(own.layers[i].name);
    CHECK(llama.layers[i].op == own.layers[i].op);
    CHECK(llama.layers[i].epilogue == own.layers[i].epilogue);
  }
  CHECK(macs(llama) == 1747451904);
  CHECK(parameters(llama) == 1897728);
}

TEST_CASE("Llama as the dynamo exporter writes it has the library's totals") {
  // Here, rotary embeddings are epilogues of the projections.
  const Network llama =
      exported("llama_small_dynamo.onnx", {{"batch_size", "8"}, {"seq_len", "128"}});
  CHECK(macs(llama) == 1747451904);
  CHECK(parameters(llama) == 1897728);
  check_attention(llama, 2,
                  {.batch = 8,
                   .query_heads = 8,
                   .kv_heads = 2,
                   .query_length = 128,
                   .context_length = 128,
                   .head_width = 32,
                   .causal = true});
  CHECK(epilogues(llama, ElementwiseKind::rope) == 4);
  CHECK(epilogues(llama, ElementwiseKind::silu) == 2);
}

TEST_CASE("ResNet-50 as the dynamo exporter writes it has its batch norms in the biases") {
  // 26,560 channels have one trained number each instead of two.
  const Network resnet = exported("resnet50_dynamo.onnx", {{"batch_size", "1"}});
  const Network own = load_text("{model: resnet50}");
  CHECK(macs(resnet) == macs(own));
  CHECK(macs(resnet) == 4089184256);
  CHECK(parameters(resnet) == parameters(own) - 26560);
}

TEST_CASE("ViT-B/16 as the dynamo exporter writes it is the library's") {
  const Network vit = exported("vit_b16_dynamo.onnx", {{"batch_size", "2"}});
  check_totals(vit, "{model: vit_b16, batch: 2}");
  CHECK(macs(vit) == 2 * 17563828224);
  CHECK(parameters(vit) == 86567656);
  check_attention(vit, 12,
                  {.batch = 2,
                   .query_heads = 12,
                   .kv_heads = 12,
                   .query_length = 197,
                   .context_length = 197,
                   .head_width = 64});
  CHECK(all<Norm>(vit).size() == 25);
  CHECK(epilogues(vit, ElementwiseKind::gelu) == 12);
}

TEST_CASE("MobileNets as the TorchScript exporter writes them have the documented numbers") {
  const Network v2 = exported("mobilenet_v2_torchscript.onnx", {{"batch_size", "1"}});
  check_totals(v2, "{model: mobilenet_v2}");
  CHECK(macs(v2) == 300774272);
  CHECK(parameters(v2) == 3504872);
  CHECK(epilogues(v2, ElementwiseKind::relu6) == 35);
  // torchvision documents 5,483,032 parameters and 0.22 G operations for mobilenet_v3_large.
  const Network v3 = exported("mobilenet_v3_torchscript.onnx", {{"batch_size", "1"}});
  CHECK(macs(v3) == 216589760);
  CHECK(parameters(v3) == 5483032);
  // 21 hard swishes, and the hard sigmoids of 8 squeeze-and-excitations.
  CHECK(epilogues(v3, ElementwiseKind::hard_swish) == 21);
  CHECK(epilogues(v3, ElementwiseKind::hard_sigmoid) == 8);
  CHECK(epilogues(v3, ElementwiseKind::relu6) == 0);
}

}  // namespace sluice
