// SPDX-License-Identifier: Apache-2.0
// What is asked of a search, as text: equal texts have equal answers. Internal to this folder.
#pragma once

#include <string>

#include "mapper/search/search.hpp"

namespace sluice::search {

/// An Einsum on a machine. Names only count by what the machine makes of them: two layers that
/// differ in names alone are the same.
std::string einsum_text(const Problem& problem, const Hierarchy& hierarchy);

/// All that is asked about it, but for SearchOptions::reserved_bits and ::known.
std::string options_text(const Problem& problem, const SearchOptions& options);

std::string room_text(const SearchOptions& options);

}  // namespace sluice::search
