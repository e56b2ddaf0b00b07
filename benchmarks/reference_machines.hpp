// SPDX-License-Identifier: Apache-2.0
// Machines of published mapping results, with the sources of their numbers.
#pragma once

#include <algorithm>

#include "mapper/search/search.hpp"

namespace sluice::bench {

/// Z[M,N] = A[M,K] B[K,N], of 8 bits.
inline Problem product(std::uint64_t m, std::uint64_t n, std::uint64_t k, std::string a = "A",
                       std::string b = "B", std::string z = "Z") {
  return {z,
          {{"M", m, false}, {"N", n, false}, {"K", k, false}},
          {{std::move(a), {{{0, 1}}, {{2, 1}}}, false, 8},
           {std::move(b), {{{2, 1}}, {{1, 1}}}, false, 8},
           {z, {{{0, 1}}, {{1, 1}}}, true, 8}}};
}

/// A chain of products of n x n x n: T0 W0 = T1, T1 W1 = T2, ...
inline std::vector<Problem> chain(std::size_t products, std::uint64_t n) {
  std::vector<Problem> list;
  for (std::size_t i = 0; i < products; ++i)
    list.push_back(product(n, n, n, "T" + std::to_string(i), "W" + std::to_string(i),
                           "T" + std::to_string(i + 1)));
  return list;
}

inline Problem convolution(std::uint64_t c, std::uint64_t m, std::uint64_t p, std::uint64_t r,
                           std::uint64_t stride) {
  return {"conv",
          {{"C", c, false},
           {"M", m, false},
           {"R", r, false},
           {"S", r, false},
           {"P", p, false},
           {"Q", p, false}},
          {{"T0", {{{0, 1}}, {{4, stride}, {2, 1}}, {{5, stride}, {3, 1}}}, false, 8},
           {"W0", {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}, false, 8},
           {"T1", {{{1, 1}}, {{4, 1}}, {{5, 1}}}, true, 8}}};
}

inline NestLevel level(std::string name, double read_pj, double write_pj) {
  NestLevel result;
  result.name = std::move(name);
  result.read_pj = read_pj;
  result.write_pj = result.update_pj = write_pj;
  return result;
}

struct Machine {
  Hierarchy hierarchy;
  std::vector<HeldTensor> held;
};

/// For Einsums whose second tensors are their weights, in AccelForge examples/arches/tpu_v4i.yaml
/// at 3e605cd9 (after Jouppi et al., ISCA 2021): energies in pJ a word of 8 bits, bandwidths in
/// words a cycle of 1.05 GHz. Where a tensor is a weight of one Einsum and the output of another,
/// it may bypass.
inline Machine tpu_v4i(const std::vector<Problem>& problems) {
  std::vector<std::string> activations, weights, both;
  for (const Problem& problem : problems)
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
      auto& list = t == 1 ? weights : activations;
      const std::string& name = problem.tensors[t].name;
      if (std::ranges::find(list, name) == list.end()) list.push_back(name);
      if (std::ranges::find(both, name) == both.end()) both.push_back(name);
    }
  Machine machine;
  Hierarchy& h = machine.hierarchy;
  h.name = "tpu_v4i";
  h.levels.push_back(level("MainMemory", 8 * 7.03, 8 * 7.03));
  h.levels.back().shared_bandwidth = 614e9 / 1.05e9;
  h.levels.push_back(level("GlobalBuffer", 8 * 1.88, 8 * 2.36));
  h.levels.back().capacity_bits = std::uint64_t{128} << 23;
  h.levels.back().read_bandwidth = 2048e9 / 1.05e9;
  h.levels.back().write_bandwidth = 1024e9 / 1.05e9;
  h.levels.back().fan_out = {{"Z", 4, both}};
  h.levels.push_back(level("LocalBuffer", 8 * 0.249, 8 * 0.293));
  h.levels.back().capacity_bits = std::uint64_t{4} << 23;
  h.levels.back().keeps = activations;
  // One axis shares what is read, the other adds up what is written.
  std::vector<std::string> alone;
  for (const std::string& tensor : weights)
    if (std::ranges::find(activations, tensor) == activations.end()) alone.push_back(tensor);
  h.levels.back().fan_out = {{"reuse_input", 128, alone}, {"reuse_output", 128, alone}};
  h.levels.push_back(level("Register", 0, 0));
  h.levels.back().capacity_bits = 8;
  h.levels.back().keeps = weights;
  h.compute = {"MAC", 0.084, false};
  for (const std::string& tensor : activations)
    if (std::ranges::find(weights, tensor) == weights.end()) machine.held.push_back({2, tensor});
  for (const std::string& tensor : alone) machine.held.push_back({3, tensor});
  return machine;
}

/// For products named I W = O, in AccelForge examples/arches/eyeriss.yaml at c0328437 (after Chen
/// et al., ISCA 2016), with what its component models give in tests/hwcomponents_expected.json at
/// 01f87eb6: energies in J an access (64 bits of the global buffer, else one bit), leakage in W,
/// bandwidths in bits/s, at 200 MHz. Each scratchpad and MAC is there 12 x 14 times; what MACs leak
/// is with the output scratchpads.
inline Machine eyeriss() {
  constexpr double clock = 200e6, word = 8, pj = 1e12;
  const auto memory = [&](std::string name, double read, double write, double leak_w,
                          double bits_per_second) {
    NestLevel result = level(std::move(name), pj * word * read, pj * word * write);
    result.leak_pj = pj * leak_w / clock;
    result.shared_bandwidth = bits_per_second / word / clock;
    return result;
  };
  Machine machine;
  machine.hierarchy.name = "eyeriss";
  std::vector<NestLevel>& levels = machine.hierarchy.levels;
  levels.push_back(memory("MainMemory", 8e-12, 8e-12, 0, 3355443200.0));
  levels.push_back(memory("GlobalBuffer", 9.056430298994264e-11 / 64, 9.122346940403464e-11 / 64,
                          0.00025508039081958506, 32 * 64 * clock));
  levels.back().capacity_bits = 1024 * 1024;
  levels.back().fan_out = {{"reuse_weight", 14, {"I", "O"}}, {"reuse_output", 12, {"I", "W"}}};
  levels.push_back(memory("InputScratchpad", 2.2733893884485344e-14, 3.1554801000964905e-14,
                          4.3815839033400895e-07, 9846153846.153845));
  levels.back().capacity_bits = 12 * 16;
  levels.back().keeps = {"I"};
  levels.push_back(memory("WeightScratchpad", 4.0152965248454046e-14, 6.235570339922515e-14,
                          7.663684917510134e-07, 34461538461.53846));
  levels.back().capacity_bits = 192 * 16;
  levels.back().keeps = {"W"};
  levels.push_back(memory("OutputScratchpad", 2.6247402328781873e-14, 3.728731056542402e-14,
                          4.4143907783400897e-07 + 8.851870775236185e-06, 9846153846.153845));
  levels.back().capacity_bits = 16 * 16;
  levels.back().keeps = {"O"};
  machine.hierarchy.compute = {"MAC", 1.2813796807700769, false};
  machine.held = {{2, "I"}, {3, "W"}, {4, "O"}};
  return machine;
}

/// AccelForge examples/arches/simple.yaml: every bit and every operation costs 1, a MAC a second.
inline Machine simple() {
  Machine machine;
  machine.hierarchy.name = "simple";
  machine.hierarchy.levels = {level("MainMemory", 8, 8), level("GlobalBuffer", 8, 8)};
  machine.hierarchy.compute.pj = 1;
  return machine;
}

/// AccelForge examples/arches/snowcat.yaml at 70d989d7: main memory costs 1 a bit, all else
/// nothing.
inline Machine snowcat() {
  Machine machine;
  machine.hierarchy.name = "snowcat";
  machine.hierarchy.levels = {level("MainMemory", 8, 8), level("GlobalBuffer", 0, 0)};
  return machine;
}

}  // namespace sluice::bench
