// SPDX-License-Identifier: Apache-2.0
// Where and when each part of a network runs on a machine: the tasks into which layers are
// lowered, and the tiling of each. Nothing here knows how long anything takes.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "arch/architecture.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// A batch of independent matrix products M x K times K x N on the array.
///
/// `batch` products each with weights of their own (experts, groups of a convolution, heads).
/// A convolution is lowered by im2col: its input tensor has fewer elements than M x K, which is
/// what `input_elements` says: the distinct elements of one product's input, read once.
struct GemmTask {
  std::uint64_t batch = 1, m = 1, n = 1, k = 1;
  std::uint64_t input_elements = 1;   ///< distinct input elements of one product; <= m * k
  std::uint64_t input_batch = 1;      ///< products that have an input of their own (1: all share)
  std::uint64_t weight_batch = 1;     ///< products that have weights of their own (GQA: fewer)
  std::uint64_t epilogue_ops = 0;     ///< vector-unit lane cycles for each output element
  bool operator==(const GemmTask&) const = default;
};

/// `elements` elements through the vector unit, in rows that need `row_elements` on chip at once.
struct VectorTask {
  std::uint64_t elements = 1;           ///< of the result
  std::uint64_t lane_cycles = 1;        ///< vector-unit lane cycles of each element
  std::uint64_t input_elements = 1;     ///< read from memory, all operands together
  std::uint64_t passes = 1;             ///< times the input must be seen (softmax, norm: row reductions)
  std::uint64_t row_elements = 1;       ///< elements of one reduction row; kept on chip if they fit
  bool operator==(const VectorTask&) const = default;
};

/// One step of the machine's static order.
struct Task {
  std::size_t layer = 0;  ///< index in Network::layers
  std::string name;       ///< layer name, with a suffix where a layer has several tasks
  std::variant<GemmTask, VectorTask> work;
  bool operator==(const Task&) const = default;
};

/// Tiling of a GemmTask on scratchpads. Loops from outer to inner: batch, then `order` over the
/// tiles of m, n, k (k innermost whenever partial sums stay on chip, which they do).
/// Ragged last tiles are exact.
struct GemmTiling {
  std::uint64_t m_tile = 1, n_tile = 1, k_tile = 1;
  bool m_outer = false;  ///< loops m, n, k; else n, m, k
  bool operator==(const GemmTiling&) const = default;
};

struct VectorTiling {
  std::uint64_t elements_tile = 1;
  bool operator==(const VectorTiling&) const = default;
};

struct TaskMapping {
  Task task;
  std::variant<GemmTiling, VectorTiling> tiling;
  bool operator==(const TaskMapping&) const = default;
};

struct Mapping {
  std::vector<TaskMapping> tasks;
  bool operator==(const Mapping&) const = default;
};

/// An answer that is no machine's fault but the design's: what was needed and what there was.
struct Infeasible {
  std::string what;      ///< such as "layer conv1: the smallest input tile does not fit scratchpad glb"
  std::uint64_t needed = 0;
  std::uint64_t available = 0;
  std::string unit;      ///< B, PEs, ...
  bool operator==(const Infeasible&) const = default;
};

/// Bytes that move between DRAM and a scratchpad for one task, by tensor.
struct TaskTraffic {
  std::uint64_t input_read = 0, weight_read = 0, output_write = 0;
  bool operator==(const TaskTraffic&) const = default;
};

/// Lowers every layer to tasks, in order. Attention becomes Q K^T, softmax and P V.
std::vector<Task> lower(const Network& network, const Architecture& architecture);

/// DRAM traffic of a mapped task, exact with ragged tiles: an operand tile that stays the same
/// from one step to the next is not fetched again.
TaskTraffic traffic(const TaskMapping& mapping, const Architecture& architecture);

/// What is wrong with `mapping` on `architecture` (a tile too large for its scratchpad, a tile of
/// zero, a tile beyond the extent), or nothing.
std::vector<std::string> verify(const Mapping& mapping, const Architecture& architecture);

/// The first, simple mapper: for each task the tiling with the least DRAM traffic (ties: fewer
/// tiles) among a small set of candidates; deterministic, microseconds a layer.
std::variant<Mapping, Infeasible> map_simply(const Network& network,
                                             const Architecture& architecture);

}  // namespace sluice
