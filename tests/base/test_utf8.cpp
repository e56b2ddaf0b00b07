// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/utf8.hpp"

namespace sluice {
namespace {

TEST_CASE("well-formed characters of one to four bytes are recognised") {
  CHECK(utf8_length("a", 0) == 1);
  CHECK(utf8_length("\xC2\xB5", 0) == 2);          // U+00B5
  CHECK(utf8_length("\xE2\x82\xAC", 0) == 3);      // U+20AC
  CHECK(utf8_length("\xF4\x8F\xBF\xBF", 0) == 4);  // U+10FFFF, the last
  CHECK(utf8_count("a\xC2\xB5\xE2\x82\xAC") == 3);
}

TEST_CASE("what RFC 3629 forbids is malformed") {
  CHECK(utf8_length("\x80", 0) == 0);              // a continuation alone
  CHECK(utf8_length("\xC2", 0) == 0);              // cut off
  CHECK(utf8_length("\xC0\x80", 0) == 0);          // overlong
  CHECK(utf8_length("\xE0\x9F\xBF", 0) == 0);      // overlong
  CHECK(utf8_length("\xED\xA0\x80", 0) == 0);      // a surrogate
  CHECK(utf8_length("\xF0\x8F\xBF\xBF", 0) == 0);  // overlong
  CHECK(utf8_length("\xF4\x90\x80\x80", 0) == 0);  // beyond U+10FFFF
  CHECK(find_invalid_utf8("ab\xFFz") == 2);
  CHECK(find_invalid_utf8("ab\xC2\xB5") == std::string_view::npos);
}

TEST_CASE("what cannot be shown becomes a question mark") {
  CHECK(printable("a\x01\n\xFF\tb\x7F") == "a???\tb?");
}

}  // namespace
}  // namespace sluice
