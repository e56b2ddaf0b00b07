// SPDX-License-Identifier: Apache-2.0
// Cycles that Timeloop gave for mappings of a Gemmini-like machine (golden/nest/SOURCE.md).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "mapper/nest/counts.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

struct Row {
  Problem problem;
  Nest nest;
  double sums_bandwidth = 0, scratchpad_bandwidth = 0;
  std::uint64_t cycles = 0;
};

enum Rank : std::uint32_t { C, K, P, Q, R, S };
constexpr std::string_view names = "CKPQRS";
constexpr std::uint16_t weights = 1, inputs = 2, outputs = 4;

/// Registers [W] below accumulators [O] below a scratchpad [W I] below DRAM.
Hierarchy machine() {
  Hierarchy machine;
  for (const char* name : {"DRAM", "scratchpad", "accumulators", "registers"}) {
    NestLevel level;
    level.name = name;
    machine.levels.push_back(level);
  }
  machine.levels[1].fan_out = {{"columns", 128, {}}};
  machine.levels[2].fan_out = {{"rows", 128, {}}};
  return machine;
}

Problem convolution(std::istream& in) {
  Problem problem{"conv", {}, {}};
  for (const char name : names) problem.ranks.push_back({std::string(1, name), 1, false});
  std::string word;
  std::uint64_t stride = 1, extent = 1;
  while (in >> word >> extent) {
    if (word == "stride")
      stride = extent;
    else
      problem.ranks[names.find(word[0])].extent = extent;
  }
  problem.tensors = {{"W", {{{C, 1}}, {{K, 1}}, {{R, 1}}, {{S, 1}}}, false, 8},
                     {"I", {{{C, 1}}, {{R, 1}, {P, stride}}, {{S, 1}, {Q, stride}}}, false, 8},
                     {"O", {{{K, 1}}, {{P, 1}}, {{Q, 1}}}, true, 8}};
  return problem;
}

/// `L3[WIO] P28 K8 - L2[WI] K4X - ...`: factors, outermost first; X is in space.
Nest nest_of(std::istream& in, const Problem& problem) {
  Nest nest;
  std::array<std::uint64_t, 6> tiles{};
  for (std::size_t i = 0; i < tiles.size(); ++i) tiles[i] = problem.ranks[i].extent;
  std::size_t level = 0;
  std::string word;
  while (in >> word) {
    if (word[0] == 'L') {
      level = static_cast<std::size_t>('3' - word[1]);
      const auto has = [&](char tensor) { return word.find(tensor, 2) != std::string::npos; };
      nest.keep(level,
                static_cast<std::uint16_t>((has('W') ? weights : 0) | (has('I') ? inputs : 0) |
                                           (has('O') ? outputs : 0)));
    } else if (word[0] != '-' && word[0] != 'N') {
      const std::size_t rank = names.find(word[0]);
      tiles[rank] /= std::stoull(word.substr(1));
      if (word.back() == 'X')
        nest.spread(level, 0, rank, tiles[rank]);
      else
        nest.loop(rank, tiles[rank]);
    }
  }
  return nest;
}

std::vector<Row> rows() {
  std::ifstream file(source_path("tests/mapper/golden/nest/dosa.txt"));
  std::vector<Row> rows;
  std::string part;
  while (std::getline(file, part, '|')) {
    Row row;
    std::istringstream layer(part);
    row.problem = convolution(layer);
    std::getline(file, part, '|');
    std::istringstream mapping(part);
    row.nest = nest_of(mapping, row.problem);
    char bar = 0;
    file >> row.sums_bandwidth >> row.scratchpad_bandwidth >> bar >> row.cycles >> std::ws;
    rows.push_back(row);
  }
  return rows;
}

TEST_CASE("the cycles of five mappings of DOSA's data set are reproduced") {
  const std::vector<Row> all = rows();
  REQUIRE(all.size() == 5);
  const Hierarchy hierarchy = machine();
  for (const Row& row : all) {
    CAPTURE(row.cycles);
    REQUIRE(verify(row.nest, row.problem, hierarchy) == std::vector<std::string>{});
    NestCounts counts;
    count_accesses(row.nest, row.problem, hierarchy, {CountConvention::timeloop, 0}, counts);
    const auto& dram = counts.at[0];
    const auto& scratchpad = counts.at[1];
    const auto& sums = counts.at[2];
    // The Timeloop of that data set (of 2021) counts the reads of first touches where it sets the
    // time of the accumulators: each sum is read and updated.
    const double sum_words =
        static_cast<double>(2 * sums[2].updates + sums[2].fills) / sums[2].instances;
    std::uint64_t scratchpad_words = 0, dram_words = 0;
    for (std::size_t t = 0; t < 3; ++t) {
      scratchpad_words += scratchpad[t].reads + scratchpad[t].fills;
      dram_words += dram[t].reads + dram[t].updates;
    }
    const double steps = static_cast<double>(counts.steps);
    const auto slowed = [&](double words, double bandwidth) {  // as Timeloop rounds
      return std::ceil(steps / (bandwidth / (words / steps)));
    };
    const double cycles =
        std::max({steps, slowed(sum_words, row.sums_bandwidth),
                  slowed(static_cast<double>(scratchpad_words), row.scratchpad_bandwidth),
                  slowed(static_cast<double>(dram_words), 8)});
    CHECK(static_cast<std::uint64_t>(cycles) == row.cycles);
  }
}

}  // namespace
}  // namespace sluice
