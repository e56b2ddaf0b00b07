// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/base64.hpp"

namespace sluice {
namespace {

TEST_CASE("bytes are written as the examples of RFC 4648 are, and read back") {
  const std::string text[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t length = 0; length <= 6; ++length) {
    const std::string bytes = std::string("foobar").substr(0, length);
    CHECK(to_base64(bytes) == text[length]);
    CHECK(from_base64(text[length]) == bytes);
  }
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(from_base64(to_base64(all)) == all);
}

TEST_CASE("what was not written so is nothing") {
  for (const char* text : {"Zg=", "Zg", "Z===", "====", "Zg==Zg==", "Zh==", "Zm9-", "Zm 9"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}

}  // namespace
}  // namespace sluice
