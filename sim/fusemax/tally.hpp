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

double bytes_per_second(const Machine& machine);

/// MACs of a product whose operands and partial sums stream through registers: three reads and
/// three writes each.
Operations streaming_macs(double macs);
Operations& operator+=(Operations& sum, const Operations& more);

/// Cycles in which the ports of the buffer serve all accesses.
double port_cycles(const Rows& rows, const Machine& machine, const Accounting& accounting);
double port_cycles(const Cost& cost, const Machine& machine, const Accounting& accounting);

/// Reads of the buffer that Timeloop counts for a tensor which is written there once and never
/// read before: none, until words * tile exceeds 64 bits. It takes the first read of every word
/// off, and the artifact's counts are those of the product having wrapped round. `tile` is what
/// lies in the buffer at once.
double reads_not_elided(double words, double tile);

/// The later of compute and DRAM.
void set_latency(Cost& cost, const Machine& machine);

/// Energy of all that was counted.
void price(Cost& cost, const Machine& machine, const Prices& prices, const Accounting& accounting);

}  // namespace sluice::fusemax
