// SPDX-License-Identifier: Apache-2.0
// Tiles, steps and DRAM bytes of a mapped task, by arithmetic: nothing here walks over tiles.
#include <algorithm>

#include "base/checked.hpp"
#include "mapper/gemm_walk.hpp"
#include "mapper/mapping.hpp"
#include "mapper/room.hpp"
#include "mapper/window.hpp"

namespace sluice {
namespace {

__extension__ using Wide = unsigned __int128;

/// ceil(whole * part / of), without overflow; of > 0.
std::uint64_t share(std::uint64_t whole, std::uint64_t part, std::uint64_t of) {
  if (const auto narrow = multiply(whole, part)) return ceil_div(*narrow, of);
  const Wide wide = static_cast<Wide>(whole) * part;
  return static_cast<std::uint64_t>(wide / of + (wide % of != 0 ? 1 : 0));
}

/// Sum of f(size) over the tiles of a split.
template <class Bytes>
std::uint64_t sum_over(const Split& tiles, Bytes bytes) {
  return (tiles.count - 1) * bytes(tiles.size) + bytes(tiles.last);
}

/// Times that all tiles of an operand are fetched over the whole batch. `rows` x `tiles.k` are the
/// operand's tiles, `others` the tiles of the dimension it does not have.
///
/// With k cut, or with the operand's own tiles inside the other loop, the tile changes from each
/// step to the next: every pass fetches all. With k whole and its loop outside, once a product; a
/// single tile stays for all consecutive products that share the operand.
std::uint64_t sweeps(const GemmLoop& loop, std::uint64_t rows, std::uint64_t others, bool outside,
                     std::uint64_t distinct) {
  if (loop.k.count == 1 && rows == 1) return distinct;
  const bool once = loop.k.count == 1 && outside;
  return once ? loop.batch : product(loop.batch, others);
}

/// Calls `visit(count, elements)` for m tiles that read alike: `count` of them, which read
/// `elements` distinct input elements of each channel (of a plain matrix: of each k).
template <class Visit>
void for_each_input(const GemmTask& task, std::uint64_t m_tile, Visit visit) {
  const PixelTile tile = task.window ? pixel_tile(*task.window, m_tile) : PixelTile{};
  const Split images = task.window ? split(task.window->images, tile.images)  //
                                   : split(task.m, m_tile);
  const auto each_size = [&](std::uint64_t count, std::uint64_t elements) {
    if (images.count > 1) visit(count * (images.count - 1), elements * images.size);
    visit(count, elements * images.last);
  };
  if (!task.window) return each_size(1, 1);
  for_each_run(task.window->rows, tile.rows, [&](const WindowRun& rows) {
    for_each_run(task.window->columns, tile.columns, [&](const WindowRun& columns) {
      each_size(rows.count * columns.count, rows.reads * columns.reads);
    });
  });
}

/// Bytes of all input tiles of one product. Each takes whole bytes, which matters where a number
/// does not.
std::uint64_t input_bytes(const GemmTask& task, const GemmLoop& loop, NumberFormat format,
                          const InputTiles& tiles) {
  if (width_bits(format) % 8 == 0) return storage_bytes(tiles.all * (task.k / taps(task)), format);
  std::uint64_t bytes = 0;
  for_each_input(task, loop.m.size, [&](std::uint64_t count, std::uint64_t elements) {
    bytes += count * sum_over(loop.k, [&](std::uint64_t k) {
               return storage_bytes(elements * (k / taps(task)), format);
             });
  });
  return bytes;
}

/// Bytes of all tiles of a matrix.
std::uint64_t matrix_bytes(const Split& rows, const Split& columns, NumberFormat format) {
  const auto extent = [](const Split& tiles) {
    return (tiles.count - 1) * tiles.size + tiles.last;
  };
  if (width_bits(format) % 8 == 0) return storage_bytes(extent(rows) * extent(columns), format);
  return sum_over(rows, [&](std::uint64_t x) {
    return sum_over(columns, [&](std::uint64_t y) { return storage_bytes(x * y, format); });
  });
}

/// GemmWalk's visitor: adds up what moves, a loop at once.
class TrafficCounter {
 public:
  TrafficCounter(const GemmTask& task, const SystolicArray& array) : task_(task), array_(array) {}

  void fetch(const WalkTile& tile) {
    const std::uint64_t bytes = product(times_, bytes_of(tile));
    if (tile.role == TensorRole::input) moved_.input_read += bytes;
    if (tile.role == TensorRole::weight) moved_.weight_read += bytes;
    if (tile.role == TensorRole::output && !tile.first) moved_.sums_read += bytes;
  }
  void leave(const WalkTile& tile) {
    if (tile.role != TensorRole::output) return;
    if (tile.last)
      moved_.output_write += product(times_, result_bytes(task_, tile.extents, array_));
    else
      moved_.sums_write += product(times_, bytes_of(tile));
  }
  void step(const WalkStep&) {}
  template <class Body>
  void loop(std::size_t, std::uint64_t, std::uint64_t count, Body body) {
    const std::uint64_t before = times_;
    times_ = product(times_, count);
    body();
    times_ = before;
  }
  const TaskTraffic& moved() const { return moved_; }

 private:
  std::uint64_t bytes_of(const WalkTile& tile) const {
    return tile_bytes(task_, tile.role, tile.from, tile.extents, array_);
  }

  const GemmTask& task_;
  const SystolicArray& array_;
  std::uint64_t times_ = 1;
  TaskTraffic moved_;
};

}  // namespace

TaskTraffic traffic(const GemmTask& task, const GemmTiling& tiling, const SystolicArray& array) {
  return traffic(task, gemm_loop(task, tiling), array, input_tiles(task, tiling.m_tile));
}

TaskTraffic traffic(const GemmTask& task, const GemmLoop& loop, const SystolicArray& array,
                    const InputTiles& tiles) {
  const std::uint64_t input = input_bytes(task, loop, array.input_format, tiles);
  TaskTraffic result;
  result.input_read =
      product(input, sweeps(loop, loop.m.count, loop.n.count, loop.m_outer, task.input_batch));
  result.weight_read =
      product(matrix_bytes(loop.k, loop.n, array.weight_format),
              sweeps(loop, loop.n.count, loop.m.count, !loop.m_outer, task.weight_batch));
  result.output_write = product(matrix_bytes(loop.m, loop.n, array.input_format), loop.batch);
  return result;
}

TaskTraffic traffic(const GemmTask& task, const GemmNest& nest, const SystolicArray& array) {
  TrafficCounter counter(task, array);
  GemmWalk(task, nest, counter).run();
  return counter.moved();
}

TaskTraffic traffic(const VectorTask& task, const VectorTiling& tiling,
                    const SystolicArray& array) {
  const VectorLoop loop = vector_loop(task, tiling);
  const auto input = [&](std::uint64_t elements) {
    return storage_bytes(input_tile_elements(task, elements), array.input_format);
  };
  const auto output = [&](std::uint64_t elements) {
    return storage_bytes(elements, array.input_format);
  };
  TaskTraffic result;
  result.input_read = product(loop.repeats, loop.passes, sum_over(loop.tiles, input));
  result.output_write = product(loop.repeats, sum_over(loop.tiles, output));
  return result;
}

/// Queries once; keys and values once, if one tile holds them all, else for each block of rows.
TaskTraffic traffic(const AttentionTask& task, const AttentionTiling& tiling,
                    const SystolicArray& array) {
  const Split rows = split(task.rows, tiling.row_tile), keys = split(task.keys, tiling.key_tile);
  const auto bytes = [&](const Split& tiles, NumberFormat format) {
    return sum_over(tiles, [&](std::uint64_t count) {
      return storage_bytes(product(count, task.width), format);
    });
  };
  const std::uint64_t sweeps = keys.count == 1 ? 1 : rows.count;
  TaskTraffic result;
  result.input_read = product(task.batch, bytes(rows, array.input_format));
  result.weight_read = product(product(task.batch, 2, sweeps), bytes(keys, array.weight_format));
  result.output_write = result.input_read;
  return result;
}

GemmLoop gemm_loop(const GemmTask& task, const GemmTiling& tiling) {
  return {task.batch, split(task.m, tiling.m_tile), split(task.n, tiling.n_tile),
          split(task.k, tiling.k_tile), tiling.m_outer};
}

VectorLoop vector_loop(const VectorTask& task, const VectorTiling& tiling) {
  const bool whole_rows = tiling.elements_tile % task.row_elements == 0;
  if (task.passes <= 1 || whole_rows) return {1, 1, split(task.elements, tiling.elements_tile)};
  return {task.elements / task.row_elements, task.passes,
          split(task.row_elements, tiling.elements_tile)};
}

std::uint64_t most_input(const GemmTask& task, std::uint64_t m_tile) {
  if (!task.window) return m_tile;
  const PixelTile tile = pixel_tile(*task.window, m_tile);
  return tile.images * touched_at_most(task.window->rows, tile.rows) *
         touched_at_most(task.window->columns, tile.columns);
}

InputTiles input_tiles(const GemmTask& task, std::uint64_t m_tile) {
  if (!task.window) return {m_tile, task.m};
  const SlidingWindow& window = *task.window;
  const PixelTile tile = pixel_tile(window, std::min(m_tile, task.m));
  const auto reads = [](const WindowAxis& axis, std::uint64_t outputs) {
    std::uint64_t sum = 0;
    for_each_run(axis, outputs, [&](const WindowRun& run) { sum += run.count * run.reads; });
    return sum;
  };
  return {most_input(task, m_tile),
          window.images * reads(window.rows, tile.rows) * reads(window.columns, tile.columns)};
}

std::uint64_t input_tile_elements(const GemmTask& task, std::uint64_t m_tile,
                                  std::uint64_t k_tile) {
  return most_input(task, m_tile) * (k_tile / taps(task));
}

std::uint64_t input_tile_elements(const VectorTask& task, std::uint64_t elements) {
  if (task.input_elements == task.elements) return elements;
  return share(task.input_elements, elements, task.elements);
}

TaskTraffic traffic(const TaskMapping& mapping, const Architecture& architecture) {
  if (const auto* gemm = std::get_if<GemmTask>(&mapping.task.work))
    return std::holds_alternative<GemmNest>(mapping.tiling)
               ? traffic(*gemm, std::get<GemmNest>(mapping.tiling), architecture.array)
               : traffic(*gemm, std::get<GemmTiling>(mapping.tiling), architecture.array);
  if (const auto* attention = std::get_if<AttentionTask>(&mapping.task.work))
    return traffic(*attention, std::get<AttentionTiling>(mapping.tiling), architecture.array);
  return traffic(std::get<VectorTask>(mapping.task.work), std::get<VectorTiling>(mapping.tiling),
                 architecture.array);
}

}  // namespace sluice
