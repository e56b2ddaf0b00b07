// SPDX-License-Identifier: Apache-2.0
// Fused mappings: what verify() says, a passing and a failing case each, which tiles live when, and
// counts by hand.
#include <doctest/doctest.h>

#include "mapper/nest/map_file.hpp"
#include "mapper/nest/map_table.hpp"

namespace sluice {
namespace {

using Mistakes = std::vector<std::string>;

/// T1[m,b] = T0[m,a] W0[a,b]; T2[m,c] = T1[m,b] W1[b,c]; m 8, others 4; 8 bits.
MapFile chain(const std::string& mapping, const std::string& buffer = "capacity_bits: 4096") {
  return parse_map(R"(name: chain
cascade:
  name: chain
  element_bits: 8
  ranks: {m: 8, a: 4, b: 4, c: 4}
  inputs: ["T0[m,a]", "W0[a,b]", "W1[b,c]"]
  einsums: |
    T1[m,b] = T0[m,a] * W0[a,b]
    T2[m,c] = T1[m,b] * W1[b,c]
hierarchy:
  levels:
    - {name: Main}
    - {name: GB, )" + buffer +
                       R"(, fan_out: [{axis: X, size: 4}]}
  compute: {name: MAC}
  units: [{name: VEC}]
mapping: |
)" + mapping,
                   "chain.yaml");
}

Mistakes mistakes(const MapFile& file) { return verify(*file.mapping, file.hierarchy); }

const std::string fused = R"(
  keep T0, W0, W1, T2 in Main
  keep W0, W1 in GB
  for m
    keep T0, T1, T2 in GB
    for a
      for b
        compute T1
    for b
      for c
        compute T2
)";

TEST_CASE("a tensor that is passed on in shared loops never goes outwards") {
  const MapFile file = chain(fused);
  CHECK(mistakes(file) == Mistakes{});
  CHECK(exchanges_of(*file.mapping) == std::vector<Exchange>{{"T1", 0, 0, 1, 1, true}});
  // By hand, m = 8 iterations: T1 4 words a row, 16 sums a row, of which 4 are first touches.
  const CascadeCost cost = evaluate(*file.mapping, file.hierarchy, CountConvention::sluice);
  const AccessCount& made = cost.einsums[0].counts.at[1][2];
  CHECK(made.updates == 128);
  CHECK(made.reads == 128 - 32);
  CHECK(made.tile == 4);
  const AccessCount& read = cost.einsums[1].counts.at[1][0];
  CHECK(read.fills == 0);
  CHECK(read.reads == 128);
  CHECK_FALSE(cost.einsums[0].counts.at[0][2].kept);
}

TEST_CASE("tiles live from their first use to their last") {
  const MapFile file = chain(fused);
  // W0 and W1 stay in each iteration of m, T0 makes room for T2: 128 + 128 + 32 + 32.
  CHECK(peak_bits(live_tiles(*file.mapping, file.hierarchy), 1) == 320);
  CHECK(mistakes(chain(fused, "capacity_bits: 320")) == Mistakes{});
  CHECK(mistakes(chain(fused, "capacity_bits: 319")) ==
        Mistakes{"GB needs 320 bits while T1 runs (T0 32 + T1 32 + W0 128 + W1 128), holds 319",
                 "GB needs 320 bits while T2 runs (T1 32 + T2 32 + W0 128 + W1 128), holds 319"});
}

TEST_CASE("weights kept in a branch make room for those of the next, and come back each time") {
  const MapFile file = chain(R"(
  keep T0, W0, W1, T2 in Main
  for m
    keep T0, T1, T2 in GB
    keep W0 in GB
      for a
        for b
          compute T1
    keep W1 in GB
      for b
        for c
          compute T2
)");
  CHECK(mistakes(file) == Mistakes{});
  CHECK(peak_bits(live_tiles(*file.mapping, file.hierarchy), 1) == 192);
  const CascadeCost cost = evaluate(*file.mapping, file.hierarchy, CountConvention::sluice);
  CHECK(cost.einsums[0].counts.at[1][1].fills == 8 * 16);
  // Where they stay around the branches, they come once.
  const MapFile stay = chain(fused);
  const CascadeCost once = evaluate(*stay.mapping, stay.hierarchy, CountConvention::sluice);
  CHECK(once.einsums[0].counts.at[1][1].fills == 16);
}

TEST_CASE("both copies of a tile that is kept twice need room, of one keep or of all") {
  std::string twice = fused;
  twice.replace(twice.find("T0, T1, T2 in GB"), 16, "T0, T1, T2 in GB twice");
  CHECK(mistakes(chain(twice, "capacity_bits: 384")) == Mistakes{});
  CHECK(mistakes(chain(twice, "capacity_bits: 383")).front() ==
        "GB needs 384 bits while T1 runs (T0 64 + T1 64 + W0 128 + W1 128), holds 383");
  CHECK(mistakes(chain(fused, "capacity_bits: 639, double_buffered: true")).front() ==
        "GB needs 640 bits while T1 runs (T0 64 + T1 64 + W0 256 + W1 256, each twice), holds 639");
}

TEST_CASE("a tensor that waits for its reader is whole, and lives until then") {
  const std::string unfused = R"(
  keep T0, W0 in Main
    keep T1 in GB
      for m
        for b
          for a
            compute T1
  keep W1, T2 in Main
    keep T1 in GB
      for m
        for c
          for b
            compute T2
)";
  CHECK(mistakes(chain(unfused, "capacity_bits: 256")) == Mistakes{});
  CHECK(mistakes(chain(unfused, "capacity_bits: 255")).front() ==
        "GB needs 256 bits while T1 runs (T1 256), holds 255");
  const MapFile file = chain(unfused);
  CHECK(exchanges_of(*file.mapping) == std::vector<Exchange>{{"T1", 0, 0, 1, 1, false}});
}

TEST_CASE("a tensor is looked for where it was left") {
  CHECK(mistakes(chain(R"(
  keep T0, W0 in Main
    keep T1 in GB
      for m
        for b
          for a
            compute T1
  keep T1, W1, T2 in Main
    for m
      for c
        for b
          compute T2
)")) == Mistakes{"T2 looks for T1 in Main, T1 leaves it in GB"});
}

TEST_CASE("a tensor is complete before it is read") {
  // The loop over a adds to T1; T2 has no a, so the loop is of T1 alone where they share m only.
  // With b shared, each iteration makes a column of T1, but T2 reads them one by one, too: its sum
  // over b is not over then, which is its own affair.
  CHECK(mistakes(chain(R"(
  keep T0, W0, W1, T2 in Main
  for m
    for b
      keep T1 in GB
      for a
        compute T1
      for c
        compute T2
)")) == Mistakes{});
  const std::string sums = R"(name: sums
cascade:
  name: sums
  ranks: {m: 8, k: 4}
  inputs: ["X[m,k]", "Y[m,k]"]
  einsums: |
    S[m] = X[m,k]
    Z[m,k] = Y[m,k] * S[m]
hierarchy:
  levels: [{name: Main}]
mapping: |
  keep X, Y, S, Z in Main
  for m
    for k
      compute S
      compute Z
)";
  CHECK(
      mistakes(parse_map(sums, "sums.yaml")) ==
      Mistakes{"Z reads S before it is complete: the loop over k, which both run in, adds to it"});
}

TEST_CASE("a reader finds all that it reads in the iteration that makes it") {
  const std::string windows = R"(name: windows
cascade:
  name: windows
  ranks: {p: 8, q: 6, r: 3}
  inputs: ["X[p]", "F[r]"]
  einsums: |
    Y[p] = exp(X[p])
    Z[q] = Y[q+r] * F[r]
hierarchy:
  levels: [{name: Main}]
mapping: |
  keep X, F, Y, Z in Main
)";
  CHECK(mistakes(parse_map(
            windows + "  for p\n    compute Y\n  for q\n    for r\n      compute Z\n", "w.yaml")) ==
        Mistakes{});
  // Under one name of the rank, Y[p+r] reads beyond what the iteration of p makes.
  std::string same = windows;
  same.replace(same.find("p: 8, q: 6, r: 3"), 16, "p: 8, r: 3");
  same.replace(same.find("Z[q] = Y[q+r] * F[r]"), 20, "Z[p] = Y[p+r] * F[r] where p+r < 8");
  CHECK(mistakes(
            parse_map(same + "  for p\n    compute Y\n    for r\n      compute Z\n", "w.yaml")) ==
        Mistakes{"Z reads more of Y than an iteration of p, which both run in, makes"});
}

TEST_CASE("what is shared is the same in both") {
  MapFile file = chain(fused);
  CascadeMapping mapping = *file.mapping;
  mapping.einsums[0].shared_nodes = 2;
  CHECK(verify(mapping, file.hierarchy) ==
        Mistakes{"T1 shares 2 nodes with an Einsum before, there is none"});
  mapping = *file.mapping;
  mapping.einsums[1].shared_nodes = 7;
  CHECK(verify(mapping, file.hierarchy) == Mistakes{"T1 and T2 share 7 nodes, one of them has 6"});
  mapping.einsums[1].shared_nodes = 5;
  CHECK(verify(mapping, file.hierarchy) ==
        Mistakes{"T1 and T2 share node 5, which is `for a of 4 step 1` in one and `for b of 4 step "
                 "1` in the other"});
  mapping = *file.mapping;
  Nest without;
  for (NestNode node : mapping.einsums[1].nest) {
    if (without.size() == 3) node.tensors = 4;  // T2 alone
    without.add(node);
  }
  mapping.einsums[1].nest = without;
  CHECK(verify(mapping, file.hierarchy) ==
        Mistakes{"node 4, which T1 and T2 share, keeps T1 for one of them only"});
}

TEST_CASE("a unit runs what lies above it") {
  std::string vector = fused;
  vector.replace(vector.find("compute T2"), 10, "compute T2 on VEC");
  CHECK(mistakes(chain(vector)) == Mistakes{});
  CHECK(mistakes(chain(vector, "units: [MAC]")) == Mistakes{"T2: GB may not keep tensor T1",
                                                            "T2: GB may not keep tensor W1",
                                                            "T2: GB may not keep tensor T2"});
  MapFile file = chain(fused);
  file.mapping->einsums[1].unit = "DSP";
  CHECK(mistakes(file) == Mistakes{"T2: there is no compute unit DSP"});
}

/// A running maximum and a sum that is scaled by how it changes, both along i.
const std::string recurrence = R"(name: recurrence
cascade:
  name: recurrence
  ranks: {p: 4}
  iterative: {i: i >= 8}
  inputs: ["X[i,p]"]
  outputs: [Y]
  einsums: |
    D[0,p]   = 0
    S[i,p]   = D[i,p] * X[i,p]
    D[i+1,p] = S[i,p] + X[i,p]
    Y[p]     = D[8,p]
hierarchy:
  levels:
    - {name: Main, fan_out: [{axis: X, size: 8}]}
mapping: |
  keep X, S, D, Y in Main
)";

TEST_CASE("Einsums of a recurrence share its loops, which run in order") {
  CHECK(mistakes(parse_map(recurrence + R"(
  for i
    for p
      compute S
    for p
      compute D
  for p
    compute Y
)",
                           "r.yaml")) == Mistakes{});
  CHECK(mistakes(parse_map(recurrence + R"(
  for i step 4
    for i
      for p
        compute S
    for i
      for p
        compute D
  for p
    compute Y
)",
                           "r.yaml")) ==
        Mistakes{"S reads D, which D makes later: they must share all loops over i, 1 of these is "
                 "not shared"});
  CHECK(mistakes(parse_map(recurrence + R"(
  spread i over Main.X
    for p
      compute S
    for p
      compute D
  for p
    compute Y
)",
                           "r.yaml")) ==
        Mistakes{"S: rank i is a recurrence: it runs in order, not over axis Main.X",
                 "D: rank i is a recurrence: it runs in order, not over axis Main.X"});
}

TEST_CASE("what is read is made before") {
  MapFile file = chain(fused);
  std::swap(file.mapping->einsums[0], file.mapping->einsums[1]);
  file.mapping->einsums[1].shared_nodes = 4;
  file.mapping->einsums[0].shared_nodes = 0;
  CHECK(mistakes(file) == Mistakes{"T2 reads T1, which T1 makes later"});
}

TEST_CASE("one sentence says what bounds the time and where the energy goes") {
  MapFile file = chain(fused);
  file.hierarchy.levels[1].shared_bandwidth = 2;
  file.hierarchy.levels[1].read_pj = 1;
  const CascadeCost cost = evaluate(*file.mapping, file.hierarchy, CountConvention::sluice);
  // T1: GB reads T0, W0 128 each and T1 96, fills 32 and 16, updates 128: 528 words, 264 cycles.
  // T2: reads T1, W1 128 each, T2 96 + 32 drains, fills W1 16, updates 128: 528 words.
  CHECK(cost.einsums[0].cost.level_cycles[1] == 264);
  CHECK(cost.einsums[1].cost.level_cycles[1] == 264);
  CHECK(why(*file.mapping, file.hierarchy, cost) ==
        "GB bounds 528 of 528 cycles; MAC is next, busy for 48.5 %; 100.0 % of the energy is spent "
        "in GB, most of it for T0 (T1).");
}

}  // namespace
}  // namespace sluice
