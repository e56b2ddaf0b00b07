// SPDX-License-Identifier: Apache-2.0
// The parts of the page of a study. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dse/page/study_page.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// One of the best designs, and what its machine could do.
struct ShownDesign {
  std::size_t trial = 0;  ///< index in the trials
  std::optional<MachineSummary> machine;
  std::uint64_t macs = 0;  ///< of the network; 0 without a machine
};

/// What the page says in several places.
struct StudyFindings {
  std::vector<std::size_t> ok;     ///< indices in the trials
  std::vector<std::size_t> front;  ///< indices in the trials, best first objective first
  std::vector<ShownDesign> best;
};

StudyFindings findings_of(const ShownStudy& study, const Library& library);

/// What the sentence on the bottleneck begins with: `mapping`, `DRAM bandwidth`, ...
std::string bottleneck_name(const Result& result);

/// What dse/page/study.js draws from.
std::string study_json(const ShownStudy& study, const StudyFindings& findings);

}  // namespace sluice
