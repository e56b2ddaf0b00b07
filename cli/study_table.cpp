// SPDX-License-Identifier: Apache-2.0
#include "cli/study_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dse/halving.hpp"
#include "dse/metrics.hpp"
#include "dse/run_sweep.hpp"
#include "dse/space_index.hpp"

namespace sluice {
namespace {

std::string objective_text(const Objective& objective) {
  return fmt::format("{} {}", objective.maximize ? "largest" : "smallest",
                     metrics()[objective.metric].name);
}

/// The most frequent reasons of trials that are not ok.
std::string reasons_text(const std::vector<Trial>& trials) {
  std::map<std::pair<std::string_view, std::string>, std::size_t> counts;
  for (const Trial& trial : trials)
    if (trial.result.status != TrialStatus::ok)
      ++counts[{name_of(trial.result.status), trial.result.reason}];
  std::vector<std::pair<std::size_t, std::string>> lines;
  for (const auto& [key, count] : counts)
    lines.emplace_back(count, fmt::format("  {:>7} {}: {}\n", count, key.first, key.second));
  std::ranges::stable_sort(lines, [](const auto& a, const auto& b) { return a.first > b.first; });
  constexpr std::size_t shown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, lines.size()); ++i) text += lines[i].second;
  if (lines.size() > shown) text += fmt::format("  and {} other reasons\n", lines.size() - shown);
  return text;
}

}  // namespace

std::string describe_sweep(const Sweep& sweep) {
  const SpaceIndex index(sweep.space);
  std::string text = fmt::format("sweep {}, fidelity {}\n", sweep.name, name_of(sweep.fidelity));
  const std::string count =
      index.count() ? fmt::format("{}", *index.count()) : fmt::format("{:.3g}", index.size());
  text += fmt::format("{} designs, {} parameters\n\n", count, sweep.space.parameters.size());
  for (const SpaceParameter& parameter : sweep.space.parameters) {
    text += fmt::format("{:16} {}{}{}\n", parameter.name, to_text(parameter.domain),
                        parameter.unit.empty() ? "" : " " + parameter.unit,
                        parameter.when.empty() ? "" : ", when " + parameter.when.text());
    for (const std::string& path : parameter.paths) text += fmt::format("{:16} {}\n", "", path);
  }
  text += "\nkept\n";
  for (const Expression& constraint : sweep.space.constraints)
    text += "  " + constraint.text() + "\n";
  for (const Expression& constraint : sweep.metric_constraints)
    text += "  " + constraint.text() + "\n";
  text += "wanted\n";
  for (const Objective& objective : sweep.objectives)
    text += "  " + objective_text(objective) + "\n";
  if (sweep.scalarisation != Scalarisation{})
    text += "as one number: " + to_text(sweep.scalarisation, sweep.objectives) + "\n";
  text += fmt::format("searched by {}, {} evaluations in batches of {}, seed {}\n",
                      sweep.search.searcher, sweep.search.budget, sweep.search.batch,
                      sweep.search.seed);
  if (sweep.confirm)
    text += fmt::format("the best {} looked at again with {}\n", sweep.confirm->count,
                        name_of(sweep.confirm->fidelity));
  if (sweep.halving) {
    const std::vector<std::size_t> sizes = rung_sizes(*sweep.halving, sweep.search.budget);
    for (std::size_t r = 0; r < sizes.size(); ++r)
      text += fmt::format("the best {} looked at with {}\n", sizes[r],
                          label_of(sweep.halving->rungs[r]));
  }
  return text;
}

std::string trial_table(const Sweep& sweep, const std::vector<Trial>& trials,
                        const std::vector<std::size_t>& rows) {
  if (rows.empty()) return "no design is ok\n" + reasons_text(trials);
  std::string text = fmt::format("{:>7}", "trial");
  for (const Objective& objective : sweep.objectives)
    text += fmt::format("  {:>12}", metrics()[objective.metric].name);
  text += "  design\n";
  for (const std::size_t row : rows) {
    text += fmt::format("{:>7}", trials[row].number);
    for (const Objective& objective : sweep.objectives)
      text += fmt::format("  {:>12.6g}", trials[row].result.metrics[objective.metric]);
    text += "  " + to_text(sweep.space, trials[row].point) + "\n";
  }
  return text;
}

std::string looks_table(const Sweep& sweep, const std::vector<Trial>& trials,
                        const std::vector<ConfirmedTrial>& looks) {
  if (looks.empty()) return {};
  std::string text;
  if (sweep.halving) {
    const std::vector<Trial> top = top_of(sweep, trials, looks);
    text += fmt::format("best of the {} on the highest rung\n", top.size());
    text += trial_table(sweep, top, best_trials(sweep, top, 1));
  }
  text += fmt::format("looked at again\n{:>7}  {:9}", "trial", "fidelity");
  for (const Objective& objective : sweep.objectives)
    text += fmt::format("  {:>12}  {:>9}", metrics()[objective.metric].name, "change");
  text += "\n";
  for (const ConfirmedTrial& look : looks) {
    text += fmt::format("{:>7}  {:9}", look.number, look.fidelity);
    if (look.result.status != TrialStatus::ok || look.number >= trials.size()) {
      text += fmt::format("  {}: {}\n", name_of(look.result.status), look.result.reason);
      continue;
    }
    for (const Objective& objective : sweep.objectives) {
      const double before = trials[look.number].result.metrics[objective.metric];
      const double now = look.result.metrics[objective.metric];
      text += fmt::format("  {:>12.6g}  {:>+8.2f}%", now, 100 * (now / before - 1));
    }
    text += "\n";
  }
  return text;
}

std::string study_summary(const Sweep& sweep, const std::vector<Trial>& trials,
                          const std::vector<std::size_t>& front) {
  std::map<TrialStatus, std::size_t> counts;
  for (const Trial& trial : trials) ++counts[trial.result.status];
  std::string text = fmt::format("{}: {} designs", sweep.name, trials.size());
  for (const auto& [status, count] : counts) text += fmt::format(", {} {}", count, name_of(status));
  text += "\n" + reasons_text(trials);
  if (front.empty()) return text + "no design is ok\n";
  std::string wanted;
  for (const Objective& objective : sweep.objectives)
    wanted += (wanted.empty() ? "" : ", ") + objective_text(objective);
  text += fmt::format("{}: {}\n",
                      sweep.objectives.size() > 1 ? fmt::format("front of {} designs", front.size())
                                                  : std::string("best design"),
                      wanted);
  text += trial_table(sweep, trials, front);
  const std::string& bottleneck = trials[front.front()].result.bottleneck;
  return bottleneck.empty() ? text : text + "bottleneck of the first: " + bottleneck + "\n";
}

}  // namespace sluice
