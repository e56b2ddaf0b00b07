// SPDX-License-Identifier: Apache-2.0
// Published results of AccelForge (Accelergy-Project/accelforge 1c1929c2:
// examples/arches/simple.yaml, examples/workloads/basic, examples/mappings, tests/test_model.py),
// in its convention. Its counts are in bits, of 8 bits a word; every bit read or written and every
// operation costs 1.
#include <doctest/doctest.h>

#include "mapper/nest/cost.hpp"

namespace sluice {
namespace {

constexpr std::size_t main_memory = 0, buffer = 1;
constexpr std::uint16_t in = 1, weight = 2, out = 4;

/// Z[i] = X[j] W[j,i], or with a rank m before both.
Problem product(std::uint64_t m, std::uint64_t j, std::uint64_t i) {
  return {"product",
          {{"m", m, false}, {"j", j, false}, {"i", i, false}},
          {{"X", {{{0, 1}}, {{1, 1}}}, false, 8},
           {"W", {{{1, 1}}, {{2, 1}}}, false, 8},
           {"Z", {{{0, 1}}, {{2, 1}}}, true, 8}}};
}

Hierarchy simple(double words_a_cycle = 0) {
  Hierarchy machine;
  NestLevel level;
  level.read_pj = level.write_pj = level.update_pj = 8;
  level.name = "MainMemory";
  machine.levels.push_back(level);
  level.name = "GlobalBuffer";
  level.shared_bandwidth = words_a_cycle;
  machine.levels.push_back(level);
  machine.compute.pj = 1;
  return machine;
}

struct Bits {
  std::uint64_t read, written;
  bool operator==(const Bits&) const = default;
};

struct Counted {
  NestCounts counts;
  NestCost cost;
  Bits at(std::size_t level, std::size_t tensor) const {
    const AccessCount& count = counts.at[level][tensor];
    return {8 * count.reads, 8 * (count.fills + count.updates)};
  }
};

Counted run(const Nest& nest, const Problem& problem, const Hierarchy& machine = simple()) {
  Counted result;
  count_accesses(nest, problem, machine, {CountConvention::accelforge, 0}, result.counts);
  result.cost = price(result.counts, problem, machine, CountConvention::accelforge);
  return result;
}

/// All in main memory, all in the buffer, then m, j, i.
Nest unfused() {
  Nest nest;
  nest.keep(main_memory, in | weight | out).keep(buffer, in | weight | out);
  nest.loop(0, 1).loop(1, 1).loop(2, 1);
  return nest;
}

TEST_CASE("A1: one matrix product of 64 x 32 x 32") {
  const Counted c = run(unfused(), product(64, 32, 32));
  CHECK(c.at(buffer, 0) == Bits{524288, 16384});
  CHECK(c.at(buffer, 1) == Bits{524288, 8192});
  // (65536 sums - 2048 first touches + 2048 drains) x 8
  CHECK(c.at(buffer, 2) == Bits{524288, 524288});
  CHECK(c.at(main_memory, 0) == Bits{16384, 0});
  CHECK(c.at(main_memory, 1) == Bits{8192, 0});
  CHECK(c.at(main_memory, 2) == Bits{0, 16384});
  CHECK(c.cost.total_pj == 2228224);
  CHECK(c.cost.cycles == 65536);
}

TEST_CASE("A2: two matrix products of 64 x 64 x 64, one after the other") {
  const Counted c = run(unfused(), product(64, 64, 64));
  CHECK(c.at(buffer, 0) == Bits{2097152, 32768});
  CHECK(c.at(buffer, 1) == Bits{2097152, 32768});
  CHECK(c.at(buffer, 2) == Bits{2097152, 2097152});
  CHECK(c.at(main_memory, 2) == Bits{0, 32768});
  CHECK(2 * c.cost.total_pj == 17629184);
  CHECK(2 * c.cost.cycles == 524288);
}

TEST_CASE("A3, A4: two matrix products fused on m, their intermediate never leaves the buffer") {
  Nest first;
  first.keep(main_memory, in | weight).keep(buffer, weight).loop(0, 1).keep(buffer, in | out);
  first.loop(1, 1).loop(2, 1);
  Nest second;
  second.keep(main_memory, weight | out).keep(buffer, weight).loop(0, 1).keep(buffer, in | out);
  second.loop(1, 1).loop(2, 1);
  const Problem problem = product(64, 64, 64);
  const Counted a = run(first, problem), b = run(second, problem);
  CHECK(a.at(buffer, 0) == Bits{2097152, 32768});
  CHECK(a.at(buffer, 1) == Bits{2097152, 32768});
  CHECK(a.at(buffer, 2) == Bits{2064384, 2097152});  // (262144 - 4096) x 8: nothing drains
  CHECK(b.at(buffer, 0) == Bits{2097152, 0});
  CHECK(b.at(buffer, 1) == Bits{2097152, 32768});
  CHECK(b.at(buffer, 2) == Bits{2097152, 2097152});
  CHECK(a.at(main_memory, 0) == Bits{32768, 0});
  CHECK(b.at(main_memory, 2) == Bits{0, 32768});
  CHECK(a.cost.total_pj + b.cost.total_pj == 17498112);
  CHECK(a.cost.cycles + b.cost.cycles == 524288);
  // A4: the buffer moves 16 bits a second, two words.
  CHECK(run(first, problem, simple(2)).cost.cycles + run(second, problem, simple(2)).cost.cycles ==
        1052672);
}

/// A9: Y[ny] = A[na] B[na,ny] and Z[nz] = Y[ny] C[ny,nz], na 4, ny 3, nz 4.
const Problem first_product = product(1, 4, 3);
const Problem second_product = product(1, 3, 4);
constexpr std::size_t in_rank = 1, out_rank = 2;

TEST_CASE("A9: two products of a vector, unfused") {
  Nest y, z;
  y.keep(main_memory, in | weight | out).keep(buffer, in | weight).loop(out_rank, 1);
  y.keep(buffer, out).loop(in_rank, 1);
  z.keep(main_memory, in | weight | out).keep(buffer, in | weight).loop(out_rank, 1);
  z.keep(buffer, out).loop(in_rank, 1);
  const Counted a = run(y, first_product), b = run(z, second_product);
  CHECK(a.at(buffer, 0) == Bits{96, 32});
  CHECK(a.at(buffer, 1) == Bits{96, 96});
  CHECK(a.at(buffer, 2) == Bits{96, 96});
  CHECK(a.at(main_memory, 2) == Bits{0, 24});
  CHECK(b.at(buffer, 0) == Bits{96, 24});
  CHECK(b.at(main_memory, 0) == Bits{24, 0});
  CHECK(b.at(buffer, 2) == Bits{96, 96});
  CHECK(b.at(main_memory, 2) == Bits{0, 32});
  CHECK(a.cost.total_pj + b.cost.total_pj == 1344);
}

TEST_CASE("A9: fused, the intermediate whole in the buffer") {
  Nest y, z;
  y.keep(main_memory, in | weight).keep(buffer, in | weight | out);
  y.loop(out_rank, 1).loop(in_rank, 1);
  z.keep(main_memory, weight | out).keep(buffer, in | weight | out);
  z.loop(out_rank, 1).loop(in_rank, 1);
  const Counted a = run(y, first_product), b = run(z, second_product);
  CHECK(a.at(buffer, 2) == Bits{72, 96});
  CHECK(b.at(buffer, 0) == Bits{96, 0});
  CHECK(a.cost.total_pj + b.cost.total_pj == 1248);
}

TEST_CASE("A9: fused, all tiled by ny") {
  Nest y, z;
  y.keep(main_memory, in | weight | out).loop(out_rank, 1).keep(buffer, in | weight | out);
  y.loop(in_rank, 1);
  z.keep(main_memory, in | weight | out).loop(in_rank, 1).keep(buffer, in | weight | out);
  z.loop(out_rank, 1);
  const Counted a = run(y, first_product), b = run(z, second_product);
  CHECK(a.at(buffer, 0) == Bits{96, 96});  // A is brought anew in each iteration of ny
  CHECK(a.at(buffer, 2) == Bits{96, 96});
  CHECK(b.at(buffer, 2) == Bits{160, 160});
  CHECK(b.at(main_memory, 2) == Bits{64, 96});
  CHECK(a.cost.total_pj + b.cost.total_pj == 1728);
  // And with A kept above, Y only in the buffer.
  Nest kept, after;
  kept.keep(main_memory, in | weight).keep(buffer, in).loop(out_rank, 1);
  kept.keep(buffer, weight | out).loop(in_rank, 1);
  after.keep(main_memory, weight | out).loop(in_rank, 1).keep(buffer, in | weight | out);
  after.loop(out_rank, 1);
  const Counted c = run(kept, first_product), d = run(after, second_product);
  CHECK(c.at(buffer, 0) == Bits{96, 32});
  CHECK(c.at(buffer, 2) == Bits{72, 96});
  CHECK(d.at(buffer, 2) == Bits{160, 160});
  CHECK(c.cost.total_pj + d.cost.total_pj == 1504);
}

}  // namespace
}  // namespace sluice
