// SPDX-License-Identifier: Apache-2.0
// Counts accesses of fused Einsums by visiting every step of the tree in its order. A keep that
// several Einsums run in is one buffer for all of them: each finds in it what the last one left.
#pragma once

#include <memory>

#include "mapper/nest/fusion.hpp"
#include "tests/mapper/nest_walker.hpp"

namespace sluice::walker {

class FusedWalker {
 public:
  FusedWalker(const CascadeMapping& mapping, const Hierarchy& hierarchy) : mapping_(mapping) {
    for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
      options_.push_back({CountConvention::sluice, branches(i)});
      indices_.emplace_back(mapping.einsums[i].nest.size(), 0);
    }
    for (std::size_t i = 0; i < mapping.einsums.size(); ++i)
      walkers_.push_back(std::make_unique<Walker>(
          mapping.einsums[i].nest, mapping.einsums[i].problem, hierarchy, options_[i]));
  }

  std::vector<NestCounts> count() {
    for (const auto& walker : walkers_) walker->begin();
    run(0, walkers_.size(), 0);
    std::vector<NestCounts> counts;
    for (const auto& walker : walkers_) counts.push_back(walker->end());
    return counts;
  }

 private:
  /// The outer nodes in which Einsum `index` runs with others, and not further.
  std::uint64_t branches(std::size_t index) const {
    std::uint64_t bits = 0;
    std::size_t least = max_nest_nodes;
    for (std::size_t i = index; i > 0; --i) {
      least = std::min(least, mapping_.einsums[i].shared_nodes);
      if (least > 0) bits |= std::uint64_t{1} << least;
    }
    least = max_nest_nodes;
    for (std::size_t i = index + 1; i < mapping_.einsums.size(); ++i) {
      least = std::min(least, mapping_.einsums[i].shared_nodes);
      if (least > 0) bits |= std::uint64_t{1} << least;
    }
    return bits;
  }

  /// Einsums `begin` to `end`, which run together in all nodes before `at`.
  void run(std::size_t begin, std::size_t end, std::size_t at) {
    for (std::size_t i = begin; i < end;) {
      std::size_t next = i + 1;
      while (next < end && mapping_.einsums[next].shared_nodes > at) ++next;
      if (next == i + 1)
        alone(i, at);
      else
        together(i, next, at);
      if (i != begin || next != end) forget(i, next, at);
      i = next;
    }
  }

  /// A branch that is left makes room for the others.
  void forget(std::size_t begin, std::size_t end, std::size_t at) {
    std::erase_if(buffers_, [&](const auto& buffer) {
      const auto& [first, node, tensor] = buffer.first;
      return begin <= first && first < end && node >= at;
    });
  }

  void together(std::size_t begin, std::size_t end, std::size_t at) {
    if (mapping_.einsums[begin].nest[at].kind != NestKind::loop) return run(begin, end, at + 1);
    for (std::uint64_t i = 0; i < walkers_[begin]->iterations(at); ++i) {
      for (std::size_t e = begin; e < end; ++e) indices_[e][at] = i;
      run(begin, end, at + 1);
    }
    for (std::size_t e = begin; e < end; ++e) indices_[e][at] = 0;
  }

  void alone(std::size_t index, std::size_t at) {
    walkers_[index]->go_to(indices_[index]);
    find(index, at);
    loops(index, at);
    leave(index, at);
  }

  void loops(std::size_t index, std::size_t at) {
    const Nest& nest = mapping_.einsums[index].nest;
    while (at < nest.size() && nest[at].kind != NestKind::loop) ++at;
    if (at == nest.size()) return walkers_[index]->step(indices_[index]);
    for (std::uint64_t i = 0; i < walkers_[index]->iterations(at); ++i) {
      indices_[index][at] = i;
      loops(index, at + 1);
    }
    indices_[index][at] = 0;
  }

  using Key = std::tuple<std::size_t, std::size_t, std::string>;  ///< first runner, node, tensor

  Key key_of(std::size_t index, std::size_t at, std::size_t tensor) const {
    std::size_t first = index;
    while (first > 0 && mapping_.einsums[first].shared_nodes > at) --first;
    return {first, at, mapping_.einsums[index].problem.tensors[tensor].name};
  }

  template <class Visit>
  void each_shared(std::size_t index, std::size_t end, Visit visit) {
    const MappedEinsum& einsum = mapping_.einsums[index];
    for (std::size_t at = 0; at < end; ++at)
      for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
        if (einsum.nest[at].kind == NestKind::keep && (einsum.nest[at].tensors >> t & 1) != 0)
          visit(at, t);
  }

  void find(std::size_t index, std::size_t end) {
    each_shared(index, end, [&](std::size_t at, std::size_t t) {
      if (mapping_.einsums[index].problem.tensors[t].output) return;
      const auto left = buffers_.find(key_of(index, at, t));
      if (left != buffers_.end()) walkers_[index]->set_contents(t, at, left->second);
    });
  }

  void leave(std::size_t index, std::size_t end) {
    each_shared(index, end, [&](std::size_t at, std::size_t t) {
      buffers_[key_of(index, at, t)] = walkers_[index]->contents(t, at);
    });
  }

  const CascadeMapping& mapping_;
  std::vector<CountOptions> options_;
  std::vector<std::unique_ptr<Walker>> walkers_;
  std::vector<std::vector<std::uint64_t>> indices_;
  std::map<Key, std::map<walker::Key, Points>> buffers_;
};

}  // namespace sluice::walker
