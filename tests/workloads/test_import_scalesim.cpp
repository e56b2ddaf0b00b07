// SPDX-License-Identifier: Apache-2.0
// Topology files of SCALE-Sim as networks: what their rows mean.
#include <doctest/doctest.h>

#include <string>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/importers/scalesim_topology.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

constexpr const char* conv_header =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,\n";
constexpr const char* gemm_header = "Layer, M, N, K,\n";

Network conv(const std::string& rows, ScalesimSparsity sparsity = ScalesimSparsity::ignore) {
  return import_scalesim_topology(conv_header + rows, "nets/my.csv", ScalesimRows::conv, sparsity);
}

Network gemm(const std::string& rows, ScalesimSparsity sparsity = ScalesimSparsity::ignore) {
  return import_scalesim_topology(gemm_header + rows, "nets/my.csv", ScalesimRows::gemm, sparsity);
}

TEST_CASE("a row of a convolution is an unpadded convolution whose partial windows count") {
  const Network network = conv("Conv1, 224, 223, 7, 5, 3, 64, 2,\n");
  CHECK(network.name == "my");
  CHECK(network.source == "SCALE-Sim topology my.csv (conv)");
  REQUIRE(network.layers.size() == 1);
  const Layer& layer = network.layers[0];
  CHECK(layer.name == "Conv1");
  const auto& c = std::get<Conv2d>(layer.op);
  CHECK(c == Conv2d{.in_channels = 3,
                    .in_height = 224,
                    .in_width = 223,
                    .out_channels = 64,
                    .kernel_height = 7,
                    .kernel_width = 5,
                    .stride_height = 2,
                    .stride_width = 2,
                    .ceil_output = true});
  CHECK(out_height(c) == 110);  // ceil((224 - 7 + 2) / 2)
  CHECK(out_width(c) == 110);   // ceil((223 - 5 + 2) / 2)
}

TEST_CASE("a row M, N, K is M rows of K features times K x N weights") {
  const Network network = gemm("G, 100, 37, 211,\n");
  REQUIRE(network.layers.size() == 1);
  CHECK(std::get<Linear>(network.layers[0].op) ==
        Linear{.rows = 100, .in_features = 211, .out_features = 37});
}

TEST_CASE("the comma at the end of a row may be there or not") {
  CHECK(gemm("G,1,2,3,\n") == gemm("G,1,2,3\n"));
  CHECK(gemm("G,1,2,3,2:4,\n", ScalesimSparsity::layer) ==
        gemm("G,1,2,3,2:4", ScalesimSparsity::layer));
}

TEST_CASE("empty lines, lines of commas, blanks, CR LF and a byte-order mark do not matter") {
  const std::string text =
      "\xEF\xBB\xBFLayer, M, N, K,\r\n\r\n  G \t,\t1 ,2,  3  , \r\n,,,,\r\n   \r\n";
  CHECK(import_scalesim_topology(text, "nets/my.csv", ScalesimRows::gemm) == gemm("G,1,2,3,\n"));
}

TEST_CASE("a row with DP in its name is depthwise: its filters go to every channel") {
  const auto c = std::get<Conv2d>(conv("Conv2_DP, 14, 14, 3, 3, 32, 2, 1,\n").layers[0].op);
  CHECK(c.groups == 32);
  CHECK(c.in_channels == 32);
  CHECK(c.out_channels == 64);
  // 12 x 12 outputs, 32 channels, 2 filters of 3 x 3.
  CHECK(macs(Operator(c)) == 12 * 12 * 32 * 2 * 9);
}

TEST_CASE("without DP a row of many channels and one filter is one full reduction") {
  const auto c = std::get<Conv2d>(conv("Conv2, 14, 14, 3, 3, 32, 1, 1,\n").layers[0].op);
  CHECK(c.groups == 1);
  CHECK(macs(Operator(c)) == 12 * 12 * 32 * 9);
}

TEST_CASE("names are kept, but for what no name may have and for one that comes twice") {
  const Network network = gemm(
      "A,1,1,1,\nA,2,2,2,\nA_2,3,3,3,\nfully connected,4,4,4,\n,5,5,5,\n"
      "input,6,6,6,\n");
  std::vector<std::string> names;
  for (const Layer& layer : network.layers) names.push_back(layer.name);
  CHECK(names ==
        std::vector<std::string>{"A", "A_2", "A_2_2", "fully_connected", "layer4", "input_"});
}

TEST_CASE("N:M is ignored unless layer-wise sparsity is asked for") {
  const Network network = gemm("S, 96, 64, 256, 2:4,\n");
  CHECK(std::get<Linear>(network.layers[0].op).in_features == 256);
  CHECK(network.source ==
        "SCALE-Sim topology my.csv (gemm); the column N:M is ignored, all layers are dense");
}

TEST_CASE("layer-wise sparsity leaves zero weights out of K and says so") {
  const Network network =
      gemm("Dense, 96, 64, 256, 1:1,\nS, 50, 37, 211, 2:4,\n", ScalesimSparsity::layer);
  CHECK(network.layers[0].name == "Dense");
  CHECK(std::get<Linear>(network.layers[0].op).in_features == 256);
  CHECK(network.layers[1].name == "S_2of4");
  // 211 = 52 x 4 + 3: 52 x 2 + min(3, 2) = 106.
  CHECK(std::get<Linear>(network.layers[1].op) ==
        Linear{.rows = 50, .in_features = 106, .out_features = 37});
  CHECK(network.source ==
        "SCALE-Sim topology my.csv (gemm); zero weights are left out of K in layers named _NofM");
}

TEST_CASE("what is left of K is N of each M, and of the rest at most N") {
  CHECK(sparse_extent(256, 1, 1) == 256);
  CHECK(sparse_extent(256, 3, 8) == 96);
  CHECK(sparse_extent(9, 1, 4) == 3);   // 2 x 1 + min(1, 1)
  CHECK(sparse_extent(11, 2, 4) == 6);  // 2 x 2 + min(3, 2)
  CHECK(sparse_extent(3, 4, 8) == 3);
}

TEST_CASE("a sparse convolution becomes the product that is left of it") {
  const Network network = conv("C, 224, 224, 11, 11, 3, 96, 4, 1:4,\n", ScalesimSparsity::layer);
  // 55 x 55 windows; 363 = 90 x 4 + 3 weights each: 91 are left.
  CHECK(std::get<Linear>(network.layers[0].op) ==
        Linear{.rows = 3025, .in_features = 91, .out_features = 96});
}

TEST_CASE("a sparse depthwise row is one product a channel") {
  const Network network = conv("C_DP, 14, 14, 3, 3, 32, 2, 1, 1:2,\n", ScalesimSparsity::layer);
  // 9 = 4 x 2 + 1: 4 + 1 weights are left of each filter.
  CHECK(std::get<Linear>(network.layers[0].op) ==
        Linear{.rows = 144, .in_features = 5, .out_features = 2, .experts = 32});
}

TEST_CASE("an imported network is written and read back unchanged") {
  const Network network = conv(
      "Conv1, 224, 224, 11, 11, 3, 96, 4,\nConv2, 27, 27, 5, 5, 96, 256, 1,\n"
      "D_DP, 14, 14, 3, 3, 256, 1, 1,\n1, 7, 7, 1, 1, 64, 8, 2,\n");
  CHECK(read_network(parse_yaml(network_to_yaml(network), "my.yaml"), nullptr) == network);
}

TEST_CASE("the registry's importer takes its parameters as texts") {
  const std::string text = std::string(gemm_header) + "S, 96, 64, 256, 2:4,\n";
  const Network network = import_network("scalesim_topology", text, "my.csv",
                                         {{"rows", "gemm"}, {"sparsity", "layer"}});
  CHECK(std::get<Linear>(network.layers[0].op).in_features == 128);
  CHECK(importer_descriptors().front().name == "scalesim_topology");
}

TEST_CASE("the registry answers unknown importers, parameters and words with the nearest") {
  const auto message = [](const char* importer, const ImportSettings& settings) -> std::string {
    try {
      import_network(importer, gemm_header, "my.csv", settings);
    } catch (const SpecError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message("scalesim", {}) ==
        "import: error: there is no importer 'scalesim'\n"
        "hint: did you mean 'scalesim_topology'?");
  CHECK(message("scalesim_topology", {{"row", "gemm"}}) ==
        "import: error: importer scalesim_topology has no parameter 'row'\n"
        "hint: did you mean 'rows'?");
  CHECK(message("scalesim_topology", {{"rows", "gem"}}) ==
        "import: error: rows is 'gem'\nhint: did you mean 'gemm'?");
}

}  // namespace
}  // namespace sluice
