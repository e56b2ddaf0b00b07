// SPDX-License-Identifier: Apache-2.0
#include "dse/halving.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "dse/evaluator.hpp"
#include "dse/run_sweep.hpp"

namespace sluice {
namespace {

using Looks = std::map<std::uint64_t, Result>;  ///< by the number of the trial

/// What was seen on a rung.
Looks looks_at(const Rung& rung, const std::vector<ConfirmedTrial>& all) {
  const std::string label = label_of(rung);
  Looks looks;
  for (const ConfirmedTrial& look : all)
    if (look.fidelity == label) looks.emplace(look.number, look.result);
  return looks;
}

/// Those of `below` that go on to a rung of `size` places.
std::vector<Trial> promoted(const Sweep& sweep, const std::vector<Trial>& below, std::size_t size) {
  std::vector<Trial> chosen;
  for (const std::size_t i : best_trials(sweep, below, size)) chosen.push_back(below[i]);
  return chosen;
}

}  // namespace

std::string label_of(const Rung& rung) {
  std::string label(name_of(rung.fidelity));
  for (const SpaceSetting& setting : rung.set) label += ", " + setting.path + "=" + setting.text;
  return label;
}

Sweep at_rung(const Sweep& sweep, const Rung& rung) {
  Sweep closer = sweep;
  closer.fidelity = rung.fidelity;
  closer.proxy.reset();
  for (const SpaceSetting& setting : rung.set)
    set_path(closer.experiment, setting.path, setting.text);
  return closer;
}

std::vector<std::size_t> rung_sizes(const Halving& halving, std::size_t designs) {
  std::vector<std::size_t> sizes;
  for (std::size_t r = 0; r < halving.rungs.size(); ++r) {
    designs = std::max<std::size_t>(designs / halving.eta, 1);
    sizes.push_back(designs);
  }
  return sizes;
}

bool climb(const Sweep& sweep, const EvaluateRung& evaluate, Study& study,
           const std::vector<Trial>& trials, const RungHook& hook) {
  const std::vector<std::size_t> sizes = rung_sizes(*sweep.halving, trials.size());
  std::vector<Trial> standing = trials;
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    const Rung& rung = sweep.halving->rungs[r];
    standing = promoted(sweep, standing, sizes[r]);
    Looks looks = looks_at(rung, study.confirmed());
    std::vector<const Trial*> fresh;
    for (const Trial& trial : standing)
      if (!looks.contains(trial.number)) fresh.push_back(&trial);
    for (std::size_t first = 0; first < fresh.size();) {
      const std::size_t end = std::min<std::size_t>(fresh.size(), first + sweep.search.batch);
      std::vector<Point> points;
      for (std::size_t i = first; i < end; ++i) points.push_back(fresh[i]->point);
      std::vector<Result> results = evaluate(rung, points);
      std::vector<ConfirmedTrial> batch;
      for (std::size_t i = first; i < end; ++i) {
        batch.push_back({fresh[i]->number, label_of(rung), std::move(results[i - first])});
        looks.emplace(batch.back().number, batch.back().result);
      }
      study.confirm(batch);
      first = end;
      if (!hook(rung, standing.size() - (fresh.size() - end), standing.size())) return false;
    }
    for (Trial& trial : standing) trial.result = looks.at(trial.number);
  }
  return true;
}

bool climb(const Sweep& sweep, const Library& library, Study& study,
           const std::vector<Trial>& trials, const RungHook& hook, const Pulse& pulse) {
  // One evaluator a rung: its worker processes live for all of its batches.
  std::string label;
  std::optional<Sweep> closer;
  std::unique_ptr<Evaluator> evaluator;
  const auto evaluate = [&](const Rung& rung, std::span<const Point> points) {
    if (label_of(rung) != label) {
      label = label_of(rung);
      evaluator.reset();
      closer = at_rung(sweep, rung);
      evaluator = std::make_unique<Evaluator>(*closer, library, pulse);
    }
    return evaluator->evaluate(points);
  };
  return climb(sweep, evaluate, study, trials, hook);
}

std::vector<Trial> top_of(const Sweep& sweep, std::vector<Trial> trials,
                          const std::vector<ConfirmedTrial>& looks) {
  if (!sweep.halving) return trials;
  for (std::size_t r = sweep.halving->rungs.size(); r-- > 0;) {
    const Looks seen = looks_at(sweep.halving->rungs[r], looks);
    std::vector<Trial> standing;
    for (const Trial& trial : trials)
      if (const auto look = seen.find(trial.number); look != seen.end()) {
        standing.push_back(trial);
        standing.back().result = look->second;
      }
    if (!standing.empty()) return standing;
  }
  return trials;
}

}  // namespace sluice
