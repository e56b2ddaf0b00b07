// SPDX-License-Identifier: Apache-2.0
#include "sim/mapped/mapped_spatial.hpp"

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const SpatialJob& job) {
  const ModuloSchedule& schedule = job.placed.found.schedule;
  const ScheduleUse use = use_of(job.placed.pipeline, schedule);
  Json bounds = Json::array(), operations = Json::array();
  for (const IntervalBound& bound : interval_bounds(job.placed.pipeline))
    bounds.push_back({{"what", bound.what}, {"cycles", bound.cycles}});
  for (std::size_t o = 0; o < job.placed.pipeline.ops.size(); ++o) {
    const PipelineOp& op = job.placed.pipeline.ops[o];
    operations.push_back(
        {{"name", op.name},
         {"unit", op.unit == ArrayUnit::spatial ? "spatial_array" : "vector_array"},
         {"after_loop", op.after_loop},
         {"cycles", op.elements * op.slots},
         {"times", schedule.times[o]}});
  }
  return {{"name", job.name},
          {"interval", schedule.interval},
          {"bounds", bounds},
          {"stages", use.stages},
          {"spatial_registers", use.spatial_registers},
          {"vector_registers", use.vector_registers},
          {"operations", operations}};
}

}  // namespace

std::string to_json(const std::vector<SpatialJob>& jobs) {
  Json layers = Json::array();
  for (const SpatialJob& job : jobs) layers.push_back(json_of(job));
  return Json{{"layers", layers}}.dump(2) + "\n";
}

}  // namespace sluice
