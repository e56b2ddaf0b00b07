// SPDX-License-Identifier: Apache-2.0
// Bottleneck-guided search: reads what a good design loses its cycles to and changes a parameter
// that relieves it.
#include <algorithm>
#include <map>

#include "dse/metrics.hpp"
#include "dse/preference.hpp"
#include "dse/relief.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct BottleneckSettings {
  std::uint64_t startup = 16;
  std::uint64_t parents = 8;
  double further = 0.5;
  double another = 0.4;
  double chance = 0.1;
};

template <class Visitor>
void describe(Visitor& v, BottleneckSettings& s) {
  v.field("startup", s.startup, {.doc = "designs at random to begin with", .min = 1, .max = 256});
  v.field("parents", s.parents, {.doc = "best designs that are relieved", .min = 1, .max = 64});
  v.field("further", s.further,
          {.doc = "probability of every step of a parameter after the first", .max = 0.9});
  v.field("another", s.another,
          {.doc = "probability of relieving one more loss in the same design", .max = 0.9});
  v.field("chance", s.chance, {.doc = "share of designs that are changed at random", .max = 1});
}

/// A change that was made for a reason.
struct Move {
  std::string cause;
  Relief relief;
  auto operator<=>(const Move&) const = default;
};

/// How often a move made a design better, of how many times.
struct Credit {
  double better = 0, made = 0;
  /// The mean of Beta(better + 1, worse + 1).
  double expected() const { return (better + 1) / (made + 2); }
};

/// A design that was asked for, and what it should be better than.
struct Attempt {
  std::vector<Move> moves;
  std::size_t objective = 0;
  double cost = 0;  ///< of the parent, in this objective
};

class Bottleneck {
 public:
  Bottleneck(const SearchProblem& problem, const BottleneckSettings& settings)
      : problem_(problem),
        space_(problem.space),
        settings_(settings),
        random_(problem.seed),
        parents_(problem.objectives,
                 settings.parents * std::max<std::size_t>(1, problem.objectives.size()),
                 by_objectives) {}

  std::vector<Point> ask(std::size_t count) {
    return distinct(space_, count, seen_, random_, [&] {
      const bool begins = told_ < settings_.startup || parents_.trials().empty();
      return begins ? random_point(space_, random_) : child();
    });
  }

  void tell(std::span<const Trial> trials) {
    constexpr double memory = 0.9;  // of the share of infeasible designs, a trial
    for (const Trial& trial : trials) {
      learn(trial);
      const bool infeasible = trial.result.status == TrialStatus::infeasible;
      infeasible_ = memory * infeasible_ + (1 - memory) * (infeasible ? 1 : 0);
    }
    parents_.add(trials);
    told_ += trials.size();
  }

 private:
  void learn(const Trial& trial);
  std::optional<Point> child();
  std::optional<Point> relieved(const Trial& parent);
  std::string loss_to_relieve(const Trial& parent, std::size_t objective);
  bool relieve(const std::string& cause, Point& point, Attempt& attempt);
  bool change(Point& point, const Relief& relief);
  const Trial& parent();

  SearchProblem problem_;
  const DesignSpace& space_;
  BottleneckSettings settings_;
  Random random_;
  Seen seen_;
  Elite parents_;
  std::uint64_t told_ = 0;
  double infeasible_ = 0;  ///< share of the latest trials
  std::map<Move, Credit> credit_;
  std::map<Point, Attempt> attempts_;
  std::map<std::string, std::vector<Relief>> reliefs_;
};

void Bottleneck::learn(const Trial& trial) {
  const auto attempt = attempts_.find(trial.point);
  if (attempt == attempts_.end()) return;
  const auto& [moves, objective, cost] = attempt->second;
  const std::vector<double> costs = log_costs(problem_.objectives, trial.result);
  const bool better =
      trial.result.status == TrialStatus::ok && !costs.empty() && costs[objective] < cost;
  for (const Move& move : moves) {
    credit_[move].made += 1;
    credit_[move].better += better ? 1 : 0;
  }
  attempts_.erase(attempt);
}

/// The better, the more often.
const Trial& Bottleneck::parent() {
  const std::vector<Trial>& trials = parents_.trials();
  return trials[std::min(random_.below(trials.size()), random_.below(trials.size()))];
}

std::optional<Point> Bottleneck::child() {
  constexpr int attempts = 50;
  if (!random_.chance(settings_.chance))
    for (int i = 0; i < attempts; ++i)
      if (auto point = relieved(parent())) return point;
  return mutated(space_, parent().point, 0.1 + 0.4 * random_.unit(), random_);
}

/// Metrics that cycles decide are relieved by what the cycles are lost to, others by their own
/// name; a product of both by either.
std::string Bottleneck::loss_to_relieve(const Trial& parent, std::size_t objective) {
  std::string metric(metrics()[problem_.objectives[objective].metric].name);
  const bool of_both = metric == "edp_js";
  if (of_both && random_.chance(0.5)) return "energy_j";
  const bool of_time = metric == "cycles" || metric == "latency_s" || metric == "utilization";
  if (!of_time && !of_both) return metric;
  const std::vector<Loss> losses = losses_of(parent.result);
  double sum = 0;
  for (const Loss& loss : losses) sum += loss.share;
  double drawn = random_.unit() * sum;
  for (const Loss& loss : losses)
    if ((drawn -= loss.share) < 0) return loss.cause;
  return losses.empty() ? metric : losses.front().cause;
}

/// One step, and further ones by chance; false when there is no such value or parameter.
bool Bottleneck::change(Point& point, const Relief& relief) {
  std::uint64_t& digit = point.digits[relief.parameter];
  const Domain& domain = space_.parameters[relief.parameter].domain;
  const std::uint64_t size = size_of(domain);
  if (digit == inactive || size < 2) return false;
  if (!is_ordered(domain)) {
    const std::uint64_t other = random_.below(size - 1);
    digit = other >= digit ? other + 1 : other;
    return true;
  }
  const bool rises =
      relief.change == Change::any ? random_.chance(0.5) : relief.change == Change::raise;
  const std::uint64_t room = rises ? size - 1 - digit : digit;
  if (room == 0) return false;
  std::uint64_t steps = 1;
  while (steps < room && random_.chance(settings_.further)) ++steps;
  digit = rises ? digit + steps : digit - steps;
  return true;
}

/// A change for this cause, those that helped before more often.
bool Bottleneck::relieve(const std::string& cause, Point& point, Attempt& attempt) {
  const auto [known, is_new] = reliefs_.try_emplace(cause);
  if (is_new) known->second = reliefs_of(space_, cause);
  const std::vector<Relief>& reliefs = known->second;
  double sum = 0;
  for (const Relief& relief : reliefs) sum += credit_[{cause, relief}].expected();
  double drawn = random_.unit() * sum;
  for (const Relief& relief : reliefs) {
    drawn -= credit_[{cause, relief}].expected();
    if (drawn >= 0) continue;
    if (!change(point, relief)) return false;
    attempt.moves.push_back({cause, relief});
    return true;
  }
  return false;
}

/// A new design without one or more of the parent's losses. The more designs were infeasible of
/// late, the more often something else is made smaller for it.
std::optional<Point> Bottleneck::relieved(const Trial& parent) {
  Attempt attempt;
  attempt.objective = random_.below(problem_.objectives.size());
  const std::vector<double> costs = log_costs(problem_.objectives, parent.result);
  if (costs.empty()) return std::nullopt;
  attempt.cost = costs[attempt.objective];
  Point point = parent.point;
  do {
    relieve(loss_to_relieve(parent, attempt.objective), point, attempt);
  } while (random_.chance(settings_.another));
  if (random_.chance(infeasible_)) {
    Attempt unpaid;
    relieve("area_mm2", point, unpaid);
  }
  point = canonical(space_, std::move(point));
  if (attempt.moves.empty() || seen_.contains(point) || !broken_constraint(space_, point).empty())
    return std::nullopt;
  attempts_[point] = std::move(attempt);
  return point;
}

}  // namespace

AnySearcher make_bottleneck(const SearchProblem& problem, const YamlNode& settings,
                            Diagnostics& diagnostics) {
  return searcher_with<Bottleneck, BottleneckSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_bottleneck() {
  return searcher_info<BottleneckSettings>(
      "bottleneck", "reads what good designs lose their cycles to, and changes what relieves it",
      "after S. Dave, T. Nowatzki and A. Shrivastava, Explainable-DSE, ASPLOS 2023; which changes "
      "help is learned as well");
}

}  // namespace sluice::searchers
