// SPDX-License-Identifier: Apache-2.0
// Stands between the units' transfers and a loosely timed memory: cuts each transfer into bursts,
// lets the active transfers take turns, and answers as transfer_extension.hpp says. Not a memory.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <systemc>
#include <vector>

#include "sim/tile/external_memory.hpp"
#include "sim/tile/memory.hpp"

namespace sluice::tile {

class ExternalMemoryAdapter : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<ExternalMemoryAdapter> socket;

  ExternalMemoryAdapter(sc_core::sc_module_name name, const ExternalMemory& memory);

  std::uint64_t unloaded_latency() const { return memory_.latency; }
  std::uint64_t finish() { return 0; }
  std::vector<Counter> report_counters() const;
  std::function<void()> ask_to_look;
  void look();
  void show_data(BandwidthMeter& meter) { meter_ = &meter; }

  // Fast-forward is off with a foreign memory, so that nobody asks for its state.
  void append_state(std::uint64_t, std::span<const std::uint64_t>,
                    std::vector<std::uint64_t>&) const;
  void shift(std::uint64_t, std::span<const std::int64_t>);
  std::vector<std::uint64_t> counters() const { return {}; }
  void add_counters(std::span<const std::uint64_t>, std::uint64_t) {}

 private:
  /// An initiator, whose transfer has bursts to send while `payload` is there.
  struct Lane {
    tlm::tlm_generic_payload* payload = nullptr;
    std::uint64_t row = 0, offset = 0;  ///< of the next burst
    std::uint64_t done = 0;             ///< cycle of the latest answer
    /// When each burst in flight returns, the earliest first.
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> returns;
  };

  tlm::tlm_sync_enum accept(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                            sc_core::sc_time& delay);
  void work();
  bool may_send(Lane& lane, std::uint64_t now) const;
  void send_burst(int initiator, std::uint64_t now);
  std::uint64_t transport(tlm::tlm_command command, std::uint64_t address, std::uint64_t bytes);
  void schedule(std::uint64_t now);

  ExternalMemory memory_;
  ExternalTarget target_;
  tlm_utils::simple_initiator_socket<ExternalMemoryAdapter> out_;
  double ticks_per_cycle_ = 1;  ///< units of SystemC's time resolution
  std::vector<Lane> lanes_;     ///< by initiator
  std::size_t turn_ = 0;        ///< the lane that comes first
  std::uint64_t free_ = 0;      ///< when the next burst may be sent
  std::uint64_t bursts_ = 0;
  BandwidthMeter* meter_ = nullptr;
  tlm::tlm_generic_payload burst_;
  std::vector<unsigned char> data_;
  ResponseQueue responses_;
  sc_core::sc_event wake_;
};

}  // namespace sluice::tile
