// SPDX-License-Identifier: Apache-2.0
#include "cli/map_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/text_lines.hpp"
#include "cli/commands.hpp"
#include "cli/streams.hpp"
#include "mapper/alternatives.hpp"
#include "mapper/attention_choice.hpp"
#include "mapper/mappers.hpp"
#include "sim/evaluate.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

/// Layers that are mapped alike and cost the same, as repeated blocks of a network do.
struct LayerGroup {
  std::vector<const TaskMapping*> tasks;
  std::vector<const LayerReport*> layers;  ///< the first is shown
};

bool alike(const LayerGroup& a, const LayerGroup& b) {
  const LayerReport& x = *a.layers.front();
  const LayerReport& y = *b.layers.front();
  return x.cycles == y.cycles && x.traffic == y.traffic && x.energy_pj == y.energy_pj &&
         std::ranges::equal(a.tasks, b.tasks, [](const TaskMapping* s, const TaskMapping* t) {
           return s->task.work == t->task.work && s->tiling == t->tiling;
         });
}

std::vector<LayerGroup> groups_of(const Mapping& mapping, const Report& report) {
  std::vector<LayerGroup> layers(report.layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].layers = {&report.layers[i]};
  for (const TaskMapping& task : mapping.tasks)
    if (task.task.layer < layers.size()) layers[task.task.layer].tasks.push_back(&task);
  std::vector<LayerGroup> groups;
  for (LayerGroup& layer : layers) {
    if (layer.tasks.empty()) continue;
    const auto same =
        std::ranges::find_if(groups, [&](const LayerGroup& group) { return alike(group, layer); });
    if (same == groups.end())
      groups.push_back(std::move(layer));
    else
      same->layers.push_back(layer.layers.front());
  }
  return groups;
}

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

std::string table_of(const std::vector<LayerGroup>& groups, const Experiment& run,
                     const Report& report) {
  std::string text = fmt::format("{} on {}, mapper {}: {} cycles (analytic), utilization {:.1f} %",
                                 report.network.name, report.machine.name, run.mapping.mapper,
                                 report.total.cycles, 100 * report.total.utilization);
  if (report.total.energy_pj > 0) text += fmt::format(", {:.6g} uJ", report.total.energy_pj / 1e6);
  text += "\n";
  for (const LayerGroup& group : groups) text += text_of(group, run.network, run.architecture);
  return text;
}

Json json_of(const TaskMapping& task, const Architecture& machine) {
  const TilingReasons reasons = reasons_for(task, machine);
  Json others = Json::array();
  for (const TilingAlternative& other : reasons.alternatives) {
    if (other.obstacle.empty())
      others.push_back({{"change", other.change},
                        {"estimated_cycles", other.cycles},
                        {"dram_bytes", other.dram_bytes}});
    else
      others.push_back({{"change", other.change}, {"obstacle", other.obstacle}});
  }
  return {{"name", task.task.name},           {"tiling", to_text(task)},
          {"loop_nest", loop_nest(task)},     {"estimated_cycles", reasons.cycles},
          {"dram_bytes", reasons.dram_bytes}, {"alternatives", others}};
}

/// The forms that attention could have; empty for other layers.
Json forms_of(const Layer& layer, const Architecture& machine) {
  Json forms = Json::array();
  if (!std::holds_alternative<Attention>(layer.op)) return forms;
  for (const AttentionOption& option : attention_options(layer, machine))
    if (option.obstacle.empty())
      forms.push_back({{"form", name_of(option.form)},
                       {"estimated_cycles", option.cycles},
                       {"dram_bytes", option.dram_bytes}});
    else
      forms.push_back({{"form", name_of(option.form)}, {"obstacle", option.obstacle}});
  return forms;
}

std::string to_json(const std::vector<LayerGroup>& groups, const Experiment& run,
                    const Report& report) {
  Json layers = Json::array();
  for (const LayerGroup& group : groups) {
    const LayerReport& layer = *group.layers.front();
    Json names = Json::array(), tasks = Json::array(), traffic = Json::array();
    for (const LayerReport* same : group.layers) names.push_back(same->name);
    for (const TaskMapping* task : group.tasks) tasks.push_back(json_of(*task, run.architecture));
    for (const Traffic& t : layer.traffic)
      traffic.push_back({{"memory", t.memory},
                         {"tensor", t.tensor},
                         {"read_bytes", t.read_bytes},
                         {"write_bytes", t.write_bytes}});
    layers.push_back({{"names", names},
                      {"cycles", layer.cycles},
                      {"utilization", layer.utilization},
                      {"energy_pj", layer.energy_pj},
                      {"bottleneck", layer.bottleneck},
                      {"traffic", traffic},
                      {"tasks", tasks}});
    Json forms = forms_of(run.network.layers[group.tasks.front()->task.layer], run.architecture);
    if (!forms.empty()) layers.back()["attention"] = std::move(forms);
  }
  const Json json = {{"network", report.network.name},
                     {"machine", report.machine.name},
                     {"mapper", run.mapping.mapper},
                     {"cycles", report.total.cycles},
                     {"utilization", report.total.utilization},
                     {"energy_pj", report.total.energy_pj},
                     {"layers", layers}};
  return json.dump(2) + "\n";
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

int infeasible(const MapArguments& arguments, const Infeasible& answer) {
  write_error(infeasible_text(arguments.file, answer));
  return exit_failed;
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
  if (silent)
    write_error(paths);
  else
    write_output(texts.table() + paths);
}

int map_run(const MapArguments& arguments, const Experiment& run, const Library& library) {
  Experiment experiment = run;
  if (arguments.mapper) experiment.mapping.mapper = *arguments.mapper;
  experiment.simulation.fidelity = Fidelity::analytic;
  experiment.output.trace = false;
  const auto mapped = map_experiment(experiment);
  if (const auto* answer = std::get_if<Infeasible>(&mapped)) return infeasible(arguments, *answer);
  const Outcome outcome = evaluate(experiment, library);
  if (const auto* answer = std::get_if<Infeasible>(&outcome)) return infeasible(arguments, *answer);
  const Report& report = std::get<Report>(outcome);
  const std::vector<LayerGroup> groups = groups_of(std::get<Mapping>(mapped), report);
  write_mapped(arguments, {.table = [&] { return table_of(groups, experiment, report); },
                           .json = [&] { return to_json(groups, experiment, report); },
                           .csv = [&] { return to_csv(groups); }});
  return exit_done;
}

}  // namespace sluice
