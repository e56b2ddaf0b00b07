// SPDX-License-Identifier: Apache-2.0
// A study as it was stored, with the sweep that it is of.
#pragma once

#include <string>
#include <vector>

#include "dse/study/study.hpp"

namespace sluice {

struct OpenStudy {
  StudyInfo info;
  Sweep sweep;
  std::vector<Trial> trials;
  std::vector<ConfirmedTrial> confirmed;
};

/// Throws StudyError or SpecError.
OpenStudy open_study(const std::string& path, const Library& library);

}  // namespace sluice
