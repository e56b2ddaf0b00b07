// SPDX-License-Identifier: Apache-2.0
// Bytes on a memory's data bus by stream and time, for the bandwidth counters of a trace.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/report/report.hpp"

namespace sluice::tile {

/// Counts bytes in equal pieces of the window [begin, end) of cycles. What lies outside is not
/// counted. No piece shows more than the bus can move, since a burst counts while it is on the bus.
class BandwidthMeter {
 public:
  static constexpr std::uint64_t piece_cycles = 256;

  /// Keeps at most `limit` pieces of all streams together, the earliest.
  BandwidthMeter(std::size_t streams, std::uint64_t begin, std::uint64_t end, std::size_t limit)
      : begin_(begin),
        end_(static_cast<double>(std::min(
            end - std::min(begin, end), limit / std::max<std::size_t>(1, streams) * piece_cycles))),
        bytes_(streams) {}

  /// `bytes` of `stream` pass evenly in [from, to), in cycles; from < to.
  void add(std::uint32_t stream, double from, double to, double bytes) {
    const double origin = static_cast<double>(begin_);
    const double rate = bytes / (to - from);
    double at = std::max(from - origin, 0.0);
    const double last = std::min(to - origin, end_);
    while (at < last) {
      const auto piece = static_cast<std::size_t>(at) / piece_cycles;
      const double until = std::min(last, static_cast<double>((piece + 1) * piece_cycles));
      if (bytes_[stream].size() <= piece) bytes_[stream].resize(piece + 1);
      bytes_[stream][piece] += rate * (until - at);
      at = until;
    }
  }

  /// Appends the mean bandwidth of each piece, up to `end`, as samples of the counters `first` + s.
  void append(std::uint32_t first, std::uint64_t end, std::vector<TraceSample>& samples) const;

 private:
  std::uint64_t begin_;
  double end_;                              ///< after begin_
  std::vector<std::vector<double>> bytes_;  ///< by stream and piece
};

}  // namespace sluice::tile
