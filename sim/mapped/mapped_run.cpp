// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/diagnostics.hpp"
#include "mapper/alternatives.hpp"
#include "mapper/attention_choice.hpp"
#include "mapper/mappers.hpp"
#include "sim/evaluate.hpp"
#include "sim/mapped/mapped.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

bool alike(const LayerGroup& a, const LayerGroup& b) {
  const LayerReport& x = *a.layers.front();
  const LayerReport& y = *b.layers.front();
  return x.cycles == y.cycles && x.traffic == y.traffic && x.energy_pj == y.energy_pj &&
         std::ranges::equal(a.tasks, b.tasks, [](const TaskMapping* s, const TaskMapping* t) {
           return s->task.work == t->task.work && s->tiling == t->tiling;
         });
}

}  // namespace

std::vector<LayerGroup> groups_of(const MappedRun& run) {
  std::vector<LayerGroup> layers(run.report.layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].layers = {&run.report.layers[i]};
  for (const TaskMapping& task : run.mapping.tasks)
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

std::variant<MappedRun, Infeasible> map_run(Experiment experiment, const Library& library) {
  if (std::holds_alternative<FormsSetup>(experiment.setup))
    throw SpecError(
        {{{.path = "model fusemax_forms"},
          "closed forms have no mapping to show",
          "`sluice run` has their numbers; architecture.model: spatial has a schedule"}});
  experiment.simulation.fidelity = Fidelity::analytic;
  experiment.output.trace = false;
  auto mapped = map_network(experiment.network, std::get<SystolicSetup>(experiment.setup));
  if (auto* answer = std::get_if<Infeasible>(&mapped)) return std::move(*answer);
  Outcome outcome = evaluate(experiment, library);
  if (auto* answer = std::get_if<Infeasible>(&outcome)) return std::move(*answer);
  return MappedRun{std::move(experiment), std::get<Mapping>(std::move(mapped)),
                   std::get<Report>(std::move(outcome))};
}

namespace {

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

}  // namespace

std::string to_json(const MappedRun& run) {
  const auto& [experiment, mapping, report] = run;
  const auto& setup = std::get<SystolicSetup>(experiment.setup);
  const std::vector<LayerGroup> groups = groups_of(run);
  Json layers = Json::array();
  for (const LayerGroup& group : groups) {
    const LayerReport& layer = *group.layers.front();
    Json names = Json::array(), tasks = Json::array(), traffic = Json::array();
    for (const LayerReport* same : group.layers) names.push_back(same->name);
    for (const TaskMapping* task : group.tasks) tasks.push_back(json_of(*task, setup.machine));
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
    Json forms =
        forms_of(experiment.network.layers[group.tasks.front()->task.layer], setup.machine);
    if (!forms.empty()) layers.back()["attention"] = std::move(forms);
  }
  const Json json = {{"network", report.network.name},
                     {"machine", report.machine.name},
                     {"mapper", setup.mapping.mapper},
                     {"cycles", report.total.cycles},
                     {"utilization", report.total.utilization},
                     {"energy_pj", report.total.energy_pj},
                     {"layers", layers}};
  return json.dump(2) + "\n";
}

}  // namespace sluice
