// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <sstream>

#include "base/utf8.hpp"
#include "sim/report/human.hpp"
#include "sim/writers/text_table.hpp"
#include "sim/writers/writers.hpp"
#include "tests/sim/writers_samples.hpp"

using namespace sluice;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

/// The sample with `count` layers; layer i takes 1000 + i cycles.
Report long_report(std::size_t count) {
  Report report = samples::report();
  report.layers.assign(count, samples::conv());
  report.total.cycles = 0;
  for (std::size_t i = 0; i < count; ++i) {
    report.layers[i].name = "model.encoder.layers." + std::to_string(i) + ".self_attention.qkv";
    report.layers[i].cycles = 1000 + i;
    report.total.cycles += 1000 + i;
  }
  return report;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("no line of a table is wider than the terminal or ends in a blank") {
  for (const unsigned width : {60u, 80u, 100u, 140u})
    for (const bool unicode : {false, true}) {
      CAPTURE(width);
      for (const Report& report : {samples::report(), long_report(500), Report{}})
        for (const std::string& line :
             lines(write_table(report, {.unicode = unicode, .width = width}))) {
          CAPTURE(line);
          CHECK(utf8_count(line) <= width);
          CHECK((line.empty() || line.back() != ' '));
        }
    }
}

TEST_CASE("random reports are laid out within the width") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Report report = samples::RandomReport(seed).report();
    const std::string text = write_table(report, {.width = 80});
    REQUIRE(find_invalid_utf8(text) == std::string::npos);
    for (const std::string& line : lines(text)) {
      CAPTURE(line);
      REQUIRE(utf8_count(line) <= 80);
    }
  }
}

TEST_CASE("a long network shows the layers with the most cycles and sums up the rest") {
  const std::string text = write_table(long_report(500), {.width = 140, .max_layers = 20});
  CHECK(contains(text, "… and 480 more"));
  CHECK(contains(text, "layers.480."));
  CHECK(contains(text, "layers.499."));
  CHECK_FALSE(contains(text, "layers.479."));
  // 480 layers of 1000 .. 1479 cycles: 480 * 1239.5
  CHECK(contains(text, "594 960"));
  const std::string all = write_table(long_report(20), {.max_layers = 20});
  CHECK_FALSE(contains(all, "more  "));
}

TEST_CASE("long names are clipped in the middle") {
  CHECK(clipped("model.layers.12.qkv", 9, {}) == "mode….qkv");
  CHECK(clipped("model.layers.12.qkv", 9, {"-", ".."}) == "mode..qkv");
  CHECK(clipped("äöü", 2, {}) == "ä…");
  CHECK(clipped("short", 5, {}) == "short");
  CHECK(clipped("short", 1, {}) == "s");
}

TEST_CASE("text wraps at blanks but keeps numbers with their units") {
  CHECK(wrapped("it moves 62 % of all", 10, {}) ==
        std::vector<std::string>{"it moves", "62 % of", "all"});
  CHECK(wrapped("abcdefghijkl", 6, {}) == std::vector<std::string>{"abc…kl"});
}

TEST_CASE("without unicode a table is ASCII, without colour it has no escapes") {
  for (const char c : write_table(samples::report(), {.unicode = false})) {
    CHECK(static_cast<unsigned char>(c) < 0x80);
    CHECK(c != '\x1b');
  }
  CHECK(contains(write_table(samples::report(), {.color = true}), "\x1b[1m"));
}

TEST_CASE("colour changes nothing but escapes") {
  std::string text = write_table(samples::report(), {.color = true});
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b'))
    text.erase(at, text.find('m', at) - at + 1);
  CHECK(text == write_table(samples::report()));
}

TEST_CASE("an infeasible design says what was needed and what there was") {
  CHECK(write_table(Outcome{Infeasible{"tiles of conv1 do not fit glb", 196608, 131072, "B"}}) ==
        "          infeasible: tiles of conv1 do not fit glb; needed 196 608 B, there are 131 072 "
        "B\n");
}

TEST_CASE("a number with few digits is rounded as its exact value is") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 3000; ++i) {
    const double value = static_cast<double>(random() % 2000001) / 2000;  // ties among them
    for (const int decimals : {0, 1, 2}) {
      CAPTURE(value);
      CHECK(fixed(value, decimals) == fmt::format("{:.{}f}", value, decimals));
    }
  }
  CHECK(fixed(-0.25, 1) == "-0.2");
  CHECK(fixed(2.5e9, 0) == "2500000000");
}

TEST_CASE("numbers for people have three digits and a prefix") {
  CHECK(grouped(1234567) == "1 234 567");
  CHECK(grouped(999) == "999");
  CHECK(rounded(3.8649e9, "MAC") == "3.86 GMAC");
  CHECK(rounded(999499, "B") == "999 kB");
  CHECK(rounded(999500, "B") == "1.00 MB");
  CHECK(rounded(512, "B") == "512 B");
  CHECK(rounded(0.00176, "s") == "1.76 ms");
  CHECK(rounded(25.56e6, "") == "25.6 M");
  CHECK(percent(0.625) == "62 %");
  CHECK(percent(0.041) == "4.1 %");
  CHECK(percent(0.99999) == ">99.9 %");
  CHECK(percent(0.0001) == "<0.1 %");
  CHECK(percent(0) == "0 %");
  CHECK(percent(1) == "100 %");
  CHECK(times(1.04) == "1.04 times");
  CHECK(times(2.63) == "2.6 times");
  CHECK(times(14.9) == "15 times");
}
