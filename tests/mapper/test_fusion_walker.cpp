// SPDX-License-Identifier: Apache-2.0
// Counts of fused Einsums against a walk through every step of random trees, and laws that hold for
// any mapping.
#include <doctest/doctest.h>

#include <random>

#include "tests/mapper/nest_fused_walker.hpp"

namespace sluice {
namespace {

using Random = std::mt19937_64;

std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

/// A window, a product and a scaling: T1[m,p] = I[p+r] F[m,r] G[p]; T2[c,p] = T1[m,p] W[c,m];
/// T3[c,p] = T2[c,p] G[p]. Ranks of a name have one extent.
std::vector<Problem> random_chain(Random& random) {
  const std::uint64_t m = pick(random, 1, 5), p = pick(random, 1, 6), r = pick(random, 1, 3),
                      c = pick(random, 1, 4), stride = pick(random, 1, 2);
  Problem first{"T1", {{"m", m, false}, {"p", p, false}, {"r", r, false}}, {}};
  first.tensors = {{"I", {{{1, stride}, {2, 1}}}, false, 8},
                   {"F", {{{0, 1}}, {{2, 1}}}, false, 8},
                   {"G", {{{1, 1}}}, false, 8},
                   {"T1", {{{0, 1}}, {{1, 1}}}, true, 8}};
  Problem second{"T2", {{"c", c, false}, {"p", p, false}, {"m", m, false}}, {}};
  second.tensors = {{"T1", {{{2, 1}}, {{1, 1}}}, false, 8},
                    {"W", {{{0, 1}}, {{2, 1}}}, false, 8},
                    {"T2", {{{0, 1}}, {{1, 1}}}, true, 8}};
  Problem third{"T3", {{"c", c, false}, {"p", p, false}}, {}};
  third.tensors = {{"T2", {{{0, 1}}, {{1, 1}}}, false, 8},
                   {"G", {{{1, 1}}}, false, 8},
                   {"T3", {{{0, 1}}, {{1, 1}}}, true, 8}};
  std::vector<Problem> chain = {first, second};
  if (random() % 2 == 0) chain.push_back(third);
  return chain;
}

Hierarchy random_machine(Random& random) {
  Hierarchy machine;
  for (const char* name : {"L0", "L1", "L2"}) {
    NestLevel level;
    level.name = name;
    level.fan_out = {{"X", 64, {}}, {"Y", 64, {}}};
    machine.levels.push_back(level);
  }
  machine.compute.latch = random() % 4 == 0;
  return machine;
}

std::uint16_t mask_of(const Problem& problem, const std::vector<std::string>& names) {
  std::uint16_t mask = 0;
  for (std::size_t t = 0; t < problem.tensors.size(); ++t)
    for (const std::string& name : names)
      if (problem.tensors[t].name == name) mask = static_cast<std::uint16_t>(mask | 1u << t);
  return mask;
}

/// Grows a tree: nodes that all of a range of Einsums share, then a branch, and so on.
class Grower {
 public:
  Grower(Random& random, const std::vector<Problem>& problems) : random_(random) {
    for (const Problem& problem : problems) mapping_.einsums.push_back({problem, {}, 0, "", 1});
  }

  CascadeMapping grow() {
    std::vector<std::string> all, left;
    for (const MappedEinsum& einsum : mapping_.einsums)
      for (const NestTensor& tensor : einsum.problem.tensors) all.push_back(tensor.name);
    for (const std::string& name : all)
      if ((name == "T1" || name == "T2") && random_() % 2 == 0)
        left.push_back(name);
      else
        kept_.push_back(name);
    const std::size_t end = mapping_.einsums.size();
    keep(0, end, 0, kept_);
    some_loops(0, end, true);
    subset(0, end, 1, left);
    some_loops(0, end, false);
    branch(0, end);
    for (std::size_t i = 0; i < end; ++i) finish(i);
    return mapping_;
  }

 private:
  void branch(std::size_t begin, std::size_t end) {
    std::size_t cut = end;
    if (end - begin == 3) cut = begin + pick(random_, 1, 2);
    for (std::size_t i = begin + 1; i < end; ++i)
      mapping_.einsums[i].shared_nodes = mapping_.einsums[begin].nest.size();
    if (cut == end) return;
    // Two of three stay together for some more nodes.
    const auto [from, to] = cut == begin + 1 ? std::pair{cut, end} : std::pair{begin, cut};
    subset(from, to, 1, {});
    some_loops(from, to, false);
    mapping_.einsums[to - 1].shared_nodes = mapping_.einsums[from].nest.size();
  }

  void keep(std::size_t begin, std::size_t end, std::size_t level,
            const std::vector<std::string>& names) {
    for (std::size_t i = begin; i < end; ++i)
      mapping_.einsums[i].nest.keep(level, mask_of(mapping_.einsums[i].problem, names));
  }

  /// Keeps at a level some of what is not kept there yet, and all of `must`.
  void subset(std::size_t begin, std::size_t end, std::size_t level,
              std::vector<std::string> must) {
    for (const char* name : {"I", "F", "G", "T1", "W", "T2", "T3"})
      if (random_() % 2 == 0) must.push_back(name);
    std::erase_if(must,
                  [&](const std::string& name) { return !inner_[level].insert(name).second; });
    keep(begin, end, level, must);
  }

  void some_loops(std::size_t begin, std::size_t end, bool spreads) {
    for (std::uint64_t count = pick(random_, 0, 2); count > 0; --count) {
      const std::string rank = random_() % 2 == 0 ? "p" : random_() % 2 == 0 ? "m" : "c";
      std::uint64_t tile = 0;
      for (std::size_t i = begin; i < end; ++i)
        if (index_of(i, rank) == mapping_.einsums[i].problem.ranks.size()) tile = 1;
      if (tile != 0) continue;  // one of them lacks it
      tile = pick(random_, 1, around(begin, rank));
      const bool spread = spreads && random_() % 3 == 0;
      for (std::size_t i = begin; i < end; ++i) {
        if (spread)
          mapping_.einsums[i].nest.spread(0, random_() % 2 == 0 ? 0 : 0, index_of(i, rank), tile);
        else
          mapping_.einsums[i].nest.loop(index_of(i, rank), tile);
      }
    }
  }

  void finish(std::size_t index) {
    MappedEinsum& einsum = mapping_.einsums[index];
    std::uint16_t rest = 0;
    for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
      if (random_() % 2 == 0) rest = static_cast<std::uint16_t>(rest | 1u << t);
    if (random_() % 2 == 0) einsum.nest.spread(1, 1, random_() % 2, pick(random_, 1, 2));
    if (rest != 0) einsum.nest.keep(2, rest);
    std::vector<std::size_t> order;
    for (std::size_t rank = 0; rank < einsum.problem.ranks.size(); ++rank) order.push_back(rank);
    std::shuffle(order.begin(), order.end(), random_);
    for (const std::size_t rank : order) einsum.nest.loop(rank, 1);
  }

  std::size_t index_of(std::size_t index, const std::string& rank) const {
    const auto& ranks = mapping_.einsums[index].problem.ranks;
    return static_cast<std::size_t>(std::ranges::find(ranks, rank, &NestRank::name) -
                                    ranks.begin());
  }

  std::uint64_t around(std::size_t index, const std::string& rank) const {
    const MappedEinsum& einsum = mapping_.einsums[index];
    std::uint64_t extent = einsum.problem.ranks[index_of(index, rank)].extent;
    for (const NestNode& node : einsum.nest)
      if (node.kind != NestKind::keep && node.rank == index_of(index, rank))
        extent = std::min(extent, node.tile);
    return extent;
  }

  Random& random_;
  CascadeMapping mapping_;
  std::vector<std::string> kept_;
  std::array<std::set<std::string>, 3> inner_;
};

void check_random_trees(std::uint64_t seed, int trees) {
  CAPTURE(seed);
  Random random(seed);
  int legal = 0;
  for (int i = 0; i < 40 * trees && legal < trees; ++i) {
    CAPTURE(i);
    const CascadeMapping mapping = Grower(random, random_chain(random)).grow();
    const Hierarchy machine = random_machine(random);
    if (!verify(mapping, machine).empty()) continue;
    ++legal;
    const std::string text = to_text(mapping, machine);
    CAPTURE(text);
    CAPTURE(machine.compute.latch);
    const std::vector<NestCounts> walked = walker::FusedWalker(mapping, machine).count();
    const CascadeCost closed = evaluate(mapping, machine, CountConvention::sluice);
    for (std::size_t e = 0; e < mapping.einsums.size(); ++e) {
      CAPTURE(e);
      REQUIRE(closed.einsums[e].counts.operations == walked[e].operations);
      REQUIRE(closed.einsums[e].counts.steps == walked[e].steps);
      for (std::size_t level = 0; level < machine.levels.size(); ++level)
        for (std::size_t tensor = 0; tensor < mapping.einsums[e].problem.tensors.size(); ++tensor) {
          CAPTURE(level);
          CAPTURE(tensor);
          const AccessCount& a = closed.einsums[e].counts.at[level][tensor];
          const AccessCount& b = walked[e].at[level][tensor];
          REQUIRE(a.reads == b.reads);
          REQUIRE(a.fills == b.fills);
          REQUIRE(a.updates == b.updates);
        }
    }
  }
  CHECK(legal == trees);
}

TEST_CASE("fused counts equal a walk through every step of random trees") {
  check_random_trees(11, 400);
}

TEST_SUITE("slow") {
  TEST_CASE("fused counts equal a walk through five thousand random trees") {
    check_random_trees(12, 5000);
  }
}

/// The same mapping with ranks in another order under other names.
MappedEinsum renamed(const MappedEinsum& einsum, Random& random) {
  std::vector<std::size_t> place(einsum.problem.ranks.size());
  for (std::size_t i = 0; i < place.size(); ++i) place[i] = i;
  std::shuffle(place.begin(), place.end(), random);
  MappedEinsum other = einsum;
  for (std::size_t i = 0; i < place.size(); ++i) {
    other.problem.ranks[place[i]] = einsum.problem.ranks[i];
    other.problem.ranks[place[i]].name = "rank" + std::to_string(i);
  }
  for (NestTensor& tensor : other.problem.tensors)
    for (NestProjection& dimension : tensor.dimensions)
      for (NestTerm& term : dimension) term.rank = static_cast<std::uint32_t>(place[term.rank]);
  other.nest = {};
  for (NestNode node : einsum.nest) {
    if (node.kind != NestKind::keep) node.rank = static_cast<std::uint8_t>(place[node.rank]);
    other.nest.add(node);
  }
  return other;
}

TEST_CASE("names and order of ranks change nothing") {
  constexpr std::uint64_t seed = 13;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    CascadeMapping mapping = Grower(random, random_chain(random)).grow();
    const Hierarchy machine = random_machine(random);
    const MappedEinsum& einsum = mapping.einsums.front();
    if (!verify(einsum.nest, einsum.problem, machine).empty()) continue;
    const CascadeMapping one{"one", {einsum}};
    const CascadeMapping other{"other", {renamed(einsum, random)}};
    const CascadeCost a = evaluate(one, machine, CountConvention::sluice);
    const CascadeCost b = evaluate(other, machine, CountConvention::sluice);
    CHECK(a.einsums[0].counts == b.einsums[0].counts);
  }
}

TEST_CASE("what a level reads, the next one gets or a drain takes") {
  constexpr std::uint64_t seed = 14;
  CAPTURE(seed);
  Random random(seed);
  int counted = 0;
  for (int i = 0; i < 600; ++i) {
    CAPTURE(i);
    const CascadeMapping mapping = Grower(random, random_chain(random)).grow();
    const Hierarchy machine = random_machine(random);
    const MappedEinsum& einsum = mapping.einsums.front();
    const auto spreads = [](const NestNode& node) { return node.kind == NestKind::spread; };
    if (std::any_of(einsum.nest.begin(), einsum.nest.end(), spreads)) continue;
    if (!verify(einsum.nest, einsum.problem, machine).empty()) continue;
    ++counted;
    NestCounts counts;
    count_accesses(einsum.nest, einsum.problem, machine, {CountConvention::sluice, 0}, counts);
    for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t) {
      const AccessCount* above = nullptr;
      for (std::size_t l = 0; l < machine.levels.size(); ++l) {
        const AccessCount& here = counts.at[l][t];
        if (!here.kept) continue;
        // Reads of the level above: what comes here, and what it gives to the level above itself.
        if (above != nullptr) CHECK(above->reads >= here.fills);
        if (above != nullptr && einsum.problem.tensors[t].output)
          CHECK(here.reads >= above->updates);
        if (above != nullptr && !einsum.problem.tensors[t].output)
          CHECK(above->reads == here.fills);
        above = &here;
      }
    }
  }
  CHECK(counted > 50);
}

TEST_CASE("more capacity keeps a mapping legal, and a bit less than the peak does not") {
  constexpr std::uint64_t seed = 15;
  CAPTURE(seed);
  Random random(seed);
  int legal = 0;
  for (int i = 0; i < 2000 && legal < 100; ++i) {
    CAPTURE(i);
    const CascadeMapping mapping = Grower(random, random_chain(random)).grow();
    Hierarchy machine = random_machine(random);
    machine.levels[1].double_buffered = random() % 2 == 0;
    if (!verify(mapping, machine).empty()) continue;
    const std::uint64_t peak = peak_bits(live_tiles(mapping, machine), 1);
    if (peak < 2) continue;
    ++legal;
    machine.levels[1].capacity_bits = peak + pick(random, 0, 100);
    CHECK(verify(mapping, machine).empty());
    machine.levels[1].capacity_bits = peak - 1;
    CHECK_FALSE(verify(mapping, machine).empty());
  }
  CHECK(legal == 100);
}

}  // namespace
}  // namespace sluice
