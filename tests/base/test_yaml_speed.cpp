// SPDX-License-Identifier: Apache-2.0
// A simulation takes tens of milliseconds, so reading its input must not. The times are reported;
// what is checked is a ratio, to notice a quadratic reader and not a busy machine.
#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "base/yaml.hpp"

namespace sluice {
namespace {

// 128 times as much text takes a linear reader 128 times as long and a quadratic one 16384 times;
// memory that is not yet in the cache and a busy machine can cost a few times more: so the line is
// drawn in the middle.
constexpr double middle = 1448;  // sqrt(128 * 16384)

std::string network(int layers) {
  std::string text = "layers:\n";
  for (int i = 0; i < layers; ++i)
    text += "  - name: layer" + std::to_string(i) +
            "\n    op: conv2d\n    out_channels: 64\n    kernel: [3, 3]\n    padding: same\n";
  return text;
}

// Of processor time, in the best of some rounds.
double milliseconds_to_parse(const std::string& text, int rounds) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const std::clock_t begin = std::clock();
    const YamlNode root = parse_yaml(text, "f.yaml");
    const double time = 1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    REQUIRE_FALSE(root.is_null());
    best = std::min(best, time);
  }
  return best;
}

TEST_CASE("the time to parse grows with the text and not with its square") {
  const double small = milliseconds_to_parse(network(60), 20);   // 301 lines
  const double large = milliseconds_to_parse(network(7680), 2);  // 128 times as many
  MESSAGE("301 lines: ", small, " ms; 38401 lines: ", large, " ms");
  CHECK(large < middle * small);
}

TEST_CASE("the time to parse one long line does not grow with its square either") {
  const auto line = [](int items) {
    std::string text = "[";
    for (int i = 0; i < items; ++i) text += "\xC2\xB5, ";
    return text + "0]";
  };
  const double small = milliseconds_to_parse(line(1000), 5);
  const double large = milliseconds_to_parse(line(128000), 2);  // 128 times as many
  MESSAGE("1001 items: ", small, " ms; 128001 items: ", large, " ms");
  CHECK(large < middle * small);
}

}  // namespace
}  // namespace sluice
