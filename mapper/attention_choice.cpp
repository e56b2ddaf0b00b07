// SPDX-License-Identifier: Apache-2.0
#include "mapper/attention_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mapper/dependencies.hpp"
#include "mapper/mappers.hpp"
#include "mapper/timeline.hpp"

namespace sluice {
namespace {

AttentionOption option(const Network& alone, const Architecture& architecture, AttentionForm form) {
  AttentionOption result;
  result.form = form;
  const auto mapped = map_network("heuristic", alone, architecture, {form});
  if (const auto* infeasible = std::get_if<Infeasible>(&mapped)) {
    result.obstacle = infeasible->unit == "B"
                          ? fmt::format("needs {} B where there are {} B", infeasible->needed,
                                        infeasible->available)
                          : infeasible->what;
    return result;
  }
  Timeline timeline(architecture);
  Dependencies dependencies(alone);
  for (const TaskMapping& task : std::get<Mapping>(mapped).tasks) {
    timeline.append(task.task.work, task.tiling, dependencies.next(task.task));
    const TaskTraffic moved = traffic(task, architecture);
    result.dram_bytes += moved.input_read + moved.weight_read + moved.output_write;
  }
  result.cycles = timeline.end();
  return result;
}

}  // namespace

std::vector<AttentionOption> attention_options(const Layer& layer,
                                               const Architecture& architecture) {
  Network alone;
  alone.layers = {layer};
  alone.layers.front().inputs.clear();
  std::vector<AttentionOption> options;
  for (const AttentionForm form : fused_attention)
    options.push_back(option(alone, architecture, form));
  options.push_back(option(alone, architecture, AttentionForm::unfused));
  std::ranges::stable_sort(options, [](const AttentionOption& a, const AttentionOption& b) {
    if (a.obstacle.empty() != b.obstacle.empty()) return a.obstacle.empty();
    return std::pair(a.cycles, a.dram_bytes) < std::pair(b.cycles, b.dram_bytes);
  });
  return options;
}

std::vector<AttentionForm> attention_forms(const Network& network, const Architecture& architecture,
                                           AttentionForm wish) {
  std::vector<AttentionForm> forms(network.layers.size(), AttentionForm::unfused);
  std::vector<std::pair<const Layer*, AttentionForm>> known;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (!std::holds_alternative<Attention>(layer.op)) continue;
    forms[i] = wish;
    if (wish != AttentionForm::automatic) continue;
    const auto same = std::ranges::find_if(known, [&](const auto& entry) {
      return entry.first->op == layer.op && entry.first->epilogue == layer.epilogue;
    });
    forms[i] =
        same != known.end() ? same->second : attention_options(layer, architecture).front().form;
    known.emplace_back(&layer, forms[i]);
  }
  return forms;
}

std::string to_text(const std::vector<AttentionOption>& options, AttentionForm chosen) {
  const auto own = std::ranges::find(options, chosen, &AttentionOption::form);
  if (own == options.end() || !own->obstacle.empty()) return {};
  std::string text = fmt::format("{}: about {:.0f} cycles and {} B of DRAM traffic by itself",
                                 name_of(chosen), own->cycles, own->dram_bytes);
  for (const AttentionOption& other : options) {
    if (other.form == chosen) continue;
    text += fmt::format("; {} ", name_of(other.form));
    text += other.obstacle.empty() ? fmt::format("{:.0f} and {} B", other.cycles, other.dram_bytes)
                                   : other.obstacle;
  }
  return text;
}

}  // namespace sluice
