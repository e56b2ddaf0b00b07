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

double register_energy(const Operations& ops, double instances, const Prices& prices,
                       const Accounting& accounting) {
  const Rows accesses = register_accesses(ops);
  const double all =
      accesses.reads * prices.register_read.value + accesses.writes * prices.register_write.value;
  return accounting.corrected ? all : all / instances;
}

}  // namespace

double bytes_per_second(const Machine& machine) {
  return bytes_per_cycle(machine.dram, machine.clock) * machine.clock.value;
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
  if (accounting.read_ports == 0) return (rows.reads + rows.writes) / machine.ports;
  const double write_ports = machine.ports - accounting.read_ports;
  return std::max(rows.reads / accounting.read_ports, rows.writes / write_ports);
}

double port_cycles(const Cost& cost, const Machine& machine, const Accounting& accounting) {
  return port_cycles(Rows{cost.buffer_reads, cost.buffer_writes}, machine, accounting);
}

double reads_not_elided(double words, double tile) {
  const auto all = static_cast<std::uint64_t>(words), one = static_cast<std::uint64_t>(tile);
  const std::uint64_t elided = all * one / one;  // modulo 2^64
  return static_cast<double>(all - elided);
}

void set_latency(Cost& cost, const Machine& machine) {
  cost.latency_s = std::max(cost.compute_cycles / machine.clock.value,
                            cost.dram_bytes / bytes_per_second(machine));
}

void price(Cost& cost, const Machine& machine, const Prices& prices, const Accounting& accounting) {
  const double lanes = machine.columns;
  cost.energy = {
      .array_2d_pj = energy_of(cost.array_2d, prices),
      .array_1d_pj = energy_of(cost.array_1d, prices),
      .registers_pj = register_energy(cost.array_2d, lanes * lanes, prices, accounting) +
                      register_energy(cost.array_1d, lanes, prices, accounting) +
                      cost.drained_words * (prices.register_read + prices.register_write).value,
      .buffer_pj = cost.buffer_reads * machine.buffer_read.value +
                   cost.buffer_writes * machine.buffer_write.value,
      .dram_pj = cost.dram_bytes * prices.dram_byte.value,
  };
}

}  // namespace sluice::fusemax
