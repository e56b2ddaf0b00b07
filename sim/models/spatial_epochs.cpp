// SPDX-License-Identifier: Apache-2.0
#include "sim/models/spatial_epochs.hpp"

#include <algorithm>
#include <set>

namespace sluice {
namespace {

template <class Count>
std::uint64_t sum(const EpochNode& node, Count own) {
  std::uint64_t once = node.body.empty() ? own(node.kind) : 0;
  for (const EpochNode& part : node.body) once += sum(part, own);
  return node.count * once;
}

/// One step along the loop, `repeat` times.
EpochNode sweep_node(const TileSweep& sweep, std::uint64_t repeat) {
  // Between these places all tiles of a sweep are alike; the last one stands alone.
  const std::set<std::uint64_t> cuts = {
      0, 1, sweep.finishing, sweep.tiles - sweep.starting, sweep.tiles - 1, sweep.tiles};
  EpochNode node;
  node.count = repeat;
  for (auto cut = cuts.begin(); *cut < sweep.tiles; ++cut) {
    const std::uint64_t first = *cut, end = *std::next(cut);
    EpochNode run;
    run.count = end - first;
    run.kind = {true, first == 0, end == sweep.tiles, first >= sweep.tiles - sweep.starting,
                first < sweep.finishing};
    node.body.push_back(std::move(run));
  }
  return node;
}

}  // namespace

std::uint64_t EpochNode::epochs() const {
  return sum(*this, [](const EpochKind&) { return std::uint64_t{1}; });
}
std::uint64_t EpochNode::steps() const {
  return sum(*this, [](const EpochKind& kind) { return std::uint64_t{kind.opens_step}; });
}
std::uint64_t EpochNode::columns() const {
  return sum(*this, [](const EpochKind& kind) { return std::uint64_t{kind.starts}; });
}

std::vector<EpochNode> epochs_of(const TileGroup& group) {
  std::vector<EpochNode> epochs;
  for (const TileSweep& sweep : group.sweeps) {
    const bool is_last = &sweep == &group.sweeps.back();
    if (!is_last || sweep.repeat == 1) {
      epochs.push_back(sweep_node(sweep, sweep.repeat));
      continue;
    }
    epochs.push_back(sweep_node(sweep, sweep.repeat - 1));
    epochs.push_back(sweep_node(sweep, 1));
  }
  return epochs;
}

std::vector<EpochNode> cut_first(std::vector<EpochNode>& nodes, std::uint64_t count) {
  std::vector<EpochNode> front, rest;
  for (EpochNode& node : nodes) {
    const std::uint64_t once = node.epochs() / node.count;
    const std::uint64_t whole = std::min(node.count, count / once);
    if (whole > 0) front.push_back(node), front.back().count = whole;
    count -= whole * once;
    std::uint64_t left = node.count - whole;
    if (left > 0 && count > 0) {  // a part of one iteration
      std::vector<EpochNode> body = node.body;
      for (EpochNode& part : cut_first(body, count)) front.push_back(std::move(part));
      rest.insert(rest.end(), body.begin(), body.end());
      count = 0;
      --left;
    }
    if (left > 0) rest.push_back(std::move(node)), rest.back().count = left;
  }
  nodes = std::move(rest);
  return front;
}

std::vector<EpochKind> take_first(std::vector<EpochNode>& nodes, std::uint64_t count) {
  std::vector<EpochKind> taken;
  while (!nodes.empty() && count > 0) {
    EpochNode& first = nodes.front();
    if (first.body.empty()) {
      taken.push_back(first.kind);
      --count;
      if (--first.count == 0) nodes.erase(nodes.begin());
      continue;
    }
    // One iteration is taken out of the loop.
    const std::vector<EpochNode> body = first.body;
    if (--first.count == 0) nodes.erase(nodes.begin());
    nodes.insert(nodes.begin(), body.begin(), body.end());
  }
  return taken;
}

}  // namespace sluice
