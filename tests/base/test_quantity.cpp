// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

#include "base/quantity.hpp"

namespace sluice {
namespace {

template <class T>
T value(const Parsed<T>& parsed) {
  if (const auto* error = std::get_if<QuantityError>(&parsed)) FAIL(error->message);
  return std::get<T>(parsed);
}

TEST_CASE("quantities of one dimension add, subtract, compare and scale") {
  Cycles cycles{5};
  cycles += Cycles{3};
  cycles -= Cycles{1};
  CHECK(cycles == Cycles{7});
  CHECK(cycles + Cycles{1} > cycles);
  CHECK(2 * Bytes{3} == Bytes{6});
  CHECK(Bytes{3} * 2 - Bytes{1} == Bytes{5});
  CHECK(to_seconds(Cycles{940}, Hertz{940e6}).value == doctest::Approx(1e-6).epsilon(1e-15));
  CHECK(bytes_per_cycle({1e12, Bandwidth::Per::second}, Hertz{1e9}) == 1000);
  CHECK(bytes_per_cycle({64, Bandwidth::Per::cycle}, Hertz{1e9}) == 64);
}

TEST_CASE("binary prefixes are powers of 1024, decimal prefixes of 1000") {
  CHECK(value(parse_bytes("16 MiB")).value == 16777216);  // 16 * 1024 * 1024
  CHECK(value(parse_bytes("16 MB")).value == 16000000);
  CHECK(value(parse_bytes("1kB")).value == 1000);
  CHECK(value(parse_bytes("1.5 KiB")).value == 1536);
  CHECK(value(parse_bytes("0.5 MB")).value == 500000);
  CHECK(value(parse_bytes("2e3 B")).value == 2000);
  CHECK(value(parse_bytes("1EB")).value == 1000000000000000000u);  // E of exa, no exponent
  CHECK(value(parse_bytes("0")).value == 0);
  CHECK(value(parse_bytes("  7 B  ")).value == 7);
}

TEST_CASE("sizes are exact up to the last byte of 64 bits") {
  CHECK(value(parse_bytes("18446744073709551615 B")).value == UINT64_MAX);
  CHECK(value(parse_bytes("15.9375 EiB")).value == 18374686479671623680u);     // 255 * 2^56
  CHECK(value(parse_bytes("9007199254740993 B")).value == 9007199254740993u);  // 2^53 + 1
}

TEST_CASE("decimal prefixes lose nothing: the double is the one nearest to the text") {
  CHECK(value(parse_hertz("940 MHz")).value == 940e6);
  CHECK(value(parse_bandwidth("1.2 TB/s")) == Bandwidth{1.2e12, Bandwidth::Per::second});
  CHECK(value(parse_bandwidth("64 B/cycle")) == Bandwidth{64, Bandwidth::Per::cycle});
  CHECK(value(parse_bandwidth("2 GiB / s")).bytes == 2147483648.0);
  CHECK(value(parse_bandwidth("0")).bytes == 0);
  CHECK(value(parse_seconds("100 ns")).value == 100e-9);  // not 100 * 1e-9, which is another double
  CHECK(value(parse_seconds("0.1 us")).value == 100e-9);
  CHECK(value(parse_picojoules("1.3 pJ")).value == 1.3);
  CHECK(value(parse_picojoules("2 nJ")).value == 2000);
  CHECK(value(parse_area("0.5 mm2")).value == 0.5e6);  // 1 mm2 = 10^6 um2
}

TEST_CASE("case is forgiven where it tells nothing, and other spellings of micro and square") {
  CHECK(value(parse_hertz("1 ghz")).value == 1e9);
  CHECK(value(parse_hertz("1 KHZ")).value == 1e3);
  CHECK(value(parse_seconds("1 NS")).value == 1e-9);
  CHECK(value(parse_bytes("1 KB")).value == 1000);
  CHECK(value(parse_bytes("1 KIB")).value == 1024);
  CHECK(value(parse_seconds("1 \xC2\xB5s")).value == 1e-6);
  CHECK(value(parse_seconds("1 \xCE\xBCs")).value == 1e-6);
  CHECK(value(parse_area("3 mm^2")).value == 3e6);
  CHECK(value(parse_area("3 \xC2\xB5m\xC2\xB2")).value == 3);
}

TEST_CASE("a size prints with the unit that makes it shortest and stays whole") {
  CHECK(to_text(Bytes{0}) == "0 B");
  CHECK(to_text(Bytes{1}) == "1 B");
  CHECK(to_text(Bytes{1000}) == "1 kB");
  CHECK(to_text(Bytes{1024}) == "1 KiB");
  CHECK(to_text(Bytes{1536}) == "1536 B");
  CHECK(to_text(Bytes{16777216}) == "16 MiB");
  CHECK(to_text(Bytes{24ull << 30}) == "24 GiB");
  CHECK(to_text(Bytes{UINT64_MAX}) == "18446744073709551615 B");
}

TEST_CASE("a measure prints with the prefix that puts it between 1 and 1000") {
  CHECK(to_text(Hertz{940e6}) == "940 MHz");
  CHECK(to_text(Hertz{1.5e9}) == "1.5 GHz");
  CHECK(to_text(Hertz{1e3}) == "1 kHz");
  CHECK(to_text(Hertz{0.5}) == "0.5 Hz");
  CHECK(to_text(Seconds{100e-9}) == "100 ns");
  CHECK(to_text(Seconds{2.5e-3}) == "2.5 ms");
  CHECK(to_text(Seconds{3600}) == "3600 s");
  CHECK(to_text(Seconds{0}) == "0 s");
  CHECK(to_text(Picojoules{1.3}) == "1.3 pJ");
  CHECK(to_text(Picojoules{0.013}) == "13 fJ");
  CHECK(to_text(Picojoules{1.3e12}) == "1.3 J");
  CHECK(to_text(SquareMicrometres{0.5e6}) == "0.5 mm2");
  CHECK(to_text(SquareMicrometres{331e6}) == "331 mm2");
  CHECK(to_text(Bandwidth{1.2e12}) == "1.2 TB/s");
  CHECK(to_text(Bandwidth{64, Bandwidth::Per::cycle}) == "64 B/cycle");
  CHECK(to_text(Bandwidth{64.0 * (1ull << 30)}) == "64 GiB/s");
  CHECK(to_text(Bandwidth{0}) == "0 B/s");
  CHECK(to_text(Seconds{1e-30}) == "1e-15 fs");
  CHECK(to_text(Hertz{2.5e30}) == "2.5e18 THz");
}

TEST_CASE("every size reads back as itself") {
  constexpr std::uint64_t seed = 1;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    // All magnitudes, and among them multiples of the units.
    std::uint64_t bytes = random() >> (random() % 64);
    if (i % 3 == 0) bytes <<= 10 * (random() % 4);
    if (i % 3 == 1) bytes = bytes / 1000 * 1000;
    CAPTURE(bytes);
    REQUIRE(value(parse_bytes(to_text(Bytes{bytes}))).value == bytes);
  }
}

TEST_CASE("every finite measure reads back as the same double") {
  constexpr std::uint64_t seed = 2;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    // Any bit pattern, and numbers of everyday size.
    double real = std::bit_cast<double>(random() >> 1);
    if (i % 2 == 0)
      real = std::ldexp(static_cast<double>(random() >> 40), static_cast<int>(random() % 80) - 60);
    if (!std::isfinite(real)) continue;
    CAPTURE(real);
    REQUIRE(value(parse_hertz(to_text(Hertz{real}))).value == real);
    REQUIRE(value(parse_seconds(to_text(Seconds{real}))).value == real);
    REQUIRE(value(parse_picojoules(to_text(Picojoules{real}))).value == real);
    REQUIRE(value(parse_area(to_text(SquareMicrometres{real}))).value == real);
    for (const auto per : {Bandwidth::Per::second, Bandwidth::Per::cycle})
      if (real > 0)
        REQUIRE(value(parse_bandwidth(to_text(Bandwidth{real, per}))) == Bandwidth{real, per});
  }
}

}  // namespace
}  // namespace sluice
