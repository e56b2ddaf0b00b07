// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "dse/environment.hpp"
#include "dse/preference.hpp"
#include "dse/run_sweep.hpp"
#include "dse/scalarisation.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

const std::vector<Objective> two = {{0, false}, {1, true}};  // the first small, the second large

Result result_of(std::vector<double> metrics, TrialStatus status = TrialStatus::ok) {
  return {status, "", std::move(metrics), "", {}};
}

double cost(const Scalarisation& scalarisation, std::vector<double> metrics) {
  return scalar_cost(two, scalarisation, result_of(std::move(metrics)));
}

TEST_CASE("one number of two objectives, by hand") {
  CHECK(cost({ScalarKind::product, {}, {}}, {8, 2}) == doctest::Approx(std::log(8.0 / 2)));
  CHECK(cost({ScalarKind::product, {1, 2}, {}}, {8, 2}) == doctest::Approx(std::log(8.0 / 4)));
  CHECK(cost({ScalarKind::weighted, {3, 0.5}, {}}, {8, 2}) == doctest::Approx(3 * 8 - 0.5 * 2));
  // 8 is twice the target 4 too much: 1; 2 is half of the target 4: 0.5.
  CHECK(cost({ScalarKind::target, {}, {4, 4}}, {8, 2}) == doctest::Approx(1 + 0.5));
  CHECK(cost({ScalarKind::target, {}, {4, 4}}, {3, 5}) == 0);
  CHECK(cost({ScalarKind::chebyshev, {1, 3}, {4, 4}}, {8, 2}) == doctest::Approx(1.5));
  CHECK(cost({ScalarKind::chebyshev, {}, {4, 4}}, {2, 8}) == doctest::Approx(-0.5));
  // Below 16, above 1: ln 2 x ln 2 is what it dominates.
  CHECK(cost({ScalarKind::hypervolume_gain, {}, {16, 1}}, {8, 2}) ==
        doctest::Approx(-std::log(2.0) * std::log(2.0)));
  for (const auto& kind : EnumNames<ScalarKind>::table)
    CHECK(std::isinf(
        scalar_cost(two, {kind.value, {}, {1, 1}}, result_of({8, 2}, TrialStatus::timeout))));
}

TEST_CASE("a gain of hypervolume is what a design adds to those before it, or to all others") {
  const Scalarisation gain{ScalarKind::hypervolume_gain, {}, {16, 1}};
  const double unit = std::log(2.0) * std::log(2.0);
  Scalariser scalariser(two, gain);
  CHECK(scalariser.tell(result_of({8, 2})) == doctest::Approx(-1 * unit));
  CHECK(scalariser.tell(result_of({8, 2})) == doctest::Approx(0));
  CHECK(scalariser.tell(result_of({4, 4})) == doctest::Approx(-3 * unit));  // dominates the first
  CHECK(scalariser.tell(result_of({8, 8})) == doctest::Approx(-1 * unit));
  CHECK(std::isinf(scalariser.tell(result_of({}, TrialStatus::invalid))));
  // 2 x 2 and 1 x 3 overlap in 1 x 2.
  std::vector<Trial> trials(3);
  trials[0].result = result_of({4, 4});
  trials[1].result = result_of({8, 8});
  trials[2].result = result_of({8, 2});
  const std::vector<double> costs = scalar_costs(two, gain, trials);
  CHECK(costs[0] == doctest::Approx(-2 * unit));
  CHECK(costs[1] == doctest::Approx(-1 * unit));
  CHECK(costs[2] == doctest::Approx(0));
}

TEST_CASE("a searcher of one number finds what the scalarisation asks for") {
  const auto best = [](const std::string& scalarisation) {
    const Folder folder;
    const Sweep sweep = sweep_of(sweep_text + "scalarisation: " + scalarisation +
                                 "\nsearch: {searcher: genetic, budget: 300}\n");
    Study study = study_of(sweep, folder.path("s.sqlite"));
    const auto trials =
        run_sweep(sweep, test_library(), study, [](const std::vector<Trial>&) { return true; });
    // Every design that there is was tried, so the best is the best of all.
    return trials[best_trials(sweep, trials, 1).front()].result.metrics;
  };
  const double fast = best("{kind: weighted, weights: {cycles: 1, energy_j: 1e-9}}")[0];
  const double frugal = best("{kind: weighted, weights: {cycles: 1e-9, energy_j: 1e9}}")[2];
  const std::vector<double> both = best("{kind: product}");
  CHECK(fast <= both[0]);
  CHECK(frugal <= both[2]);
}

TEST_CASE("rewards follow the scalarisation") {
  const auto reward_of = [](const std::string& scalarisation) {
    const Sweep sweep = sweep_of(sweep_text + "scalarisation: " + scalarisation + "\n");
    Environment environment(sweep, test_library(), {EpisodeMode::design, 32, 10}, 1);
    const std::vector<std::size_t> first = {0};
    std::vector<std::int64_t> action;
    for (const std::uint64_t digit : environment.reference().digits)
      action.push_back(static_cast<std::int64_t>(digit));
    return environment.step(first, action).front().reward;
  };
  CHECK(reward_of("{kind: product}") == doctest::Approx(0));  // the usual design itself
  CHECK(reward_of("{kind: target, targets: {cycles: 1, energy_j: 1}}") == doctest::Approx(0));
  const double volume = reward_of("{kind: hypervolume_gain, targets: {cycles: 1e9, energy_j: 1}}");
  CHECK(volume > 1);  // below 1e9 cycles and 1 J by far
}

TEST_CASE("a scalarisation changes what a study is about, and the default does not") {
  const std::uint64_t plain = hash_of(sweep_of(sweep_text));
  CHECK(hash_of(sweep_of(sweep_text + "scalarisation: {kind: product}\n")) == plain);
  CHECK(hash_of(sweep_of(sweep_text + "scalarisation: {kind: weighted}\n")) != plain);
}

TEST_CASE("mistakes in a scalarisation are told at their places") {
  const auto told = [](const std::string& scalarisation) {
    return mistakes_of("scalarisation: " + scalarisation);
  };
  CHECK(told("{kind: products}") ==
        "23: kind: 'products' is not known here | did you mean 'product'?\n");
  CHECK(told("{weights: {cycles: 1}}") ==
        "16: the key 'kind' is missing: how objectives become one number\n");
  CHECK(told("{kind: target}") ==
        "16: target needs targets | a number for each objective, such as targets: {latency_s: "
        "0.001}\n");
  CHECK(told("{kind: target, targets: {cycles: 1}}") ==
        "40: there is no number for 'energy_j' among the targets\n");
  CHECK(told("{kind: target, targets: {cycles: 1, energy: 2}}") ==
        "40: there is no number for 'energy_j' among the targets\n"
        "52: 'energy' is no objective | did you mean 'energy_j'?\n");
  CHECK(told("{kind: target, targets: {cycles: 0, energy_j: 2}}") ==
        "49: targets of cycles must be above 0\n");
  CHECK(told("{kind: weighted, targets: {cycles: 1, energy_j: 2}}") ==
        "42: weighted has no targets\n");
  CHECK(told("{kind: weighted, weights: [1, 2]}") ==
        "42: weights are a map of objectives | such as {latency_s: 0.001}\n");
  CHECK(told("{kind: hypervolume_gain, weights: {cycles: 1}, targets: {cycles: 1, energy_j: 1}}") ==
        "50: hypervolume_gain has no weights\n");
}

}  // namespace
}  // namespace sluice
