// SPDX-License-Identifier: Apache-2.0
// One walk through a mapped attention task, for all who count, time or build it: what is fetched,
// computed and written, in the order of the program. Internal to what knows the systolic machine.
//
// A stage is a block of rows against the keys whose scores are on chip with it. The array computes
// the scores of a stage before it multiplies the values with the probabilities of the stage before,
// so that the vector unit works meanwhile. Loops therefore begin with their second iteration apart
// from the first: `before` of a stage's index is the same loop one iteration earlier.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mapper/attention.hpp"
#include "mapper/mapping.hpp"

namespace sluice {

enum class AttentionOperand : std::uint8_t { queries, keys, values };

/// Where a walk stands in one rank: at tile `first`, or in a loop that begins there.
template <class Loop>
struct AttentionIndex {
  std::uint64_t first = 0;
  std::optional<Loop> loop{};
};

/// A block of rows and a tile of keys.
template <class Loop>
struct AttentionPlace {
  AttentionIndex<Loop> batch, row, key;
  std::uint64_t rows = 1, keys = 1;
};

/// Visitor:
///   using Loop
///   void fetch(AttentionOperand, const AttentionPlace<Loop>&)   a tile comes and is kept
///   void leave(AttentionOperand)                                its last use is over
///   void begin_scores(place)          the array waits for room for the scores of a stage
///   void scores(place)                rows x keys of them
///   void begin_results(place)         it waits for room for a block of results
///   void results(place, bool more)    probabilities times values; more: added to what there is
///   void end_results(place)           results are handed over, the probabilities' room is free
///   void begin_probabilities(place)   the vector unit waits for room for those of a stage
///   void traverse(std::size_t time, place)   the vector unit's work on rows x keys scores
///   void end_traversals(place)        the scores' room is free
///   void finish(place, bool last)     corrects results; last: they are complete and stored
///   void loop(bool on_vector, std::uint64_t count, Body body)   calls body(Loop)
/// The first traversal takes the scores from the array, the last makes probabilities of them.
template <class Visitor>
class AttentionWalk {
 public:
  using Loop = typename Visitor::Loop;
  using Place = AttentionPlace<Loop>;

  AttentionWalk(const AttentionTask& task, const AttentionTiling& tiling, Visitor& visitor)
      : splits_{Split{task.batch, 1, 1}, split(task.rows, tiling.row_tile),
                split(task.keys, tiling.key_tile)},
        whole_rows_(task.form != AttentionForm::one_pass),
        traversals_(traversals(task.cycles)),
        visitor_(visitor) {}

  void run() {
    level(0, no_level);
    const Place last = end_of(Place{}, 0, true);
    multiply(last);
    if (stays()) visitor_.leave(AttentionOperand::values);
    visitor_.finish(last, true);
  }

 private:
  static constexpr std::size_t no_level = 3;

  /// Ranks that make stages: without the keys where all scores of a row are on chip.
  std::size_t levels() const { return whole_rows_ ? 2 : 3; }
  /// Keys and values stay for all rows of a product.
  bool stays() const { return splits_[2].count == 1; }

  AttentionIndex<Loop>& at(Place& place, std::size_t level) const {
    return level == 0 ? place.batch : level == 1 ? place.row : place.key;
  }
  void set(Place& place, std::size_t level, AttentionIndex<Loop> index, std::uint64_t size) const {
    at(place, level) = index;
    if (level == 1) place.rows = size;
    if (level == 2) place.keys = size;
  }

  /// The last stage before the first of `place`'s iteration of `level`, whose loop goes on.
  Place end_of(Place place, std::size_t level, bool whole = false) const {
    if (!whole) {
      set(place, level, {at(place, level).first - 1, at(place, level).loop}, splits_[level].size);
      ++level;
    }
    for (; level < 3; ++level)
      set(place, level, {splits_[level].count - 1, {}}, splits_[level].last);
    return place;
  }

  /// All iterations of a rank; `carry`: the rank whose iteration has just begun, if a stage came
  /// before.
  void level(std::size_t level, std::size_t carry) {
    if (level == levels()) return stage(carry);
    const Split& tiles = splits_[level];
    const std::uint64_t alike = tiles.last == tiles.size ? tiles.count : tiles.count - 1;
    iterate(level, {0, {}}, tiles.size_of(0), carry);
    if (alike == 2) iterate(level, {1, {}}, tiles.size, level);
    if (alike > 2)
      visitor_.loop(false, alike - 1, [&](Loop loop) {
        iterate(level, {1, loop}, tiles.size, level);
      });
    if (alike < tiles.count && alike > 0) iterate(level, {alike, {}}, tiles.last, level);
  }

  void iterate(std::size_t level, AttentionIndex<Loop> index, std::uint64_t size,
               std::size_t carry) {
    set(place_, level, index, size);
    if (level == 0 && stays()) visitor_.fetch(AttentionOperand::keys, first_key());
    if (level == 1) visitor_.fetch(AttentionOperand::queries, place_);
    this->level(level + 1, carry);
    if (level == 1) visitor_.leave(AttentionOperand::queries);
    if (level == 0 && stays()) visitor_.leave(AttentionOperand::keys);
  }

  Place first_key() const {
    Place place = place_;
    set(place, 2, {0, {}}, splits_[2].size);
    return place;
  }

  void stage(std::size_t carry) {
    const bool follows = carry != no_level;
    const Place before = follows ? end_of(place_, carry) : place_;
    visitor_.begin_scores(place_);
    each_key(place_, false, [&](const Place& place, bool) {
      if (!stays()) visitor_.fetch(AttentionOperand::keys, place);
      visitor_.scores(place);
      if (!stays()) visitor_.leave(AttentionOperand::keys);
    });
    if (follows) multiply(before);
    if (stays() && (!follows || carry == 0)) {
      if (follows) visitor_.leave(AttentionOperand::values);
      visitor_.fetch(AttentionOperand::values, first_key());
    }
    for (std::size_t time = 0; time < traversals_; ++time) {
      if (time + 1 == traversals_) visitor_.begin_probabilities(place_);
      each_key(place_, true, [&](const Place& place, bool) { visitor_.traverse(time, place); });
    }
    visitor_.end_traversals(place_);
    if (follows) visitor_.finish(before, whole_rows_ || carry < 2);
  }

  void multiply(const Place& stage) {
    visitor_.begin_results(stage);
    each_key(stage, false, [&](const Place& place, bool more) {
      if (!stays()) visitor_.fetch(AttentionOperand::values, place);
      visitor_.results(place, more);
      if (!stays()) visitor_.leave(AttentionOperand::values);
    });
    visitor_.end_results(stage);
  }

  /// The key tiles of a stage: all of them, or its own.
  template <class Body>
  void each_key(Place place, bool on_vector, Body body) {
    if (!whole_rows_) return body(place, false);
    const Split& tiles = splits_[2];
    const std::uint64_t alike = tiles.last == tiles.size ? tiles.count : tiles.count - 1;
    const auto one = [&](std::uint64_t first, std::uint64_t size) {
      set(place, 2, {first, {}}, size);
      body(place, first > 0);
    };
    one(0, tiles.size_of(0));
    if (alike == 2) one(1, tiles.size);
    if (alike > 2)
      visitor_.loop(on_vector, alike - 1, [&](Loop loop) {
        set(place, 2, {1, loop}, tiles.size);
        body(place, true);
      });
    if (alike < tiles.count && alike > 0) one(alike, tiles.last);
  }

  const std::array<Split, 3> splits_;  ///< batch, rows, keys
  const bool whole_rows_;              ///< all scores of a block of rows are a stage
  const std::size_t traversals_;
  Visitor& visitor_;
  Place place_;
};

}  // namespace sluice
