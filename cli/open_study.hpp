// SPDX-License-Identifier: Apache-2.0
// A study as it was stored, with the sweep that it is of.
#pragma once

#include <string>
#include <vector>

#include "dse/study/study.hpp"

namespace sluice {

struct OpenStudy {
  std::string path;
  Study file;
  StudyInfo info;
  Sweep sweep;
  std::vector<ConfirmedTrial> confirmed;
};

/// Throws StudyError or SpecError.
OpenStudy open_study(const std::string& path, const Library& library);

/// Hands over all trials as Study::visit() does. Throws StudyError at the first that is none of the
/// sweep.
void visit_trials(const OpenStudy& study, const Study::Visit& visit);
/// All of them.
std::vector<Trial> trials_of(const OpenStudy& study);

}  // namespace sluice
