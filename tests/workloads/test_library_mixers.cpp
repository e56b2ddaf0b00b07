// SPDX-License-Identifier: Apache-2.0
// The library's networks without attention, and with decomposed or deformable convolutions: totals
// derived by hand from the sizes in their sources.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

const Layer& layer_of(const Network& network, std::string_view name) {
  for (const Layer& layer : network.layers)
    if (layer.name == name) return layer;
  throw std::runtime_error("no such layer");
}

std::uint64_t macs_of(const Network& network, std::string_view prefix) {
  std::uint64_t sum = 0;
  for (const Layer& layer : network.layers)
    if (layer.name.starts_with(prefix)) sum += macs(layer.op);
  return sum;
}

}  // namespace

TEST_CASE("Mamba has the parameters and MACs of its sizes") {
  struct Size {
    std::string name;
    std::uint64_t width, blocks, total;
  };
  for (const auto& [name, d, blocks, total] :
       {Size{"mamba_130m", 768, 24, 129135360}, Size{"mamba_2_8b", 2560, 64, 2768345600}}) {
    CAPTURE(name);
    const Network network = load_text("{model: " + name + ", seq_len: 64}");
    const std::uint64_t inner = 2 * d, rank = d / 16, state = 16;
    const std::uint64_t weights =
        d * 2 * inner + inner * (rank + 2 * state) + rank * inner + inner * 4 + inner * d;
    // Biases of convolution and step, decays, skip connection, norm.
    const std::uint64_t rest = inner + inner + inner * state + inner + d;
    CHECK(parameters(network) == blocks * (weights + rest) + 50280 * d + d);
    CHECK(parameters(network) == total);
    CHECK(macs(network) == 64 * (blocks * weights + 50280 * d));
  }
}

TEST_CASE("a decode step of Mamba costs one token and moves its state") {
  const Network step = load_text("{model: mamba_130m, phase: decode, batch: 2}");
  CHECK(macs(step) == 2 * (24 * 3741696 + 50280 * 768));
  const auto& scan = std::get<Scan>(layer_of(step, "block0.scan").op);
  CHECK(scan.carried);
  CHECK(state_elements(scan) == 2 * 24576);
  CHECK(output_elements(layer_of(step, "block0.conv").op) == 2 * 1536);
  CHECK_FALSE(std::get<Scan>(layer_of(load_text("{model: mamba_130m}"), "block0.scan").op).carried);
}

TEST_CASE("the MatMul-free language model has the parameters and MACs of its sizes") {
  struct Size {
    std::string name;
    std::uint64_t width, inner, blocks;
  };
  for (const auto& [name, d, inner, blocks] :
       {Size{"matmulfree_370m", 1024, 2816, 24}, Size{"matmulfree_2_7b", 2560, 6912, 32}}) {
    CAPTURE(name);
    const Network network = load_text("{model: " + name + ", seq_len: 32}");
    const std::uint64_t weights = 4 * d * d + 3 * d * inner;
    // Norms before mixer and MLP, of the scan, of five ternary products over d and one over inner.
    const std::uint64_t norms = 2 * d + d + 5 * d + inner;
    CHECK(parameters(network) == blocks * (weights + norms) + 2 * 32000 * d + d);
    CHECK(macs(network) == 32 * (blocks * weights + 32000 * d));
  }
}

TEST_CASE("Hyena has the parameters of its sizes, filters included when they are computed") {
  const std::uint64_t d = 864;
  const std::uint64_t layer = 4 * d * d + 2 * d * 1728 + 3 * d * 3     // products, short filter
                              + 3 * d + 3 * d + d + 1728 + d + 4 * d;  // biases, norms
  const std::uint64_t filter = 33 * 64 + 64 + 2 * (64 * 64 + 64) + 64 * d;
  const std::uint64_t rest = 50264 * d + 2 * d;
  CHECK(parameters(load_text("{model: hyena_153m}")) == 18 * layer + rest);
  CHECK(parameters(load_text("{model: hyena_153m, filters: computed}")) ==
        18 * (layer + filter) + rest);
}

TEST_CASE("a long convolution of Hyena costs two transforms of twice the tokens") {
  // N = 2 * 512 = 16 * 64: of every channel, columns 2 N1 T and rows 4 N0 N MACs, there and back.
  const std::uint64_t n = 1024, first = 16, second = 64, tokens = 512;
  const Network network = load_text("{model: hyena_153m, seq_len: 512}");
  const std::uint64_t transform = 2 * first * tokens + 4 * second * n;
  CHECK(macs_of(network, "block3.forward.") == 864 * transform);
  CHECK(macs_of(network, "block3.back.") == 864 * transform);
  // Half the tokens by another factor of the same number: smaller rows are cheaper.
  const Network narrow = load_text("{model: hyena_153m, seq_len: 512, second: 32}");
  CHECK(macs_of(narrow, "block3.forward.") == 864 * (2 * 32 * tokens + 4 * 32 * n));
}

TEST_CASE("M2-BERT has the parameters of its sizes, filters included when they are computed") {
  const std::uint64_t d = 768, f = 3072;
  const std::uint64_t mixing = 4 * d * d + 3 * d * 3 + 3 * d + 3 * d + d;
  const std::uint64_t mlp = 3 * d * f / 4 + d;
  const std::uint64_t filter = 5 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * d;
  const std::uint64_t embeddings = (30522 + 128 + 2) * d + 2 * d;
  const std::uint64_t stored = 12 * (mixing + mlp + 4 * d) + embeddings;
  CHECK(parameters(load_text("{model: m2_bert_80m}")) == stored);
  // Two convolutions a layer, each with a filter ahead and one behind.
  CHECK(parameters(load_text("{model: m2_bert_80m, filters: computed}")) ==
        stored + 12 * 4 * filter);
}

TEST_CASE("deformable stages add their offsets to ResNet-50") {
  const Network plain = load_text("{model: resnet50}");
  const Network deformable = load_text("{model: resnet50_dcnv2}");
  // 27 channels from 9 taps of 4 layers of 128, 6 of 256 and 3 of 512 channels, and their biases.
  CHECK(parameters(deformable) ==
        parameters(plain) + 27 * 9 * (4 * 128 + 6 * 256 + 3 * 512) + 13 * 27);
  CHECK(macs(deformable) ==
        macs(plain) + 27 * 9 * (28 * 28 * 4 * 128 + 14 * 14 * 6 * 256 + 7 * 7 * 3 * 512));
}

TEST_CASE("a decomposed ResNet-18 keeps the share of weights that is asked for") {
  // 3 x 3 layers: 4 of 64, 128 from 64 and 3 of 128, 256 from 128 and 3 of 256, 512 from 256 and 3
  // of 512.
  const std::uint64_t pairs = 4 * 64 * 64 + 64 * 128 + 3 * 128 * 128 + 128 * 256 + 3 * 256 * 256 +
                              256 * 512 + 3 * 512 * 512;
  const Network whole = load_text("{model: resnet18}");
  for (const char* scheme : {"cp", "svd", "separable"})
    for (const std::uint64_t kept : {10u, 35u, 80u}) {
      CAPTURE(scheme);
      CAPTURE(kept);
      const Network network = load_text(
          fmt::format("{{model: resnet18_decomposed, scheme: {}, kept: {}}}", scheme, kept));
      const std::uint64_t wanted = parameters(whole) - 9 * pairs * (100 - kept) / 100;
      // The rank of each of 16 layers is rounded down: less than the weights of a term are missing.
      CHECK(parameters(network) <= wanted);
      CHECK(parameters(network) + 16 * 10 * 512 > wanted);
    }
}

TEST_CASE("the first layer of a decomposed ResNet-18 costs what Mixed-TD counts") {
  // C = K = 64, 56 x 56, stride 1: ranks 35 * 9 * 64 * 64 / (100 * term) of the three schemes.
  const auto cost = [](const char* scheme) {
    const Network network =
        load_text(fmt::format("{{model: resnet18_decomposed, scheme: {}}}", scheme));
    return macs_of(network, "conv2_0.terms1") + macs_of(network, "conv2_0.conv1");
  };
  const std::uint64_t pixels = 56 * 56;
  CHECK(cost("cp") == 96 * pixels * (64 + 3 + 3 + 64));
  CHECK(cost("svd") == 20 * pixels * (9 * 64 + 64));
  CHECK(cost("separable") == 33 * pixels * (3 * 64 + 3 * 64));
}
