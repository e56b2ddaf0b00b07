// SPDX-License-Identifier: Apache-2.0
// How long every searcher takes to choose 16 designs when it knows 1,000 trials, of a space of 11
// parameters and two objectives a seventh of which fail; as a ratio to random search as well.
#include <fmt/format.h>

#include "benchmarks/figures.hpp"
#include "dse/read_space.hpp"
#include "dse/searchers.hpp"

namespace {

using namespace sluice;

constexpr std::uint64_t known = 1000, asks = 5, batch = 16;
const std::vector<Objective> objectives = {{0, false}, {1, false}};

DesignSpace space_of_edge_machines() {
  Diagnostics diagnostics;
  std::vector<Expression> none;
  return read_space(parse_yaml("parameters:\n"
                               "  rows: {path: a.rows, powers_of_two: [8, 128]}\n"
                               "  columns: {path: a.columns, powers_of_two: [8, 128]}\n"
                               "  dataflow: {path: a.dataflow, choices: [ws, os, is]}\n"
                               "  buffered: {path: a.b, boolean: true, when: dataflow != os}\n"
                               "  overlap: {path: a.overlap, boolean: true}\n"
                               "  lanes: {path: a.lanes, powers_of_two: [8, 256]}\n"
                               "  inputs: {path: a.inputs, powers_of_two: [32, 2048]}\n"
                               "  weights: {path: a.weights, powers_of_two: [32, 2048]}\n"
                               "  sums: {path: a.sums, powers_of_two: [32, 512]}\n"
                               "  dram: {path: a.dram, choices: [lpddr4, lpddr5, ddr4]}\n"
                               "  channels: {path: a.channels, powers_of_two: [1, 4]}\n",
                               "space.yaml"),
                    {}, none, diagnostics);
}

/// Two made-up costs that contradict each other, with a parameter or two between them.
Result result_of(const Point& point) {
  std::uint64_t hash = 0;
  double fast = 1, small = 1;
  for (std::size_t p = 0; p < point.digits.size(); ++p) {
    const double digit = point.digits[p] == inactive ? 0 : static_cast<double>(point.digits[p]);
    hash = hash * 31 + point.digits[p];
    fast *= 1 + 1 / (1 + digit * static_cast<double>(p));
    small *= 1 + 0.2 * digit;
  }
  Result result;
  result.metrics = {fast, small};
  result.stalls = {{"memory_bandwidth", hash % 100}, {"fill", hash % 50}};
  if (hash % 7 == 0) result.status = TrialStatus::infeasible;
  return result;
}

/// Asks and tells once; processor seconds of the ask, on all threads.
double round(AnySearcher& searcher, std::uint64_t count, std::uint64_t& number) {
  const double begin = bench::cpu_seconds();
  const std::vector<Point> points = searcher.ask(count);
  const double seconds = bench::cpu_seconds() - begin;
  std::vector<Trial> trials;
  for (const Point& point : points) trials.push_back({number++, 0, point, result_of(point)});
  searcher.tell(trials);
  return seconds;
}

double seconds_of_batch(const std::string& name, const DesignSpace& space) {
  AnySearcher searcher = make_searcher(name, {space, objectives, 2 * known, 1}, {});
  std::uint64_t number = 0;
  while (number < known) round(searcher, 100, number);
  double least = round(searcher, batch, number);
  for (std::uint64_t i = 1; i < asks; ++i) least = std::min(least, round(searcher, batch, number));
  return least;
}

}  // namespace

int main() {
  const DesignSpace space = space_of_edge_machines();
  const double random = seconds_of_batch("random", space);
  fmt::print("{:<20} {:>12} {:>12}\n", "searcher", "CPU ms", "x random");
  for (const Descriptor& searcher : searcher_descriptors()) {
    const double seconds = seconds_of_batch(searcher.name, space);
    fmt::print("{:<20} {:>12.3f} {:>12.0f}\n", searcher.name, seconds * 1e3, seconds / random);
  }
}
