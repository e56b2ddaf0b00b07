// SPDX-License-Identifier: Apache-2.0
// Ant colony: pheromone on every value of every parameter, laid by the best designs.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "dse/front.hpp"
#include "dse/learn/shares.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct AntColonySettings {
  std::uint64_t ants = 10;
  double evaporation = 0.1;
  double greediness = 0.25;
  double least = 0.02;
};

template <class Visitor>
void describe(Visitor& v, AntColonySettings& s) {
  v.field("ants", s.ants, {.doc = "designs between two layings of pheromone", .min = 2, .max = 64});
  v.field("evaporation", s.evaporation,
          {.doc = "share of the pheromone that is lost between them", .min = 0.02, .max = 0.8});
  v.field("greediness", s.greediness,
          {.doc = "probability that the value with most pheromone is taken", .max = 1});
  v.field("least", s.least,
          {.doc = "least pheromone of a value, of the most that there can be",
           .min = 1e-3,
           .max = 0.5});
}

constexpr std::uint64_t most_shares = 256;  ///< of a domain; larger ones share pheromone

class AntColony {
 public:
  AntColony(const SearchProblem& problem, const AntColonySettings& settings)
      : problem_(problem),
        settings_(settings),
        random_(problem.seed),
        scalariser_(problem.objectives, problem.scalarisation) {
    for (const SpaceParameter& parameter : problem.space.parameters) {
      shares_.emplace_back(parameter.domain, most_shares);
      pheromone_.emplace_back(shares_.back().count(), 1.0);
    }
  }

  std::vector<Point> ask(std::size_t count) {
    return distinct(problem_.space, count, seen_, random_, [&] { return walk(); });
  }

  void tell(std::span<const Trial> trials) {
    for (const Trial& trial : trials) {
      const double cost = scalariser_.tell(trial.result);
      if (std::isfinite(cost) && cost < generation_.cost) generation_ = {trial.point, cost};
      if (++told_ % settings_.ants == 0) lay();
    }
  }

 private:
  struct Found {
    Point point;
    double cost = std::numeric_limits<double>::infinity();
  };

  std::optional<Point> walk();
  std::uint64_t choose(const std::vector<double>& pheromone);
  void lay();
  void lay(const Found& found);

  SearchProblem problem_;
  AntColonySettings settings_;
  Random random_;
  Scalariser scalariser_;
  Seen seen_;
  std::vector<Shares> shares_;                  ///< by parameter
  std::vector<std::vector<double>> pheromone_;  ///< by parameter and share, at most 1
  Found generation_, best_;
  std::uint64_t told_ = 0;
};

std::uint64_t AntColony::choose(const std::vector<double>& pheromone) {
  const bool greedy = told_ >= settings_.ants && random_.chance(settings_.greediness);
  if (greedy)
    return static_cast<std::uint64_t>(std::ranges::max_element(pheromone) - pheromone.begin());
  double left = random_.unit() * std::accumulate(pheromone.begin(), pheromone.end(), 0.0);
  for (std::uint64_t i = 0; i + 1 < pheromone.size(); ++i)
    if ((left -= pheromone[i]) < 0) return i;
  return pheromone.size() - 1;
}

std::optional<Point> AntColony::walk() {
  for (int i = 0; i < most_draws; ++i) {
    Point point;
    for (std::size_t p = 0; p < shares_.size(); ++p)
      point.digits.push_back(shares_[p].draw(choose(pheromone_[p]), random_));
    point = canonical(problem_.space, std::move(point));
    if (broken_constraint(problem_.space, point).empty()) return point;
  }
  return std::nullopt;
}

/// The best ant of the generation and the best of all, by turns.
void AntColony::lay() {
  if (generation_.cost < best_.cost) best_ = generation_;
  for (std::vector<double>& values : pheromone_)
    for (double& value : values)
      value = std::max(settings_.least, (1 - settings_.evaporation) * value);
  const bool of_all = told_ / settings_.ants % 2 == 0;
  lay(of_all ? best_ : generation_);
  generation_ = {};
}

void AntColony::lay(const Found& found) {
  if (!std::isfinite(found.cost)) return;
  for (std::size_t p = 0; p < shares_.size(); ++p)
    if (found.point.digits[p] != inactive) {
      double& value = pheromone_[p][shares_[p].share_of(found.point.digits[p])];
      value = std::min(1.0, value + settings_.evaporation);
    }
}

}  // namespace

AnySearcher make_ant_colony(const SearchProblem& problem, const YamlNode& settings,
                            Diagnostics& diagnostics) {
  return searcher_with<AntColony, AntColonySettings>(problem, settings, diagnostics);
}

SearcherInfo describe_ant_colony() {
  return searcher_info<AntColonySettings>(
      "ant_colony", "pheromone on the values of good designs, which others follow, one number",
      "Dorigo and Stuetzle, Ant colony optimization, 2004; bounds as in Stuetzle and Hoos, MAX-MIN "
      "ant system, FGCS 16, 2000");
}

}  // namespace sluice::searchers
