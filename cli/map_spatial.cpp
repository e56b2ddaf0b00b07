// SPDX-License-Identifier: Apache-2.0
#include "cli/map_spatial.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/map_page.hpp"
#include "cli/map_run.hpp"
#include "cli/streams.hpp"
#include "sim/mapped/mapped_spatial.hpp"

namespace sluice {
namespace {

bool alike(const SpatialJob& a, const SpatialJob& b) {
  return a.walk == b.walk && a.placed.pipeline == b.placed.pipeline &&
         a.placed.found.schedule == b.placed.found.schedule;
}

std::string walk_text(const TileWalk& walk) {
  std::string text = fmt::format(
      "  {} blocks of {} column tiles and {} steps, {} column tiles in turn, {} B of the buffer\n",
      walk.blocks, walk.column_tiles, walk.steps, walk.turns, walk.buffer_bytes);
  return text;
}

std::string text_of(const std::vector<SpatialJob>& jobs) {
  std::string text;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i > 0 && alike(jobs[i], jobs[i - 1])) continue;
    const SpatialJob& job = jobs[i];
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", job.name);
    text += walk_text(job.walk);
    if (!job.note.empty()) text += fmt::format("  {}\n", job.note);
    text += "  " + to_table(job.placed.pipeline, job.placed.found.schedule);
    text += fmt::format("  {}\n", job.placed.found.schedule.interval == job.placed.found.bound
                                      ? "no schedule of this placement is faster"
                                      : fmt::format("no schedule of less than {} cycles exists",
                                                    job.placed.found.bound));
  }
  return text;
}

std::string to_csv(const std::vector<SpatialJob>& jobs) {
  std::string text = "layer,operation,unit,cycle\r\n";
  for (const SpatialJob& job : jobs)
    for (std::size_t o = 0; o < job.placed.pipeline.ops.size(); ++o)
      for (const std::uint64_t t : job.placed.found.schedule.times[o])
        text += fmt::format("{},{},{},{}\r\n", job.name, job.placed.pipeline.ops[o].name,
                            job.placed.pipeline.ops[o].unit == ArrayUnit::spatial ? "spatial_array"
                                                                                  : "vector_array",
                            t);
  return text;
}

}  // namespace

int map_spatial_run(const MapArguments& arguments, const Network& network,
                    const SpatialSetup& setup) {
  const auto mapped = map_spatial(network, setup);
  if (const auto* answer = std::get_if<Infeasible>(&mapped)) {
    write_error(infeasible_text(arguments.file, *answer));
    return exit_failed;
  }
  const auto& jobs = std::get<std::vector<SpatialJob>>(mapped);
  write_mapped(arguments,
               {.table = [&] { return text_of(jobs); },
                .json = [&] { return to_json(jobs); },
                .csv = [&] { return to_csv(jobs); },
                .html = [&] { return map_page(arguments.file, to_json(jobs), text_of(jobs)); }});
  return exit_done;
}

}  // namespace sluice
