// SPDX-License-Identifier: Apache-2.0
// The data of the page of a study: trials that are ok by columns, since there may be many
// thousands; names are those of `sluice study export`.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "dse/metrics.hpp"
#include "dse/page/convergence.hpp"
#include "dse/page/importance.hpp"
#include "dse/page/study_parts.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json objectives_json(const Sweep& sweep) {
  Json list = Json::array();
  for (const Objective& objective : sweep.objectives)
    list.push_back(
        {{"metric", metrics()[objective.metric].name}, {"maximize", objective.maximize}});
  return list;
}

/// The metrics that are numbers in some trial that is ok.
std::vector<std::size_t> known_metrics(const ShownStudy& study, const StudyFindings& findings) {
  std::vector<std::size_t> known;
  for (std::size_t m = 0; m < metrics().size(); ++m)
    if (std::any_of(findings.ok.begin(), findings.ok.end(), [&](std::size_t i) {
          return std::isfinite(study.trials[i].result.metrics[m]);
        }))
      known.push_back(m);
  return known;
}

/// Each parameter with the values that trials took, in the order of its domain; and for each trial
/// the place of its value among them, -1 where the parameter does not exist.
Json parameters_json(const ShownStudy& study, const StudyFindings& findings) {
  Json list = Json::array();
  for (std::size_t p = 0; p < study.sweep.space.parameters.size(); ++p) {
    const SpaceParameter& parameter = study.sweep.space.parameters[p];
    std::set<std::uint64_t> digits;
    for (const std::size_t i : findings.ok) digits.insert(study.trials[i].point.digits[p]);
    digits.erase(inactive);
    Json values = Json::array(), places = Json::array();
    for (const std::uint64_t digit : digits) values.push_back(value_with_unit(parameter, digit));
    for (const std::size_t i : findings.ok) {
      const auto found = digits.find(study.trials[i].point.digits[p]);
      places.push_back(found == digits.end() ? -1 : std::distance(digits.begin(), found));
    }
    list.push_back({{"name", parameter.name}, {"values", values}, {"places", places}});
  }
  return list;
}

Json trials_json(const ShownStudy& study, const StudyFindings& findings) {
  Json numbers = Json::array(), bottlenecks = Json::array(), values = Json::object();
  for (const std::size_t i : findings.ok) {
    numbers.push_back(study.trials[i].number);
    bottlenecks.push_back(bottleneck_name(study.trials[i].result));
  }
  for (const std::size_t m : known_metrics(study, findings)) {
    Json column = Json::array();
    for (const std::size_t i : findings.ok)
      column.push_back(number(study.trials[i].result.metrics[m]));
    values[std::string(metrics()[m].name)] = column;
  }
  return {{"number", numbers}, {"bottleneck", bottlenecks}, {"metrics", values}};
}

Json convergence_json(const ShownStudy& study) {
  const Convergence convergence = convergence_of(study.sweep.objectives, study.trials);
  Json best = Json::object();
  for (std::size_t o = 0; o < study.sweep.objectives.size(); ++o) {
    Json column = Json::array();
    for (const double value : convergence.best[o]) column.push_back(number(value));
    best[std::string(metrics()[study.sweep.objectives[o].metric].name)] = column;
  }
  return {{"evaluations", convergence.evaluations},
          {"best", best},
          {"hypervolume", convergence.hypervolume}};
}

Json importance_json(const ShownStudy& study, const StudyFindings& findings) {
  std::vector<Point> points;
  for (const std::size_t i : findings.ok) points.push_back(study.trials[i].point);
  Json list = Json::array();
  for (const Objective& objective : study.sweep.objectives) {
    std::vector<double> values;
    for (const std::size_t i : findings.ok)
      values.push_back(study.trials[i].result.metrics[objective.metric]);
    const auto found = importance_of(study.sweep.space, points, values, study.info.seed);
    if (!found) continue;
    list.push_back({{"metric", metrics()[objective.metric].name},
                    {"designs", found->designs},
                    {"explained", found->explained},
                    {"effect", found->effect}});
  }
  return list;
}

Json design_json(const ShownStudy& study, const ShownDesign& design) {
  const Trial& trial = study.trials[design.trial];
  Json stalls = Json::object(), values = Json::object();
  for (const Stall& stall : trial.result.stalls) stalls[stall.cause] = stall.cycles;
  for (std::size_t m = 0; m < metrics().size(); ++m)
    values[std::string(metrics()[m].name)] = number(trial.result.metrics[m]);
  Json json = {{"number", trial.number},
               {"metrics", values},
               {"stalls", stalls},
               {"bottleneck", trial.result.bottleneck}};
  if (design.machine) {
    json["macs"] = design.macs;
    json["peak_macs_per_second"] = design.machine->peak_macs_per_second;
    json["peak_dram_bytes_per_second"] = design.machine->peak_dram_bytes_per_second;
  }
  return json;
}

}  // namespace

std::string study_json(const ShownStudy& study, const StudyFindings& findings) {
  Json units = Json::object(), front = Json::array(), designs = Json::array();
  for (const Metric& metric : metrics()) units[std::string(metric.name)] = metric.unit;
  for (const std::size_t trial : findings.front) front.push_back(study.trials[trial].number);
  for (const ShownDesign& design : findings.best) designs.push_back(design_json(study, design));
  return Json{{"objectives", objectives_json(study.sweep)},
              {"units", units},
              {"parameters", parameters_json(study, findings)},
              {"trials", trials_json(study, findings)},
              {"front", front},
              {"convergence", convergence_json(study)},
              {"importance", importance_json(study, findings)},
              {"designs", designs}}
      .dump();
}

}  // namespace sluice
