// SPDX-License-Identifier: Apache-2.0
// Execution of one unit's program; see unit_process.hpp and docs/time.md.
#include "sim/tile/unit_process.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "sim/tile/engine.hpp"

namespace sluice::tile {

UnitProcess::UnitProcess(sc_core::sc_module_name name, Engine& engine, std::uint32_t unit)
    : sc_core::sc_module(name),
      socket("socket"),
      engine_(engine),
      unit_(unit),
      code_(engine.program.units[unit].code) {
  SC_HAS_PROCESS(UnitProcess);
  SC_METHOD(run);
  sensitive << wake_event_;
  socket.register_nb_transport_bw(this, &UnitProcess::respond);
  settle();
}

void UnitProcess::wake() {
  state_ = State::runnable;
  wake_event_.notify();
}

void UnitProcess::run() {
  if ((state_ != State::runnable && state_ != State::time) || engine_.interrupted) return;
  state_ = State::runnable;
  while (cursor_.at < code_.size()) {
    if (!execute(engine_.graph.firings[code_[cursor_.at].firing])) return;
    if (engine_.host_firings >= engine_.next_progress) engine_.report_progress(local_);
    if (engine_.interrupted) return;
    if (engine_.options.yield_every != 0 && ++since_yield_ >= engine_.options.yield_every) {
      since_yield_ = 0;
      wake_event_.notify(sc_core::SC_ZERO_TIME);
      return;
    }
  }
  state_ = State::finished;
}

/// Performs the firing at the cursor, or arranges to be woken and returns false.
bool UnitProcess::execute(const Firing& firing) {
  if (set_up_) {
    sync_target_ = local_;
  } else {
    const std::optional<Start> start = find_start(firing);
    if (!start) return false;
    sync_target_ = start->cycle;
    if (firing.transfer) {
      begin(firing, *start);
      set_up(firing, start->cycle);
      sync_target_ = local_;
    } else if (firing.ports.empty()) {
      perform(firing, *start);
      return true;
    }
  }
  if (sync_target_ > now_cycle()) {
    state_ = State::time;
    wake_event_.notify(at_cycle(sync_target_ - now_cycle()));
  } else {
    state_ = State::service;
    engine_.arbiter.ask(unit_);
  }
  return false;
}

void UnitProcess::serve() {
  SLUICE_ASSERT(sync_target_ == now_cycle(), "a request was served at another time");
  const Firing& firing = engine_.graph.firings[code_[cursor_.at].firing];
  if (set_up_) return request(firing);
  perform(firing, *find_start(firing));
  wake();
}

/// Counts a firing that begins, and what the unit waited for until then.
void UnitProcess::begin(const Firing& firing, const Start& start) {
  UnitLayerStats& row = engine_.stats[unit_].layers[firing.layer];
  after_order_ = after_order_ ||
                 (start.channel != none_id && !start.room && engine_.channels[start.channel].order);
  account_stall(start, row);
  if (row.firings == 0) row.start = start.cycle;
  ++engine_.host_firings;
  ++firings_;
  row.firings += firing.repeat;
  engine_.firings += firing.repeat;
}

/// Performs a firing without a transfer.
void UnitProcess::perform(const Firing& firing, const Start& start) {
  begin(firing, start);
  UnitLayerStats& row = engine_.stats[unit_].layers[firing.layer];
  const std::uint64_t begun = use_ports(firing, start.cycle, row);
  finish_firing(firing, begun, begun + firing.interval * firing.repeat, row);
}

/// The earliest cycle at which all tokens and all room are there; nothing if that is unknown yet.
std::optional<UnitProcess::Start> UnitProcess::find_start(const Firing& firing) {
  Start start{local_, none_id, false};
  for (const Take& take : firing.takes) {
    const ChannelState& channel = engine_.channels[index(take.channel)];
    const std::uint64_t ready =
        channel.size < take.tokens ? pending : channel.ready_time(take.tokens);
    if (ready == pending) {
      wait_for(State::token, index(take.channel), take.tokens);
      return std::nullopt;
    }
    if (ready > start.cycle) start = {ready, index(take.channel), false};
  }
  for (const Put& put : firing.puts) {
    const ChannelState& channel = engine_.channels[index(put.channel)];
    if (channel.room() < put.tokens) {
      wait_for(State::room, index(put.channel), put.tokens);
      return std::nullopt;
    }
    const std::uint64_t space = channel.space_time(put.tokens);
    if (space > start.cycle) start = {space, index(put.channel), true};
  }
  return start;
}

void UnitProcess::wait_for(State state, std::uint32_t channel, std::uint64_t needs) {
  state_ = state;
  waits_for_ = channel;
  ChannelState& c = engine_.channels[channel];
  (state == State::token ? c.reader_needs : c.writer_needs) = needs;
}

void UnitProcess::account_stall(const Start& start, UnitLayerStats& row) {
  const std::uint64_t cycles = start.cycle - local_;
  if (cycles == 0) return;
  const auto add = [&](StallKind kind) { row.stalls[static_cast<std::size_t>(kind)] += cycles; };
  const auto starved = [&] {
    add(StallKind::input_starved);
    row.starved[engine_.channels[start.channel].producer_peer] += cycles;
  };
  if (row.firings == 0) row.first_stall += cycles;
  ChannelState& channel = engine_.channels[start.channel];
  (start.room ? channel.blocked : channel.starved) += cycles;
  if (start.room) {
    add(StallKind::output_blocked);
    row.blocked[channel.consumer_peer] += cycles;
  } else if (channel.order)
    add(StallKind::drain);
  else if (channel.from_load)
    split_memory_stall(local_, start.cycle, start.channel, row);
  else if (row.firings == 0 && channel.from_compute)
    add(StallKind::fill);
  else
    starved();
}

/// Divides a wait for a tile that a load unit brings: until its transfer began, its set-up, the
/// unloaded latency of the memory, and the rest, which is the memory's bandwidth.
void UnitProcess::split_memory_stall(std::uint64_t begin, std::uint64_t end, std::uint32_t channel,
                                     UnitLayerStats& row) {
  const ChannelState& c = engine_.channels[channel];
  const ChannelState::Slot& token = c.slots[c.head];
  const auto at = [&](StallKind kind) -> std::uint64_t& {
    return row.stalls[static_cast<std::size_t>(kind)];
  };
  const std::uint64_t begun = std::clamp(token.begun, begin, end);
  const std::uint64_t asked = std::clamp(token.asked, begin, end);
  at(token.after_drain ? StallKind::drain : StallKind::input_starved) += begun - begin;
  if (!token.after_drain) row.starved[c.producer_peer] += begun - begin;
  const std::uint64_t latency = std::min(end - asked, engine_.unloaded_latency);
  at(StallKind::dma_setup) += asked - begun;
  at(StallKind::memory_latency) += latency;
  at(StallKind::memory_bandwidth) += end - asked - latency;
}

/// Takes the firing's beats of the shared ports; returns when it may begin. What it loses to bank
/// conflicts comes on top: they hold it in the midst of its work.
std::uint64_t UnitProcess::use_ports(const Firing& firing, std::uint64_t start,
                                     UnitLayerStats& row) {
  std::uint64_t begin = start;
  for (const PortUse& use : firing.ports)
    begin = std::max(begin, engine_.ports[index(use.port)].free);
  const std::uint64_t occupied = firing.interval * firing.repeat;
  std::uint64_t end = begin + occupied;
  for (const PortUse& use : firing.ports) {
    PortState& port = engine_.ports[index(use.port)];
    port.free = begin + use.beats;
    port.beats += use.beats;
    end = std::max(end, begin + use.beats);
    port.conflicts += begin - start;
  }
  const std::uint64_t conflict = begin - start + (end - begin - occupied);
  row.stalls[static_cast<std::size_t>(StallKind::port_conflict)] += conflict;
  row.stalls[static_cast<std::size_t>(StallKind::bank_conflict)] += firing.bank_conflicts;
  if (row.firings == firing.repeat) row.first_stall += begin - start;
  return end - occupied + firing.bank_conflicts;
}

void UnitProcess::finish_firing(const Firing& firing, std::uint64_t start, std::uint64_t end,
                                UnitLayerStats& row) {
  const std::uint64_t ready = end - firing.interval + firing.latency;
  take_tokens(firing, Release::at_start, start);
  take_tokens(firing, Release::at_end, end);
  put_tokens(firing, start, ready);
  if (engine_.traces(start)) record_slice(firing, start, end);
  row.busy += end - start;
  row.end = end;
  row.done = std::max(end, ready);
  local_ = end;
  engine_.last_done = std::max(engine_.last_done, row.done);
  advance();
}

void UnitProcess::take_tokens(const Firing& firing, Release release, std::uint64_t cycle) {
  for (const Take& take : firing.takes) {
    if (take.release != release) continue;
    ChannelState& channel = engine_.channels[index(take.channel)];
    channel.pop(take.tokens, cycle);
    engine_.note_occupancy(index(take.channel), cycle, -std::int64_t{take.tokens});
    engine_.wake_writer(channel);
  }
}

void UnitProcess::put_tokens(const Firing& firing, std::uint64_t start, std::uint64_t ready) {
  for (const Put& put : firing.puts) {
    ChannelState& channel = engine_.channels[index(put.channel)];
    channel.push(put.tokens, start, ready);
    engine_.note_occupancy(index(put.channel), start, std::int64_t{put.tokens});
    engine_.wake_reader(channel);
  }
}

/// Moves past the firing at the cursor and lets fast-forward look if an iteration has ended.
void UnitProcess::advance() {
  ++cursor_.at;
  settle();
  if (!at_boundary_) return;
  at_boundary_ = false;
  for (const Cursor::Level& level : cursor_.levels)
    if (level.loop == boundary_loop_)
      engine_.fast_forward.boundary(engine_, unit_, level.loop, level.iteration, level.count);
}

/// Follows loop instructions until the cursor stands at a firing or at the end.
void UnitProcess::settle() {
  while (cursor_.at < code_.size() && code_[cursor_.at].kind != Instruction::Kind::fire) {
    const Instruction& instruction = code_[cursor_.at];
    if (instruction.kind == Instruction::Kind::begin) {
      cursor_.levels.push_back({instruction.loop, 0, instruction.count});
      engine_.fast_forward.enter(unit_, instruction.loop);
      ++cursor_.at;
      continue;
    }
    Cursor::Level& level = cursor_.levels.back();
    if (++level.iteration < level.count) {
      cursor_.at = instruction.jump;
      at_boundary_ = at_boundary_ || instruction.watched;
      if (instruction.watched) boundary_loop_ = instruction.loop;
    } else {
      cursor_.levels.pop_back();
      ++cursor_.at;
    }
  }
}

void UnitProcess::append_state(std::uint64_t now, std::uint32_t loop, std::uint64_t iteration,
                               std::vector<std::uint64_t>& out) const {
  out.push_back(cursor_.at);
  out.push_back(static_cast<std::uint64_t>(state_) * 4 + (set_up_ ? 2 : 0) +
                (after_order_ ? 1 : 0));
  out.push_back(state_ == State::token || state_ == State::room ? waits_for_ : none_id);
  out.push_back(local_ - now);
  out.push_back(state_ == State::time || state_ == State::service ? sync_target_ - now : 0);
  for (const Cursor::Level& level : cursor_.levels)
    out.push_back(level.loop == loop ? level.iteration - iteration : level.iteration);
  for (const InFlight& flight : in_flight_) {
    out.push_back(flight.begun - now);
    out.push_back(flight.issued ? 1 : 0);
  }
}

void UnitProcess::shift(std::uint64_t cycles, std::uint32_t loop, std::uint64_t iterations) {
  local_ += cycles;
  for (Cursor::Level& level : cursor_.levels)
    if (level.loop == loop) level.iteration += iterations;
  for (InFlight& flight : in_flight_) flight.begun += cycles;
  if (state_ != State::time && state_ != State::service) return;
  if (state_ == State::service) engine_.arbiter.take_back(unit_);
  state_ = State::time;
  sync_target_ += cycles;
  wake_event_.cancel();
  wake_event_.notify(at_cycle(sync_target_ - now_cycle()));
}

void UnitProcess::record_slice(const Firing& firing, std::uint64_t start, std::uint64_t end) {
  TraceSlice slice;
  slice.track = unit_;
  slice.name = static_cast<std::uint32_t>(&firing - engine_.graph.firings.data());
  slice.start = start;
  slice.duration = end - start;
  const auto flow = [](std::uint32_t channel, std::uint64_t token) {
    return (std::uint64_t{channel} + 1) << 40 | token;
  };
  for (const Take& take : firing.takes)
    if (take.release != Release::never && slice.flow_in == 0)
      slice.flow_in = flow(index(take.channel), engine_.channels[index(take.channel)].popped);
  if (!firing.puts.empty()) {
    const std::uint32_t channel = index(firing.puts.front().channel);
    slice.flow_out = flow(channel, engine_.channels[channel].pushed);
  }
  engine_.trace.slices.push_back(slice);
}

}  // namespace sluice::tile
