// SPDX-License-Identifier: Apache-2.0
// Simulated annealing: neighbours of the present design are accepted when they are better, or with
// a probability that falls over the budget when they are worse.
#include <cmath>
#include <optional>

#include "dse/front.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct AnnealingSettings {
  double first_temperature = 0.5, last_temperature = 0.005;
  double mutation = 0.1;
};

template <class Visitor>
void describe(Visitor& v, AnnealingSettings& s) {
  v.field("first_temperature", s.first_temperature,
          {.doc = "relative increase of cost accepted with probability 1/e at the beginning",
           .min = 1e-2,
           .max = 1e2});
  v.field("last_temperature", s.last_temperature,
          {.doc = "the same at the end", .min = 1e-5, .max = 1});
  v.field("mutation", s.mutation, {.doc = "probability that a parameter changes", .max = 1});
}

class Annealing {
 public:
  Annealing(const SearchProblem& problem, const AnnealingSettings& settings)
      : problem_(problem),
        settings_(settings),
        random_(problem.seed),
        scalariser_(problem.objectives, problem.scalarisation) {}

  std::vector<Point> ask(std::size_t count) {
    return distinct(problem_.space, count, seen_, random_, [&] {
      return present_ ? mutated(problem_.space, *present_, settings_.mutation, random_)
                      : random_point(problem_.space, random_);
    });
  }

  void tell(std::span<const Trial> trials) {
    for (const Trial& trial : trials) {
      const double cost = scalariser_.tell(trial.result);
      if (!present_ || accepts(cost)) {
        if (std::isfinite(cost)) present_ = trial.point;
        if (std::isfinite(cost)) cost_ = cost;
      }
      ++told_;
    }
  }

 private:
  /// Increases count relative to the present cost where that has a unit.
  bool accepts(double cost) {
    if (cost <= cost_) return true;
    const ScalarKind kind = problem_.scalarisation.kind;
    const bool has_unit = kind == ScalarKind::weighted ||
                          (kind == ScalarKind::product && problem_.objectives.size() == 1);
    const double scale = has_unit ? std::abs(cost_) : 1;
    const double share = static_cast<double>(told_) / static_cast<double>(problem_.budget);
    const double temperature =
        settings_.first_temperature *
        std::pow(settings_.last_temperature / settings_.first_temperature, std::min(share, 1.0));
    return random_.chance(std::exp(-(cost - cost_) / (scale * temperature)));
  }

  SearchProblem problem_;
  AnnealingSettings settings_;
  Random random_;
  Scalariser scalariser_;
  Seen seen_;
  std::optional<Point> present_;
  double cost_ = 0;
  std::uint64_t told_ = 0;
};

}  // namespace

AnySearcher make_annealing(const SearchProblem& problem, const YamlNode& settings,
                           Diagnostics& diagnostics) {
  return searcher_with<Annealing, AnnealingSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_annealing() {
  return searcher_info<AnnealingSettings>(
      "annealing", "one design that moves to neighbours, ever less often to worse ones",
      "Kirkpatrick, Gelatt and Vecchi, Science 220, 1983", true);
}

}  // namespace sluice::searchers
