// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/transfer.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"

namespace sluice {

RunWalk::RunWalk(const Transfer& transfer, std::uint32_t burst_shift)
    : address_(transfer.address),
      run_bytes_(transfer.run_bytes),
      loops_(transfer.loops),
      burst_shift_(burst_shift) {
  done_ = run_bytes_ == 0;
  for (const TransferLoop& loop : loops_) done_ = done_ || loop.count == 0;
  // Runs that touch are one run; so a dense tile costs one step.
  for (TransferLoop& loop : loops_) {
    if (loop.count > 1 && loop.stride_bytes != static_cast<std::int64_t>(run_bytes_)) break;
    if (!done_) run_bytes_ *= loop.count;
    loop = {1, 0};
  }
}

bool RunWalk::next(BurstRange& range) {
  if (done_) return false;
  range.first = address_ >> burst_shift_;
  range.last = ((address_ + run_bytes_ - 1) >> burst_shift_) + 1;
  if (range.first + 1 == last_end_) ++range.first;
  last_end_ = range.last;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    address_ += static_cast<std::uint64_t>(loops_[i].stride_bytes);
    if (++index_[i] < loops_[i].count) return true;
    address_ -= static_cast<std::uint64_t>(loops_[i].stride_bytes) * loops_[i].count;
    index_[i] = 0;
  }
  done_ = true;
  return true;
}

void RunWalk::shift(std::uint64_t bytes) {
  address_ += bytes;
  last_end_ += static_cast<std::uint64_t>(static_cast<std::int64_t>(bytes) >> burst_shift_);
}

std::uint64_t count_bursts(const Transfer& transfer, const AddressMap& map,
                           std::span<std::uint64_t> counts) {
  std::fill(counts.begin(), counts.end(), 0);
  RunWalk walk(transfer, static_cast<std::uint32_t>(std::countr_zero(map.burst_bytes())));
  std::uint64_t total = 0;
  for (BurstRange range; walk.next(range);) {
    total += range.last - range.first;
    if (range.last - range.first < 2 * counts.size()) {
      for (std::uint64_t b = range.first; b < range.last; ++b) ++counts[map.channel_of(b)];
      continue;
    }
    for (std::uint32_t c = 0; c < counts.size(); ++c)
      counts[c] += map.local_before(range.last, c) - map.local_before(range.first, c);
  }
  return total;
}

TransferCursor::TransferCursor(const Transfer& transfer, const AddressMap& map,
                               std::uint32_t channel)
    : walk_(transfer, static_cast<std::uint32_t>(std::countr_zero(map.burst_bytes()))),
      map_(&map),
      channel_(channel) {}

void TransferCursor::refill() {
  BurstRange range;
  const bool more = walk_.next(range);
  SLUICE_ASSERT(more, "a transfer has fewer bursts in a channel than were counted");
  at_ = map_->local_before(range.first, channel_);
  end_ = map_->local_before(range.last, channel_);
}

}  // namespace sluice
