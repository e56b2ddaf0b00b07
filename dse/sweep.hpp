// SPDX-License-Identifier: Apache-2.0
// What a user asks of a search: an experiment, what may vary in it, what is wanted, and how to
// look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "dse/metrics.hpp"
#include "dse/scalarisation.hpp"
#include "dse/space.hpp"
#include "sim/experiment.hpp"

namespace sluice {

struct SearchSettings {
  std::string searcher = "random";
  std::uint64_t budget = 1000;  ///< evaluations in all
  std::uint64_t batch = 32;     ///< designs that are chosen at once
  std::uint64_t seed = 1;
  std::uint64_t workers = 0;  ///< threads (analytic) or processes; 0: one for each core
  Seconds timeout{0};         ///< of one design, not with a proxy; 0: none
  std::uint64_t ahead = 0;    ///< batches chosen before the results of an earlier one are known
};

/// The best designs of a sweep are looked at again, more closely.
struct Confirmation {
  Fidelity fidelity = Fidelity::tile;
  std::uint64_t count = 10;
};

/// A closer look, to which only the best of those below come: a fidelity, and values of the
/// experiment that make it dearer.
struct Rung {
  Fidelity fidelity = Fidelity::tile;
  std::vector<SpaceSetting> set;
  bool operator==(const Rung&) const = default;
};

/// Of `eta` designs one goes on to the next rung (halving.hpp). The sweep itself is the first.
struct Halving {
  std::uint64_t eta = 4;
  std::vector<Rung> rungs;
};

template <class Visitor>
void describe(Visitor& v, SearchSettings& s) {
  v.field("searcher", s.searcher, {.doc = "searcher (see `sluice list searchers`)"});
  v.field("budget", s.budget, {.doc = "evaluations in all", .min = 1});
  v.field("batch", s.batch, {.doc = "designs that are chosen at once", .min = 1, .max = 65536});
  v.field("seed", s.seed, {.doc = "of the random numbers"});
  v.field("workers", s.workers,
          {.doc = "threads (analytic) or processes (tile, pe); 0: one for each core", .max = 1024});
  v.field("timeout", s.timeout, {.doc = "of one design; 0: none", .unit = "s"});
  v.field("ahead", s.ahead,
          {.doc = "batches that are chosen before the results of an earlier one are known",
           .max = 1048576});
}

template <class Visitor>
void describe(Visitor& v, Confirmation& c) {
  v.field("fidelity", c.fidelity, {.doc = "how closely the best designs are looked at again"});
  v.field("count", c.count, {.doc = "how many designs", .min = 1});
}

/// Designs are not simulated: a proxy says what they are worth (proxy/proxy.hpp).
struct ProxyChoice {
  std::string file;  ///< as seen from where the program runs
  std::string hash;  ///< of the content of the proxy that is meant; empty: whatever is there
};

template <class Visitor>
void describe(Visitor& v, ProxyChoice& p) {
  v.required("file", p.file, {.doc = "proxy, as `sluice proxy train` makes it"});
  v.field("hash", p.hash, {.doc = "of the proxy that is meant, as `sluice proxy show` prints it"});
}

struct Sweep {
  std::string name;
  std::string source;
  std::string text;     ///< the file that it was read from, includes resolved
  YamlNode experiment;  ///< a run file
  DesignSpace space;
  std::vector<Expression> metric_constraints;  ///< names: parameters, then metrics
  std::vector<Objective> objectives;           ///< one or more
  Scalarisation scalarisation;                 ///< how they become one number where that is needed
  Fidelity fidelity = Fidelity::analytic;
  SearchSettings search;
  std::optional<ProxyChoice> proxy;  ///< in place of simulating
  std::optional<Confirmation> confirm;
  std::optional<Halving> halving;
  YamlNode searcher_settings;  ///< hyperparameters; what they are, the searcher says
};

/// Reads a sweep file's tree. Throws SpecError with every mistake, those of the experiment and of
/// paths that it does not have included.
Sweep read_sweep(const YamlNode& root, const Library& library);

/// JSON Schema of sweep files; `run` is that of their experiment.
std::string sweep_schema(const std::string& run);

/// The experiment's tree with a design's settings.
YamlNode apply(const Sweep& sweep, const Point& point);

/// Over all that decides what a trial of the sweep means: space, experiment, constraints, fidelity,
/// proxy.
/// How it is searched is not part of it.
std::uint64_t hash_of(const Sweep& sweep);

}  // namespace sluice
