// SPDX-License-Identifier: Apache-2.0
// Where and when each part of a network runs on a machine: the tasks into which layers are
// lowered, and the tiling of each. Nothing here knows how long anything takes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "arch/architecture.hpp"
#include "base/checked.hpp"
#include "mapper/attention.hpp"
#include "mapper/window.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// A batch of independent matrix products M x K times K x N on the array.
///
/// `batch` products each with weights of their own (experts, groups of a convolution, heads).
/// A convolution is lowered by im2col: its input tensor has fewer elements than M x K; `window`
/// says which. A tile of its k holds whole channels, a tile of its m whole images, rows, or a part
/// of one row (PixelTile).
struct GemmTask {
  std::uint64_t batch = 1, m = 1, n = 1, k = 1;
  std::uint64_t input_elements = 1;     ///< distinct input elements of one product; m * k, or:
  std::optional<SlidingWindow> window;  ///< m = its images x pixels, k = channels x its taps
  std::uint64_t input_batch = 1;        ///< products that have an input of their own (1: all share)
  std::uint64_t weight_batch = 1;       ///< products that have weights of their own (GQA: fewer)
  std::uint64_t epilogue_ops = 0;       ///< vector-unit lane cycles for each output element
  bool operator==(const GemmTask&) const = default;
};

/// `elements` elements through the vector unit, in rows that need `row_elements` on chip at once.
struct VectorTask {
  std::uint64_t elements = 1;        ///< of the result
  std::uint64_t lane_cycles = 1;     ///< vector-unit lane cycles of each element
  std::uint64_t input_elements = 1;  ///< read from memory, all operands together
  std::uint64_t passes = 1;        ///< times the input must be seen (softmax, norm: row reductions)
  std::uint64_t row_elements = 1;  ///< elements of one reduction row; kept on chip if they fit
  bool operator==(const VectorTask&) const = default;
};

using TaskWork = std::variant<GemmTask, VectorTask, AttentionTask>;

/// One step of the machine's static order.
struct Task {
  std::size_t layer = 0;  ///< index in Network::layers
  std::string name;       ///< layer name, with a suffix where a layer has several tasks
  TaskWork work;
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

/// Ranks of a batch of products. The batch is three of them: groups of products in which both
/// operands are new, members of a group which share one operand, copies which share both. Of a
/// convolution m counts images and k channels: the rows p and columns q of its pixels and the rows
/// r and columns s of its taps, which a plain product has one of, are ranks of their own.
enum class GemmRank : std::uint8_t { group, member, copy, m, n, k, p, q, r, s };
inline constexpr std::size_t gemm_ranks = 10;

template <>
struct EnumNames<GemmRank> {
  static constexpr EnumName<GemmRank> table[] = {
      {"group", GemmRank::group}, {"member", GemmRank::member}, {"copy", GemmRank::copy},
      {"m", GemmRank::m},         {"n", GemmRank::n},           {"k", GemmRank::k},
      {"p", GemmRank::p},         {"q", GemmRank::q},           {"r", GemmRank::r},
      {"s", GemmRank::s}};
};

/// A loop over a rank, each iteration of which covers `tile` of it; the last may be less.
struct GemmLoopNode {
  GemmRank rank = GemmRank::m;
  std::uint64_t tile = 1;
  bool operator==(const GemmLoopNode&) const = default;
};

/// A mapping of a GemmTask in full: loops in any order, outer to inner, each rank cut as often as
/// one likes. What is left inside of all loops is a step of the array, one product at most.
///
/// A tensor is on chip from its place inwards: a tile of what the loops further in cover, which
/// stays until a loop further out changes it. Of a convolution's input it is what the windows read
/// in that box of pixels and taps. Where a loop over k, r or s lies outside of one over output
/// tiles, sums leave the chip unfinished, in the accumulator's format, and come back.
struct GemmNest {
  std::vector<GemmLoopNode> loops;
  std::array<std::size_t, tensor_role_count> kept{};  ///< loops outside of a role's place
  bool operator==(const GemmNest&) const = default;
};

struct VectorTiling {
  std::uint64_t elements_tile = 1;
  bool operator==(const VectorTiling&) const = default;
};

using Tiling = std::variant<GemmTiling, VectorTiling, GemmNest, AttentionTiling>;

struct TaskMapping {
  Task task;
  Tiling tiling;
  bool operator==(const TaskMapping&) const = default;
};

struct Mapping {
  std::vector<TaskMapping> tasks;
  bool operator==(const Mapping&) const = default;
};

/// An answer that is no machine's fault but the design's: what was needed and what there was.
struct Infeasible {
  std::string
      what;  ///< such as "task conv1: the smallest tiles of input do not fit scratchpad glb"
  std::uint64_t needed = 0;
  std::uint64_t available = 0;
  std::string unit;  ///< B, PEs, ...
  bool operator==(const Infeasible&) const = default;
};

/// Bytes that move between DRAM and a scratchpad for one task, by tensor.
struct TaskTraffic {
  std::uint64_t input_read = 0, weight_read = 0, output_write = 0;
  std::uint64_t sums_write = 0, sums_read = 0;  ///< unfinished
  bool operator==(const TaskTraffic&) const = default;
};

/// All that a task moves.
constexpr std::uint64_t total_bytes(const TaskTraffic& t) {
  return t.input_read + t.weight_read + t.output_write + t.sums_write + t.sums_read;
}

/// An extent cut into tiles: `count` of them, all of `size` but the last, which may be smaller.
struct Split {
  std::uint64_t count = 1, size = 1, last = 1;
  constexpr std::uint64_t size_of(std::uint64_t index) const {
    return index + 1 == count ? last : size;
  }
  bool operator==(const Split&) const = default;
};

/// Cuts `extent` into tiles of `tile`; both > 0. A tile beyond the extent is cut to it.
constexpr Split split(std::uint64_t extent, std::uint64_t tile) {
  const std::uint64_t size = tile < extent ? tile : extent;
  const std::uint64_t count = (extent - 1) / size + 1;
  return {count, size, extent - (count - 1) * size};
}

/// The steps of a mapped matrix product. For b in batch, then m and n in the order `m_outer` says,
/// then k: fetch the input and the weight tile unless they are those of the step before, multiply,
/// and after the last k write the output tile.
struct GemmLoop {
  std::uint64_t batch = 1;
  Split m, n, k;
  bool m_outer = false;
  constexpr std::uint64_t steps() const { return batch * m.count * n.count * k.count; }
  bool operator==(const GemmLoop&) const = default;
};
GemmLoop gemm_loop(const GemmTask& task, const GemmTiling& tiling);

/// The steps of a mapped vector task: `repeats` times `passes` times over `tiles`. Each step
/// fetches its input; only the last pass writes. Where rows stay whole, repeats = passes = 1 and
/// `tiles` cuts all elements; a row that is cut is passed over `passes` times before the next.
struct VectorLoop {
  std::uint64_t repeats = 1, passes = 1;
  Split tiles;
  constexpr std::uint64_t steps() const { return repeats * passes * tiles.count; }
  bool operator==(const VectorLoop&) const = default;
};
VectorLoop vector_loop(const VectorTask& task, const VectorTiling& tiling);

/// Distinct input elements of the largest m_tile x k_tile tile: m_tile * k_tile where the input is
/// a plain matrix. Of a convolution's tiles, which overlap and at the edges read less, that of a
/// tensor without edges, or all elements; an m_tile that may not be counts as the next smaller that
/// may.
std::uint64_t input_tile_elements(const GemmTask& task, std::uint64_t m_tile, std::uint64_t k_tile);
/// The largest m tile of at most `m_tile` that may be.
inline std::uint64_t whole_pixels(const GemmTask& task, std::uint64_t m_tile) {
  return task.window ? pixel_tile(*task.window, m_tile).pixels() : m_tile;
}
/// Input elements, of all operands, for `elements` of the result: their share, rounded up.
std::uint64_t input_tile_elements(const VectorTask& task, std::uint64_t elements);

/// Which input and which weights product `index` of the batch uses: consecutive products share.
constexpr std::uint64_t input_index(const GemmTask& task, std::uint64_t index) {
  return index / (task.batch / task.input_batch);
}
constexpr std::uint64_t weight_index(const GemmTask& task, std::uint64_t index) {
  return index / (task.batch / task.weight_batch);
}

/// Bytes of `elements` numbers of `format` stored densely, rounded up to whole bytes.
constexpr std::uint64_t storage_bytes(std::uint64_t elements, NumberFormat format) {
  const std::uint64_t bits = width_bits(format);
  return bits % 8 == 0 ? product(elements, bits / 8) : ceil_div(product(elements, bits), 8);
}

/// Lowers every layer to tasks, in order. `forms`, by layer: what attention becomes; without them
/// three tasks, Q K^T, softmax and P V.
std::vector<Task> lower(const Network& network, const Architecture& architecture,
                        std::span<const AttentionForm> forms = {});

/// What follows each result of a task's product on the vector unit, in this order: what the
/// operator itself adds (bias; scale and mask of attention's scores), then what the layer lists.
std::vector<ElementwiseKind> epilogue_kinds(const Layer& layer, const Task& task);

/// DRAM traffic of a mapped task, exact with ragged tiles: an operand tile that stays the same
/// from one step to the next is not fetched again. Every tile takes whole bytes. Results are
/// written in the input format, for the next layer to read.
TaskTraffic traffic(const TaskMapping& mapping, const Architecture& architecture);
TaskTraffic traffic(const GemmTask& task, const GemmTiling& tiling, const SystolicArray& array);
TaskTraffic traffic(const GemmTask& task, const GemmNest& nest, const SystolicArray& array);
TaskTraffic traffic(const VectorTask& task, const VectorTiling& tiling, const SystolicArray& array);
TaskTraffic traffic(const AttentionTask& task, const AttentionTiling& tiling,
                    const SystolicArray& array);

/// What is wrong with `mapping` on `architecture` (a tile too large for its scratchpad, a tile of
/// zero, a tile beyond the extent), or nothing.
std::vector<std::string> verify(const Mapping& mapping, const Architecture& architecture);

/// For each task the tiling with the least DRAM traffic (ties: fewer tiles), whatever the time:
/// what mappers start from and are measured by. Deterministic, microseconds a layer.
std::variant<Mapping, Infeasible> map_for_least_traffic(const Network& network,
                                                        const Architecture& architecture);
/// The same for one task: its tiling, or why there is none.
std::variant<GemmTiling, VectorTiling, Infeasible> tile_for_least_traffic(
    const Task& task, const Architecture& architecture);

/// One line, such as `m 784 of 12544, n 64 of 64, k 147 of 147; order n m k; 16 tiles`.
std::string to_text(const TaskMapping& mapping);
/// The loops, one a line, with what is fetched, computed and written in them.
std::string loop_nest(const TaskMapping& mapping);

}  // namespace sluice
