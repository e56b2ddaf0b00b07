// SPDX-License-Identifier: Apache-2.0
// The tiling with the least DRAM traffic of those that fit, then the fewest tiles. It looks at a
// handful of candidates a task and allocates nothing while it does. How long a tiling takes it does
// not ask.
#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "base/checked.hpp"
#include "mapper/mapping.hpp"
#include "mapper/room.hpp"

namespace sluice {
namespace {

enum Axis : std::size_t { m_axis, n_axis, k_axis };
using Tile = std::array<std::uint64_t, 3>;

/// Largest g in [0, end) for which fits(g) holds, fits being monotone and fits(0) taken for
/// granted. `guess` is near the answer: it and its neighbours are tried before bisection.
template <class Fits>
std::uint64_t largest_below(std::uint64_t end, std::uint64_t guess, Fits fits) {
  std::uint64_t low = 0;
  for (int probes = 0; low + 1 < end; ++probes) {
    const bool near = probes < 4 && guess > low && guess < end;
    const std::uint64_t probe = near ? guess : low + (end - low) / 2;
    if (fits(probe)) {
      low = probe;
      guess = probe + 1;
    } else {
      end = probe;
      guess = probe - 1;
    }
  }
  return low;
}

/// The smallest multiple of `grain` (or the extent) that cuts the extent into as many tiles as
/// `tile` does: equal tiles fill and drain a pipeline sooner than large ones with a small last.
std::uint64_t balanced(std::uint64_t extent, std::uint64_t tile, std::uint64_t grain) {
  const std::uint64_t count = ceil_div(extent, tile);
  return std::min(extent, ceil_div(ceil_div(extent, count), grain) * grain);
}

class GemmSearch {
 public:
  GemmSearch(const GemmTask& task, const SystolicArray& array, const Room& room)
      : task_(task),
        array_(array),
        room_(room),
        extent_{task.m, task.n, task.k},
        grain_(as_tile(gemm_grain(task, array))),
        input_bytes_(storage_bytes(task.input_elements, array.input_format)),
        weight_bytes_(storage_bytes(task.k * task.n, array.weight_format)),
        output_bytes_(storage_bytes(task.m * task.n, array.input_format)) {}

  std::optional<GemmTiling> run() {
    if (!fits(grain_)) return std::nullopt;
    whole_k(n_axis, m_axis);
    whole_k(m_axis, n_axis);
    if (grain_[k_axis] < task_.k && (!found_ || best_tiles_ > task_.batch)) cut_k();
    return best_;
  }

 private:
  static Tile as_tile(const GemmTile& tile) { return {tile.m, tile.n, tile.k}; }

  /// What an m tile reads is asked for most often of the same tile.
  RoleBytes bytes(const Tile& tile) {
    if (tile[m_axis] != m_tile_) {
      m_tile_ = tile[m_axis];
      input_.most = most_input(task_, m_tile_);
    }
    return tile_bytes(task_, tile[m_axis], tile[n_axis], tile[k_axis], array_, input_);
  }
  bool fits(const Tile& tile) { return room_.fits(bytes(tile)); }

  /// k whole. The operand of the outer loop is read once, the other once for each outer tile: so
  /// the fewest outer tiles, then the largest inner tile that fits beside them.
  void whole_k(Axis outer, Axis inner) {
    Tile tile = grain_;
    tile[k_axis] = task_.k;
    if (!grow(tile, outer)) return;
    if (!grow(tile, inner)) return;
    consider(tile, outer == m_axis);
  }

  /// k cut. Each n tile reads the input anew and each m tile the weights, whatever k tile: so the
  /// pairs of m and n tiles that fit beside the smallest k tile, one for each count along the axis
  /// with fewer choices, until that axis alone costs more than the best.
  void cut_k() {
    const bool by_n = ceil_div(task_.n, grain_[n_axis]) <= ceil_div(task_.m, grain_[m_axis]);
    const Axis axis = by_n ? n_axis : m_axis;
    const Axis other = by_n ? m_axis : n_axis;
    Tile first = grain_;
    if (!grow(first, axis)) return;
    for (std::uint64_t size = first[axis]; size > 0; size = next_smaller(axis, size)) {
      if (found_ && least_with(axis, ceil_div(extent_[axis], size)) > best_traffic_) return;
      Tile tile = grain_;
      tile[axis] = size;
      grow(tile, other);
      grow(tile, k_axis);
      consider(tile, false);
    }
  }

  /// A bound on the traffic with k cut and `count` tiles along `axis`.
  std::uint64_t least_with(Axis axis, std::uint64_t count) const {
    const std::uint64_t reread = axis == n_axis ? input_bytes_ : weight_bytes_;
    const std::uint64_t once = axis == n_axis ? weight_bytes_ : input_bytes_;
    return task_.batch * (count * reread + once + output_bytes_);
  }

  /// The balanced tile of the next larger number of tiles, or 0 after the smallest.
  std::uint64_t next_smaller(Axis axis, std::uint64_t size) const {
    if (size <= grain_[axis]) return 0;
    const std::uint64_t grains_now = ceil_div(size, grain_[axis]);
    const std::uint64_t next =
        balanced(extent_[axis], (grains_now - 1) * grain_[axis], grain_[axis]);
    return axis == m_axis ? whole_pixels(task_, next) : next;
  }

  /// Makes `tile` as large along `axis` as fits beside the rest of it, then balances it.
  bool grow(Tile& tile, Axis axis) {
    const std::uint64_t size = largest(tile, axis);
    if (size == 0) return false;
    tile[axis] = balanced(extent_[axis], size, grain_[axis]);
    if (axis == m_axis) tile[axis] = whole_pixels(task_, tile[axis]);
    return true;
  }

  std::uint64_t largest(Tile tile, Axis axis) {
    const std::uint64_t grain = grain_[axis];
    tile[axis] = extent_[axis];
    const RoleBytes whole = bytes(tile);
    if (room_.fits(whole)) return extent_[axis];
    const double part = part_that_fits(whole, axis);
    const double guess = part * static_cast<double>(extent_[axis]) / static_cast<double>(grain);
    const auto fits_grains = [&](std::uint64_t count) {
      tile[axis] = count * grain;
      return fits(tile);
    };
    return grain * largest_below(ceil_div(extent_[axis], grain), static_cast<std::uint64_t>(guess),
                                 fits_grains);
  }

  /// Part of the axis that fits, as if tiles grew linearly; 0 if nothing does.
  double part_that_fits(const RoleBytes& whole, Axis axis) const {
    // The role without the axis: weights have no m, inputs no n, outputs no k.
    constexpr std::array<TensorRole, 3> without = {TensorRole::weight, TensorRole::input,
                                                   TensorRole::output};
    RoleBytes fixed{};
    const auto constant = static_cast<std::size_t>(without[axis]);
    fixed[constant] = whole[constant];
    double part = 1;
    for (std::size_t role = 0; role < tensor_role_count; ++role) {
      const auto kept = static_cast<double>(room_.together(fixed, role));
      const auto all = static_cast<double>(room_.together(whole, role));
      const auto room = static_cast<double>(room_.room(role));
      if (all > room) part = std::min(part, room > kept ? (room - kept) / (all - kept) : 0.0);
    }
    return part;
  }

  void consider(const Tile& tile, bool m_outer) {
    const GemmTiling tiling{tile[m_axis], tile[n_axis], tile[k_axis], m_outer};
    const TaskTraffic moved = traffic(task_, tiling, array_);
    const std::uint64_t total = moved.input_read + moved.weight_read + moved.output_write;
    const std::uint64_t tiles = gemm_loop(task_, tiling).steps();
    if (found_ && std::tie(total, tiles) >= std::tie(best_traffic_, best_tiles_)) return;
    found_ = true;
    best_ = tiling;
    best_traffic_ = total;
    best_tiles_ = tiles;
  }

  const GemmTask& task_;
  const SystolicArray& array_;
  const Room& room_;
  Tile extent_;
  Tile grain_;
  std::uint64_t input_bytes_, weight_bytes_, output_bytes_;
  std::uint64_t m_tile_ = 0;  ///< the last that was asked for, and `input_.most` of it
  InputTiles input_;
  bool found_ = false;
  GemmTiling best_;
  std::uint64_t best_traffic_ = 0, best_tiles_ = 0;
};

/// Largest multiple of `grain` up to `extent` (or the extent itself) whose tile fits, balanced; 0
/// if none does.
std::uint64_t vector_tile(const VectorTask& task, std::uint64_t extent, std::uint64_t grain,
                          const Architecture& architecture, const Room& room) {
  const auto fits = [&](std::uint64_t elements) {
    return room.fits(tile_bytes(task, elements, architecture.array));
  };
  if (fits(extent)) return extent;
  const std::uint64_t count = largest_below(
      ceil_div(extent, grain), 0, [&](std::uint64_t grains) { return fits(grains * grain); });
  return count == 0 ? 0 : balanced(extent, count * grain, grain);
}

Infeasible too_large(const Task& task, const RoleBytes& smallest,
                     const Architecture& architecture) {
  const auto over = overflow(smallest, architecture);
  SLUICE_ASSERT(over.has_value(), "the smallest tile overflows some scratchpad");
  return {"task " + task.name + ": the smallest tiles of " + over->roles +
              " do not fit scratchpad " + over->scratchpad,
          over->needed, over->available, "B"};
}

/// Up to here no count of MACs or bytes of a task overflows 64 bits, whatever its tiling: traffic
/// is at most two operands of 4 bytes each MAC.
constexpr std::uint64_t most_steps = std::uint64_t{1} << 58;

/// MACs of a product, elements moved by a vector task; all ones when they exceed 64 bits.
std::uint64_t size_of(const Task& task) {
  constexpr std::uint64_t too_many = ~std::uint64_t{0};
  if (const auto* gemm = std::get_if<GemmTask>(&task.work)) {
    const auto plane = multiply(gemm->m, gemm->n);
    const auto volume = plane ? multiply(*plane, gemm->k) : plane;
    return (volume ? multiply(*volume, gemm->batch) : volume).value_or(too_many);
  }
  if (const auto* attention = std::get_if<AttentionTask>(&task.work)) {
    const auto plane = multiply(attention->rows, attention->keys);
    const auto volume = plane ? multiply(*plane, attention->width) : plane;
    const auto both = volume ? multiply(*volume, 2) : volume;
    return (both ? multiply(*both, attention->batch) : both).value_or(too_many);
  }
  const auto& vector = std::get<VectorTask>(task.work);
  const auto moved = multiply(vector.input_elements, vector.passes);
  return (moved ? add(*moved, vector.elements) : moved).value_or(too_many);
}

std::variant<GemmTiling, VectorTiling, Infeasible> tile_in(const Task& task,
                                                           const Architecture& architecture,
                                                           const Room& room) {
  if (auto reason = too_much_work(task)) return std::move(*reason);
  if (const auto* gemm = std::get_if<GemmTask>(&task.work)) {
    if (const auto tiling = least_traffic_tiling(*gemm, architecture.array, room)) return *tiling;
    return smallest_tiles_do_not_fit(task, architecture);
  }
  const auto& vector = std::get<VectorTask>(task.work);
  if (const auto tiling = least_traffic_tiling(vector, architecture, room)) return *tiling;
  return smallest_tiles_do_not_fit(task, architecture);
}

}  // namespace

GemmTile gemm_grain(const GemmTask& task, const SystolicArray& array) {
  const std::uint64_t rows = array.rows;
  const std::uint64_t columns = array.columns;
  GemmTile grain;
  switch (array.dataflow) {
    case Dataflow::weight_stationary:
      grain = {1, columns, rows};
      break;
    case Dataflow::output_stationary:
      grain = {rows, columns, 1};
      break;
    case Dataflow::input_stationary:
      grain = {columns, 1, rows};
      break;
  }
  const std::uint64_t taps = task.window ? task.window->taps() : 1;
  return {whole_pixels(task, std::min(grain.m, task.m)), std::min(grain.n, task.n),
          std::min(std::max<std::uint64_t>(grain.k / taps, 1) * taps, task.k)};
}

AttentionTiling attention_grain(const AttentionTask& task, const SystolicArray& array) {
  GemmTask scores, results;
  scores.m = results.m = task.rows;
  scores.n = results.k = task.keys;
  scores.k = results.n = task.width;
  const GemmTile a = gemm_grain(scores, array), b = gemm_grain(results, array);
  return {std::max(a.m, b.m), std::min(task.keys, std::lcm(a.n, b.k))};
}

std::optional<GemmTiling> least_traffic_tiling(const GemmTask& task, const SystolicArray& array,
                                               const Room& room) {
  return GemmSearch(task, array, room).run();
}

/// Whole rows if a row fits, so that its passes are made on chip; else parts of a row.
std::optional<VectorTiling> least_traffic_tiling(const VectorTask& task,
                                                 const Architecture& architecture,
                                                 const Room& room) {
  const std::uint64_t lanes = architecture.vector.lanes;
  std::uint64_t tile = 0;
  if (task.passes > 1) {
    tile = vector_tile(task, task.elements, task.row_elements, architecture, room);
    if (tile == 0)
      tile = vector_tile(task, task.row_elements, std::min(lanes, task.row_elements), architecture,
                         room);
  } else {
    tile = vector_tile(task, task.elements, std::min(lanes, task.elements), architecture, room);
  }
  if (tile == 0) return std::nullopt;
  return VectorTiling{tile};
}

Infeasible smallest_tiles_do_not_fit(const Task& task, const Architecture& architecture) {
  if (const auto* gemm = std::get_if<GemmTask>(&task.work)) {
    const GemmTile tile = gemm_grain(*gemm, architecture.array);
    return too_large(task, tile_bytes(*gemm, tile.m, tile.n, tile.k, architecture.array),
                     architecture);
  }
  if (const auto* attention = std::get_if<AttentionTask>(&task.work))
    return too_large(
        task,
        tile_bytes(*attention, attention_grain(*attention, architecture.array), architecture.array),
        architecture);
  const auto& vector = std::get<VectorTask>(task.work);
  const std::uint64_t row = vector.passes > 1 ? vector.row_elements : vector.elements;
  const std::uint64_t smallest = std::min<std::uint64_t>(architecture.vector.lanes, row);
  return too_large(task, tile_bytes(vector, smallest, architecture.array), architecture);
}

std::optional<Infeasible> too_much_work(const Task& task) {
  const std::uint64_t size = size_of(task);
  if (size <= most_steps) return std::nullopt;
  return Infeasible{"task " + task.name + ": more work than can be counted", size, most_steps,
                    std::holds_alternative<VectorTask>(task.work) ? "elements" : "MACs"};
}

std::variant<GemmTiling, VectorTiling, Infeasible> tile_for_least_traffic(
    const Task& task, const Architecture& architecture) {
  return tile_in(task, architecture, Room(architecture));
}

std::variant<Mapping, Infeasible> map_for_least_traffic(const Network& network,
                                                        const Architecture& architecture) {
  const Room room(architecture);
  std::vector<Task> tasks = lower(network, architecture);
  Mapping mapping;
  mapping.tasks.reserve(tasks.size());
  for (Task& task : tasks) {
    auto tiling = tile_in(task, architecture, room);
    if (auto* reason = std::get_if<Infeasible>(&tiling)) return std::move(*reason);
    if (const auto* gemm = std::get_if<GemmTiling>(&tiling))
      mapping.tasks.push_back({std::move(task), *gemm});
    else
      mapping.tasks.push_back({std::move(task), std::get<VectorTiling>(tiling)});
  }
  return mapping;
}

}  // namespace sluice
