// SPDX-License-Identifier: Apache-2.0
// What came of reproducing a paper: as text for a terminal, as CSV, and as a page with plots.
#pragma once

#include <cstddef>
#include <string>

#include "dse/reproduce/compare.hpp"

namespace sluice {

/// `0.5 %`, `exact`, `at most`, `+-0.05`.
std::string tolerance_text(const Claim& claim);

/// A line a claim, what is known to differ and why, what fails, and the tables of the file. Lines
/// are at most `width` characters wide.
std::string comparison_text(const ClaimFile& file, const Comparison& comparison, std::size_t width);

/// A line a point: claim, figure, model, seq_len, design, metric, value, published, deviation.
/// Empty fields where nothing was computed, published or claimed.
std::string comparison_csv(const Comparison& comparison);

/// A page (HTML) that needs nothing beside itself: the claims, the tables, and the plots with the
/// published numbers in them.
std::string comparison_page(const ClaimFile& file, const Comparison& comparison);

}  // namespace sluice
