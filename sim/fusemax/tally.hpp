// SPDX-License-Identifier: Apache-2.0
// Steps that the closed forms of all designs share. Not for other rooms.
#pragma once

#include "sim/fusemax/closed_forms.hpp"

namespace sluice::fusemax {

/// Multiply-accumulates of an exponential: a series of fifth order, Horner's scheme (Nilsson 2014).
inline constexpr double exp_macs = 6;

/// Accesses of the buffer.
struct Rows {
  double reads = 0, writes = 0;
};

/// The tiles of M0 = P0 = columns that the scores are cut into.
struct Tiles {
  double r = 0;      ///< columns
  double m1 = 0;     ///< blocks of keys
  double heads = 0;  ///< B H
  double count = 0;  ///< C, of all heads
  double points = 0;
};
Tiles tiles_of(const Attention& a, const Machine& machine);

// What each design costs, without its energy.
Cost unfused_cost(const Machine& machine, const Attention& a, const DesignOptions& options);
Cost flat_cost(const Machine& machine, const Attention& a, const DesignOptions& options);
Cost cascade_cost(const Machine& machine, const Attention& a, const DesignOptions& options);
Cost architecture_cost(const Machine& machine, const Attention& a, const DesignOptions& options);
Cost binding_cost(const Machine& machine, const Attention& a, Bytes buffer,
                  const DesignOptions& options);

/// Seconds in which the DRAM moves `bytes`.
double dram_seconds(double bytes, const Machine& machine);
/// Bytes from words.
void set_dram_bytes(Cost& cost, const Machine& machine);

/// MACs of a product whose operands and partial sums stream through registers: three reads and
/// three writes each.
Operations streaming_macs(double macs);
Operations& operator+=(Operations& sum, const Operations& more);

/// Cycles in which the ports of the buffer serve all accesses.
double port_cycles(const Rows& rows, const Machine& machine, const Accounting& accounting);
double port_cycles(const Cost& cost, const Machine& machine, const Accounting& accounting);
/// Raises compute_cycles to those of the ports.
void count_ports(Cost& cost, const Machine& machine, const Accounting& accounting);

/// Reads of the buffer that Timeloop counts for a tensor which is written there once and never
/// read before: none, until words * tile exceeds 64 bits. It takes the first read of every word
/// off, and the artifact's counts are those of the product having wrapped round. `tile` is what
/// lies in the buffer at once.
double reads_not_elided(double words, double tile);

/// The later of compute and DRAM.
void set_latency(Cost& cost, const Machine& machine);

/// Register accesses of all that was counted, and the energy of everything.
void price(Cost& cost, const Machine& machine, const Accounting& accounting);

}  // namespace sluice::fusemax
