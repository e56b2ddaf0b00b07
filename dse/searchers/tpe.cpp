// SPDX-License-Identifier: Apache-2.0
// Tree-structured Parzen estimator: designs that are likely among the best trials and unlikely
// among the others.
#include <algorithm>

#include "dse/learn/parzen.hpp"
#include "dse/preference.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct TpeSettings {
  std::uint64_t startup = 20;
  double gamma = 0.1;
  std::uint64_t most_good = 25;
  std::uint64_t candidates = 64;
  ParzenSettings kernels;
};

template <class Visitor>
void describe(Visitor& v, TpeSettings& s) {
  v.field("startup", s.startup,
          {.doc = "designs at random before it learns", .min = 2, .max = 512});
  v.field("gamma", s.gamma, {.doc = "share of the trials that is good", .min = 0.02, .max = 0.5});
  v.field("most_good", s.most_good, {.doc = "good trials at most", .min = 4, .max = 256});
  v.field("candidates", s.candidates,
          {.doc = "designs of which the most promising is tried", .min = 4, .max = 1024});
  v.field(
      "bandwidth", s.kernels.bandwidth,
      {.doc = "width of a kernel over an ordered parameter, of its range", .min = 0.02, .max = 1});
  v.field("spread", s.kernels.spread,
          {.doc = "probability that an unordered parameter leaves a kernel's value",
           .min = 0.02,
           .max = 1});
  v.field("prior_weight", s.kernels.prior_weight,
          {.doc = "weight of the uniform density, in trials", .min = 0.1, .max = 10});
}

/// More trials than these say little more of where not to look, and cost time.
constexpr std::size_t most_bad = 1000;

class Tpe {
 public:
  Tpe(const SearchProblem& problem, const TpeSettings& settings)
      : space_(problem.space),
        settings_(settings),
        random_(problem.seed),
        best_(problem.objectives, settings.most_good, by_objectives) {}

  std::vector<Point> ask(std::size_t count) {
    std::vector<Point> points;
    if (told_.size() < settings_.startup) {
      points =
          distinct(space_, count, seen_, random_, [&] { return random_point(space_, random_); });
    } else {
      learn();
      points = distinct(space_, count, seen_, random_, [&] { return proposal(); });
    }
    for (const Point& point : points) pending_.take(point);
    return points;
  }

  void tell(std::span<const Trial> trials) {
    best_.add(trials);
    for (const Trial& trial : trials) {
      told_.push_back(trial.point);
      pending_.drop(trial.point);
    }
  }

 private:
  /// Splits the trials in good ones and others; what was asked and not yet told is no good, so that
  /// it is not asked again nearby.
  void learn() {
    const auto share =
        static_cast<std::size_t>(std::ceil(settings_.gamma * static_cast<double>(told_.size())));
    std::vector<Point> good, bad;
    Seen is_good;
    for (const Trial& trial : best_.trials()) {
      if (good.size() == share || trial.result.status != TrialStatus::ok) break;
      good.push_back(trial.point);
      is_good.take(trial.point);
    }
    for (std::size_t i = told_.size(); i-- > 0 && bad.size() < most_bad;)
      if (!is_good.contains(told_[i])) bad.push_back(told_[i]);
    for (const Point& point : pending_.points()) bad.push_back(point);
    good_.emplace(space_, std::move(good), settings_.kernels);
    bad_.emplace(space_, std::move(bad), settings_.kernels);
  }

  /// The new design of the greatest ratio of the two densities (Bergstra, equation 6).
  std::optional<Point> proposal() {
    std::optional<Point> best;
    double best_ratio = 0;
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; found < settings_.candidates && i < 4 * settings_.candidates; ++i) {
      Point point = good_->draw(random_);
      if (seen_.contains(point) || !broken_constraint(space_, point).empty()) continue;
      ++found;
      const double ratio = good_->log_density(point) - bad_->log_density(point);
      if (best && ratio <= best_ratio) continue;
      best_ratio = ratio;
      best = std::move(point);
    }
    if (!best) return random_point(space_, random_);
    bad_->add(*best);
    return best;
  }

  const DesignSpace& space_;
  TpeSettings settings_;
  Random random_;
  Seen seen_;
  Seen pending_;  ///< asked and not told
  std::vector<Point> told_;
  Elite best_;
  std::optional<ParzenDensity> good_, bad_;
};

}  // namespace

AnySearcher make_tpe(const SearchProblem& problem, const YamlNode& settings,
                     Diagnostics& diagnostics) {
  return searcher_with<Tpe, TpeSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_tpe() {
  return searcher_info<TpeSettings>(
      "tpe", "designs likely among the best trials and unlikely among the others",
      "Bergstra, Bardenet, Bengio and Kegl, NIPS 2011; kernels over all parameters at once as in "
      "Falkner, Klein and Hutter, ICML 2018; several objectives as in Ozaki and others, GECCO "
      "2020");
}

}  // namespace sluice::searchers
