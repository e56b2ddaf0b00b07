// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "dse/learn/shares.hpp"

namespace sluice {
namespace {

TEST_CASE("every value lies in one share and is drawn from it") {
  for (const std::int64_t size : {1, 5, 8, 9, 23}) {
    CAPTURE(size);
    const Shares shares(IntegerDomain{0, size - 1, 1}, 8);
    CHECK(shares.count() == std::min<std::uint64_t>(8, static_cast<std::uint64_t>(size)));
    Random random(1);
    std::set<std::uint64_t> drawn;
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t share = random.below(shares.count());
      const std::uint64_t value = shares.draw(share, random);
      CHECK(shares.share_of(value) == share);
      drawn.insert(value);
    }
    CHECK(drawn.size() == static_cast<std::size_t>(size));
  }
}

}  // namespace
}  // namespace sluice
