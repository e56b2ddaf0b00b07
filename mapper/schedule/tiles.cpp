// SPDX-License-Identifier: Apache-2.0
// The order of tiles; see tiles.hpp.
#include "mapper/schedule/tiles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"
#include "mapper/schedule/layer_tensors.hpp"

namespace sluice {
namespace {

/// Coordinates of one rank in a tile.
struct Extent {
  std::int64_t low = 0, high = 0;
};

/// A range of steps, both included.
struct Steps {
  std::uint64_t first = 0, last = 0;
  bool empty = true;
};

class Walker {
 public:
  Walker(const Cascade& cascade, const TileWork& work, const SpatialMachine& machine,
         const WalkOptions& options)
      : cascade_(cascade), work_(work), machine_(machine), options_(options) {
    columns_ = sluice::size_of(cascade, work.ranks.columns);
    tile_columns_ = product(machine.spatial_array.columns, work.vectors);
    walk_.column_tiles = ceil_div(columns_, tile_columns_);
    walk_.steps = sluice::steps_of(cascade, work);
    walk_.chunks = ceil_div(sluice::size_of(cascade, work.ranks.time), work.time_tile);
    walk_.blocks = product(sluice::size_of(cascade, work.ranks.blocks), walk_.chunks);
    walk_.every_tile = work.every_tile;
    word_bits_ = width_bits(machine.format);
  }

  std::variant<TileWalk, Infeasible> run() {
    if (has_loop())
      list_tensors();
    else
      layer_tensors(cascade_, work_, machine_, walk_);
    if (auto infeasible = choose_turns()) return *infeasible;
    find_steps();
    for (std::uint64_t first = 0; first < walk_.column_tiles; first += walk_.turns)
      add_group(first, std::min(walk_.column_tiles, first + walk_.turns));
    return std::move(walk_);
  }

 private:
  bool has_loop() const { return !work_.ranks.loop.empty(); }
  std::uint64_t size_of(const std::string& rank) const { return cascade_.find_rank(rank)->size; }
  std::uint64_t bytes(std::uint64_t words) const { return ceil_div(product(words, word_bits_), 8); }
  void list_tensors();
  std::uint64_t last_rows() const;
  bool is_split(const std::string& rank) const;
  std::uint64_t places_of(const TileTensor& tensor, bool result) const;
  std::uint64_t carried_bytes() const;
  std::uint64_t spilled_bytes() const;
  std::optional<Infeasible> choose_turns();
  void find_steps();
  Steps steps_of(std::uint64_t tile, std::uint64_t from) const;
  bool is_needed(std::uint64_t tile, std::uint64_t step) const;
  Extent extent_of(const std::string& rank, std::uint64_t tile, std::uint64_t step) const;
  bool may_hold(const RankComparison& condition, std::uint64_t tile, std::uint64_t step) const;
  void add_group(std::uint64_t first, std::uint64_t end);

  const Cascade& cascade_;
  const TileWork& work_;
  const SpatialMachine& machine_;
  WalkOptions options_;
  TileWalk walk_;
  std::uint64_t columns_ = 1, tile_columns_ = 1, word_bits_ = 16;
  std::vector<Steps> needed_;  ///< by column tile
};

void Walker::list_tensors() {
  const auto known = [&](const std::string& name) {
    return std::ranges::find(walk_.inputs, name, &TileTensor::name) != walk_.inputs.end();
  };
  const std::uint64_t columns = machine_.spatial_array.columns;
  const std::uint64_t last_columns = columns_ - (walk_.column_tiles - 1) * columns;
  const auto tensor = [&](const std::string& name, bool along_row, std::uint64_t elements) {
    const std::uint64_t full = along_row ? work_.tile_rows : columns;
    const std::uint64_t last = along_row ? last_rows() : last_columns;
    TileTensor result{name, along_row ? TileUse::step : TileUse::column, {}};
    for (std::size_t i = 0; i < result.bytes.size(); ++i)
      result.bytes[i] = bytes(product((i & (along_row ? 1u : 2u)) != 0 ? last : full, elements));
    return result;
  };
  for (const TileOp& op : work_.ops) {
    for (const OpOperand& operand : op.operands)
      if (operand.producer < 0 && !known(operand.tensor))
        walk_.inputs.push_back(tensor(operand.tensor, operand.along_row, operand.elements));
    const CascadeTensor* made = cascade_.find_tensor(op.name);
    if (made != nullptr && made->kind == CascadeTensor::Kind::output)
      walk_.outputs.push_back(tensor(op.name, false, op.results));
  }
}

/// Rows of the last tile along the loop: what is left of the dimension that is split.
std::uint64_t Walker::last_rows() const {
  for (const CascadeTensor& input : cascade_.tensors)
    for (const TensorDimension& dimension : input.dimensions) {
      const std::uint64_t before = (walk_.steps - 1) * work_.tile_rows;
      if (input.kind == CascadeTensor::Kind::input && !dimension.rank.empty() &&
          is_split(dimension.rank) && dimension.size > before)
        return std::min(work_.tile_rows, dimension.size - before);
    }
  return work_.tile_rows;
}

/// Whether the tiles of the loop are parts of `rank`: some index of it is loop*R + row.
bool Walker::is_split(const std::string& rank) const {
  for (const Einsum& einsum : cascade_.einsums)
    for (const TensorAccess* access : reads_of(einsum)) {
      const CascadeTensor* tensor = cascade_.find_tensor(access->tensor);
      for (std::size_t d = 0; d < access->indices.size(); ++d)
        if (tensor->dimensions[d].rank == rank &&
            coefficient_of(access->indices[d], work_.ranks.loop) != 0 &&
            coefficient_of(access->indices[d], work_.ranks.rows.front()) != 0)
          return true;
    }
  return false;
}

/// Places in the buffer of a tensor; those of column tiles that take turns count for each of them.
std::uint64_t Walker::places_of(const TileTensor& tensor, bool result) const {
  const bool takes_turns = walk_.steps > 1 || has_loop();
  switch (tensor.use) {
    case TileUse::once:
      return 1;
    case TileUse::step:
      return options_.step_buffers;
    case TileUse::column:
      return takes_turns ? 0 : result ? 3 : options_.tile_buffers;
    case TileUse::tile:
      return result ? 3 : options_.tile_buffers;
  }
  return 1;
}

/// Bytes that each column tile has of what operations make: what is carried, twice where the one
/// after the loop reads it while the next group overwrites it.
std::uint64_t Walker::carried_bytes() const {
  std::vector<std::uint64_t> copies(work_.ops.size(), 0);
  const auto at_least = [&](std::int32_t producer, std::uint64_t count) {
    std::uint64_t& copy = copies[static_cast<std::size_t>(producer)];
    copy = std::max(copy, count);
  };
  for (const TileOp& op : work_.ops)
    for (const OpOperand& operand : op.operands) {
      if (operand.producer < 0) continue;
      const TileOp& maker = work_.ops[static_cast<std::size_t>(operand.producer)];
      if (operand.carried) at_least(operand.producer, maker.results > 1 ? 1 : 2);
      if (op.after_loop && options_.overlap) at_least(operand.producer, 2);
    }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < work_.ops.size(); ++i)
    sum += copies[i] * bytes(product(machine_.spatial_array.columns, work_.ops[i].results));
  return sum;
}

/// Bytes of results between operations of the vector array for which a lane has no registers.
std::uint64_t Walker::spilled_bytes() const {
  std::uint64_t sum = 0;
  if (has_loop() || !work_.ranks.rows.empty()) return 0;
  for (const TileOp& op : work_.ops)
    if (!op.is_output && op.results > machine_.vector_array.registers)
      sum += bytes(product(machine_.spatial_array.columns, op.results));
  return sum;
}

/// A column tile holds its operands, what is carried, and its results until they are stored; of
/// operands along the rows, the tiles of a few steps are there.
std::optional<Infeasible> Walker::choose_turns() {
  std::uint64_t fixed = spilled_bytes(), each = carried_bytes();
  const auto hold = [&](const TileTensor& tensor, bool result) {
    const std::uint64_t places = places_of(tensor, result);
    (places == 0 ? each : fixed) += std::max<std::uint64_t>(places, 1) * tensor.full_bytes();
    if (places == 0 && !has_loop()) fixed += tensor.full_bytes();  // comes or goes meanwhile
  };
  for (const TileTensor& input : walk_.inputs) hold(input, false);
  for (const TileTensor& output : walk_.outputs) hold(output, true);
  const std::uint64_t capacity = machine_.global_buffer.capacity.value;
  const std::uint64_t wanted = std::max<std::uint64_t>(options_.turns, 1);
  if (fixed + wanted * each > capacity)
    return Infeasible{fmt::format("{}: the tiles of {} column tiles do not fit global_buffer",
                                  cascade_.name, wanted),
                      fixed + wanted * each, capacity, "B"};
  std::uint64_t most =
      std::min(walk_.column_tiles, (capacity - fixed) / std::max<std::uint64_t>(each, 1));
  if (options_.turns > 0 && each > 0) most = std::min(most, options_.turns);
  // Groups of one size where that costs no further group.
  const std::uint64_t groups = ceil_div(walk_.column_tiles, most);
  walk_.turns = ceil_div(walk_.column_tiles, groups);
  walk_.buffer_bytes = fixed + walk_.turns * each;
  return std::nullopt;
}

/// Columns run through the last of the column ranks slowest, so that a tile has neighbours of it.
Extent Walker::extent_of(const std::string& rank, std::uint64_t tile, std::uint64_t step) const {
  const TileRanks& ranks = work_.ranks;
  const auto last = static_cast<std::int64_t>(size_of(rank)) - 1;
  if (rank == ranks.loop) return {static_cast<std::int64_t>(step), static_cast<std::int64_t>(step)};
  if (ranks.columns.empty() || rank != ranks.columns.back()) return {0, last};
  const std::uint64_t inner = columns_ / size_of(rank);
  const std::uint64_t first = tile * machine_.spatial_array.columns;
  const std::uint64_t end = std::min(columns_, first + machine_.spatial_array.columns) - 1;
  return {static_cast<std::int64_t>(first / inner), static_cast<std::int64_t>(end / inner)};
}

/// Whether a comparison holds somewhere in a tile; exact for one comparison alone.
bool Walker::may_hold(const RankComparison& condition, std::uint64_t tile,
                      std::uint64_t step) const {
  for (const RankComparison& other : condition.alternatives)
    if (may_hold(other, tile, step)) return true;
  std::int64_t least = constant_of(condition.right) - constant_of(condition.left), most = least;
  for (const CascadeRank& rank : cascade_.ranks) {
    const std::int64_t c =
        coefficient_of(condition.right, rank.name) - coefficient_of(condition.left, rank.name);
    if (c == 0) continue;
    const Extent extent = extent_of(rank.name, tile, step);
    least += c * (c > 0 ? extent.low : extent.high);
    most += c * (c > 0 ? extent.high : extent.low);
  }
  if (condition.relation == "<") return most > 0;
  if (condition.relation == "<=") return most >= 0;
  if (condition.relation == ">") return least < 0;
  if (condition.relation == ">=") return least <= 0;
  return least <= 0 && most >= 0;
}

/// A tile is needed where the operation that comes first has a point.
bool Walker::is_needed(std::uint64_t tile, std::uint64_t step) const {
  if (!has_loop()) return true;
  const Einsum& first = cascade_.einsums[work_.ops.front().einsum];
  return std::ranges::all_of(first.conditions, [&](const RankComparison& condition) {
    return may_hold(condition, tile, step);
  });
}

/// Masks are bands, since conditions are linear: the steps of a tile are neighbours, and later
/// tiles begin and end no earlier.
Steps Walker::steps_of(std::uint64_t tile, std::uint64_t from) const {
  while (from < walk_.steps && !is_needed(tile, from)) ++from;
  if (from == walk_.steps) return {};
  std::uint64_t low = from, high = walk_.steps - 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (is_needed(tile, middle))
      low = middle;
    else
      high = middle - 1;
  }
  return {from, low, false};
}

void Walker::find_steps() {
  std::uint64_t from = 0;
  for (std::uint64_t tile = 0; tile < walk_.column_tiles; ++tile) {
    needed_.push_back(steps_of(tile, from));
    SLUICE_ASSERT(!needed_.back().empty, "a column tile has no points");
    from = needed_.back().first;
  }
}

void Walker::add_group(std::uint64_t first, std::uint64_t end) {
  TileGroup group;
  group.first_step = needed_[first].first;
  std::uint64_t low = first, high = first;  // active column tiles
  for (std::uint64_t step = group.first_step; step <= needed_[end - 1].last;) {
    const std::uint64_t before = high;
    while (high < end && needed_[high].first <= step) ++high;
    TileSweep sweep{1, high - low, high - before, 0};
    std::uint64_t next = needed_[end - 1].last + 1;  // the next step at which something changes
    if (high < end) next = std::min(next, needed_[high].first);
    next = std::min(next, needed_[low].last);
    if (sweep.starting == 0 && next > step) sweep.repeat = next - step;
    for (std::uint64_t tile = low; tile < high && needed_[tile].last <= step; ++tile)
      ++sweep.finishing;
    low += sweep.finishing;
    step += sweep.repeat;
    group.sweeps.push_back(sweep);
  }
  for (const TileSweep& sweep : group.sweeps)
    walk_.least_turns = walk_.groups.empty() && &sweep == &group.sweeps.front()
                            ? sweep.tiles
                            : std::min(walk_.least_turns, sweep.tiles);
  const bool ragged = end == walk_.column_tiles && columns_ % tile_columns_ != 0;
  if (!ragged && !walk_.groups.empty() && walk_.groups.back().sweeps == group.sweeps &&
      walk_.groups.back().first_step == group.first_step)
    ++walk_.groups.back().repeat;
  else
    walk_.groups.push_back(std::move(group));
}

}  // namespace

std::uint64_t TileGroup::column_tiles() const {
  std::uint64_t count = 0;
  for (const TileSweep& sweep : sweeps) count += sweep.repeat * sweep.starting;
  return count;
}

std::uint64_t TileGroup::steps() const {
  std::uint64_t count = 0;
  for (const TileSweep& sweep : sweeps) count += sweep.repeat;
  return count;
}

std::uint64_t TileGroup::tiles() const {
  std::uint64_t count = 0;
  for (const TileSweep& sweep : sweeps) count += sweep.repeat * sweep.tiles;
  return count;
}

std::uint64_t TileWalk::tiles() const {
  std::uint64_t count = 0;
  for (const TileGroup& group : groups) count += group.repeat * group.tiles();
  return count;
}

std::uint64_t total_bytes(const TileWalk& walk, const TileTensor& t) {
  std::uint64_t sum = 0;
  const auto block = [&](bool last_chunk) {
    std::uint64_t bytes = 0, column_tiles = 0;
    for (const TileGroup& group : walk.groups) {
      column_tiles += group.repeat * group.column_tiles();
      const bool whole = group.first_step + group.steps() == walk.steps;
      if (t.use != TileUse::step) continue;
      bytes +=
          group.repeat * ((group.steps() - (whole ? 1 : 0)) * t.bytes_of({.chunk = last_chunk}) +
                          (whole ? t.bytes_of({.step = true, .chunk = last_chunk}) : 0));
    }
    if (t.use == TileUse::step) return bytes;
    const auto columns = [&](bool last_step) {
      return (column_tiles - 1) * t.bytes_of({last_step, false, last_chunk}) +
             t.bytes_of({last_step, true, last_chunk});
    };
    return t.use == TileUse::column ? columns(false)
                                    : (walk.steps - 1) * columns(false) + columns(true);
  };
  if (t.use == TileUse::once) return t.full_bytes();
  const std::uint64_t last = walk.blocks / walk.chunks;
  sum += (walk.blocks - last) * block(false) + last * block(true);
  return sum;
}

std::variant<TileWalk, Infeasible> tile_walk(const Cascade& cascade, const TileWork& work,
                                             const SpatialMachine& machine,
                                             const WalkOptions& options) {
  return Walker(cascade, work, machine, options).run();
}

}  // namespace sluice
