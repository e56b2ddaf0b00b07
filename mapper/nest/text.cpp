// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "mapper/nest/fusion.hpp"

namespace sluice {
namespace {

/// Prints the tree that Einsums with shared nodes are.
class Printer {
 public:
  Printer(const CascadeMapping& mapping, const Hierarchy& hierarchy)
      : einsums_(mapping.einsums), hierarchy_(hierarchy) {}

  std::string print() {
    if (!einsums_.empty()) block(0, einsums_.size(), 0, 0);
    return std::move(text_);
  }

 private:
  /// What Einsums `begin` to `end`, which share all nodes before `at`, do from there on.
  void block(std::size_t begin, std::size_t end, std::size_t at, std::size_t depth) {
    bool branches = false;
    for (std::size_t i = begin; i < end;) {
      std::size_t next = i + 1;
      while (next < end && einsums_[next].shared_nodes > at) ++next;
      branches = branches || next < end;
      branch(i, next, at, depth, branches);
      i = next;
    }
  }

  void branch(std::size_t begin, std::size_t end, std::size_t at, std::size_t depth,
              bool one_of_many) {
    const MappedEinsum& einsum = einsums_[begin];
    text_.append(2 * depth, ' ');
    if (at == einsum.nest.size()) {
      text_ += compute(einsum);
      return;
    }
    const NestNode& node = einsum.nest[at];
    text_ += node.kind == NestKind::keep ? keep(begin, end, at) : loop(einsum, at);
    const bool indents = node.kind != NestKind::keep || one_of_many;
    block(begin, end, at + 1, depth + (indents ? 1 : 0));
  }

  std::string compute(const MappedEinsum& einsum) const {
    const std::string& unit = einsum.unit.empty() ? hierarchy_.compute.name : einsum.unit;
    std::string text = fmt::format("compute {} on {}", einsum.problem.name, unit);
    if (einsum.cycles != 1) text += fmt::format(" in {} cycles", einsum.cycles);
    return text + "\n";
  }

  std::string keep(std::size_t begin, std::size_t end, std::size_t at) const {
    std::vector<std::string> names;
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t t = 0; t < einsums_[i].problem.tensors.size(); ++t) {
        const std::string& name = einsums_[i].problem.tensors[t].name;
        if ((einsums_[i].nest[at].tensors >> t & 1) != 0 &&
            std::ranges::find(names, name) == names.end())
          names.push_back(name);
      }
    const NestNode& node = einsums_[begin].nest[at];
    return fmt::format("keep {} in {}{}\n",
                       names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", ")),
                       hierarchy_.levels[node.level].name, node.twice ? " twice" : "");
  }

  std::string loop(const MappedEinsum& einsum, std::size_t at) const {
    const NestNode& node = einsum.nest[at];
    const NestRank& rank = einsum.problem.ranks[node.rank];
    std::uint64_t around = rank.extent;
    for (std::size_t i = 0; i < at; ++i)
      if (einsum.nest[i].kind != NestKind::keep && einsum.nest[i].rank == node.rank)
        around = std::min(around, einsum.nest[i].tile);
    const std::string span = fmt::format("{} in 0..{} step {}", rank.name, around, node.tile);
    if (node.kind == NestKind::loop) return fmt::format("for {}\n", span);
    const NestLevel& level = hierarchy_.levels[node.level];
    return fmt::format("spread {} over {}.{}\n", span, level.name, level.fan_out[node.axis].name);
  }

  const std::vector<MappedEinsum>& einsums_;
  const Hierarchy& hierarchy_;
  std::string text_;
};

}  // namespace

std::string to_text(const CascadeMapping& mapping, const Hierarchy& hierarchy) {
  return Printer(mapping, hierarchy).print();
}

std::string to_text(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy) {
  return to_text(CascadeMapping{problem.name, {{problem, nest, 0, "", 1}}}, hierarchy);
}

}  // namespace sluice
