// SPDX-License-Identifier: Apache-2.0
// Timeloop's way of counting, by visiting every step: what comes to each lane at each step, without
// the products over loops that the closed form takes. docs/mapping_counts.md has the rules.
#pragma once

#include <set>
#include <vector>

#include "tests/mapper/nest_walker.hpp"

namespace sluice::walker {

class TimeloopWalker {
 public:
  TimeloopWalker(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy)
      : nest_(nest), problem_(problem), hierarchy_(hierarchy), space_(nest, problem) {}

  NestCounts count() {
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t) add_links(t);
    std::vector<std::uint64_t> index(nest_.size(), 0);
    do {
      step(index);
    } while (space_.advance(index));
    finish();
    return counts_;
  }

 private:
  using Held = std::map<Key, Points>;
  using Touched = std::set<std::pair<Key, Point>>;

  /// From one home of a tensor to the next, or to the compute units.
  struct Link {
    std::size_t tensor, parent, child;  ///< positions
    std::size_t level, below;           ///< their levels
    bool compute;
    Held held;
    Touched at_parent, at_child;  ///< words that instances ever had
    std::uint64_t served = 0, arrived = 0;
  };

  bool is_relevant(std::size_t at, std::size_t t) const {
    return depends_on(problem_.tensors[t], nest_[at].rank);
  }
  bool runs(std::size_t at) const {
    return nest_[at].kind == NestKind::loop && space_.iterations(at) > 1;
  }

  void add_links(std::size_t t) {
    std::size_t before = nest_.size(), level = 0;
    for (std::size_t at = 0; at <= nest_.size(); ++at) {
      const bool end = at == nest_.size();
      if (!end && (nest_[at].kind != NestKind::keep || (nest_[at].tensors >> t & 1) == 0)) continue;
      if (!end) counts_.at[nest_[at].level][t].kept = true;
      if (before < nest_.size())
        links_.push_back({t, before, at, level, end ? 0u : nest_[at].level, end, {}, {}, {}});
      before = at;
      if (!end) level = nest_[at].level;
    }
  }

  void step(std::vector<std::uint64_t>& index) {
    std::vector<std::vector<std::uint64_t>> all, busy;
    space_.lanes(index, 0, all);
    for (const auto& lane : all)
      if (!space_.spans(lane, nest_.size()).empty()) busy.push_back(lane);
    if (busy.empty()) return;
    ++counts_.steps;
    counts_.operations += busy.size();
    for (Link& link : links_) deliver(link, index, busy);
    before_ = index;
  }

  /// The outermost loop that went on since the last step.
  std::size_t changed(const std::vector<std::uint64_t>& index) const {
    std::size_t at = 0;
    while (!before_.empty() && at < index.size() && index[at] == before_[at]) ++at;
    return before_.empty() ? 0 : at;
  }

  /// Compute units keep an operand where nothing but a fan-out lies above them.
  bool latches() const {
    std::uint64_t lanes = 1;
    for (const FanOutAxis& axis : hierarchy_.levels.back().fan_out) lanes *= axis.size;
    return lanes > 1 || hierarchy_.compute.latch;
  }

  void deliver(Link& link, const std::vector<std::uint64_t>& index,
               const std::vector<std::vector<std::uint64_t>>& busy) {
    const std::size_t none = nest_.size();
    std::size_t innermost = none, moving = none;  // loops above the child
    for (std::size_t at = 0; at < link.child; ++at) {
      if (!runs(at)) continue;
      innermost = at;
      if (is_relevant(at, link.tensor)) moving = at;
    }
    const std::size_t went_on = changed(index);
    const bool first = before_.empty();
    const bool always = link.compute && !latches();
    if (!always && !first && (moving == none || went_on > moving)) return;
    // Only the innermost loop of all slides a window on; any other step brings all of it.
    const bool slides = !always && !first && moving == innermost && went_on == moving;
    Held next;
    std::map<Key, Points> served;
    for (const auto& lane : busy) {
      const Key key = space_.key(lane, link.child);
      const bool fresh = !next.contains(key);
      Points& words = next[key];
      if (!fresh) continue;
      words = space_.points(problem_.tensors[link.tensor], space_.spans(lane, link.child));
      const auto had = link.held.find(key);
      const Key parent = space_.key(lane, link.parent), sharers = group(lane, link);
      for (const Point& word : words) {
        link.at_parent.insert({parent, word});
        link.at_child.insert({key, word});
        if (slides && had != link.held.end() && had->second.contains(word)) continue;
        ++link.arrived;
        served[sharers].insert(word);
      }
    }
    for (const auto& [sharers, words] : served) link.served += words.size();
    link.held = std::move(next);
  }

  /// Lanes that differ only along ranks that the tensor does not depend on are served together.
  Key group(const std::vector<std::uint64_t>& lane, const Link& link) const {
    Key group = space_.key(lane, link.parent);
    for (std::size_t at = link.parent; at < link.child; ++at)
      if (nest_[at].kind == NestKind::spread)
        group.push_back(is_relevant(at, link.tensor) ? lane[at] + 1 : 0);
    return group;
  }

  /// What an instance touches for the first time is not read.
  void finish() {
    for (const Link& link : links_) {
      const bool output = problem_.tensors[link.tensor].output;
      AccessCount& parent = counts_.at[link.level][link.tensor];
      parent.reads = link.served - (output ? link.at_parent.size() : 0);
      parent.updates = output ? link.served : 0;
      if (!link.compute)
        counts_.at[link.below][link.tensor].fills =
            link.arrived - (output ? link.at_child.size() : 0);
    }
  }

  const Nest& nest_;
  const Problem& problem_;
  const Hierarchy& hierarchy_;
  Space space_;
  std::vector<std::uint64_t> before_;
  std::vector<Link> links_;
  NestCounts counts_;
};

}  // namespace sluice::walker
