// SPDX-License-Identifier: Apache-2.0
#include "mapper/dependencies.hpp"

#include <algorithm>

namespace sluice {

TaskNeeds Dependencies::next(const Task& task) {
  const Layer& layer = network_.layers[task.layer];
  const bool first = layer_ != task.layer;
  TaskNeeds needs;
  if (tasks_ > 0 && (!first || layer.inputs.empty())) needs.results = tasks_ - 1;
  if (first)
    for (const std::string& name : layer.inputs)
      if (const auto producer = last_task_.find(name); producer != last_task_.end())
        needs.results = std::max(needs.results.value_or(0), producer->second);
  needs.weights_are_results =
      std::holds_alternative<MatMul>(layer.op) || std::holds_alternative<Attention>(layer.op);
  layer_ = task.layer;
  last_task_[layer.name] = tasks_++;
  return needs;
}

}  // namespace sluice
