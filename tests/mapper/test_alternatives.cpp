// SPDX-License-Identifier: Apache-2.0
// What the neighbours of a tiling would cost.
#include <doctest/doctest.h>

#include "mapper/alternatives.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

TEST_CASE("neighbours of a tiling differ in one thing, those that fit first") {
  // As in test_heuristic.cpp: whole, 4 folds of 18 cycles; cut along m, 8 folds of 14. The same for
  // n and k, which are folds of their own: 4 folds of 18 either way.
  const Architecture a = machine(64, 64, 256);
  const TaskMapping whole{{0, "fc", plain_gemm(8, 8, 8)}, GemmTiling{8, 8, 8, false}};
  const TilingReasons reasons = reasons_for(whole, a);
  CHECK(reasons.cycles == 72);
  CHECK(reasons.dram_bytes == 192);
  REQUIRE(reasons.alternatives.size() == 3);
  CHECK(reasons.alternatives[0].change == "n 4 instead of 8");
  CHECK(reasons.alternatives[0].cycles == 72);
  CHECK(reasons.alternatives[1].change == "k 4 instead of 8");
  CHECK(reasons.alternatives[2].change == "m 4 instead of 8");
  CHECK(reasons.alternatives[2].cycles == 112);
  CHECK(to_text(reasons) ==
        "the next by estimate is n 4 instead of 8: as fast, the same DRAM traffic");
}

TEST_CASE("a neighbour that does not fit is named with both numbers") {
  // Tiles of 4 x 8 inputs fill 32 B; 8 x 8 would need 64.
  const Architecture a = machine(32, 64, 256);
  const TaskMapping half{{0, "fc", plain_gemm(8, 8, 8)}, GemmTiling{4, 8, 8, false}};
  const TilingReasons reasons = reasons_for(half, a);
  REQUIRE(!reasons.alternatives.empty());
  CHECK(reasons.alternatives.back() ==
        TilingAlternative{"m 8 instead of 4", 0, 0, "needs 64 B of in, which holds 32 B"});
}

TEST_CASE("where there is nothing to change, that is said") {
  const Architecture a = machine(64, 64, 256);
  const TaskMapping one{{0, "fc", plain_gemm(1, 1, 1)}, GemmTiling{1, 1, 1, false}};
  CHECK(reasons_for(one, a).alternatives.empty());
  CHECK(to_text(reasons_for(one, a)) == "everything fits at once: there is nothing to choose");
}

}  // namespace
}  // namespace sluice
