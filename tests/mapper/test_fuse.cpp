// SPDX-License-Identifier: Apache-2.0
// Cascades: what stays on chip, against trying everything; and results that are kept in a folder.
#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <random>

#include "base/files.hpp"
#include "mapper/search/fuse.hpp"
#include "mapper/search/recall.hpp"
#include "tests/base/folder.hpp"

namespace sluice {
namespace {

/// out[M,N] = in[M,K] weight[K,N].
Problem product(std::uint64_t m, std::uint64_t k, std::uint64_t n, const std::string& in,
                const std::string& weight, const std::string& out) {
  return {out,
          {{"M", m, false}, {"N", n, false}, {"K", k, false}},
          {{in, {{{0, 1}}, {{2, 1}}}, false, 8},
           {weight, {{{2, 1}}, {{1, 1}}}, false, 8},
           {out, {{{0, 1}}, {{1, 1}}}, true, 8}}};
}

Hierarchy machine(std::uint64_t buffer_bytes) {
  Hierarchy result;
  NestLevel level;
  level.name = "DRAM";
  level.read_pj = level.write_pj = level.update_pj = 100;
  level.shared_bandwidth = 1;
  result.levels.push_back(level);
  level.name = "buffer";
  level.capacity_bits = 8 * buffer_bytes;
  level.read_pj = level.write_pj = level.update_pj = 5;
  level.shared_bandwidth = 4;
  result.levels.push_back(level);
  result.compute.pj = 1;
  return result;
}

const std::vector<Problem> chain = {product(4, 6, 8, "X", "W0", "Y"),
                                    product(4, 8, 2, "Y", "W1", "Z"),
                                    product(4, 2, 4, "Z", "W2", "V")};

CascadeSearchOptions options_for(SearchObjective objective) {
  CascadeSearchOptions options;
  options.search.objective = objective;
  options.search.threads = 1;
  return options;
}

/// What is found is legal, and costs what evaluating the whole cascade says.
void check_found(const CascadeSearchResult& result, const Hierarchy& hierarchy) {
  for (const FoundCascade& found : result.found) {
    CHECK(verify(found.mapping, hierarchy) == std::vector<std::string>{});
    const CascadeCost cost = evaluate(found.mapping, hierarchy, CountConvention::sluice);
    CHECK(cost.cycles == found.cycles);
    CHECK(cost.total_pj == doctest::Approx(found.energy_pj).epsilon(1e-12));
  }
}

TEST_CASE("with room, intermediates stay in the buffer, and outer traffic is the least there is") {
  const Hierarchy hierarchy = machine(1024);
  const auto result = search_cascade(chain, hierarchy, options_for(SearchObjective::energy));
  REQUIRE(result.found.size() == 1);
  CHECK(result.optimal);
  check_found(result, hierarchy);
  const CascadeCost cost =
      evaluate(result.found.front().mapping, hierarchy, CountConvention::sluice);
  std::uint64_t words = 0;
  for (const EinsumCost& einsum : cost.einsums)
    for (const AccessCount& count : einsum.counts.at[0]) words += count.reads + count.updates;
  CHECK(words == 24 + 48 + 16 + 8 + 16);  // X, W0, W1, W2, V once
  CascadeSearchOptions unfused = options_for(SearchObjective::energy);
  unfused.fuse = false;
  const auto apart = search_cascade(chain, hierarchy, unfused);
  check_found(apart, hierarchy);
  // Y and Z, 32 + 8 words: written, and read again.
  CHECK(apart.found.front().energy_pj >= result.found.front().energy_pj + 2 * 40 * 100);
}

/// Every choice of what stays on chip, each Einsum searched by itself.
double least_energy(const Hierarchy& hierarchy) {
  double least = std::numeric_limits<double>::infinity();
  for (int y = 0; y < 2; ++y)
    for (int z = 0; z < 2; ++z) {
      std::vector<SearchOptions> each(3);
      for (SearchOptions& options : each) {
        options.objective = SearchObjective::energy;
        options.reserved_bits = {0, 0};
      }
      if (y == 1) each[0].kept.push_back({2, 1}), each[1].kept.push_back({0, 1});
      if (z == 1) each[1].kept.push_back({2, 1}), each[2].kept.push_back({0, 1});
      double sum = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        const auto found = search_mapping(chain[i], hierarchy, each[i]).found;
        sum += found.empty() ? std::numeric_limits<double>::infinity() : found.front().energy_pj;
      }
      least = std::min(least, sum);
    }
  return least;
}

TEST_CASE("the join finds the best choice of what stays, at every capacity") {
  double before = std::numeric_limits<double>::infinity();
  for (const std::uint64_t bytes : {4u, 20u, 34u, 40u, 60u, 80u, 200u}) {
    CAPTURE(bytes);
    const Hierarchy hierarchy = machine(bytes);
    const auto result = search_cascade(chain, hierarchy, options_for(SearchObjective::energy));
    REQUIRE(result.found.size() == 1);
    check_found(result, hierarchy);
    CHECK(result.found.front().energy_pj ==
          doctest::Approx(least_energy(hierarchy)).epsilon(1e-12));
    CHECK(result.found.front().energy_pj <= before * (1 + 1e-12));
    before = result.found.front().energy_pj;
  }
}

TEST_CASE("the front of a cascade holds the best of every objective") {
  const Hierarchy hierarchy = machine(40);
  const auto front = search_cascade(chain, hierarchy, options_for(SearchObjective::pareto));
  check_found(front, hierarchy);
  REQUIRE(front.found.size() >= 1);
  for (const SearchObjective objective :
       {SearchObjective::cycles, SearchObjective::energy, SearchObjective::edp}) {
    const auto one = search_cascade(chain, hierarchy, options_for(objective));
    REQUIRE(one.found.size() == 1);
    double least = std::numeric_limits<double>::infinity();
    for (const FoundCascade& found : front.found)
      least = std::min(least, objective_value(objective, found.cycles, found.energy_pj));
    CHECK(objective_value(objective, one.found.front().cycles, one.found.front().energy_pj) ==
          doctest::Approx(least).epsilon(1e-12));
  }
}

/// The least energy x cycles of a whole front, every Einsum with its own, nothing left out.
double least_of_front(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                      bool exhaustive) {
  CascadeSearchOptions options = options_for(SearchObjective::pareto);
  options.search.exhaustive = exhaustive;
  double least = std::numeric_limits<double>::infinity();
  for (const FoundCascade& found : search_cascade(problems, hierarchy, options).found)
    least = std::min(least, objective_value(SearchObjective::edp, found.cycles, found.energy_pj));
  return least;
}

TEST_CASE("the least energy x cycles needs no fronts, on random chains and machines") {
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t low, std::uint64_t high) {
    return low + random() % (high - low + 1);
  };
  for (int i = 0; i < 120; ++i) {
    CAPTURE(i);
    const std::uint64_t m = pick(1, 4);
    std::uint64_t width = pick(1, 4);
    std::vector<Problem> problems;
    for (int layer = 0; layer < 3; ++layer) {
      const std::uint64_t next = pick(1, 4);
      const std::string name = std::to_string(layer);
      problems.push_back(product(m, width, next, layer == 0 ? "X" : "T" + std::to_string(layer - 1),
                                 "W" + name, "T" + name));
      width = next;
    }
    Hierarchy hierarchy = machine(pick(6, 60));
    hierarchy.levels[0].shared_bandwidth = static_cast<double>(pick(1, 4)) / 4;
    hierarchy.levels[1].leak_pj = static_cast<double>(pick(0, 20));
    hierarchy.levels[1].fan_out = {{"X", pick(1, 4), {}}, {"Y", pick(1, 3), {"T0"}}};
    const auto result = search_cascade(problems, hierarchy, options_for(SearchObjective::edp));
    CHECK(result.optimal);
    const double best = result.found.empty()
                            ? std::numeric_limits<double>::infinity()
                            : objective_value(SearchObjective::edp, result.found.front().cycles,
                                              result.found.front().energy_pj);
    check_found(result, hierarchy);
    CHECK(best == doctest::Approx(least_of_front(problems, hierarchy, false)).epsilon(1e-11));
    CHECK(best == doctest::Approx(least_of_front(problems, hierarchy, true)).epsilon(1e-11));
  }
}

TEST_CASE("a tensor that bystanders need takes its room") {
  // Y is read by the first and the last, so that it is alive while Z is made from X.
  const std::vector<Problem> problems = {product(4, 4, 4, "X", "W0", "Y"),
                                         product(4, 4, 4, "X", "W1", "Z"),
                                         product(4, 4, 4, "Y", "Z", "V")};
  for (const std::uint64_t bytes : {18u, 20u, 36u, 200u}) {
    CAPTURE(bytes);
    const Hierarchy hierarchy = machine(bytes);
    const auto result = search_cascade(problems, hierarchy, options_for(SearchObjective::edp));
    REQUIRE(result.found.size() == 1);
    check_found(result, hierarchy);
  }
}

TEST_CASE("identical layers are mapped once") {
  std::vector<Problem> layers;
  for (int i = 0; i < 6; ++i)
    layers.push_back(product(8, 8, 8, "T" + std::to_string(i), "W" + std::to_string(i),
                             "T" + std::to_string(i + 1)));
  const auto result = search_cascade(layers, machine(256), options_for(SearchObjective::edp));
  // The first, those in the middle and the last, all that they pass on in the buffer: a good
  // mapping of each, then the best.
  CHECK(result.searches == 2 * 3);
  CHECK(result.recalled == 2 * 3);
  check_found(result, machine(256));
}

TEST_CASE("results in a folder are found again, and damaged ones are made again") {
  const Folder folder;
  CascadeSearchOptions options = options_for(SearchObjective::edp);
  options.cache = folder.path("cache");
  const Hierarchy hierarchy = machine(40);
  const auto first = search_cascade(chain, hierarchy, options);
  CHECK(first.searches > 0);
  const auto again = search_cascade(chain, hierarchy, options);
  CHECK(again.searches == 0);
  REQUIRE(again.found.size() == 1);
  CHECK(again.found.front().mapping == first.found.front().mapping);
  CHECK(again.found.front().energy_pj == first.found.front().energy_pj);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options.cache)) {
    std::string text = read_file(entry.path().string(), 1 << 20);
    if (files++ % 2 == 0)
      text[text.size() / 2] ^= 1;  // a bit is lost
    else
      text.resize(text.size() / 2);  // the end is
    write_file_atomic(entry.path().string(), text);
  }
  CHECK(files == first.searches);
  const auto mended = search_cascade(chain, hierarchy, options);
  CHECK(mended.searches == first.searches);
  CHECK(mended.found.front().mapping == first.found.front().mapping);
  CHECK(search_cascade(chain, hierarchy, options).searches == 0);
}

TEST_CASE("a file of another version or question is no answer") {
  SearchResult answer;
  answer.found.push_back({Nest{}.keep(0, 7).loop(1, 2), 12, 0.1});
  const std::string text = search::answer_text("question\n", answer);
  SearchResult read;
  CHECK(search::read_answer(text, "question\n", read));
  CHECK(read.found == answer.found);
  CHECK_FALSE(search::read_answer(text, "question\nmore\n", read));
  CHECK_FALSE(search::read_answer("sluice search 0" + text.substr(15), "question\n", read));
  CHECK_FALSE(search::read_answer("", "question\n", read));
}

}  // namespace
}  // namespace sluice
