// SPDX-License-Identifier: Apache-2.0
// How long the search for the best mapping takes, and with `table`, what it finds where others have
// published results: the table of docs/search_mapper.md.
#include <cstdio>
#include <string_view>

#include "benchmarks/figures.hpp"
#include "benchmarks/random_search.hpp"
#include "benchmarks/reference_machines.hpp"
#include "mapper/search/fuse.hpp"
#include "tests/mapper/nest_golden.hpp"

namespace {

using namespace sluice;

/// The matrix products of a BERT-base encoder layer (Devlin et al. 2019: 768 wide, 12 heads, 3,072
/// in between) on 384 tokens; scores become probabilities element by element.
std::vector<Problem> bert_layer() {
  const auto heads = [](std::string name, std::uint64_t n, std::uint64_t k, std::string a,
                        std::string b, std::string z) {
    return Problem{std::move(name),
                   {{"H", 12, false}, {"M", 384, false}, {"N", n, false}, {"K", k, false}},
                   {{std::move(a), {{{0, 1}}, {{1, 1}}, {{3, 1}}}, false, 8},
                    {std::move(b), {{{0, 1}}, {{3, 1}}, {{2, 1}}}, false, 8},
                    {std::move(z), {{{0, 1}}, {{1, 1}}, {{2, 1}}}, true, 8}}};
  };
  const auto projection = [](std::string in, std::string weight, std::string out) {
    return Problem{out,
                   {{"H", 12, false}, {"M", 384, false}, {"N", 64, false}, {"K", 768, false}},
                   {{in, {{{1, 1}}, {{3, 1}}}, false, 8},
                    {weight, {{{3, 1}}, {{0, 1}}, {{2, 1}}}, false, 8},
                    {out, {{{0, 1}}, {{1, 1}}, {{2, 1}}}, true, 8}}};
  };
  const Problem merge{"O",
                      {{"H", 12, false}, {"M", 384, false}, {"N", 768, false}, {"K", 64, false}},
                      {{"C", {{{0, 1}}, {{1, 1}}, {{3, 1}}}, false, 8},
                       {"WO", {{{0, 1}}, {{3, 1}}, {{2, 1}}}, false, 8},
                       {"O", {{{1, 1}}, {{2, 1}}}, true, 8}}};
  return {projection("X", "WQ", "Q"),
          projection("X", "WK", "K"),
          projection("X", "WV", "V"),
          heads("S", 384, 64, "Q", "K", "S"),
          heads("C", 64, 384, "S", "V", "C"),
          merge,
          bench::product(384, 3072, 768, "O", "W1", "F1"),
          bench::product(384, 768, 3072, "F1", "W2", "F2")};
}

/// ResNet-50 (He et al. 2016, table 1): a matrix product or a convolution a layer, and the sums
/// that end blocks. `chained`: each reads what the one before made (of a padded image, the same
/// words); else no layer has to do with another.
std::vector<Problem> resnet50(bool chained) {
  std::vector<Problem> layers;
  const auto name = [&](const std::string& tensor) {
    return chained ? tensor : tensor + "_of_" + std::to_string(layers.size());
  };
  const auto made = [&] { return "T" + std::to_string(layers.size()); };
  const auto convolve = [&](const std::string& in, std::uint64_t c, std::uint64_t m,
                            std::uint64_t p, std::uint64_t r, std::uint64_t stride) {
    Problem layer = bench::convolution(c, m, p, r, stride);
    layer.tensors[0].name = name(in);
    layer.tensors[1].name = "W" + std::to_string(layers.size());
    layer.name = layer.tensors[2].name = made();
    layers.push_back(std::move(layer));
    return layers.back().name;
  };
  const auto add = [&](const std::string& a, const std::string& b, std::uint64_t m,
                       std::uint64_t p) {
    const std::vector<NestProjection> all = {{{0, 1}}, {{1, 1}}, {{2, 1}}};
    layers.push_back({made(),
                      {{"M", m, false}, {"P", p, false}, {"Q", p, false}},
                      {{a, all, false, 8}, {b, all, false, 8}, {made(), all, true, 8}}});
    return layers.back().name;
  };
  std::string image = convolve("image", 3, 64, 112, 7, 2);
  std::uint64_t in = 64, pixels = 56;
  const std::uint64_t blocks[] = {3, 4, 6, 3};
  for (std::uint64_t stage = 0; stage < 4; ++stage, pixels /= 2)
    for (std::uint64_t block = 0; block < blocks[stage]; ++block) {
      const std::uint64_t narrow = std::uint64_t{64} << stage, wide = 4 * narrow;
      const std::uint64_t stride = block == 0 && stage > 0 ? 2 : 1;
      std::string other = image;
      if (block == 0) other = convolve(image, in, wide, pixels, 1, stride);
      image = convolve(image, in, narrow, pixels * stride, 1, 1);
      image = convolve(image, narrow, narrow, pixels, 3, stride);
      image = convolve(image, narrow, wide, pixels, 1, 1);
      if (chained) image = add(image, other, wide, pixels);
      in = wide;
    }
  return layers;
}

void speed(bench::Figures& figures) {
  for (const auto& [name, problem] :
       {std::pair{"product 512 x 512 x 512", bench::chain(1, 512).front()},
        {"product 384 x 768 x 768", bench::product(384, 768, 768, "T0", "W0", "T1")},
        {"product 4096 x 4096 x 4096", bench::chain(1, 4096).front()}}) {
    const bench::Machine tpu = bench::tpu_v4i({problem});
    SearchOptions options;
    options.held = tpu.held;
    options.threads = 1;
    bool optimal = true;
    const double seconds = bench::least_seconds(3, bench::cpu_seconds, [&] {
      optimal = optimal && search_mapping(problem, tpu.hierarchy, options).optimal;
    });
    figures.at_most(std::string("best mapping of a ") + name, seconds, 0.1, "s (processor)");
    if (!optimal) figures.at_least("  proven optimal", 0, 1, "");
  }
  const auto network = [&](const char* name, const std::vector<Problem>& layers) {
    const bench::Machine tpu = bench::tpu_v4i(layers);
    CascadeSearchOptions fused;
    fused.search.held = tpu.held;
    const double begin = bench::cpu_seconds();
    fused.search.stop = [&] { return bench::cpu_seconds() - begin > 60; };
    const CascadeSearchResult result = search_cascade(layers, tpu.hierarchy, fused);
    // Two cores share the work.
    figures.at_most(name, (bench::cpu_seconds() - begin) / 2, 2, "s (processor / 2)");
    figures.note("  searches", static_cast<double>(result.searches), "");
    if (!result.optimal) figures.at_least("  proven optimal", 0, 1, "");
  };
  network("BERT-base layer, fused", bert_layer());
  network("ResNet-50, each layer by itself", resnet50(false));
  network("ResNet-50, fused", resnet50(true));
}

struct Row {
  std::string name, unit;
  double published = 0, own = 0, bound = 0, random = 0;
  std::uint64_t evaluations = 0;
  bool optimal = false;
  double seconds = 0;
};

void print(const Row& row) {
  std::printf("| %s | %s | %.6g | %.6g | %.6g | %.6g | %llu | %.2f | %s |\n", row.name.c_str(),
              row.unit.c_str(), row.published, row.own, row.bound, row.random,
              static_cast<unsigned long long>(row.evaluations), row.seconds,
              row.optimal ? "yes" : "no");
  std::fflush(stdout);
}

/// One Einsum against a published value of the objective, times `scale`.
Row compare(std::string name, std::string unit, double published, const Problem& problem,
            const Hierarchy& machine, SearchOptions options, double scale) {
  const double begin = bench::cpu_seconds();
  options.stop = [&] { return bench::cpu_seconds() - begin > 25; };
  const SearchResult result = search_mapping(problem, machine, options);
  Row row{std::move(name),
          std::move(unit),
          published,
          0,
          scale * result.bound,
          0,
          result.evaluations,
          result.optimal,
          bench::cpu_seconds() - begin};
  if (!result.found.empty())
    row.own = scale * objective_value(options.objective, result.found.front().cycles,
                                      result.found.front().energy_pj);
  row.random =
      scale * bench::RandomSearch(problem, machine, options, 1)
                  .least(std::clamp<std::uint64_t>(1000 * result.evaluations, 1000000, 3000000));
  return row;
}

/// Timeloop's cases: its machine, each level keeping what the published mapping keeps there.
void timeloop_rows() {
  for (golden::Case& c :
       golden::read_cases(SLUICE_SOURCE_DIR "/tests/mapper/golden/nest/timeloop.txt")) {
    const bool free_bypass = c.name == "T10";
    const bool by_hand = c.name == "T05" || c.name == "T06" || c.name == "T08" || c.name == "G1" ||
                         c.name == "G4" || c.name == "G5" || c.name == "T11" || c.name == "T14";
    if (!free_bypass && !by_hand) continue;
    SearchOptions options;
    options.objective = SearchObjective::energy;
    options.convention = CountConvention::timeloop;
    if (!free_bypass)
      for (std::size_t level = 0; level < c.machine.levels.size(); ++level) {
        for (const NestNode& node : c.nest)
          if (node.kind == NestKind::keep && node.level == level)
            for (std::size_t t = 0; t < c.problem.tensors.size(); ++t)
              if ((node.tensors >> t & 1) != 0) {
                c.machine.levels[level].keeps.push_back(c.problem.tensors[t].name);
                options.held.push_back({level, c.problem.tensors[t].name});
              }
      }
    NestCounts counts;
    count_accesses(c.nest, c.problem, c.machine, {CountConvention::timeloop, 0}, counts);
    const double operations = static_cast<double>(c.operations);
    const double published =
        price(counts, c.problem, c.machine, CountConvention::timeloop).total_pj / operations;
    print(compare(c.name, "pJ/MAC", published, c.problem, c.machine, options, 1 / operations));
  }
}

void accelforge_row(const char* name, const std::vector<Problem>& problems,
                    const bench::Machine& machine, bool fuse, double energy_pj) {
  CascadeSearchOptions options;
  options.search.convention = CountConvention::accelforge;
  options.search.objective = SearchObjective::edp;
  options.search.held = machine.held;
  options.fuse = fuse;
  const double begin = bench::cpu_seconds();
  options.search.stop = [&] { return bench::cpu_seconds() - begin > 25; };
  const CascadeSearchResult result = search_cascade(problems, machine.hierarchy, options);
  Row row{name,
          "pJ",
          energy_pj,
          0,
          0,
          0,
          result.evaluations,
          result.optimal,
          bench::cpu_seconds() - begin};
  if (!result.found.empty()) row.own = result.found.front().energy_pj;
  print(row);
}

/// A product on the TPU beside random mappings; nobody has published its best.
void tpu_row() {
  const Problem problem = bench::chain(1, 64).front();
  const bench::Machine tpu = bench::tpu_v4i({problem});
  SearchOptions options;
  options.held = tpu.held;
  print(compare("TPU v4i, product of 64^3", "pJ x cycles", 0, problem, tpu.hierarchy, options, 1));
}

void table() {
  std::printf(
      "| case | unit | published | sluice | bound | random | evaluations | s | optimal |\n");
  accelforge_row("TPU v4i, 2 products of 64^3, fused", bench::chain(2, 64),
                 bench::tpu_v4i(bench::chain(2, 64)), true, 1.8229493921710631e6);
  accelforge_row("TPU v4i, 2 products of 64^3, unfused", bench::chain(2, 64),
                 bench::tpu_v4i(bench::chain(2, 64)), false, 2.14473e6);
  accelforge_row("simple, 2 products of 64^3", bench::chain(2, 64), bench::simple(), true,
                 17235968);
  accelforge_row("simple, 3 products of 128^3", bench::chain(3, 128), bench::simple(), true,
                 207224832);
  accelforge_row("snowcat, 2 products of 64^3", bench::chain(2, 64), bench::snowcat(), false,
                 196608);
  accelforge_row("snowcat, 3 products of 128^3", bench::chain(3, 128), bench::snowcat(), false,
                 1179648);
  timeloop_rows();
  tpu_row();
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  bench::Figures figures;
  if (argc > 1 && std::string_view(argv[1]) == "table") {
    table();
  } else {
    speed(figures);
  }
  return figures.status();
}
