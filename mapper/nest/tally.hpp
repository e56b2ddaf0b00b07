// SPDX-License-Identifier: Apache-2.0
// Counts of a nest that grows from its outermost node inwards, for tiles that all divide what lies
// around them: a few numbers a tensor, cheap to copy, so that a mapper that changes a factor or an
// order counts again only from there on. The same rules as count_accesses().
#pragma once

#include <array>
#include <cstdint>

#include "mapper/nest/counts.hpp"
#include "mapper/nest/runs.hpp"

namespace sluice {

inline constexpr std::size_t max_windows = 3;     ///< dimensions of a tensor that slide
inline constexpr std::size_t max_comebacks = 24;  ///< loops over a window
inline constexpr std::size_t max_sliding = 2;     ///< tensors with windows

/// What the counts of all nests of one Einsum on one machine share.
struct TallyRules {
  TallyRules(const Problem& problem, const Hierarchy& hierarchy, CountConvention convention);

  struct Window {
    std::array<NestTerm, 4> terms{};
    std::size_t size = 0;
  };
  struct Tensor {
    std::uint32_t relevant = 0, sliding = 0;             ///< masks of ranks
    std::array<std::uint32_t, max_nest_levels> alone{};  ///< axes (bits) that do not share it
    std::array<Window, max_windows> windows{};
    std::size_t dimensions = 0;      ///< of `windows`
    std::size_t slot = max_sliding;  ///< Tally::sliding; none: max_sliding
    std::uint64_t words = 0;         ///< of all of it
    bool output = false;
  };
  std::array<Tensor, max_nest_tensors> tensor{};
  std::size_t tensors = 0, ranks = 0, levels = 0;
  std::array<std::uint64_t, max_nest_ranks> extent{};
  std::uint64_t operations = 1;
  CountConvention convention = CountConvention::sluice;
  bool latched = false;  ///< an operand that does not change is not read again
  bool closed = true;    ///< the problem has no more windows than there is room for
};

class Tally {
 public:
  explicit Tally(const TallyRules& rules);

  /// Appends a keep of tensors (bits). Count what arrives there before.
  void keep(std::uint16_t tensors);
  /// Appends a loop that runs more than once; false if `tile` does not divide what lies around.
  bool loop(std::size_t rank, std::uint64_t tile);
  bool spread(std::size_t level, std::size_t axis, std::size_t rank, std::uint64_t tile);
  /// Other Einsums run in what there is so far, and in nothing further in.
  void branch();

  std::uint64_t tile(std::size_t rank) const { return tile_[rank]; }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t lanes() const { return lanes_; }
  std::uint64_t tile_words(std::size_t tensor) const;

  /// What arrives at a keep of `tensor` at the end of the nest. With `movable`, in accelforge,
  /// outside of the innermost loops that do not move it. `closed` is set to false where the points
  /// of a window have gaps, which is not counted here.
  Arrivals arrivals(std::size_t tensor, bool movable, bool& closed) const;
  /// Words that compute takes at the end of the nest, once for all lanes that share them.
  std::uint64_t operands(std::size_t tensor, bool& closed) const;
  std::uint64_t first_touches(std::size_t tensor) const {
    return rules_->tensor[tensor].words * tensor_[tensor].reducing;
  }

  /// Steps at which a tensor without windows has a wholly new tile; the less, the longer it stays.
  std::uint64_t fresh_steps(std::size_t tensor) const { return tensor_[tensor].fresh; }
  /// Steps at the outermost place where the tile is the same, in accelforge.
  std::uint64_t settled_steps(std::size_t tensor) const { return tensor_[tensor].settled; }

  /// Steps at which the window stands `shift` points further, by dimension, than a step before.
  struct Comeback {
    std::uint64_t times = 0;
    std::array<std::int64_t, max_windows> shift{};
    bool operator==(const Comeback&) const = default;
  };
  struct Sliding {
    struct Lane {
      std::uint64_t step, count;
    };
    std::size_t size = 0;
    std::array<std::array<Lane, 4>, max_windows> lanes;  ///< that share the window
    std::array<std::size_t, max_windows> shared{};
    std::array<Comeback, max_comebacks> comebacks;  ///< the first `size`
    Sliding() = default;
    Sliding(const Sliding& other) { *this = other; }
    Sliding& operator=(const Sliding& other);
  };
  /// What the windows of a tensor with windows have come to.
  const Sliding& sliding(std::size_t tensor) const { return sliding_[rules_->tensor[tensor].slot]; }

 private:
  struct TensorTally {
    std::uint64_t fresh = 1;  ///< steps at which a wholly new tile comes
    /// Steps at the outermost place where the tile is the same; in timeloop, up to the innermost
    /// loop that moves it.
    std::uint64_t settled = 1;
    std::uint64_t served = 1;  ///< lanes that are served one by one from its home
    std::uint64_t reducing = 1;
  };

  void settle(std::size_t tensor) {
    if (rules_->convention == CountConvention::accelforge) tensor_[tensor].settled = steps_;
  }
  void stay(std::size_t tensor, std::uint64_t times);
  void slide(std::size_t tensor, std::size_t rank, std::uint64_t count, std::uint64_t times);
  void come_back(Sliding& sliding, const Comeback& comeback);
  void share(std::size_t tensor, std::size_t rank, std::uint64_t count);
  std::uint64_t plain_words(std::size_t tensor) const;
  Run window_of(const TallyRules::Window& window) const;
  std::uint64_t gapped(const TallyRules::Window& window) const;
  std::uint64_t windows(std::size_t tensor, std::uint64_t fresh, bool shared, bool& closed) const;

  const TallyRules* rules_;
  std::array<std::uint64_t, max_nest_ranks> tile_{};
  std::array<TensorTally, max_nest_tensors> tensor_{};
  std::array<Sliding, max_sliding> sliding_;
  std::uint64_t steps_ = 1, lanes_ = 1;
  bool overflow_ = false;
};

/// Counts as count_accesses() does; false, with `counts` unfinished, where a tile does not divide
/// or a window has gaps.
bool count_tally(const Nest& nest, const TallyRules& rules, std::uint64_t branches,
                 NestCounts& counts);

/// Counts any nest, step by step where there is no closed form.
void count_any(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
               const CountOptions& options, NestCounts& counts);

/// Counts many nests of one Einsum on one machine, which outlive it.
class NestCounter {
 public:
  NestCounter(const Problem& problem, const Hierarchy& hierarchy, CountConvention convention)
      : problem_(problem), hierarchy_(hierarchy), rules_(problem, hierarchy, convention) {}

  const TallyRules& rules() const { return rules_; }
  void count(const Nest& nest, NestCounts& counts, std::uint64_t branches = 0) const {
    if (!count_tally(nest, rules_, branches, counts))
      count_any(nest, problem_, hierarchy_, {rules_.convention, branches}, counts);
  }

 private:
  const Problem& problem_;
  const Hierarchy& hierarchy_;
  TallyRules rules_;
};

}  // namespace sluice
