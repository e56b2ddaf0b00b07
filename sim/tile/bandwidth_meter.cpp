// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/bandwidth_meter.hpp"

namespace sluice::tile {

void BandwidthMeter::append(std::uint32_t first, std::uint64_t end,
                            std::vector<TraceSample>& samples) const {
  for (std::uint32_t stream = 0; stream < bytes_.size(); ++stream) {
    double shown = 0;
    std::uint64_t at = begin_;
    for (const double bytes : bytes_[stream]) {
      const std::uint64_t until = std::min(at + piece_cycles, std::max(end, at + 1));
      const double rate = bytes / static_cast<double>(until - at);
      if (rate != shown) samples.push_back({first + stream, at, rate});
      shown = rate, at = until;
    }
    if (shown != 0) samples.push_back({first + stream, at, 0});
  }
}

}  // namespace sluice::tile
