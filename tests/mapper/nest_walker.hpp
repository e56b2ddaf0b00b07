// SPDX-License-Identifier: Apache-2.0
// Counts accesses by visiting every step of a nest and keeping the real contents of every buffer,
// words and whether their sums are there. Knows nothing of the closed forms that it is to check.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "mapper/nest/counts.hpp"

namespace sluice::walker {

using Key = std::vector<std::uint64_t>;  ///< an instance: its indices along the spreads above it
using Point = std::vector<std::uint64_t>;
using Points = std::set<Point>;

struct Span {
  std::uint64_t begin = 0, size = 0;
};

/// The iterations of a nest: which points each of its lanes covers.
class Space {
 public:
  Space(const Nest& nest, const Problem& problem)
      : nest_(nest), problem_(problem), most_(nest.size(), 1) {
    std::vector<std::uint64_t> around;
    for (const NestRank& rank : problem.ranks) around.push_back(rank.extent);
    for (std::size_t at = 0; at < nest.size(); ++at) {
      if (nest[at].kind == NestKind::keep) continue;
      const std::uint64_t tile = std::min(nest[at].tile, around[nest[at].rank]);
      most_[at] = (around[nest[at].rank] + tile - 1) / tile;
      around[nest[at].rank] = tile;
    }
  }

  std::uint64_t iterations(std::size_t at) const { return most_[at]; }

  /// The next iteration of the loops in time.
  bool advance(std::vector<std::uint64_t>& index) const {
    for (std::size_t at = nest_.size(); at-- > 0;) {
      if (nest_[at].kind != NestKind::loop) continue;
      if (++index[at] < most_[at]) return true;
      index[at] = 0;
    }
    return false;
  }

  /// The range of each rank at `position` for these indices; empty when the lane idles.
  std::vector<Span> spans(const std::vector<std::uint64_t>& index, std::size_t position) const {
    std::vector<Span> spans;
    for (const NestRank& rank : problem_.ranks) spans.push_back({0, rank.extent});
    for (std::size_t at = 0; at < position; ++at) {
      if (nest_[at].kind == NestKind::keep) continue;
      Span& span = spans[nest_[at].rank];
      const std::uint64_t offset = index[at] * nest_[at].tile;
      if (offset >= span.size) return {};
      span = {span.begin + offset, std::min(nest_[at].tile, span.size - offset)};
    }
    return spans;
  }

  Points points(const NestTensor& tensor, const std::vector<Span>& spans) const {
    Points all = {{}};
    for (const NestProjection& dimension : tensor.dimensions) {
      std::set<std::uint64_t> values = {0};
      for (const NestTerm& term : dimension) {
        std::set<std::uint64_t> more;
        for (const std::uint64_t value : values)
          for (std::uint64_t i = 0; i < spans[term.rank].size; ++i)
            more.insert(value + (spans[term.rank].begin + i) * term.coefficient);
        values = std::move(more);
      }
      Points longer;
      for (const Point& point : all)
        for (const std::uint64_t value : values) {
          longer.insert(point);
          Point next = point;
          next.push_back(value);
          longer.erase(point);
          longer.insert(next);
        }
      all = std::move(longer);
    }
    return all;
  }

  /// All lanes of a step: indices with those of the spreads filled in.
  void lanes(std::vector<std::uint64_t>& index, std::size_t at,
             std::vector<std::vector<std::uint64_t>>& all) const {
    if (at == nest_.size()) {
      all.push_back(index);
      return;
    }
    if (nest_[at].kind != NestKind::spread) return lanes(index, at + 1, all);
    for (std::uint64_t i = 0; i < most_[at]; ++i) {
      index[at] = i;
      lanes(index, at + 1, all);
    }
    index[at] = 0;
  }

  Key key(const std::vector<std::uint64_t>& lane, std::size_t position) const {
    Key key;
    for (std::size_t at = 0; at < position; ++at)
      if (nest_[at].kind == NestKind::spread) key.push_back(lane[at]);
    return key;
  }

 private:
  const Nest& nest_;
  const Problem& problem_;
  std::vector<std::uint64_t> most_;
};

class Walker {
 public:
  Walker(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
         const CountOptions& options)
      : nest_(nest),
        problem_(problem),
        hierarchy_(hierarchy),
        options_(options),
        space_(nest, problem) {}

  NestCounts count() {
    begin();
    std::vector<std::uint64_t> index(nest_.size(), 0);
    do {
      step(index);
    } while (space_.advance(index));
    return end();
  }

  void begin() {
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t) start(t);
  }

  NestCounts end() {
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t) flush(t, 1);
    return counts_;
  }

  std::uint64_t iterations(std::size_t at) const { return space_.iterations(at); }

  /// What the buffers of a tensor at a node hold, by instance.
  std::map<Key, Points> contents(std::size_t t, std::size_t at) const {
    std::map<Key, Points> words;
    for (const Place& place : places_[t])
      if (place.position == at && !place.compute)
        for (const auto& [instance, buffer] : place.buffers) words[instance] = buffer.words;
    return words;
  }
  void set_contents(std::size_t t, std::size_t at, const std::map<Key, Points>& words) {
    for (Place& place : places_[t])
      if (place.position == at && !place.compute)
        for (const auto& [instance, held] : words) place.buffers[instance].words = held;
  }

  /// One iteration of all loops in time; `index` has that of each node.
  void step(std::vector<std::uint64_t>& index) {
    go_to(index);
    std::vector<std::vector<std::uint64_t>> all;
    space_.lanes(index, 0, all);
    bool busy = false;
    for (const auto& lane : all)
      if (!space_.spans(lane, nest_.size()).empty()) {
        busy = true;
        ++counts_.operations;
      }
    if (busy) {
      ++counts_.steps;
      for (std::size_t t = 0; t < problem_.tensors.size(); ++t) move(t, all);
    }
  }

  /// Drops what is not there any more in the iteration of these indices.
  void go_to(const std::vector<std::uint64_t>& index) {
    if (!before_.empty() && options_.convention == CountConvention::accelforge) lose(index, true);
    if (!before_.empty() && options_.branches != 0) lose(index, false);
    before_ = index;
  }

 private:
  struct Buffer {
    Points words;
    Points valid;   ///< of an output: those that hold a sum
    Points filled;  ///< of these, those that came from the parent
  };
  struct Place {
    std::size_t position = 0, level = 0;
    bool compute = false;
    std::map<Key, Buffer> buffers;
  };

  void start(std::size_t t) {
    std::vector<Place> places;
    for (std::size_t at = 0; at < nest_.size(); ++at)
      if (nest_[at].kind == NestKind::keep && (nest_[at].tensors >> t & 1) != 0)
        places.push_back({at, nest_[at].level, false, {}});
    for (const Place& place : places) counts_.at[place.level][t].kept = true;
    places.push_back({nest_.size(), 0, true, {}});
    places_.push_back(places);
  }

  /// Lanes that share a transfer from `parent`: those that differ only along axes that multicast.
  Key group(const std::vector<std::uint64_t>& lane, std::size_t parent, std::size_t t) const {
    Key group = space_.key(lane, parent);
    for (std::size_t at = parent; at < nest_.size(); ++at) {
      if (nest_[at].kind != NestKind::spread) continue;
      const auto& names = hierarchy_.levels[nest_[at].level].fan_out[nest_[at].axis].separate;
      const bool separate =
          std::find(names.begin(), names.end(), problem_.tensors[t].name) != names.end();
      group.push_back(separate ? lane[at] + 1 : 0);
    }
    return group;
  }

  /// Drops what is kept inside of a loop that goes on.
  void lose(const std::vector<std::uint64_t>& index, bool everywhere) {
    std::size_t changed = 0;
    while (changed < index.size() && index[changed] == before_[changed]) ++changed;
    for (std::size_t t = 0; t < problem_.tensors.size(); ++t) {
      std::size_t first = 0;
      while (first < places_[t].size() &&
             changed >= (everywhere ? places_[t][first].position : branch(places_[t][first])))
        ++first;
      flush(t, first);
    }
  }

  /// The outer nodes whose next iteration empties a place: the deepest branch that it lies inside.
  std::size_t branch(const Place& place) const {
    std::size_t deepest = 0;
    for (std::size_t at = 1; at <= place.position && at < 64; ++at)
      if ((options_.branches >> at & 1) != 0) deepest = at;
    return deepest;
  }

  void flush(std::size_t t, std::size_t first) {
    first = std::max<std::size_t>(first, 1);
    for (std::size_t i = places_[t].size(); i-- > first;) {
      std::map<Key, Points> none;
      depart(t, i, none);
      if (!places_[t][i].compute || hierarchy_.compute.latch) places_[t][i].buffers.clear();
    }
  }

  /// What leaves the buffers of place `i` that will hold `next` goes to the parent.
  void depart(std::size_t t, std::size_t i, const std::map<Key, Points>& next) {
    if (!problem_.tensors[t].output) return;
    Place& place = places_[t][i];
    Place& parent = places_[t][i - 1];
    std::map<std::pair<Key, Point>, bool> reduced;
    for (auto& [instance, buffer] : place.buffers) {
      const auto stays = next.find(instance);
      if (!next.empty() && stays == next.end()) continue;  // an idle lane keeps what it has
      std::vector<std::uint64_t> lane = unpack(instance, place.position);
      for (const Point& word : buffer.words) {
        if (stays != next.end() && stays->second.contains(word)) continue;
        if (!place.compute) ++counts_.at[place.level][t].reads;
        reduced[{group(lane, parent.position, t), word}] = true;
        parent.buffers[space_.key(lane, parent.position)].valid.insert(word);
      }
    }
    counts_.at[parent.level][t].updates += reduced.size();
  }

  std::vector<std::uint64_t> unpack(const Key& instance, std::size_t position) const {
    std::vector<std::uint64_t> lane(nest_.size(), 0);
    std::size_t i = 0;
    for (std::size_t at = 0; at < position; ++at)
      if (nest_[at].kind == NestKind::spread) lane[at] = instance[i++];
    return lane;
  }

  void move(std::size_t t, const std::vector<std::vector<std::uint64_t>>& all) {
    auto& places = places_[t];
    std::vector<std::map<Key, Points>> next(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
      for (const auto& lane : all) {
        const auto here = space_.spans(lane, nest_.size());
        if (here.empty()) continue;
        next[i][space_.key(lane, places[i].position)] =
            space_.points(problem_.tensors[t], space_.spans(lane, places[i].position));
      }
    if (problem_.tensors[t].output) follow(t, next);
    const bool latch = hierarchy_.compute.latch;
    if (latch) {
      depart(t, places.size() - 1, next.back());
    }
    for (std::size_t i = places.size() - 1; i-- > 1;) depart(t, i, next[i]);
    for (auto& [instance, words] : next[0]) places[0].buffers[instance].words = words;
    for (std::size_t i = 1; i < places.size(); ++i) arrive(t, i, next[i]);
    if (!latch) {  // results go back at once
      depart(t, places.size() - 1, {});
      places.back().buffers.clear();
    }
  }

  /// An idle lane can hold no sum that its parent gives up.
  void follow(std::size_t t, std::vector<std::map<Key, Points>>& next) {
    auto& places = places_[t];
    for (const auto& [instance, buffer] : places[0].buffers)
      next[0].try_emplace(instance, buffer.words);
    for (std::size_t i = 1; i < places.size(); ++i)
      for (const auto& [instance, buffer] : places[i].buffers) {
        if (next[i].contains(instance)) continue;
        const Points& above =
            next[i - 1][space_.key(unpack(instance, places[i].position), places[i - 1].position)];
        Points kept;
        for (const Point& word : buffer.words)
          if (above.contains(word)) kept.insert(word);
        next[i][instance] = kept;
      }
  }

  void arrive(std::size_t t, std::size_t i, const std::map<Key, Points>& next) {
    Place& place = places_[t][i];
    Place& parent = places_[t][i - 1];
    AccessCount& above = counts_.at[parent.level][t];
    AccessCount none;
    AccessCount& here = place.compute ? none : counts_.at[place.level][t];
    std::set<std::pair<Key, Point>> carried;
    for (const auto& [instance, words] : next) {
      Buffer& buffer = place.buffers[instance];
      const auto lane = unpack(instance, place.position);
      for (const Point& word : words) {
        if (buffer.words.contains(word)) continue;
        buffer.valid.erase(word);
        const bool first = carried.insert({group(lane, parent.position, t), word}).second;
        if (!problem_.tensors[t].output) {
          if (first) ++above.reads;
          ++here.fills;
        } else if ((first || options_.convention == CountConvention::accelforge) &&
                   parent.buffers[space_.key(lane, parent.position)].valid.contains(word)) {
          if (first) ++above.reads;
          ++here.fills;
          buffer.valid.insert(word);
        }
      }
      buffer.words = words;
    }
  }

  const Nest& nest_;
  const Problem& problem_;
  const Hierarchy& hierarchy_;
  const CountOptions& options_;
  Space space_;
  std::vector<std::uint64_t> before_;
  std::vector<std::vector<Place>> places_;
  NestCounts counts_;
};

}  // namespace sluice::walker
