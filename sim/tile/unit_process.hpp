// SPDX-License-Identifier: Apache-2.0
// One unit as an sc_module. Its process keeps local time and runs until a channel is empty or full
// (temporal decoupling); it meets SystemC's time only where it asks a server.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <systemc>
#include <vector>

#include "sim/graph/graph.hpp"
#include "sim/tile/program.hpp"
#include "sim/tile/tile.hpp"
#include "sim/tile/transfer_extension.hpp"

namespace sluice::tile {

class Engine;

class UnitProcess : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<UnitProcess> socket;

  /// What the process waits for.
  enum class State : std::uint8_t { runnable, token, room, time, service, transfer, finished };

  UnitProcess(sc_core::sc_module_name name, Engine& engine, std::uint32_t unit);

  State state() const { return state_; }
  std::uint64_t local() const { return local_; }
  std::uint64_t sync_target() const { return sync_target_; }
  const Cursor& cursor() const { return cursor_; }
  /// The channel waited for in the states `token` and `room`.
  std::uint32_t waits_for() const { return waits_for_; }
  bool transferring() const { return !in_flight_.empty(); }
  std::uint64_t firings() const { return firings_; }

  /// Makes the process run again in the present SystemC time.
  void wake();
  /// The arbiter's answer: performs the firing at the cursor with its servers.
  void serve();
  /// Writes what the future depends on: times relative to `now`, the iteration of `loop` too.
  void append_state(std::uint64_t now, std::uint32_t loop, std::uint64_t iteration,
                    std::vector<std::uint64_t>& out) const;
  /// Moves the unit `cycles` later and `iterations` of `loop` further.
  void shift(std::uint64_t cycles, std::uint32_t loop, std::uint64_t iterations);
  /// Address of `stream`'s next transfer by this unit, were it at its present iterations.
  std::uint64_t address_of(const MemoryTransfer& transfer) const;

 private:
  /// A transfer that the memory has not finished.
  struct InFlight {
    std::uint64_t ticket = 0;
    const Firing* firing = nullptr;
    std::uint64_t begun = 0;
    bool issued = false;
    std::vector<std::uint32_t> first_slots;  ///< of the tokens put, by Firing::puts
  };
  /// When a firing may begin and what decided it.
  struct Start {
    std::uint64_t cycle = 0;
    std::uint32_t channel = none_id;
    bool room = false;
  };

  void run();
  bool execute(const Firing& firing);
  void begin(const Firing& firing, const Start& start);
  void perform(const Firing& firing, const Start& start);
  std::optional<Start> find_start(const Firing& firing);
  void wait_for(State state, std::uint32_t channel, std::uint64_t needs);
  void account_stall(const Start& start, UnitLayerStats& row);
  void split_memory_stall(std::uint64_t begin, std::uint64_t end, std::uint32_t channel,
                          UnitLayerStats& row);
  std::uint64_t use_ports(const Firing& firing, std::uint64_t start, UnitLayerStats& row);
  void finish_firing(const Firing& firing, std::uint64_t start, std::uint64_t end,
                     UnitLayerStats& row);
  void set_up(const Firing& firing, std::uint64_t start);
  void request(const Firing& firing);
  void on_issued(std::uint64_t ticket);
  void on_done(std::uint64_t ticket);
  void make_ready(const InFlight& flight, std::uint64_t cycle);
  void take_tokens(const Firing& firing, Release release, std::uint64_t cycle);
  void put_tokens(const Firing& firing, std::uint64_t start, std::uint64_t ready);
  void advance();
  void settle();
  tlm::tlm_sync_enum respond(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  tlm::tlm_generic_payload& free_payload();
  void record_slice(const Firing& firing, std::uint64_t start, std::uint64_t end);

  Engine& engine_;
  std::uint32_t unit_ = 0;
  const std::vector<Instruction>& code_;
  State state_ = State::runnable;
  std::uint64_t local_ = 0;
  std::uint64_t sync_target_ = 0;
  std::uint32_t waits_for_ = none_id;
  std::uint64_t since_yield_ = 0;
  std::uint64_t firings_ = 0;
  std::uint64_t next_ticket_ = 0;
  bool set_up_ = false;       ///< the transfer at the cursor has begun and may ask the memory
  bool after_order_ = false;  ///< waited for earlier results since its last transfer
  bool at_boundary_ = false;  ///< an iteration of a watched loop has just ended
  std::uint32_t boundary_loop_ = 0;
  Cursor cursor_;
  std::deque<InFlight> in_flight_;
  std::vector<std::unique_ptr<tlm::tlm_generic_payload>> payloads_;
  std::vector<tlm::tlm_generic_payload*> free_payloads_;
  sc_core::sc_event wake_event_;
};

}  // namespace sluice::tile
