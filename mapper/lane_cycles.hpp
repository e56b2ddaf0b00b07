// SPDX-License-Identifier: Apache-2.0
// What an operation costs on the vector unit, in lane cycles of one element: one for each add,
// multiply or compare of its formula, the unit's own figures for exponentials and divisions. Each
// count is derived in lane_cycles.cpp; how many lanes there are is the business of sim.
#pragma once

#include <cstdint>

#include "arch/architecture.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// Lane cycles of one result of an elementwise operation.
std::uint64_t lane_cycles(ElementwiseKind kind, const VectorUnit& unit);

/// Lane cycles of one result of a pooling window.
std::uint64_t lane_cycles(const Pool2d& pool);

/// Lane cycles of one sample of a deformable convolution: the four pixels it is made of, and its
/// share of the offset that a group of channels has in common.
std::uint64_t lane_cycles(const DeformableConv2d& op, const VectorUnit& unit);

/// Lane cycles of one result of a scan, all its states included.
std::uint64_t lane_cycles(const Scan& scan, const VectorUnit& unit);

/// Lane cycles of one element of a softmax or normalization, what is done once a row spread over
/// its elements and rounded to the nearest whole lane cycle.
std::uint64_t lane_cycles(const Softmax& softmax, const VectorUnit& unit);
std::uint64_t lane_cycles(const Norm& norm, const VectorUnit& unit);

}  // namespace sluice
