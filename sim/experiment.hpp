// SPDX-License-Identifier: Apache-2.0
// What the user asked: a network, a machine, how to map the one on the other, and how closely to
// look. Reading it is separate from evaluating it (sim/evaluate.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "base/yaml.hpp"
#include "sim/models/setup.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// How closely the machine is looked at; see docs/time.md.
enum class Fidelity : std::uint8_t { analytic, tile, pe };
template <>
struct EnumNames<Fidelity> {
  static constexpr EnumName<Fidelity> table[] = {
      {"analytic", Fidelity::analytic}, {"tile", Fidelity::tile}, {"pe", Fidelity::pe}};
};

struct SimulationSettings {
  Fidelity fidelity = Fidelity::tile;
  bool fast_forward = true;
  std::uint64_t seed = 1;
  bool operator==(const SimulationSettings&) const = default;
};

template <class Visitor>
void describe(Visitor& v, SimulationSettings& s) {
  v.field("fidelity", s.fidelity, {.doc = "how closely to look: analytic, tile or pe"});
  v.field("fast_forward", s.fast_forward,
          {.doc = "skip whole periods by arithmetic; changes no result"});
  v.field("seed", s.seed, {.doc = "seed of the operand values that `pe` computes with"});
}

/// What is written where.
struct OutputSettings {
  std::string directory = "out";
  bool trace = false;
  std::uint64_t trace_start = 0;
  std::uint64_t trace_cycles = 1'000'000;
  bool operator==(const OutputSettings&) const = default;
};

template <class Visitor>
void describe(Visitor& v, OutputSettings& s) {
  v.field("directory", s.directory, {.doc = "folder of report.json, layers.csv and trace"});
  v.field("trace", s.trace, {.doc = "write a Perfetto trace"});
  v.field("trace_start", s.trace_start, {.doc = "first cycle of the trace", .unit = "cycles"});
  v.field("trace_cycles", s.trace_cycles,
          {.doc = "length of the trace", .unit = "cycles", .min = 1});
}

struct Experiment {
  std::string name;
  Network network;
  AnySetup setup;  ///< the machine, how the network is mapped on it
  SimulationSettings simulation;
  OutputSettings output;
  std::string input_hash;  ///< 16 hex digits over the resolved input
};

/// Folders in which names are looked up.
struct Library {
  std::vector<std::string> networks;
  std::vector<std::string> tables;
};

/// Reads a run file's tree (includes resolved, `--set` applied). Throws SpecError with every
/// mistake.
Experiment read_experiment(const YamlNode& root, const Library& library);

}  // namespace sluice
