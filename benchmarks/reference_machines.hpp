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
