// SPDX-License-Identifier: Apache-2.0
// The plots of a claim file as HTML with inline SVG; their colours are classes of the page. Not for
// other rooms.
#pragma once

#include <string>
#include <string_view>

#include "dse/reproduce/grid.hpp"

namespace sluice {

/// A figure with a heading, a legend, and its panels. Every bar and mark says its numbers when the
/// mouse rests on it; published numbers are marks of their own.
std::string plot_html(const Plot& plot, const Comparison& comparison);

/// Number of colours that the page gives to series: classes s0, s1, ...
inline constexpr std::size_t series_colors = 8;

}  // namespace sluice
