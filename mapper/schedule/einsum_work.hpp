// SPDX-License-Identifier: Apache-2.0
// What single Einsums of a cascade ask of PEs. Not for users of the room; see pipeline.hpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// Tensors that are inputs only taken apart, padded, or scaled by a number, which whoever makes the
/// inputs can do, with those inputs.
std::map<std::string, std::string> aliases_of(const Cascade& cascade);

/// The operations of one element of an Einsum with the map `value`, words of cascades or `mac`.
std::vector<std::string> operations_of(const Einsum& einsum, const MapExpression& value,
                                       const Cascade& cascade);

}  // namespace sluice
