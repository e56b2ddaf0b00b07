// SPDX-License-Identifier: Apache-2.0
// Sweeps and studies. Designs cross as an int64 matrix, a row a design and a column a parameter, of
// indices of values; -1 where a parameter does not exist.
#include "dse/sweep.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>

#include <algorithm>
#include <cmath>

#include "dse/halving.hpp"
#include "dse/judged.hpp"
#include "dse/metrics.hpp"
#include "dse/run_sweep.hpp"
#include "dse/sampling.hpp"
#include "python/bindings/sweep.hpp"

namespace sluice::python {
namespace {

std::shared_ptr<OpenSweep> open_sweep(const std::string& path,
                                      const std::optional<std::string>& text,
                                      const Settings& settings, const std::string& root) {
  const nb::gil_scoped_release released;
  auto open = std::make_shared<OpenSweep>();
  open->library = library_at(root);
  open->sweep = read_sweep(read_source(path, text ? &*text : nullptr, settings), open->library);
  open->evaluator.emplace(open->sweep, open->library, check_signals);
  return open;
}

using Metrics = nb::ndarray<nb::numpy, const double, nb::ndim<2>, nb::c_contig>;

TrialStatus status_of(const std::string& name) {
  for (const auto& entry : EnumNames<TrialStatus>::table)
    if (entry.name == name) return entry.value;
  throw SpecError({{{.path = "status"}, "there is no status " + quote(name)}});
}

nb::list parameters_of(const OpenSweep& open) {
  nb::list list;
  for (const SpaceParameter& parameter : open.sweep.space.parameters) {
    nb::list values;
    for (std::uint64_t i = 0; i < size_of(parameter.domain); ++i)
      values.append(value_text(parameter.domain, i));
    nb::dict dict;
    dict["name"] = parameter.name;
    dict["values"] = values;
    dict["unit"] = parameter.unit;
    dict["is_number"] = is_number(parameter.domain);
    dict["is_ordered"] = is_ordered(parameter.domain);
    dict["when"] = parameter.when.text();
    dict["group"] = parameter.group;
    dict["summary"] = parameter.summary;
    dict["paths"] = parameter.paths;
    dict["usual"] = parameter.usual ? nb::cast(*parameter.usual) : nb::none();
    list.append(dict);
  }
  return list;
}

nb::dict search_of(const OpenSweep& open) {
  const SearchSettings& search = open.sweep.search;
  nb::dict dict;
  dict["searcher"] = search.searcher;
  dict["budget"] = search.budget;
  dict["batch"] = search.batch;
  dict["seed"] = search.seed;
  return dict;
}

nb::list objectives_of(const OpenSweep& open) {
  nb::list list;
  for (const Objective& o : open.sweep.objectives)
    list.append(nb::make_tuple(std::string(metrics()[o.metric].name), o.maximize));
  return list;
}

nb::list metric_list() {
  nb::list list;
  for (const Metric& metric : metrics())
    list.append(nb::make_tuple(std::string(metric.name), std::string(metric.unit),
                               std::string(metric.summary)));
  return list;
}

nb::dict evaluate_designs(OpenSweep& open, const Designs& designs) {
  const std::vector<Point> points = points_of(open, designs);
  std::vector<Result> results;
  {
    const nb::gil_scoped_release released;
    const std::scoped_lock lock(needs_processes(open.sweep) ? simulator() : open.evaluating);
    results = open.evaluator->evaluate(points);
  }
  return dict_of(open, points, results);
}

nb::ndarray<nb::numpy, std::int64_t> draw(const OpenSweep& open, std::size_t count,
                                          std::uint64_t seed) {
  Random random(seed);
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<Point> point = random_point(open.sweep.space, random);
    if (!point) break;
    points.push_back(*point);
  }
  return matrix_of(open, points);
}

nb::list settings_text(const OpenSweep& open, const Designs& designs) {
  nb::list list;
  for (const Point& point : points_of(open, designs)) {
    nb::list settings;
    for (const SpaceSetting& setting : settings_of(open.sweep.space, point))
      settings.append(nb::make_tuple(setting.path, setting.text));
    list.append(settings);
  }
  return list;
}

nb::dict dict_of(const OpenSweep& open, const std::vector<Trial>& trials) {
  std::vector<Point> points;
  std::vector<Result> results;
  std::vector<std::int64_t> batches;
  for (const Trial& trial : trials) {
    points.push_back(trial.point);
    results.push_back(trial.result);
    batches.push_back(static_cast<std::int64_t>(trial.batch));
  }
  nb::dict dict = dict_of(open, points, results);
  dict["batch"] = array_of(std::move(batches), {trials.size()});
  return dict;
}

/// Python's function of a matrix of designs, which gives what Sweep.evaluate() would or a function
/// that waits for it, which may have `ready`, a function that says whether that takes no time.
BeginBatch elsewhere(const OpenSweep& open, const nb::object& evaluate) {
  return [&open, &evaluate](std::span<const Point> points) -> Evaluating {
    const nb::gil_scoped_acquire gil;
    const std::vector<Point> batch(points.begin(), points.end());
    // Held by a pointer, so that copies of the function need no lock; its end does.
    const std::shared_ptr<nb::object> answer(new nb::object(evaluate(matrix_of(open, batch))),
                                             [](nb::object* held) {
                                               const nb::gil_scoped_acquire locked;
                                               delete held;
                                             });
    const auto await = [&open, answer, count = batch.size()] {
      const nb::gil_scoped_acquire locked;
      const nb::object taken = std::move(*answer);
      std::vector<Result> results =
          results_of(open, nb::cast<nb::dict>(PyCallable_Check(taken.ptr()) ? taken() : taken));
      if (results.size() != count)
        throw SpecError({{{.path = "evaluate"},
                          std::to_string(results.size()) + " results for " + std::to_string(count) +
                              " designs"}});
      return results;
    };
    if (!nb::hasattr(*answer, "ready")) return {await, {}};
    return {await, [answer] {
              const nb::gil_scoped_acquire locked;
              return nb::cast<bool>(answer->attr("ready")());
            }};
  };
}

/// Runs until the budget is spent; `hook` is called after every batch with the number of trials and
/// ends the run by returning False. `evaluate`: see elsewhere(); None: designs are evaluated here.
/// `ahead` in place of search.ahead. A run that was not ended confirms its best designs, here.
nb::dict run_study(OpenSweep& open, const std::string& store, const nb::object& hook,
                   const nb::object& evaluate, std::optional<std::uint64_t> ahead) {
  std::vector<Trial> trials;
  {
    const nb::gil_scoped_release released;
    std::unique_lock<std::mutex> lock;
    if (needs_processes(open.sweep) && evaluate.is_none()) lock = std::unique_lock(simulator());
    Study study = study_of(open.sweep, store);
    Sweep sweep = open.sweep;
    sweep.search.ahead = ahead.value_or(sweep.search.ahead);
    bool goes_on = true;
    const auto go_on = [&](const std::vector<Trial>& so_far) {
      const nb::gil_scoped_acquire gil;
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      goes_on = hook.is_none() || nb::cast<bool>(hook(so_far.size()));
      return goes_on;
    };
    trials = evaluate.is_none() ? run_sweep(sweep, open.library, study, go_on, check_signals)
                                : run_sweep(sweep, elsewhere(open, evaluate), study, go_on);
    if (goes_on && sweep.confirm) {
      if (!lock && needs_processes(at_confirmation(sweep))) lock = std::unique_lock(simulator());
      confirm_best(sweep, open.library, study, trials, check_signals);
    }
    if (goes_on && open.sweep.halving) {
      if (!lock) lock = std::unique_lock(simulator());
      climb(
          open.sweep, open.library, study, trials,
          [&](const Rung&, std::size_t, std::size_t) { return go_on(trials); }, check_signals);
    }
  }
  return dict_of(open, trials);
}

/// The closer looks: `number` of the trial and `fidelity`, beside what Sweep.evaluate() gives.
nb::dict read_confirmed(const OpenSweep& open, const std::string& store) {
  const Study study = Study::read(store);
  const std::vector<Trial> trials = study.trials();
  check_trials(open.sweep, trials, store);
  std::vector<Point> points;
  std::vector<Result> results;
  std::vector<std::int64_t> numbers;
  nb::list fidelities;
  for (const ConfirmedTrial& look : study.confirmed()) {
    points.push_back(trials.at(look.number).point);
    results.push_back(look.result);
    numbers.push_back(static_cast<std::int64_t>(look.number));
    fidelities.append(look.fidelity);
  }
  nb::dict dict = dict_of(open, points, results);
  dict["number"] = array_of(std::move(numbers), {points.size()});
  dict["fidelity"] = fidelities;
  return dict;
}

nb::dict read_study(const std::string& store) {
  const Study study = Study::read(store);
  const StudyInfo info = study.info();
  nb::dict dict;
  dict["name"] = info.name;
  dict["sluice_version"] = info.sluice_version;
  dict["sweep_text"] = info.sweep_text;
  dict["searcher"] = info.searcher;
  dict["seed"] = info.seed;
  dict["batch"] = info.batch;
  dict["trials"] = study.size();
  return dict;
}

}  // namespace

std::vector<Point> points_of(const OpenSweep& open, const Designs& designs) {
  const DesignSpace& space = open.sweep.space;
  if (designs.shape(1) != space.parameters.size())
    throw SpecError({{{.path = "designs"},
                      std::to_string(designs.shape(1)) + " columns, the space has " +
                          std::to_string(space.parameters.size()) + " parameters"}});
  std::vector<Point> points(designs.shape(0));
  const std::int64_t* digit = designs.data();
  for (Point& point : points) {
    for (const SpaceParameter& parameter : space.parameters) {
      const std::int64_t value = *digit++;
      const std::uint64_t size = size_of(parameter.domain);
      if (value < -1 || (value >= 0 && static_cast<std::uint64_t>(value) >= size))
        throw SpecError({{{.path = "designs"},
                          parameter.name + ": value " + std::to_string(value) +
                              ", it must be from 0 to " + std::to_string(size - 1) + ", or -1"}});
      point.digits.push_back(value < 0 ? inactive : static_cast<std::uint64_t>(value));
    }
    point = canonical(space, std::move(point));
  }
  return points;
}

nb::ndarray<nb::numpy, std::int64_t> matrix_of(const OpenSweep& open,
                                               const std::vector<Point>& points) {
  std::vector<std::int64_t> digits;
  for (const Point& point : points)
    for (const std::uint64_t digit : point.digits)
      digits.push_back(digit == inactive ? -1 : static_cast<std::int64_t>(digit));
  return array_of(std::move(digits), {points.size(), open.sweep.space.parameters.size()});
}

std::vector<Result> results_of(const OpenSweep& open, const nb::dict& answer) {
  const auto values = nb::cast<Metrics>(answer["metrics"]);
  const auto statuses = nb::cast<std::vector<std::string>>(answer["status"]);
  const auto reasons = nb::cast<std::vector<std::string>>(answer["reason"]);
  const auto bottlenecks = nb::cast<std::vector<std::string>>(answer["bottleneck"]);
  const nb::list stalls = nb::cast<nb::list>(answer["stalls"]);
  const std::size_t n = statuses.size(), width = metrics().size();
  if (values.shape(0) != n || values.shape(1) != width || reasons.size() != n ||
      bottlenecks.size() != n || nb::len(stalls) != n)
    throw SpecError({{{.path = "results"}, "metrics, status and the others differ in length"}});
  std::vector<Result> results(n);
  for (std::size_t i = 0; i < n; ++i) {
    Result& result = results[i];
    result.status = status_of(statuses[i]);
    result.reason = reasons[i];
    result.bottleneck = bottlenecks[i];
    const double* row = values.data() + i * width;
    if (!std::all_of(row, row + width, [](double v) { return std::isnan(v); }))
      result.metrics.assign(row, row + width);
    require_numbers(open.sweep.objectives, result);
    for (const auto [cause, cycles] : nb::cast<nb::dict>(stalls[i]))
      result.stalls.push_back({nb::cast<std::string>(cause), nb::cast<std::uint64_t>(cycles)});
  }
  return results;
}

nb::dict dict_of(const OpenSweep& open, const std::vector<Point>& points,
                 const std::vector<Result>& results) {
  const std::size_t width = metrics().size();
  std::vector<double> values;
  nb::list statuses, reasons, bottlenecks, stalls;
  for (const Result& result : results) {
    values.insert(values.end(), result.metrics.begin(), result.metrics.end());
    values.resize((values.size() + width - 1) / width * width);
    if (result.metrics.empty()) values.insert(values.end(), width, std::nan(""));
    statuses.append(std::string(name_of(result.status)));
    reasons.append(result.reason);
    bottlenecks.append(result.bottleneck);
    nb::dict causes;
    for (const Stall& stall : result.stalls) causes[stall.cause.c_str()] = stall.cycles;
    stalls.append(causes);
  }
  nb::dict dict;
  dict["designs"] = matrix_of(open, points);
  dict["metrics"] = array_of(std::move(values), {results.size(), width});
  dict["status"] = statuses;
  dict["reason"] = reasons;
  dict["bottleneck"] = bottlenecks;
  dict["stalls"] = stalls;
  return dict;
}

void bind_sweep(nb::module_& module) {
  module.def("metrics", &metric_list);
  module.def("read_study", &read_study, nb::arg("store"));
  nb::class_<OpenSweep>(module, "Sweep")
      .def("name", [](const OpenSweep& open) { return open.sweep.name; })
      .def("source", [](const OpenSweep& open) { return open.sweep.source; })
      .def("fidelity",
           [](const OpenSweep& open) { return std::string(name_of(open.sweep.fidelity)); })
      .def("text", [](const OpenSweep& open) { return open.sweep.text; })
      .def("search", &search_of)
      .def("parameters", &parameters_of)
      .def("objectives", &objectives_of)
      .def("constraints",
           [](const OpenSweep& open) {
             std::vector<std::string> texts;
             for (const Expression& c : open.sweep.space.constraints) texts.push_back(c.text());
             for (const Expression& c : open.sweep.metric_constraints) texts.push_back(c.text());
             return texts;
           })
      .def("evaluate", &evaluate_designs, nb::arg("designs"))
      .def(
          "canonical",
          [](const OpenSweep& open, const Designs& designs) {
            return matrix_of(open, points_of(open, designs));
          },
          nb::arg("designs"))
      .def("draw", &draw, nb::arg("count"), nb::arg("seed"))
      .def("settings", &settings_text, nb::arg("designs"))
      .def("run", &run_study, nb::arg("store"), nb::arg("hook").none(), nb::arg("evaluate").none(),
           nb::arg("ahead").none())
      .def("confirmed", &read_confirmed, nb::arg("store"))
      .def("trials", [](const OpenSweep& open, const std::string& store) {
        const std::vector<Trial> trials = Study::read(store).trials();
        check_trials(open.sweep, trials, store);
        return dict_of(open, trials);
      });
  module.def("open_sweep", &open_sweep, nb::arg("path"), nb::arg("text").none(),
             nb::arg("settings"), nb::arg("library"));
}

}  // namespace sluice::python
