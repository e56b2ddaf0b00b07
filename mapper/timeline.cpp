// SPDX-License-Identifier: Apache-2.0
#include "mapper/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "mapper/bank_conflicts.hpp"
#include "mapper/timeline_steps.hpp"

namespace sluice {
namespace {

double real(std::uint64_t value) { return static_cast<double>(value); }

std::uint32_t setup_of(const Architecture& architecture, TensorRole role) {
  for (const Dma& dma : architecture.dma)
    if (std::find(dma.moves.begin(), dma.moves.end(), role) != dma.moves.end())
      return dma.setup_cycles;
  return 0;
}

}  // namespace

TimelineRates::TimelineRates(const Architecture& architecture) {
  const Dram& dram = architecture.dram;
  const double clock = architecture.clock.value;
  const double peak = dram.is_ideal() ? bytes_per_cycle(dram.bandwidth, architecture.clock)
                                      : peak_bytes_per_second(dram) / clock;
  has_memory = peak > 0;
  cycles_per_byte = has_memory ? 1 / peak : 0;
  if (dram.is_ideal()) {
    read_latency = clock * dram.latency.value;
  } else {
    const DramTiming t = timing_of(dram);
    if (dram.refresh != DramRefresh::none) cycles_per_byte /= 1 - real(t.rfc) / real(t.refi);
    // Writes leave their queue in batches, after each of which the bus turns to reads and back.
    const double batch = (dram.drain_high - dram.drain_low) * dram.write_queue * t.burst_clocks;
    const double turn = t.rtw + t.cwl + t.wtr_l;
    write_factor = 1 + turn / std::max(batch, 1.0);
    // A run opens a row, for a block of bursts that lie together.
    block = std::uint64_t{dram.low_columns} * t.burst_bytes;
    channels = dram.channels;
    takes_turns = true;
    // Of many bursts one meets a bank that has to close another row first.
    read_latency = clock * (dram.controller_latency.value +
                            1e-12 * t.tck_ps * (t.rp + t.rcd_rd + t.cl + t.burst_clocks));
  }
  for (const TensorRole role : {TensorRole::input, TensorRole::weight, TensorRole::output}) {
    const std::size_t pad = scratchpad_of(architecture, role);
    const Scratchpad& s = architecture.scratchpads[pad];
    setup[role_index(role)] = setup_of(architecture, role);
    doubled[role_index(role)] = s.double_buffered;
    for (const bool write : {false, true}) {
      port[role_index(role)][write] = -1;
      if (s.width.value == 0) continue;
      port[role_index(role)][write] =
          static_cast<int>(2 * pad) + (write && !s.shared_ports ? 1 : 0);
      port_cycles[role_index(role)][write] = 1 / real(port_bytes_per_cycle(s, write));
      has_ports = true;
    }
  }
}

Timeline::Timeline(const Architecture& architecture)
    : architecture_(&architecture), rates_(architecture) {}

/// The part of the memory's channels in which a piece lies: runs that are a multiple of all
/// channels apart begin in one of them.
double TimelineRates::channels_of(const Piece& piece) const {
  if (piece.runs <= 1 || channels <= 1 || piece.stride % block != 0) return 1;
  const std::uint64_t shared = std::gcd(piece.stride / block, channels);
  const auto run = static_cast<std::uint64_t>(std::ceil(piece.bytes / piece.runs / real(block)));
  return real(std::min(shared, run)) / real(shared);
}

Move TimelineRates::move(const Piece& piece) const {
  const double opened = piece.runs > 1 ? piece.runs * real(block) : 0;
  return {piece.bytes, opened * cycles_per_byte, channels_of(piece)};
}

/// Cycles that the vector unit loses to banks when it passes so many elements: sums come from the
/// array, all else in the input's format.
double Timeline::lane_conflicts(TensorRole role, bool write, std::uint64_t elements) const {
  const SystolicArray& array = architecture_->array;
  const bool sums = role == TensorRole::output && !write;
  return real(sluice::lane_conflicts(*architecture_, role, write,
                                     sums ? array.accumulator_format : array.input_format, elements,
                                     architecture_->vector.lanes));
}

/// What the task's loads wait for, and without memory all of it.
void Timeline::begin(const TaskNeeds& needs) {
  const std::size_t window = tasks_ > task_window ? tasks_ - task_window : 0;
  const std::size_t results = std::max(needs.results ? *needs.results + 1 : 0, window);
  awaited_[role_index(TensorRole::input)] = stored(results);
  awaited_[role_index(TensorRole::weight)] = stored(needs.weights_are_results         ? results
                                                    : architecture_->prefetch_weights ? window
                                                                                      : tasks_);
  if (!rates_.has_memory) clock(array) = clock(vector) = stored(tasks_);
  state_.worked = 0;
}

void Timeline::vector_task(const VectorTask& task, const VectorTiling& tiling) {
  const VectorLoop loop = vector_loop(task, tiling);
  const NumberFormat format = architecture_->array.input_format;
  const auto tile = [&](std::uint64_t elements, bool last) {
    const double in = real(storage_bytes(input_tile_elements(task, elements), format));
    const double out = real(storage_bytes(elements, format));
    Moment start = later(clock(vector), load(TensorRole::input, vector_inputs, rates_.move({in})));
    if (last) start = later(start, buffer_free(vector_outputs, TensorRole::output));
    const double beats = take_ports<2>(
        {{{TensorRole::input, false, in}, {TensorRole::output, true, last ? out : 0}}});
    const double lanes = std::ceil(real(elements) * real(task.lane_cycles) / real(loop.passes) /
                                   architecture_->vector.lanes);
    const double conflicts = lane_conflicts(TensorRole::input, false, elements) +
                             (last ? lane_conflicts(TensorRole::output, true, elements) : 0);
    clock(vector) = moment(start.time + std::max(lanes, beats) + conflicts);
    leave(vector_inputs, clock(vector));
    if (last)
      store(vector_outputs, moment(clock(vector).time + architecture_->vector.latency),
            rates_.move({out}));
  };
  repeat(loop.repeats, vector, [&](std::uint64_t) {
    repeat(loop.passes, vector, [&](std::uint64_t pass) {
      repeat(loop.tiles.count, vector,
             [&](std::uint64_t i) { tile(loop.tiles.size_of(i), pass + 1 == loop.passes); });
    });
  });
}

void Timeline::append(const TaskWork& work, const Tiling& tiling, const TaskNeeds& needs) {
  append_unless_late(std::numeric_limits<double>::infinity(), work, tiling, needs);
}

bool Timeline::append_unless_late(double latest, const TaskWork& work, const Tiling& tiling,
                                  const TaskNeeds& needs) {
  begin(needs);
  if (const auto* task = std::get_if<GemmTask>(&work)) {
    if (const auto* nest = std::get_if<GemmNest>(&tiling))
      gemm(*task, *nest);
    else if (!gemm(*task, std::get<GemmTiling>(tiling), latest))
      return false;
  } else if (const auto* fused = std::get_if<AttentionTask>(&work)) {
    attention(*fused, std::get<AttentionTiling>(tiling));
  } else {
    vector_task(std::get<VectorTask>(work), std::get<VectorTiling>(tiling));
  }
  stored_[tasks_++ % stored_.size()] = last_;
  return true;
}

}  // namespace sluice
