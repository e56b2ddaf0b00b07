// SPDX-License-Identifier: Apache-2.0
// The search on Eyeriss against what AccelForge's mapper found there, bit by bit.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "benchmarks/reference_machines.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

struct Bits {
  std::string level, tensor;
  std::uint64_t read = 0, written = 0;
};

struct Einsum {
  std::uint64_t extent = 0;
  std::size_t input = 0, output = 0;  ///< levels where they are kept
  std::uint64_t times = 0;
  std::vector<Bits> bits;
};

struct Case {
  std::string name;
  double energy_j = 0, latency_s = 0;
  std::vector<Einsum> einsums;
};

std::vector<Case> read_cases() {
  std::ifstream in(source_path("tests/mapper/golden/eyeriss/matmuls.txt"));
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "case") {
      std::getline(words >> std::ws, cases.emplace_back().name);
    } else if (key == "total") {
      words >> cases.back().energy_j >> cases.back().latency_s;
    } else if (key == "einsum") {
      Einsum& einsum = cases.back().einsums.emplace_back();
      words >> einsum.extent >> einsum.input >> einsum.output >> einsum.times;
    } else if (key == "bits") {
      Bits& bits = cases.back().einsums.back().bits.emplace_back();
      words >> bits.level >> bits.tensor >> bits.read >> bits.written;
    }
  }
  return cases;
}

FoundMapping best_of(const Einsum& einsum, const Problem& problem, const bench::Machine& machine) {
  SearchOptions options;
  options.convention = CountConvention::accelforge;
  options.held = machine.held;
  if (einsum.input > 0) options.kept.push_back({0, einsum.input});
  if (einsum.output > 0) options.kept.push_back({2, einsum.output});
  const SearchResult result = search_mapping(problem, machine.hierarchy, options);
  CHECK(result.optimal);
  REQUIRE(result.found.size() == 1);
  return result.found.front();
}

/// Each row as published, and nothing else moves.
void check_bits(const Einsum& einsum, const FoundMapping& found, const Problem& problem,
                const Hierarchy& machine) {
  NestCounts counts;
  count_accesses(found.nest, problem, machine, {CountConvention::accelforge, 0}, counts);
  std::size_t rows = 0;
  for (std::size_t level = 0; level < machine.levels.size(); ++level)
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
      const AccessCount& count = counts.at[level][t];
      if (count.reads + count.fills + count.updates == 0) continue;
      const auto row = std::ranges::find_if(einsum.bits, [&](const Bits& bits) {
        return bits.level == machine.levels[level].name && bits.tensor == problem.tensors[t].name;
      });
      CAPTURE(machine.levels[level].name);
      CAPTURE(problem.tensors[t].name);
      REQUIRE(row != einsum.bits.end());
      CHECK(8 * count.reads == row->read);
      CHECK(8 * (count.fills + count.updates) == row->written);
      ++rows;
    }
  CHECK(rows == einsum.bits.size());
}

TEST_CASE("the best mappings on Eyeriss move the bits that AccelForge's do") {
  const bench::Machine machine = bench::eyeriss();
  double leak_pj = 0;  // a cycle
  for (std::size_t i = 0; i < machine.hierarchy.levels.size(); ++i)
    leak_pj += machine.hierarchy.levels[i].leak_pj *
               static_cast<double>(instances_of(machine.hierarchy, i));
  for (const Case& published : read_cases()) {
    CAPTURE(published.name);
    double energy_pj = 0, cycles = 0, einsums = 0;
    for (const Einsum& einsum : published.einsums) {
      const Problem problem =
          bench::product(einsum.extent, einsum.extent, einsum.extent, "I", "W", "O");
      const FoundMapping found = best_of(einsum, problem, machine);
      check_bits(einsum, found, problem, machine.hierarchy);
      const auto times = static_cast<double>(einsum.times);
      energy_pj += times * found.energy_pj;
      cycles += times * static_cast<double>(found.cycles);
      einsums += times;
    }
    // Our cycles are whole in each Einsum: 5860 where main memory needs 5859.375.
    const double exact = published.latency_s * 200e6;
    CHECK(cycles >= exact * (1 - 2e-7));
    CHECK(cycles < exact + einsums);
    CHECK(1e-12 * (energy_pj - leak_pj * (cycles - exact)) ==
          doctest::Approx(published.energy_j).epsilon(2e-7));
  }
}

}  // namespace
}  // namespace sluice
