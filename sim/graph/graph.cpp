// SPDX-License-Identifier: Apache-2.0
// Building and checking of graphs; see graph.hpp.
#include "sim/graph/graph.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/assert.hpp"

namespace sluice {

/// With room for a machine and a layer or two; what is built for many designs should not grow anew
/// for each.
GraphBuilder::GraphBuilder() {
  graph_.units.reserve(8);
  graph_.channels.reserve(16);
  graph_.firings.reserve(32);
  graph_.schedule.reserve(64);
  graph_.actions.reserve(16);
  graph_.streams.reserve(4);
  graph_.ports.reserve(8);
  open_.reserve(8);
}

UnitId GraphBuilder::unit(std::string name, UnitKind kind, std::uint32_t outstanding) {
  graph_.units.emplace_back(std::move(name), kind, outstanding);
  return UnitId(graph_.units.size() - 1);
}

ChannelId GraphBuilder::channel(Name name, UnitId producer, UnitId consumer, std::uint64_t capacity,
                                std::uint64_t initial) {
  graph_.channels.emplace_back(std::move(name), producer, consumer, capacity, initial, false);
  return ChannelId(graph_.channels.size() - 1);
}

ChannelId GraphBuilder::order(Name name, UnitId producer, UnitId consumer, std::uint64_t capacity) {
  graph_.channels.emplace_back(std::move(name), producer, consumer, capacity, 0, true);
  return ChannelId(graph_.channels.size() - 1);
}

PortId GraphBuilder::port(std::string name) {
  graph_.ports.push_back({std::move(name)});
  return PortId(graph_.ports.size() - 1);
}

std::uint32_t GraphBuilder::layer(std::string name) {
  graph_.layers.push_back(std::move(name));
  return static_cast<std::uint32_t>(graph_.layers.size() - 1);
}

std::uint32_t GraphBuilder::action(std::string_view literal) {
  graph_.actions.push_back(literal);
  return static_cast<std::uint32_t>(graph_.actions.size() - 1);
}

std::uint32_t GraphBuilder::stream(std::string name) {
  graph_.streams.push_back(std::move(name));
  return static_cast<std::uint32_t>(graph_.streams.size() - 1);
}

LoopId GraphBuilder::open_loop(std::uint64_t count) {
  SLUICE_ASSERT(count > 0, "a loop of the schedule has no iterations");
  const LoopId id{graph_.loops++};
  open_.push_back(static_cast<std::uint32_t>(graph_.schedule.size()));
  ScheduleNode node;
  node.kind = ScheduleNode::Kind::loop;
  node.loop = id;
  node.count = count;
  graph_.schedule.push_back(node);
  return id;
}

void GraphBuilder::close_loop() {
  SLUICE_ASSERT(!open_.empty(), "a loop is closed that was not opened");
  const std::uint32_t at = open_.back();
  open_.pop_back();
  const auto end = static_cast<std::uint32_t>(graph_.schedule.size());
  if (end == at + 1)
    graph_.schedule.pop_back();
  else
    graph_.schedule[at].end = end;
}

Firing& GraphBuilder::fire() {
  ScheduleNode node;
  node.firing = FiringId(graph_.firings.size());
  node.end = static_cast<std::uint32_t>(graph_.schedule.size() + 1);
  graph_.schedule.push_back(node);
  return graph_.firings.emplace_back();
}

Graph GraphBuilder::finish() {
  SLUICE_ASSERT(open_.empty(), "a loop of the schedule was not closed");
  return std::move(graph_);
}

const std::string& name_of(const Graph& graph, const Firing& firing) {
  return firing.name.empty() ? graph.layers[firing.layer] : firing.name;
}

namespace {

/// Calls `visit(firing, times)` for every fire node, with how often it is executed.
template <class Visit>
void for_each_firing(const Graph& graph, Visit visit) {
  struct OpenLoop {
    std::uint32_t end;
    std::uint64_t count;
  };
  InlineVector<OpenLoop, 8> open;
  std::uint64_t times = 1;
  for (std::uint32_t i = 0; i < graph.schedule.size(); ++i) {
    while (!open.empty() && open.back().end == i) {
      times /= open.back().count;
      open.pop_back();
    }
    const ScheduleNode& node = graph.schedule[i];
    if (node.kind == ScheduleNode::Kind::loop) {
      open.push_back({node.end, node.count});
      times *= node.count;
    } else {
      visit(graph.firings[index(node.firing)], times);
    }
  }
}

void check_firing(const Graph& graph, const Firing& firing, std::vector<std::string>& problems) {
  for (const Take& take : firing.takes) {
    const Channel& channel = graph.channels[index(take.channel)];
    if (channel.consumer != firing.unit)
      problems.push_back(
          fmt::format("firing '{}' of unit '{}' takes from channel '{}', whose "
                      "consumer is '{}'",
                      name_of(graph, firing), graph.units[index(firing.unit)].name,
                      channel.name.view(), graph.units[index(channel.consumer)].name));
    if (take.tokens > channel.capacity)
      problems.push_back(
          fmt::format("firing '{}' takes {} tokens at once from channel '{}', which "
                      "holds {}",
                      name_of(graph, firing), take.tokens, channel.name.view(), channel.capacity));
  }
  for (const Put& put : firing.puts) {
    const Channel& channel = graph.channels[index(put.channel)];
    if (channel.producer != firing.unit)
      problems.push_back(
          fmt::format("firing '{}' of unit '{}' puts on channel '{}', whose producer "
                      "is '{}'",
                      name_of(graph, firing), graph.units[index(firing.unit)].name,
                      channel.name.view(), graph.units[index(channel.producer)].name));
    if (put.tokens > channel.capacity)
      problems.push_back(
          fmt::format("firing '{}' puts {} tokens at once on channel '{}', which "
                      "holds {}",
                      name_of(graph, firing), put.tokens, channel.name.view(), channel.capacity));
  }
}

}  // namespace

std::vector<std::string> check(const Graph& graph) {
  std::vector<std::string> problems;
  std::vector<std::uint64_t> put(graph.channels.size()), taken(graph.channels.size());
  for (const Firing& firing : graph.firings) check_firing(graph, firing, problems);
  for_each_firing(graph, [&](const Firing& firing, std::uint64_t times) {
    for (const Take& take : firing.takes)
      if (take.release != Release::never) taken[index(take.channel)] += times * take.tokens;
    for (const Put& p : firing.puts) put[index(p.channel)] += times * p.tokens;
  });
  for (std::size_t c = 0; c < graph.channels.size(); ++c) {
    const Channel& channel = graph.channels[c];
    if (channel.initial > channel.capacity)
      problems.push_back(fmt::format("channel '{}' starts with {} tokens and holds {}",
                                     channel.name.view(), channel.initial, channel.capacity));
    if (taken[c] > put[c] + channel.initial)
      problems.push_back(fmt::format("{} tokens are taken from channel '{}', but {} are put on it",
                                     taken[c], channel.name.view(), put[c] + channel.initial));
  }
  return problems;
}

std::vector<std::uint64_t> count_firings(const Graph& graph) {
  std::vector<std::uint64_t> counts(graph.units.size());
  for_each_firing(graph, [&](const Firing& firing, std::uint64_t times) {
    counts[index(firing.unit)] += times * firing.repeat;
  });
  return counts;
}

std::vector<std::uint64_t> busy_cycles(const Graph& graph) {
  std::vector<std::uint64_t> cycles(graph.units.size());
  for_each_firing(graph, [&](const Firing& firing, std::uint64_t times) {
    cycles[index(firing.unit)] += times * firing.repeat * firing.interval;
  });
  return cycles;
}

std::vector<std::vector<std::uint64_t>> count_actions(const Graph& graph) {
  std::vector<std::vector<std::uint64_t>> counts;
  counts.reserve(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) counts.emplace_back(graph.actions.size());
  for_each_firing(graph, [&](const Firing& firing, std::uint64_t times) {
    for (const ActionCount& action : firing.actions)
      counts[firing.layer][action.action] += times * action.count;
  });
  return counts;
}

std::string to_text(const Graph& graph) {
  std::string text;
  for (const Unit& unit : graph.units) text += fmt::format("unit {}\n", unit.name);
  for (const Channel& c : graph.channels)
    text += fmt::format("channel {}: {} -> {}, capacity {}{}\n", c.name.view(),
                        graph.units[index(c.producer)].name, graph.units[index(c.consumer)].name,
                        c.capacity, c.initial ? fmt::format(", {} initial", c.initial) : "");
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < graph.schedule.size(); ++i) {
    while (!open.empty() && open.back() == i) open.pop_back();
    const ScheduleNode& node = graph.schedule[i];
    const std::string indent(2 * open.size(), ' ');
    if (node.kind == ScheduleNode::Kind::loop) {
      text += fmt::format("{}{} times\n", indent, node.count);
      open.push_back(node.end);
    } else {
      const Firing& f = graph.firings[index(node.firing)];
      text += fmt::format("{}{}: {} ({} x {} cycles, latency {})\n", indent,
                          graph.units[index(f.unit)].name, name_of(graph, f), f.repeat, f.interval,
                          f.latency);
    }
  }
  return text;
}

}  // namespace sluice
