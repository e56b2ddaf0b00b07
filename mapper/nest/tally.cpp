// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/tally.hpp"

#include <algorithm>
#include <bit>

#include "mapper/nest/moves.hpp"
#include "mapper/nest/runs.hpp"

namespace sluice {
namespace {

using Lane = Tally::Sliding::Lane;

/// Points of one dimension of a window: of one lane, and of all lanes that share it.
struct Extent {
  Run own, all;
};

Run united(const std::array<Lane, 4>& lanes, std::size_t shared, const Run& points) {
  Strides strides;
  for (std::size_t i = 0; i < shared; ++i) strides[i] = {lanes[i].step, lanes[i].count};
  strides[shared] = {points.step, points.length};
  return run_of(strides, shared + 1);
}

/// Points of a window that it has already when it has moved so far.
std::uint64_t kept(const Extent& extent, std::int64_t shift, const std::array<Lane, 4>& lanes,
                   std::size_t shared, bool& closed) {
  if (shift == 0) return extent.all.length;
  const auto distance = static_cast<std::uint64_t>(shift < 0 ? -shift : shift);
  const Run& own = extent.own;
  if (own.length == 1) return 0;
  const std::uint64_t moved = own.step == 1 ? distance : distance / own.step;
  if (moved >= own.length || moved * own.step != distance) return 0;
  if (shared == 0) return own.length - moved;
  const Run brought = united(lanes, shared, {true, own.step, moved});
  closed = closed && brought.even;
  return extent.all.length - brought.length;
}

}  // namespace

TallyRules::TallyRules(const Problem& problem, const Hierarchy& hierarchy,
                       CountConvention convention)
    : tensors(problem.tensors.size()),
      ranks(problem.ranks.size()),
      levels(hierarchy.levels.size()),
      convention(convention),
      latched(hierarchy.compute.latch) {
  std::array<std::uint64_t, max_nest_ranks> sizes{};
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    extent[rank] = problem.ranks[rank].extent;
    operations *= extent[rank];
  }
  std::size_t slots = 0;
  for (std::size_t t = 0; t < tensors; ++t) {
    const NestTensor& data = problem.tensors[t];
    Tensor& own = tensor[t];
    own.output = data.output;
    own.words = 1;
    for (const NestProjection& dimension : data.dimensions) {
      for (std::size_t i = 0; i < dimension.size(); ++i) {
        own.relevant |= 1u << dimension[i].rank;
        if (dimension.size() > 1) own.sliding |= 1u << dimension[i].rank;
        sizes[i] = extent[dimension[i].rank];
      }
      own.words *= distinct_points(dimension, sizes.data());
      if (dimension.size() < 2) continue;
      closed = closed && dimension.size() <= 4 && own.dimensions < max_windows;
      if (!closed) return;
      Window& window = own.windows[own.dimensions++];
      std::copy(dimension.begin(), dimension.end(), window.terms.begin());
      window.size = dimension.size();
    }
    for (std::size_t level = 0; level < levels; ++level)
      for (std::size_t axis = 0; axis < hierarchy.levels[level].fan_out.size(); ++axis) {
        const auto& names = hierarchy.levels[level].fan_out[axis].separate;
        if (std::find(names.begin(), names.end(), data.name) != names.end())
          own.alone[level] |= 1u << axis;
      }
    if (own.dimensions > 0) own.slot = slots++;
    closed = closed && slots <= max_sliding;
    if (!closed) return;
  }
  if (convention != CountConvention::timeloop) return;
  std::uint64_t lanes = 1;
  for (const FanOutAxis& axis : hierarchy.levels.back().fan_out) lanes *= axis.size;
  latched = latched || lanes > 1;
}

Tally::Sliding& Tally::Sliding::operator=(const Sliding& other) {
  size = other.size;
  shared = other.shared;
  for (std::size_t d = 0; d < max_windows; ++d)
    std::copy_n(other.lanes[d].begin(), shared[d], lanes[d].begin());
  std::copy_n(other.comebacks.begin(), size, comebacks.begin());
  return *this;
}

Tally::Tally(const TallyRules& rules) : rules_(&rules), tile_(rules.extent) {}

void Tally::keep(std::uint16_t tensors) {
  for (std::uint32_t rest = tensors; rest != 0; rest &= rest - 1) {
    const auto t = static_cast<std::size_t>(std::countr_zero(rest));
    tensor_[t].served = lanes_;
    settle(t);
    if (rules_->tensor[t].dimensions > 0) sliding_[rules_->tensor[t].slot].shared = {};
  }
}

void Tally::branch() {
  if (rules_->convention == CountConvention::timeloop) return;
  for (std::size_t t = 0; t < rules_->tensors; ++t) {
    tensor_[t].fresh = tensor_[t].settled = steps_;
    if (rules_->tensor[t].dimensions > 0) sliding_[rules_->tensor[t].slot].size = 0;
  }
}

bool Tally::loop(std::size_t rank, std::uint64_t tile) {
  const std::uint64_t count = tile_[rank] / tile;
  if (count * tile != tile_[rank]) return false;
  tile_[rank] = tile;
  const std::uint64_t before = steps_;
  steps_ *= count;
  for (std::size_t t = 0; t < rules_->tensors; ++t) {
    const TallyRules::Tensor& rules = rules_->tensor[t];
    if ((rules.relevant >> rank & 1) == 0) {
      if (rules.dimensions > 0) stay(t, before * (count - 1));
      continue;
    }
    TensorTally& own = tensor_[t];
    own.settled = steps_;
    if ((rules.sliding >> rank & 1) != 0) {
      slide(t, rank, count, before);
    } else {
      own.fresh = steps_;
      if (rules.dimensions > 0) sliding_[rules.slot].size = 0;
    }
  }
  return true;
}

/// A loop runs that does not move the window: in timeloop, what it shares with itself is lost.
void Tally::stay(std::size_t tensor, std::uint64_t times) {
  Sliding& sliding = sliding_[rules_->tensor[tensor].slot];
  if (rules_->convention == CountConvention::sluice) {
    come_back(sliding, {times, {}});
  } else if (rules_->convention == CountConvention::timeloop) {
    tensor_[tensor].fresh = tensor_[tensor].settled;
    sliding.size = 0;
  }
}

void Tally::slide(std::size_t tensor, std::size_t rank, std::uint64_t count, std::uint64_t times) {
  const TallyRules::Tensor& rules = rules_->tensor[tensor];
  Sliding& sliding = sliding_[rules.slot];
  if (rules_->convention == CountConvention::accelforge) return;
  if (rules_->convention == CountConvention::timeloop) {
    tensor_[tensor].fresh = times;
    sliding.size = 0;
  }
  Comeback step{times * (count - 1), {}};
  for (std::size_t d = 0; d < rules.dimensions; ++d)
    for (std::size_t i = 0; i < rules.windows[d].size; ++i) {
      if (rules.windows[d].terms[i].rank != rank) continue;
      const auto far =
          static_cast<std::int64_t>(tile_[rank] * rules.windows[d].terms[i].coefficient);
      step.shift[d] = far;
      for (std::size_t j = 0; j < sliding.size; ++j)
        sliding.comebacks[j].shift[d] -= static_cast<std::int64_t>(count - 1) * far;
    }
  come_back(sliding, step);
}

void Tally::come_back(Sliding& sliding, const Comeback& comeback) {
  if (sliding.size > 0 && sliding.comebacks[sliding.size - 1].shift == comeback.shift) {
    sliding.comebacks[sliding.size - 1].times += comeback.times;
  } else if (sliding.size < max_comebacks) {
    sliding.comebacks[sliding.size++] = comeback;
  } else {
    overflow_ = true;
  }
}

bool Tally::spread(std::size_t level, std::size_t axis, std::size_t rank, std::uint64_t tile) {
  const std::uint64_t count = tile_[rank] / tile;
  if (count * tile != tile_[rank]) return false;
  tile_[rank] = tile;
  lanes_ *= count;
  const bool timeloop = rules_->convention == CountConvention::timeloop;
  for (std::size_t t = 0; t < rules_->tensors; ++t) {
    const TallyRules::Tensor& rules = rules_->tensor[t];
    TensorTally& own = tensor_[t];
    settle(t);
    const bool slides = (rules.sliding >> rank & 1) != 0;
    const bool alone = !timeloop && ((rules.alone[level] >> axis & 1) != 0);
    if ((rules.relevant >> rank & 1) == 0) {
      own.reducing *= count;
      if (alone) own.served *= count;
    } else if (!slides || timeloop || alone || rules.output) {
      own.served *= count;
    } else {
      share(t, rank, count);
    }
  }
  return true;
}

/// Lanes along `rank` share what their windows have in common.
void Tally::share(std::size_t tensor, std::size_t rank, std::uint64_t count) {
  const TallyRules::Tensor& rules = rules_->tensor[tensor];
  Sliding& sliding = sliding_[rules.slot];
  for (std::size_t d = 0; d < rules.dimensions; ++d)
    for (std::size_t i = 0; i < rules.windows[d].size; ++i) {
      if (rules.windows[d].terms[i].rank != rank) continue;
      if (sliding.shared[d] == sliding.lanes[d].size()) {
        overflow_ = true;
        return;
      }
      sliding.lanes[d][sliding.shared[d]++] = {tile_[rank] * rules.windows[d].terms[i].coefficient,
                                               count};
    }
}

std::uint64_t Tally::plain_words(std::size_t tensor) const {
  std::uint64_t words = 1;
  for (std::uint32_t rest = rules_->tensor[tensor].relevant & ~rules_->tensor[tensor].sliding;
       rest != 0; rest &= rest - 1)
    words *= tile_[static_cast<std::size_t>(std::countr_zero(rest))];
  return words;
}

/// Points of all windows of a tensor, over `fresh` steps and all comebacks; `shared`: of all lanes
/// that share them.
std::uint64_t Tally::windows(std::size_t tensor, std::uint64_t fresh, bool shared,
                             bool& closed) const {
  const TallyRules::Tensor& rules = rules_->tensor[tensor];
  const Sliding& sliding = sliding_[rules.slot];
  std::array<Extent, max_windows> extents;
  std::uint64_t whole = 1;
  for (std::size_t d = 0; d < rules.dimensions; ++d) {
    Extent& extent = extents[d];
    extent.own = extent.all = window_of(rules.windows[d]);
    if (shared && sliding.shared[d] > 0 && extent.own.even)
      extent.all = united(sliding.lanes[d], sliding.shared[d], extent.own);
    closed = closed && extent.own.even && extent.all.even;
    whole *= extent.all.length;
  }
  std::uint64_t sum = fresh * whole;
  for (std::size_t i = 0; i < sliding.size && closed; ++i) {
    const Comeback& comeback = sliding.comebacks[i];
    std::uint64_t had = 1;
    for (std::size_t d = 0; d < rules.dimensions && had > 0; ++d)
      had *= kept(extents[d], comeback.shift[d], sliding.lanes[d], shared ? sliding.shared[d] : 0,
                  closed);
    sum += comeback.times * (whole - had);
  }
  return sum;
}

/// The points of one dimension of a window that one lane has.
Run Tally::window_of(const TallyRules::Window& window) const {
  Strides terms;
  for (std::size_t i = 0; i < window.size; ++i)
    terms[i] = {window.terms[i].coefficient, tile_[window.terms[i].rank]};
  return run_of(terms, window.size);
}

/// How many they are where they have gaps.
std::uint64_t Tally::gapped(const TallyRules::Window& window) const {
  const NestProjection dimension(window.terms.begin(), window.terms.begin() + window.size);
  std::array<std::uint64_t, 4> sizes;
  for (std::size_t i = 0; i < window.size; ++i) sizes[i] = tile_[window.terms[i].rank];
  return distinct_points(dimension, sizes.data());
}

std::uint64_t Tally::tile_words(std::size_t tensor) const {
  std::uint64_t words = plain_words(tensor);
  const TallyRules::Tensor& rules = rules_->tensor[tensor];
  for (std::size_t d = 0; d < rules.dimensions; ++d) {
    const Run run = window_of(rules.windows[d]);
    words *= run.even ? run.length : gapped(rules.windows[d]);
  }
  return words;
}

Arrivals Tally::arrivals(std::size_t tensor, bool movable, bool& closed) const {
  const TallyRules::Tensor& rules = rules_->tensor[tensor];
  const TensorTally& own = tensor_[tensor];
  std::uint64_t fresh = own.fresh;
  if (rules_->convention == CountConvention::accelforge) fresh = movable ? own.settled : steps_;
  const std::uint64_t words = plain_words(tensor);
  Arrivals result;
  if (rules.dimensions == 0) {
    result.served = fresh * words * own.served;
    result.arrived = fresh * words * lanes_;
  } else {
    closed = closed && !overflow_;
    const std::uint64_t alone = windows(tensor, fresh, false, closed);
    bool shares = false;
    for (std::size_t d = 0; d < rules.dimensions; ++d)
      shares = shares || sliding_[rules.slot].shared[d] > 0;
    const std::uint64_t together = shares ? windows(tensor, fresh, true, closed) : alone;
    result.served = together * words * own.served;
    result.arrived = alone * words * lanes_;
  }
  if (rules.output) result.first_touches = first_touches(tensor);
  return result;
}

std::uint64_t Tally::operands(std::size_t tensor, bool& closed) const {
  if (rules_->latched) return arrivals(tensor, false, closed).served;
  const TallyRules::Tensor& rules = rules_->tensor[tensor];
  std::uint64_t words = plain_words(tensor) * tensor_[tensor].served;
  if (rules.dimensions == 0) return steps_ * words;
  closed = closed && !overflow_;
  const Sliding& sliding = sliding_[rules.slot];
  for (std::size_t d = 0; d < rules.dimensions; ++d) {
    Run run = window_of(rules.windows[d]);
    if (run.even && sliding.shared[d] > 0) run = united(sliding.lanes[d], sliding.shared[d], run);
    closed = closed && run.even;
    words *= run.length;
  }
  return steps_ * words;
}

}  // namespace sluice
