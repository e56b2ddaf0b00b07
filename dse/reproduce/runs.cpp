// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/read.hpp"
#include "base/schema.hpp"
#include "dse/metrics.hpp"
#include "dse/worker_pool.hpp"
#include "sim/evaluate.hpp"

namespace sluice {

template <class Visitor>
void describe(Visitor& v, RunReference& r) {
  v.required("figure", r.figure, {.doc = "figure of the other point"});
  v.required("design", r.design, {.doc = "its design"});
  v.required("metric", r.metric, {.doc = "its metric"});
}

template <class Visitor>
void describe(Visitor& v, RunMetric& m) {
  v.required("figure", m.figure, {.doc = "figure of the point"});
  v.required("metric", m.metric, {.doc = "metric of the point"});
  v.required("of", m.of, {.doc = "metric of the report, busy, or counter"});
  v.field("unit", m.unit, {.doc = "busy: the unit; counter: its name"});
  v.field("under", m.under, {.doc = "a point of the paper, which is divided by the number"});
}

namespace {

constexpr std::string_view busy = "busy", counter = "counter";

bool has_unit(const RunMetric& metric) { return metric.of == busy || metric.of == counter; }

std::vector<std::string> known_metrics() {
  std::vector<std::string> names = {std::string(busy), std::string(counter)};
  for (const Metric& metric : metrics()) names.emplace_back(metric.name);
  return names;
}

std::vector<RunCase> read_cases(const YamlNode* node, bool design, Diagnostics& diagnostics) {
  std::vector<RunCase> cases;
  if (node == nullptr) return cases;
  if (!node->is_sequence()) report_no_list(*node, {}, diagnostics);
  for (const YamlNode& item : node->items) {
    RunCase& one = cases.emplace_back();
    FieldReader reader(item, diagnostics);
    reader.required("name", one.name, {.doc = "value of the part of the key"});
    if (const YamlNode* set = reader.take("set")) one.set = *set;
    if (design) reader.field("like", one.like, {.doc = "design whose published numbers apply"});
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
    else if (has_unit(metric) == metric.unit.empty())
      diagnostics.error(node.where,
                        fmt::format("'unit' goes with 'of: busy' and 'of: counter', and only with "
                                    "them: {}",
                                    quote(metric.metric)));
  }
}

/// A word with `like` beside it, or a list of designs.
void read_designs(FieldReader& reader, RunPoints& run, Diagnostics& diagnostics) {
  const YamlNode* design = reader.take_required("design", {.doc = "design, or designs"});
  if (design != nullptr && design->is_sequence()) {
    run.designs = read_cases(design, true, diagnostics);
    return;
  }
  RunCase& one = run.designs.emplace_back();
  if (design != nullptr) read_value(*design, one.name, {.name = "design"}, diagnostics);
  reader.field("like", one.like, {.doc = "design whose published numbers apply"});
}

RunPoints read_run_points(const YamlNode& node, Diagnostics& diagnostics) {
  RunPoints run;
  run.where = node.where;
  FieldReader reader(node, diagnostics);
  reader.required("run", run.run, {.doc = "a run file"});
  read_designs(reader, run, diagnostics);
  run.models = read_cases(reader.take_required("model", {.doc = "networks"}), false, diagnostics);
  run.lengths = read_cases(reader.take("seq_len"), false, diagnostics);
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

/// The one of `list` with this name; throws SpecError when there is none.
template <class T>
const T& named(const std::vector<T>& list, const std::string& name, const char* what,
               const Location& where) {
  std::vector<std::string> known;
  for (const T& one : list) {
    if (one.name == name) return one;
    known.push_back(one.name);
  }
  throw SpecError({{where, fmt::format("the machine has no {} {}", what, quote(name)),
                    suggestion(name, known)}});
}

double value_of(const Report& report, const RunMetric& metric, const Location& where) {
  if (metric.of == busy)
    return static_cast<double>(named(report.units, metric.unit, "unit", where).busy_cycles) /
           static_cast<double>(report.total.cycles);
  if (metric.of == counter)
    return static_cast<double>(named(report.counters, metric.unit, "counter", where).value);
  const auto found = std::ranges::find(metrics(), metric.of, &Metric::name);
  return found->of(report);
}

/// One evaluation.
struct Job {
  const RunPoints& run;
  const RunCase& design;
  const RunCase& model;
  const RunCase& length;
};

std::vector<Job> jobs_of(const std::vector<RunPoints>& runs) {
  std::vector<Job> jobs;
  for (const RunPoints& run : runs)
    for (const RunCase& design : run.designs)
      for (const RunCase& model : run.models)
        for (const RunCase& length : run.lengths) jobs.push_back({run, design, model, length});
  return jobs;
}

/// The numbers of a job's metrics, or why there are none; then `bottleneck` is the hint.
Result evaluate_job(const Job& job, const Library& library) {
  Result result;
  try {
    YamlNode root = load_yaml(job.run.run);
    for (const RunCase* one : {&job.design, &job.model, &job.length}) apply(*one, root);
    const Outcome outcome = evaluate(read_experiment(root, library), library);
    if (const auto* infeasible = std::get_if<Infeasible>(&outcome)) {
      result.status = TrialStatus::infeasible;
      result.reason = fmt::format("{} {} {} does not fit: {}", job.model.name, job.length.name,
                                  job.design.name, infeasible->what);
      return result;
    }
    for (const RunMetric& metric : job.run.metrics)
      result.metrics.push_back(value_of(std::get<Report>(outcome), metric, job.run.where));
  } catch (const SpecError& error) {
    const Diagnostic& first = error.diagnostics().front();
    result = {TrialStatus::invalid, first.message, {}, first.hint, {}};
  }
  return result;
}

/// In processes of their own, unless there is next to nothing to do.
std::vector<Result> evaluate_all(const std::vector<Job>& jobs, const Library& library) {
  constexpr std::size_t few = 2;
  std::vector<Result> results;
  if (jobs.size() <= few) {
    for (const Job& job : jobs) results.push_back(evaluate_job(job, library));
    return results;
  }
  std::vector<Point> numbers;
  for (std::size_t i = 0; i < jobs.size(); ++i) numbers.push_back({{i}});
  WorkerPool pool([&](const Point& point) { return evaluate_job(jobs[point.digits[0]], library); },
                  {});
  return pool.evaluate(numbers);
}

}  // namespace

std::vector<RunPoints> read_runs(const YamlNode& node, Diagnostics& diagnostics) {
  std::vector<RunPoints> runs;
  if (!node.is_sequence()) report_no_list(node, {.name = "runs"}, diagnostics);
  for (const YamlNode& item : node.items) runs.push_back(read_run_points(item, diagnostics));
  return runs;
}

std::vector<ComputedPoint> evaluate_runs(const std::vector<RunPoints>& runs,
                                         const std::vector<ComputedPoint>& paper,
                                         const Library& library) {
  std::map<PointKey, double> known;
  for (const ComputedPoint& point : paper) known[point.key] = point.value;
  const std::vector<Job> jobs = jobs_of(runs);
  const std::vector<Result> results = evaluate_all(jobs, library);
  std::vector<ComputedPoint> points;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& [run, design, model, length] = jobs[i];
    if (results[i].status != TrialStatus::ok)
      throw SpecError({{run.where, results[i].reason, results[i].bottleneck}});
    for (std::size_t m = 0; m < run.metrics.size(); ++m) {
      const RunMetric& metric = run.metrics[m];
      double value = results[i].metrics[m];
      if (metric.under) {
        const PointKey key{metric.under->figure, model.name, length.name, metric.under->design,
                           metric.under->metric};
        const auto other = known.find(key);
        if (other == known.end())
          throw SpecError({{run.where,
                            fmt::format("there is no point {} {} {} {} {}", key.figure, key.model,
                                        key.seq_len, key.design, key.metric),
                            "`under` names a point that the paper computes"}});
        value = other->second / value;
      }
      points.push_back({{metric.figure, model.name, length.name, design.name, metric.metric},
                        value,
                        design.like});
    }
  }
  return points;
}

std::string runs_schema() {
  const auto cases = [](const std::string& more) {
    return list_schema(R"({"type": "object", "required": ["name"], "properties": {"name": )" +
                       schema_of(std::string(), {}) + R"(, "set": {"type": "object"})" + more +
                       R"(}, "additionalProperties": false})");
  };
  const std::string word = schema_of(std::string(), {});
  FieldSchema schema;
  schema.required("run", std::string(), {.doc = "a run file, as seen from this file"});
  schema.add("design", R"({"anyOf": [)" + word + ", " + cases(R"(, "like": )" + word) + "]}",
             {.doc = "design of the points; or a list of them, and what is set for each"});
  schema.field("like", std::string(), {.doc = "design whose published numbers apply"});
  schema.add("model", cases(""), {.doc = "networks, and what is set for each"});
  schema.add("seq_len", cases(""), {.doc = "lengths, and what is set for each"});
  schema.required("metrics", std::vector<RunMetric>{}, {.doc = "numbers of the reports"});
  return list_schema(schema.json());
}

}  // namespace sluice
