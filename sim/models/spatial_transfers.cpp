// SPDX-License-Identifier: Apache-2.0
// The transfers of one job with the main memory; see spatial_builder.hpp.
#include "base/checked.hpp"
#include "sim/models/spatial_builder.hpp"

namespace sluice {

UnitId SpatialJobBuilder::dma(const std::string& name, UnitKind kind, SpatialUnits& units) {
  const auto [unit, is_new] = units.dma.try_emplace(name);
  if (is_new) unit->second = builder_.unit(name, kind, units.outstanding);
  return unit->second;
}

void SpatialJobBuilder::add_input(const TileTensor& tensor, SpatialUnits& units) {
  // The first stage gives back what later stages still use: the walk counts further buffers.
  const bool turns = has_loop() || (tensor.use == TileUse::column && job_.walk.steps > 1);
  const std::uint64_t buffers = tensor.use == TileUse::step || !turns ? 2
                                : has_loop()                          ? job_.walk.turns
                                                                      : job_.walk.turns + 1;
  Stream s;
  s.tensor = tensor;
  s.unit = dma("load_" + tensor.name, UnitKind::load, units);
  s.tiles = builder_.channel(tensor.name + ".tiles", s.unit, spatial_, buffers + 1);
  if (!has_loop()) s.seen = builder_.channel(tensor.name + ".seen", s.unit, vector_, buffers + 1);
  if (tensor.use != TileUse::once)
    s.room = builder_.channel(tensor.name + ".room", spatial_, s.unit, buffers + 1, buffers);
  s.stream = builder_.stream(tensor.name);
  inputs_.push_back(std::move(s));
}

void SpatialJobBuilder::add_output(const TileTensor& tensor, SpatialUnits& units) {
  Stream s;
  s.tensor = tensor;
  s.unit = dma("store_" + tensor.name, UnitKind::store, units);
  const std::uint64_t places = job_.walk.every_tile ? 3 : job_.walk.turns + (has_loop() ? 0 : 1);
  s.tiles = builder_.channel(tensor.name + ".tiles", vector_, s.unit, places);
  s.stream = builder_.stream(tensor.name);
  outputs_.push_back(std::move(s));
}

void SpatialJobBuilder::wait_for(const SpatialJobBuilder& before) {
  for (const Stream& output : before.outputs_)
    for (const Stream& input : inputs_) {
      const ChannelId stored = builder_.order(job_.name + "." + input.tensor.name + ".stored",
                                              output.unit, input.unit, 1);
      Firing done, wait;
      done.name = wait.name = job_.name + ".stored";
      done.layer = wait.layer = layer_;
      done.interval = done.latency = wait.interval = wait.latency = 0;
      done.unit = output.unit;
      done.puts.push_back({stored, 1});
      wait.unit = input.unit;
      wait.takes.push_back({stored, 1, Release::at_start});
      builder_.fire(std::move(done));
      builder_.fire(std::move(wait));
    }
}

/// Whether the tile that enters needs one of a tensor that is not there yet.
bool SpatialJobBuilder::enters(const Stream& stream, const EpochKind& kind) const {
  switch (stream.tensor.use) {
    case TileUse::once:
      return tile_ == 0 && kind.enters;
    case TileUse::step:
      return kind.opens_step;
    case TileUse::column:
      return kind.starts;
    case TileUse::tile:
      break;
  }
  return kind.enters;
}

bool SpatialJobBuilder::leaves(const Stream& stream, const EpochKind& kind) const {
  switch (stream.tensor.use) {
    case TileUse::once:
      return false;
    case TileUse::step:
      return kind.closes_step;
    case TileUse::column:
      return kind.finishes;
    case TileUse::tile:
      break;
  }
  return kind.enters;
}

/// Of the tile that enters. The last tile of a step is apart from the others, and so is the last
/// step; a ragged last column tile is in a group of its own.
LastOf SpatialJobBuilder::last_of(const EpochKind& kind) const {
  const std::uint64_t step = kind.opens_step ? step_ : step_ - 1;
  return {step % job_.walk.steps + 1 == job_.walk.steps, last_group_ && kind.closes_step,
          last_chunk_};
}

Firing SpatialJobBuilder::transfer(const Stream& stream, std::uint64_t place,
                                   std::uint64_t OpenLoop::*stride, const LastOf& last) const {
  const TileTensor& tensor = stream.tensor;
  Firing firing;
  firing.name = job_.name + "." + tensor.name;
  firing.unit = stream.unit;
  firing.layer = layer_;
  firing.interval = 0;
  MemoryTransfer move;
  move.row_bytes = tensor.bytes_of(last);
  move.stream = stream.stream;
  move.address =
      (std::uint64_t{stream.stream} << 44) + place * tensor.full_bytes();  // streams apart
  for (const OpenLoop& loop : open_)
    if (loop.*stride > 0)
      move.strides.push_back(
          {loop.loop, static_cast<std::int64_t>(loop.*stride * tensor.full_bytes())});
  firing.transfer = std::move(move);
  return firing;
}

void SpatialJobBuilder::load(const Stream& stream, const EpochKind& kind) {
  const TileWalk& walk = job_.walk;
  LastOf last = last_of(kind);
  Firing firing;
  switch (stream.tensor.use) {
    case TileUse::once:
      firing = transfer(stream, 0, &OpenLoop::steps, {});
      break;
    case TileUse::step:
      firing = transfer(stream, step_, &OpenLoop::steps, last);
      break;
    case TileUse::column:
      last.column = column_ % walk.column_tiles + 1 == walk.column_tiles;
      firing = transfer(stream, column_, &OpenLoop::columns, last);
      break;
    case TileUse::tile:
      firing = transfer(stream, tile_, &OpenLoop::tiles, last);
      break;
  }
  if (stream.tensor.use != TileUse::once)
    firing.takes.push_back({stream.room, 1, Release::at_start});
  firing.puts.push_back({stream.tiles, 1});
  if (!has_loop()) firing.puts.push_back({stream.seen, 1});
  const std::uint64_t bytes = firing.transfer->row_bytes;
  count(firing, SpatialAction::dram_read, bytes);
  count(firing, SpatialAction::buffer_write, ceil_div(bytes, job_.buffer_row_bytes));
  builder_.fire(std::move(firing));
}

void SpatialJobBuilder::store(const Stream& stream, std::uint64_t place,
                              std::uint64_t OpenLoop::*stride, const LastOf& last) {
  Firing firing = transfer(stream, place, stride, last);
  firing.transfer->write = true;
  firing.takes.push_back({stream.tiles, 1, Release::at_end});
  const std::uint64_t bytes = firing.transfer->row_bytes;
  count(firing, SpatialAction::dram_write, bytes);
  count(firing, SpatialAction::buffer_read, ceil_div(bytes, job_.buffer_row_bytes));
  builder_.fire(std::move(firing));
}

/// `results` column tiles to the memory; the last one of a block may be ragged.
void SpatialJobBuilder::store_results(std::uint64_t results) {
  if (results == 0) return;
  const auto all = [&] {
    const bool last = result_ % job_.walk.column_tiles + 1 == job_.walk.column_tiles;
    for (const Stream& stream : outputs_)
      store(stream, result_, &OpenLoop::results, {.column = last, .chunk = before_last_chunk_});
    ++result_;
  };
  if (results > 1) {
    open(results - 1, {{}, 0, 0, 1, 0});
    all();
    close(results - 1);
  }
  all();
}

}  // namespace sluice
