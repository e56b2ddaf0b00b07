// SPDX-License-Identifier: Apache-2.0
// What surrounds the PEs: the controller that starts folds, the feeders at the north and west
// edges, the edge registers, and the collectors of results. No PE is here.
//
// Time. Every module is clocked by the same edge, number e = 0, 1, ... What is on the wires after
// edge e - 1 and before edge e is on them in cycle e. At edge e a PE therefore ends cycle e, a
// feeder puts out the word of cycle e + 1, and a collector takes what the PEs computed in e - 1.
#pragma once

#include <deque>
#include <systemc>

#include "sim/pe/observation.hpp"
#include "sim/pe/program.hpp"

namespace sluice {

/// Number of the fold to start plus one; zero: none.
using PeStart = std::uint64_t;

/// Starts fold after fold, `interval` cycles apart.
class FoldController : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_out<PeStart> start{"start"};

  FoldController(sc_core::sc_module_name name, std::uint64_t folds, std::uint64_t interval);

 private:
  void tick();

  std::uint64_t folds_;
  std::uint64_t interval_;
  std::uint64_t next_fold_ = 0;
  std::uint64_t wait_ = 0;
};

enum class PeEdge : std::uint8_t { west, north };

/// Feeds one lane of an edge, and hands the start to the next lane one cycle later: the skew.
class EdgeFeeder : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<PeStart> start{"start"};
  sc_core::sc_out<PeStart> start_next{"start_next"};
  sc_core::sc_out<PeWord> out{"out"};

  struct Site {
    const PeProgram& program;
    PeObservation& observation;
    PeEdge edge;
    std::uint32_t lane;
  };
  EdgeFeeder(sc_core::sc_module_name name, const Site& site);

 private:
  struct Running {
    std::uint32_t fold;
    std::uint64_t first_cycle;
  };

  void tick();
  PeWord word(const Running& running, std::uint64_t cycle) const;

  Site site_;
  std::deque<Running> running_;
  PeOccupation wire_;
  std::uint64_t edge_ = 0;
};

/// One register between an edge and its first PE.
class EdgeRegister : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<PeWord> in{"in"};
  sc_core::sc_out<PeWord> out{"out"};

  explicit EdgeRegister(sc_core::sc_module_name name);

 private:
  void tick();
};

/// Takes the results of one column of PEs, from its bottom or from every PE, and accumulates them
/// outside the array.
class ResultCollector : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_vector<sc_core::sc_in<PeWord>> in;

  struct Site {
    PeProgram& program;
    PeObservation& observation;
    std::uint32_t column;
    std::uint32_t ports;
  };
  ResultCollector(sc_core::sc_module_name name, const Site& site);

 private:
  void tick();

  Site site_;
  std::vector<PeOccupation> wires_;
  std::uint64_t edge_ = 0;
};

}  // namespace sluice
