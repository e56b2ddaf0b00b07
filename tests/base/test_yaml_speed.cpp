// SPDX-License-Identifier: Apache-2.0
// A simulation takes tens of milliseconds, so reading its input must not: the time is reported, and
// bounded far above what was measured, to notice a quadratic reader and not a busy machine.
#include <doctest/doctest.h>

#include <chrono>

#include "base/yaml.hpp"

namespace sluice {
namespace {

std::string network(int layers) {
  std::string text = "layers:\n";
  for (int i = 0; i < layers; ++i)
    text += "  - name: layer" + std::to_string(i) +
            "\n    op: conv2d\n    out_channels: 64\n    kernel: [3, 3]\n    padding: same\n";
  return text;
}

double milliseconds_to_parse(const std::string& text, int rounds) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const YamlNode root = parse_yaml(text, "f.yaml");
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    REQUIRE(root.is_map());
    best = std::min(best, time.count());
  }
  return best;
}

TEST_CASE("the time to parse grows with the text and not with its square") {
  const double small = milliseconds_to_parse(network(60), 20);  // 301 lines
  const double large = milliseconds_to_parse(network(960), 5);  // 16 times as many
  MESSAGE("301 lines: ", small, " ms; 4801 lines: ", large, " ms");
  CHECK(large < 64 * small);  // linear is 16, quadratic 256
}

}  // namespace
}  // namespace sluice
