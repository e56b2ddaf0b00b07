// SPDX-License-Identifier: Apache-2.0
// The report of the model `fusemax_forms` from the costs of its layers.
#pragma once

#include <string>
#include <vector>

#include "sim/experiment.hpp"
#include "sim/fusemax/closed_forms.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// A layer in both accountings. One without a form (it has no products) costs nothing.
struct FormsCost {
  fusemax::Cost artifact, corrected;
  std::string how;  ///< how it is mapped, as text
  bool has_form = false;
};

/// `costs` by layer.
Report forms_report(const Experiment& experiment, const FormsSetup& setup,
                    const fusemax::Machine& machine, const std::vector<FormsCost>& costs);

}  // namespace sluice
