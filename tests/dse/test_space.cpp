// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "dse/read_space.hpp"
#include "dse/space_index.hpp"

namespace sluice {
namespace {

DesignSpace space_of(const std::string& text) {
  Diagnostics diagnostics;
  std::vector<Expression> metric_constraints;
  DesignSpace space = read_space(parse_yaml(text, "s.yaml"), {}, metric_constraints, diagnostics);
  diagnostics.throw_if_any();
  return space;
}

const char* const conditional =
    "parameters:\n"
    "  dataflow: {path: a.dataflow, choices: [ws, os, is]}\n"
    "  rows: {path: a.rows, powers_of_two: [8, 32], unit: KiB}\n"
    "  overlap: {path: a.overlap, boolean: true, when: dataflow != os}\n"
    "  order: {paths: [a.x, a.y], order: [m, n, k], when: dataflow == os}\n"
    "  depth: {path: a.depth, integers: [2, 5], when: overlap and rows >= 16}\n"
    "constraints: ['rows <= 16 or dataflow == ws']\n";

TEST_CASE("points are numbered one to one") {
  const DesignSpace space = space_of(conditional);
  const SpaceIndex index(space);
  // ws and is: 3 rows x (no overlap 1 + overlap (1 or 4 depths)) = 3 + 1 + 2 x 4 = 12 each;
  // os: 3 rows x 3! orders = 18.
  REQUIRE(index.count() == 42);
  CHECK(index.size() == 42);
  std::set<Point> seen;
  for (std::uint64_t i = 0; i < 42; ++i) {
    const Point point = index.point(i);
    CHECK(is_canonical(space, point));
    CHECK(index.index(point) == i);
    seen.insert(point);
  }
  CHECK(seen.size() == 42);
}

TEST_CASE("every combination of digits is one of the numbered points") {
  const DesignSpace space = space_of(conditional);
  const SpaceIndex index(space);
  std::set<Point> seen;
  for (std::uint64_t code = 0; code < 3 * 3 * 2 * 6 * 4; ++code) {
    const Point raw{{code % 3, code / 3 % 3, code / 9 % 2, code / 18 % 6, code / 108}};
    const Point point = canonical(space, raw);
    CHECK(canonical(space, point) == point);
    seen.insert(point);
  }
  CHECK(seen.size() == *index.count());
}

TEST_CASE("a point is canonical where making it so changes nothing") {
  const DesignSpace space = space_of(conditional);
  const auto digit = [](std::uint64_t code, std::uint64_t base) {  // the last stands for inactive
    return code % base == base - 1 ? inactive : code % base;
  };
  std::size_t canonical_points = 0;
  for (std::uint64_t code = 0; code < 5 * 5 * 4 * 8 * 6;
       ++code) {  // each has one that is too large
    const Point raw{{digit(code, 5), digit(code / 5, 5), digit(code / 25, 4), digit(code / 100, 8),
                     digit(code / 800, 6)}};
    CHECK(is_canonical(space, raw) == (canonical(space, raw) == raw));
    if (is_canonical(space, raw)) ++canonical_points;
  }
  CHECK(canonical_points == 42);  // as above
  CHECK_FALSE(is_canonical(space, {{0, 0}}));
}

TEST_CASE("a point sets the values of the parameters that exist") {
  const DesignSpace space = space_of(conditional);
  const Point point = canonical(space, {{1, 2, 1, 1, 3}});
  CHECK(to_text(space, point) == "dataflow=os, rows=32 KiB, order=[m, k, n]");
  CHECK(settings_of(space, point) == std::vector<SpaceSetting>{{"a.dataflow", "os"},
                                                               {"a.rows", "32 KiB"},
                                                               {"a.x", "[m, k, n]"},
                                                               {"a.y", "[m, k, n]"}});
  CHECK(broken_constraint(space, point) == "rows <= 16 or dataflow == ws");
  CHECK(broken_constraint(space, canonical(space, {{1, 1, 0, 0, 0}})).empty());
}

TEST_CASE("the hash of a point is that of its values") {
  const DesignSpace space = space_of(conditional);
  const DesignSpace other = space_of(
      "parameters:\n"
      "  rows: {path: a.rows, powers_of_two: [4, 64], unit: KiB}\n"
      "  dataflow: {path: a.dataflow, choices: [os, ws]}\n"
      "  order: {paths: [a.x, a.y], order: [m, n, k], when: dataflow == os}\n");
  CHECK(hash_of(space, canonical(space, {{1, 0, 0, 4, 0}})) ==
        hash_of(other, canonical(other, {{1, 0, 4}})));
  CHECK(hash_of(space) != hash_of(other));
  std::set<std::uint64_t> hashes;
  const SpaceIndex index(space);
  for (std::uint64_t i = 0; i < 42; ++i) hashes.insert(hash_of(space, index.point(i)));
  CHECK(hashes.size() == 42);
}

TEST_CASE("a space beyond 2^63 points has a size but no numbers") {
  std::string text = "parameters:\n";
  for (int i = 0; i < 8; ++i)
    text +=
        "  p" + std::to_string(i) + ": {path: a.p" + std::to_string(i) + ", integers: [1, 1024]}\n";
  const DesignSpace space = space_of(text);  // 2^80
  CHECK_FALSE(SpaceIndex(space).count());
  CHECK(SpaceIndex(space).size() == 0x1p80);
}

}  // namespace
}  // namespace sluice
