// SPDX-License-Identifier: Apache-2.0
#include "sim/fusemax/tally.hpp"

#include <algorithm>

namespace sluice::fusemax {
namespace {

// Of a MAC that streams: both operands and the partial sum come from a register and go to one.
constexpr double streaming_accesses = 3;
// Of any other operation: two operands, one result.
constexpr double operands = 2, results = 1;

double energy_of(const Operations& ops, const Prices& prices) {
  return ops.mac * prices.mac.value + ops.add * prices.add.value + ops.max * prices.max.value +
         ops.divide * prices.divide.value + ops.exp_unit * prices.exp_unit.value;
}

/// Register accesses of all operations; those of streaming MACs are in register_reads already, with
/// the difference to other operations.
Rows register_accesses(const Operations& ops) {
  const double all = ops.mac + ops.add + ops.max + ops.divide + ops.exp_unit;
  return {operands * all + ops.register_reads, results * all + ops.register_writes};
}

}  // namespace

Tiles tiles_of(const Attention& a, const Machine& machine) {
  Tiles t;
  t.r = machine.columns;
  t.m1 = a.m / t.r;
  t.heads = a.b * a.h;
  t.points = t.heads * a.m * a.p;
  t.count = t.points / (t.r * t.r);
  return t;
}

double dram_seconds(double bytes, const Machine& machine) {
  if (machine.dram_bytes_per_cycle == 0) return 0;
  return bytes / (machine.dram_bytes_per_cycle * machine.clock.value);
}

void set_dram_bytes(Cost& cost, const Machine& machine) {
  cost.dram_bytes = static_cast<double>(machine.word.value) * cost.dram.total();
}

Operations streaming_macs(double macs) {
  return {.mac = macs,
          .register_reads = (streaming_accesses - operands) * macs,
          .register_writes = (streaming_accesses - results) * macs};
}

Operations& operator+=(Operations& sum, const Operations& more) {
  sum.mac += more.mac;
  sum.add += more.add;
  sum.max += more.max;
  sum.divide += more.divide;
  sum.exp_unit += more.exp_unit;
  sum.register_reads += more.register_reads;
  sum.register_writes += more.register_writes;
  return sum;
}

double port_cycles(const Rows& rows, const Machine& machine, const Accounting& accounting) {
  if (machine.ports == 0) return 0;
  const double read_ports = accounting.read_ports > 0 ? accounting.read_ports : machine.read_ports;
  if (read_ports == 0) return (rows.reads + rows.writes) / machine.ports;
  return std::max(rows.reads / read_ports, rows.writes / (machine.ports - read_ports));
}

double port_cycles(const Cost& cost, const Machine& machine, const Accounting& accounting) {
  return port_cycles(Rows{cost.buffer_reads, cost.buffer_writes}, machine, accounting);
}

void count_ports(Cost& cost, const Machine& machine, const Accounting& accounting) {
  const double waiting = port_cycles(cost, machine, accounting) - cost.compute_cycles;
  cost.port_stall_cycles = std::max(0.0, waiting);
  cost.compute_cycles += cost.port_stall_cycles;
}

double reads_not_elided(double words, double tile) {
  const auto all = static_cast<std::uint64_t>(words), one = static_cast<std::uint64_t>(tile);
  const std::uint64_t elided = all * one / one;  // modulo 2^64
  return static_cast<double>(all - elided);
}

void set_latency(Cost& cost, const Machine& machine) {
  cost.latency_s =
      std::max(cost.compute_cycles / machine.clock.value, dram_seconds(cost.dram_bytes, machine));
}

void price(Cost& cost, const Machine& machine, const Accounting& accounting) {
  const double lanes = machine.columns;
  const Rows grid = register_accesses(cost.array_2d), line = register_accesses(cost.array_1d);
  const double of_grid = accounting.corrected ? 1 : 1 / (lanes * lanes),
               of_line = accounting.corrected ? 1 : 1 / lanes;  // the artifact has those of one PE
  cost.register_reads = grid.reads * of_grid + line.reads * of_line + cost.drained_words;
  cost.register_writes = grid.writes * of_grid + line.writes * of_line + cost.drained_words;
  if (!machine.prices) return;
  const Prices& prices = *machine.prices;
  cost.energy = {
      .array_2d_pj = energy_of(cost.array_2d, prices),
      .array_1d_pj = energy_of(cost.array_1d, prices),
      .registers_pj = cost.register_reads * prices.register_read.value +
                      cost.register_writes * prices.register_write.value,
      .buffer_pj = cost.buffer_reads * prices.buffer_read.value +
                   cost.buffer_writes * prices.buffer_write.value,
      .dram_pj = cost.dram_bytes * prices.dram_byte.value,
  };
}

}  // namespace sluice::fusemax
