// SPDX-License-Identifier: Apache-2.0
// How well two worker processes use two cores: designs in `tile`, through the pool that a sweep
// uses. Two workers are to take half of the time of one. On a machine that others use too no clock
// says so, hence two factors of it that they disturb less: the share of its time that a worker is
// at a design, and what a design costs beside another one.
#include "benchmarks/figures.hpp"
#include "dse/evaluator.hpp"
#include "dse/sampling.hpp"

namespace {

using namespace sluice;

constexpr std::size_t designs = 400;

struct Run {
  double wall = 0;  ///< of all designs
  double busy = 0;  ///< share of the workers' time in which they are at a design
  double cpu = 0;   ///< seconds of a processor that a design takes
};

/// The designs in a pool whose workers say what each took, in place of its metrics.
Run run(const Sweep& sweep, const Library& library, const std::vector<Point>& points,
        std::size_t workers) {
  Workspace workspace(sweep, library);
  WorkerPool pool(
      [&](const Point& point) {
        const double wall = bench::wall_seconds(), cpu = bench::cpu_seconds();
        evaluate_point(workspace, point);
        Result took;
        took.metrics = {bench::wall_seconds() - wall, bench::cpu_seconds() - cpu};
        return took;
      },
      {workers, 0});
  pool.evaluate(std::span(points).first(workers));  // they have begun
  const double begin = bench::wall_seconds();
  const std::vector<Result> results = pool.evaluate(points);
  Run run{bench::wall_seconds() - begin, 0, 0};
  for (const Result& result : results) {
    run.busy += result.metrics[0] / run.wall / static_cast<double>(workers);
    run.cpu += result.metrics[1] / static_cast<double>(points.size());
  }
  return run;
}

}  // namespace

int main() {
  const Library library = bench::library();
  const Sweep sweep = read_sweep(
      load_yaml(std::string(SLUICE_SOURCE_DIR) + "/configs/sweep/mapping_vit_mlp.yaml"), library);
  Random random(1);
  std::vector<Point> points;
  while (points.size() < designs) points.push_back(*random_point(sweep.space, random));
  Run one{1e300, 0, 1e300}, two = one;
  for (int round = 0; round < 5; ++round) {
    const Run alone = run(sweep, library, points, 1), both = run(sweep, library, points, 2);
    one = {std::min(one.wall, alone.wall), std::max(one.busy, alone.busy),
           std::min(one.cpu, alone.cpu)};
    two = {std::min(two.wall, both.wall), std::max(two.busy, both.busy),
           std::min(two.cpu, both.cpu)};
  }
  bench::Figures figures;
  figures.note("tile: a design", 1e3 * one.cpu, "ms");
  figures.note("one worker: share of its time at designs", 100 * one.busy, "%");
  figures.note("two workers: share of their time at designs", 100 * two.busy, "%");
  figures.note("two workers: processor time of a design, to one", two.cpu / one.cpu, "x");
  figures.at_least("two workers: efficiency", 100 * two.busy * one.cpu / two.cpu, 90, "%");
  figures.note("two workers: speed by the clock, to one", one.wall / two.wall, "x");
  return figures.status();
}
