// SPDX-License-Identifier: Apache-2.0
// Projection of the schedule on the units; see program.hpp.
#include "sim/tile/program.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sluice::tile {
namespace {

/// Appends the instructions of the nodes [first, last) that belong to `unit`.
void project(const Graph& graph, std::uint32_t unit, std::uint32_t first, std::uint32_t last,
             std::vector<Instruction>& code) {
  for (std::uint32_t i = first; i < last; i = graph.schedule[i].end) {
    const ScheduleNode& node = graph.schedule[i];
    if (node.kind == ScheduleNode::Kind::fire) {
      if (index(graph.firings[index(node.firing)].unit) != unit) continue;
      Instruction fire;
      fire.firing = index(node.firing);
      code.push_back(fire);
      continue;
    }
    const auto at = static_cast<std::uint32_t>(code.size());
    Instruction begin;
    begin.kind = Instruction::Kind::begin;
    begin.loop = index(node.loop);
    begin.count = node.count;
    code.push_back(begin);
    project(graph, unit, i + 1, node.end, code);
    if (code.size() == at + 1u) {
      code.pop_back();
      continue;
    }
    Instruction end = begin;
    end.kind = Instruction::Kind::end;
    end.jump = at + 1;
    code.push_back(end);
  }
}

/// How far down the pipeline a unit stands: the units behind a reference are bounded by channels.
int rank_of(UnitKind kind) {
  switch (kind) {
    case UnitKind::compute:
      return 4;
    case UnitKind::vector:
      return 3;
    case UnitKind::other:
      return 2;
    case UnitKind::store:
      return 1;
    case UnitKind::load:
      return 0;
  }
  return 0;
}

/// Gives each loop one unit that watches it.
void choose_watchers(const Graph& graph, std::uint64_t least_iterations, Program& program) {
  std::vector<std::uint32_t> watcher(graph.loops, none_id);
  for (std::uint32_t u = 0; u < program.units.size(); ++u)
    for (const Instruction& instruction : program.units[u].code) {
      if (instruction.kind != Instruction::Kind::end) continue;
      std::uint32_t& best = watcher[instruction.loop];
      if (best == none_id || rank_of(graph.units[u].kind) >= rank_of(graph.units[best].kind))
        best = u;
    }
  for (std::uint32_t u = 0; u < program.units.size(); ++u)
    for (Instruction& instruction : program.units[u].code)
      if (instruction.kind == Instruction::Kind::end)
        instruction.watched =
            watcher[instruction.loop] == u && instruction.count >= least_iterations;
}

std::vector<std::vector<LoopRow>> rows_of_loops(const Graph& graph) {
  std::vector<std::vector<LoopRow>> rows(graph.loops);
  std::vector<std::uint32_t> open;  // node indices of the loops around
  for (std::uint32_t i = 0; i < graph.schedule.size(); ++i) {
    while (!open.empty() && graph.schedule[open.back()].end == i) open.pop_back();
    const ScheduleNode& node = graph.schedule[i];
    if (node.kind == ScheduleNode::Kind::loop) {
      open.push_back(i);
      continue;
    }
    const Firing& firing = graph.firings[index(node.firing)];
    const LoopRow row{index(firing.unit), firing.layer};
    for (const std::uint32_t loop : open) {
      auto& list = rows[index(graph.schedule[loop].loop)];
      if (std::find(list.begin(), list.end(), row) == list.end()) list.push_back(row);
    }
  }
  return rows;
}

}  // namespace

Program compile(const Graph& graph, std::uint64_t least_iterations) {
  Program program;
  program.units.resize(graph.units.size());
  const auto nodes = static_cast<std::uint32_t>(graph.schedule.size());
  for (std::uint32_t u = 0; u < graph.units.size(); ++u)
    project(graph, u, 0, nodes, program.units[u].code);
  choose_watchers(graph, least_iterations, program);
  program.loop_rows = rows_of_loops(graph);
  return program;
}

}  // namespace sluice::tile
