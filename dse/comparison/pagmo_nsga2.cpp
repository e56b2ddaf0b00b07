// SPDX-License-Identifier: Apache-2.0
#include "dse/comparison/pagmo_nsga2.hpp"

#include <cmath>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>

#include "dse/preference.hpp"
#include "dse/sampling.hpp"

namespace sluice {
namespace {

constexpr unsigned population = 32;
constexpr double not_feasible = 1e3;  ///< above the logarithm of any double
constexpr int most_idle = 1000;       ///< generations without a new design

/// What was looked at. pagmo copies problems, so they only refer to it.
struct Log {
  const Truth& truth;
  std::uint64_t budget;
  std::vector<std::size_t> varied;  ///< parameters of more than one value, as pagmo requires
  Seen seen;
  std::vector<Trial> trials;
};

struct Problem {
  Log* log = nullptr;

  pagmo::vector_double fitness(const pagmo::vector_double& x) const {
    const Sweep& sweep = log->truth.sweep();
    Point point{std::vector<std::uint64_t>(sweep.space.parameters.size(), 0)};
    for (std::size_t i = 0; i < x.size(); ++i)
      point.digits[log->varied[i]] = static_cast<std::uint64_t>(x[i]);
    point = canonical(sweep.space, std::move(point));
    const pagmo::vector_double worst(sweep.objectives.size(), not_feasible);
    if (!broken_constraint(sweep.space, point).empty()) return worst;
    Result result = log->truth.result(point);
    const bool is_ok = result.status == TrialStatus::ok;
    pagmo::vector_double costs = is_ok ? log_costs(sweep.objectives, result) : worst;
    if (log->trials.size() < log->budget && log->seen.take(point))
      log->trials.push_back({log->trials.size(), 0, std::move(point), std::move(result)});
    return costs;
  }

  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    pagmo::vector_double low, high;
    for (const std::size_t p : log->varied) {
      low.push_back(0);
      high.push_back(
          static_cast<double>(size_of(log->truth.sweep().space.parameters[p].domain) - 1));
    }
    return {low, high};
  }
  pagmo::vector_double::size_type get_nobj() const { return log->truth.sweep().objectives.size(); }
  pagmo::vector_double::size_type get_nix() const { return log->varied.size(); }
};

}  // namespace

std::vector<Trial> pagmo_nsga2(const Truth& truth, std::uint64_t budget, std::uint64_t seed) {
  Log log{truth, budget, {}, {}, {}};
  const DesignSpace& space = truth.sweep().space;
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    if (size_of(space.parameters[p].domain) > 1) log.varied.push_back(p);
  const auto number = static_cast<unsigned>(seed);
  pagmo::population designs(pagmo::problem(Problem{&log}), population, number);
  // Crossover probability 0.9 as ours; the other values are pagmo's defaults but for mutation,
  // which is one parameter a design on average (Deb and others, 2002, section IV).
  const double mutation = 1 / static_cast<double>(log.varied.size());
  pagmo::algorithm algorithm(pagmo::nsga2(1, 0.9, 10, mutation, 50, number));
  for (int idle = 0; log.trials.size() < budget && idle < most_idle; ++idle) {
    const std::size_t before = log.trials.size();
    designs = algorithm.evolve(designs);
    if (log.trials.size() > before) idle = 0;
  }
  return std::move(log.trials);
}

}  // namespace sluice
