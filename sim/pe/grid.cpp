// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/grid.hpp"

namespace sluice {
namespace {

std::size_t wire_count(const SystolicArray& array) {
  return (std::size_t{array.rows} + 1) * (std::size_t{array.columns} + 1);
}

std::string numbered(const char* what, std::size_t number) { return what + std::to_string(number); }

}  // namespace

PeGrid::PeGrid(PeProgram& program, PeObservation& observation, std::uint32_t folds,
               std::uint64_t interval)
    : program_(program),
      observation_(observation),
      array_(program.array()),
      clock_("clock", sc_core::sc_time(1, sc_core::SC_NS)),
      west_wires_("west", wire_count(array_)),
      north_wires_("north", wire_count(array_)),
      chain_wires_("chain", wire_count(array_)),
      result_wires_("result", wire_count(array_)),
      feeder_wires_("feeder", std::size_t{array_.rows} + array_.columns),
      start_wires_("start", std::size_t{array_.rows} + array_.columns + 2),
      done_wires_("done", wire_count(array_)) {
  // Start of the last fold, its words in one lane, the skew, the drain, and a few registers.
  longest_run_ =
      (folds - 1) * interval + program.lane_words() + 2 * array_.rows + array_.columns + 8;
  auto controller = std::make_unique<FoldController>("controller", folds, interval);
  controller->clock(clock_);
  // Both edges start with the same word: lane 0 of the two chains listens to the controller.
  controller->start(start_wires_[0]);
  modules_.push_back(std::move(controller));
  add_feeders(PeEdge::west, array_.rows);
  if (program.feeds_columns()) add_feeders(PeEdge::north, array_.columns);
  program.output_stationary() ? add_output_pes() : add_stationary_pes();
  add_collectors();
}

void PeGrid::run() {
  sc_core::sc_start(sc_core::sc_time(static_cast<double>(longest_run_), sc_core::SC_NS));
  if (!observation_.complete() && observation_.hazards().empty()) {
    observation_.hazard(longest_run_, "results are missing although every word has passed");
  }
}

std::size_t PeGrid::at(std::uint32_t row, std::uint32_t column) const {
  return std::size_t{row} * (std::size_t{array_.columns} + 1) + column;
}

PeSite PeGrid::site(std::uint32_t row, std::uint32_t column) const {
  return {array_, observation_, row, column};
}

void PeGrid::add_feeders(PeEdge edge, std::uint32_t lanes) {
  const bool west = edge == PeEdge::west;
  const std::size_t first_wire = west ? 0 : array_.rows;
  const std::size_t first_start = west ? 1 : array_.rows + 1;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    const std::size_t number = first_wire + lane;
    auto& into_array = west ? west_wires_[at(lane, 0)] : north_wires_[at(0, lane)];
    auto feeder =
        std::make_unique<EdgeFeeder>(numbered("edge_feeder_", number).c_str(),
                                     EdgeFeeder::Site{program_, observation_, edge, lane});
    feeder->clock(clock_);
    feeder->start(start_wires_[lane == 0 ? 0 : first_start + lane - 1]);
    feeder->start_next(start_wires_[first_start + lane]);
    feeder->out(array_.edge_register ? feeder_wires_[number] : into_array);
    modules_.push_back(std::move(feeder));
    if (!array_.edge_register) continue;
    auto edge_register = std::make_unique<EdgeRegister>(numbered("edge_register_", number).c_str());
    edge_register->clock(clock_);
    edge_register->in(feeder_wires_[number]);
    edge_register->out(into_array);
    modules_.push_back(std::move(edge_register));
  }
}

template <class Pe>
Pe& PeGrid::add_pe(std::uint32_t row, std::uint32_t column) {
  auto pe = std::make_unique<Pe>(numbered("pe_", at(row, column)).c_str(), site(row, column));
  pe->clock(clock_);
  pe->west(west_wires_[at(row, column)]);
  pe->east(west_wires_[at(row, column + 1)]);
  Pe& added = *pe;
  modules_.push_back(std::move(pe));
  return added;
}

void PeGrid::add_output_pes() {
  for (std::uint32_t row = 0; row < array_.rows; ++row) {
    for (std::uint32_t column = 0; column < array_.columns; ++column) {
      auto& pe = add_pe<OutputPe>(row, column);
      pe.north(north_wires_[at(row, column)]);
      pe.south(north_wires_[at(row + 1, column)]);
      pe.north_result(chain_wires_[at(row, column)]);
      pe.south_result(chain_wires_[at(row + 1, column)]);
      pe.result(result_wires_[at(row, column)]);
      pe.done(done_wires_[at(row, column)]);
      pe.drain(done_wires_[at(array_.rows - 1, column)]);
    }
  }
}

void PeGrid::add_stationary_pes() {
  for (std::uint32_t row = 0; row < array_.rows; ++row) {
    for (std::uint32_t column = 0; column < array_.columns; ++column) {
      auto& pe = add_pe<StationaryPe>(row, column);
      pe.north_load(north_wires_[at(row, column)]);
      pe.south_load(north_wires_[at(row + 1, column)]);
      pe.north_sum(chain_wires_[at(row, column)]);
      pe.south_sum(chain_wires_[at(row + 1, column)]);
    }
  }
}

void PeGrid::add_collectors() {
  const bool from_every_pe = program_.output_stationary() && array_.drain == Drain::direct;
  const std::uint32_t ports = from_every_pe ? array_.rows : 1;
  const std::uint32_t bottom = array_.rows - 1;
  for (std::uint32_t column = 0; column < array_.columns; ++column) {
    auto collector = std::make_unique<ResultCollector>(
        numbered("collector_", column).c_str(),
        ResultCollector::Site{program_, observation_, column, ports});
    collector->clock(clock_);
    for (std::uint32_t port = 0; port < ports; ++port) {
      const std::uint32_t row = from_every_pe ? port : bottom;
      collector->in[port](program_.output_stationary() ? result_wires_[at(row, column)]
                                                       : chain_wires_[at(row + 1, column)]);
    }
    modules_.push_back(std::move(collector));
  }
}

}  // namespace sluice
