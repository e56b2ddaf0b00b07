// SPDX-License-Identifier: Apache-2.0
// What `sluice map` and `sluice.map` answer: how a network or a cascade is mapped and what that
// costs. docs/map_files.md describes the JSON.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "mapper/mapping.hpp"
#include "mapper/nest/map_file.hpp"
#include "sim/experiment.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// The network of a run file on its machine, priced by the closed forms.
struct MappedRun {
  Experiment experiment;
  Mapping mapping;
  Report report;
};

/// Throws SpecError as evaluate() does.
std::variant<MappedRun, Infeasible> map_run(Experiment experiment, const Library& library);

/// Layers that are mapped alike and cost the same, as repeated blocks of a network do.
struct LayerGroup {
  std::vector<const TaskMapping*> tasks;
  std::vector<const LayerReport*> layers;  ///< the first is shown
};

/// Refer to `run`.
std::vector<LayerGroup> groups_of(const MappedRun& run);

std::string to_json(const MappedRun& run);
/// `file` has a mapping, whose cost is `cost`.
std::string to_json(const MapFile& file, const CascadeCost& cost);

}  // namespace sluice
