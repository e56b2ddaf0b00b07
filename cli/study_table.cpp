// SPDX-License-Identifier: Apache-2.0
#include "cli/study_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "dse/front.hpp"
#include "dse/halving.hpp"
#include "dse/metrics.hpp"
#include "dse/run_sweep.hpp"
#include "dse/space_index.hpp"

namespace sluice {
namespace {

using nlohmann::ordered_json;

std::string objective_text(const Objective& objective) {
  return fmt::format("{} {}", objective.maximize ? "largest" : "smallest",
                     metrics()[objective.metric].name);
}

/// The value of a parameter as it is set, or "" where it does not exist.
std::string value_of(const SpaceParameter& parameter, std::uint64_t digit) {
  if (digit == inactive) return {};
  std::string text = value_text(parameter.domain, digit);
  if (!parameter.unit.empty()) text += " " + parameter.unit;
  return text;
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

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string metric_cell(const Trial& trial, std::size_t metric) {
  if (trial.result.metrics.empty() || !std::isfinite(trial.result.metrics[metric])) return {};
  return fmt::format("{}", trial.result.metrics[metric]);
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

std::string study_summary(const Sweep& sweep, const std::vector<Trial>& trials) {
  std::map<TrialStatus, std::size_t> counts;
  for (const Trial& trial : trials) ++counts[trial.result.status];
  std::string text = fmt::format("{}: {} designs", sweep.name, trials.size());
  for (const auto& [status, count] : counts) text += fmt::format(", {} {}", count, name_of(status));
  text += "\n" + reasons_text(trials);
  const std::vector<std::size_t> front = front_of(sweep.objectives, trials);
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

std::string trials_csv(const OpenStudy& study) {
  const Sweep& sweep = study.sweep;
  std::string text = "number,batch,status";
  for (const SpaceParameter& parameter : sweep.space.parameters)
    text += "," + csv_cell(parameter.name);
  for (const Metric& metric : metrics()) text += fmt::format(",{}", metric.name);
  text += ",reason,bottleneck,design,fidelity,searcher,seed,sweep,sluice\n";
  const std::string origin =
      fmt::format("{},{},{},{},{}\n", name_of(sweep.fidelity), study.info.searcher, study.info.seed,
                  hash_text(study.info.sweep_hash), study.info.sluice_version);
  for (const Trial& trial : study.trials) {
    text += fmt::format("{},{},{}", trial.number, trial.batch, name_of(trial.result.status));
    for (std::size_t p = 0; p < sweep.space.parameters.size(); ++p)
      text += "," + csv_cell(value_of(sweep.space.parameters[p], trial.point.digits[p]));
    for (std::size_t m = 0; m < metrics().size(); ++m) text += "," + metric_cell(trial, m);
    text += "," + csv_cell(trial.result.reason) + "," + csv_cell(trial.result.bottleneck) + "," +
            hash_text(hash_of(sweep.space, trial.point)) + "," + origin;
  }
  return text;
}

namespace {

void add_result(ordered_json& line, const Result& result) {
  for (std::size_t m = 0; m < result.metrics.size(); ++m)
    line["metrics"][std::string(metrics()[m].name)] =
        std::isfinite(result.metrics[m]) ? ordered_json(result.metrics[m]) : nullptr;
  line["stalls"] = ordered_json::object();
  for (const Stall& stall : result.stalls) line["stalls"][stall.cause] = stall.cycles;
  line["reason"] = result.reason;
  line["bottleneck"] = result.bottleneck;
}

}  // namespace

std::string trials_json_lines(const OpenStudy& study) {
  const Sweep& sweep = study.sweep;
  std::map<std::uint64_t, ordered_json> looks;
  for (const ConfirmedTrial& look : study.confirmed) {
    ordered_json one = {{"fidelity", look.fidelity}, {"status", name_of(look.result.status)}};
    add_result(one, look.result);
    looks[look.number].push_back(std::move(one));
  }
  const ordered_json origin = {{"fidelity", name_of(sweep.fidelity)},
                               {"searcher", study.info.searcher},
                               {"seed", study.info.seed},
                               {"sweep", hash_text(study.info.sweep_hash)},
                               {"sluice", study.info.sluice_version}};
  std::string text;
  for (const Trial& trial : study.trials) {
    ordered_json line = {
        {"number", trial.number}, {"batch", trial.batch}, {"status", name_of(trial.result.status)}};
    for (std::size_t p = 0; p < sweep.space.parameters.size(); ++p)
      if (trial.point.digits[p] != inactive)
        line["parameters"][sweep.space.parameters[p].name] =
            value_of(sweep.space.parameters[p], trial.point.digits[p]);
    add_result(line, trial.result);
    if (const auto found = looks.find(trial.number); found != looks.end())
      line["looks"] = found->second;
    line["design"] = hash_text(hash_of(sweep.space, trial.point));
    line["origin"] = origin;
    text += line.dump() + "\n";
  }
  return text;
}

}  // namespace sluice
