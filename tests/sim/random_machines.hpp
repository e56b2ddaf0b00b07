// SPDX-License-Identifier: Apache-2.0
// Machines and networks drawn at random, for laws that must hold for every one of them: all
// dataflows, capacities from cramped to ample, slow and fast memories, chains and branches.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "arch/dram.hpp"
#include "mapper/mappers.hpp"
#include "tests/sim/machines.hpp"

namespace sluice::test {

/// An array up to `largest` x `largest` of any kind that can be built.
inline SystolicArray random_array(std::mt19937_64& random, std::uint32_t largest) {
  SystolicArray array;
  array.rows = 1 + static_cast<std::uint32_t>(random() % largest);
  array.columns = 1 + static_cast<std::uint32_t>(random() % largest);
  array.dataflow = Dataflow(random() % 3);
  array.overlap_folds = random() % 2 == 0;
  array.edge_register = random() % 2 == 0;
  if (array.dataflow == Dataflow::output_stationary) {
    array.drain = Drain(random() % 2);
    array.double_buffered_output = array.drain == Drain::columns && random() % 2 == 0;
  } else {
    array.stationary_load = StationaryLoad(random() % 2);
    array.double_buffered_stationary =
        array.stationary_load == StationaryLoad::columns && random() % 2 == 0;
  }
  return array;
}

/// A memory of bandwidth and latency: 1/8 to 64 B a cycle.
inline Dram random_ideal_memory(std::mt19937_64& random) {
  Dram dram;
  dram.bandwidth = {static_cast<double>(1 + random() % 512) / 8, Bandwidth::Per::cycle};
  dram.latency = {static_cast<double>(random() % 300) * 1e-9};
  return dram;
}

/// A DRAM of any standard and policy.
inline Dram random_dram(std::mt19937_64& random) {
  Dram dram;
  dram.preset = dram_presets()[random() % dram_presets().size()].name;
  dram.channels = 1u << (random() % 4);
  dram.page_policy = PagePolicy(random() % 2);
  dram.scheduler = DramScheduler(random() % 2);
  if (random() % 2 == 0) dram.refresh = DramRefresh::none;
  dram.controller_latency = {static_cast<double>(random() % 40) * 1e-9};
  return dram;
}

inline Architecture random_machine(std::mt19937_64& random, const Dram& dram) {
  Architecture a = bare_machine(random_array(random, 16));
  a.clock = Hertz{static_cast<double>(200 + random() % 1800) * 1e6};
  a.dram = dram;
  a.prefetch_weights = random() % 2 == 0;
  for (Scratchpad& pad : a.scratchpads) {
    pad.capacity = Bytes{512 + random() % (random() % 2 == 0 ? 4096 : 65536)};
    pad.double_buffered = random() % 2 == 0;
    if (random() % 4 != 0) continue;
    pad.width = Bytes{1 + random() % 32};
    pad.shared_ports = random() % 2 == 0;
  }
  for (Dma& dma : a.dma) {
    dma.setup_cycles = random() % 2 == 0 ? 0 : static_cast<std::uint32_t>(random() % 400);
    dma.outstanding = 1 + static_cast<std::uint32_t>(random() % 256);
  }
  a.vector.lanes = 1 + static_cast<std::uint32_t>(random() % 64);
  a.vector.latency = static_cast<std::uint32_t>(random() % 30);
  return a;
}

inline Operator random_operator(std::mt19937_64& random) {
  const auto extent = [&](std::uint64_t largest) { return 1 + random() % largest; };
  switch (random() % 6) {
    case 0:
      return MatMul{extent(3), extent(40), extent(40), extent(40)};
    case 1:
      return Elementwise{ElementwiseKind::add, extent(4000), 0};
    case 2:
      return Softmax{extent(40), extent(200)};
    case 3: {
      Conv2d conv;
      conv.in_channels = extent(8), conv.out_channels = extent(16);
      conv.in_height = conv.in_width = 3 + random() % 12;
      conv.kernel_height = conv.kernel_width = extent(3);
      conv.batch = extent(2);
      conv.stride_height = extent(2), conv.stride_width = extent(2);
      conv.pad_top = conv.pad_bottom = extent(3) - 1;
      conv.pad_left = conv.pad_right = extent(3) - 1;
      return conv;
    }
    default:
      return Linear{extent(120), extent(120), extent(120), random() % 4 == 0 ? extent(3) : 1};
  }
}

/// One to five layers; each reads the one before, the network's input, or any earlier ones.
inline Network random_network(std::mt19937_64& random) {
  Network network;
  network.name = "random";
  const std::size_t layers = 1 + random() % 5;
  for (std::size_t i = 0; i < layers; ++i) {
    Layer layer;
    layer.name = "layer" + std::to_string(i);
    layer.op = random_operator(random);
    if (random() % 3 == 0) layer.epilogue.push_back(ElementwiseKind::relu);
    if (random() % 2 == 0)
      layer.inputs = {i == 0 || random() % 3 == 0 ? std::string(network_input)
                                                  : "layer" + std::to_string(random() % i)};
    network.layers.push_back(layer);
  }
  return network;
}

/// The mapping of least traffic; half of the products get smaller tiles and another order.
inline std::variant<Mapping, Infeasible> random_mapping(std::mt19937_64& random,
                                                        const Network& network,
                                                        const Architecture& architecture) {
  auto mapped = map_for_least_traffic(network, architecture);
  Mapping* mapping = std::get_if<Mapping>(&mapped);
  if (mapping == nullptr) return mapped;
  for (TaskMapping& task : mapping->tasks) {
    auto* tiling = std::get_if<GemmTiling>(&task.tiling);
    if (tiling == nullptr || random() % 2 == 0) continue;
    const GemmTiling before = *tiling;
    for (std::uint64_t* tile : {&tiling->m_tile, &tiling->n_tile, &tiling->k_tile})
      if (random() % 2 == 0)
        *tile = (*tile + 1) / (1 + random() % 3) + (*tile == 1 ? 0 : random() % 2);
    for (std::uint64_t* tile : {&tiling->m_tile, &tiling->n_tile, &tiling->k_tile})
      *tile = std::max<std::uint64_t>(*tile, 1);
    tiling->m_outer = random() % 2 == 0;
    if (!verify(*mapping, architecture).empty()) *tiling = before;
  }
  return mapped;
}

}  // namespace sluice::test
