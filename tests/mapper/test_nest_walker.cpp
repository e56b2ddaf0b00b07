// SPDX-License-Identifier: Apache-2.0
// The closed forms against a walk through every step, on random small nests: ragged, strided,
// bypassed, spread, shared with other Einsums.
#include <doctest/doctest.h>

#include <random>

#include "tests/mapper/nest_timeloop_walker.hpp"

namespace sluice {
namespace {

using Random = std::mt19937_64;

std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

/// Outputs[K,P] = Weights[K,C,R] * Inputs[C, stride P + dilation R].
Problem random_problem(Random& random) {
  Problem problem;
  problem.name = "conv1d";
  const char* names[] = {"K", "C", "P", "R"};
  for (const char* name : names) problem.ranks.push_back({name, pick(random, 1, 6), false});
  const std::uint64_t stride = pick(random, 1, 3), dilation = pick(random, 1, 2);
  problem.tensors = {{"Weights", {{{0, 1}}, {{1, 1}}, {{3, 1}}}, false, 8},
                     {"Inputs", {{{1, 1}}, {{2, stride}, {3, dilation}}}, false, 8},
                     {"Outputs", {{{0, 1}}, {{2, 1}}}, true, 8}};
  return problem;
}

Hierarchy random_machine(Random& random, bool separate) {
  Hierarchy machine;
  const std::size_t levels = pick(random, 1, 3);
  for (std::size_t i = 0; i < levels; ++i) {
    NestLevel level;
    level.name = "L" + std::to_string(i);
    level.fan_out = {{"X", 64, {}}, {"Y", 64, {}}};
    if (separate) level.fan_out[1].separate = {"Weights", "Inputs"};
    machine.levels.push_back(level);
  }
  machine.compute.latch = pick(random, 0, 3) == 0;
  return machine;
}

Nest random_nest(Random& random, const Problem& problem, const Hierarchy& machine, bool ragged) {
  Nest nest;
  std::vector<std::uint64_t> tiles;
  for (const NestRank& rank : problem.ranks) tiles.push_back(rank.extent);
  const auto cut = [&](std::size_t rank) {
    std::uint64_t tile = pick(random, 1, tiles[rank]);
    while (!ragged && tiles[rank] % tile != 0) --tile;
    return tiles[rank] = tile;
  };
  for (std::size_t level = 0; level < machine.levels.size(); ++level) {
    std::uint16_t rest = 7;  // the tensors of a level, at one position or at several
    for (int part = 0; part < 3 && rest != 0; ++part) {
      std::uint16_t kept = static_cast<std::uint16_t>(pick(random, 0, 7) & rest);
      if (level == 0) kept = rest;
      if (kept != 0) nest.keep(level, kept);
      rest = static_cast<std::uint16_t>(rest & ~kept);
      for (std::uint64_t loops = pick(random, 0, 2); loops > 0; --loops) {
        const std::size_t rank = pick(random, 0, 3);
        nest.loop(rank, cut(rank));
      }
    }
    const bool flat = machine.levels[level].fan_out[0].size == 1;
    for (std::uint64_t spreads = flat ? 0 : pick(random, 0, 2); spreads > 0; --spreads) {
      const std::size_t rank = pick(random, 0, 3);
      nest.spread(level, pick(random, 0, 1), rank, cut(rank));
    }
  }
  std::vector<std::size_t> order = {0, 1, 2, 3};
  std::shuffle(order.begin(), order.end(), random);
  for (const std::size_t rank : order) nest.loop(rank, 1);
  return nest;
}

/// Without a fan-out above the compute units, which decides whether Timeloop lets them keep
/// operands.
void flatten(Hierarchy& machine) {
  for (FanOutAxis& axis : machine.levels.back().fan_out) axis.size = 1;
}

NestCounts walk(const Nest& nest, const Problem& problem, const Hierarchy& machine,
                const CountOptions& options) {
  if (options.convention == CountConvention::timeloop)
    return walker::TimeloopWalker(nest, problem, machine).count();
  return walker::Walker(nest, problem, machine, options).count();
}

void check_random_nests(std::uint64_t seed, int nests, CountConvention convention, bool ragged) {
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < nests; ++i) {
    CAPTURE(i);
    const Problem problem = random_problem(random);
    Hierarchy machine = random_machine(random, pick(random, 0, 1) == 1);
    if (convention == CountConvention::timeloop && pick(random, 0, 1) == 1) flatten(machine);
    const Nest nest = random_nest(random, problem, machine, ragged);
    CountOptions options{convention, 0};
    if (convention == CountConvention::sluice && pick(random, 0, 2) == 0)
      options.branches = random() & random() & ((std::uint64_t{1} << nest.size()) - 2);
    NestCounts closed;
    count_accesses(nest, problem, machine, options, closed);
    const NestCounts walked = walk(nest, problem, machine, options);
    const std::string text = to_text(nest, problem, machine);
    CAPTURE(text);
    CAPTURE(options.branches);
    CAPTURE(machine.compute.latch);
    REQUIRE(closed.operations == walked.operations);
    REQUIRE(closed.steps == walked.steps);
    for (std::size_t level = 0; level < machine.levels.size(); ++level)
      for (std::size_t tensor = 0; tensor < 3; ++tensor) {
        CAPTURE(level);
        CAPTURE(tensor);
        const AccessCount& a = closed.at[level][tensor];
        const AccessCount& b = walked.at[level][tensor];
        REQUIRE(a.kept == b.kept);
        REQUIRE(a.reads == b.reads);
        REQUIRE(a.fills == b.fills);
        REQUIRE(a.updates == b.updates);
      }
  }
}

// Few, since a walk with sanitizers takes ten times as long; the slow suite has them all.
TEST_CASE("the closed form equals a walk through perfect nests") {
  check_random_nests(1, 120, CountConvention::sluice, false);
}

TEST_CASE("the closed form equals a walk through ragged nests") {
  check_random_nests(2, 120, CountConvention::sluice, true);
}

TEST_CASE("the closed form equals a walk where every loop brings tiles anew") {
  check_random_nests(3, 80, CountConvention::accelforge, true);
}

TEST_CASE(
    "the closed form of Timeloop's rules equals a walk that serves every lane at every step") {
  check_random_nests(7, 400, CountConvention::timeloop, true);
  check_random_nests(8, 400, CountConvention::timeloop, false);
}

TEST_SUITE("slow") {
  TEST_CASE("the closed form equals a walk through fourteen thousand nests") {
    check_random_nests(1, 500, CountConvention::sluice, false);
    check_random_nests(2, 500, CountConvention::sluice, true);
    check_random_nests(3, 300, CountConvention::accelforge, true);
    check_random_nests(4, 4000, CountConvention::sluice, true);
    check_random_nests(5, 2000, CountConvention::sluice, false);
    check_random_nests(6, 2000, CountConvention::accelforge, true);
    check_random_nests(7, 1500, CountConvention::timeloop, true);
    check_random_nests(8, 1500, CountConvention::timeloop, false);
    check_random_nests(9, 2000, CountConvention::timeloop, true);
  }
}

}  // namespace
}  // namespace sluice
