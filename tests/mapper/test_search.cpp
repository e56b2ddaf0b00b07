// SPDX-License-Identifier: Apache-2.0
// Branch and bound against pricing every mapping, and laws of the best mapping.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "mapper/search/search.hpp"

namespace sluice {
namespace {

using Random = std::mt19937_64;

std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

/// Z[M,N] = A[M,K] B[K,N].
Problem product(std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  return {"product",
          {{"M", m, false}, {"N", n, false}, {"K", k, false}},
          {{"A", {{{0, 1}}, {{2, 1}}}, false, 8},
           {"B", {{{2, 1}}, {{1, 1}}}, false, 8},
           {"Z", {{{0, 1}}, {{1, 1}}}, true, 16}}};
}

/// Outputs[K,P] = Weights[K,C,R] Inputs[C, stride P + R].
Problem convolution(std::uint64_t k, std::uint64_t c, std::uint64_t p, std::uint64_t r,
                    std::uint64_t stride) {
  return {"conv1d",
          {{"K", k, false}, {"C", c, false}, {"P", p, false}, {"R", r, false}},
          {{"Weights", {{{0, 1}}, {{1, 1}}, {{3, 1}}}, false, 8},
           {"Inputs", {{{1, 1}}, {{2, stride}, {3, 1}}}, false, 8},
           {"Outputs", {{{0, 1}}, {{2, 1}}}, true, 8}}};
}

Problem random_problem(Random& random) {
  const std::uint64_t sizes[] = {1, 2, 3, 4, 4, 6};
  const auto extent = [&] { return sizes[pick(random, 0, 5)]; };
  if (pick(random, 0, 1) == 0) return product(extent(), extent(), extent());
  return convolution(pick(random, 1, 2), pick(random, 1, 3), extent(), pick(random, 1, 3),
                     pick(random, 1, 2));
}

Hierarchy random_machine(Random& random, const Problem& problem) {
  Hierarchy machine;
  const std::size_t levels = pick(random, 2, 3);
  for (std::size_t i = 0; i < levels; ++i) {
    NestLevel level;
    level.name = "L" + std::to_string(i);
    level.capacity_bits = i == 0 ? 0 : 8 * pick(random, 2, i == 1 ? 40 : 12);
    level.read_pj = static_cast<double>(pick(random, 1, 100)) / static_cast<double>(i + 1);
    level.write_pj = static_cast<double>(pick(random, 1, 100)) / static_cast<double>(i + 1);
    level.update_pj = static_cast<double>(pick(random, 1, 100)) / static_cast<double>(i + 1);
    level.leak_pj = static_cast<double>(pick(random, 0, 3));
    level.block = pick(random, 1, 2);
    if (pick(random, 0, 1) == 1) level.shared_bandwidth = static_cast<double>(pick(random, 1, 4));
    if (pick(random, 0, 3) == 1) level.read_bandwidth = static_cast<double>(pick(random, 1, 4));
    level.double_buffered = pick(random, 0, 3) == 0;
    if (i > 0 && pick(random, 0, 2) == 0)
      for (const NestTensor& tensor : problem.tensors)
        if (pick(random, 0, 1) == 1) level.keeps.push_back(tensor.name);
    machine.levels.push_back(level);
  }
  std::vector<FanOutAxis>& axes = machine.levels[pick(random, 0, levels - 1)].fan_out;
  for (std::uint64_t i = pick(random, 0, 2); i > 0; --i) {
    axes.push_back({i == 1 ? "X" : "Y", pick(random, 2, 4), {}});
    if (pick(random, 0, 2) == 0)
      axes.back().separate = {problem.tensors[pick(random, 0, 2)].name};
  }
  machine.compute.pj = 1;
  machine.compute.latch = pick(random, 0, 3) == 0;
  return machine;
}

SearchResult best(const Problem& problem, const Hierarchy& machine, SearchObjective objective,
                  CountConvention convention, bool exhaustive = false, bool ragged = false) {
  SearchOptions options;
  options.objective = objective;
  options.convention = convention;
  options.exhaustive = exhaustive;
  options.ragged = ragged;
  options.threads = 1;
  return search_mapping(problem, machine, options);
}

constexpr SearchObjective objectives[] = {SearchObjective::cycles, SearchObjective::energy,
                                          SearchObjective::edp, SearchObjective::pareto};

/// The pruned search finds the same values as pricing everything, and what it finds is legal.
void check_pruning(std::uint64_t seed, int pairs, CountConvention convention, bool ragged) {
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < pairs; ++i) {
    CAPTURE(i);
    const Problem problem = random_problem(random);
    const Hierarchy machine = random_machine(random, problem);
    for (const SearchObjective objective : objectives) {
      const SearchResult all = best(problem, machine, objective, convention, true, ragged);
      const SearchResult pruned = best(problem, machine, objective, convention, false, ragged);
      CAPTURE(static_cast<int>(objective));
      CHECK(pruned.optimal);
      REQUIRE(pruned.found.size() == all.found.size());
      for (std::size_t j = 0; j < all.found.size(); ++j) {
        const std::string text = to_text(all.found[j].nest, problem, machine) + "pruned:\n" +
                                 to_text(pruned.found[j].nest, problem, machine);
        CAPTURE(text);
        REQUIRE(pruned.found[j].cycles == all.found[j].cycles);
        REQUIRE(pruned.found[j].energy_pj ==
                doctest::Approx(all.found[j].energy_pj).epsilon(1e-11));
        CHECK(verify(pruned.found[j].nest, problem, machine).empty());
      }
    }
  }
}

TEST_CASE("pruning loses nothing, tiles that divide") {
  check_pruning(1, 40, CountConvention::sluice, false);
}

TEST_CASE("pruning loses nothing, Timeloop's counts") {
  check_pruning(2, 40, CountConvention::timeloop, false);
}

}  // namespace
}  // namespace sluice
