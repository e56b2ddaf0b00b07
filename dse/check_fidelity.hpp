// SPDX-License-Identifier: Apache-2.0
// Whether the designs of a sweep can be looked at as closely as it asks.
#pragma once

#include "base/diagnostics.hpp"
#include "dse/sweep.hpp"

namespace sluice {

/// Reports at `where` a fidelity of `sweep` that the machine refuses as it is written and in each
/// of some hundred designs, of which then none can be looked at. A proxy's fidelity is not asked
/// for.
void check_fidelity(const Sweep& sweep, const Location& where, const Library& library,
                    Diagnostics& diagnostics);

}  // namespace sluice
