// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/quantity.hpp"

namespace sluice {
namespace {

// `message | hint` of a text that is not a quantity.
template <class T>
std::string wrong(const Parsed<T>& parsed) {
  const auto* error = std::get_if<QuantityError>(&parsed);
  return error == nullptr ? "no error" : error->message + " | " + error->hint;
}

TEST_CASE("a number without a unit is an error with an example") {
  CHECK(wrong(parse_bytes("16")) == "'16' has no unit | write a size like 16 MiB");
  CHECK(wrong(parse_hertz("1e9")) == "'1e9' has no unit | write a frequency like 940 MHz");
  CHECK(wrong(parse_seconds("3")) == "'3' has no unit | write a time like 100 ns");
  CHECK(wrong(parse_picojoules("3")) == "'3' has no unit | write an energy like 1.3 pJ");
  CHECK(wrong(parse_area("3")) == "'3' has no unit | write an area like 0.5 mm2");
  CHECK(wrong(parse_bandwidth("3")) ==
        "'3' has no unit | write a bandwidth like 1.2 TB/s or 64 B/cycle");
}

TEST_CASE("an unknown unit is answered with the nearest") {
  CHECK(wrong(parse_hertz("3 MHzz")) == "'MHzz' is not a unit of frequency | did you mean 'MHz'?");
  CHECK(wrong(parse_bytes("3 bytes")) == "'bytes' is not a unit of size | did you mean 'B'?");
  CHECK(wrong(parse_bytes("3 M")) == "'M' is not a unit of size | did you mean 'MiB' or 'MB'?");
  CHECK(wrong(parse_bandwidth("3 G/s")) ==
        "'G/s' is not a unit of bandwidth | did you mean 'GiB/s' or 'GB/s'?");
  CHECK(wrong(parse_seconds("3 sec")) == "'sec' is not a unit of time | did you mean 's'?");
  CHECK(wrong(parse_picojoules("3 joules")) ==
        "'joules' is not a unit of energy | did you mean 'J'?");
  CHECK(wrong(parse_seconds("3 hours")) ==
        "'hours' is not a unit of time | known: s, ms, us, ns, ps, fs");
  CHECK(wrong(parse_seconds("3 GHz")) ==
        "'GHz' is not a unit of time | known: s, ms, us, ns, ps, fs");
}

TEST_CASE("case is not forgiven where it would change the value") {
  CHECK(wrong(parse_hertz("3 mHz")) ==
        "'mHz' is not a unit of frequency | did you mean 'MHz'? capital and small letters differ "
        "here");
  CHECK(wrong(parse_picojoules("3 PJ")) ==
        "'PJ' is not a unit of energy | did you mean 'pJ'? capital and small letters differ here");
  CHECK(wrong(parse_bytes("3 Mb")) ==
        "'Mb' is not a unit of size | did you mean 'MB'? a small 'b' stands for bits");
  CHECK(wrong(parse_bandwidth("3 Gb/s")) ==
        "'Gb/s' is not a unit of bandwidth | did you mean 'GB/s'? a small 'b' stands for bits");
}

TEST_CASE("what is not a plain decimal number is an error") {
  CHECK(wrong(parse_bytes("")) ==
        "a size is expected, the text is empty | write a size like 16 MiB");
  CHECK(wrong(parse_bytes("big")) ==
        "'big' is not a size: it does not begin with a number | write a size like 16 MiB");
  CHECK(wrong(parse_hertz("nan")) ==
        "'nan' is not a frequency: it does not begin with a number | write a frequency like 940 "
        "MHz");
  CHECK(wrong(parse_hertz("inf Hz")) ==
        "'inf Hz' is not a frequency: it does not begin with a number | write a frequency like 940 "
        "MHz");
  CHECK(wrong(parse_bytes("0x10 B")) == "'0x10 B' is hexadecimal | write it in decimal");
  CHECK(wrong(parse_bytes("-1 B")) == "'-1 B' is negative | a size is zero or more");
  CHECK(wrong(parse_seconds("-0.5 s")) == "'-0.5 s' is negative | a time is zero or more");
  CHECK(wrong(parse_bytes("+1 B")) == "'+1 B' begins with a sign | leave out the '+'");
  CHECK(wrong(parse_hertz(".5 GHz")) == "'.5 GHz' has no digit before the point | write 0.5 GHz");
  CHECK(wrong(parse_hertz("5. GHz")) ==
        "'5. GHz' has no digit after the point | write a frequency like 940 MHz");
  CHECK(wrong(parse_bytes("1_000 B")) ==
        "'1_000 B' has a '_' among its digits | write the digits without separators");
  CHECK(wrong(parse_bytes("1,000 B")) ==
        "'1,000 B' has a ',' among its digits | write the digits without separators");
}

TEST_CASE("a size must be whole and fit 64 bits") {
  CHECK(wrong(parse_bytes("1.5 B")) == "'1.5 B' is not a whole number of bytes | ");
  CHECK(wrong(parse_bytes("0.3 KiB")) == "'0.3 KiB' is not a whole number of bytes | ");
  CHECK(wrong(parse_bytes("1e-30 B")) == "'1e-30 B' is not a whole number of bytes | ");
  CHECK(wrong(parse_bytes("18446744073709551616 B")) ==
        "'18446744073709551616 B' has more digits than 64 bits hold | ");
  CHECK(wrong(parse_bytes("16 EiB")) == "'16 EiB' is too large | the most is 16 EiB less one byte");
  CHECK(wrong(parse_bytes("1e99999999999 B")) ==
        "'1e99999999999 B' is too large | the most is 16 EiB less one byte");
}

TEST_CASE("a measure beyond what a double holds is too large or too small") {
  CHECK(wrong(parse_hertz("1e999 Hz")) == "'1e999 Hz' is too large | ");
  CHECK(wrong(parse_hertz("1e308 GHz")) == "'1e308 GHz' is too large | ");
  CHECK(wrong(parse_seconds("1e-999 s")) == "'1e-999 s' is too small | ");
  CHECK(wrong(parse_seconds("0.0001e-330 s")) == "'0.0001e-330 s' is too small | ");
  CHECK(wrong(parse_bandwidth("1e308 EiB/s")) == "'1e308 EiB/s' is too large | ");
}

TEST_CASE("a bandwidth says per second or per cycle") {
  CHECK(wrong(parse_bandwidth("3 GB")) ==
        "'3 GB' does not say per what | write a bandwidth like 1.2 TB/s or 64 B/cycle");
  CHECK(wrong(parse_bandwidth("3 GB/min")) ==
        "'min' is not what a bandwidth is per | per second is '/s', per cycle of the clock "
        "'/cycle'");
  CHECK(wrong(parse_bandwidth("3 GB/")) ==
        "'' is not what a bandwidth is per | per second is '/s', per cycle of the clock '/cycle'");
}

}  // namespace
}  // namespace sluice
