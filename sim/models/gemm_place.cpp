// SPDX-License-Identifier: Apache-2.0
// The loops of a mapped product and the place in them; see gemm_place.hpp.
#include "sim/models/gemm_place.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {

GemmPlace::GemmPlace(const Architecture& architecture, const GemmTask& task,
                     const GemmTiling& tiling, const TaskRegions& regions)
    : array_(architecture.array), task_(task), loop_(gemm_loop(task, tiling)), regions_(regions) {
  const std::array<std::uint64_t, 3> cuts = {std::min(task.input_batch, task.weight_batch),
                                             std::max(task.input_batch, task.weight_batch),
                                             task.batch};
  levels_.reserve(8);
  std::uint64_t outer = 1;
  for (const std::uint64_t cut : cuts) {
    add_level(LoopLevel::Rank::batch, {cut / outer, 1, 1});
    levels_.back().step = task.batch / cut;
    outer = cut;
  }
  if (loop_.m_outer) add_m_levels();
  add_level(LoopLevel::Rank::n, loop_.n);
  if (!loop_.m_outer) add_m_levels();
  add_level(LoopLevel::Rank::k, loop_.k);
  positions_.resize(levels_.size());
  for (const LoopLevel& level : levels_) set_sizes(level, level.runs.front());
}

void GemmPlace::add_level(LoopLevel::Rank rank, const Split& split) {
  LoopLevel level;
  level.rank = rank;
  level.count = split.count;
  level.step = split.size;
  const bool apart = split.last != split.size || rank == LoopLevel::Rank::k;
  const std::uint64_t alike = apart ? split.count - 1 : split.count;
  level.runs.reserve(2);
  if (alike > 0) level.runs.push_back({0, alike, split.size, split.size});
  if (apart) level.runs.push_back({alike, 1, split.last, split.last});
  levels_.push_back(std::move(level));
}

void GemmPlace::add_axis(const WindowAxis& window, std::uint64_t outputs, std::size_t axis) {
  LoopLevel level;
  level.rank = LoopLevel::Rank::m;
  level.count = ceil_div(window.out, outputs);
  level.step = outputs;
  level.axis = axis;
  for_each_run(window, outputs, [&](const WindowRun& run) { level.runs.push_back(run); });
  levels_.push_back(std::move(level));
}

/// A convolution's tiles of pixels: those at the edges of an image read less than the others.
void GemmPlace::add_m_levels() {
  if (!task_.window) return add_level(LoopLevel::Rank::m, loop_.m);
  const PixelTile tile = pixel_tile(*task_.window, loop_.m.size);
  add_level(LoopLevel::Rank::m, split(task_.window->images, tile.images));
  add_axis(task_.window->rows, tile.rows, 1);
  add_axis(task_.window->columns, tile.columns, 2);
}

void GemmPlace::stand_in(std::size_t level, const WindowRun& run, LoopId loop) {
  positions_[level] = {run.first, run.count > 1, loop};
  set_sizes(levels_[level], run);
}

void GemmPlace::set_sizes(const LoopLevel& level, const WindowRun& run) {
  switch (level.rank) {
    case LoopLevel::Rank::batch:
      break;
    case LoopLevel::Rank::m:
      m_sizes_[level.axis] = run.outputs;
      m_reads_[level.axis] = run.reads;
      break;
    case LoopLevel::Rank::n:
      n_ = run.outputs;
      break;
    case LoopLevel::Rank::k:
      k_ = run.outputs;
      break;
  }
}

int GemmPlace::deepest(std::uint64_t own_batch, LoopLevel::Rank a, LoopLevel::Rank b) const {
  int found = -1;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const LoopLevel& level = levels_[i];
    if (level.count == 1) continue;
    const bool batch = level.rank == LoopLevel::Rank::batch;
    const bool own = batch && task_.batch / level.step <= own_batch;
    if (own || level.rank == a || level.rank == b) found = static_cast<int>(i);
  }
  return found;
}

/// Address of a tile: the base of the tensor plus what the loops around add.
void GemmPlace::place(MemoryTransfer& transfer, const Pitches& pitches,
                      std::uint64_t own_batch) const {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const LoopLevel& level = levels_[i];
    Pitch pitch;
    switch (level.rank) {
      case LoopLevel::Rank::batch:
        pitch.bytes = pitches.batch.bytes * (level.step * own_batch / task_.batch);
        break;
      case LoopLevel::Rank::m:
        pitch = pitches.m[level.axis];
        break;
      case LoopLevel::Rank::n:
        pitch = pitches.n;
        break;
      case LoopLevel::Rank::k:
        pitch = pitches.k;
        break;
    }
    if (level.count == 1 || pitch.bytes == 0) continue;
    const std::uint64_t before = pitch.bytes * positions_[i].first;
    transfer.address += before - std::min(before, pitch.lead);
    if (positions_[i].looping)
      transfer.strides.push_back({positions_[i].loop, static_cast<std::int64_t>(pitch.bytes)});
  }
}

/// From tile to tile of m, where one element of m takes `bits`; `times` tensors side by side.
auto GemmPlace::output_pitches(std::uint64_t bits, std::uint64_t times) const
    -> std::array<Pitch, 3> {
  std::array<Pitch, 3> pitches;
  const std::array<std::uint64_t, 3> inside =
      task_.window ? std::array{task_.window->pixels(), task_.window->columns.out, std::uint64_t{1}}
                   : std::array<std::uint64_t, 3>{1, 1, 1};
  for (const LoopLevel& level : levels_)
    if (level.rank == LoopLevel::Rank::m)
      pitches[level.axis].bytes =
          product(ceil_div(product(level.step, inside[level.axis], bits), 8), times);
  return pitches;
}

MemoryTransfer GemmPlace::transfer(TensorRole role) const {
  if (role == TensorRole::weight) return weight_transfer();
  if (role == TensorRole::output) return output_transfer();
  return task_.window ? window_transfer() : matrix_transfer();
}

MemoryTransfer GemmPlace::transfer_of(TensorRole role) const {
  MemoryTransfer t;
  t.stream = static_cast<std::uint32_t>(role);
  t.address = regions_.base[static_cast<std::size_t>(role)];
  return t;
}

/// Weights are stored tile after tile.
MemoryTransfer GemmPlace::weight_transfer() const {
  const NumberFormat format = array_.weight_format;
  MemoryTransfer t = transfer_of(TensorRole::weight);
  t.row_bytes = storage_bytes(product(k_, n_), format);
  const std::uint64_t tile = storage_bytes(product(loop_.k.size, loop_.n.size), format);
  Pitches pitches;
  pitches.batch.bytes = storage_bytes(product(task_.k, task_.n), format);
  pitches.n.bytes = tile * loop_.k.count;
  pitches.k.bytes = tile;
  place(t, pitches, task_.weight_batch);
  return t;
}

/// Rows of k where a plain matrix is cut along k; else one piece.
MemoryTransfer GemmPlace::matrix_transfer() const {
  const NumberFormat format = array_.input_format;
  const bool rows = loop_.k.count > 1 && width_bits(format) % 8 == 0;
  MemoryTransfer t = transfer_of(TensorRole::input);
  t.rows = rows ? m() : 1;
  t.row_bytes = storage_bytes(rows ? k_ : product(m(), k_), format);
  t.row_stride = rows ? storage_bytes(task_.k, format) : t.row_bytes;
  const std::uint64_t tile = storage_bytes(product(loop_.m.size, loop_.k.size), format);
  Pitches pitches;
  pitches.batch.bytes = storage_bytes(task_.input_elements, format);
  pitches.m[0].bytes = rows ? loop_.m.size * t.row_stride : tile * loop_.k.count;
  pitches.k.bytes = rows ? storage_bytes(loop_.k.size, format) : tile;
  place(t, pitches, task_.input_batch);
  return t;
}

/// The input of a convolution is stored channel tile by channel tile, in each image by image, row
/// by row. What a tile reads comes in one piece from its first row and column on.
MemoryTransfer GemmPlace::window_transfer() const {
  const NumberFormat format = array_.input_format;
  const SlidingWindow& window = *task_.window;
  const std::uint64_t reads = product(m_reads_[0], m_reads_[1], m_reads_[2]);
  MemoryTransfer t = transfer_of(TensorRole::input);
  t.row_bytes = storage_bytes(product(reads, k_ / window.taps()), format);
  t.row_stride = t.row_bytes;
  const std::uint64_t channels = loop_.k.size / window.taps();
  const std::uint64_t row = product(window.columns.in, channels);
  const std::uint64_t image = product(window.rows.in, row);
  Pitches pitches;
  pitches.batch.bytes = storage_bytes(
      product(window.images, window.rows.in, window.columns.in, task_.k / window.taps()), format);
  for (const LoopLevel& level : levels_) {
    if (level.rank != LoopLevel::Rank::m) continue;
    const std::uint64_t size = level.axis == 0 ? image : level.axis == 1 ? row : channels;
    const WindowAxis& axis = level.axis == 1 ? window.rows : window.columns;
    const std::uint64_t stride = level.axis == 0 ? 1 : axis.stride;
    pitches.m[level.axis] = {storage_bytes(product(level.step, stride, size), format),
                             level.axis == 0 ? 0 : storage_bytes(product(axis.pad, size), format)};
  }
  pitches.k.bytes = storage_bytes(product(window.images, image), format);
  place(t, pitches, task_.input_batch);
  return t;
}

/// Outputs are row-major, in the input's format; rows of n where that is cut.
MemoryTransfer GemmPlace::output_transfer() const {
  const NumberFormat format = array_.input_format;
  const bool rows = loop_.n.count > 1 && width_bits(format) % 8 == 0;
  MemoryTransfer t = transfer_of(TensorRole::output);
  t.write = true;
  t.rows = rows ? m() : 1;
  t.row_bytes = storage_bytes(rows ? n_ : product(m(), n_), format);
  t.row_stride = rows ? storage_bytes(task_.n, format) : t.row_bytes;
  Pitches pitches;
  pitches.batch.bytes = storage_bytes(product(task_.m, task_.n), format);
  pitches.m = rows ? output_pitches(8 * t.row_stride, 1)
                   : output_pitches(product(loop_.n.size, width_bits(format)), loop_.n.count);
  pitches.n.bytes = rows ? storage_bytes(loop_.n.size, format)
                         : storage_bytes(product(loop_.m.size, loop_.n.size), format);
  place(t, pitches, task_.batch);
  return t;
}

}  // namespace sluice
