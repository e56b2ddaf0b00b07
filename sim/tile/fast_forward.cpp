// SPDX-License-Identifier: Apache-2.0
// Detection and skipping of periods; see fast_forward.hpp and docs/time.md.
#include "sim/tile/fast_forward.hpp"

#include <algorithm>

#include "sim/tile/engine.hpp"

namespace sluice::tile {
namespace {

constexpr std::uint64_t stored_words_limit = 4u << 20;  ///< of one loop: 32 MiB of keys

std::uint64_t hash_of(const std::vector<std::uint64_t>& words) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a over 64-bit words, with a final mix
  for (const std::uint64_t word : words) {
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 29;
  }
  return hash;
}

/// The iteration of `loop` at which `cursor` stands, and those of the loops around it.
bool find_level(const Cursor& cursor, std::uint32_t loop, std::size_t& level) {
  for (level = 0; level < cursor.levels.size(); ++level)
    if (cursor.levels[level].loop == loop) return true;
  return false;
}

/// Whether two units execute the same instance of the loop at `level` of the watcher's cursor.
bool same_instance(const Cursor& watcher, std::size_t level, const Cursor& other,
                   std::uint32_t loop) {
  std::size_t at = 0;
  if (!find_level(other, loop, at)) return false;
  for (std::size_t i = 0; i < at; ++i) {
    std::size_t outer = 0;
    if (!find_level(watcher, other.levels[i].loop, outer) || outer >= level) return false;
    if (watcher.levels[outer].iteration != other.levels[i].iteration) return false;
  }
  return true;
}

void add_scaled(UnitLayerStats& row, const UnitLayerStats& before, const UnitLayerStats& after,
                std::uint64_t times) {
  row.firings += times * (after.firings - before.firings);
  row.busy += times * (after.busy - before.busy);
  for (std::size_t k = 0; k < stall_kinds; ++k)
    row.stalls[k] += times * (after.stalls[k] - before.stalls[k]);
  for (std::size_t p = 0; p < stall_peers; ++p) {
    row.starved[p] += times * (after.starved[p] - before.starved[p]);
    row.blocked[p] += times * (after.blocked[p] - before.blocked[p]);
  }
}

}  // namespace

FastForward::FastForward(const Graph& graph, const Program& program, bool enabled)
    : program_(program), enabled_(enabled), watches_(graph.loops), moves_(graph.units.size()) {
  if (!enabled) return;
  for (std::uint32_t u = 0; u < program.units.size(); ++u)
    for (const Instruction& instruction : program.units[u].code)
      if (instruction.kind == Instruction::Kind::end && instruction.watched)
        watches_[instruction.loop].watcher = u;
}

void FastForward::enter(std::uint32_t unit, std::uint32_t loop) {
  Watch& watch = watches_[loop];
  if (watch.watcher != unit) return;
  watch.seen.clear();
  watch.by_hash.clear();
  watch.stored_words = 0;
}

void FastForward::boundary(Engine& engine, std::uint32_t unit, std::uint32_t loop,
                           std::uint64_t iteration, std::uint64_t count) {
  Watch& watch = watches_[loop];
  if (!enabled_ || count - iteration < 2) return;
  if (engine.host_firings < watch.next_look) return;  // looking must stay cheap
  Seen seen;
  if (!snapshot(engine, unit, loop, iteration, seen)) {
    watch.next_look = engine.host_firings + watch.patience;
    watch.patience = std::min<std::uint64_t>(2 * watch.patience, 1 << 14);
    return;
  }
  watch.next_look = engine.host_firings + key_.size() / 8;
  const std::uint64_t hash = hash_of(seen.key);
  const auto [first, last] = watch.by_hash.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const Seen& earlier = watch.seen[entry->second];
    if (earlier.key != seen.key) continue;
    const std::uint64_t period = iteration - earlier.totals.iteration;
    std::uint64_t periods = periods_left(engine, loop, period);
    const std::uint64_t now = seen.totals.cycle;
    const std::uint64_t period_cycles = now - earlier.totals.cycle;
    const TileOptions& options = engine.options;
    if (options.trace && now < options.trace_end && period_cycles > 0)
      periods = now >= options.trace_start
                    ? 0
                    : std::min(periods, (options.trace_start - now) / period_cycles);
    if (periods > 0) skip(engine, loop, earlier.totals, seen.totals, periods);
    return;
  }
  if (watch.stored_words + seen.key.size() > stored_words_limit) enter(unit, loop);
  watch.stored_words += seen.key.size();
  watch.by_hash.emplace(hash, watch.seen.size());
  watch.seen.push_back(std::move(seen));
}

bool FastForward::snapshot(Engine& engine, std::uint32_t unit, std::uint32_t loop,
                           std::uint64_t iteration, Seen& out) {
  const std::uint64_t now = engine.units[unit]->local();
  Watch& watch = watches_[loop];
  if (watch.stream_firing.empty()) find_streams(engine, loop, watch);
  key_.clear();
  if (!append_units(engine, unit, loop, iteration, now, key_)) return false;
  append_channels(engine, now, key_);
  // A stall before the first firing of a layer is booked differently from a later one.
  for (const LoopRow& row : program_.loop_rows[loop])
    key_.push_back(engine.stats[row.unit].layers[row.layer].firings == 0);
  for (const PortState& port : engine.ports)
    key_.push_back(port.free <= now_cycle() ? pending : port.free - now);
  out.totals = totals(engine, loop, iteration, now);
  std::visit([&](const auto& memory) { memory->append_state(now, out.totals.addresses, key_); },
             engine.memory);
  out.key = key_;
  return true;
}

/// Units inside the same execution of the loop move with it; any other must stand still for good,
/// waiting for a channel, or the state cannot be compared.
bool FastForward::append_units(Engine& engine, std::uint32_t unit, std::uint32_t loop,
                               std::uint64_t iteration, std::uint64_t now,
                               std::vector<std::uint64_t>& key) {
  const Cursor& watcher = engine.units[unit]->cursor();
  std::size_t level = 0;
  if (!find_level(watcher, loop, level)) return false;
  for (std::size_t u = 0; u < engine.units.size(); ++u) {
    const UnitProcess& other = *engine.units[u];
    moves_[u] = same_instance(watcher, level, other.cursor(), loop);
    key.push_back(moves_[u]);
    if (moves_[u]) {
      other.append_state(now, loop, iteration, key);
      continue;
    }
    const bool still = other.state() == UnitProcess::State::token ||
                       other.state() == UnitProcess::State::room ||
                       other.state() == UnitProcess::State::finished;
    if (!still || other.transferring()) return false;
    other.append_state(0, none_id, 0, key);
  }
  return true;
}

/// Stamps that the past has made irrelevant are written as the present of the unit they concern.
void FastForward::append_channels(Engine& engine, std::uint64_t now,
                                  std::vector<std::uint64_t>& key) const {
  for (const ChannelState& channel : engine.channels) {
    key.push_back(channel.size);
    const bool reader = moves_[channel.consumer] != 0, writer = moves_[channel.producer] != 0;
    const std::uint64_t reads = engine.units[channel.consumer]->local();
    const std::uint64_t writes = engine.units[channel.producer]->local();
    std::uint32_t slot = channel.head;
    for (std::uint64_t i = 0; i < channel.slots.size(); ++i, slot = channel.next(slot)) {
      const ChannelState::Slot& s = channel.slots[slot];
      if (i >= channel.size) {
        if (writer) key.push_back(std::max(s.space, writes) - now);
      } else if (reader) {
        key.push_back(s.ready == pending ? pending : std::max(s.ready, reads) - now);
        key.push_back(std::max(s.begun, reads) - now);
        key.push_back(std::max(s.asked, reads) - now);
        key.push_back(s.after_drain ? 1 : 0);
      } else {
        key.push_back(s.ready);
      }
    }
  }
}

FastForward::Totals FastForward::totals(Engine& engine, std::uint32_t loop, std::uint64_t iteration,
                                        std::uint64_t now) const {
  Totals t;
  t.iteration = iteration;
  t.cycle = now;
  for (const LoopRow& row : program_.loop_rows[loop])
    t.rows.push_back(engine.stats[row.unit].layers[row.layer]);
  for (const ChannelState& c : engine.channels)
    for (const std::uint64_t count : {c.pushed, c.popped, c.starved, c.blocked})
      t.counts.push_back(count);
  for (const StreamStats& s : engine.streams)
    for (const std::uint64_t count : {s.read_bytes, s.write_bytes, s.transfers})
      t.counts.push_back(count);
  for (const PortState& p : engine.ports)
    for (const std::uint64_t count : {p.beats, p.conflicts}) t.counts.push_back(count);
  std::visit(
      [&](const auto& memory) {
        const auto counters = memory->counters();
        t.counts.insert(t.counts.end(), counters.begin(), counters.end());
      },
      engine.memory);
  const Watch& watch = watches_[loop];
  t.addresses.resize(engine.streams.size());
  for (std::size_t s = 0; s < t.addresses.size(); ++s)
    if (watch.stream_firing[s] != none_id)
      t.addresses[s] = engine.units[watch.stream_unit[s]]->address_of(
          *engine.graph.firings[watch.stream_firing[s]].transfer);
  return t;
}

/// Whole periods that every unit inside the loop can still go without leaving it.
std::uint64_t FastForward::periods_left(Engine& engine, std::uint32_t loop,
                                        std::uint64_t period) const {
  std::uint64_t periods = ~std::uint64_t{0};
  for (std::size_t u = 0; u < engine.units.size(); ++u) {
    if (!moves_[u]) continue;
    for (const Cursor::Level& level : engine.units[u]->cursor().levels)
      if (level.loop == loop)
        periods = std::min(periods, (level.count - 1 - level.iteration) / period);
  }
  return periods;
}

void FastForward::skip(Engine& engine, std::uint32_t loop, const Totals& before,
                       const Totals& after, std::uint64_t periods) {
  add_counts(engine, loop, before, after, periods);
  std::vector<std::int64_t> address_shift(after.addresses.size());
  for (std::size_t s = 0; s < address_shift.size(); ++s)
    address_shift[s] =
        static_cast<std::int64_t>((after.addresses[s] - before.addresses[s]) * periods);
  const std::uint64_t cycles = (after.cycle - before.cycle) * periods;
  shift_times(engine, loop, cycles, (after.iteration - before.iteration) * periods);
  for (std::size_t c = 0; c < engine.channels.size(); ++c) {
    const bool dequeued = after.counts[4 * c + 1] != before.counts[4 * c + 1];
    if (dequeued) engine.channels[c].last_dequeue += cycles;
  }
  std::visit([&](const auto& memory) { memory->shift(cycles, address_shift); }, engine.memory);
  Watch& watch = watches_[loop];
  watch.patience = 64;
  enter(watch.watcher, loop);
}

void FastForward::shift_times(Engine& engine, std::uint32_t loop, std::uint64_t cycles,
                              std::uint64_t iterations) {
  for (std::size_t u = 0; u < engine.units.size(); ++u)
    if (moves_[u]) engine.units[u]->shift(cycles, loop, iterations);
  for (ChannelState& channel : engine.channels) {
    const bool reader = moves_[channel.consumer] != 0, writer = moves_[channel.producer] != 0;
    std::uint32_t slot = channel.head;
    for (std::uint64_t i = 0; i < channel.slots.size(); ++i, slot = channel.next(slot)) {
      ChannelState::Slot& s = channel.slots[slot];
      if (i >= channel.size) {
        if (writer) s.space += cycles;
      } else if (reader) {
        if (s.ready != pending) s.ready += cycles;
        s.begun += cycles;
        s.asked += cycles;
      }
    }
  }
  for (PortState& port : engine.ports)
    if (port.free > now_cycle()) port.free += cycles;
}

void FastForward::add_counts(Engine& engine, std::uint32_t loop, const Totals& before,
                             const Totals& after, std::uint64_t periods) const {
  std::size_t i = 0;
  for (const LoopRow& row : program_.loop_rows[loop]) {
    add_scaled(engine.stats[row.unit].layers[row.layer], before.rows[i], after.rows[i], periods);
    engine.firings += periods * (after.rows[i].firings - before.rows[i].firings);
    ++i;
  }
  std::size_t at = 0;
  const auto grow = [&](std::uint64_t& count) {
    count += periods * (after.counts[at] - before.counts[at]);
    ++at;
  };
  for (ChannelState& c : engine.channels) {
    grow(c.pushed), grow(c.popped), grow(c.starved), grow(c.blocked);
  }
  for (StreamStats& s : engine.streams) {
    grow(s.read_bytes), grow(s.write_bytes), grow(s.transfers);
  }
  for (PortState& p : engine.ports) {
    grow(p.beats), grow(p.conflicts);
  }
  std::vector<std::uint64_t> delta;
  for (; at < after.counts.size(); ++at) delta.push_back(after.counts[at] - before.counts[at]);
  std::visit([&](const auto& memory) { memory->add_counters(delta, periods); }, engine.memory);
}

/// The transfer firing that stands for each stream inside the loop.
void FastForward::find_streams(const Engine& engine, std::uint32_t loop, Watch& watch) const {
  watch.stream_firing.assign(engine.streams.size(), none_id);
  watch.stream_unit.assign(engine.streams.size(), none_id);
  const auto& schedule = engine.graph.schedule;
  std::uint32_t first = 0;
  while (schedule[first].kind != ScheduleNode::Kind::loop || index(schedule[first].loop) != loop)
    ++first;
  for (std::uint32_t i = first + 1; i < schedule[first].end; ++i) {
    if (schedule[i].kind != ScheduleNode::Kind::fire) continue;
    const Firing& firing = engine.graph.firings[index(schedule[i].firing)];
    if (!firing.transfer) continue;
    const std::uint32_t stream = firing.transfer->stream;
    if (watch.stream_firing[stream] != none_id) continue;
    watch.stream_firing[stream] = index(schedule[i].firing);
    watch.stream_unit[stream] = index(firing.unit);
  }
}

}  // namespace sluice::tile
