// SPDX-License-Identifier: Apache-2.0
#include "sim/fusemax/closed_forms.hpp"

#include <algorithm>

#include "sim/fusemax/tally.hpp"

namespace sluice::fusemax {

std::string_view figure_name(Design design) {
  switch (design) {
    case Design::unfused:
      return "Unfused";
    case Design::flat:
      return "FLAT";
    case Design::cascade:
      return "+Cascade";
    case Design::architecture:
      return "+Architecture";
    case Design::binding:
      return "+Binding";
  }
  return "";
}

Attention attention_of(const Setup& setup, const Model& model, std::uint64_t length) {
  const auto n = static_cast<double>(length);
  return {setup.batch, model.heads, n, n, model.embedding, model.embedding};
}

const Machine& machine_of(const Setup& setup, Design design) {
  const bool ours = design == Design::architecture || design == Design::binding;
  return ours ? setup.fusemax : setup.baseline;
}

std::uint64_t blocks_that_fit(std::uint64_t blocks, double bytes_per_block, double fixed_bytes,
                              Bytes capacity) {
  for (std::uint64_t p1 = blocks; p1 > 0; --p1)
    if (blocks % p1 == 0 && static_cast<double>(p1) * bytes_per_block + fixed_bytes <=
                                static_cast<double>(capacity.value))
      return p1;
  return 0;
}

namespace {

/// The tiles of M0 = P0 = columns that the scores are cut into.
struct Tiles {
  double r = 0;      ///< columns
  double m1 = 0;     ///< blocks of keys
  double heads = 0;  ///< B H
  double count = 0;  ///< C, of all heads
  double points = 0;
};

Tiles tiles_of(const Attention& a, const Machine& machine) {
  Tiles t;
  t.r = machine.columns;
  t.m1 = a.m / t.r;
  t.heads = a.b * a.h;
  t.points = t.heads * a.m * a.p;
  t.count = t.points / (t.r * t.r);
  return t;
}

/// P1 and P2 of the one-pass cascade: Q, RNV, RM and RD of P1 blocks of queries stay in the buffer
/// beside a tile of K and of V; `more` further words a query.
void cut_queries(Cost& cost, const Attention& a, const Machine& machine, Bytes capacity,
                 double more) {
  const double r = machine.columns, word = static_cast<double>(machine.word.value);
  const double blocks = a.p / r;
  cost.blocks_on_chip = static_cast<double>(blocks_that_fit(static_cast<std::uint64_t>(blocks),
                                                            r * word * (a.e + a.f + 2 + more),
                                                            r * word * (a.e + a.f), capacity));
  cost.outer_blocks = blocks / std::max(cost.blocks_on_chip, 1.0);
}

/// Q and AV go over DRAM once, K and V once for each outer block of queries.
double one_pass_words(const Cost& cost, const Attention& a) {
  return a.b * a.h * (a.p * (a.e + a.f) + cost.outer_blocks * a.m * (a.e + a.f));
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
  return reads_not_elided(t.heads * a.p * t.m1 * a.f, cost.blocks_on_chip * t.r * a.f) / t.r;
}

/// FuseMax: exponentials and maxima of the scores in the 2D array.
Cost fusemax_cost(const Attention& a, const Machine& machine, Bytes capacity, bool pipelined,
                  const Accounting& accounting) {
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  cut_queries(cost, a, machine, capacity, 0);
  cost.dram_bytes = static_cast<double>(machine.word.value) * one_pass_words(cost, a);
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
  if (accounting.corrected) {
    // Four tiles are in flight: a block of queries takes three epochs longer than it has tiles.
    // Without the pipeline, SLNV drains over the rows as QK does.
    const double step =
        std::max(tile + (pipelined ? 0 : t.r), port_cycles(cost, machine, accounting) / t.count);
    cost.compute_cycles = t.count * step;
    if (pipelined) cost.compute_cycles += t.heads * cost.outer_blocks * 3 * step;
  }
  set_latency(cost, machine);
  return cost;
}

/// The one-pass cascade on FLAT's machine: the 2D array has only the two products.
Cost cascade_cost(const Setup& setup, const Attention& a, const Accounting& accounting) {
  const Machine& machine = setup.baseline;
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  // QK and SLN take a tile each. The artifact cuts queries for the buffer of FuseMax here too.
  cut_queries(cost, a, machine, accounting.corrected ? machine.buffer : setup.fusemax.buffer,
              2 * t.r);
  cost.dram_bytes = static_cast<double>(machine.word.value) * one_pass_words(cost, a);
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
    cost.buffer_reads += numerators_not_elided(cost, a, t) +
                         2 * reads_not_elided(t.points, cost.blocks_on_chip * t.r * t.r) / t.r;
  }
  cost.compute_cycles = std::max(cost.busy_1d_cycles, cost.wall_2d_cycles);
  if (accounting.corrected) {
    cost.compute_cycles =
        std::max(cost.compute_cycles, port_cycles(cost, machine, accounting)) +
        t.heads * cost.outer_blocks * (a.e + a.f + 2 * t.r);  // first QK, last SLNV, drained
  }
  set_latency(cost, machine);
  return cost;
}

bool keeps(const FlatMapping& mapping, OnChip tensor) {
  return std::ranges::count(mapping.on_chip, tensor) != 0;
}

/// Share of the scores that does not fit beside the staged blocks: one copy of the scores, two of
/// every other tensor, of a whole block where it is kept, of a tile where it streams.
double spilled_share(const FlatMapping& mapping, const Attention& a, const Machine& machine) {
  const double r = machine.columns;
  const double rows = mapping.rows == 0 ? a.p : static_cast<double>(mapping.rows);
  const double staged =
      2 *
      ((keeps(mapping, OnChip::q) ? rows : r) * a.e + (keeps(mapping, OnChip::k) ? a.m : r) * a.e +
       (keeps(mapping, OnChip::v) ? a.m : r) * a.f + (keeps(mapping, OnChip::av) ? rows : r) * a.f);
  const double words = static_cast<double>(machine.buffer.value / machine.word.value);
  const double needed = rows * a.m + staged;
  return needed <= words ? 0 : 1 - words / needed;
}

/// Words over DRAM of FLAT.
void count_flat_traffic(Cost& cost, const FlatMapping& mapping, const Attention& a,
                        const Machine& machine, const Tiles& t) {
  const double rows = mapping.rows == 0 ? a.p : static_cast<double>(mapping.rows);
  double q = 1, k = 1, v = 1, score_words = 0;
  if (mapping.stationary == Stationary::output) {
    cost.spilled = spilled_share(mapping, a, machine);
    const auto reloads = [&](OnChip tensor, double all) {
      return keeps(mapping, tensor) ? 1 - cost.spilled + cost.spilled * all : all;
    };
    q = reloads(OnChip::q, a.m / t.r);
    k = reloads(OnChip::k, a.p / t.r);
    v = reloads(OnChip::v, a.p / t.r);
    score_words = 7 * cost.spilled * t.points;
  } else {
    k = v = a.p / rows;
    score_words = 4 * t.points;  // QK and A, each to DRAM and back
  }
  cost.dram_bytes =
      static_cast<double>(machine.word.value) *
      (t.heads * (q * a.p * a.e + k * a.m * a.e + v * a.m * a.f + a.p * a.f) + score_words);
}

/// Rows of the buffer of FLAT. Tensors that are not kept go past it, between DRAM and the array.
void count_flat_rows(Cost& cost, const FlatMapping& mapping, const Attention& a, const Tiles& t) {
  const double pass = t.points / t.r, vector = t.heads * a.p / t.r;
  const bool scores_stay = mapping.stationary == Stationary::output;
  // QK for GM and for SN, SN for A; GM, SD. Where the scores stay, A for AV too.
  cost.buffer_reads = (scores_stay ? 4 : 3) * pass + 2 * vector;
  // QK (from the array, or from DRAM), SN; GM, SD. Where the scores stay, A too.
  cost.buffer_writes = (scores_stay ? 3 : 2) * pass + 2 * vector;
  const auto keep_input = [&](OnChip tensor, double length, double elements) {
    if (!keeps(mapping, tensor)) return;
    cost.buffer_reads += t.count * elements;
    cost.buffer_writes += t.heads * length * elements / t.r;
  };
  keep_input(OnChip::q, a.p, a.e);
  keep_input(OnChip::k, a.m, a.e);
  keep_input(OnChip::v, a.m, a.f);
  if (!keeps(mapping, OnChip::av)) return;
  if (scores_stay) {  // its sums stay in the array
    cost.buffer_writes += vector * a.f;
  } else {
    cost.buffer_writes += t.count * a.f;
    cost.buffer_reads += t.count * a.f - vector * a.f;
  }
}

Cost flat_cost(const Setup& setup, const Attention& a, const FlatMapping& mapping,
               const Accounting& accounting) {
  const Machine& machine = setup.baseline;
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  count_flat_traffic(cost, mapping, a, machine, t);
  count_flat_rows(cost, mapping, a, t);
  if (!accounting.corrected) {
    const double rows = mapping.rows == 0 ? a.p : static_cast<double>(mapping.rows);
    double words = reads_not_elided(t.points, a.m);  // SN
    if (mapping.stationary == Stationary::output)    // A, QK
      words += reads_not_elided(t.points, a.m) + reads_not_elided(t.points, rows * a.m);
    cost.buffer_reads += words / t.r;
  }
  cost.shares = {{"QK", t.count * a.e}, {"AV", t.count * a.f}};
  cost.busy_2d_cycles = t.count * (a.e + a.f);
  // Of AV only F of the columns work; weight-stationary, E of them in QK too.
  const double qk = mapping.stationary == Stationary::output ? t.count * a.e : t.count * t.r;
  cost.wall_2d_cycles = qk + t.count * t.r;
  cost.busy_1d_cycles = 4 * t.r * t.count;  // max, exponential of difference, sum, divide
  cost.array_2d = streaming_macs(t.points * (a.e + a.f));
  cost.array_1d = {.add = 2 * t.points, .max = t.points, .divide = t.points, .exp_unit = t.points};
  cost.compute_cycles = std::max(cost.busy_1d_cycles, cost.wall_2d_cycles);
  if (accounting.corrected) {
    // Scores of a block of rows begin with QK alone and end with AV alone.
    const double row_blocks = t.heads * a.p / t.r;
    cost.compute_cycles = std::max(cost.compute_cycles, port_cycles(cost, machine, accounting)) +
                          cost.wall_2d_cycles / row_blocks;
  }
  set_latency(cost, machine);
  return cost;
}

/// How often K is loaded for QK, and V for AV: once when it fits beside a tile of the scores, else
/// once for each block of queries; as few blocks, a power of two, as the buffer takes.
double unfused_reloads(const Attention& a, const Machine& machine, double tile_words) {
  const double words = static_cast<double>(machine.buffer.value / machine.word.value);
  for (double n = 1;; n *= 2)
    if (a.p / n * a.e + tile_words <= words || a.p / n <= 1) return n;
}

/// QK, softmax and AV one after the other, each with its operands in DRAM.
Cost unfused_cost(const Setup& setup, const Attention& a, const Accounting& accounting) {
  const Machine& machine = setup.baseline;
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  const double reloads = unfused_reloads(a, machine, 2 * t.r * t.r);
  const double word = static_cast<double>(machine.word.value), pass = t.points / t.r;
  const double qk_bytes = word * (t.points + t.heads * a.e * (a.p + reloads * a.m));
  const double softmax_bytes = word * 2 * t.points;
  const double av_bytes = word * (t.points + t.heads * a.f * (a.p + reloads * a.m));
  cost.dram_bytes = qk_bytes + softmax_bytes + av_bytes;
  cost.shares = {{"QK", t.count * a.e}, {"AV", t.count * a.f}};
  cost.busy_2d_cycles = cost.wall_2d_cycles = t.count * (a.e + a.f);
  cost.busy_1d_cycles = 4 * t.r * t.count;
  cost.compute_cycles = cost.busy_2d_cycles + cost.busy_1d_cycles;
  cost.array_2d = streaming_macs(t.points * (a.e + a.f));
  cost.array_1d = {.add = 2 * t.points, .max = t.points, .divide = t.points, .exp_unit = t.points};

  // QK and A go to DRAM past the buffer; partial sums of AV go through it.
  const double vector = t.heads * a.p / t.r;
  const Rows qk{2 * t.count * a.e, t.heads * a.e * (a.p + reloads * a.m) / t.r};
  const Rows softmax{3 * pass + 2 * vector, 2 * pass + 2 * vector};  // QK twice, SN; QK, SN; GM, SD
  const Rows av{2 * t.count * a.f - vector * a.f,
                t.count * a.f + t.heads * reloads * a.m * a.f / t.r};
  for (const Rows& rows : {qk, softmax, av}) {
    cost.buffer_reads += rows.reads;
    cost.buffer_writes += rows.writes;
  }
  if (!accounting.corrected) cost.buffer_reads += reads_not_elided(t.points, a.m) / t.r;  // SN
  const auto phase = [&](double cycles, double bytes, const Rows& rows) {
    if (accounting.corrected)
      cycles = std::max(cycles, port_cycles(rows, machine, accounting)) + 2 * t.r;
    cost.latency_s += std::max(cycles / machine.clock.value, bytes / bytes_per_second(machine));
  };
  phase(t.count * a.e, qk_bytes, qk);
  phase(cost.busy_1d_cycles, softmax_bytes, softmax);
  phase(t.count * a.f, av_bytes, av);
  return cost;
}

Cost cost_of(const Setup& setup, Design design, const Model& model, std::uint64_t length,
             const Accounting& accounting) {
  const Attention a = attention_of(setup, model, length);
  switch (design) {
    case Design::unfused:
      return unfused_cost(setup, a, accounting);
    case Design::flat:
      return flat_cost(setup, a, *flat_mapping(setup, model.name, length), accounting);
    case Design::cascade:
      return cascade_cost(setup, a, accounting);
    case Design::architecture:
    case Design::binding:
      return fusemax_cost(a, setup.fusemax, setup.fusemax.buffer, design == Design::binding,
                          accounting);
  }
  return {};
}

}  // namespace

Cost attention_cost(const Setup& setup, Design design, const Model& model, std::uint64_t length,
                    const Accounting& accounting) {
  Cost cost = cost_of(setup, design, model, length, accounting);
  price(cost, machine_of(setup, design), setup.prices, accounting);
  return cost;
}

Cost linear_cost(const Setup& setup, const Machine& machine, const Model& model,
                 std::uint64_t length, const Accounting& accounting) {
  const double tokens = setup.batch * static_cast<double>(length), d = model.width,
               s = model.hidden, r = machine.columns;
  Cost cost;
  const auto layer = [&](double in, double out) {
    const double macs = tokens * in * out, words = tokens * (in + out) + in * out;
    const double cycles = macs / (r * r), bytes = static_cast<double>(machine.word.value) * words;
    const Rows rows{2 * cycles, (words - tokens * out) / r};  // results go past the buffer
    cost.array_2d += streaming_macs(macs);
    cost.compute_cycles += cycles;
    cost.dram_bytes += bytes;
    cost.buffer_reads += rows.reads;
    cost.buffer_writes += rows.writes;
    const double taken = accounting.corrected
                             ? std::max(cycles, port_cycles(rows, machine, accounting)) + 2 * r
                             : cycles;
    cost.latency_s += std::max(taken / machine.clock.value, bytes / bytes_per_second(machine));
  };
  for (int i = 0; i < 4; ++i) layer(d, d);  // Q, K, V, Z
  layer(d, s);
  layer(s, d);
  cost.busy_2d_cycles = cost.wall_2d_cycles = cost.compute_cycles;
  price(cost, machine, setup.prices, accounting);
  return cost;
}

Cost pareto_cost(const Setup& setup, std::uint32_t columns, const Model& model) {
  Machine machine = setup.fusemax;
  machine.columns = columns;
  const Attention a = attention_of(setup, model, setup.pareto_length);
  // Tiles in flight hide the latency of the array: 2 max(1, columns / E); at least 8 fibres of E.
  const double fibres = std::max(8.0, 2 * std::max(1.0, columns / a.e));
  const double bytes = fibres * columns * a.e * static_cast<double>(machine.word.value);
  Cost cost = fusemax_cost(a, machine, Bytes{static_cast<std::uint64_t>(bytes)}, true, {});
  price(cost, machine, setup.prices, {});
  return cost;
}

}  // namespace sluice::fusemax
