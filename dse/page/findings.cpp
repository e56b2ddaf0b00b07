// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dse/front.hpp"
#include "dse/page/study_parts.hpp"
#include "dse/run_sweep.hpp"
#include "sim/evaluate.hpp"

namespace sluice {
namespace {

constexpr std::size_t shown_designs = 6;

ShownDesign design_of(const ShownStudy& study, const Library& library, std::size_t trial) {
  ShownDesign design{trial, std::nullopt, 0};
  try {
    Experiment experiment = read_experiment(apply(study.sweep, study.trials[trial].point), library);
    experiment.simulation.fidelity = Fidelity::analytic;
    const Outcome outcome = evaluate(experiment, library);
    if (const auto* report = std::get_if<Report>(&outcome)) {
      design.machine = report->machine;
      design.macs = report->total.macs;
    }
  } catch (const SpecError&) {
    // The library is not the one that the study was made with; the trial itself is still true.
  }
  return design;
}

}  // namespace

StudyFindings findings_of(const ShownStudy& study, const Library& library) {
  StudyFindings findings;
  for (std::size_t i = 0; i < study.trials.size(); ++i)
    if (study.trials[i].result.status == TrialStatus::ok) findings.ok.push_back(i);
  findings.front = front_of(study.sweep.objectives, study.trials);
  for (const std::size_t trial : best_trials(study.sweep, study.trials, shown_designs))
    findings.best.push_back(design_of(study, library, trial));
  return findings;
}

std::string bottleneck_name(const Result& result) {
  const std::string name = result.bottleneck.substr(0, result.bottleneck.find(':'));
  return name.empty() ? "unknown" : name;
}

}  // namespace sluice
