// SPDX-License-Identifier: Apache-2.0
// `sluice map`: what a mapping is, what it costs, and why. Map files are priced by counting
// accesses, run files by the closed forms of the machine.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/map_page.hpp"
#include "cli/map_run.hpp"
#include "cli/map_search.hpp"
#include "cli/map_spatial.hpp"
#include "cli/streams.hpp"
#include "mapper/nest/fields.hpp"
#include "mapper/nest/map_table.hpp"
#include "sim/mapped/mapped.hpp"

namespace sluice {
namespace {

SpecError refused(std::string message, std::string hint = {}) {
  return SpecError({{{.path = "sluice map"}, std::move(message), std::move(hint)}});
}

/// A mapping that is given leaves nothing to choose.
void check_fixed(const MapArguments& arguments, const MapFile& file) {
  for (const auto& [word, given] : {std::pair{"--objective", arguments.objective.has_value()},
                                    {"--time", arguments.time.has_value()},
                                    {"--pareto", arguments.pareto},
                                    {"--exhaustive", arguments.exhaustive},
                                    {"--fuse", arguments.fuse.has_value()},
                                    {"--cache", arguments.cache.has_value()},
                                    {"--threads", arguments.threads.has_value()}})
    if (given) throw refused(fmt::format("{}: the mapper fixed has nothing to choose", word));
  if (!file.mapping)
    throw SpecError({{{.path = arguments.file},
                      "the file has no mapping, and the mapper fixed makes none",
                      "write one below `mapping: |`, or take --mapper search"}});
}

/// The mapper that is named; else `fixed` where there is a mapping, and `search` where there is
/// none.
bool is_searched(const MapArguments& arguments, const MapFile& file) {
  const std::string mapper = arguments.mapper.value_or(file.mapping ? "fixed" : "search");
  if (mapper != "fixed" && mapper != "search")
    throw refused(fmt::format("--mapper: {} maps no map file", quote(mapper)),
                  suggestion(mapper, {"fixed", "search"}));
  return mapper == "search";
}

std::string table_of(const MapFile& file, const CascadeCost& cost) {
  std::string text = fmt::format("{}, counted as {} does\n", file.name, name_of(file.convention));
  const CascadeProblems problems = problems_of(file.cascade, {.count_fractions = true});
  for (const std::string& left : problems.left_out) text += fmt::format("  {}\n", left);
  for (const EinsumProblem& einsum : problems.problems) {
    for (const std::string& note : einsum.notes)
      text += fmt::format("  {}: {}\n", einsum.problem.name, note);
    if (einsum.fraction < 1)
      text += fmt::format(
          "  {}: its conditions leave {:.4g} % of its points; the nest visits and counts all\n",
          einsum.problem.name, 100 * einsum.fraction);
  }
  return text + "\n" + to_table(*file.mapping, file.hierarchy, cost);
}

int map_file(const MapArguments& arguments, MapFile file) {
  std::string searched;
  if (is_searched(arguments, file)) {
    const MapSearch search = search_map(arguments, file);
    if (search.result.found.empty()) {
      write_error(fmt::format("{}: infeasible: {}\n", arguments.file,
                              search.result.optimal
                                  ? "no mapping of the map space fits"
                                  : "no mapping was found before the search ended"));
      return exit_failed;
    }
    file.mapping = shown(search.result).mapping;
    searched = search_text(search);
  } else {
    check_fixed(arguments, file);
  }
  const CascadeCost cost = evaluate(*file.mapping, file.hierarchy, file.convention);
  write_mapped(arguments, {.table = [&] { return searched + table_of(file, cost); },
                           .json = [&] { return to_json(file, cost); },
                           .csv = [&] { return to_csv(*file.mapping, file.hierarchy, cost); },
                           .html =
                               [&] {
                                 return map_page(arguments.file, to_json(file, cost),
                                                 searched + table_of(file, cost));
                               }});
  return exit_done;
}

}  // namespace

int map_command(const MapArguments& arguments, const LibraryFolders& folders) {
  const YamlNode root = load_input(arguments.file, arguments.settings);
  const FileContent content = read_input(root, folders.library);
  if (const auto* file = std::get_if<MapFile>(&content)) return map_file(arguments, *file);
  if (const auto* run = std::get_if<Experiment>(&content)) {
    if (std::holds_alternative<MemorySetup>(run->setup))
      throw SpecError({{{.path = arguments.file},
                        "nothing is mapped: this run is a trace on a memory alone",
                        "`sluice run` runs it"}});
    if (const auto* spatial = std::get_if<SpatialSetup>(&run->setup))
      return map_spatial_run(arguments, run->network, *spatial);
    return map_run(arguments, *run, folders.library);
  }
  throw SpecError(
      {{{.path = arguments.file},
        fmt::format("this is {}, a map or run file is expected", kind_text(kind_of(root))),
        {}}});
}

}  // namespace sluice
