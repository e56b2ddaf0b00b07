// SPDX-License-Identifier: Apache-2.0
// Single requests at given clocks, to study a DRAM and its controller without a machine around it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/memory_machine.hpp"
#include "sim/memory/channel.hpp"
#include "workloads/memory_trace.hpp"

namespace sluice {

/// One burst. Requests of a channel enter in the order in which they stand in the trace, none
/// before its arrival.
using DramRequest = MemoryRequest;

/// What became of a trace. Latencies are those of reads, with controller and PHY.
struct TraceResult {
  DramStats total;  ///< of all channels, up to the last data of each
  std::vector<DramStats> channels;
  std::uint64_t clocks = 0;     ///< to the last data of all
  double bytes_per_second = 0;  ///< moved, over `clocks`
  double share_of_peak = 0;
  double mean_latency_ns = 0;  ///< from entering the queue
  double max_latency_ns = 0;
  double mean_response_ns = 0;  ///< from the arrival, waiting for the queue included
};

struct TraceOptions {
  std::uint32_t outstanding = 1u << 30;  ///< reads of a controller in flight
  std::vector<DramCommand>* log = nullptr;
  /// Channels on one row-command bus are the pseudo-channels of one controller: requests enter them
  /// in the order of the trace, and read_window and write_queue hold for both together.
  bool one_controller = false;
  DramBuffer buffer = DramBuffer::read_write;
  DramResponses responses = DramResponses::out_of_order;
};

/// Serves `requests`, ordered by arrival. `dram` must pass check() and not be ideal.
TraceResult run_trace(const Dram& dram, std::span<const DramRequest> requests,
                      const TraceOptions& options = {});

}  // namespace sluice
