// SPDX-License-Identifier: Apache-2.0
// The work of a tile placed on the units of a machine; see pipeline.hpp.
#include "mapper/schedule/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "base/diagnostics.hpp"

namespace sluice {
namespace {

class Builder {
 public:
  Builder(const TileWork& work, const SpatialMachine& machine, const Placement& placement,
          const PipelineOptions& options)
      : work_(work), machine_(machine), placement_(placement) {
    const GlobalBuffer& buffer = machine.global_buffer;
    pipeline_.rows = machine.spatial_array.rows;
    pipeline_.columns = machine.spatial_array.columns;
    pipeline_.spatial_registers = machine.spatial_array.registers;
    pipeline_.vector_registers = machine.vector_array.registers;
    pipeline_.link_words = machine.spatial_array.link_words;
    pipeline_.read_ports = buffer.read_ports;
    pipeline_.write_ports = buffer.write_ports;
    pipeline_.shared_ports = buffer.shared_ports;
    pipeline_.distance = options.distance;
    pipeline_.dma_reads = options.dma_reads;
    pipeline_.dma_writes = options.dma_writes;
    const std::uint64_t word = width_bits(machine.format);
    column_rows_ = ceil_div(product(pipeline_.columns, word), 8 * buffer.row.value);
    row_rows_ = ceil_div(product(pipeline_.rows, word), 8 * buffer.row.value);
  }

  Pipeline build() {
    for (std::size_t i = 0; i < work_.ops.size(); ++i) follow_seed(i);
    for (std::size_t i = 0; i < work_.ops.size(); ++i)
      if (!placement_.seeded[i]) add_op(i);
    for (std::size_t i = 0; i < work_.ops.size(); ++i)
      for (const OpOperand& operand : work_.ops[i].operands) connect(i, operand);
    diagnostics_.throw_if_any();
    return std::move(pipeline_);
  }

 private:
  void follow_seed(std::size_t op);
  void add_op(std::size_t op);
  std::uint64_t slots_of(const TileOp& op, ArrayUnit unit);
  void connect(std::size_t to, const OpOperand& operand);
  void connect_seed(std::size_t to, const OpOperand& operand);
  void read_input(PipelineOp& op, const OpOperand& operand) const;
  void add_edge(std::uint32_t from, std::uint32_t to, const OpOperand& operand);
  void read_from_buffer(PipelineOp& op, const OpOperand& operand) const;
  void write_to_buffer(PipelineOp& op) const;

  const TileWork& work_;
  const SpatialMachine& machine_;
  const Placement& placement_;
  Pipeline pipeline_;
  Diagnostics diagnostics_;
  std::vector<std::uint32_t> place_;  ///< of TileWork's operations in the pipeline
  std::vector<std::int32_t> column_of_ = std::vector<std::int32_t>(work_.ops.size(), -1);
  std::uint64_t column_rows_ = 1, row_rows_ = 1;
};

/// The column that makes the result of a seeded operation.
void Builder::follow_seed(std::size_t op) {
  place_.push_back(0);
  if (!placement_.seeded[op]) return;
  for (const OpOperand& operand : work_.ops[op].operands)
    if (!operand.carried && operand.producer >= 0 &&
        work_.ops[static_cast<std::size_t>(operand.producer)].shape == OpShape::column)
      column_of_[op] = operand.producer;
}

std::uint64_t Builder::slots_of(const TileOp& op, ArrayUnit unit) {
  const auto& operations = unit == ArrayUnit::spatial ? machine_.spatial_array.operations
                                                      : machine_.vector_array.operations;
  std::uint64_t slots = 0;
  for (const std::string& operation : op.operations) {
    const std::uint32_t cycles = cycles_of(operations, operation);
    if (cycles == 0)
      diagnostics_.error(
          {.path = machine_.name},
          fmt::format("{} needs {}, which the PEs of {} do not have", op.name, operation,
                      unit == ArrayUnit::spatial ? "spatial_array" : "vector_array"),
          "add it to its operations, with its cycles");
    slots += cycles;
  }
  if (unit == ArrayUnit::vector)
    slots *= ceil_div(machine_.spatial_array.columns, machine_.vector_array.lanes);
  return std::max<std::uint64_t>(slots, 1);
}

void Builder::add_op(std::size_t i) {
  const TileOp& op = work_.ops[i];
  PipelineOp placed;
  placed.name = op.name;
  for (std::size_t s = 0; s < work_.ops.size(); ++s)
    if (column_of_[s] == static_cast<std::int32_t>(i)) {
      placed.name = work_.ops[s].name;
      placed.is_output = work_.ops[s].is_output;
    }
  placed.op = static_cast<std::uint32_t>(i);
  placed.unit = placement_.unit[i];
  placed.shape = op.shape;
  placed.elements = op.elements;
  placed.slots = slots_of(op, placed.unit);
  placed.accumulates = op.elements > op.results;
  placed.after_loop = op.after_loop;
  placed.is_output = placed.is_output || op.is_output;
  if (placed.unit == ArrayUnit::vector) {
    placed.group = std::clamp<std::uint64_t>(
        machine_.vector_array.lanes / machine_.spatial_array.columns, 1, op.elements);
    placed.elements = ceil_div(op.elements, placed.group);
  }
  if (op.shape != OpShape::in_place && placed.unit == ArrayUnit::spatial) {
    placed.words_down = 1;
    placed.write_after = pipeline_.rows;
  }
  if (placed.is_output && !placed.after_loop) write_to_buffer(placed);
  place_[i] = static_cast<std::uint32_t>(pipeline_.ops.size());
  pipeline_.ops.push_back(std::move(placed));
}

void Builder::read_input(PipelineOp& op, const OpOperand& operand) const {
  if (operand.along_row) {
    op.reads += row_rows_;
    ++op.words_right;
  } else if (op.unit == ArrayUnit::spatial || operand.elements > 1 || op.elements == 1) {
    read_from_buffer(op, operand);
  }  // else the lane keeps the one word that all elements read
}

void Builder::read_from_buffer(PipelineOp& op, const OpOperand& operand) const {
  op.reads += column_rows_ * (operand.elements > 1 ? op.group : 1);
  if (op.unit == ArrayUnit::spatial) ++op.words_down;
}

void Builder::write_to_buffer(PipelineOp& op) const { op.writes = column_rows_ * op.group; }

void Builder::connect(std::size_t to, const OpOperand& operand) {
  if (placement_.seeded[to]) return connect_seed(to, operand);
  PipelineOp& consumer = pipeline_.ops[place_[to]];
  if (operand.producer < 0) return read_input(consumer, operand);
  auto producer = static_cast<std::size_t>(operand.producer);
  if (column_of_[producer] >= 0) producer = static_cast<std::size_t>(column_of_[producer]);
  if (!consumer.after_loop) return add_edge(place_[producer], place_[to], operand);
  consumer.reads += column_rows_ * (operand.elements > 1 ? consumer.group : 0);
  write_to_buffer(pipeline_.ops[place_[producer]]);
}

/// The operand that a column begins with comes from the buffer and takes the place of the 0 that
/// would enter from above.
void Builder::connect_seed(std::size_t to, const OpOperand& operand) {
  if (operand.producer == column_of_[to] && !operand.carried) return;
  PipelineOp& column = pipeline_.ops[place_[static_cast<std::size_t>(column_of_[to])]];
  auto producer = static_cast<std::size_t>(operand.producer);
  if (column_of_[producer] >= 0) producer = static_cast<std::size_t>(column_of_[producer]);
  add_edge(place_[producer], place_[static_cast<std::size_t>(column_of_[to])], operand);
  --column.words_down;
}

void Builder::add_edge(std::uint32_t from, std::uint32_t to, const OpOperand& operand) {
  PipelineOp &producer = pipeline_.ops[from], &consumer = pipeline_.ops[to];
  PipelineEdge edge{from, to, 1, 0, false, Path::registers};
  edge.distance = operand.carried ? 1 : 0;
  edge.elementwise = operand.elements > 1 && !producer.accumulates;
  // Of a layer without a loop, more results than a lane has registers wait in the buffer.
  const bool too_many = work_.ranks.loop.empty() && producer.unit == ArrayUnit::vector &&
                        work_.ops[producer.op].results > pipeline_.vector_registers;
  const bool leaves_below =
      producer.unit == ArrayUnit::spatial && producer.shape != OpShape::in_place;
  const bool stays = producer.unit == ArrayUnit::spatial && !leaves_below;
  if (stays && consumer.unit == ArrayUnit::vector)
    diagnostics_.error({.path = machine_.name},
                       fmt::format("{} stays in the PEs of spatial_array, but {} on vector_array "
                                   "needs it",
                                   producer.name, consumer.name));
  if (!operand.carried && leaves_below && consumer.unit == ArrayUnit::vector) {
    edge.path = Path::link;
    edge.latency = pipeline_.rows;
  } else if (operand.carried || leaves_below || consumer.unit != producer.unit || too_many) {
    edge.path = Path::buffer;
    edge.latency = (leaves_below ? pipeline_.rows : 0) + machine_.global_buffer.latency;
    write_to_buffer(producer);
    read_from_buffer(consumer, operand);
  }
  pipeline_.edges.push_back(edge);
}

}  // namespace

Pipeline make_pipeline(const TileWork& work, const SpatialMachine& machine,
                       const Placement& placement, const PipelineOptions& options) {
  return Builder(work, machine, placement, options).build();
}

}  // namespace sluice
