// SPDX-License-Identifier: Apache-2.0
// The designs with the one-pass cascade: +Cascade, +Architecture and +Binding.
#include <algorithm>

#include "sim/fusemax/tally.hpp"

namespace sluice::fusemax {

std::uint64_t blocks_that_fit(std::uint64_t blocks, double bytes_per_block, double fixed_bytes,
                              Bytes capacity) {
  for (std::uint64_t p1 = blocks; p1 > 0; --p1)
    if (blocks % p1 == 0 && static_cast<double>(p1) * bytes_per_block + fixed_bytes <=
                                static_cast<double>(capacity.value))
      return p1;
  return 0;
}

namespace {

/// P1 and P2 of the one-pass cascade: Q, RNV, RM and RD of P1 blocks of queries stay in the buffer
/// beside a tile of K and of V; `more` further words a query.
void cut_queries(Cost& cost, const Attention& a, const Machine& machine, Bytes capacity,
                 double more) {
  const double r = machine.columns, word = static_cast<double>(machine.word.value);
  const double blocks = a.p / r, block = r * word * (a.e + a.f + 2 + more),
               tiles = r * word * (a.e + a.f);
  cost.blocks_on_chip = static_cast<double>(
      blocks_that_fit(static_cast<std::uint64_t>(blocks), block, tiles, capacity));
  cost.outer_blocks = blocks / std::max(cost.blocks_on_chip, 1.0);
  cost.least_buffer_bytes = block + tiles;
}

/// Q and AV go over DRAM once, K and V once for each outer block of queries.
void count_one_pass_traffic(Cost& cost, const Attention& a, const Machine& machine) {
  const double heads = a.b * a.h;
  cost.dram = {.q = heads * a.p * a.e,
               .k = heads * cost.outer_blocks * a.m * a.e,
               .v = heads * cost.outer_blocks * a.m * a.f,
               .av = heads * a.p * a.f};
  set_dram_bytes(cost, machine);
}

/// What the 1D array does for the running maximum, denominator and numerators, once for each block
/// of keys and each query; and the division at the end.
void count_running_values(Operations& ops, const Attention& a, const Tiles& t, bool exp_unit) {
  const double n = t.heads * a.p * t.m1;
  ops.max += n;  // RM
  ops.add += n;  // PRM, difference
  if (exp_unit)
    ops.exp_unit += n;
  else
    ops.mac += exp_macs * n;
  ops.mac += n;        // SPD
  ops.add += n;        // RD
  ops.mac += n * a.f;  // SPNV
  ops.add += n * a.f;  // RNV
  ops.divide += t.heads * a.p * a.f;
}

/// Accesses of the buffer that all designs with the one-pass cascade share.
void count_one_pass_rows(Cost& cost, const Attention& a, const Tiles& t) {
  cost.buffer_reads = t.count * (2 * a.e + 2 * a.f + 2);  // Q, K, V, RNV; RM, RD
  cost.buffer_writes = t.count * (a.f + 2);               // RNV; RM, RD
  cost.buffer_reads += t.heads * a.p * (a.f + 1) / t.r;   // RNV and RD for AV
  cost.buffer_writes += t.heads * (a.p * a.e + cost.outer_blocks * a.m * (a.e + a.f)) / t.r;
}

/// Rows of the numerators that Timeloop reads too often.
double numerators_not_elided(const Cost& cost, const Attention& a, const Tiles& t) {
  const double blocks = std::max(cost.blocks_on_chip, 1.0);
  return reads_not_elided(t.heads * a.p * t.m1 * a.f, blocks * t.r * a.f) / t.r;
}

struct TileTime {
  double cycles = 0;
  bool pipelined = false;
};

/// What the corrected accounting adds: four tiles are in flight, so that a block of queries takes
/// three epochs longer than it has tiles. Without the pipeline, SLNV drains over the rows as QK
/// does. And no tile is faster than the ports.
void count_pipeline(Cost& cost, const Machine& machine, const Tiles& t, const TileTime& tile,
                    const Accounting& accounting) {
  const double drained = tile.cycles + (tile.pipelined ? 0 : t.r);
  const double step = std::max(drained, port_cycles(cost, machine, accounting) / t.count);
  const double filling = tile.pipelined ? t.heads * cost.outer_blocks * 3 : 0;
  cost.compute_cycles = t.count * step + filling * step;
  cost.port_stall_cycles = t.count * (step - drained);
  cost.fill_cycles = filling * step + t.count * (drained - tile.cycles);
}

/// FuseMax: exponentials and maxima of the scores in the 2D array.
Cost fusemax_cost(const Attention& a, const Machine& machine, Bytes capacity, bool pipelined,
                  const Accounting& accounting) {
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  cut_queries(cost, a, machine, capacity, 0);
  count_one_pass_traffic(cost, a, machine);
  constexpr double sln = 1 + exp_macs;
  cost.shares = {{"QK", t.count * a.e},
                 {"LM", t.count},
                 {"SLN", t.count * sln},
                 {"SLD", t.count},
                 {"SLNV", t.count * a.f}};
  cost.busy_2d_cycles = cost.wall_2d_cycles = t.count * (a.e + a.f + 2 + sln);
  cost.busy_1d_cycles = t.count * (2 * a.f + 10) + t.count * a.f / t.m1;
  cost.array_2d = streaming_macs(t.points * (a.e + a.f));
  cost.array_2d.max = t.points;
  cost.array_2d.add = 2 * t.points;
  cost.array_2d.mac += exp_macs * t.points;
  count_running_values(cost.array_1d, a, t, false);
  count_one_pass_rows(cost, a, t);
  cost.drained_words = t.heads * a.p * t.m1 * (a.f + 2);  // SLNV; LM, SLD
  if (!accounting.corrected) cost.buffer_reads += numerators_not_elided(cost, a, t);
  const double division = a.f / t.m1;  // AV, spread over the blocks of keys
  const double tile = pipelined ? std::max(a.e + 1, 1 + a.f + division) + 1 + 8 + a.f
                                : std::max(a.e + 1, 1 + division) + t.r + 1 + 8 + 2 * a.f;
  cost.compute_cycles = t.count * tile;
  if (accounting.corrected) count_pipeline(cost, machine, t, {tile, pipelined}, accounting);
  set_latency(cost, machine);
  return cost;
}

}  // namespace

/// The one-pass cascade on FLAT's machine: the 2D array has only the two products.
Cost cascade_cost(const Machine& machine, const Attention& a, const DesignOptions& options) {
  const Accounting& accounting = options.accounting;
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  // QK and SLN take a tile each. The artifact cuts queries for the buffer of FuseMax here too.
  const bool other = !accounting.corrected && options.cascade_buffer.value > 0;
  cut_queries(cost, a, machine, other ? options.cascade_buffer : machine.buffer, 2 * t.r);
  count_one_pass_traffic(cost, a, machine);
  cost.shares = {{"QK", t.count * a.e}, {"SLNV", t.count * a.f}};
  cost.busy_2d_cycles = cost.wall_2d_cycles = t.count * (a.e + a.f);
  cost.busy_1d_cycles = t.count * (4 * t.r + 5 + 2 * a.f) + t.count * a.f / t.m1;
  cost.array_2d = streaming_macs(t.points * (a.e + a.f));
  cost.array_1d = {.add = 2 * t.points, .max = t.points, .exp_unit = t.points};
  count_running_values(cost.array_1d, a, t, true);
  count_one_pass_rows(cost, a, t);
  cost.buffer_reads += 2 * t.points / t.r;   // QK, SLN
  cost.buffer_writes += 2 * t.points / t.r;  // QK, SLN
  // The artifact calls them `exponential` here and `exponentiatial` where it prices them.
  if (!accounting.corrected) {
    cost.array_1d.exp_unit = 0;
    cost.buffer_reads +=
        numerators_not_elided(cost, a, t) +
        2 * reads_not_elided(t.points, std::max(cost.blocks_on_chip, 1.0) * t.r * t.r) / t.r;
  }
  cost.compute_cycles = std::max(cost.busy_1d_cycles, cost.wall_2d_cycles);
  if (accounting.corrected) {
    count_ports(cost, machine, accounting);
    cost.fill_cycles =
        t.heads * cost.outer_blocks * (a.e + a.f + 2 * t.r);  // first QK, last SLNV, drained
    cost.compute_cycles += cost.fill_cycles;
  }
  set_latency(cost, machine);
  return cost;
}

Cost architecture_cost(const Machine& machine, const Attention& a, const DesignOptions& options) {
  return fusemax_cost(a, machine, machine.buffer, false, options.accounting);
}

Cost binding_cost(const Machine& machine, const Attention& a, Bytes buffer,
                  const DesignOptions& options) {
  return fusemax_cost(a, machine, buffer, true, options.accounting);
}

}  // namespace sluice::fusemax
