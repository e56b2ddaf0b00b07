// SPDX-License-Identifier: Apache-2.0
// How long the search for the best mapping takes.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "benchmarks/figures.hpp"
#include "mapper/search/search.hpp"

namespace {

using namespace sluice;

/// Z[M,N] = A[M,K] B[K,N].
Problem product(std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  return {"product",
          {{"M", m, false}, {"N", n, false}, {"K", k, false}},
          {{"A", {{{0, 1}}, {{2, 1}}}, false, 8},
           {"B", {{{2, 1}}, {{1, 1}}}, false, 8},
           {"Z", {{{0, 1}}, {{1, 1}}}, true, 8}}};
}

Problem convolution(std::uint64_t c, std::uint64_t m, std::uint64_t p, std::uint64_t r,
                    std::uint64_t stride) {
  return {"conv",
          {{"C", c, false},
           {"M", m, false},
           {"R", r, false},
           {"S", r, false},
           {"P", p, false},
           {"Q", p, false}},
          {{"A", {{{0, 1}}, {{4, stride}, {2, 1}}, {{5, stride}, {3, 1}}}, false, 8},
           {"B", {{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}}, false, 8},
           {"Z", {{{1, 1}}, {{4, 1}}, {{5, 1}}}, true, 8}}};
}

/// TPU v4i as AccelForge describes it (examples/arches/tpu_v4i.yaml, after Jouppi et al., ISCA
/// 2021), energies in pJ a word of 8 bits, bandwidths in words a cycle of 1.05 GHz.
Hierarchy tpu() {
  Hierarchy machine;
  machine.name = "tpu_v4i";
  NestLevel level;
  level.name = "MainMemory";
  level.read_pj = level.write_pj = level.update_pj = 8 * 7.03;
  level.shared_bandwidth = 614e9 / 1.05e9;
  machine.levels.push_back(level);
  level = {};
  level.name = "GlobalBuffer";
  level.capacity_bits = std::uint64_t{128} << 23;
  level.read_pj = 8 * 1.88;
  level.write_pj = level.update_pj = 8 * 2.36;
  level.read_bandwidth = 2048e9 / 1.05e9;
  level.write_bandwidth = 1024e9 / 1.05e9;
  level.fan_out = {{"Z", 4, {"A", "B", "Z"}}};
  machine.levels.push_back(level);
  level = {};
  level.name = "LocalBuffer";
  level.capacity_bits = std::uint64_t{4} << 23;
  level.read_pj = 8 * 0.249;
  level.write_pj = level.update_pj = 8 * 0.293;
  level.keeps = {"A", "Z"};
  level.fan_out = {{"reuse_input", 128, {"B", "Z"}}, {"reuse_output", 128, {"A", "B"}}};
  machine.levels.push_back(level);
  level = {};
  level.name = "Register";
  level.capacity_bits = 8;
  level.keeps = {"B"};
  machine.levels.push_back(level);
  machine.compute = {"MAC", 0.084, false};
  return machine;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Figures figures;
  const Hierarchy machine = tpu();
  struct Case {
    const char* name;
    Problem problem;
  };
  const Case cases[] = {
      {"GEMM 64^3", product(64, 64, 64)},
      {"GEMM 512^3", product(512, 512, 512)},
      {"GEMM 4096^3", product(4096, 4096, 4096)},
      {"BERT 384x768x768", product(384, 768, 768)},
      {"conv 1x1", convolution(64, 256, 56, 1, 1)},
      {"conv 3x3 28", convolution(128, 128, 28, 3, 1)},
      {"conv 7x7", convolution(3, 64, 112, 7, 2)},
  };
  for (const Case& c : cases) {
    if (argc > 1 && std::strstr(c.name, argv[1]) == nullptr) continue;
    for (const auto objective : {SearchObjective::cycles, SearchObjective::energy,
                                 SearchObjective::edp, SearchObjective::pareto}) {
      SearchOptions options;
      options.objective = objective;
      options.threads = 1;
      const double begin = bench::cpu_seconds();
      options.stop = [&] { return bench::cpu_seconds() - begin > 5; };
      const SearchResult result = search_mapping(c.problem, machine, options);
      std::printf(
          "%-20s %d: %.3f s, %zu found, optimal %d, bound %.6g, cycles %llu energy %.6g, %llu "
          "nodes, %llu evaluations\n",
          c.name, static_cast<int>(objective), bench::cpu_seconds() - begin, result.found.size(),
          result.optimal, result.bound,
          result.found.empty() ? 0ull
                               : static_cast<unsigned long long>(result.found.front().cycles),
          result.found.empty() ? 0 : result.found.front().energy_pj,
          static_cast<unsigned long long>(result.nodes),
          static_cast<unsigned long long>(result.evaluations));
      std::fflush(stdout);
    }
  }
  return figures.status();
}
