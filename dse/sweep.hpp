// SPDX-License-Identifier: Apache-2.0
// What a user asks of a search: an experiment, what may vary in it, what is wanted, and how to
// look.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "dse/space.hpp"
#include "sim/experiment.hpp"

namespace sluice {

/// A metric that is to be as small, or as large, as possible.
struct Objective {
  std::size_t metric = 0;  ///< index in metrics()
  bool maximize = false;
  bool operator==(const Objective&) const = default;
};

struct SearchSettings {
  std::string searcher = "random";
  std::uint64_t budget = 1000;  ///< evaluations in all
  std::uint64_t batch = 32;     ///< designs that are chosen at once
  std::uint64_t seed = 1;
};

struct Sweep {
  std::string name;
  std::string source;
  std::string text;     ///< the file that it was read from, includes resolved
  YamlNode experiment;  ///< a run file
  DesignSpace space;
  std::vector<Expression> metric_constraints;  ///< names: parameters, then metrics
  std::vector<Objective> objectives;           ///< one or more
  Fidelity fidelity = Fidelity::analytic;
  SearchSettings search;
  YamlNode searcher_settings;  ///< hyperparameters; what they are, the searcher says
};

/// Reads a sweep file's tree. Throws SpecError with every mistake, those of the experiment and of
/// paths that it does not have included.
Sweep read_sweep(const YamlNode& root, const Library& library);

/// The experiment's tree with a design's settings.
YamlNode apply(const Sweep& sweep, const Point& point);

/// Over all that decides what a trial of the sweep means: space, experiment, constraints, fidelity.
/// How it is searched is not part of it.
std::uint64_t hash_of(const Sweep& sweep);

}  // namespace sluice
