// SPDX-License-Identifier: Apache-2.0
// What a spatial machine has to do for one tile of a cascade: the question that a modulo schedule
// (schedule.hpp) answers. docs/spatial.md explains the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/spatial_machine.hpp"
#include "workloads/cascade/cascade.hpp"

namespace sluice {

enum class ArrayUnit : std::uint8_t { spatial, vector };
inline constexpr std::size_t array_units = 2;

/// Where the results of one element of an operation are.
enum class OpShape : std::uint8_t {
  in_place,  ///< one in every PE of the grid
  column,    ///< reduced down the columns: a vector that leaves the lower edge
  line,      ///< a vector of one word a column, which a line of PEs makes
};

/// The ranks of a tile, by their part in it. Ranks that are together count as one, of which the
/// last one runs fastest; along the columns the first one.
struct TileRanks {
  std::string loop;  ///< iterative: tiles along it follow each other; "": there is none
  /// Together along the rows of the grid. Without a loop, tiles of them are its steps.
  std::vector<std::string> rows;
  std::vector<std::string> columns;  ///< together along the columns
  std::vector<std::string> blocks;   ///< each coordinate is a computation of its own
  std::vector<std::string> time;     ///< together in time, so many coordinates a tile
  bool operator==(const TileRanks&) const = default;
};

/// What an operation of a tile does with its operands.
enum class OpKind : std::uint8_t {
  map,    ///< what its Einsum says
  load,   ///< element r brings row r of an input into the grid
  sum,    ///< adds a column's results to those of the tile before
  drain,  ///< element r moves what row r of the grid holds down the columns
};

/// What an operation reads. Elements along the row rank enter from the left, along columns from
/// above; both at once only what the grid holds already.
struct OpOperand {
  std::string tensor;
  std::int32_t producer = -1;  ///< operation; -1: an input of the cascade
  bool carried = false;        ///< made in the tile before along the loop
  bool along_row = false;
  bool along_columns = false;
  std::uint64_t elements = 1;  ///< of the tile and one lane
  bool operator==(const OpOperand&) const = default;
};

/// An Einsum of the loop. `elements` results (or steps of a sum) a lane are made one by one.
struct TileOp {
  std::string name;        ///< the tensor it makes
  std::size_t einsum = 0;  ///< in the cascade
  OpKind kind = OpKind::map;
  OpShape shape = OpShape::line;
  std::uint64_t elements = 1;
  std::uint64_t results = 1;            ///< elements of its result; fewer where it sums in place
  std::string reduction;                ///< of a column: + or max
  std::vector<std::string> operations;  ///< of one element: mac, or words of cascades
  std::vector<OpOperand> operands;
  bool after_loop = false;    ///< once, when the loop has ended
  bool rows_in_time = false;  ///< its elements are the rows of the tile, one by one
  bool is_output = false;     ///< makes a result of the cascade
  bool operator==(const TileOp&) const = default;
};

/// A cascade as what one tile does. Sizes of ranks that are split over tiles are whole ones.
struct TileWork {
  TileRanks ranks;
  std::uint64_t tile_rows = 1;  ///< coordinates of the rows in a tile
  std::uint64_t time_tile = 1;  ///< those of `time`
  std::uint64_t vectors = 1;    ///< of columns, one after the other in a tile
  bool every_tile = false;      ///< nothing is carried along the loop: each tile has its results
  std::vector<TileOp> ops;      ///< in order of dependence
  bool operator==(const TileWork&) const = default;
};

/// The work of one tile of a cascade along one iterative rank whose tiles have a row rank. Throws
/// SpecError naming the Einsum where it is none.
TileWork tile_work(const Cascade& cascade);

/// The steps of the loop: the iterative rank's size, or tiles of the ranks along the rows.
std::uint64_t steps_of(const Cascade& cascade, const TileWork& work);
/// Coordinates of ranks together.
std::uint64_t size_of(const Cascade& cascade, const std::vector<std::string>& ranks);

/// Which unit runs what. `seeded[i]`: operation i, an addition (or maximum) to a column's result,
/// is left to the column, which begins with the other operand instead of 0 (or -inf).
struct Placement {
  std::vector<ArrayUnit> unit;  ///< by operation of TileWork
  std::vector<bool> seeded;
  bool operator==(const Placement&) const = default;
};

/// What the grid alone can do goes there, lines to the vector array: FuseMax's placement.
Placement published_placement(const TileWork& work);

/// How a result gets to its user.
enum class Path : std::uint8_t { registers, link, buffer };

/// `to` begins `latency` cycles after the last slot of `from` at the earliest.
struct PipelineEdge {
  std::uint32_t from = 0, to = 0;
  std::uint64_t latency = 1;
  std::uint32_t distance = 0;  ///< 1: the result of the tile before along the loop
  bool elementwise = false;    ///< element i needs elements i; else all need the last
  Path path = Path::registers;
  bool operator==(const PipelineEdge&) const = default;
};

/// An operation on its unit: `elements` x `slots` issue cycles a tile.
struct PipelineOp {
  std::string name;
  std::uint32_t op = 0;  ///< of TileWork
  ArrayUnit unit = ArrayUnit::vector;
  OpShape shape = OpShape::line;
  std::uint64_t elements = 1;
  std::uint64_t slots = 1;
  std::uint64_t group = 1;   ///< results of an element: lanes beyond one a column
  bool accumulates = false;  ///< all elements go into one result
  std::uint64_t reads = 0;   ///< rows of the buffer read with every element's first slot
  std::uint64_t writes = 0;  ///< rows written `write_after` cycles after its last
  std::uint64_t write_after = 0;
  std::uint64_t words_down = 0;  ///< that a vertical link hands on for a slot
  std::uint64_t words_right = 0;
  bool after_loop = false;
  bool is_output = false;
  bool operator==(const PipelineOp&) const = default;
};

/// The question: operations, dependences, resources.
struct Pipeline {
  std::vector<PipelineOp> ops;
  std::vector<PipelineEdge> edges;
  std::uint64_t rows = 1, columns = 1;
  std::uint64_t spatial_registers = 1, vector_registers = 1;
  std::uint64_t link_words = 1;
  std::uint64_t read_ports = 0, write_ports = 0;  ///< 0: no limit
  bool shared_ports = false;
  std::uint64_t distance = 1;  ///< tiles from one of a recurrence to the next
  /// Rows that transfers with the main memory read and write while a tile is computed, rounded up.
  std::uint64_t dma_reads = 0, dma_writes = 0;
  bool operator==(const Pipeline&) const = default;
};

struct PipelineOptions {
  std::uint64_t distance = 1;
  /// Slots of the vector array a tile that what comes after the loop takes, spread over all tiles.
  std::uint64_t tail_slots = 0;
  std::uint64_t dma_reads = 0, dma_writes = 0;
  bool operator==(const PipelineOptions&) const = default;
};

/// Places `work` on a machine. Throws SpecError when a unit lacks an operation.
Pipeline make_pipeline(const TileWork& work, const SpatialMachine& machine,
                       const Placement& placement, const PipelineOptions& options);

}  // namespace sluice
