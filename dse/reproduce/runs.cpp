// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/read.hpp"
#include "base/schema.hpp"
#include "dse/metrics.hpp"
#include "sim/evaluate.hpp"

namespace sluice {

template <class Visitor>
void describe(Visitor& v, RunMetric& m) {
  v.required("figure", m.figure, {.doc = "figure of the point"});
  v.required("metric", m.metric, {.doc = "metric of the point"});
  v.required("of", m.of, {.doc = "metric of the report, or busy"});
  v.field("unit", m.unit, {.doc = "busy: the unit"});
}

namespace {

constexpr std::string_view busy = "busy";

std::vector<std::string> known_metrics() {
  std::vector<std::string> names = {std::string(busy)};
  for (const Metric& metric : metrics()) names.emplace_back(metric.name);
  return names;
}

std::vector<RunCase> read_cases(const YamlNode* node, Diagnostics& diagnostics) {
  std::vector<RunCase> cases;
  if (node == nullptr) return cases;
  if (!node->is_sequence()) report_no_list(*node, {}, diagnostics);
  for (const YamlNode& item : node->items) {
    RunCase& one = cases.emplace_back();
    FieldReader reader(item, diagnostics);
    reader.required("name", one.name, {.doc = "value of the part of the key"});
    if (const YamlNode* set = reader.take("set")) one.set = *set;
    reader.finish();
  }
  return cases;
}

void check_metrics(const YamlNode& node, const RunPoints& run, Diagnostics& diagnostics) {
  const std::vector<std::string> known = known_metrics();
  for (const RunMetric& metric : run.metrics) {
    if (std::ranges::find(known, metric.of) == known.end())
      diagnostics.error(node.where, fmt::format("{} is no metric of a report", quote(metric.of)),
                        suggestion(metric.of, known));
    else if ((metric.of == busy) == metric.unit.empty())
      diagnostics.error(node.where, fmt::format("'unit' goes with 'of: busy', and only with it: {}",
                                                quote(metric.metric)));
  }
}

RunPoints read_run_points(const YamlNode& node, Diagnostics& diagnostics) {
  RunPoints run;
  run.where = node.where;
  FieldReader reader(node, diagnostics);
  reader.required("run", run.run, {.doc = "a run file"});
  reader.required("design", run.design, {.doc = "design of the points"});
  reader.field("like", run.like, {.doc = "design whose published numbers apply"});
  run.models = read_cases(reader.take_required("model", {.doc = "networks"}), diagnostics);
  run.lengths = read_cases(reader.take("seq_len"), diagnostics);
  if (run.lengths.empty()) run.lengths.emplace_back();
  reader.required("metrics", run.metrics, {.doc = "numbers of the report"});
  reader.finish();
  check_metrics(node, run, diagnostics);
  const std::filesystem::path folder = std::filesystem::path(node.where.path).parent_path();
  run.run = (folder / run.run).lexically_normal().string();
  return run;
}

void apply(const RunCase& one, YamlNode& root) {
  for (const YamlNode::Entry& setting : one.set.entries)
    set_path(root, setting.key, to_text(setting.value));
}

double busy_share(const Report& report, const std::string& unit, const Location& where) {
  std::vector<std::string> known;
  for (const UnitReport& one : report.units) {
    if (one.name == unit)
      return static_cast<double>(one.busy_cycles) / static_cast<double>(report.total.cycles);
    known.push_back(one.name);
  }
  throw SpecError(
      {{where, fmt::format("the machine has no unit {}", quote(unit)), suggestion(unit, known)}});
}

double value_of(const Report& report, const RunMetric& metric, const Location& where) {
  if (metric.of == busy) return busy_share(report, metric.unit, where);
  const auto found = std::ranges::find(metrics(), metric.of, &Metric::name);
  return found->of(report);
}

Report evaluate_case(const RunPoints& run, const RunCase& model, const RunCase& length,
                     const Library& library) {
  YamlNode root = load_yaml(run.run);
  apply(model, root);
  apply(length, root);
  const Outcome outcome = evaluate(read_experiment(root, library), library);
  if (const auto* infeasible = std::get_if<Infeasible>(&outcome))
    throw SpecError({{run.where, fmt::format("{} {} {} does not fit: {}", model.name, length.name,
                                             run.design, infeasible->what)}});
  return std::get<Report>(outcome);
}

}  // namespace

std::vector<RunPoints> read_runs(const YamlNode& node, Diagnostics& diagnostics) {
  std::vector<RunPoints> runs;
  if (!node.is_sequence()) report_no_list(node, {.name = "runs"}, diagnostics);
  for (const YamlNode& item : node.items) runs.push_back(read_run_points(item, diagnostics));
  return runs;
}

std::vector<ComputedPoint> evaluate_runs(const std::vector<RunPoints>& runs,
                                         const Library& library) {
  std::vector<ComputedPoint> points;
  for (const RunPoints& run : runs)
    for (const RunCase& model : run.models)
      for (const RunCase& length : run.lengths) {
        const Report report = evaluate_case(run, model, length, library);
        for (const RunMetric& metric : run.metrics)
          points.push_back({{metric.figure, model.name, length.name, run.design, metric.metric},
                            value_of(report, metric, run.where),
                            run.like});
      }
  return points;
}

std::string runs_schema() {
  const std::string one = R"({"type": "object", "required": ["name"], "properties": {"name": )" +
                          schema_of(std::string(), {}) +
                          R"(, "set": {"type": "object"}}, "additionalProperties": false})";
  FieldSchema schema;
  schema.required("run", std::string(), {.doc = "a run file, as seen from this file"});
  schema.required("design", std::string(), {.doc = "design of the points"});
  schema.field("like", std::string(), {.doc = "design whose published numbers apply"});
  schema.add("model", list_schema(one), {.doc = "networks, and what is set for each"});
  schema.add("seq_len", list_schema(one), {.doc = "lengths, and what is set for each"});
  schema.required("metrics", std::vector<RunMetric>{}, {.doc = "numbers of the reports"});
  return list_schema(schema.json());
}

}  // namespace sluice
