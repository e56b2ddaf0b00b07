// SPDX-License-Identifier: Apache-2.0
// What a DMA engine asks of the main memory: a strided set of byte runs, and the walk over the DRAM
// bursts that it touches, in the order of its runs, as seen by one channel.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sim/memory/address_map.hpp"

namespace sluice {

struct TransferLoop {
  std::uint64_t count = 1;
  std::int64_t stride_bytes = 0;
  bool operator==(const TransferLoop&) const = default;
};

/// Runs of `run_bytes` from `address`, repeated by up to three loops, the innermost first. A burst
/// that is touched in part is moved whole. A run that begins in the burst in which the run before
/// ended does not move that burst again.
struct Transfer {
  std::uint64_t address = 0;
  std::uint64_t run_bytes = 0;
  std::array<TransferLoop, 3> loops{};
  bool write = false;
  std::uint32_t stream = 0;        ///< for arbitration's order and the statistics
  std::uint32_t outstanding = 64;  ///< reads in flight, divided evenly among the channels
  bool operator==(const Transfer&) const = default;
};

/// Bursts [first, last).
struct BurstRange {
  std::uint64_t first = 0, last = 0;
};

/// The runs of a transfer as ranges of bursts.
class RunWalk {
 public:
  RunWalk(const Transfer& transfer, std::uint32_t burst_shift);

  /// The next range, which may be empty; false at the end.
  bool next(BurstRange& range);
  void shift(std::uint64_t bytes);
  std::uint64_t address() const { return address_; }
  const std::array<std::uint64_t, 3>& position() const { return index_; }
  /// Visits all that tells what will come, but for addresses.
  template <class Archive>
  void each_extent(Archive&& archive) const {
    archive(run_bytes_), archive(done_ ? 1 : 0);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      archive(loops_[i].count), archive(static_cast<std::uint64_t>(loops_[i].stride_bytes));
      archive(index_[i]);
    }
    archive(last_end_ - (address_ >> burst_shift_));
  }

 private:
  std::uint64_t address_ = 0;  ///< of the next run
  std::uint64_t run_bytes_ = 0;
  std::array<TransferLoop, 3> loops_;
  std::array<std::uint64_t, 3> index_{};
  std::uint32_t burst_shift_ = 0;
  std::uint64_t last_end_ = 0;  ///< the burst after the run before
  bool done_ = false;
};

/// Number of bursts of a transfer in every channel; returns their sum. `counts` has one entry a
/// channel. Cost: a step for each burst or, in long runs, each channel of a run.
std::uint64_t count_bursts(const Transfer& transfer, const AddressMap& map,
                           std::span<std::uint64_t> counts);

/// The bursts of a transfer that lie in one channel, as local indices.
class TransferCursor {
 public:
  TransferCursor(const Transfer& transfer, const AddressMap& map, std::uint32_t channel);

  /// The local index of the next burst; there must be one.
  std::uint64_t next() {
    while (at_ == end_) refill();
    return at_++;
  }
  /// Bursts that follow at consecutive local indices.
  std::uint64_t run_left() const { return end_ - at_; }
  std::uint64_t peek() const { return at_; }
  void skip(std::uint64_t bursts) { at_ += bursts; }

  const RunWalk& walk() const { return walk_; }
  void shift(std::uint64_t bytes, std::uint64_t local) {
    walk_.shift(bytes);
    at_ += local, end_ += local;
  }

 private:
  void refill();

  RunWalk walk_;
  const AddressMap* map_;
  std::uint32_t channel_;
  std::uint64_t at_ = 0, end_ = 0;
};

}  // namespace sluice
