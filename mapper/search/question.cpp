// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/question.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::search {
namespace {

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

/// What the machine makes of a tensor: its bits at each level, whether that may keep it, and which
/// axes serve lanes of it one by one.
std::string treatment_of(const NestTensor& tensor, const Hierarchy& hierarchy) {
  std::string text;
  for (const NestLevel& level : hierarchy.levels) {
    text += fmt::format(" {}{}", bits_at(level, tensor.name, tensor.bits),
                        level.keeps.empty() || names(level.keeps, tensor.name) ? "" : "!");
    for (const FanOutAxis& axis : level.fan_out)
      text += names(axis.separate, tensor.name) ? "|" : ".";
  }
  return text;
}

}  // namespace

std::string einsum_text(const Problem& problem, const Hierarchy& hierarchy) {
  std::string text;
  for (const NestRank& rank : problem.ranks)
    text += fmt::format("rank {} {}\n", rank.extent, rank.ordered);
  for (const NestTensor& tensor : problem.tensors) {
    text += fmt::format("tensor {} {}", tensor.output, tensor.bits);
    for (const NestProjection& dimension : tensor.dimensions) {
      text += " of";
      for (const NestTerm& term : dimension)
        text += fmt::format(" {}*{}", term.coefficient, term.rank);
    }
    text += " at" + treatment_of(tensor, hierarchy) + "\n";
  }
  for (const NestLevel& level : hierarchy.levels) {
    text += fmt::format("level {} {} {} {} {} {} {} {} {} {} {} {}", level.capacity_bits,
                        level.word_bits, level.block, level.read_bandwidth, level.write_bandwidth,
                        level.shared_bandwidth, level.read_pj, level.write_pj, level.update_pj,
                        level.leak_pj, level.double_buffered, level.cluster);
    for (const FanOutAxis& axis : level.fan_out) text += fmt::format(" axis {}", axis.size);
    text += "\n";
  }
  return text + fmt::format("compute {} {}\n", hierarchy.compute.pj, hierarchy.compute.latch);
}

std::string options_text(const Problem& problem, const SearchOptions& options) {
  std::string text =
      fmt::format("{} {} {} {}\n", static_cast<int>(options.objective),
                  static_cast<int>(options.convention), options.ragged, options.exhaustive);
  if (options.objective == SearchObjective::priced)
    text += fmt::format("prices {} {}\n", options.prices.least, options.prices.most);
  if (options.tolerance != 0) text += fmt::format("tolerance {}\n", options.tolerance);
  for (const HeldTensor& held : options.held)
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if (problem.tensors[t].name == held.tensor)
        text += fmt::format("held {} {}\n", t, held.level);
  for (const KeptTensor& kept : options.kept)
    text += fmt::format("kept {} {}\n", kept.tensor, kept.level);
  for (const std::uint64_t tile : options.least) text += fmt::format("least {}\n", tile);
  for (const NestNode& node : options.shared)
    text += fmt::format("shared {} {} {} {} {}\n", static_cast<int>(node.kind), node.level,
                        node.rank, node.tensors, node.tile);
  return text;
}

std::string room_text(const SearchOptions& options) {
  std::string text;
  for (const std::uint64_t bits : options.reserved_bits) text += fmt::format("reserved {}\n", bits);
  return text;
}

}  // namespace sluice::search
