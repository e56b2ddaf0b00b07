// SPDX-License-Identifier: Apache-2.0
#include "sim/models/tensor_regions.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {

RegionAllocator::RegionAllocator(const Network& network, const Architecture& architecture,
                                 const Mapping& mapping) {
  constexpr std::uint64_t alignment = 1u << 20;  // no two tensors share a row of any DRAM
  const NumberFormat format = architecture.array.input_format;
  std::uint64_t next = 0;
  const auto allocate = [&](std::uint64_t elements, NumberFormat f) {
    const std::uint64_t base = next;
    next += ceil_div(storage_bytes(std::max<std::uint64_t>(elements, 1), f), alignment) * alignment;
    return base;
  };
  Dependencies dependencies(network);
  const std::uint64_t network_input = allocate(1, format);
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t) {
    const Task& task = mapping.tasks[t].task;
    const TaskNeeds needs = dependencies.next(task);
    TaskRegions regions;
    regions.base[0] = needs.results ? regions_[*needs.results].base[2] : network_input;
    if (const auto* gemm = std::get_if<GemmTask>(&task.work)) {
      regions.base[1] =
          allocate(product(gemm->weight_batch, gemm->k, gemm->n), architecture.array.weight_format);
      regions.base[2] = allocate(product(gemm->batch, gemm->m, gemm->n), format);
    } else if (const auto* fused = std::get_if<AttentionTask>(&task.work)) {
      regions.base[1] = allocate(product(product(fused->batch, 2), fused->keys, fused->width),
                                 architecture.array.weight_format);
      regions.base[2] = allocate(product(fused->batch, fused->rows, fused->width), format);
    } else {
      regions.base[2] = allocate(std::get<VectorTask>(task.work).elements, format);
    }
    regions_.push_back(regions);
    needs_.push_back(needs);
  }
}

}  // namespace sluice
