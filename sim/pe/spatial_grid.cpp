// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/spatial_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {

SpatialGrid::SpatialGrid(const SpatialJob& job, const SpatialProgram& program,
                         const SpatialValues& values)
    : job_(job),
      program_(program),
      values_(values),
      rows_(job.placed.pipeline.rows),
      columns_(job.placed.pipeline.columns),
      grid_(rows_ * columns_),
      line_(columns_),
      left_(rows_ * columns_, 0),
      top_(rows_ * columns_, 0),
      next_left_(left_),
      next_top_(top_) {
  find_sources();
  find_last_uses();
}

SpatialGrid::Source SpatialGrid::source_of(std::uint32_t work_op, std::size_t place,
                                           std::uint32_t consumer) const {
  const OpOperand& operand = job_.work.ops[work_op].operands[place];
  const Pipeline& pipeline = job_.placed.pipeline;
  Source source;
  source.op = work_op;
  source.place = place;
  source.carried = operand.carried;
  source.along_row = operand.along_row;
  if (operand.producer < 0) return source;
  const std::string& name = job_.work.ops[static_cast<std::size_t>(operand.producer)].name;
  const auto producer = std::ranges::find(pipeline.ops, name, &PipelineOp::name);
  SLUICE_ASSERT(producer != pipeline.ops.end(), "an operand is made by no operation");
  source.producer = static_cast<std::uint32_t>(producer - pipeline.ops.begin());
  source.elementwise = operand.elements > 1 && !producer->accumulates;
  source.kind = Source::Kind::buffer;
  for (const PipelineEdge& edge : pipeline.edges)
    if (edge.from == source.producer && edge.to == consumer &&
        (edge.distance > 0) == operand.carried) {
      if (edge.path != Path::buffer) source.kind = Source::Kind::registers;
      source.latency =
          edge.latency - (edge.latency > producer->write_after ? producer->write_after : 0);
    }
  return source;
}

void SpatialGrid::find_sources() {
  const Pipeline& pipeline = job_.placed.pipeline;
  for (std::uint32_t o = 0; o < pipeline.ops.size(); ++o) {
    const std::uint32_t op = pipeline.ops[o].op;
    std::vector<Source>& sources = sources_.emplace_back();
    for (std::size_t i = 0; i < job_.work.ops[op].operands.size(); ++i)
      sources.push_back(source_of(op, i, o));
    std::vector<Source>& seed = seed_.emplace_back();
    for (std::uint32_t s = 0; s < job_.work.ops.size(); ++s) {
      if (!job_.placed.placement.seeded[s] || job_.work.ops[s].name != pipeline.ops[o].name)
        continue;
      for (std::size_t i = 0; i < 2; ++i) {
        const OpOperand& operand = job_.work.ops[s].operands[i];
        if (operand.carried || operand.producer != static_cast<std::int32_t>(op))
          seed.push_back(source_of(s, i, o));
      }
    }
  }
}

/// Which reader is the last one of a result in registers: then they are free.
void SpatialGrid::find_last_uses() {
  const Pipeline& pipeline = job_.placed.pipeline;
  const auto& times = job_.placed.found.schedule.times;
  last_use_.resize(pipeline.ops.size());
  by_registers_.resize(pipeline.ops.size(), false);
  for (std::uint32_t o = 0; o < pipeline.ops.size(); ++o) {
    std::map<std::uint64_t, std::uint64_t> latest;
    for (const PipelineEdge& edge : pipeline.edges) {
      if (edge.from != o || edge.distance > 0 || edge.path == Path::buffer) continue;
      by_registers_[o] = true;
      const PipelineOp& user = pipeline.ops[edge.to];
      for (std::uint64_t j = 0; j < user.elements; ++j) {
        const std::uint64_t e = edge.elementwise ? j : pipeline.ops[o].elements - 1;
        const std::uint64_t t = times[edge.to][j * user.slots];
        if (latest.contains(e) && latest[e] >= t) continue;
        latest[e] = t;
        last_use_[o][e] = {edge.to, j};
      }
    }
  }
}

void SpatialGrid::hazard(const std::string& what) {
  if (result_.hazards.size() < 10)
    result_.hazards.push_back(fmt::format("cycle {}: {}", cycle_, what));
}

const Issue& SpatialGrid::issue_at(ArrayUnit unit, std::uint64_t delay) const {
  const auto& issues = program_.issues[static_cast<std::size_t>(unit)];
  if (cycle_ < delay || cycle_ - delay >= issues.size()) return nothing_;
  return issues[cycle_ - delay];
}

void SpatialGrid::clock() {
  for (const ArrayUnit unit : {ArrayUnit::spatial, ArrayUnit::vector})
    if (issue_at(unit, 0).op >= 0) ++result_.busy[static_cast<std::size_t>(unit)];
  for (std::uint64_t r = 0; r < rows_; ++r)
    for (std::uint64_t c = 0; c < columns_; ++c) clock_spatial(r, c);
  for (std::uint64_t c = 0; c < columns_; ++c) clock_vector(c);
  // What left the lower edge in this cycle is in the latch of its lane in the next.
  for (std::uint64_t c = 0; c < columns_; ++c) {
    const Issue& issue = issue_at(ArrayUnit::spatial, rows_ - 1 + c);
    if (issue.op >= 0 && op_of(issue).shape == OpShape::column) arrive(issue, c, next_top_[c]);
  }
  std::swap(left_, next_left_);
  std::swap(top_, next_top_);
  ++cycle_;
}

/// A PE of the grid: takes the words on its links, executes the instruction that has come to it,
/// and hands words on. The word below the last row is kept in the place of the first, which none
/// enters.
void SpatialGrid::clock_spatial(std::uint64_t row, std::uint64_t column) {
  const std::uint64_t at = row * columns_ + column;
  const std::uint64_t below = row + 1 < rows_ ? at + columns_ : column;
  const Issue& issue = issue_at(ArrayUnit::spatial, row + column);
  if (issue.op < 0) return;
  const double left = column == 0 ? left_word(issue, row) : left_[at];
  const double top = row == 0 ? top_word(issue, column) : top_[at];
  if (column + 1 < columns_) next_left_[at + 1] = left;
  left_[at] = left;
  top_[at] = top;
  Pe& pe = grid_[at];
  double down = top;
  if (op_of(issue).shape == OpShape::column)
    down = run_column(pe, issue, row, column, top);
  else
    run_in_place(pe, issue, row, column);
  if (row + 1 < rows_ || op_of(issue).shape == OpShape::column) next_top_[below] = down;
  release(pe, issue);
}

void SpatialGrid::run_in_place(Pe& pe, const Issue& issue, std::uint64_t row,
                               std::uint64_t column) {
  const PipelineOp& op = op_of(issue);
  const std::uint64_t at = row * columns_ + column;
  const auto place = values_.place(program_.tiles[issue.tile], row, column, op.op, issue.element);
  const auto o = static_cast<std::uint32_t>(issue.op);
  if (!place || !values_.holds(op.op, *place)) return;
  if (issue.part == 0) {
    std::vector<double> operands;
    for (const Source& source : sources_[o])
      operands.push_back(operand(source, pe, issue, *place, column, left_[at], top_[at]));
    pe.pending[o] = values_.map(op.op, operands);
  }
  if (issue.part + 1 < op.slots) return;
  const double value = pe.pending.at(o);
  pe.pending.erase(o);
  if (job_.work.ops[op.op].kind == OpKind::load) {  // the word goes on to the row that keeps it
    if (row == issue.element) hold(pe, ArrayUnit::spatial, {o, issue.tile, op.elements - 1, value});
    return;
  }
  if (op.accumulates && issue.element > 0) {
    for (Held& held : pe.held)
      if (held.op == o && held.tile == issue.tile)
        held.value = values_.combine("+", held.value, value);
    return;
  }
  hold(pe, ArrayUnit::spatial,
       {o, issue.tile, op.accumulates ? op.elements - 1 : issue.element,
        op.accumulates ? values_.combine("+", 0, value) : value});
}

double SpatialGrid::run_column(Pe& pe, const Issue& issue, std::uint64_t row, std::uint64_t column,
                               double above) {
  const PipelineOp& op = op_of(issue);
  const auto place = values_.place(program_.tiles[issue.tile], row, column, op.op, issue.element);
  if (!place || !values_.holds(op.op, *place)) return above;
  if (job_.work.ops[op.op].kind == OpKind::drain && row != issue.element) return above;
  std::vector<double> operands;
  for (const Source& source : sources_[static_cast<std::size_t>(issue.op)])
    operands.push_back(
        operand(source, pe, issue, *place, column, left_[row * columns_ + column], above));
  return values_.combine(job_.work.ops[op.op].reduction, above, values_.map(op.op, operands));
}

/// The word that enters row `row` from the left with an instruction.
double SpatialGrid::left_word(const Issue& issue, std::uint64_t row) const {
  const PipelineOp& op = op_of(issue);
  for (const Source& source : sources_[static_cast<std::size_t>(issue.op)])
    if (source.kind == Source::Kind::input && source.along_row) {
      const auto at = values_.place(program_.tiles[issue.tile], row, 0, op.op, issue.element);
      if (at && values_.holds(op.op, *at)) return values_.read(source.op, source.place, *at);
      // A row may be masked in the first column only.
      for (std::uint64_t c = 1; at && c < columns_; ++c) {
        const auto other = values_.place(program_.tiles[issue.tile], row, c, op.op, issue.element);
        if (other && values_.holds(op.op, *other))
          return values_.read(source.op, source.place, *other);
      }
    }
  return std::numeric_limits<double>::quiet_NaN();
}

/// The word that enters column `column` from above: an operand, or what a column begins with.
double SpatialGrid::top_word(const Issue& issue, std::uint64_t column) {
  const PipelineOp& op = op_of(issue);
  const auto o = static_cast<std::size_t>(issue.op);
  const auto at = values_.place(program_.tiles[issue.tile], 0, column, op.op, issue.element);
  if (!at) return std::numeric_limits<double>::quiet_NaN();
  if (op.shape == OpShape::column) {
    if (seed_[o].empty()) return identity_of(job_.work.ops[op.op].reduction);
    return from_buffer(seed_[o].front(), issue, *at, column);
  }
  if (issue.part > 0) return std::numeric_limits<double>::quiet_NaN();
  for (const Source& source : sources_[o]) {
    if (source.kind == Source::Kind::buffer) return from_buffer(source, issue, *at, column);
    if (source.kind == Source::Kind::input && !source.along_row)
      return values_.read(source.op, source.place, *at);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double SpatialGrid::operand(const Source& source, Pe& pe, const Issue& issue,
                            const PeCoordinates& at, std::uint64_t lane, double left, double top) {
  if (source.kind == Source::Kind::registers) return from_registers(pe, source, issue);
  if (op_of(issue).unit == ArrayUnit::vector)
    return source.kind == Source::Kind::buffer ? from_buffer(source, issue, at, lane)
                                               : values_.read(source.op, source.place, at);
  return source.along_row ? left : top;
}

double SpatialGrid::from_registers(Pe& pe, const Source& source, const Issue& issue) {
  const PipelineOp& producer = job_.placed.pipeline.ops[source.producer];
  const std::uint64_t element = source.elementwise ? issue.element : producer.elements - 1;
  for (const Held& held : pe.held)
    if (held.op == source.producer && held.tile == issue.tile && held.element == element)
      return held.value;
  hazard(fmt::format("{} of tile {} finds no {} in its registers", op_of(issue).name, issue.tile,
                     producer.name));
  return std::numeric_limits<double>::quiet_NaN();
}

double SpatialGrid::from_buffer(const Source& source, const Issue& issue, const PeCoordinates& at,
                                std::uint64_t lane) {
  const TilePlace& tile = program_.tiles[issue.tile];
  if (source.carried && tile.first_step)
    return job_.work.ops[source.op].kind == OpKind::sum ? 0
                                                        : values_.read(source.op, source.place, at);
  const PipelineOp& producer = job_.placed.pipeline.ops[source.producer];
  const std::uint64_t step = tile.step - (source.carried ? 1 : 0);
  const std::uint64_t element = source.elementwise ? issue.element : producer.elements - 1;
  const std::uint64_t version = producer.elements == 1 ? step % 2 : 0;
  const CellKey key{source.producer, tile.block * job_.walk.column_tiles + tile.column, element,
                    version, lane};
  const Cell& cell = buffer_[key];
  if (!cell.filled || cell.step != step)
    hazard(fmt::format("{} of tile {} wants {} of step {}, the buffer has step {}",
                       op_of(issue).name, issue.tile, producer.name, step,
                       cell.filled ? fmt::format("{}", cell.step) : "none"));
  else if (cell.cycle + source.latency > cycle_)
    hazard(fmt::format("{} of tile {} reads {} at once after it was written", op_of(issue).name,
                       issue.tile, producer.name));
  return cell.value;
}

void SpatialGrid::to_buffer(const Issue& issue, std::uint64_t lane, double value) {
  const TilePlace& tile = program_.tiles[issue.tile];
  const std::uint64_t version = op_of(issue).elements == 1 ? tile.step % 2 : 0;
  buffer_[{static_cast<std::uint32_t>(issue.op), tile.block * job_.walk.column_tiles + tile.column,
           issue.element, version, lane}] = {value, cycle_, tile.step, true};
}

/// A column's result in the lane below it: into the registers of the lane and into the buffer, as
/// its users want.
void SpatialGrid::arrive(const Issue& issue, std::uint64_t column, double value) {
  const auto o = static_cast<std::size_t>(issue.op);
  const PipelineOp& op = op_of(issue);
  if (op.is_output) result_.cycles = cycle_ + 3;  // written in the cycle after it has arrived
  const auto at = values_.place(program_.tiles[issue.tile], 0, column, op.op, issue.element);
  if (!at) return;
  if (op.is_output) keep_output(op, *at, value);
  ++cycle_;  // it arrives with the next clock
  if (by_registers_[o])
    hold(line_[column], ArrayUnit::vector,
         {static_cast<std::uint32_t>(issue.op), issue.tile, issue.element, value});
  if (op.writes > 0) to_buffer(issue, column, value);
  --cycle_;
}

void SpatialGrid::hold(Pe& pe, ArrayUnit unit, const Held& held) {
  if (last_use_[held.op].empty()) return;
  pe.held.push_back(held);
  std::uint64_t& most =
      unit == ArrayUnit::spatial ? result_.spatial_registers : result_.vector_registers;
  most = std::max<std::uint64_t>(most, pe.held.size() + pe.pending.size());
}

/// Frees what this instruction was the last to read.
void SpatialGrid::release(Pe& pe, const Issue& issue) {
  if (issue.part > 0) return;
  std::erase_if(pe.held, [&](const Held& held) {
    if (held.tile != issue.tile) return false;
    const auto last = last_use_[held.op].find(held.element);
    return last != last_use_[held.op].end() &&
           last->second.first == static_cast<std::uint32_t>(issue.op) &&
           last->second.second == issue.element;
  });
}

void SpatialGrid::clock_vector(std::uint64_t lane) {
  const Issue& issue = issue_at(ArrayUnit::vector, lane);
  if (issue.op < 0) return;
  const auto o = static_cast<std::uint32_t>(issue.op);
  const PipelineOp& op = op_of(issue);
  Pe& pe = line_[lane];
  const auto at = values_.place(program_.tiles[issue.tile], 0, lane, op.op, issue.element);
  // The first rows came into the buffer in a cycle of their own before cycle 0. The run ends when
  // the last instruction has passed the last lane, ragged or not.
  if (op.after_loop || op.is_output) result_.cycles = cycle_ + 2;
  if (!at) return;
  if (issue.part == 0) {
    std::vector<double> operands;
    for (const Source& source : sources_[o])
      operands.push_back(values_.holds(op.op, *at) ? operand(source, pe, issue, *at, lane, 0, 0)
                                                   : 0);
    pe.pending[o] = values_.map(op.op, operands);
    release(pe, issue);
  }
  if (issue.part + 1 < op.slots) return;
  double value = pe.pending.at(o);
  pe.pending.erase(o);
  if (op.accumulates) {
    const std::string& reduction = values_.reduction(op.op);
    double& sum = pe.sums.try_emplace(o, identity_of(reduction)).first->second;
    if (values_.holds(op.op, *at)) sum = values_.combine(reduction, sum, value);
    if (issue.element + 1 < op.elements) return;
    value = sum;
    pe.sums.erase(o);
  }
  if (by_registers_[o]) hold(pe, ArrayUnit::vector, {o, issue.tile, issue.element, value});
  if (op.writes > 0) to_buffer(issue, lane, value);
  if (op.is_output) keep_output(op, *at, value);
}

void SpatialGrid::keep_output(const PipelineOp& op, const PeCoordinates& at, double value) {
  const CascadeTensor& made = *job_.cascade.find_tensor(op.name);
  auto& tensor = result_.outputs[made.name];
  tensor.resize(made.elements(), std::numeric_limits<double>::quiet_NaN());
  tensor[values_.result_index(op.op, at)] = value;
}

SpatialPeResult simulate_spatial_pe(const SpatialJob& job, const TensorValues& reference,
                                    std::optional<NumberFormat> format) {
  const SpatialProgram program = unroll(job);
  const SpatialValues values(job, reference, format);
  SpatialGrid grid(job, program, values);
  while (!grid.is_done() && grid.result().hazards.empty()) grid.clock();
  // Epochs are whole ones; what they made is handed over in the cycle after them.
  if (job.after_slots() == 0)
    grid.result().cycles =
        std::max<std::uint64_t>(grid.result().cycles, program.issues[0].size() + 2);
  return std::move(grid.result());
}

double largest_error(const SpatialPeResult& result, const TensorValues& reference) {
  double error = 0;
  for (const auto& [name, tensor] : result.outputs) {
    const std::vector<double>& exact = reference.at(name);
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      largest = std::max(largest, std::fabs(exact[i]));
      difference = std::isnan(tensor[i]) ? std::numeric_limits<double>::infinity()
                                         : std::max(difference, std::fabs(tensor[i] - exact[i]));
    }
    error = std::max(error, largest > 0 ? difference / largest : difference);
  }
  return error;
}

}  // namespace sluice
