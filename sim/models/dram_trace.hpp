// SPDX-License-Identifier: Apache-2.0
// Experiments on a main memory alone: a trace of requests, its controller, and what came of them.
// docs/dram_trace.md lists the assumptions.
#pragma once

#include <string_view>
#include <vector>

#include "arch/memory_machine.hpp"
#include "sim/report/report.hpp"
#include "workloads/memory_trace.hpp"

namespace sluice {

struct Experiment;

/// What an experiment on a memory has in place of an Architecture and a network.
struct MemorySetup {
  static constexpr std::string_view model = "dram_trace";
  MemoryMachine machine;
  MemoryTrace trace;
  std::vector<MemoryRequest> requests;  ///< of a file; those of a pattern are drawn when they run
  bool operator==(const MemorySetup&) const = default;
};

/// The report of the run, which is the same at the fidelities `analytic` and `tile`: every command
/// is given, so that there is nothing to bound. Throws SpecError at `pe`. Safe on any thread.
Report run_memory(const Experiment& experiment, const MemorySetup& setup);

}  // namespace sluice
