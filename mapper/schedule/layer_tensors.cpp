// SPDX-License-Identifier: Apache-2.0
#include "mapper/schedule/layer_tensors.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "mapper/schedule/footprint.hpp"

namespace sluice {
namespace {

LastOf last_of(std::size_t place) { return {(place & 1) != 0, (place & 2) != 0, (place & 4) != 0}; }

class LayerTensors {
 public:
  LayerTensors(const Cascade& cascade, const TileWork& work, const SpatialMachine& machine,
               TileWalk& walk)
      : cascade_(cascade),
        work_(work),
        walk_(walk),
        tile_columns_(product(machine.spatial_array.columns, work.vectors)),
        word_bits_(width_bits(machine.format)) {}

  void list();

 private:
  std::uint64_t bytes(std::uint64_t words) const { return ceil_div(product(words, word_bits_), 8); }
  void add_input(const TensorAccess& access, const std::string& name);
  TileTensor output_of(const TileOp& op) const;
  std::vector<RankRun> runs_of(const LastOf& last) const;

  const Cascade& cascade_;
  const TileWork& work_;
  TileWalk& walk_;
  std::uint64_t tile_columns_, word_bits_;
};

/// The coordinates of a tile, by what it is the last of.
std::vector<RankRun> LayerTensors::runs_of(const LastOf& last) const {
  const auto part = [](std::uint64_t all, std::uint64_t tile, bool is_last) {
    return is_last ? all - (ceil_div(all, tile) - 1) * tile : std::min(all, tile);
  };
  const TileRanks& ranks = work_.ranks;
  std::vector<std::string> columns = ranks.columns;
  std::ranges::reverse(columns);
  const auto all = [&](const std::vector<std::string>& names) { return size_of(cascade_, names); };
  std::vector<RankRun> runs = {{ranks.rows, part(all(ranks.rows), work_.tile_rows, last.step)},
                               {columns, part(all(columns), tile_columns_, last.column)},
                               {ranks.time, part(all(ranks.time), work_.time_tile, last.chunk)}};
  for (const std::string& block : ranks.blocks) runs.push_back({{block}, 1});
  return runs;
}

void LayerTensors::add_input(const TensorAccess& access, const std::string& name) {
  const std::vector<std::string> ranks = ranks_of(access);
  const auto any = [&](const std::vector<std::string>& some) {
    return std::ranges::any_of(some,
                               [&](const auto& rank) { return std::ranges::count(ranks, rank); });
  };
  const bool rows = any(work_.ranks.rows) && walk_.steps > 1, columns = any(work_.ranks.columns);
  TileTensor input;
  input.name = name;
  input.use = rows && columns                                               ? TileUse::tile
              : rows                                                        ? TileUse::step
              : columns || any(work_.ranks.time) || any(work_.ranks.blocks) ? TileUse::column
                                                                            : TileUse::once;
  const std::vector<TensorDimension>& sizes = cascade_.find_tensor(name)->dimensions;
  for (std::size_t i = 0; i < input.bytes.size(); ++i)
    input.bytes[i] = bytes(footprint(cascade_, access, sizes, runs_of(last_of(i))));
  const auto known = std::ranges::find(walk_.inputs, name, &TileTensor::name);
  if (known == walk_.inputs.end()) return walk_.inputs.push_back(std::move(input));
  known->use = std::max(known->use, input.use);
  for (std::size_t i = 0; i < input.bytes.size(); ++i)
    known->bytes[i] = std::max(known->bytes[i], input.bytes[i]);
}

TileTensor LayerTensors::output_of(const TileOp& op) const {
  const bool has_rows = op.rows_in_time;
  TileTensor output{op.name, has_rows && walk_.steps > 1 ? TileUse::tile : TileUse::column, {}};
  const bool is_line = work_.ranks.rows.empty() && work_.vectors == 1;
  for (std::size_t i = 0; i < output.bytes.size(); ++i) {
    const std::vector<RankRun> runs = runs_of(last_of(i));
    output.bytes[i] = bytes(product(runs[1].count, runs[2].count, has_rows ? runs[0].count : 1,
                                    is_line ? op.results : 1));
  }
  return output;
}

/// Tensors of a cascade without a loop, as its Einsums read and write them.
void LayerTensors::list() {
  for (const TileOp& op : work_.ops) {
    const auto reads = reads_of(cascade_.einsums[op.einsum]);
    for (std::size_t i = 0; i < op.operands.size() && op.kind == OpKind::map; ++i)
      if (const std::string& name = op.operands[i].tensor;
          cascade_.find_tensor(name) != nullptr &&
          cascade_.find_tensor(name)->kind == CascadeTensor::Kind::input)
        add_input(*reads[i], name);
    if (op.is_output) walk_.outputs.push_back(output_of(op));
  }
}

}  // namespace

void layer_tensors(const Cascade& cascade, const TileWork& work, const SpatialMachine& machine,
                   TileWalk& walk) {
  LayerTensors(cascade, work, machine, walk).list();
}

}  // namespace sluice
