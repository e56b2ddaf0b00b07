// SPDX-License-Identifier: Apache-2.0
// ArchGym: how much of what an agent finds is owed to its hyperparameters, and how well a proxy
// predicts designs, on a space whose every design is known.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/read.hpp"
#include "dse/comparison/lottery.hpp"
#include "dse/metrics.hpp"
#include "dse/proxy/train.hpp"
#include "dse/reproduce/papers.hpp"
#include "dse/run_sweep.hpp"

namespace sluice::papers::archgym {

/// One of the paper's kinds of agents.
struct Agent {
  std::string name;
  std::string searcher;
  std::vector<std::uint64_t> budgets;
};

template <class Visitor>
void describe(Visitor& v, Agent& a) {
  v.required("name", a.name, {.doc = "of the agent in the tables"});
  v.required("searcher", a.searcher, {.doc = "searcher that stands for it"});
  v.required("budgets", a.budgets, {.doc = "evaluations of a run"});
}

struct Setup {
  std::uint64_t configurations = 8;  ///< the usual one among them
  std::uint64_t seeds = 2;
  std::uint64_t batch = 10;
  std::uint64_t seed = 1;
  std::vector<Agent> agents;
  std::uint64_t proxy_designs = 600, proxy_tested = 2000, proxy_repeats = 3;
};

template <class Visitor>
void describe(Visitor& v, Setup& s) {
  v.field("configurations", s.configurations,
          {.doc = "of each agent: the usual one, and others at random", .min = 1});
  v.field("seeds", s.seeds, {.doc = "runs of each configuration", .min = 1});
  v.field("batch", s.batch, {.doc = "designs that are chosen at once", .min = 1});
  v.field("seed", s.seed,
          {.doc = "of the configurations, the proxies and what they are tested on"});
  v.required("agents", s.agents, {.doc = "kinds of agents"});
  v.field("proxy_designs", s.proxy_designs, {.doc = "that a proxy is trained on", .min = 150});
  v.field("proxy_tested", s.proxy_tested, {.doc = "random designs that it is tested on", .min = 1});
  v.field("proxy_repeats", s.proxy_repeats, {.doc = "proxies of each kind", .min = 1});
}

namespace {

/// What is best over what was found, 1 at best; 0 where nothing feasible was.
std::vector<double> rewards_of(const std::vector<double>& regrets) {
  std::vector<double> rewards;
  for (const double regret : regrets) rewards.push_back(1 / (1 + regret));
  return rewards;
}

void add_spread(std::vector<ComputedPoint>& points, PointKey key, std::vector<double> rewards) {
  const Quartiles q = quartiles_of(rewards);
  const auto add = [&](const char* metric, double value) {
    key.metric = metric;
    points.push_back({key, value});
  };
  add("reward_best", std::ranges::max(rewards));
  add("reward_median", q.median);
  add("reward_quartile", q.first);
  add("reward_worst", std::ranges::min(rewards));
  add("reward_spread", q.third > 0 ? (q.third - q.first) / q.third : 0);
}

/// Many configurations of an agent, and its default settings with as many seeds.
void add_lottery(std::vector<ComputedPoint>& points, const Setup& setup, const Agent& agent,
                 const Truth& truth) {
  const ComparisonSettings lottery{
      drawn_configurations(agent.searcher, setup.configurations - 1, setup.seed), agent.budgets,
      setup.seeds, setup.batch};
  const ComparisonSettings luck{
      {agent.searcher}, agent.budgets, setup.configurations * setup.seeds, setup.batch};
  const auto goes_on = [](std::uint64_t, std::uint64_t) { return true; };
  const std::vector<ComparisonCell> drawn = compare(truth, lottery, goes_on);
  const std::vector<ComparisonCell> usual = compare(truth, luck, goes_on);
  for (const std::uint64_t budget : agent.budgets) {
    PointKey key{"lottery", truth.sweep().name, fmt::format("{}", budget), agent.name, ""};
    std::vector<double> rewards;
    for (const ComparisonCell& cell : drawn)
      if (cell.budget == budget)
        for (const double reward : rewards_of(cell.regrets)) rewards.push_back(reward);
    add_spread(points, key, rewards);
    key.figure = "luck";
    add_spread(points, key, rewards_of(find_cell(usual, agent.searcher, budget)->regrets));
  }
}

/// The largest spread of any agent, by budget.
void add_largest_spreads(std::vector<ComputedPoint>& points) {
  std::map<std::string, double> largest;
  std::string model;
  for (const ComputedPoint& point : points) {
    if (point.key.figure != "lottery" || point.key.metric != "reward_spread") continue;
    model = point.key.model;
    double& value = largest[point.key.seq_len];
    value = std::max(value, point.value);
  }
  for (const auto& [budget, value] : largest)
    points.push_back({{"lottery", model, budget, "any", "largest_spread"}, value});
}

/// Trials of an agent with its default settings.
std::vector<Trial> trials_of(const Agent& agent, const Truth& truth, std::uint64_t count,
                             std::uint64_t seed, std::uint64_t batch) {
  return run_searcher(truth, agent.searcher, count, seed, batch).trials;
}

/// The agents that are run with as many evaluations as a proxy is trained on.
std::vector<Agent> teachers(const Setup& setup) {
  std::vector<Agent> agents;
  for (const Agent& agent : setup.agents)
    if (std::ranges::max(agent.budgets) >= setup.proxy_designs) agents.push_back(agent);
  return agents;
}

/// As many trials of each agent, no design twice.
std::vector<Trial> diverse_trials(const Setup& setup, const Truth& truth, std::uint64_t seed) {
  std::vector<Trial> all;
  const std::vector<Agent> agents = teachers(setup);
  for (const Agent& agent : agents)
    for (Trial& trial :
         trials_of(agent, truth, setup.proxy_designs / agents.size(), seed, setup.batch)) {
      const auto same = [&](const Trial& other) { return other.point == trial.point; };
      if (std::ranges::none_of(all, same)) all.push_back(std::move(trial));
    }
  return all;
}

/// The errors of forests, as the paper has them, trained on some trials; means over repeats.
void add_proxy(std::vector<ComputedPoint>& points, const Setup& setup, const Truth& truth,
               const std::string& design, auto trials_with) {
  const Sweep& sweep = truth.sweep();
  std::vector<double> sums(metrics().size());
  double refused = 0;
  for (std::uint64_t repeat = 0; repeat < setup.proxy_repeats; ++repeat) {
    const std::uint64_t seed = setup.seed + repeat;
    const Proxy proxy = train_proxy(sweep, info_of(sweep), trials_with(seed),
                                    {ProxyKind::forest, seed, 0.2, false}, design);
    const std::vector<Trial> test =
        run_searcher(truth, "random", setup.proxy_tested, 1000 + seed, setup.batch).trials;
    const ProxyErrors errors = errors_of(proxy, sweep, test);
    for (const MetricErrors& one : errors.metrics) sums[one.metric] += one.all_relative_rmse;
    refused += static_cast<double>(errors.refused) / static_cast<double>(errors.designs);
  }
  const auto repeats = static_cast<double>(setup.proxy_repeats);
  const auto add = [&](std::string metric, double sum) {
    points.push_back({{"proxy", sweep.name, "", design, std::move(metric)}, sum / repeats});
  };
  for (std::size_t m = 0; m < metrics().size(); ++m)
    if (sums[m] > 0) add(fmt::format("rmse_{}", metrics()[m].name), sums[m]);
  add("refused", refused);
}

void add_proxies(std::vector<ComputedPoint>& points, const Setup& setup, const Truth& truth) {
  for (const Agent& agent : teachers(setup))
    add_proxy(points, setup, truth, agent.name, [&](std::uint64_t seed) {
      return trials_of(agent, truth, setup.proxy_designs, seed, setup.batch);
    });
  add_proxy(points, setup, truth, "diverse",
            [&](std::uint64_t seed) { return diverse_trials(setup, truth, seed); });
}

/// How many times as wrong the worst proxy of one agent is as that of all.
void add_gains(std::vector<ComputedPoint>& points, const Truth& truth) {
  for (const char* metric : {"rmse_latency_s", "rmse_energy_j", "rmse_power_w"}) {
    double worst = 0, diverse = 0;
    for (const ComputedPoint& point : points) {
      if (point.key.figure != "proxy" || point.key.metric != metric) continue;
      worst = std::max(worst, point.value);
      if (point.key.design == "diverse") diverse = point.value;
    }
    points.push_back(
        {{"proxy", truth.sweep().name, "", "diverse", std::string(metric).replace(0, 4, "gain")},
         worst / diverse});
  }
}

}  // namespace
}  // namespace sluice::papers::archgym

namespace sluice::papers {

std::vector<ComputedPoint> compute_archgym(const YamlNode& settings, const Library& library) {
  using namespace archgym;
  Diagnostics diagnostics;
  Setup setup;
  FieldReader reader(settings, diagnostics, "settings");
  const YamlNode* space = reader.take_required("sweep", {.doc = "a sweep that is enumerated"});
  describe(reader, setup);
  reader.finish();
  if (space != nullptr && teachers(setup).empty())
    diagnostics.error(
        settings.where,
        fmt::format("no agent has a budget of {} designs or more, which proxy_designs "
                    "asks for",
                    setup.proxy_designs));
  diagnostics.throw_if_any();
  const Sweep sweep = read_sweep(*space, library);
  const std::optional<Truth> truth =
      Truth::enumerate(sweep, library, [](std::uint64_t, std::uint64_t) { return true; });
  std::vector<ComputedPoint> points;
  for (const Agent& agent : setup.agents) add_lottery(points, setup, agent, *truth);
  add_largest_spreads(points);
  add_proxies(points, setup, *truth);
  add_gains(points, *truth);
  return points;
}

Descriptor describe_archgym() {
  return {"archgym",
          "the hyperparameter lottery of search agents, and proxies trained on their trials",
          "Krishnan et al., ArchGym: An Open-Source Gymnasium for Machine Learning Assisted "
          "Architecture Design, ISCA 2023",
          {}};
}

}  // namespace sluice::papers
