// SPDX-License-Identifier: Apache-2.0
// Set-up, run and results of the tile simulator; see engine.hpp.
#include "sim/tile/engine.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "sim/tile/systemc_context.hpp"

namespace sluice::tile {
namespace {

std::vector<ChannelState> make_channels(const Graph& graph) {
  std::vector<ChannelState> channels(graph.channels.size());
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const Channel& description = graph.channels[c];
    ChannelState& channel = channels[c];
    const UnitKind producer = graph.units[index(description.producer)].kind;
    channel.slots.resize(description.capacity);
    channel.producer = index(description.producer);
    channel.consumer = index(description.consumer);
    channel.from_load = producer == UnitKind::load;
    channel.order = description.order;
    channel.from_compute = producer == UnitKind::compute || producer == UnitKind::vector;
    for (std::uint64_t i = 0; i < description.initial; ++i) {
      channel.tail = channel.next(channel.tail);
      ++channel.size;
    }
  }
  return channels;
}

/// Place of `peer` among those of `unit`, added if new.
std::uint8_t peer_place(UnitStats& unit, std::uint32_t peer) {
  const auto at = std::find(unit.peers.begin(), unit.peers.end(), UnitId{peer});
  const auto place = static_cast<std::size_t>(at - unit.peers.begin());
  if (at == unit.peers.end() && place < stall_peers) unit.peers.push_back(UnitId{peer});
  return static_cast<std::uint8_t>(std::min(place, stall_peers - 1));
}

}  // namespace

Engine::Engine(const Graph& the_graph, Memory the_memory, const TileOptions& the_options)
    : graph(the_graph),
      options(the_options),
      program(compile(the_graph)),
      channels(make_channels(the_graph)),
      ports(the_graph.ports.size()),
      streams(the_graph.streams.size()),
      memory(std::move(the_memory)),
      arbiter(
          "arbiter", [this](std::uint32_t unit) { units[unit]->serve(); },
          [this] { std::visit([](const auto& m) { m->look(); }, memory); }),
      fast_forward(the_graph, program, the_options.fast_forward) {
  for (const Channel& channel : graph.channels)
    held_before.push_back(static_cast<std::int64_t>(channel.initial));
  stats.resize(graph.units.size());
  for (UnitStats& unit : stats) unit.layers.resize(graph.layers.size());
  for (ChannelState& channel : channels) {
    channel.producer_peer = peer_place(stats[channel.consumer], channel.producer);
    channel.consumer_peer = peer_place(stats[channel.producer], channel.consumer);
  }
  if (options.trace)
    meter.emplace(graph.streams.size(), options.trace_start, options.trace_end,
                  options.trace_limit);
  std::visit(
      [&](const auto& m) {
        unloaded_latency = m->unloaded_latency();
        if (meter) m->show_data(*meter);
        m->ask_to_look = [this] { arbiter.ask_for_memory(); };
      },
      memory);
  for (std::uint32_t u = 0; u < graph.units.size(); ++u) {
    units.push_back(std::make_unique<UnitProcess>(("unit" + std::to_string(u)).c_str(), *this, u));
    std::visit([&](const auto& m) { units.back()->socket.bind(m->socket); }, memory);
  }
}

void Engine::wake_reader(ChannelState& channel) {
  if (channel.reader_needs == 0 || channel.size < channel.reader_needs) return;
  if (channel.ready_time(static_cast<std::uint32_t>(channel.reader_needs)) == pending) return;
  channel.reader_needs = 0;
  units[channel.consumer]->wake();
}

void Engine::wake_writer(ChannelState& channel) {
  if (channel.writer_needs == 0 || channel.room() < channel.writer_needs) return;
  channel.writer_needs = 0;
  units[channel.producer]->wake();
}

void Engine::report_progress(std::uint64_t cycle) {
  next_progress = host_firings + progress_every;
  if (options.progress == nullptr) return;
  const TileProgress progress{cycle, firings, total_firings};
  if (!options.progress(progress, options.progress_context)) interrupted = true;
}

TileOutcome Engine::run() {
  if (options.progress != nullptr)
    for (const std::uint64_t count : count_firings(graph)) total_firings += count;
  sc_core::sc_start();
  if (interrupted) return Interrupted{last_done};
  for (const auto& unit : units)
    if (unit->state() != UnitProcess::State::finished) return deadlock();
  return result();
}

TileResult Engine::result() {
  TileResult out;
  std::visit([&](const auto& m) { out.cycles = std::max(last_done, m->finish()); }, memory);
  out.units = std::move(stats);
  for (const ChannelState& c : channels)
    out.channels.push_back({c.pushed, c.starved, c.blocked, c.last_dequeue});
  out.streams = streams;
  std::visit([&](const auto& m) { out.memory_counters = m->report_counters(); }, memory);
  for (const PortState& port : ports) {
    out.port_beats.push_back(port.beats);
    out.port_conflicts.push_back(port.conflicts);
  }
  out.host_firings = host_firings;
  if (options.trace) finish_trace(out);
  return out;
}

/// Follows the waits from unit to unit until one comes round, and reports that cycle of waits.
Deadlock Engine::deadlock() const {
  Deadlock found;
  std::uint32_t unit = 0;
  while (units[unit]->state() == UnitProcess::State::finished) ++unit;
  const auto wait_of = [&](std::uint32_t u) {
    const UnitProcess& process = *units[u];
    const bool full = process.state() == UnitProcess::State::room;
    const ChannelState& channel = channels[process.waits_for()];
    Wait wait;
    wait.unit = graph.units[u].name;
    wait.channel = graph.channels[process.waits_for()].name.text();
    wait.full = full;
    wait.capacity = channel.slots.size();
    wait.held = channel.size;
    wait.on = graph.units[full ? channel.consumer : channel.producer].name;
    return std::pair{wait, full ? channel.consumer : channel.producer};
  };
  std::vector<std::uint32_t> order;
  for (const auto& u : units) found.cycle = std::max(found.cycle, u->local());
  while (std::find(order.begin(), order.end(), unit) == order.end()) {
    order.push_back(unit);
    if (units[unit]->state() == UnitProcess::State::finished) break;
    unit = wait_of(unit).second;
  }
  const auto first = std::find(order.begin(), order.end(), unit);
  const bool cyclic = units[unit]->state() != UnitProcess::State::finished;
  for (auto u = cyclic ? first : order.begin(); u != order.end(); ++u)
    if (units[*u]->state() != UnitProcess::State::finished)
      found.waits.push_back(wait_of(*u).first);
  return found;
}

void Engine::finish_trace(TileResult& out) {
  for (const Unit& unit : graph.units) trace.tracks.push_back(unit.name);
  for (const Firing& firing : graph.firings) trace.names.push_back(name_of(graph, firing));
  std::stable_sort(occupancy.begin(), occupancy.end(),
                   [](const auto& a, const auto& b) { return a.cycle < b.cycle; });
  std::vector<std::int64_t> held = held_before;
  for (const Channel& channel : graph.channels)
    trace.counters.push_back({channel.name.text() + " tokens", "tokens"});
  for (const OccupancyEvent& event : occupancy) {
    held[event.channel] += event.change;
    trace.samples.push_back({event.channel, event.cycle, static_cast<double>(held[event.channel])});
  }
  const auto base = static_cast<std::uint32_t>(trace.counters.size());
  for (const std::string& stream : graph.streams)
    trace.counters.push_back({stream + " bandwidth", "B/cycle"});
  meter->append(base, std::min(options.trace_end, out.cycles), trace.samples);
  std::stable_sort(trace.samples.begin(), trace.samples.end(),
                   [](const auto& a, const auto& b) { return a.cycle < b.cycle; });
  std::stable_sort(trace.slices.begin(), trace.slices.end(), [](const auto& a, const auto& b) {
    return a.track != b.track ? a.track < b.track : a.start < b.start;
  });
  trace.truncated = trace.slices.size() + occupancy.size() >= options.trace_limit;
  out.trace = std::move(trace);
}

Memory make_memory(const TileMemory& memory, std::size_t streams) {
  if (memory.dram.is_ideal()) return std::make_unique<IdealMemory>("memory", memory, streams);
  return std::make_unique<DramMemory>("memory", memory, streams);
}

namespace {

using MakeMemory = std::function<Memory()>;

TileOutcome run_once(const Graph& graph, const MakeMemory& make, const TileOptions& options) {
  SystemcContext context;
  Engine engine(graph, make(), options);
  return engine.run();
}

/// Whether `graph` runs to the end when the channel at `at` holds `capacity` tokens.
bool runs_with(Graph& graph, std::size_t at, std::uint64_t capacity, const MakeMemory& make,
               const TileOptions& options) {
  graph.channels[at].capacity = capacity;
  return !std::holds_alternative<Deadlock>(run_once(graph, make, options));
}

/// Finds the least depth of one of the full channels that lets the graph run to the end.
void find_depth(const Graph& graph, const MakeMemory& make, TileOptions options,
                Deadlock& deadlock) {
  options.trace = false;
  options.progress = nullptr;
  constexpr std::uint64_t limit = std::uint64_t{1} << 20;
  for (const Wait& wait : deadlock.waits) {
    if (!wait.full) continue;
    Graph trial = graph;
    std::size_t at = 0;
    while (trial.channels[at].name.view() != wait.channel) ++at;
    std::uint64_t fails = wait.capacity, works = 2 * wait.capacity;
    while (works < limit && !runs_with(trial, at, works, make, options)) fails = works, works *= 2;
    if (works >= limit) continue;
    while (works - fails > 1) {
      const std::uint64_t middle = fails + (works - fails) / 2;
      (runs_with(trial, at, middle, make, options) ? works : fails) = middle;
    }
    deadlock.channel = wait.channel;
    deadlock.depth = works;
    return;
  }
}

}  // namespace

TileOutcome run_with(const Graph& graph, const MakeMemory& make, const TileOptions& options) {
  SLUICE_ASSERT(check(graph).empty(), "a graph that does not pass check() cannot be executed");
  TileOutcome outcome = run_once(graph, make, options);
  if (Deadlock* deadlock = std::get_if<Deadlock>(&outcome))
    find_depth(graph, make, options, *deadlock);
  return outcome;
}

}  // namespace sluice::tile

namespace sluice {

TileOutcome run_tile(const Graph& graph, const TileMemory& memory, const TileOptions& options) {
  return tile::run_with(
      graph, [&] { return tile::make_memory(memory, graph.streams.size()); }, options);
}

std::string to_text(const Deadlock& deadlock) {
  std::string text = "deadlock at cycle " + std::to_string(deadlock.cycle) +
                     ": nothing can run although units are unfinished\n";
  for (const Wait& wait : deadlock.waits)
    text += "  " + wait.unit + " waits for " + (wait.full ? "room in" : "a token of") +
            " channel '" + wait.channel + "' (holds " + std::to_string(wait.held) + " of " +
            std::to_string(wait.capacity) + "), which " + wait.on + " would give\n";
  if (!deadlock.channel.empty())
    text += "  hint: channel '" + deadlock.channel + "' needs a depth of at least " +
            std::to_string(deadlock.depth) + "\n";
  return text;
}

}  // namespace sluice
