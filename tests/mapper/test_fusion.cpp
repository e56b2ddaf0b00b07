// SPDX-License-Identifier: Apache-2.0
// Fused mappings: what verify() says, which tiles are live when, and counts by hand.
#include <doctest/doctest.h>

#include "mapper/nest/map_file.hpp"

namespace sluice {
namespace {

/// Two matrix products of 64 x 64 x 64, as a map file without its mapping.
std::string chain(const std::string& hierarchy) {
  return R"(name: chain
cascade:
  name: chain
  element_bits: 8
  ranks: {m: 64, n0: 64, n1: 64, n2: 64}
  inputs: ["T0[m,n0]", "W0[n0,n1]", "W1[n1,n2]"]
  einsums: |
    T1[m,n1] = T0[m,n0] * W0[n0,n1]
    T2[m,n2] = T1[m,n1] * W1[n1,n2]
)" + hierarchy +
         "mapping: |\n";
}

const std::string simple = R"(hierarchy:
  levels:
    - {name: Main, read_pj: 8, write_pj: 8, update_pj: 8}
    - {name: GB, read_pj: 8, write_pj: 8, update_pj: 8, capacity_bits: 1000000}
  compute: {name: MAC, pj: 1}
)";

const std::string fused = R"(
  keep T0, W0, W1, T2 in Main
  keep W0, W1 in GB
  for m
    keep T0, T1, T2 in GB
    for n0
      for n1
        compute T1
    for n1
      for n2
        compute T2
)";

using Mistakes = std::vector<std::string>;

TEST_CASE("A3, A5: two products fused on m") {
  const MapFile file = parse_map(chain(simple) + fused, "chain.yaml");
  CHECK(verify(*file.mapping, file.hierarchy) == Mistakes{});
  const CascadeCost cost = evaluate(*file.mapping, file.hierarchy, CountConvention::accelforge);
  CHECK(cost.total_pj == 17498112);
  CHECK(cost.cycles == 524288);
  // W0 and W1 32768 each, a row of T0 and of T1 512 each; T0 makes room for T2.
  CHECK(peak_bits(live_tiles(*file.mapping, file.hierarchy), 1) == 66560);
}

}  // namespace
}  // namespace sluice
