// SPDX-License-Identifier: Apache-2.0
// The NSGA-II of pagmo on a known space, as a yardstick for our own.
#pragma once

#include <string>
#include <vector>

#include "dse/comparison/truth.hpp"

namespace sluice {

inline const std::string pagmo_nsga2_name = "pagmo_nsga2";

/// The first `budget` different designs that it looks at, in that order, of those that keep the
/// constraints over parameters: generations of 32 and crossover 0.9 (Deb and others, 2002, section
/// IV). Parameters are integers, in the order of their values; pagmo knows no other kind and no
/// constraints, so what is not feasible has costs above all others. Fewer designs when it meets no
/// new ones for 1,000 generations.
std::vector<Trial> pagmo_nsga2(const Truth& truth, std::uint64_t budget, std::uint64_t seed);

}  // namespace sluice
