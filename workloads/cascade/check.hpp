// SPDX-License-Identifier: Apache-2.0
// What a cascade must be beside well written: shapes, and the mistakes of meaning. Not for users of
// the room; see load.hpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "workloads/cascade/cascade.hpp"
#include "workloads/mistakes.hpp"

namespace sluice {

/// Where the parts of a cascade stand.
struct AccessPlace {
  Location where;
  std::vector<Location> indices;
};
struct CascadePlaces {
  std::vector<AccessPlace> outputs;             ///< of every Einsum
  std::vector<std::vector<AccessPlace>> reads;  ///< in the order of reads_of
  std::map<std::string, Location> iterative;
  std::map<std::string, Location> inputs;
};

/// Adds the tensors that the Einsums make, with their shapes, to the inputs.
void derive_tensors(Cascade& cascade, const CascadePlaces& places, Mistakes& mistakes);
/// Reports every mistake of meaning.
void check_cascade(const Cascade& cascade, const CascadePlaces& places, Mistakes& mistakes);

}  // namespace sluice
