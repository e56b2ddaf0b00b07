// SPDX-License-Identifier: Apache-2.0
// Runs a graph with a memory model of the user's own: any SystemC module with a TLM-2.0 target
// socket that answers b_transport with an annotated delay (loosely timed). This is the one public
// header that includes SystemC; docs/time.md shows it in use.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <systemc>
#include <tlm>

#include "base/quantity.hpp"
#include "sim/graph/graph.hpp"
#include "sim/tile/tile.hpp"

namespace sluice {

/// A memory module and the socket at which it is reached.
struct ExternalTarget {
  std::unique_ptr<sc_core::sc_module> module;
  tlm::tlm_base_target_socket_b<>* socket = nullptr;  ///< a part of `module`
};

/// How a memory of the user's own is made and asked.
///
/// It sees generic payloads without extensions, of at most `burst_bytes` bytes and never across a
/// multiple of that, in the order of time. A request's time is sc_time_stamp() + delay, in real
/// time of the machine's clock; the memory adds to the delay what it takes and must not wait().
/// What is read or written is not looked at, but the data pointer can be used.
struct ExternalMemory {
  std::function<ExternalTarget()> make;  ///< called once a run, in the run's SystemC context
  Hertz clock{1e9};                      ///< of the machine; at most 1 THz
  std::uint32_t burst_bytes = 64;
  std::uint64_t interval = 1;  ///< cycles from one burst on the socket to the next, > 0
  std::uint64_t latency =
      0;  ///< cycles, unloaded; only tells stalls of latency and bandwidth apart
};

/// The memory answered with an error, took time backwards, or called wait().
struct ExternalMemoryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// As run_tile() of tile.hpp. Never skips periods, since the state of a foreign memory is unknown.
/// A deadlock's search for a depth makes the memory anew for every trial.
TileOutcome run_tile(const Graph& graph, const ExternalMemory& memory,
                     const TileOptions& options = {});

}  // namespace sluice
