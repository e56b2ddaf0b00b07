// SPDX-License-Identifier: Apache-2.0
// Branch and bound against pricing every mapping, and laws of the best mapping.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
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
    if (pick(random, 0, 2) == 0) axes.back().separate = {problem.tensors[pick(random, 0, 2)].name};
  }
  if (pick(random, 0, 2) == 0) {  // and lanes of another level
    std::vector<FanOutAxis>& more = machine.levels[pick(random, 0, levels - 1)].fan_out;
    more.push_back({"Z", pick(random, 2, 3), {}});
    for (const NestTensor& tensor : problem.tensors)
      if (pick(random, 0, 2) == 0) more.back().separate.push_back(tensor.name);
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
  options.prices = {2, 30};  // of `priced`, pJ a cycle
  options.exhaustive = exhaustive;
  options.ragged = ragged;
  options.threads = 1;
  return search_mapping(problem, machine, options);
}

constexpr SearchObjective objectives[] = {SearchObjective::cycles, SearchObjective::energy,
                                          SearchObjective::edp, SearchObjective::pareto,
                                          SearchObjective::priced};

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
  check_pruning(1, 20, CountConvention::sluice, false);
}

TEST_CASE("pruning loses nothing, Timeloop's counts") {
  check_pruning(2, 20, CountConvention::timeloop, false);
}

TEST_CASE("pruning loses nothing, AccelForge's counts") {
  check_pruning(9, 20, CountConvention::accelforge, false);
}

TEST_CASE("pruning loses nothing, tiles that do not divide") {
  check_pruning(3, 3, CountConvention::sluice, true);
}

/// Of each rank a random divisor.
std::vector<std::uint64_t> random_least(Random& random, const Problem& problem) {
  std::vector<std::uint64_t> least;
  for (const NestRank& rank : problem.ranks) {
    std::uint64_t size = pick(random, 1, rank.extent);
    while (rank.extent % size != 0) --size;
    least.push_back(size);
  }
  return least;
}

/// Whether tiles that levels keep, but the outermost, are multiples of the least.
bool keeps_at_least(const Nest& nest, const std::vector<std::uint64_t>& least,
                    const Problem& problem) {
  std::vector<std::uint64_t> tile;
  for (const NestRank& rank : problem.ranks) tile.push_back(rank.extent);
  for (const NestNode& node : nest) {
    if (node.kind != NestKind::keep) tile[node.rank] = node.tile;
    if (node.kind == NestKind::keep && node.level > 0)
      for (std::size_t r = 0; r < tile.size(); ++r)
        if (tile[r] % least[r] != 0) return false;
  }
  return true;
}

TEST_CASE("pruning loses nothing where tiles have a least size") {
  Random random(21);
  CAPTURE(21);
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    const Problem problem = random_problem(random);
    Hierarchy machine = random_machine(random, problem);
    for (NestLevel& level : machine.levels) level.fan_out.clear();
    SearchOptions options;
    options.objective = objectives[i % 3];
    options.convention = i % 2 == 0 ? CountConvention::sluice : CountConvention::accelforge;
    options.threads = 1;
    options.least = random_least(random, problem);
    const SearchResult pruned = search_mapping(problem, machine, options);
    options.exhaustive = true;
    const SearchResult all = search_mapping(problem, machine, options);
    CHECK(pruned.optimal);
    REQUIRE(pruned.found.size() == all.found.size());
    for (std::size_t j = 0; j < all.found.size(); ++j) {
      CHECK(pruned.found[j].cycles == all.found[j].cycles);
      CHECK(pruned.found[j].energy_pj == doctest::Approx(all.found[j].energy_pj).epsilon(1e-11));
      CHECK(verify(pruned.found[j].nest, problem, machine).empty());
      CHECK(keeps_at_least(pruned.found[j].nest, options.least, problem));
    }
  }
}

TEST_SUITE("slow") {
  TEST_CASE("pruning loses nothing on hundreds of machines") {
    check_pruning(4, 120, CountConvention::sluice, false);
    check_pruning(5, 120, CountConvention::timeloop, false);
    check_pruning(10, 120, CountConvention::accelforge, false);
    check_pruning(6, 20, CountConvention::sluice, true);
  }
}

double value(const SearchResult& result, SearchObjective objective) {
  if (result.found.empty()) return std::numeric_limits<double>::infinity();
  return objective_value(objective, result.found.front().cycles, result.found.front().energy_pj);
}

TEST_CASE("more capacity never gives a worse best mapping") {
  Random random(7);
  CAPTURE(7);
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    const Problem problem = random_problem(random);
    Hierarchy machine = random_machine(random, problem);
    for (const SearchObjective objective :
         {SearchObjective::cycles, SearchObjective::energy, SearchObjective::edp}) {
      Hierarchy larger = machine;
      for (NestLevel& level : larger.levels) level.capacity_bits *= 2;
      const double before =
          value(best(problem, machine, objective, CountConvention::sluice), objective);
      const double after =
          value(best(problem, larger, objective, CountConvention::sluice), objective);
      CHECK(after <= before * (1 + 1e-11));
    }
  }
}

TEST_CASE("the order in which ranks and tensors are declared changes nothing") {
  Random random(8);
  CAPTURE(8);
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    const Problem problem = random_problem(random);
    const Hierarchy machine = random_machine(random, problem);
    Problem turned = problem;
    const auto ranks = static_cast<std::uint32_t>(problem.ranks.size());
    std::reverse(turned.ranks.begin(), turned.ranks.end());
    for (NestTensor& tensor : turned.tensors)
      for (NestProjection& dimension : tensor.dimensions)
        for (NestTerm& term : dimension) term.rank = ranks - 1 - term.rank;
    std::reverse(turned.tensors.begin(), turned.tensors.end());
    const double before =
        value(best(problem, machine, SearchObjective::edp, CountConvention::sluice),
              SearchObjective::edp);
    const double after = value(best(turned, machine, SearchObjective::edp, CountConvention::sluice),
                               SearchObjective::edp);
    if (std::isfinite(before)) CHECK(after == doctest::Approx(before).epsilon(1e-11));
  }
}

/// A buffer and registers on an array of 4 x 4.
Hierarchy small_array() {
  Hierarchy machine;
  NestLevel level;
  level.name = "DRAM";
  level.read_pj = level.write_pj = level.update_pj = 100;
  level.shared_bandwidth = 4;
  machine.levels.push_back(level);
  level.name = "buffer";
  level.capacity_bits = 8 * 1024;
  level.read_pj = level.write_pj = level.update_pj = 6;
  level.shared_bandwidth = 16;
  level.fan_out = {{"X", 4, {}}, {"Y", 4, {}}};
  machine.levels.push_back(level);
  level.name = "registers";
  level.capacity_bits = 8 * 16;
  level.read_pj = level.write_pj = level.update_pj = 1;
  level.shared_bandwidth = 0;
  level.fan_out.clear();
  machine.levels.push_back(level);
  machine.compute.pj = 1;
  return machine;
}

TEST_CASE("the answer is the same on any number of threads") {
  for (const SearchObjective objective : objectives) {
    SearchOptions options;
    options.objective = objective;
    options.threads = 1;
    const auto one = search_mapping(product(16, 12, 8), small_array(), options);
    CHECK(one.optimal);
    for (const unsigned threads : {2u, 5u}) {
      options.threads = threads;
      const auto several = search_mapping(product(16, 12, 8), small_array(), options);
      CHECK(several.found == one.found);
      CHECK(several.nodes == one.nodes);
    }
  }
}

TEST_CASE("a search that is stopped says how far it may be from the best") {
  SearchOptions options;
  options.objective = SearchObjective::energy;
  const auto whole = search_mapping(product(64, 64, 64), small_array(), options);
  CHECK(whole.optimal);
  CHECK(whole.bound == whole.found.front().energy_pj);
  int asked = 0;
  options.threads = 1;
  options.stop = [&] { return ++asked > 3; };
  const auto part = search_mapping(product(64, 64, 64), small_array(), options);
  CHECK_FALSE(part.optimal);
  REQUIRE(part.found.size() == 1);
  CHECK(part.bound <= whole.bound);
  CHECK(part.found.front().energy_pj >= whole.bound);
}

TEST_CASE("where nothing fits, nothing is found") {
  Hierarchy machine = small_array();
  machine.levels[1].capacity_bits = 8;
  machine.levels[1].keeps = {"A"};
  machine.levels[2].keeps = {"B", "Z"};
  machine.levels[2].capacity_bits = 4;
  // What does not fit is bypassed.
  CHECK(search_mapping(product(2, 2, 2), machine, {}).found.size() == 1);
  SearchOptions options;
  options.kept = {{2, 2}};  // Z comes into being in the registers, which cannot hold it
  const auto result = search_mapping(product(2, 2, 2), machine, options);
  CHECK(result.found.empty());
  CHECK(result.optimal);
}

}  // namespace
}  // namespace sluice
