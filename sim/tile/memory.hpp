// SPDX-License-Identifier: Apache-2.0
// Main memories as TLM-2.0 targets. Each also serves fast-forward: it can say its state relative to
// a time, and be moved in time.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <span>
#include <systemc>
#include <variant>
#include <vector>

#include "sim/memory/dram_system.hpp"
#include "sim/tile/bandwidth_meter.hpp"
#include "sim/tile/tile.hpp"
#include "sim/tile/transfer_extension.hpp"

namespace sluice::tile {

/// SystemC time of a cycle: one cycle is one unit of the time resolution.
inline sc_core::sc_time at_cycle(std::uint64_t cycle) {
  return sc_core::sc_time::from_value(cycle);
}
inline std::uint64_t now_cycle() { return sc_core::sc_time_stamp().value(); }

/// Answers that a memory owes its initiators, in order of time.
struct Response {
  std::uint64_t cycle = 0;
  std::uint64_t order = 0;  ///< ties are answered in the order in which they were found
  bool done = false;        ///< BEGIN_RESP, else END_REQ
  int initiator = 0;
  tlm::tlm_generic_payload* payload = nullptr;
  bool operator>(const Response& other) const {
    return cycle != other.cycle ? cycle > other.cycle : order > other.order;
  }
};

/// Keeps responses and sends them when their time comes.
class ResponseQueue {
 public:
  void push(Response response);
  bool empty() const { return heap_.empty(); }
  std::uint64_t next_cycle() const { return heap_.front().cycle; }
  Response pop();
  void shift(std::uint64_t cycles);
  void append_state(std::uint64_t now, std::vector<std::uint64_t>& out) const;

 private:
  std::vector<Response> heap_;
  std::uint64_t order_ = 0;
};

/// Bandwidth and latency only: transfers are served whole, first come, first served. A service time
/// is rounded up to a part of a cycle, so that where the bus comes to stand repeats soon and
/// periods can be found.
class IdealMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<IdealMemory> socket;

  static constexpr std::uint64_t parts = 32;  ///< of a cycle

  IdealMemory(sc_core::sc_module_name name, const TileMemory& memory, std::size_t streams);

  std::uint64_t unloaded_latency() const { return latency_; }
  void append_state(std::uint64_t now, std::span<const std::uint64_t>,
                    std::vector<std::uint64_t>& out) const;
  void shift(std::uint64_t cycles, std::span<const std::int64_t>);
  std::vector<std::uint64_t> counters() const { return {}; }
  void add_counters(std::span<const std::uint64_t>, std::uint64_t) {}
  std::vector<Counter> report_counters() const { return {}; }
  /// The cycle at which all that was accepted is in the memory.
  std::uint64_t finish() { return 0; }
  /// Called by the memory that wants look() to be called when all requests of the time are known.
  std::function<void()> ask_to_look;
  void look() {}
  /// From here on, tells `meter` what passes on the data bus.
  void show_data(BandwidthMeter& meter) { meter_ = &meter; }

 private:
  tlm::tlm_sync_enum accept(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                            sc_core::sc_time& delay);
  void respond();
  std::uint64_t service_parts(std::uint64_t bytes) const;
  bool idle() const;

  std::uint64_t latency_ = 0;
  double parts_per_byte_ = 0;     ///< service time of a byte in parts of a cycle
  std::uint64_t free_parts_ = 0;  ///< when the last transfer leaves the bus, in parts
  BandwidthMeter* meter_ = nullptr;
  ResponseQueue responses_;
  sc_core::sc_event wake_;
};

/// The DRAM of sim/memory behind a socket: converts cycles to DRAM clocks and back, and lets the
/// DRAM decide only what no later request can change.
///
/// DRAM clocks a machine cycle are rounded to a fraction with a small denominator; see
/// clock_ratio().
class DramMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<DramMemory> socket;

  DramMemory(sc_core::sc_module_name name, const TileMemory& memory, std::size_t streams);

  std::uint64_t unloaded_latency() const { return cycle_at(dram_.unloaded_latency()); }
  void append_state(std::uint64_t now, std::span<const std::uint64_t> stream_base,
                    std::vector<std::uint64_t>& out);
  void shift(std::uint64_t cycles, std::span<const std::int64_t> stream_delta);
  std::vector<std::uint64_t> counters() const;
  void add_counters(std::span<const std::uint64_t> delta, std::uint64_t times);
  std::uint64_t finish();
  std::vector<Counter> report_counters() const;
  std::function<void()> ask_to_look;
  void look();
  void show_data(BandwidthMeter& meter);

 private:
  tlm::tlm_sync_enum accept(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                            sc_core::sc_time& delay);
  void work();
  void respond();
  bool find_event();
  void schedule(std::uint64_t earliest);
  /// The first clock edge at or after a cycle, and the first cycle at or after a clock edge.
  std::uint64_t clock_at(std::uint64_t cycle) const;
  std::uint64_t cycle_at(std::uint64_t clock) const;

  struct Active {
    tlm::tlm_generic_payload* payload = nullptr;
    int initiator = 0;
  };

  std::uint64_t clocks_ = 1, cycles_ = 1;  ///< so many DRAM clocks in so many machine cycles
  DramSystem dram_;
  DramStats skipped_;           ///< counted by fast-forward
  std::vector<Active> active_;  ///< by TransferId
  ResponseQueue responses_;
  sc_core::sc_event wake_;
};

class ExternalMemoryAdapter;
using Memory = std::variant<std::unique_ptr<IdealMemory>, std::unique_ptr<DramMemory>,
                            std::unique_ptr<ExternalMemoryAdapter>>;

/// The memory that the description asks for.
Memory make_memory(const TileMemory& memory, std::size_t streams);

}  // namespace sluice::tile
