// SPDX-License-Identifier: Apache-2.0
#include "sim/models/fidelity.hpp"

#include <fmt/format.h>

#include "sim/memory/memory_facts.hpp"

namespace sluice {
namespace {

struct Refusal {
  Fidelity fidelity;

  std::optional<Diagnostic> operator()(const SystolicSetup& setup) const {
    return of_memory(setup.machine.dram, setup.machine.clock, "array");
  }
  std::optional<Diagnostic> operator()(const SpatialSetup& setup) const {
    return of_memory(setup.machine.dram, setup.machine.clock, "arrays");
  }
  std::optional<Diagnostic> operator()(const FormsSetup&) const {
    if (fidelity == Fidelity::analytic) return std::nullopt;
    return because(
        "the model fusemax_forms has closed forms, and nothing to simulate",
        "simulation.fidelity: analytic, or architecture.model: spatial, which simulates the "
        "one-pass cascade on FuseMax (configs/run/fusemax_bert_1k.yaml)");
  }
  std::optional<Diagnostic> operator()(const MemorySetup&) const {
    if (fidelity != Fidelity::pe) return std::nullopt;
    return because("a memory alone has no PEs",
                   "use tile, which gives every command of the memory");
  }

 private:
  Diagnostic because(std::string_view what, std::string_view hint) const {
    return {{.path = "--fidelity"},
            fmt::format("fidelity {}: {}", name_of(fidelity), what),
            std::string(hint)};
  }
  std::optional<Diagnostic> of_memory(const Dram& dram, Hertz clock, std::string_view what) const {
    if (fidelity != Fidelity::pe || memory_facts(dram, clock).bytes_per_cycle == 0)
      return std::nullopt;
    return because(fmt::format("the memory takes time, and pe has only the {}", what),
                   "set architecture.dram to preset: ideal without a bandwidth, or use tile");
  }
};

}  // namespace

std::optional<Diagnostic> refused_fidelity(const Experiment& experiment) {
  return std::visit(Refusal{experiment.simulation.fidelity}, experiment.setup);
}

}  // namespace sluice
