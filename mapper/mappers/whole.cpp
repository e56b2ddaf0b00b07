// SPDX-License-Identifier: Apache-2.0
// The mapper that does not tile: every task is one tile. It takes no notice of what scratchpads
// hold, so that only the array decides how long a layer takes, as in SCALE-Sim's CALC mode. With a
// memory of finite bandwidth, a layer's operands are then loaded before its first fold.
#include "base/registry.hpp"
#include "mapper/mappers.hpp"
#include "mapper/room.hpp"

namespace sluice::mappers {
namespace {

TaskMapping in_one_piece(const Task& task) {
  if (const auto* gemm = std::get_if<GemmTask>(&task.work))
    return {task, GemmTiling{gemm->m, gemm->n, gemm->k, false}};
  if (const auto* attention = std::get_if<AttentionTask>(&task.work))
    return {task, AttentionTiling{attention->rows, attention->keys}};
  return {task, VectorTiling{std::get<VectorTask>(task.work).elements}};
}

}  // namespace

std::variant<Mapping, Infeasible> map_whole(const Network& network,
                                            const Architecture& architecture,
                                            const MappingOptions& options) {
  Mapping mapping;
  const std::vector<AttentionForm> forms(network.layers.size(), options.attention);
  for (const Task& task : lower(network, architecture, forms)) {
    if (auto reason = too_much_work(task)) return std::move(*reason);
    mapping.tasks.push_back(in_one_piece(task));
  }
  return mapping;
}

Descriptor describe_map_whole() {
  return {"whole",
          "every layer in one piece, whatever the scratchpads hold",
          "Raj et al., SCALE-Sim v3, ISPASS 2025: layers are folded on the array and not tiled",
          {}};
}

}  // namespace sluice::mappers
