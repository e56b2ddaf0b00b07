// SPDX-License-Identifier: Apache-2.0
#include "cli/open_study.hpp"

namespace sluice {

OpenStudy open_study(const std::string& path, const Library& library) {
  Study file = Study::read(path);
  StudyInfo info = file.info();
  Sweep sweep = read_sweep(parse_yaml(info.sweep_text, path), library);
  if (sweep.name.empty()) sweep.name = info.name;
  std::vector<ConfirmedTrial> confirmed = file.confirmed();
  return {path, std::move(file), std::move(info), std::move(sweep), std::move(confirmed)};
}

void visit_trials(const OpenStudy& study, const Study::Visit& visit) {
  std::uint64_t number = 0;
  study.file.visit([&](Trial&& trial) {
    check_trial(study.sweep, trial, number++, study.path);
    visit(std::move(trial));
  });
}

std::vector<Trial> trials_of(const OpenStudy& study) {
  std::vector<Trial> trials;
  visit_trials(study, [&](Trial&& trial) { trials.push_back(std::move(trial)); });
  return trials;
}

}  // namespace sluice
