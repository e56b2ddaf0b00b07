// SPDX-License-Identifier: Apache-2.0
// Random mappings of small products and convolutions in their general form, legal but for room.
#pragma once

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "mapper/gemm_nest.hpp"

namespace sluice {

/// A small product, part of whose batch may share an operand.
inline GemmTask random_product(std::mt19937_64& random) {
  GemmTask task;
  task.m = 1 + random() % 12, task.n = 1 + random() % 12, task.k = 1 + random() % 12;
  const std::uint64_t few = 1 + random() % 2, more = 1 + random() % 3, copies = 1 + random() % 2;
  task.batch = few * more * copies;
  task.input_batch = random() % 2 == 0 ? few : few * more;
  task.weight_batch = task.input_batch == few ? few * more : few;
  task.input_elements = task.m * task.k;
  return task;
}

/// A small convolution, with groups, strides, dilations and, if wanted, padding.
inline Conv2d small_conv(std::mt19937_64& random, bool padded) {
  const auto pick = [&](std::uint64_t most) { return 1 + random() % most; };
  Conv2d c;
  c.batch = pick(2), c.groups = pick(2);
  c.in_channels = c.groups * pick(3), c.out_channels = c.groups * pick(4);
  c.kernel_height = pick(3), c.kernel_width = pick(3);
  c.stride_height = pick(2), c.stride_width = pick(3);
  c.dilation_height = pick(2), c.dilation_width = pick(2);
  for (std::uint64_t* pad : {&c.pad_top, &c.pad_bottom, &c.pad_left, &c.pad_right})
    *pad = padded ? random() % 3 : 0;
  c.in_height = (c.kernel_height - 1) * c.dilation_height + pick(6);
  c.in_width = (c.kernel_width - 1) * c.dilation_width + pick(6);
  return c;
}

inline Network conv_network(const Conv2d& conv) {
  Network network;
  network.name = "conv";
  network.layers.push_back({"conv", conv, {}, {}});
  return network;
}

/// One whose windows overlap or leave elements out, so that it is no plain product; its task.
inline std::pair<Network, GemmTask> random_convolution(std::mt19937_64& random, bool padded) {
  while (true) {
    const Network network = conv_network(small_conv(random, padded));
    const GemmTask task = std::get<GemmTask>(lower(network, Architecture{}).at(0).work);
    if (task.window) return {network, task};
  }
}

/// Each rank cut up to three times, the loops in any order, each tensor kept anywhere, so that at
/// most one loop spills sums.
inline GemmNest random_gemm_nest(std::mt19937_64& random, const GemmTask& task) {
  while (true) {
    GemmExtents left = extents_of(task);
    GemmNest nest;
    std::vector<GemmRank> order;
    const std::size_t ranks = task.window ? gemm_ranks : static_cast<std::size_t>(GemmRank::p);
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const bool batch = rank < static_cast<std::size_t>(GemmRank::m);
      const std::size_t cuts = batch ? 1 : random() % 4;
      order.insert(order.end(), cuts, GemmRank(rank));
    }
    std::shuffle(order.begin(), order.end(), random);
    for (const GemmRank rank : order) {
      std::uint64_t& extent = left[static_cast<std::size_t>(rank)];
      extent = rank < GemmRank::m ? 1 : 1 + random() % extent;
      nest.loops.push_back({rank, extent});
    }
    for (std::size_t& place : nest.kept) place = random() % (nest.loops.size() + 1);
    if (spilling_places(task, nest) <= 1) return nest;
  }
}

}  // namespace sluice
