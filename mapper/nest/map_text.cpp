// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/map_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/sorted_set.hpp"
#include "mapper/nest/map_statement.hpp"

namespace sluice {
namespace {

/// Turns the tree into one nest an Einsum.
class TreeReader {
 public:
  TreeReader(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
             Diagnostics& diagnostics)
      : problems_(problems), hierarchy_(hierarchy), diagnostics_(diagnostics) {}

  CascadeMapping read(const std::vector<MapStatement>& statements) {
    walk(statements);
    return std::move(mapping_);
  }

 private:
  void walk(const std::vector<MapStatement>& statements) {
    const std::size_t depth = path_.size();
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const MapStatement& statement = statements[i];
      if (statement.kind == MapStatement::Kind::compute) {
        leaf(statement);
        continue;
      }
      const bool rest = statement.kind == MapStatement::Kind::keep && statement.inside.empty();
      check(statement);
      if (rest ? i + 1 == statements.size() : statement.inside.empty())
        error(statement, 0, "nothing is computed inside of this");
      path_.push_back(&statement);
      if (rest) continue;
      walk(statement.inside);
      path_.pop_back();
    }
    path_.resize(depth);
  }

  /// What can be said of a line whatever is inside of it.
  void check(const MapStatement& statement) {
    if (statement.kind != MapStatement::Kind::loop) check_place(statement);
    std::vector<std::string> known;
    for (const Problem& problem : problems_) {
      if (statement.kind == MapStatement::Kind::keep)
        for (const NestTensor& tensor : problem.tensors) known.push_back(tensor.name);
      else
        for (const NestRank& rank : problem.ranks) known.push_back(rank.name);
    }
    const char* what = statement.kind == MapStatement::Kind::keep ? "tensor" : "rank";
    for (const MapWord& word : statement.names)
      if (std::ranges::find(known, word.text) == known.end())
        error(statement, word.offset, fmt::format("there is no {} {}", what, quote(word.text)),
              suggestion(word.text, unique(known)));
  }

  static std::vector<std::string> unique(std::vector<std::string> names) {
    sort_unique(names);
    return names;
  }

  std::optional<std::size_t> find_level(const std::string& name) const {
    const auto found = std::ranges::find(hierarchy_.levels, name, &NestLevel::name);
    if (found == hierarchy_.levels.end()) return std::nullopt;
    return static_cast<std::size_t>(found - hierarchy_.levels.begin());
  }

  /// Level and axis of `GB.X`.
  std::optional<std::pair<std::size_t, std::size_t>> find_axis(const std::string& text) const {
    const std::size_t dot = text.rfind('.');
    const auto level = find_level(text.substr(0, dot));
    if (!level || dot == std::string::npos) return std::nullopt;
    const auto& axes = hierarchy_.levels[*level].fan_out;
    const auto axis = std::ranges::find(axes, text.substr(dot + 1), &FanOutAxis::name);
    if (axis == axes.end()) return std::nullopt;
    return std::pair{*level, static_cast<std::size_t>(axis - axes.begin())};
  }

  void check_place(const MapStatement& statement) {
    const std::string& text = statement.place.text;
    const bool keeps = statement.kind == MapStatement::Kind::keep;
    if (keeps ? find_level(text).has_value() : find_axis(text).has_value()) return;
    std::vector<std::string> known;
    for (const NestLevel& level : hierarchy_.levels) {
      if (keeps) known.push_back(level.name);
      if (!keeps)
        for (const FanOutAxis& axis : level.fan_out) known.push_back(level.name + "." + axis.name);
    }
    error(statement, statement.place.offset,
          fmt::format("there is no {} {}", keeps ? "level" : "fan-out", quote(text)),
          known.empty() ? "the hierarchy has none" : suggestion(text, known));
  }

  void leaf(const MapStatement& statement) {
    const MapWord& name = statement.names.front();
    const auto problem = std::ranges::find(problems_, name.text, &Problem::name);
    if (problem == problems_.end()) {
      std::vector<std::string> known;
      for (const Problem& other : problems_) known.push_back(other.name);
      return error(statement, name.offset, fmt::format("there is no Einsum {}", quote(name.text)),
                   suggestion(name.text, known));
    }
    for (const MappedEinsum& before : mapping_.einsums)
      if (before.problem.name == name.text)
        return error(statement, name.offset, fmt::format("{} is computed twice", name.text));
    if (path_.size() > max_nest_nodes)
      return error(
          statement, 0,
          fmt::format("{} lines lie around this, at most {} may", path_.size(), max_nest_nodes));
    MappedEinsum einsum;
    einsum.problem = *problem;
    einsum.unit = unit_of(statement);
    einsum.cycles = statement.number;
    for (const MapStatement* around : path_) add_node(*around, statement, einsum);
    while (!mapping_.einsums.empty() &&
           einsum.shared_nodes < std::min(last_.size(), path_.size()) &&
           last_[einsum.shared_nodes] == path_[einsum.shared_nodes])
      ++einsum.shared_nodes;
    mapping_.einsums.push_back(std::move(einsum));
    last_ = path_;
  }

  std::string unit_of(const MapStatement& statement) {
    const std::string& unit = statement.place.text;
    if (unit.empty() || unit == hierarchy_.compute.name) return "";
    std::vector<std::string> known = {hierarchy_.compute.name};
    for (const NestCompute& other : hierarchy_.units) known.push_back(other.name);
    if (std::ranges::find(known, unit) == known.end())
      error(statement, statement.place.offset,
            fmt::format("there is no compute unit {}", quote(unit)), suggestion(unit, known));
    return unit;
  }

  void add_node(const MapStatement& around, const MapStatement& leaf, MappedEinsum& einsum) {
    NestNode node;
    node.twice = around.twice;
    if (around.kind == MapStatement::Kind::keep) {
      node.kind = NestKind::keep;
      if (const auto level = find_level(around.place.text))
        node.level = static_cast<std::uint8_t>(*level);
      for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
        for (const MapWord& word : around.names)
          if (word.text == einsum.problem.tensors[t].name)
            node.tensors = static_cast<std::uint16_t>(node.tensors | 1u << t);
    } else if (!add_loop(around, leaf, einsum, node)) {
      return;
    }
    einsum.nest.add(node);
  }

  bool add_loop(const MapStatement& around, const MapStatement& leaf, MappedEinsum& einsum,
                NestNode& node) {
    const MapWord& name = around.names.front();
    const auto rank = std::ranges::find(einsum.problem.ranks, name.text, &NestRank::name);
    if (rank == einsum.problem.ranks.end()) {
      if (is_rank_of_any(name.text))
        error(leaf, leaf.names.front().offset,
              fmt::format("{} has no rank {}, over which it would run", einsum.problem.name,
                          name.text),
              fmt::format("compute it outside of the loop in line {}", around.line->where.line));
      return false;
    }
    node.kind = around.kind == MapStatement::Kind::loop ? NestKind::loop : NestKind::spread;
    node.rank = static_cast<std::uint8_t>(rank - einsum.problem.ranks.begin());
    node.tile = around.number;
    std::uint64_t extent = rank->extent;
    for (const NestNode& outer : einsum.nest)
      if (outer.kind != NestKind::keep && outer.rank == node.rank)
        extent = std::min(extent, outer.tile);
    if (around.extent && *around.extent != extent)
      error(around, around.extent_offset,
            fmt::format("{} goes to {} here, {} is written", name.text, extent, *around.extent));
    if (node.kind == NestKind::spread)
      if (const auto found = find_axis(around.place.text)) {
        node.level = static_cast<std::uint8_t>(found->first);
        node.axis = static_cast<std::uint8_t>(found->second);
      }
    return true;
  }

  bool is_rank_of_any(const std::string& name) const {
    return std::ranges::any_of(problems_, [&](const Problem& problem) {
      return std::ranges::find(problem.ranks, name, &NestRank::name) != problem.ranks.end();
    });
  }

  void error(const MapStatement& statement, std::size_t offset, std::string message,
             std::string hint = {}) {
    const Location where = place_in(*statement.line, offset);
    for (const Diagnostic& told : diagnostics_.list())
      if (told.where == where && told.message == message) return;
    diagnostics_.error(where, std::move(message), std::move(hint));
  }

  const std::vector<Problem>& problems_;
  const Hierarchy& hierarchy_;
  Diagnostics& diagnostics_;
  CascadeMapping mapping_;
  std::vector<const MapStatement*> path_, last_;
};

}  // namespace

CascadeMapping read_mapping(const std::vector<MapLine>& lines, const std::vector<Problem>& problems,
                            const Hierarchy& hierarchy, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  const std::vector<MapStatement> tree = read_statements(lines, diagnostics);
  if (diagnostics.size() > before) return {};
  CascadeMapping mapping = TreeReader(problems, hierarchy, diagnostics).read(tree);
  if (diagnostics.size() > before) return {};
  for (const Problem& problem : problems)
    if (std::ranges::none_of(mapping.einsums, [&](const MappedEinsum& einsum) {
          return einsum.problem.name == problem.name;
        }))
      diagnostics.error(lines.empty() ? Location{} : lines.front().where,
                        fmt::format("Einsum {} is not computed", problem.name));
  return mapping;
}

}  // namespace sluice
