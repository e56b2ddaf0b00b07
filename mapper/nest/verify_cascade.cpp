// SPDX-License-Identifier: Apache-2.0
// What is wrong with the mapping of a cascade: Einsum by Einsum, and between them.
#include <fmt/format.h>

#include <algorithm>

#include "mapper/nest/fusion.hpp"
#include "mapper/nest/verify.hpp"

namespace sluice {
namespace {

bool has(const Terms& terms, const std::string& rank) {
  return std::ranges::any_of(terms, [&](const auto& term) { return term.first == rank; });
}

/// Whether the loop at `at` covers its rank in one iteration.
bool is_idle(const MappedEinsum& einsum, std::size_t at) {
  const NestNode& node = einsum.nest[at];
  std::uint64_t around = einsum.problem.ranks[node.rank].extent;
  for (std::size_t i = 0; i < at; ++i)
    if (einsum.nest[i].kind != NestKind::keep && einsum.nest[i].rank == node.rank)
      around = std::min(around, einsum.nest[i].tile);
  return node.tile >= around;
}

const NestTensor* output_of(const Problem& problem) {
  const auto found = std::ranges::find(problem.tensors, true, &NestTensor::output);
  return found == problem.tensors.end() ? nullptr : &*found;
}

class CascadeVerifier {
 public:
  CascadeVerifier(const CascadeMapping& mapping, const Hierarchy& hierarchy)
      : mapping_(mapping), hierarchy_(hierarchy) {}

  std::vector<std::string> mistakes() {
    for (std::size_t i = 0; i < mapping_.einsums.size(); ++i) sharing(i);
    if (!mistakes_.empty()) return mistakes_;
    exchanges_ = exchanges_of(mapping_);
    for (std::size_t i = 0; i < mapping_.einsums.size(); ++i) alone(i);
    if (!mistakes_.empty()) return mistakes_;
    for (std::size_t i = 0; i < mapping_.einsums.size(); ++i) operands(i);
    if (mistakes_.empty()) capacity();
    return mistakes_;
  }

 private:
  void wrong(std::string text) { mistakes_.push_back(std::move(text)); }
  const std::string& name(std::size_t index) const { return mapping_.einsums[index].problem.name; }

  /// What an Einsum shares with the one before it is the same in both.
  void sharing(std::size_t index) {
    const MappedEinsum& now = mapping_.einsums[index];
    if (now.shared_nodes == 0) return;
    if (index == 0)
      return wrong(fmt::format("{} shares {} nodes with an Einsum before, there is none", name(0),
                               now.shared_nodes));
    const MappedEinsum& before = mapping_.einsums[index - 1];
    const std::size_t most = std::min(now.nest.size(), before.nest.size());
    if (now.shared_nodes > most)
      return wrong(fmt::format("{} and {} share {} nodes, one of them has {}", name(index - 1),
                               name(index), now.shared_nodes, most));
    for (std::size_t at = 0; at < now.shared_nodes; ++at) {
      const std::string a = text_of(before, at), b = text_of(now, at);
      if (a != b)
        return wrong(
            fmt::format("{} and {} share node {}, which is `{}` in one and `{}` in the other",
                        name(index - 1), name(index), at + 1, a, b));
      if (now.nest[at].kind == NestKind::keep) kept_in_both(index, at);
    }
  }

  /// A node without the tensors that it keeps.
  std::string text_of(const MappedEinsum& einsum, std::size_t at) const {
    const NestNode& node = einsum.nest[at];
    if (node.kind == NestKind::keep)
      return fmt::format("keep in {}{}", level_name(node.level), node.twice ? " twice" : "");
    const bool known = node.rank < einsum.problem.ranks.size();
    const std::string rank = known ? einsum.problem.ranks[node.rank].name : "?";
    const std::uint64_t extent = known ? einsum.problem.ranks[node.rank].extent : 0;
    std::string text = fmt::format("{} of {} step {}", rank, extent, node.tile);
    if (node.kind == NestKind::loop) return "for " + text;
    return fmt::format("spread {} over axis {} of {}", text, node.axis, level_name(node.level));
  }

  std::string level_name(std::size_t level) const {
    return level < hierarchy_.levels.size() ? hierarchy_.levels[level].name : "?";
  }

  void kept_in_both(std::size_t index, std::size_t at) {
    const MappedEinsum& now = mapping_.einsums[index];
    const MappedEinsum& before = mapping_.einsums[index - 1];
    for (std::size_t t = 0; t < now.problem.tensors.size(); ++t)
      for (std::size_t o = 0; o < before.problem.tensors.size(); ++o) {
        if (now.problem.tensors[t].name != before.problem.tensors[o].name) continue;
        if ((now.nest[at].tensors >> t & 1) == (before.nest[at].tensors >> o & 1)) continue;
        wrong(fmt::format("node {}, which {} and {} share, keeps {} for one of them only", at + 1,
                          name(index - 1), name(index), now.problem.tensors[t].name));
      }
  }

  void alone(std::size_t index) {
    const MappedEinsum& einsum = mapping_.einsums[index];
    const auto part = part_for(hierarchy_, einsum.unit);
    if (!part)
      return wrong(fmt::format("{}: there is no compute unit {}", name(index), einsum.unit));
    NestSurroundings surroundings{0, false};
    for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
      for (const Exchange& exchange : exchanges_)
        if (exchange.inside && exchange.tensor == einsum.problem.tensors[t].name &&
            exchange.first <= index && index <= exchange.last)
          surroundings.passed = static_cast<std::uint16_t>(surroundings.passed | 1u << t);
    for (const std::string& mistake : verify(einsum.nest, einsum.problem, *part, surroundings))
      wrong(fmt::format("{}: {}", name(index), mistake));
  }

  /// What an Einsum reads is made before, complete, and where the reader looks for it.
  void operands(std::size_t index) {
    for (const NestTensor& tensor : mapping_.einsums[index].problem.tensors) {
      if (tensor.output) continue;
      std::size_t later = index;
      bool before = false;
      for (std::size_t j = 0; j < mapping_.einsums.size(); ++j) {
        const NestTensor* made = output_of(mapping_.einsums[j].problem);
        if (made == nullptr || made->name != tensor.name) continue;
        if (j > index) later = j;
        if (j < index) {
          before = true;
          passes(j, *made, index, tensor);
        }
      }
      if (!before && later > index) recurs(index, later, tensor.name);
    }
  }

  /// From `j`, which makes the tensor, to `i`.
  void passes(std::size_t j, const NestTensor& made, std::size_t i, const NestTensor& read) {
    const std::size_t from = level_of(j, made), to = level_of(i, read);
    if (from != to)
      wrong(fmt::format("{} looks for {} in {}, {} leaves it in {}", name(i), read.name,
                        level_name(to), name(j), level_name(from)));
    const MappedEinsum& maker = mapping_.einsums[j];
    for (std::size_t at = 0; at < shared_nodes(mapping_, j, i); ++at) {
      const NestNode& node = maker.nest[at];
      if (node.kind == NestKind::keep || is_idle(maker, at)) continue;
      const std::string& rank = maker.problem.ranks[node.rank].name;
      if (!depends_on(made, node.rank)) {
        wrong(
            fmt::format("{} reads {} before it is complete: the loop over {}, which both run in, "
                        "adds to it",
                        name(i), read.name, rank));
      } else if (!reads_part(maker, made, mapping_.einsums[i], read, rank)) {
        wrong(fmt::format("{} reads more of {} than an iteration of {}, which both run in, makes",
                          name(i), read.name, rank));
      }
    }
  }

  std::size_t level_of(std::size_t index, const NestTensor& tensor) const {
    const MappedEinsum& einsum = mapping_.einsums[index];
    for (const NestNode& node : einsum.nest)
      for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
        if (&einsum.problem.tensors[t] == &tensor && node.kind == NestKind::keep &&
            (node.tensors >> t & 1) != 0)
          return node.level;
    return hierarchy_.levels.size();
  }

  /// Whether the dimension that `rank` stands in is the same for both.
  static bool reads_part(const MappedEinsum& maker, const NestTensor& made,
                         const MappedEinsum& reader, const NestTensor& read,
                         const std::string& rank) {
    if (made.dimensions.size() != read.dimensions.size()) return false;
    for (std::size_t d = 0; d < made.dimensions.size(); ++d) {
      const Terms terms = terms_of(maker.problem, made.dimensions[d]);
      if (has(terms, rank) && terms != terms_of(reader.problem, read.dimensions[d])) return false;
    }
    return true;
  }

  /// `index` reads what `later` makes in the iteration before of an ordered rank.
  void recurs(std::size_t index, std::size_t later, const std::string& tensor) {
    const MappedEinsum& reader = mapping_.einsums[index];
    const std::size_t shared = shared_nodes(mapping_, index, later);
    for (std::size_t r = 0; r < reader.problem.ranks.size(); ++r) {
      if (!reader.problem.ranks[r].ordered) continue;
      std::size_t own = 0;
      for (std::size_t at = 0; at < reader.nest.size(); ++at)
        if (reader.nest[at].kind != NestKind::keep && reader.nest[at].rank == r &&
            !is_idle(reader, at) && at >= shared)
          ++own;
      if (own == 0) return;
      return wrong(
          fmt::format("{} reads {}, which {} makes later: they must share all loops over {}, "
                      "{} of these {} not shared",
                      name(index), tensor, name(later), reader.problem.ranks[r].name, own,
                      own == 1 ? "is" : "are"));
    }
    wrong(fmt::format("{} reads {}, which {} makes later", name(index), tensor, name(later)));
  }

  void capacity() {
    const std::vector<LiveTile> tiles = live_tiles(mapping_, hierarchy_);
    for (std::size_t l = 0; l < hierarchy_.levels.size(); ++l) {
      const NestLevel& level = hierarchy_.levels[l];
      if (level.capacity_bits == 0) continue;
      for (std::size_t i = 0; i < mapping_.einsums.size(); ++i) {
        std::uint64_t needed = 0;
        std::string parts;
        for (const LiveTile& tile : tiles) {
          if (tile.level != l || i < tile.first || tile.last < i) continue;
          needed += tile.bits;
          parts += fmt::format("{}{} {}", parts.empty() ? "" : " + ", tile.tensor, tile.bits);
        }
        if (needed > level.capacity_bits)
          wrong(fmt::format("{} needs {} bits while {} runs ({}{}), holds {}", level.name, needed,
                            name(i), parts, level.double_buffered ? ", each twice" : "",
                            level.capacity_bits));
      }
    }
  }

  const CascadeMapping& mapping_;
  const Hierarchy& hierarchy_;
  std::vector<Exchange> exchanges_;
  std::vector<std::string> mistakes_;
};

}  // namespace

std::vector<std::string> verify(const CascadeMapping& mapping, const Hierarchy& hierarchy) {
  return CascadeVerifier(mapping, hierarchy).mistakes();
}

}  // namespace sluice
