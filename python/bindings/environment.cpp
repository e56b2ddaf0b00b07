// SPDX-License-Identifier: Apache-2.0
// The episodes of dse/environment.hpp; every call is for a batch of them.
#include "dse/environment.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "base/describe.hpp"
#include "python/bindings/sweep.hpp"

namespace sluice::python {
namespace {

/// Keeps the sweep that the episodes refer to.
struct OpenEnvironment {
  std::shared_ptr<OpenSweep> open;
  Environment environment;
  std::mutex stepping;
};

using Indices = nb::ndarray<nb::numpy, const std::int64_t, nb::ndim<1>, nb::c_contig>;
using Actions = nb::ndarray<nb::numpy, const std::int64_t, nb::ndim<2>, nb::c_contig>;

EpisodeMode mode_of(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& entry : EnumNames<EpisodeMode>::table) {
    if (entry.name == name) return entry.value;
    known.emplace_back(entry.name);
  }
  throw SpecError({{{.path = "mode"}, "there is no mode " + quote(name), suggestion(name, known)}});
}

/// SystemC runs once at a time in a process, whoever asks.
std::mutex& guard_of(OpenEnvironment& environment) {
  return needs_processes(environment.open->sweep) ? simulator() : environment.stepping;
}

std::shared_ptr<OpenEnvironment> make(std::shared_ptr<OpenSweep> open, const std::string& mode,
                                      std::uint64_t horizon, double reward_limit,
                                      std::size_t count) {
  const EnvironmentSettings settings{mode_of(mode), horizon, reward_limit};
  const nb::gil_scoped_release released;
  const Sweep& sweep = open->sweep;
  std::unique_lock<std::mutex> lock;
  if (needs_processes(sweep)) lock = std::unique_lock(simulator());
  return std::shared_ptr<OpenEnvironment>(new OpenEnvironment{
      open, Environment(sweep, open->library, settings, count, check_signals), {}});
}

std::vector<std::size_t> indices_of(const OpenEnvironment& environment, const Indices& array) {
  std::vector<std::size_t> indices(array.data(), array.data() + array.size());
  for (const std::size_t index : indices)
    if (index >= environment.environment.count()) throw nb::index_error("no such episode");
  return indices;
}

void reset(OpenEnvironment& open, const Indices& episodes, const Indices& seeds, bool random) {
  const std::vector<std::size_t> indices = indices_of(open, episodes);
  const std::vector<std::int64_t> numbers(seeds.data(), seeds.data() + seeds.size());
  const nb::gil_scoped_release released;
  const std::scoped_lock lock(guard_of(open));
  for (std::size_t i = 0; i < indices.size(); ++i)
    open.environment.reset(indices[i], static_cast<std::uint64_t>(numbers.at(i)), random);
}

/// Rewards and the flags terminated, truncated and changed, an array each.
nb::tuple step(OpenEnvironment& open, const Indices& episodes, const Actions& actions) {
  const std::vector<std::size_t> indices = indices_of(open, episodes);
  const std::vector<std::int64_t> choices(actions.data(), actions.data() + actions.size());
  std::vector<StepOutcome> outcomes;
  {
    const nb::gil_scoped_release released;
    const std::scoped_lock lock(guard_of(open));
    outcomes = open.environment.step(indices, choices);
  }
  std::vector<double> rewards;
  std::vector<std::uint8_t> terminated, truncated, changed;
  for (const StepOutcome& outcome : outcomes) {
    rewards.push_back(outcome.reward);
    terminated.push_back(outcome.terminated);
    truncated.push_back(outcome.truncated);
    changed.push_back(outcome.changed);
  }
  const std::size_t n = outcomes.size();
  return nb::make_tuple(array_of(std::move(rewards), {n}), array_of(std::move(terminated), {n}),
                        array_of(std::move(truncated), {n}), array_of(std::move(changed), {n}));
}

nb::ndarray<nb::numpy, float> observe(const OpenEnvironment& open, const Indices& episodes) {
  const std::vector<std::size_t> indices = indices_of(open, episodes);
  const std::size_t width = open.environment.observation_size();
  std::vector<float> values(indices.size() * width);
  for (std::size_t i = 0; i < indices.size(); ++i)
    open.environment.observe(indices[i], std::span(values).subspan(i * width, width));
  return array_of(std::move(values), {indices.size(), width});
}

nb::ndarray<nb::numpy, std::uint8_t> masks(const OpenEnvironment& open, const Indices& episodes) {
  const std::vector<std::size_t> indices = indices_of(open, episodes);
  const std::size_t width = open.environment.mask_size();
  std::vector<std::uint8_t> flags(indices.size() * width);
  for (std::size_t i = 0; i < indices.size(); ++i)
    open.environment.mask(indices[i], std::span(flags).subspan(i * width, width));
  return array_of(std::move(flags), {indices.size(), width});
}

/// What the last design of each episode gave; status `none` where no design was evaluated.
nb::dict results(const OpenEnvironment& open, const Indices& episodes) {
  std::vector<Point> points;
  std::vector<Result> answers;
  std::vector<std::uint8_t> evaluated;
  for (const std::size_t index : indices_of(open, episodes)) {
    const Episode& episode = open.environment.episode(index);
    points.push_back(episode.point);
    answers.push_back(episode.result);
    evaluated.push_back(episode.evaluated);
  }
  nb::dict dict = dict_of(*open.open, points, answers);
  dict["evaluated"] = array_of(std::move(evaluated), {points.size()});
  return dict;
}

nb::list groups(const OpenEnvironment& open) {
  nb::list list;
  for (const ObservationGroup& group : open.environment.observations())
    list.append(nb::make_tuple(group.name, group.first, group.entries));
  return list;
}

}  // namespace

void bind_environment(nb::module_& module) {
  nb::class_<OpenEnvironment>(module, "Environment")
      .def("choices", [](const OpenEnvironment& o) { return o.environment.choices(); })
      .def("observations", &groups)
      .def("reference",
           [](const OpenEnvironment& o) { return matrix_of(*o.open, {o.environment.reference()}); })
      .def("reference_metrics",
           [](const OpenEnvironment& o) { return o.environment.reference_metrics(); })
      .def("reset", &reset, nb::arg("episodes"), nb::arg("seeds"), nb::arg("random"))
      .def("step", &step, nb::arg("episodes"), nb::arg("actions"))
      .def("observe", &observe, nb::arg("episodes"))
      .def("masks", &masks, nb::arg("episodes"))
      .def("results", &results, nb::arg("episodes"));
  module.def("make_environment", &make, nb::arg("sweep"), nb::arg("mode"), nb::arg("horizon"),
             nb::arg("reward_limit"), nb::arg("count"));
}

}  // namespace sluice::python
