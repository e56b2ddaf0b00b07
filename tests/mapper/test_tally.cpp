// SPDX-License-Identifier: Apache-2.0
// The counts of nests whose tiles divide, made from the outermost node inwards, against those made
// view by view (which a walk through every step checks): equal in every number.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "mapper/nest/tally.hpp"

namespace sluice {
namespace {

using Random = std::mt19937_64;

std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

/// A convolution of two dimensions, strided and dilated; the output slides instead in a third.
Problem random_problem(Random& random) {
  Problem problem;
  const std::uint64_t sizes[] = {1, 2, 3, 4, 6, 8, 12};
  for (const char* name : {"C", "M", "R", "S", "P", "Q"})
    problem.ranks.push_back({name, sizes[pick(random, 0, 6)], false});
  const std::uint64_t stride = pick(random, 1, 3), dilation = pick(random, 1, 2);
  const bool scatters = pick(random, 0, 2) == 0;
  const NestProjection rows = {{4, stride}, {2, dilation}}, columns = {{5, 1}, {3, 1}};
  problem.tensors = {{"Weights", {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}, false, 8},
                     {"Inputs", {{{0, 1}}, rows, columns}, false, 8},
                     {"Outputs", {{{1, 1}}, {{4, 1}}, {{5, 1}}}, true, 8}};
  if (scatters) std::swap(problem.tensors[1].dimensions, problem.tensors[2].dimensions);
  return problem;
}

Hierarchy random_machine(Random& random, const Problem& problem) {
  Hierarchy machine;
  for (std::uint64_t i = pick(random, 1, 3); i > 0; --i) {
    NestLevel& level = machine.levels.emplace_back();
    level.name = "L" + std::to_string(i);
    level.fan_out = {{"X", 64, {}}, {"Y", 64, {}}};
    for (FanOutAxis& axis : level.fan_out)
      if (pick(random, 0, 1) == 1) axis.separate = {problem.tensors[pick(random, 0, 2)].name};
  }
  machine.compute.latch = pick(random, 0, 2) == 0;
  return machine;
}

Nest random_nest(Random& random, const Problem& problem, const Hierarchy& machine) {
  Nest nest;
  std::vector<std::uint64_t> tiles;
  for (const NestRank& rank : problem.ranks) tiles.push_back(rank.extent);
  const auto cut = [&](std::size_t rank) {
    std::uint64_t tile = pick(random, 1, tiles[rank]);
    while (tiles[rank] % tile != 0) --tile;
    return tiles[rank] = tile;
  };
  for (std::size_t level = 0; level < machine.levels.size(); ++level) {
    std::uint16_t rest = 7;
    for (int part = 0; part < 3; ++part) {
      const auto kept = static_cast<std::uint16_t>(level == 0 ? rest : random() & rest);
      if (kept != 0) nest.keep(level, kept);
      rest = static_cast<std::uint16_t>(rest & ~kept);
      for (std::uint64_t loops = pick(random, 0, 3); loops > 0; --loops) {
        const std::size_t rank = pick(random, 0, 5);
        nest.loop(rank, cut(rank));
      }
    }
    for (std::uint64_t spreads = pick(random, 0, 2); spreads > 0; --spreads) {
      const std::size_t rank = pick(random, 0, 5);
      nest.spread(level, pick(random, 0, 1), rank, cut(rank));
    }
  }
  for (std::size_t rank = 0; rank < 6; ++rank) nest.loop(rank, 1);
  return nest;
}

/// Returns how many of the nests have a closed form.
int check_nests(std::uint64_t seed, int nests, CountConvention convention) {
  CAPTURE(seed);
  Random random(seed);
  int closed = 0;
  for (int i = 0; i < nests; ++i) {
    CAPTURE(i);
    const Problem problem = random_problem(random);
    const Hierarchy machine = random_machine(random, problem);
    const Nest nest = random_nest(random, problem, machine);
    CountOptions options{convention, 0};
    if (pick(random, 0, 2) == 0)
      options.branches = random() & random() & ((std::uint64_t{1} << nest.size()) - 2);
    const std::string text = to_text(nest, problem, machine);
    CAPTURE(text);
    CAPTURE(options.branches);
    NestCounts tally, any;
    if (!count_tally(nest, TallyRules(problem, machine, convention), options.branches, tally))
      continue;
    ++closed;
    count_any(nest, problem, machine, options, any);
    for (std::size_t level = 0; level < machine.levels.size(); ++level)
      for (std::size_t t = 0; t < 3; ++t) {
        CAPTURE(level);
        CAPTURE(t);
        REQUIRE(tally.at[level][t].kept == any.at[level][t].kept);
        REQUIRE(tally.at[level][t].tile == any.at[level][t].tile);
        REQUIRE(tally.at[level][t].instances == any.at[level][t].instances);
        REQUIRE(tally.at[level][t].reads == any.at[level][t].reads);
        REQUIRE(tally.at[level][t].fills == any.at[level][t].fills);
        REQUIRE(tally.at[level][t].updates == any.at[level][t].updates);
      }
    REQUIRE(tally == any);
  }
  return closed;
}

TEST_CASE("a growing nest is counted as one that is looked at view by view") {
  CHECK(check_nests(1, 2000, CountConvention::sluice) > 1000);
  CHECK(check_nests(2, 2000, CountConvention::timeloop) > 1000);
  CHECK(check_nests(3, 2000, CountConvention::accelforge) > 1000);
}

TEST_SUITE("slow") {
  TEST_CASE("a hundred thousand growing nests are counted as views are") {
    for (const CountConvention convention :
         {CountConvention::sluice, CountConvention::timeloop, CountConvention::accelforge})
      CHECK(check_nests(4, 30000, convention) > 15000);
  }
}

}  // namespace
}  // namespace sluice
