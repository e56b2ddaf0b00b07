// SPDX-License-Identifier: Apache-2.0
// A claim file: what a paper published, how near we say that we come to it, and what of it is shown
// as tables and plots. It names a paper of papers.hpp and the numbers that this one is given, or
// run files (runs.hpp), or both.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/yaml.hpp"
#include "dse/reproduce/papers.hpp"
#include "dse/reproduce/runs.hpp"

namespace sluice {

/// One word, or a list of words; empty: any.
struct Words {
  std::vector<std::string> list;
  bool operator==(const Words&) const = default;
  bool matches(std::string_view word) const;
};

void read_value(const YamlNode& node, Words& words, const FieldInfo& info, Diagnostics&);
YamlNode node_of(const Words& words, const YamlNode* defaults);
std::string schema_of(const Words&, const FieldInfo&);

/// Which points are meant.
struct Selection {
  Words figure, model, seq_len, design, metric;
  bool matches(const PointKey& key) const;
};

/// How near the computed points are to the published ones; or that none of them is above the same
/// point of another design (`at_most`), whatever was published.
struct Claim {
  std::string name;
  Selection select;
  std::string at_most;              ///< a design; empty: the claim is about published numbers
  std::optional<double> published;  ///< of the one point that is selected; none: see the table
  std::optional<double> tolerance;  ///< of computed / published - 1
  std::optional<double> absolute;   ///< of computed - published; one of the two
  std::string reason;               ///< why this tolerance
  std::string differs;              ///< why points are known to lie outside; empty: none does
  Location where;
};

/// Numbers side by side: a line for every value of `rows`, a column for every value of `columns`.
struct ClaimTable {
  std::string title;
  Selection select;
  std::string rows;
  std::string columns;
};

enum class PlotKind : std::uint8_t { bars, stack, lines };

/// A plot of selected points. Bars: a panel, groups of bars side by side, a bar a series; a stack
/// has its series on top of each other. Lines: two metrics against each other, a line a series.
struct Plot {
  std::string title;
  Selection select;
  PlotKind kind = PlotKind::bars;
  std::string panel, group, series;  ///< parts of the key
  std::string x, y;                  ///< metrics of lines
  std::string unit;
  bool log = false;
};

struct ClaimFile {
  std::string paper;  ///< empty: the runs give all points
  std::string title;
  std::string source;
  YamlNode settings;
  std::vector<RunPoints> runs;
  std::map<PointKey, double> published;
  std::vector<Claim> claims;
  std::vector<ClaimTable> tables;
  std::vector<Plot> plots;
};

/// Reads a claim file's tree and the table of published numbers that it names. Throws SpecError
/// with every mistake.
ClaimFile read_claims(const YamlNode& root);

/// Every point of the file: those of its paper, then those of its runs.
std::vector<ComputedPoint> compute_points(const ClaimFile& file, const Library& library);

/// Numbers of a CSV with the columns of PointKey and `value`; other columns, and rows whose value
/// is no number, are left out. Throws SpecError.
std::map<PointKey, double> read_published(std::string_view text, const std::string& path);

/// The JSON Schema of claim files, as JSON text.
std::string claims_schema();

}  // namespace sluice

template <>
struct sluice::EnumNames<sluice::PlotKind> {
  static constexpr EnumName<PlotKind> table[] = {
      {"bars", PlotKind::bars}, {"stack", PlotKind::stack}, {"lines", PlotKind::lines}};
};
