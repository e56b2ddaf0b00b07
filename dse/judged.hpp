// SPDX-License-Identifier: Apache-2.0
// What becomes of a design that was measured, by whom ever.
#pragma once

#include <span>

#include "dse/metrics.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// Makes a result that is `ok` `invalid` where it has no metrics, or an objective is no finite
/// number: with a NaN nothing can be compared, and nothing learned.
void require_numbers(std::span<const Objective> objectives, Result& result);

}  // namespace sluice
