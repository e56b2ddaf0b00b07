// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/hash.hpp"

namespace sluice {
namespace {

TEST_CASE("the hash is FNV-1a: the test vectors of IETF draft-eastlake-fnv, appendix C") {
  CHECK(hash_text(content_hash("")) == "cbf29ce484222325");
  CHECK(hash_text(content_hash("a")) == "af63dc4c8601ec8c");
  CHECK(hash_text(content_hash("foobar")) == "85944171f73967e8");
}

TEST_CASE("texts hashed one after the other hash like their concatenation") {
  CHECK(content_hash("bar", content_hash("foo")) == content_hash("foobar"));
}

}  // namespace
}  // namespace sluice
