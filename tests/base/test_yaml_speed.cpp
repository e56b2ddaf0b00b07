// SPDX-License-Identifier: Apache-2.0
// A simulation takes tens of milliseconds, so reading its input must not. The times are reported;
// what is checked is a ratio, to notice a quadratic reader and not a busy machine.
#include <doctest/doctest.h>

#include <chrono>

#include "base/yaml.hpp"

namespace sluice {
namespace {

// Of 32 times as much text: linear takes 32 times as long, quadratic 1024; this is between the two.
constexpr double middle = 181;  // sqrt(32 * 1024)

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
    REQUIRE_FALSE(root.is_null());
    best = std::min(best, time.count());
  }
  return best;
}

TEST_CASE("the time to parse grows with the text and not with its square") {
  const double small = milliseconds_to_parse(network(60), 20);   // 301 lines
  const double large = milliseconds_to_parse(network(1920), 3);  // 32 times as many
  MESSAGE("301 lines: ", small, " ms; 9601 lines: ", large, " ms");
  CHECK(large < middle * small);
}

TEST_CASE("the time to parse one long line does not grow with its square either") {
  const auto line = [](int items) {
    std::string text = "[";
    for (int i = 0; i < items; ++i) text += "\xC2\xB5, ";
    return text + "0]";
  };
  const double small = milliseconds_to_parse(line(2000), 3);
  const double large = milliseconds_to_parse(line(64000), 3);  // 32 times as many
  MESSAGE("2001 items: ", small, " ms; 64001 items: ", large, " ms");
  CHECK(large < middle * small);
}

}  // namespace
}  // namespace sluice
