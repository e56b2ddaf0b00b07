// SPDX-License-Identifier: Apache-2.0
// What is wrong with a nest: everything, each with what is needed and what there is.
#include "mapper/nest/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mapper/nest/moves.hpp"

namespace sluice {
namespace {

class Verifier {
 public:
  Verifier(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
           const NestSurroundings& surroundings)
      : nest_(nest), problem_(problem), hierarchy_(hierarchy), surroundings_(surroundings) {}

  std::vector<std::string> mistakes() {
    mistakes_ = check(problem_);
    if (!mistakes_.empty()) return mistakes_;
    for (std::size_t at = 0; at < nest_.size(); ++at)
      if (!is_known(nest_[at])) return mistakes_;
    ranks();
    order();
    homes();
    fan_out();
    if (mistakes_.empty() && surroundings_.check_capacity) capacity();
    return mistakes_;
  }

 private:
  void wrong(std::string text) { mistakes_.push_back(std::move(text)); }

  /// Whether a node names what there is; what follows relies on that.
  bool is_known(const NestNode& node) {
    if (node.kind != NestKind::loop && node.level >= hierarchy_.levels.size()) {
      wrong(
          fmt::format("a node names level {}, there are {}", node.level, hierarchy_.levels.size()));
    } else if (node.kind != NestKind::keep && node.rank >= problem_.ranks.size()) {
      wrong(fmt::format("a node names rank {}, there are {}", node.rank, problem_.ranks.size()));
    } else if (node.kind == NestKind::spread &&
               node.axis >= hierarchy_.levels[node.level].fan_out.size()) {
      const NestLevel& level = hierarchy_.levels[node.level];
      wrong(fmt::format("a node names axis {} of {}, which has {}", node.axis, level.name,
                        level.fan_out.size()));
    } else if (node.kind == NestKind::keep && node.tensors >> problem_.tensors.size() != 0) {
      wrong(fmt::format("a node keeps tensors beyond the {} of {}", problem_.tensors.size(),
                        problem_.name));
    } else {
      return true;
    }
    return false;
  }

  void ranks() {
    std::array<std::uint64_t, max_nest_ranks> around{};
    for (std::size_t i = 0; i < problem_.ranks.size(); ++i) around[i] = problem_.ranks[i].extent;
    for (const NestNode& node : nest_) {
      if (node.kind == NestKind::keep) continue;
      const NestRank& rank = problem_.ranks[node.rank];
      if (node.tile == 0 || node.tile > around[node.rank]) {
        wrong(fmt::format("rank {} has a tile of {} inside of one of {}", rank.name, node.tile,
                          around[node.rank]));
        continue;
      }
      if (node.kind == NestKind::spread && rank.ordered && node.tile < around[node.rank])
        wrong(fmt::format("rank {} is a recurrence: it runs in order, not over axis {}", rank.name,
                          axis_name(node)));
      around[node.rank] = node.tile;
    }
    for (std::size_t i = 0; i < problem_.ranks.size(); ++i)
      if (around[i] != 1)
        wrong(fmt::format("rank {} is not covered: the innermost tile has {} of {}, 1 is needed",
                          problem_.ranks[i].name, around[i], problem_.ranks[i].extent));
  }

  std::string axis_name(const NestNode& node) const {
    const NestLevel& level = hierarchy_.levels[node.level];
    return level.name + "." + level.fan_out[node.axis].name;
  }

  /// A fan-out lies inside of what its level and those above keep, and outside of all further in.
  void order() {
    for (std::size_t at = 0; at < nest_.size(); ++at)
      for (std::size_t in = at + 1; in < nest_.size(); ++in) {
        const NestNode& a = nest_[at];
        const NestNode& b = nest_[in];
        const std::string& outer = hierarchy_.levels[a.level].name;
        const std::string& inner = hierarchy_.levels[b.level].name;
        if (a.kind == NestKind::keep && b.kind == NestKind::spread && a.level > b.level)
          wrong(fmt::format("{} keeps tensors outside of the fan-out of {}, which lies above it",
                            outer, inner));
        if (a.kind == NestKind::spread && b.kind == NestKind::keep && b.level <= a.level)
          wrong(fmt::format("{} keeps tensors inside of the fan-out of {}", inner, outer));
        if (a.kind == NestKind::spread && b.kind == NestKind::spread && a.level > b.level)
          wrong(fmt::format("the fan-out of {} lies outside of that of {}", outer, inner));
      }
  }

  void homes() {
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t) {
      const NestTensor& tensor = problem_.tensors[t];
      const NestLevel* above = nullptr;
      std::size_t level_above = 0;
      for (const NestNode& node : nest_) {
        if (node.kind != NestKind::keep || (node.tensors >> t & 1) == 0) continue;
        const NestLevel& level = hierarchy_.levels[node.level];
        if (above != nullptr && node.level <= level_above)
          wrong(fmt::format("tensor {} is kept in {} inside of {}", tensor.name, level.name,
                            above->name));
        if (!level.keeps.empty() &&
            std::find(level.keeps.begin(), level.keeps.end(), tensor.name) == level.keeps.end())
          wrong(fmt::format("{} may not keep tensor {}", level.name, tensor.name));
        above = &level;
        level_above = node.level;
      }
      if (above == nullptr) wrong(fmt::format("tensor {} is kept nowhere", tensor.name));
      if (!tensor.output) continue;
      for (const NestNode& node : nest_)
        if (node.kind == NestKind::spread && !depends_on(tensor, node.rank) &&
            is_separate(node, tensor.name))
          wrong(fmt::format("rank {} is reduced over {}, which does not reduce tensor {}",
                            problem_.ranks[node.rank].name, axis_name(node), tensor.name));
    }
    check_first_touch();
  }

  bool is_separate(const NestNode& node, const std::string& tensor) const {
    const auto& names = hierarchy_.levels[node.level].fan_out[node.axis].separate;
    return std::find(names.begin(), names.end(), tensor) != names.end();
  }

  /// The outermost keep of every tensor holds all of it, unless others pass it on in tiles.
  void check_first_touch() {
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t)
      for (const NestNode& node : nest_) {
        if ((surroundings_.passed >> t & 1) != 0) break;
        if (node.kind == NestKind::keep && (node.tensors >> t & 1) != 0) break;
        if (node.kind != NestKind::loop || !depends_on(problem_.tensors[t], node.rank)) continue;
        wrong(fmt::format("tensor {} is kept nowhere outside of the loop over {}",
                          problem_.tensors[t].name, problem_.ranks[node.rank].name));
        break;
      }
  }

  void fan_out() {
    const RankChains chains = chains_of(nest_, problem_);
    for (std::size_t l = 0; l < hierarchy_.levels.size(); ++l)
      for (std::size_t a = 0; a < hierarchy_.levels[l].fan_out.size(); ++a) {
        std::uint64_t needed = 1;
        for (std::size_t rank = 0; rank < problem_.ranks.size(); ++rank) {
          std::uint64_t around = chains[rank].extent;
          for (std::uint32_t i = 0; i < chains[rank].size; ++i) {
            const RankLoop& loop = chains[rank].loops[i];
            const NestNode& node = nest_[loop.position];
            if (loop.spatial && node.level == l && node.axis == a)
              needed *= (around + loop.tile - 1) / loop.tile;
            around = loop.tile;
          }
        }
        const FanOutAxis& axis = hierarchy_.levels[l].fan_out[a];
        if (needed > axis.size)
          wrong(fmt::format("axis {}.{} needs {} instances, there are {}",
                            hierarchy_.levels[l].name, axis.name, needed, axis.size));
      }
  }

  void capacity() {
    const RankChains chains = chains_of(nest_, problem_);
    std::array<std::uint64_t, max_nest_levels> needed{};
    std::array<std::string, max_nest_levels> parts;
    for (std::uint32_t at = 0; at < nest_.size(); ++at) {
      if (nest_[at].kind != NestKind::keep) continue;
      const NestLevel& level = hierarchy_.levels[nest_[at].level];
      for (std::size_t t = 0; t < problem_.tensors.size(); ++t) {
        if ((nest_[at].tensors >> t & 1) == 0) continue;
        const NestTensor& tensor = problem_.tensors[t];
        const bool twice = level.double_buffered || nest_[at].twice;
        const std::uint64_t bits = tile_words(tensor, chains, at) *
                                   bits_at(level, tensor.name, tensor.bits) * (twice ? 2 : 1);
        needed[nest_[at].level] += bits;
        std::string& text = parts[nest_[at].level];
        text += fmt::format("{}{} {}", text.empty() ? "" : " + ", problem_.tensors[t].name, bits);
      }
    }
    for (std::size_t l = 0; l < hierarchy_.levels.size(); ++l) {
      const NestLevel& level = hierarchy_.levels[l];
      if (level.capacity_bits != 0 && needed[l] > level.capacity_bits)
        wrong(fmt::format("{} needs {} bits ({}{}), holds {}", level.name, needed[l], parts[l],
                          level.double_buffered ? ", each twice" : "", level.capacity_bits));
    }
  }

  const Nest& nest_;
  const Problem& problem_;
  const Hierarchy& hierarchy_;
  const NestSurroundings& surroundings_;
  std::vector<std::string> mistakes_;
};

}  // namespace

std::vector<std::string> verify(const Nest& nest, const Problem& problem,
                                const Hierarchy& hierarchy) {
  return verify(nest, problem, hierarchy, {});
}

std::vector<std::string> verify(const Nest& nest, const Problem& problem,
                                const Hierarchy& hierarchy, const NestSurroundings& surroundings) {
  return Verifier(nest, problem, hierarchy, surroundings).mistakes();
}

}  // namespace sluice
