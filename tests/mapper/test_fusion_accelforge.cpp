// SPDX-License-Identifier: Apache-2.0
// Published results of AccelForge for cascades (Accelergy-Project/accelforge 1c1929c2:
// tests/regression_reference.json), from map files, in its convention.
#include <doctest/doctest.h>

#include <cmath>

#include "base/files.hpp"
#include "mapper/nest/map_file.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

struct Bits {
  std::uint64_t read, written;
  bool operator==(const Bits&) const = default;
};

struct Evaluated {
  MapFile file;
  CascadeCost cost;

  /// Bits of 8 a word that Einsum `index` moves at a level for a tensor.
  Bits at(std::size_t index, const std::string& level, const std::string& tensor) const {
    const Problem& problem = file.mapping->einsums[index].problem;
    for (std::size_t l = 0; l < file.hierarchy.levels.size(); ++l)
      for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
        const AccessCount& count = cost.einsums[index].counts.at[l][t];
        if (file.hierarchy.levels[l].name == level && problem.tensors[t].name == tensor &&
            count.kept)
          return {8 * count.reads, 8 * (count.fills + count.updates)};
      }
    return {0, 0};
  }
};

Evaluated evaluated(const std::string& text, const std::string& path) {
  Evaluated result{parse_map(text, path), {}};
  REQUIRE(verify(*result.file.mapping, result.file.hierarchy) == std::vector<std::string>{});
  result.cost = evaluate(*result.file.mapping, result.file.hierarchy, CountConvention::accelforge);
  return result;
}

Evaluated shipped(const std::string& name) {
  const std::string path = source_path("configs/map/" + name);
  return evaluated(read_file(path, 1 << 20), path);
}

TEST_CASE("A3, A5: two products fused on the simple machine") {
  const Evaluated e = shipped("fused_matmuls.yaml");
  CHECK(e.cost.total_pj == 17498112);
  CHECK(e.cost.cycles == 524288);
  CHECK(e.at(0, "GlobalBuffer", "T1") == Bits{2064384, 2097152});
  CHECK(e.at(1, "GlobalBuffer", "T1") == Bits{2097152, 0});
  // W0 and W1 65536 together, a row of T0 and of T1 512 each; T0 makes room for T2.
  CHECK(peak_bits(live_tiles(*e.file.mapping, e.file.hierarchy), 1) == 66560);
}

TEST_CASE("A5 unfused: a row of the result is kept where the tool lowers its tile to one") {
  std::string text = read_file(source_path("configs/map/fused_matmuls.yaml"), 1 << 20);
  text = text.substr(0, text.find("mapping: |")) + R"(mapping: |
  keep T0, W0, T1 in MainMemory
    keep T0, W0 in GlobalBuffer
    for m
      keep T1 in GlobalBuffer
      for n0
        for n1
          compute T1
  keep T1, W1, T2 in MainMemory
    keep T1, W1 in GlobalBuffer
    for m
      keep T2 in GlobalBuffer
      for n1
        for n2
          compute T2
)";
  const Evaluated e = evaluated(text, "unfused.yaml");
  // T0 and W0 whole, 32768 bits each, and a row of T1; the counts are those of A2.
  CHECK(peak_bits(live_tiles(*e.file.mapping, e.file.hierarchy), 1) == 66048);
  CHECK(e.at(0, "GlobalBuffer", "T0") == Bits{2097152, 32768});
  CHECK(e.at(0, "GlobalBuffer", "T1") == Bits{2097152, 2097152});
  CHECK(e.at(1, "GlobalBuffer", "T1") == Bits{2097152, 32768});
  CHECK(e.at(1, "MainMemory", "T2") == Bits{0, 32768});
  CHECK(e.cost.total_pj == 17629184);
  CHECK(e.cost.cycles == 524288);
}

TEST_CASE("A6: two products on TPU v4i, their intermediate stays on the chip") {
  const Evaluated e = shipped("fused_matmuls_tpu_v4i.yaml");
  CHECK(e.at(0, "LocalBuffer", "T0") == Bits{32768, 32768});
  CHECK(e.at(0, "LocalBuffer", "T1") == Bits{32768, 32768});
  CHECK(e.at(0, "Register", "W0") == Bits{2097152, 131072});
  CHECK(e.at(0, "GlobalBuffer", "W0") == Bits{131072, 32768});
  CHECK(e.at(0, "GlobalBuffer", "T1") == Bits{0, 32768});
  CHECK(e.at(0, "MainMemory", "T0") == Bits{32768, 0});
  CHECK(e.at(0, "MainMemory", "W0") == Bits{32768, 0});
  CHECK(e.at(1, "LocalBuffer", "T1") == Bits{32768, 32768});
  CHECK(e.at(1, "LocalBuffer", "T2") == Bits{32768, 32768});
  CHECK(e.at(1, "Register", "W1") == Bits{2097152, 131072});
  CHECK(e.at(1, "GlobalBuffer", "W1") == Bits{131072, 32768});
  CHECK(e.at(1, "GlobalBuffer", "T1") == Bits{32768, 0});
  CHECK(e.at(1, "MainMemory", "W1") == Bits{32768, 0});
  CHECK(e.at(1, "MainMemory", "T2") == Bits{0, 32768});
  // Published: 1.8229493921710631e-06 J and 3.0476190460149155e-08 s. AccelForge's mapper keeps its
  // results in single precision: the time is ours rounded to it, to the last bit. The energy is a
  // sum of numbers so rounded, each off by half a spacing at most: here by 9e-9 of it.
  CHECK(static_cast<double>(static_cast<float>(e.cost.latency / 1.05e9)) == 3.0476190460149155e-08);
  const double half_spacing =
      std::ldexp(1.0, -20 - 24);  // of single precision at 2^-20 J and above
  CHECK(std::abs(e.cost.total_pj * 1e-12 - 1.8229493921710631e-06) <= half_spacing);
}

TEST_CASE("A6 unfused: the intermediate goes through main memory") {
  std::string text = read_file(source_path("configs/map/fused_matmuls_tpu_v4i.yaml"), 1 << 20);
  text = text.substr(0, text.find("mapping: |")) + R"(mapping: |
  keep T0, W0, T1 in MainMemory
    keep W0, T1 in GlobalBuffer
    spread m step 16 over GlobalBuffer.array
      keep T0, T1 in LocalBuffer
      spread n0 over LocalBuffer.rows
        spread n1 over LocalBuffer.columns
          keep W0 in Register
          for m
            compute T1
  keep T1, W1, T2 in MainMemory
    keep W1, T1 in GlobalBuffer
    spread m step 16 over GlobalBuffer.array
      keep T1, T2 in LocalBuffer
      spread n1 over LocalBuffer.rows
        spread n2 over LocalBuffer.columns
          keep W1 in Register
          for m
            compute T2
)";
  const Evaluated e = evaluated(text, "unfused.yaml");
  // 98304 bits of each product through main memory at 8 x 614 GB/s: 20.013 ns.
  CHECK(e.cost.latency / 1.05 == doctest::Approx(40.026).epsilon(1e-4));
}

/// A chain of products of `extent` cubed, all with the mapping of `branch` ($ stands for the number
/// of the product, & for the next).
std::string chain(std::size_t products, std::uint64_t extent, const std::string& machine,
                  const std::string& branch) {
  std::string ranks = "m: " + std::to_string(extent), inputs = "\"T0[m,n0]\"", einsums, mapping;
  for (std::size_t i = 0; i <= products; ++i)
    ranks += ", n" + std::to_string(i) + ": " + std::to_string(extent);
  for (std::size_t i = 0; i < products; ++i) {
    const auto numbered = [&](std::string text) {
      for (std::size_t at = 0; at < text.size(); ++at)
        if (text[at] == '$' || text[at] == '&')
          text.replace(at, 1, std::to_string(text[at] == '$' ? i : i + 1));
      return text;
    };
    inputs += numbered(", \"W$[n$,n&]\"");
    einsums += numbered("    T&[m,n&] = T$[m,n$] * W$[n$,n&]\n");
    mapping += numbered(branch);
  }
  return "name: chain\ncascade:\n  name: chain\n  element_bits: 8\n  ranks: {" + ranks +
         "}\n  inputs: [" + inputs + "]\n  einsums: |\n" + einsums + machine + "mapping: |\n" +
         mapping;
}

TEST_CASE("A10: where all bits cost the same, main memory alone is best") {
  const std::string simple = R"(hierarchy:
  levels:
    - {name: MainMemory, word_bits: 1, read_pj: 1, write_pj: 1, update_pj: 1}
    - {name: GlobalBuffer, word_bits: 1, read_pj: 1, write_pj: 1, update_pj: 1}
  compute: {name: MAC, pj: 1}
)";
  const std::string branch = R"(  keep T$, W$, T& in MainMemory
    for m
      for n$
        for n&
          compute T&
)";
  const Evaluated two = evaluated(chain(2, 64, simple, branch), "two.yaml");
  CHECK(two.at(0, "MainMemory", "T0") == Bits{2097152, 0});
  CHECK(two.at(0, "MainMemory", "T1") == Bits{2064384, 2097152});
  CHECK(two.at(1, "MainMemory", "T1") == Bits{2097152, 0});
  CHECK(two.cost.total_pj == 17235968);
  CHECK(two.cost.cycles == 524288);
  const Evaluated three = evaluated(chain(3, 128, simple, branch), "three.yaml");
  CHECK(three.at(2, "MainMemory", "T3") == Bits{16646144, 16777216});
  CHECK(three.cost.total_pj == 207224832);
  CHECK(three.cost.cycles == 6291456);
}

TEST_CASE("A10: where only main memory costs, every tensor moves once") {
  const std::string snowcat = R"(hierarchy:
  levels:
    - {name: MainMemory, word_bits: 1, read_pj: 1, write_pj: 1, update_pj: 1}
    - {name: GlobalBuffer, word_bits: 1}
  compute: {name: MAC}
)";
  const std::string branch = R"(  keep T$, W$, T& in MainMemory
    keep T$, W$, T& in GlobalBuffer
    for m
      for n$
        for n&
          compute T&
)";
  CHECK(evaluated(chain(2, 64, snowcat, branch), "two.yaml").cost.total_pj == 196608);
  CHECK(evaluated(chain(3, 128, snowcat, branch), "three.yaml").cost.total_pj == 1179648);
  std::string matvecs = chain(2, 4, snowcat, branch);
  matvecs.replace(matvecs.find("m: 4"), 4, "m: 1");
  matvecs.replace(matvecs.find("n1: 4"), 5, "n1: 3");
  CHECK(evaluated(matvecs, "matvecs.yaml").cost.total_pj == 304);
}

}  // namespace
}  // namespace sluice
