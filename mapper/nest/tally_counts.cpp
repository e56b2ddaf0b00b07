// SPDX-License-Identifier: Apache-2.0
// All rows of the counts of a nest, in one pass from its outermost node inwards.
#include <bit>

#include "mapper/nest/tally.hpp"

namespace sluice {
namespace {

/// Fills in the rows of one nest from its outermost node inwards.
class Rows {
 public:
  Rows(const TallyRules& rules, NestCounts& counts) : rules_(rules), counts_(counts) {
    for (std::size_t level = 0; level < rules.levels; ++level)
      for (std::size_t t = 0; t < rules.tensors; ++t) counts.at[level][t] = {};
  }

  bool count(const Nest& nest, std::uint64_t branches) {
    Tally tally(rules_);
    for (std::size_t at = 0; at < nest.size(); ++at) {
      const NestNode& node = nest[at];
      if ((branches >> at & 1) != 0) tally.branch();
      if (node.kind == NestKind::keep) {
        for (std::uint32_t rest = node.tensors; rest != 0; rest &= rest - 1)
          keep(tally, static_cast<std::size_t>(std::countr_zero(rest)), node.level);
        tally.keep(node.tensors);
      } else if (node.tile < tally.tile(node.rank)) {
        const bool divides = node.kind == NestKind::loop
                                 ? tally.loop(node.rank, node.tile)
                                 : tally.spread(node.level, node.axis, node.rank, node.tile);
        if (!divides) return false;
      }
    }
    if (nest.size() < 64 && (branches >> nest.size() & 1) != 0) tally.branch();
    for (std::size_t t = 0; t < rules_.tensors; ++t) end(tally, t);
    counts_.operations = rules_.operations;
    counts_.steps = tally.steps();
    return closed_;
  }

 private:
  struct Home {
    AccessCount* row = nullptr;
    std::uint64_t untouched = 0;
  };

  void keep(const Tally& tally, std::size_t t, std::size_t level) {
    const bool output = rules_.tensor[t].output;
    AccessCount& row = counts_.at[level][t];
    Home& home = home_[t];
    if (home.row != nullptr) {
      const Arrivals come = tally.arrivals(t, false, closed_);
      const bool timeloop = rules_.convention == CountConvention::timeloop;
      const std::uint64_t again = output ? come.served - home.untouched : come.served;
      if (timeloop) {
        home.row->reads = again;
        row.fills = come.arrived - (output ? come.first_touches : 0);
      } else {
        home.row->reads += again;
        const bool all = rules_.convention == CountConvention::accelforge;
        row.fills = !output ? come.arrived : all ? come.arrived - come.first_touches : again;
        if (output) row.reads = come.arrived;  // drains to the parent
      }
      if (output) home.row->updates = come.served;
      home.untouched = timeloop ? come.first_touches : come.arrived - (output ? row.fills : again);
    } else {
      home.untouched = tally.first_touches(t);
    }
    home.row = &row;
    row.kept = true;
    row.tile = tally.tile_words(t);
    row.instances = static_cast<double>(tally.lanes());
  }

  /// Compute takes its operands.
  void end(const Tally& tally, std::size_t t) {
    const Home& home = home_[t];
    if (home.row == nullptr) return;
    const std::uint64_t taken = tally.operands(t, closed_);
    if (!rules_.tensor[t].output) {
      home.row->reads += taken;
      return;
    }
    home.row->reads += taken - home.untouched;
    home.row->updates = taken;
  }

  const TallyRules& rules_;
  NestCounts& counts_;
  std::array<Home, max_nest_tensors> home_{};
  bool closed_ = true;
};

}  // namespace

bool count_tally(const Nest& nest, const TallyRules& rules, std::uint64_t branches,
                 NestCounts& counts) {
  return rules.closed && Rows(rules, counts).count(nest, branches);
}

}  // namespace sluice
