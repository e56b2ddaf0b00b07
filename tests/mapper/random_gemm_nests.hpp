// SPDX-License-Identifier: Apache-2.0
// Random mappings of small products in their general form, legal but for room.
#pragma once

#include <algorithm>
#include <random>
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

/// Each rank cut up to three times, the loops in any order, each tensor kept anywhere, so that at
/// most one loop spills sums.
inline GemmNest random_gemm_nest(std::mt19937_64& random, const GemmTask& task) {
  while (true) {
    GemmExtents left = extents_of(task);
    GemmNest nest;
    std::vector<GemmRank> order;
    for (std::size_t rank = 0; rank < gemm_ranks; ++rank) {
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
    if (spilling_loops(task, nest) <= 1) return nest;
  }
}

}  // namespace sluice
