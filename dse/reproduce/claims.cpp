// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.hpp"
#include "base/read.hpp"

namespace sluice {

template <class Visitor>
void describe(Visitor& v, Selection& s) {
  v.field("figure", s.figure, {.doc = "figure or table; a word or a list, none: any"});
  v.field("model", s.model, {.doc = "network"});
  v.field("seq_len", s.seq_len, {.doc = "length of the sequences"});
  v.field("design", s.design, {.doc = "machine, or way to use it"});
  v.field("metric", s.metric, {.doc = "what is measured, with its unit"});
}

template <class Visitor>
void describe(Visitor& v, Claim& c) {
  v.required("name", c.name, {.doc = "name in reports"});
  v.required("select", c.select, {.doc = "which points"});
  v.field("at_most", c.at_most,
          {.doc = "a design: no selected point is above its point, but for the tolerance"});
  v.field("published", c.published,
          {.doc = "published value of the one point that is selected; none: of the table",
           .min = -std::numeric_limits<double>::infinity()});
  v.field("tolerance", c.tolerance, {.doc = "of computed / published - 1"});
  v.field("absolute", c.absolute, {.doc = "tolerance of computed - published"});
  v.required("reason", c.reason, {.doc = "why this tolerance"});
  v.field("differs", c.differs, {.doc = "why points are known to lie outside"});
}

template <class Visitor>
void describe(Visitor& v, ClaimTable& t) {
  v.required("title", t.title, {.doc = "heading"});
  v.field("select", t.select, {.doc = "which points"});
  v.required("rows", t.rows, {.doc = "part of the key that names the lines"});
  v.required("columns", t.columns, {.doc = "part of the key that names the columns"});
}

template <class Visitor>
void describe(Visitor& v, Plot& p) {
  v.required("title", p.title, {.doc = "heading"});
  v.field("select", p.select, {.doc = "which points"});
  v.required("kind", p.kind, {.doc = "bars side by side, stacked bars, or lines"});
  v.field("panel", p.panel, {.doc = "part of the key with a panel for each value; none: one"});
  v.field("group", p.group, {.doc = "part of the key along the axis"});
  v.field("series", p.series, {.doc = "part of the key with a colour for each value"});
  v.field("x", p.x, {.doc = "lines: metric along the axis"});
  v.field("y", p.y, {.doc = "lines: metric upwards"});
  v.field("unit", p.unit, {.doc = "of what is plotted"});
  v.field("log", p.log, {.doc = "logarithmic axes"});
}

bool Words::matches(std::string_view word) const {
  return list.empty() || std::ranges::find(list, word) != list.end();
}

void read_value(const YamlNode& node, Words& words, const FieldInfo& info,
                Diagnostics& diagnostics) {
  words.list.clear();
  if (node.is_sequence()) {
    read_value(node, words.list, info, diagnostics);
  } else {
    std::string word;
    read_value(node, word, info, diagnostics);
    words.list.push_back(std::move(word));
  }
}

YamlNode node_of(const Words& words, const YamlNode* defaults) {
  return node_of(words.list, defaults);
}

std::string schema_of(const Words&, const FieldInfo& info) {
  const std::string word = schema_of(std::string(), info);
  return fmt::format(R"({{"anyOf": [{}, {}]}})", word, list_schema(word));
}

bool Selection::matches(const PointKey& key) const {
  return figure.matches(key.figure) && model.matches(key.model) && seq_len.matches(key.seq_len) &&
         design.matches(key.design) && metric.matches(key.metric);
}

namespace {

const YamlNode* item_of(const YamlNode& root, std::string_view list, std::size_t index) {
  const YamlNode* node = root.find(list);
  return node == nullptr || index >= node->items.size() ? nullptr : &node->items[index];
}

/// Reports a text of `node` that is no part of a key, and is not empty where it may be.
void check_part(const YamlNode& node, std::string_view key, const std::string& value, bool required,
                Diagnostics& diagnostics) {
  if (value.empty() && !required) return;
  if (value.empty()) {
    diagnostics.error(node.where, fmt::format("'{}' is missing", key),
                      "a part of the key: figure, model, seq_len, design or metric");
    return;
  }
  const std::vector<std::string> parts(std::begin(key_parts), std::end(key_parts));
  if (std::ranges::find(parts, value) != parts.end()) return;
  const YamlNode* found = node.find(key);
  diagnostics.error(found == nullptr ? node.where : found->where,
                    fmt::format("{} is no part of a key", quote(value)), suggestion(value, parts));
}

void check_claim(const YamlNode& node, Claim& claim, Diagnostics& diagnostics) {
  claim.where = node.where;
  if (claim.tolerance.has_value() == claim.absolute.has_value())
    diagnostics.error(
        node.where,
        fmt::format("claim {} needs either 'tolerance' or 'absolute'", quote(claim.name)),
        "tolerance: 0.01 is one percent of the published value");
  if (!claim.at_most.empty() && claim.published)
    diagnostics.error(node.where, fmt::format("claim {} has 'at_most' and 'published': one of them",
                                              quote(claim.name)));
}

void check_plot(const YamlNode& node, const Plot& plot, Diagnostics& diagnostics) {
  const bool lines = plot.kind == PlotKind::lines;
  check_part(node, "panel", plot.panel, false, diagnostics);
  check_part(node, "group", plot.group, !lines, diagnostics);
  check_part(node, "series", plot.series, true, diagnostics);
  if (lines && (plot.x.empty() || plot.y.empty()))
    diagnostics.error(node.where, "lines need the metrics 'x' and 'y'");
}

void check(const YamlNode& root, ClaimFile& file, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < file.claims.size(); ++i)
    if (const YamlNode* node = item_of(root, "claims", i))
      check_claim(*node, file.claims[i], diagnostics);
  for (std::size_t i = 0; i < file.tables.size(); ++i)
    if (const YamlNode* node = item_of(root, "tables", i)) {
      check_part(*node, "rows", file.tables[i].rows, true, diagnostics);
      check_part(*node, "columns", file.tables[i].columns, true, diagnostics);
    }
  for (std::size_t i = 0; i < file.plots.size(); ++i)
    if (const YamlNode* node = item_of(root, "plots", i))
      check_plot(*node, file.plots[i], diagnostics);
}

/// `path` as seen from the file in which it stands.
std::string beside(const YamlNode& node, const std::string& path) {
  return (std::filesystem::path(node.where.path).parent_path() / path).lexically_normal().string();
}

/// The table of published numbers; a file that cannot be read is a mistake at its name.
void read_table(const YamlNode& node, ClaimFile& file, Diagnostics& diagnostics) {
  std::string path;
  read_value(node, path, {.name = "published"}, diagnostics);
  if (path.empty()) return;
  path = beside(node, path);
  const auto text = try_read_file(path, YamlLimits{}.file_bytes);
  if (const auto* problem = std::get_if<FileProblem>(&text)) {
    diagnostics.error(node.where, fmt::format("{}: {}", path, problem->message), problem->hint);
    return;
  }
  file.published = read_published(std::get<std::string>(text), path);
}

}  // namespace

ClaimFile read_claims(const YamlNode& root) {
  Diagnostics diagnostics;
  ClaimFile file;
  FieldReader reader(root, diagnostics);
  const std::vector<std::string> papers = paper_names();
  const YamlNode* runs = reader.take("runs");
  if (const YamlNode* node = runs == nullptr
                                 ? reader.take_required("paper", {.doc = "the paper, or runs"})
                                 : reader.take("paper"))
    if (const auto index = read_word(*node, papers, diagnostics, "paper"))
      file.paper = papers[*index];
  reader.required("title", file.title, {});
  reader.required("source", file.source, {});
  if (const YamlNode* settings = reader.take("settings")) file.settings = *settings;
  const YamlNode* published = reader.take("published");
  reader.required("claims", file.claims, {});
  reader.field("tables", file.tables, {});
  reader.field("plots", file.plots, {});
  reader.finish();
  if (runs != nullptr) file.runs = read_runs(*runs, diagnostics);
  check(root, file, diagnostics);
  if (published != nullptr) read_table(*published, file, diagnostics);
  diagnostics.throw_if_any();
  return file;
}

std::vector<ComputedPoint> compute_points(const ClaimFile& file, const Library& library) {
  std::vector<ComputedPoint> points;
  if (!file.paper.empty()) points = compute_paper(file.paper, file.settings, library);
  std::vector<ComputedPoint> more = evaluate_runs(file.runs, points, library);
  std::ranges::move(more, std::back_inserter(points));
  return points;
}

std::string claims_schema() {
  FieldSchema schema;
  schema.add("paper", words_schema(paper_names()), {.doc = "the paper (see `sluice list papers`)"});
  schema.required("title", std::string(), {.doc = "heading of the report"});
  schema.required("source", std::string(), {.doc = "where the published numbers are from"});
  schema.field("published", std::string(),
               {.doc = "table of published numbers (CSV), a path as seen from this file"});
  schema.add("settings", R"({"type": "object"})", {.doc = "what the paper's model is given"});
  schema.add("runs", runs_schema(), {.doc = "points that run files give"});
  schema.required("claims", std::vector<Claim>{}, {.doc = "how near we come"});
  schema.field("tables", std::vector<ClaimTable>{}, {.doc = "numbers side by side"});
  schema.field("plots", std::vector<Plot>{}, {.doc = "plots of the page"});
  return schema.json();
}

}  // namespace sluice
