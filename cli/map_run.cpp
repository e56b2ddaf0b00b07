// SPDX-License-Identifier: Apache-2.0
#include "cli/map_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/text_lines.hpp"
#include "cli/commands.hpp"
#include "cli/map_page.hpp"
#include "cli/streams.hpp"
#include "mapper/alternatives.hpp"
#include "mapper/attention_choice.hpp"
#include "sim/mapped/mapped.hpp"

namespace sluice {
namespace {

std::string names_of(const LayerGroup& group) {
  constexpr std::size_t listed = 4;
  std::string text = group.layers.front()->name;
  for (std::size_t i = 1; i < std::min(listed, group.layers.size()); ++i)
    text += ", " + group.layers[i]->name;
  if (group.layers.size() > listed) text += ", ...";
  if (group.layers.size() > 1) text += fmt::format(" ({} layers)", group.layers.size());
  return text;
}

AttentionForm form_of(const TaskMapping& task) {
  const auto* attention = std::get_if<AttentionTask>(&task.task.work);
  return attention != nullptr ? attention->form : AttentionForm::unfused;
}

std::string text_of(const LayerGroup& group, const Network& network, const Architecture& machine) {
  const LayerReport& layer = *group.layers.front();
  std::string text = fmt::format("\n{}\n", names_of(group));
  const TaskMapping& first = *group.tasks.front();
  if (const Layer& asked = network.layers[first.task.layer];
      std::holds_alternative<Attention>(asked.op))
    text +=
        fmt::format("  attention {}\n", to_text(attention_options(asked, machine), form_of(first)));
  for (const TaskMapping* task : group.tasks) {
    text += fmt::format("  {}: {}\n", task->task.name, to_text(*task));
    text += indented(loop_nest(*task), 4);
    text += fmt::format("    why: {}\n", to_text(reasons_for(*task, machine)));
  }
  text += fmt::format("  {} cycles, utilization {:.1f} %", layer.cycles, 100 * layer.utilization);
  if (layer.energy_pj > 0) text += fmt::format(", {:.6g} uJ", layer.energy_pj / 1e6);
  text += "\n";
  for (const Traffic& traffic : layer.traffic)
    text += fmt::format("  {} {}: {} B read, {} B written\n", traffic.memory, traffic.tensor,
                        traffic.read_bytes, traffic.write_bytes);
  if (!layer.bottleneck.empty()) text += fmt::format("  {}\n", layer.bottleneck);
  return text;
}

std::string table_of(const std::vector<LayerGroup>& groups, const MappedRun& mapped) {
  const auto& [run, mapping, report] = mapped;
  const auto& setup = std::get<SystolicSetup>(run.setup);
  std::string text = fmt::format("{} on {}, mapper {}: {} cycles (analytic), utilization {:.1f} %",
                                 report.network.name, report.machine.name, setup.mapping.mapper,
                                 report.total.cycles, 100 * report.total.utilization);
  if (report.total.energy_pj > 0) text += fmt::format(", {:.6g} uJ", report.total.energy_pj / 1e6);
  text += "\n";
  for (const LayerGroup& group : groups) text += text_of(group, run.network, setup.machine);
  return text;
}

std::string to_csv(const std::vector<LayerGroup>& groups) {
  std::string text = "layer,layers,memory,tensor,read_bytes,write_bytes,cycles,energy_pj\r\n";
  for (const LayerGroup& group : groups)
    for (const Traffic& t : group.layers.front()->traffic)
      text += fmt::format("{},{},{},{},{},{},{},{}\r\n", csv_field(group.layers.front()->name),
                          group.layers.size(), t.memory, t.tensor, t.read_bytes, t.write_bytes,
                          group.layers.front()->cycles, group.layers.front()->energy_pj);
  return text;
}

}  // namespace

void write_mapped(const MapArguments& arguments, const MappedTexts& texts) {
  bool silent = false;
  std::string paths;
  const auto write = [&](const std::optional<std::string>& path, const auto& text) {
    if (!path) return;
    if (*path == "-") {
      silent = true;
      return write_output(text());
    }
    write_file_atomic(*path, text());
    paths += fmt::format("wrote {}\n", *path);
  };
  write(arguments.json, texts.json);
  write(arguments.csv, texts.csv);
  write(arguments.html, texts.html);
  if (silent)
    write_error(paths);
  else
    write_output(texts.table() + paths);
}

int map_run(const MapArguments& arguments, const Experiment& run, const Library& library) {
  Experiment experiment = run;
  auto* setup = std::get_if<SystolicSetup>(&experiment.setup);
  if (arguments.mapper && setup != nullptr) setup->mapping.mapper = *arguments.mapper;
  const auto answer = map_run(std::move(experiment), library);
  if (const auto* none = std::get_if<Infeasible>(&answer)) {
    write_error(infeasible_text(arguments.file, *none));
    return exit_failed;
  }
  const auto& mapped = std::get<MappedRun>(answer);
  const std::vector<LayerGroup> groups = groups_of(mapped);
  write_mapped(
      arguments,
      {.table = [&] { return table_of(groups, mapped); },
       .json = [&] { return to_json(mapped); },
       .csv = [&] { return to_csv(groups); },
       .html =
           [&] { return map_page(arguments.file, to_json(mapped), table_of(groups, mapped)); }});
  return exit_done;
}

}  // namespace sluice
