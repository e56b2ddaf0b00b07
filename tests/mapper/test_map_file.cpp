// SPDX-License-Identifier: Apache-2.0
// Map files: reading, writing, and every mistake with its exact text.
#include <doctest/doctest.h>

#include "mapper/nest/map_file.hpp"

namespace sluice {
namespace {

const std::string problem = R"(name: two
cascade:
  name: two
  element_bits: 8
  ranks: {m: 8, a: 4, b: 4, c: 4}
  inputs: ["T0[m,a]", "W0[a,b]", "W1[b,c]"]
  einsums: |
    T1[m,b] = T0[m,a] * W0[a,b]
    T2[m,c] = T1[m,b] * W1[b,c]
hierarchy:
  levels:
    - {name: Main}
    - {name: GB, capacity_bits: 4096, fan_out: [{axis: X, size: 4}]}
  compute: {name: MAC}
mapping: |
)";

const std::string fused = R"(  keep T0, W0, W1, T2 in Main
  keep W0, W1 in GB
  for m in 0..8 step 1
    keep T0, T1, T2 in GB
    for a in 0..4 step 1
      spread b in 0..4 step 1 over GB.X
        compute T1 on MAC
    for b in 0..4 step 1
      for c in 0..4 step 1
        compute T2 on MAC in 2 cycles
)";

std::string mistakes(const std::string& mapping) {
  try {
    parse_map(problem + mapping, "two.yaml");
  } catch (const SpecError& error) {
    std::string text;
    for (const Diagnostic& d : error.diagnostics()) text += to_text(d) + "\n";
    return text;
  }
  return "none";
}

TEST_CASE("a tree of loops is one nest an Einsum") {
  const MapFile file = parse_map(problem + fused, "two.yaml");
  REQUIRE(file.mapping);
  const auto& einsums = file.mapping->einsums;
  REQUIRE(einsums.size() == 2);
  CHECK(einsums[0].problem.name == "T1");
  CHECK(einsums[0].nest.size() == 6);
  CHECK(einsums[1].shared_nodes == 4);
  CHECK(einsums[1].cycles == 2);
  CHECK(einsums[0].nest[0].tensors == 3);  // T0, W0
  CHECK(einsums[1].nest[0].tensors == 6);  // W1, T2
  CHECK(einsums[0].nest[5] == NestNode{NestKind::spread, 1, 0, 1, 0, false, 1});
}

TEST_CASE("a mapping prints as it is written, and reads back") {
  const MapFile file = parse_map(problem + fused, "two.yaml");
  std::string plain;
  for (std::size_t at = 0; at < fused.size();) {
    const std::size_t end = fused.find('\n', at);
    plain += fused.substr(at + 2, end - at - 1);
    at = end + 1;
  }
  CHECK(to_text(*file.mapping, file.hierarchy) == plain);
  CHECK(parse_map(to_text(file), "again.yaml") == file);
}

TEST_CASE("a keep with lines below it holds for these alone") {
  const std::string separate = R"(  keep T0, W0, T1 in Main
    for m
      for b
        for a
          compute T1
  keep T1, W1, T2 in Main twice
    for m
      for c
        for b
          compute T2
)";
  const MapFile file = parse_map(problem + separate, "two.yaml");
  CHECK(file.mapping->einsums[1].shared_nodes == 0);
  CHECK(file.mapping->einsums[1].nest[0].twice);
  CHECK(parse_map(to_text(file), "again.yaml") == file);
}

TEST_CASE("lines that are not understood are told, all at once") {
  CHECK(mistakes("  keep T0, W9 in Main\n  fur m\n  for m in 0-8\n    compute T1 on\n") ==
        R"(two.yaml:17:3: error: 'fur': a line begins with keep, for, spread or compute
    fur m
    ^
hint: did you mean 'for'?
two.yaml:18:12: error: '0-8': a range such as 0..64 is expected here
    for m in 0-8
             ^
two.yaml:19:18: error: a compute unit is expected here
      compute T1 on
                   ^
)");
}

TEST_CASE("names that there are not are told, all at once") {
  CHECK(mistakes(R"(  keep T0, W9 in Main
  keep W0 in GC
  for m in 0..9
    for n
      spread b over GB.Y
        compute T3
    for a step 2
      compute T1 on MAD
      compute T1
)") ==
        R"(two.yaml:16:12: error: there is no tensor 'W9'
    keep T0, W9 in Main
             ^
hint: known: T0, T1, T2, W0, W1
two.yaml:17:14: error: there is no level 'GC'
    keep W0 in GC
               ^
hint: known: Main, GB
two.yaml:18:12: error: m goes to 8 here, 9 is written
    for m in 0..9
             ^
two.yaml:19:9: error: there is no rank 'n'
      for n
          ^
hint: known: a, b, c, m
two.yaml:20:21: error: there is no fan-out 'GB.Y'
        spread b over GB.Y
                      ^
hint: did you mean 'GB.X'?
two.yaml:21:17: error: there is no Einsum 'T3'
          compute T3
                  ^
hint: known: T1, T2
two.yaml:23:21: error: there is no compute unit 'MAD'
        compute T1 on MAD
                      ^
hint: did you mean 'MAC'?
two.yaml:24:15: error: T1 is computed twice
        compute T1
                ^
)");
}

TEST_CASE("an Einsum in a loop over a rank that it has not, and one that is left out, are told") {
  CHECK(mistakes(R"(  keep T0, W0, W1, T1, T2 in Main
  for m
    for a
      for b
        for c
          compute T2
)") ==
        R"(two.yaml:21:19: error: T2 has no rank a, over which it would run
            compute T2
                    ^
hint: compute it outside of the loop in line 18
)");
  CHECK(mistakes(R"(  keep W1, T1, T2 in Main
  for m
    for b
      for c
        compute T2
  keep T0 in GB
)") ==
        R"(two.yaml:21:3: error: nothing is computed inside of this
    keep T0 in GB
    ^
)");
  CHECK(mistakes("  keep W1, T1, T2 in Main\n  for m\n    compute T2\n") ==
        R"(two.yaml:16:3: error: Einsum T1 is not computed
    keep W1, T1, T2 in Main
    ^
)");
}

std::string hierarchy_mistakes(const std::string& bits, const std::string& levels) {
  std::string text =
      problem.substr(0, problem.find("hierarchy:")) + bits + "hierarchy:\n  levels:\n" + levels;
  try {
    parse_map(text, "two.yaml");
  } catch (const SpecError& error) {
    std::string told;
    for (const Diagnostic& d : error.diagnostics()) told += d.message + "\n";
    return told;
  }
  return "none\n";
}

TEST_CASE("mistakes of a hierarchy are told") {
  CHECK(hierarchy_mistakes("", "    - {name: Main}\n") == "none\n");
  CHECK(hierarchy_mistakes("", "    - {name: A}\n    - {name: A}\n") ==
        "two levels are called A\n");
  CHECK(hierarchy_mistakes("", "    - {name: A, units: [VEC]}\n") ==
        "there is no compute unit 'VEC'\n");
  CHECK(hierarchy_mistakes("", "    []\n") == "there are 0 levels, 1 to 12 are possible\n");
  CHECK(hierarchy_mistakes("", "    - {name: A, fan_out: [{axis: X, size: 2199023255552}]}\n") ==
        "the fan-outs have more than 1099511627776 lanes\n");
  CHECK(hierarchy_mistakes("bits: [{tensor: T9, bits: 4}]\n", "    - {name: A}\n") ==
        "there is no tensor 'T9'\n");
}

TEST_CASE("more points than can be counted are refused") {
  const Problem large{"large",
                      {{"m", std::uint64_t{1} << 30, false}, {"n", std::uint64_t{1} << 24, false}},
                      {{"Z", {{{0, 1}}, {{1, 1}}}, true, 8}}};
  CHECK(check(large) ==
        std::vector<std::string>{"more than 9007199254740992 points, which is too large to count"});
  Problem most = large;
  most.ranks[1].extent = std::uint64_t{1} << 23;
  CHECK(check(most).empty());
}

}  // namespace
}  // namespace sluice
