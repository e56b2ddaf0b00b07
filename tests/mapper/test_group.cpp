// SPDX-License-Identifier: Apache-2.0
// Einsums in shared loops that pass tiles to each other: the search against every mapping of that
// kind, each checked by verify() and priced by evaluate().
#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <random>

#include "mapper/search/fuse.hpp"

namespace sluice {
namespace {

using Random = std::mt19937_64;

std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

/// T[m,n] = A[m,k] B[k,n], Z[m,p] = T[m,n] C[n,p].
std::vector<Problem> two_products(std::uint64_t m, std::uint64_t n, std::uint64_t k,
                                  std::uint64_t p) {
  return {{"T",
           {{"m", m, false}, {"n", n, false}, {"k", k, false}},
           {{"A", {{{0, 1}}, {{2, 1}}}, false, 8},
            {"B", {{{2, 1}}, {{1, 1}}}, false, 8},
            {"T", {{{0, 1}}, {{1, 1}}}, true, 8}}},
          {"Z",
           {{"m", m, false}, {"n", n, false}, {"p", p, false}},
           {{"T", {{{0, 1}}, {{1, 1}}}, false, 8},
            {"C", {{{1, 1}}, {{2, 1}}}, false, 8},
            {"Z", {{{0, 1}}, {{2, 1}}}, true, 8}}}};
}

Hierarchy random_machine(Random& random) {
  Hierarchy machine;
  NestLevel level;
  level.name = std::string("DRAM");
  level.read_pj = static_cast<double>(pick(random, 20, 100));
  level.write_pj = level.update_pj = static_cast<double>(pick(random, 20, 100));
  level.shared_bandwidth = static_cast<double>(pick(random, 1, 3));
  machine.levels.push_back(level);
  level.name = std::string("buffer");
  level.capacity_bits = 8 * pick(random, 4, 24);
  level.read_pj = static_cast<double>(pick(random, 1, 8));
  level.write_pj = level.update_pj = static_cast<double>(pick(random, 1, 8));
  level.shared_bandwidth = static_cast<double>(pick(random, 2, 6));
  level.double_buffered = pick(random, 0, 3) == 0;
  machine.levels.push_back(level);
  machine.compute.pj = 1;
  return machine;
}

using Loops = std::vector<std::pair<std::size_t, std::uint64_t>>;  // rank and tile

/// Every order of every choice of tiles inside of `tiles`, of the first `ranks` ranks.
void each_block(std::vector<std::uint64_t> tiles, std::size_t ranks, Loops& loops,
                const std::function<void(const Loops&)>& visit) {
  visit(loops);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    bool used = false;
    for (const auto& loop : loops) used = used || loop.first == rank;
    for (std::uint64_t tile = 1; !used && tile < tiles[rank]; ++tile) {
      if (tiles[rank] % tile != 0) continue;
      loops.emplace_back(rank, tile);
      each_block(tiles, ranks, loops, visit);
      loops.pop_back();
    }
  }
}

/// All mappings of two products that share loops over m and n.
class Enumeration {
 public:
  Enumeration(const std::vector<Problem>& problems, const Hierarchy& machine,
              SearchObjective objective)
      : problems_(problems), machine_(machine), objective_(objective) {}

  double least() {
    Loops none;
    each_block({problems_[0].ranks[0].extent, problems_[0].ranks[1].extent}, 2, none,
               [&](const Loops& shared) {
                 if (shared.empty()) return;
                 // Only A and Z, or B and C, are not moved by the innermost loop.
                 const std::uint32_t may = shared.back().first == 1 ? 0b1001 : 0b0110;
                 for (std::uint32_t stay = 0; stay < 16; ++stay)
                   if ((stay & ~may) == 0) begin(shared, stay);
               });
    return least_;
  }

 private:
  /// Which of A, B, C, Z stay in the buffer while the shared loops run, beside T.
  void begin(const Loops& shared, std::uint32_t stay) {
    const std::uint16_t kept[2] = {static_cast<std::uint16_t>((stay & 3) | 4),
                                   static_cast<std::uint16_t>(1 | (stay >> 2) << 1)};
    CascadeMapping mapping;
    std::vector<std::uint64_t> tiles[2];
    for (std::size_t i = 0; i < 2; ++i) {
      Nest nest;
      nest.keep(0, static_cast<std::uint16_t>(i == 0 ? 3 : 6));
      for (const NestRank& rank : problems_[i].ranks) tiles[i].push_back(rank.extent);
      for (const auto& [rank, tile] : shared) nest.loop(rank, tiles[i][rank] = tile);
      nest.keep(1, kept[i]);
      mapping.einsums.push_back({problems_[i], nest, i == 0 ? 0 : nest.size(), "", 1});
    }
    double sum = 0;
    for (std::size_t i = 0; i < 2; ++i) sum += least_of(mapping, tiles, kept, i);
    least_ = std::min(least_, sum);
  }

  /// The least of one Einsum while the other keeps nothing of its own: they do not run at once.
  double least_of(const CascadeMapping& shared, const std::vector<std::uint64_t>* tiles,
                  const std::uint16_t* kept, std::size_t index) {
    double least = std::numeric_limits<double>::infinity();
    Loops none;
    each_block(tiles[index], 3, none, [&](const Loops& loops) {
      for (std::uint16_t own = 0; own < 8; ++own) {
        if ((own & kept[index]) != 0 || (own == 0 && !loops.empty())) continue;
        CascadeMapping mapping = shared;
        for (std::size_t i = 0; i < 2; ++i) {
          Nest& nest = mapping.einsums[i].nest;
          std::vector<std::uint64_t> left = tiles[i];
          if (i == index) {
            for (const auto& [rank, tile] : loops) nest.loop(rank, left[rank] = tile);
            if (own != 0) nest.keep(1, own);
          }
          for (std::size_t rank = 0; rank < 3; ++rank)
            if (left[rank] > 1) nest.loop(rank, 1);
        }
        if (!verify(mapping, machine_).empty()) continue;
        const NestCost cost =
            evaluate(mapping, machine_, CountConvention::sluice).einsums[index].cost;
        least = std::min(least, objective_value(objective_, cost.cycles, cost.total_pj));
      }
    });
    return least;
  }

  const std::vector<Problem>& problems_;
  const Hierarchy& machine_;
  SearchObjective objective_;
  double least_ = std::numeric_limits<double>::infinity();
};

CascadeSearchOptions options_for(SearchObjective objective, bool tiles) {
  CascadeSearchOptions options;
  options.search.objective = objective;
  options.search.threads = 1;
  options.tiles = tiles;
  return options;
}

double value(const CascadeSearchResult& result, SearchObjective objective) {
  if (result.found.empty()) return std::numeric_limits<double>::infinity();
  return objective_value(objective, result.found.front().cycles, result.found.front().energy_pj);
}

/// Returns how often tiles are better than whole tensors.
int check_cascades(std::uint64_t seed, int cases) {
  CAPTURE(seed);
  Random random(seed);
  int better = 0;
  const std::uint64_t sizes[] = {1, 2, 2, 3, 4};
  const auto extent = [&] { return sizes[pick(random, 0, 4)]; };
  for (int i = 0; i < cases; ++i) {
    CAPTURE(i);
    const auto problems = two_products(extent(), extent(), extent(), extent());
    const Hierarchy machine = random_machine(random);
    for (const SearchObjective objective : {SearchObjective::energy, SearchObjective::cycles}) {
      const double whole =
          value(search_cascade(problems, machine, options_for(objective, false)), objective);
      const auto result = search_cascade(problems, machine, options_for(objective, true));
      const double all = std::min(whole, Enumeration(problems, machine, objective).least());
      CAPTURE(static_cast<int>(objective));
      for (const FoundCascade& found : result.found) {
        const std::string text = to_text(found.mapping, machine);
        CAPTURE(text);
        CHECK(verify(found.mapping, machine) == std::vector<std::string>{});
        const CascadeCost cost = evaluate(found.mapping, machine, CountConvention::sluice);
        CHECK(cost.cycles == found.cycles);
        CHECK(cost.total_pj == doctest::Approx(found.energy_pj).epsilon(1e-12));
      }
      REQUIRE(value(result, objective) == doctest::Approx(all).epsilon(1e-11));
      better += value(result, objective) < whole * (1 - 1e-9) ? 1 : 0;
    }
  }
  return better;
}

TEST_CASE("the best of shared loops is found, against every mapping of two products") {
  CHECK(check_cascades(1, 8) > 0);
}

TEST_SUITE("slow") {
  TEST_CASE("the best of shared loops is found on a hundred machines") {
    CHECK(check_cascades(2, 100) > 10);
  }
}

/// S[h,m,n] = Q[h,m,e] K[h,e,n], P[h,m,n] of each, O[h,m,f] = P[h,m,n] V[h,n,f].
std::vector<Problem> attention(std::uint64_t heads, std::uint64_t length, std::uint64_t width) {
  const NestRank h{"h", heads, false}, m{"m", length, false}, n{"n", length, false};
  return {{"S",
           {h, m, n, {"e", width, false}},
           {{"Q", {{{0, 1}}, {{1, 1}}, {{3, 1}}}, false, 8},
            {"K", {{{0, 1}}, {{3, 1}}, {{2, 1}}}, false, 8},
            {"S", {{{0, 1}}, {{1, 1}}, {{2, 1}}}, true, 8}}},
          {"P",
           {h, m, n},
           {{"S", {{{0, 1}}, {{1, 1}}, {{2, 1}}}, false, 8},
            {"P", {{{0, 1}}, {{1, 1}}, {{2, 1}}}, true, 8}}},
          {"O",
           {h, m, n, {"f", width, false}},
           {{"P", {{{0, 1}}, {{1, 1}}, {{2, 1}}}, false, 8},
            {"V", {{{0, 1}}, {{2, 1}}, {{3, 1}}}, false, 8},
            {"O", {{{0, 1}}, {{1, 1}}, {{3, 1}}}, true, 8}}}};
}

TEST_CASE("attention whose scores do not fit runs in tiles, and touches main memory least") {
  Random random(3);
  Hierarchy machine = random_machine(random);
  machine.levels[1].double_buffered = false;
  machine.levels[1].capacity_bits = 8 * 100;  // K or V of a head: 32 words; all scores: 128
  const auto problems = attention(2, 8, 4);
  for (const CountConvention convention : {CountConvention::sluice, CountConvention::accelforge}) {
    CascadeSearchOptions options = options_for(SearchObjective::energy, true);
    options.search.convention = convention;
    const auto result = search_cascade(problems, machine, options);
    REQUIRE(result.found.size() == 1);
    CHECK(result.optimal);
    const CascadeMapping& mapping = result.found.front().mapping;
    const std::string text = to_text(mapping, machine);
    CAPTURE(text);
    CHECK(verify(mapping, machine) == std::vector<std::string>{});
    const CascadeCost cost = evaluate(mapping, machine, convention);
    CHECK(cost.total_pj == doctest::Approx(result.found.front().energy_pj).epsilon(1e-12));
    std::uint64_t words = 0;
    for (const EinsumCost& einsum : cost.einsums)
      for (const AccessCount& count : einsum.counts.at[0]) words += count.reads + count.updates;
    CHECK(words == 4 * 2 * 8 * 4);  // Q, K, V and O once
    CHECK(mapping.einsums[1].shared_nodes > 0);
    CHECK(mapping.einsums[2].shared_nodes > 0);
  }
}

TEST_CASE(
    "cascades have the same answer on any number of threads, and no worse one with more room") {
  Random random(4);
  CAPTURE(4);
  const auto problems = two_products(4, 4, 2, 4);
  for (int i = 0; i < 4; ++i) {
    CAPTURE(i);
    Hierarchy machine = random_machine(random);
    double before = std::numeric_limits<double>::infinity();
    for (const std::uint64_t bytes : {6u, 12u, 24u, 48u}) {
      CAPTURE(bytes);
      machine.levels[1].capacity_bits = 8 * bytes;
      CascadeSearchOptions options = options_for(SearchObjective::edp, true);
      const auto one = search_cascade(problems, machine, options);
      options.search.threads = 4;
      const auto several = search_cascade(problems, machine, options);
      REQUIRE(one.found.size() == 1);
      REQUIRE(several.found.size() == 1);
      CHECK(one.found.front().mapping == several.found.front().mapping);
      CHECK(value(one, SearchObjective::edp) <= before * (1 + 1e-11));
      CHECK(one.bound == value(one, SearchObjective::edp));
      before = value(one, SearchObjective::edp);
    }
  }
}

}  // namespace
}  // namespace sluice
