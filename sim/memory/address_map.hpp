// SPDX-License-Identifier: Apache-2.0
// Where an address lies: channel, bank and row. A channel numbers its own bursts in the order of
// their addresses (the local index), so that a run of bytes is a run of local indices in every
// channel, however channels are interleaved. Columns do not matter to timing and are not kept.
#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/dram.hpp"

namespace sluice {

/// A burst's place within its channel. `bank` counts over all bank groups, group by group.
struct DramPlace {
  std::uint32_t bank = 0;
  std::uint64_t row = 0;
  bool operator==(const DramPlace&) const = default;
};

class AddressMap {
 public:
  /// `dram` must pass check() and not be ideal.
  explicit AddressMap(const Dram& dram);

  std::uint64_t burst_of(std::uint64_t address) const { return address >> burst_shift_; }

  /// Channel of a burst (addresses divided by the burst size).
  std::uint32_t channel_of(std::uint64_t burst) const {
    const std::uint64_t block = quotient(burst);
    const std::uint64_t segment = (burst - block * block_bursts_) >> segment_shift_;
    return static_cast<std::uint32_t>(swap(segment, block));
  }

  /// How many bursts of `channel` come before `burst`: the local index of the first that does not.
  std::uint64_t local_before(std::uint64_t burst, std::uint32_t channel) const {
    const std::uint64_t block = quotient(burst);
    const std::uint64_t start = unswap(channel, block) << segment_shift_;
    const std::uint64_t offset = burst - block * block_bursts_;
    const std::uint64_t segment = std::uint64_t{1} << segment_shift_;
    const std::uint64_t inside = offset <= start ? 0 : std::min(offset - start, segment);
    return (block << segment_shift_) + inside;
  }

  DramPlace place(std::uint64_t local) const {
    const std::uint64_t row = (local >> row_shift_) & row_mask_;
    std::uint64_t group = (local >> group_shift_) & group_mask_;
    std::uint64_t bank = (local >> bank_shift_) & bank_mask_;
    if (hash_) {
      group ^= row & group_mask_;
      bank ^= (row >> group_bits_) & bank_mask_;
    }
    return {static_cast<std::uint32_t>((group << bank_bits_) | bank), row};
  }

  /// Bursts at most that are next to each other in one row.
  std::uint64_t longest_row_run() const { return std::uint64_t{1} << low_column_bits_; }
  /// Bursts from this one on, itself included, that are next to each other in one row.
  std::uint64_t row_run(std::uint64_t local) const {
    const std::uint64_t run = std::uint64_t{1} << low_column_bits_;
    return run - (local & (run - 1));
  }

  std::uint32_t channels() const { return channels_; }
  std::uint64_t burst_bytes() const { return std::uint64_t{1} << burst_shift_; }
  /// Bytes over which the row is the same in all banks and channels, or 0 when rows are not the
  /// most significant field: then no shift but that of everything leaves places alike.
  std::uint64_t row_span_bytes() const { return row_span_bytes_; }
  /// Moving an address by a multiple of this changes its row and nothing else; 0: there is none.
  std::uint64_t period_bytes() const { return row_span_bytes_ << hashed_row_bits_; }

 private:
  std::uint64_t quotient(std::uint64_t burst) const {
    return block_shift_ != 0 || block_bursts_ == 1 ? burst >> block_shift_ : burst / block_bursts_;
  }
  std::uint64_t hash_of(std::uint64_t block) const {
    const std::uint64_t row = block >> block_row_shift_;
    return (row ^ (row >> (group_bits_ + bank_bits_))) & channel_mask_;
  }
  std::uint64_t swap(std::uint64_t segment, std::uint64_t block) const {
    if (!hash_channel_) return segment;
    if (pow2_channels_) return segment ^ hash_of(block);
    return (segment + hash_of(block)) % channels_;
  }
  std::uint64_t unswap(std::uint64_t channel, std::uint64_t block) const {
    if (!hash_channel_) return channel;
    if (pow2_channels_) return channel ^ hash_of(block);
    return (channel + channels_ - hash_of(block) % channels_) % channels_;
  }

  std::uint32_t channels_ = 1;
  std::uint32_t burst_shift_ = 0;
  std::uint32_t segment_shift_ = 0;    ///< a channel's consecutive bursts in one block: 1 << this
  std::uint32_t block_shift_ = 0;      ///< log2 of block_bursts_, or 0 when it is no power of two
  std::uint64_t block_bursts_ = 1;     ///< one segment of every channel
  std::uint32_t block_row_shift_ = 0;  ///< block index to row
  std::uint32_t row_shift_ = 0, group_shift_ = 0, bank_shift_ = 0;
  std::uint32_t group_bits_ = 0, bank_bits_ = 0;
  std::uint32_t low_column_bits_ = 0;  ///< of local indices: below all that changes bank or row
  std::uint64_t group_mask_ = 0, bank_mask_ = 0, channel_mask_ = 0;
  std::uint64_t row_mask_ = ~std::uint64_t{0};
  bool hash_ = false, hash_channel_ = false, pow2_channels_ = true;
  std::uint32_t hashed_row_bits_ = 0;
  std::uint64_t row_span_bytes_ = 0;
};

}  // namespace sluice
