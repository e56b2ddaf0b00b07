// SPDX-License-Identifier: Apache-2.0
// Points that run files give, for claims that need no code of a paper: a run file is evaluated for
// every design, model and length, in worker processes, and numbers of its reports become points.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "dse/reproduce/papers.hpp"

namespace sluice {

/// A value of a part of the key, and the settings of the run file that stand for it.
struct RunCase {
  std::string name;
  YamlNode set = {};      ///< dotted paths and values
  std::string like = {};  ///< of a design: whose published numbers apply; empty: its own
};

/// A point of the same model and length.
struct RunReference {
  std::string figure, design, metric;
};

/// A number of a report as a point: a metric of dse/metrics.hpp, `busy` for the share of the cycles
/// in which `unit` works, or `counter` for the counter `unit` of the model.
struct RunMetric {
  std::string figure;
  std::string metric;
  std::string of;
  std::string unit;
  std::optional<RunReference> under;  ///< the point is that of the paper divided by the number
};

struct RunPoints {
  std::string run;  ///< path of the run file
  std::vector<RunCase> designs, models, lengths;
  std::vector<RunMetric> metrics;
  Location where;
};

/// Reads the entries of `runs:`; paths are as seen from the file in which they stand.
std::vector<RunPoints> read_runs(const YamlNode& node, Diagnostics& diagnostics);

/// Evaluates every design for every model at every length; `paper` are the points that `under` may
/// refer to. Throws SpecError: a mistake in a run, a design that does not fit, a unit or a point
/// that there is not.
std::vector<ComputedPoint> evaluate_runs(const std::vector<RunPoints>& runs,
                                         const std::vector<ComputedPoint>& paper,
                                         const Library& library);

/// The JSON Schema of `runs:`, as JSON text.
std::string runs_schema();

}  // namespace sluice
