// SPDX-License-Identifier: Apache-2.0
// The event graph of a loop body.
#include "sim/analytic/event_graph.hpp"

#include <algorithm>

namespace sluice {
namespace {

/// Tokens that a firing adds to a channel; those that stay when it takes them are not counted off.
std::int64_t tokens_added(const Firing& firing, std::uint32_t channel) {
  std::int64_t sum = 0;
  for (const Put& put : firing.puts)
    if (index(put.channel) == channel) sum += put.tokens;
  for (const Take& take : firing.takes)
    if (index(take.channel) == channel && take.release != Release::never) sum -= take.tokens;
  return sum;
}

/// Tokens that the nodes from `begin` to `end`, as far as they lie before `first`, add to a
/// channel. Of loops around `first` the iterations before the present one add nothing.
std::int64_t tokens_before(const Graph& graph, std::uint32_t begin, std::uint32_t end,
                           std::uint32_t first, std::uint32_t channel) {
  std::int64_t sum = 0;
  for (std::uint32_t i = begin; i < std::min(end, first);) {
    const ScheduleNode& node = graph.schedule[i];
    if (node.kind == ScheduleNode::Kind::fire) {
      sum += tokens_added(graph.firings[index(node.firing)], channel);
      ++i;
      continue;
    }
    const std::int64_t once = tokens_before(graph, i + 1, node.end, first, channel);
    sum += node.end <= first ? once * static_cast<std::int64_t>(node.count) : once;
    i = node.end;
  }
  return sum;
}

}  // namespace

/// A unit's firings follow each other, and its first of the next iteration its last.
void CriticalCycles::add_unit_edges() {
  of_unit_.assign(graph_.units.size(), {});
  for (std::uint32_t i = 0; i < firings_.size(); ++i) {
    auto& [first, last] = of_unit_[index(firings_[i]->unit)];
    if (first == none)
      first = i;
    else
      edges_.push_back({last, i, times_[last].busy, 0});
    last = i;
  }
  for (const auto& [first, last] : of_unit_)
    if (first != none) edges_.push_back({last, first, times_[last].busy, 1});
}

void CriticalCycles::collect() {
  channels_.assign(graph_.channels.size(), {});
  for (std::uint32_t i = 0; i < firings_.size(); ++i) {
    for (const Put& put : firings_[i]->puts) {
      // Results that a firing waits for may be those of an earlier run of this loop.
      if (graph_.channels[index(put.channel)].order) continue;
      Ends& ends = channels_[index(put.channel)];
      ++ends.puts, ends.put_at = i, ends.put_tokens = put.tokens;
    }
    for (const Take& take : firings_[i]->takes) {
      if (take.release == Release::never) continue;
      Ends& ends = channels_[index(take.channel)];
      ++ends.takes, ends.take_at = i, ends.take_tokens = take.tokens, ends.release = take.release;
    }
  }
}

/// Tokens that the channel holds when the loop begins. Only what the body takes before it puts can
/// be of an earlier firing; elsewhere the initial tokens are all.
std::uint64_t CriticalCycles::there_at_begin(std::uint32_t channel, const Ends& ends) const {
  const std::uint64_t initial = graph_.channels[channel].initial;
  if (initial > 0 || ends.take_at >= ends.put_at) return initial;
  const std::int64_t added = tokens_before(graph_, 0, first_, first_, channel);
  return added > 0 ? static_cast<std::uint64_t>(added) : 0;
}

/// Channels with one put and one take of as many tokens an iteration: the data edge, and the edge
/// back for the room. Others are left out, which only lowers the bound.
void CriticalCycles::add_channel_edges() {
  collect();
  for (std::uint32_t id = 0; id < channels_.size(); ++id) {
    const Ends& ends = channels_[id];
    if (ends.puts != 1 || ends.takes != 1 || ends.put_tokens != ends.take_tokens) continue;
    const Channel& channel = graph_.channels[id];
    const std::uint64_t tokens = ends.put_tokens;
    const std::uint64_t there = there_at_begin(id, ends);
    if (there % tokens != 0 || channel.capacity % tokens != 0 || there > channel.capacity) continue;
    edges_.push_back({ends.put_at, ends.take_at,
                      std::max<std::uint64_t>(times_[ends.put_at].result, 1), there / tokens});
    const std::uint64_t held = ends.release == Release::at_end ? times_[ends.take_at].busy : 0;
    edges_.push_back({ends.take_at, ends.put_at, held + 1, (channel.capacity - there) / tokens});
  }
}

const CriticalCycle& CriticalCycles::of(std::uint32_t first, std::uint32_t last) {
  first_ = first;
  firings_.clear();
  times_.clear();
  edges_.clear();
  for (std::uint32_t i = first; i < last; ++i) {
    firings_.push_back(&graph_.firings[index(graph_.schedule[i].firing)]);
    times_.push_back(firing_time(*firings_.back(), memory_));
  }
  add_unit_edges();
  add_channel_edges();
  critical_.cycles = critical_.iterations = 0;
  critical_.firings.clear();
  for (const std::uint32_t edge :
       ratio_.critical({edges_.data(), edges_.size()}, firings_.size())) {
    const EventEdge& e = edges_[edge];
    critical_.cycles += e.cycles;
    critical_.iterations += e.iterations;
    const auto place = firings_[e.from] - graph_.firings.data();
    critical_.firings.push_back(FiringId{static_cast<std::uint32_t>(place)});
  }
  // No loop without tokens: it could not run.
  if (critical_.iterations == 0) critical_ = {0, 1, {}};
  return critical_;
}

CriticalCycle critical_cycle(const Graph& graph, std::uint32_t first, std::uint32_t last,
                             const MemoryBound& memory) {
  return CriticalCycles(graph, memory).of(first, last);
}

}  // namespace sluice
