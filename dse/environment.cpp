// SPDX-License-Identifier: Apache-2.0
#include "dse/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dse/metrics.hpp"
#include "dse/preference.hpp"
#include "dse/sampling.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t reference_draws = 1'000;

/// The digits of the usual design; parameters that name none have their first value.
Point usual_point(const DesignSpace& space) {
  Point point;
  for (const SpaceParameter& parameter : space.parameters)
    point.digits.push_back(parameter.usual.value_or(0));
  return canonical(space, std::move(point));
}

/// A number from -1 to 1.
float squeeze(double value, double limit) {
  return static_cast<float>(std::clamp(value / limit, -1.0, 1.0));
}

/// Some choice must remain.
void never_empty(std::span<std::uint8_t> flags) {
  if (std::ranges::find(flags, 1) == flags.end()) std::ranges::fill(flags, 1);
}

/// Whether a constraint over these parameters alone is broken, whatever the others are.
bool breaks(const DesignSpace& space, const Point& point, const std::vector<bool>& known) {
  const std::vector<ExpressionValue> values = expression_values(space, point);
  return std::ranges::any_of(space.constraints, [&](const Expression& constraint) {
    return std::ranges::all_of(constraint.uses(), [&](std::size_t i) { return known[i]; }) &&
           !constraint.holds(values);
  });
}

/// The first parameter from `next` on that exists.
std::size_t next_active(const DesignSpace& space, const Point& point, std::size_t next) {
  const std::vector<ExpressionValue> values = expression_values(space, point);
  while (next < space.parameters.size() && !space.parameters[next].when.holds(values)) ++next;
  return next;
}

std::vector<std::string> parameter_names(const DesignSpace& space, const Encoding& encoding) {
  std::vector<std::string> names;
  std::size_t within = 0;
  const std::vector<std::size_t>& owners = encoding.parameter_of_feature();
  for (std::size_t i = 0; i < owners.size(); ++i) {
    within = i > 0 && owners[i] == owners[i - 1] ? within + 1 : 0;
    names.push_back(fmt::format("{}.{}", space.parameters[owners[i]].name, within));
  }
  return names;
}

/// The kinds of stalls; that of `input_starved:dma` is `input_starved`.
constexpr std::string_view stall_kinds[] = {
    "fill",          "drain",         "dma_setup",      "memory_latency", "memory_bandwidth",
    "port_conflict", "input_starved", "output_blocked", "other"};

std::size_t kind_of_stall(std::string_view cause) {
  const std::string_view kind = cause.substr(0, cause.find(':'));
  const auto found = std::ranges::find(stall_kinds, kind);
  return std::min<std::size_t>(static_cast<std::size_t>(found - std::begin(stall_kinds)),
                               std::size(stall_kinds) - 1);
}

std::size_t metric_index(std::string_view name) {
  const auto all = metrics();
  return static_cast<std::size_t>(std::ranges::find(all, name, &Metric::name) - all.begin());
}

}  // namespace

Environment::Environment(const Sweep& sweep, const Library& library,
                         const EnvironmentSettings& settings, std::size_t count, Pulse pulse)
    : sweep_(sweep),
      settings_(settings),
      evaluator_(sweep, library, std::move(pulse)),
      encoding_(sweep.space),
      episodes_(count) {
  begin_choices();
  begin_observations();
  find_reference();
  for (std::size_t i = 0; i < count; ++i) reset(i, 0, false);
}

void Environment::begin_choices() {
  std::uint64_t sum = 0, largest = 0;
  for (const SpaceParameter& parameter : sweep_.space.parameters) {
    const std::uint64_t size = size_of(parameter.domain);
    if (settings_.mode == EpisodeMode::design) choices_.push_back(size);
    sum += size;
    largest = std::max(largest, size);
  }
  if (settings_.mode == EpisodeMode::sequence) choices_ = {largest};
  if (settings_.mode == EpisodeMode::edit) choices_ = {sum};
}

void Environment::begin_observations() {
  const auto add = [&](std::string name, std::vector<std::string> entries) {
    const std::size_t first = observation_size_;
    observation_size_ += entries.size();
    groups_.push_back({std::move(name), first, std::move(entries)});
  };
  add("design", parameter_names(sweep_.space, encoding_));
  std::vector<std::string> names;
  for (const SpaceParameter& parameter : sweep_.space.parameters) names.push_back(parameter.name);
  add("next", std::move(names));
  names = {"none"};
  for (const auto& status : EnumNames<TrialStatus>::table) names.emplace_back(status.name);
  add("status", std::move(names));
  names.clear();
  for (const Metric& metric : metrics()) names.emplace_back(metric.name);
  add("metrics", std::move(names));
  add("stalls", {std::begin(stall_kinds), std::end(stall_kinds)});
  add("progress", {"step"});
}

void Environment::find_reference() {
  reference_ = usual_point(sweep_.space);
  Random random(1);
  for (std::uint64_t draw = 0; draw <= reference_draws; ++draw) {
    const Result result = evaluator_.evaluate(std::span(&reference_, 1)).front();
    if (result.status == TrialStatus::ok) {
      reference_metrics_ = result.metrics;
      reference_costs_ = log_costs(sweep_.objectives, result);
      reference_cost_ = scalar_cost(sweep_.objectives, sweep_.scalarisation, result);
      return;
    }
    const std::optional<Point> other = random_point(sweep_.space, random);
    if (!other) break;
    reference_ = *other;
  }
  throw SpecError(
      {{{.path = sweep_.name},
        fmt::format("neither the usual design nor one of {} others can be built", reference_draws),
        "give parameters a `usual` value, or loosen the constraints"}});
}

/// How much better a design is than the usual one: in logarithms by the product, else by the
/// scalarisation. Of hypervolume_gain, the volume of all designs of the episode.
double Environment::value_of(Episode& episode, const Result& result) const {
  const Scalarisation& scalarisation = sweep_.scalarisation;
  const bool volume = scalarisation.kind == ScalarKind::hypervolume_gain;
  if (result.status != TrialStatus::ok)
    return volume && !episode.seen.empty() ? episode.value : -settings_.reward_limit;
  const std::vector<double> after = log_costs(sweep_.objectives, result);
  double value = reference_cost_ - scalar_cost(sweep_.objectives, scalarisation, result);
  if (volume) {
    episode.seen.push_back(after);
    value = dominated_volume(sweep_.objectives, scalarisation, episode.seen);
  } else if (scalarisation.kind == ScalarKind::product) {
    value = 0;
    for (std::size_t i = 0; i < after.size(); ++i)
      value += weight_of(scalarisation, i) * (reference_costs_[i] - after[i]);
  }
  return std::clamp(value, -settings_.reward_limit, settings_.reward_limit);
}

void Environment::reset(std::size_t index, std::uint64_t seed, bool random) {
  Episode& episode = episodes_[index];
  episode = {};
  const std::size_t parameters = sweep_.space.parameters.size();
  if (settings_.mode != EpisodeMode::edit) {
    episode.point.digits.assign(parameters, inactive);
    episode.next = next_active(sweep_.space, episode.point, 0);
    return;
  }
  episode.point = reference_;
  episode.next = parameters;
  Random source(seed);
  if (random) episode.point = random_point(sweep_.space, source).value_or(reference_);
  episode.result = evaluator_.evaluate(std::span(&episode.point, 1)).front();
  episode.evaluated = true;
  episode.value = value_of(episode, episode.result);
}

void Environment::check_actions(std::size_t episodes, std::span<const std::int64_t> actions) const {
  Diagnostics diagnostics;
  if (actions.size() != episodes * choices_.size())
    diagnostics.error({.path = "action"}, fmt::format("{} numbers for {} episodes of {} each",
                                                      actions.size(), episodes, choices_.size()));
  for (std::size_t i = 0; i < actions.size() && diagnostics.empty(); ++i) {
    const std::size_t entry = i % choices_.size();
    if (actions[i] >= 0 && static_cast<std::uint64_t>(actions[i]) < choices_[entry]) continue;
    diagnostics.error({.path = "action"}, fmt::format("entry {} is {}, it must be from 0 to {}",
                                                      entry, actions[i], choices_[entry] - 1));
  }
  diagnostics.throw_if_any();
}

/// The design with one parameter changed: the `choice`-th of all values of all parameters.
Point Environment::edited(const Point& point, std::uint64_t choice) const {
  std::size_t parameter = 0;
  while (choice >= size_of(sweep_.space.parameters[parameter].domain))
    choice -= size_of(sweep_.space.parameters[parameter++].domain);
  if (point.digits[parameter] == inactive) return point;
  Point other = point;
  other.digits[parameter] = choice;
  return canonical(sweep_.space, std::move(other));
}

/// Whether the action had an effect.
bool Environment::take(Episode& episode, std::span<const std::int64_t> action) const {
  const DesignSpace& space = sweep_.space;
  switch (settings_.mode) {
    case EpisodeMode::design:
      for (std::size_t i = 0; i < action.size(); ++i)
        episode.point.digits[i] = static_cast<std::uint64_t>(action[i]);
      episode.point = canonical(space, std::move(episode.point));
      episode.next = space.parameters.size();
      return true;
    case EpisodeMode::sequence: {
      const std::uint64_t last = size_of(space.parameters[episode.next].domain) - 1;
      const auto choice = static_cast<std::uint64_t>(action.front());
      episode.point.digits[episode.next] = std::min(choice, last);
      episode.next = next_active(space, episode.point, episode.next + 1);
      return choice <= last;
    }
    case EpisodeMode::edit: {
      Point point = edited(episode.point, static_cast<std::uint64_t>(action.front()));
      return std::exchange(episode.point, point) != point;
    }
  }
  return false;
}

StepOutcome Environment::end_step(Episode& episode, const Result* result) const {
  StepOutcome outcome;
  ++episode.step;
  if (result == nullptr) return outcome;
  episode.result = *result;
  episode.evaluated = true;
  const double before = std::exchange(episode.value, value_of(episode, *result));
  outcome.reward = episode.value;
  if (settings_.mode == EpisodeMode::edit) {
    outcome.reward -= before;
    outcome.truncated = episode.step >= settings_.horizon;
  } else {
    outcome.terminated = true;
  }
  return outcome;
}

std::vector<StepOutcome> Environment::step(std::span<const std::size_t> indices,
                                           std::span<const std::int64_t> actions) {
  check_actions(indices.size(), actions);
  const std::size_t width = choices_.size();
  std::vector<Point> points;
  std::vector<std::size_t> place(indices.size(), ~std::size_t{0});
  std::vector<bool> changed(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    Episode& episode = episodes_[indices[i]];
    changed[i] = take(episode, actions.subspan(i * width, width));
    if (episode.next < sweep_.space.parameters.size()) continue;
    place[i] = points.size();
    points.push_back(episode.point);
  }
  const std::vector<Result> results = evaluator_.evaluate(points);
  std::vector<StepOutcome> outcomes;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Result* result = place[i] < results.size() ? &results[place[i]] : nullptr;
    outcomes.push_back(end_step(episodes_[indices[i]], result));
    outcomes.back().changed = changed[i];
  }
  return outcomes;
}

void Environment::observe(std::size_t index, std::span<float> out) const {
  const Episode& episode = episodes_[index];
  std::ranges::fill(out, 0.0f);
  std::size_t group = 0;
  const auto entries = [&] { return out.subspan(groups_[group++].first); };
  const Eigen::VectorXd design = encoding_.encode(episode.point);
  const std::span<float> features = entries();
  for (Eigen::Index i = 0; i < design.size(); ++i)
    features[static_cast<std::size_t>(i)] = static_cast<float>(design[i]);
  const std::span<float> next = entries();
  if (episode.next < sweep_.space.parameters.size()) next[episode.next] = 1;
  const Result& result = episode.result;
  entries()[episode.evaluated ? 1 + static_cast<std::size_t>(result.status) : 0] = 1;
  const std::span<float> values = entries();
  for (std::size_t i = 0; i < result.metrics.size(); ++i)
    if (result.metrics[i] > 0 && reference_metrics_[i] > 0)
      values[i] =
          squeeze(std::log(result.metrics[i] / reference_metrics_[i]), settings_.reward_limit);
  const std::span<float> stalls = entries();
  static const std::size_t cycles = metric_index("cycles");
  if (cycles < result.metrics.size() && result.metrics[cycles] > 0)
    for (const Stall& stall : result.stalls)
      stalls[kind_of_stall(stall.cause)] +=
          squeeze(static_cast<double>(stall.cycles), result.metrics[cycles]);
  const std::uint64_t steps =
      settings_.mode == EpisodeMode::edit ? settings_.horizon : sweep_.space.parameters.size();
  entries()[0] = squeeze(static_cast<double>(episode.step), static_cast<double>(steps));
}

std::size_t Environment::mask_size() const {
  std::size_t size = 0;
  for (const std::uint64_t count : choices_) size += count;
  return size;
}

void Environment::mask_design(std::span<std::uint8_t> out) const {
  const std::vector<SpaceParameter>& parameters = sweep_.space.parameters;
  std::vector<bool> known(parameters.size());
  std::size_t first = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::uint64_t size = size_of(parameters[i].domain);
    Point point{std::vector<std::uint64_t>(parameters.size(), inactive)};
    known[i] = true;
    for (std::uint64_t v = 0; v < size; ++v) {
      point.digits[i] = v;
      out[first + v] = !breaks(sweep_.space, point, known);
    }
    known[i] = false;
    never_empty(out.subspan(first, size));
    first += size;
  }
}

void Environment::mask_sequence(const Episode& episode, std::span<std::uint8_t> out) const {
  const std::vector<SpaceParameter>& parameters = sweep_.space.parameters;
  if (episode.next >= parameters.size()) return never_empty(out);
  std::vector<bool> known(parameters.size());
  std::fill_n(known.begin(), episode.next + 1, true);
  Point point = episode.point;
  for (std::uint64_t v = 0; v < size_of(parameters[episode.next].domain); ++v) {
    point.digits[episode.next] = v;
    out[v] = !breaks(sweep_.space, point, known);
  }
  never_empty(out.first(size_of(parameters[episode.next].domain)));
}

void Environment::mask_edit(const Episode& episode, std::span<std::uint8_t> out) const {
  for (std::size_t choice = 0; choice < out.size(); ++choice) {
    const Point other = edited(episode.point, choice);
    out[choice] = other != episode.point && broken_constraint(sweep_.space, other).empty();
  }
  never_empty(out);
}

void Environment::mask(std::size_t index, std::span<std::uint8_t> out) const {
  std::ranges::fill(out, 0);
  switch (settings_.mode) {
    case EpisodeMode::design:
      return mask_design(out);
    case EpisodeMode::sequence:
      return mask_sequence(episodes_[index], out);
    case EpisodeMode::edit:
      return mask_edit(episodes_[index], out);
  }
}

}  // namespace sluice
