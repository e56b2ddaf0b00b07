// SPDX-License-Identifier: Apache-2.0
// The designs whose scores go through memory: Unfused and FLAT.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "sim/fusemax/tally.hpp"

namespace sluice::fusemax {
namespace {

bool keeps(const FlatMapping& mapping, OnChip tensor) {
  return std::ranges::count(mapping.on_chip, tensor) != 0;
}

double rows_of(const FlatMapping& mapping, const Attention& a) {
  return mapping.rows == 0 ? a.p : static_cast<double>(mapping.rows);
}

/// Words of the staged blocks, two copies of every tensor: of a whole block where it is kept, of a
/// tile where it streams.
double staged_words(const FlatMapping& mapping, const Attention& a, const Machine& machine) {
  const double r = machine.columns, rows = rows_of(mapping, a);
  return 2 * ((keeps(mapping, OnChip::q) ? rows : r) * a.e +
              (keeps(mapping, OnChip::k) ? a.m : r) * a.e +
              (keeps(mapping, OnChip::v) ? a.m : r) * a.f +
              (keeps(mapping, OnChip::av) ? rows : r) * a.f);
}

double words_of_buffer(const Machine& machine) {
  return static_cast<double>(machine.buffer.value / machine.word.value);
}

bool fits(const FlatMapping& mapping, const Attention& a, const Machine& machine) {
  return staged_words(mapping, a, machine) <= words_of_buffer(machine);
}

/// Share of the scores, of which there is one copy, that does not fit beside the staged blocks.
double spilled_share(const FlatMapping& mapping, const Attention& a, const Machine& machine) {
  const double words = words_of_buffer(machine);
  const double needed = rows_of(mapping, a) * a.m + staged_words(mapping, a, machine);
  return needed <= words ? 0 : 1 - words / needed;
}

/// Words over DRAM of FLAT.
void count_flat_traffic(Cost& cost, const FlatMapping& mapping, const Attention& a,
                        const Machine& machine, const Tiles& t) {
  double q = 1, k = 1, v = 1;
  if (mapping.stationary == Stationary::output) {
    cost.spilled = spilled_share(mapping, a, machine);
    const auto reloads = [&](OnChip tensor, double all) {
      return keeps(mapping, tensor) ? 1 - cost.spilled + cost.spilled * all : all;
    };
    q = reloads(OnChip::q, a.m / t.r);
    k = reloads(OnChip::k, a.p / t.r);
    v = reloads(OnChip::v, a.p / t.r);
    cost.dram.score_reads = 4 * cost.spilled * t.points;   // QK for GM and SN, SN, A
    cost.dram.score_writes = 3 * cost.spilled * t.points;  // QK, SN, A
  } else {
    k = v = a.p / rows_of(mapping, a);
    cost.dram.score_reads = cost.dram.score_writes = 2 * t.points;  // QK and A
  }
  cost.dram.q = t.heads * q * a.p * a.e;
  cost.dram.k = t.heads * k * a.m * a.e;
  cost.dram.v = t.heads * v * a.m * a.f;
  cost.dram.av = t.heads * a.p * a.f;
  set_dram_bytes(cost, machine);
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

/// How often K is loaded for QK, and V for AV: once when it fits beside a tile of the scores, else
/// once for each block of queries; as few blocks, a power of two, as the buffer takes.
double unfused_reloads(const Attention& a, const Machine& machine, double tile_words) {
  const double words = words_of_buffer(machine);
  for (double n = 1;; n *= 2)
    if (a.p / n * a.e + tile_words <= words || a.p / n <= 1) return n;
}

}  // namespace

Cost flat_cost(const Machine& machine, const Attention& a, const DesignOptions& options) {
  const FlatMapping& mapping = options.flat;
  const Accounting& accounting = options.accounting;
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  count_flat_traffic(cost, mapping, a, machine, t);
  count_flat_rows(cost, mapping, a, t);
  if (!accounting.corrected) {
    double words = reads_not_elided(t.points, a.m);  // SN
    if (mapping.stationary == Stationary::output)    // A, QK
      words +=
          reads_not_elided(t.points, a.m) + reads_not_elided(t.points, rows_of(mapping, a) * a.m);
    cost.buffer_reads += words / t.r;
  }
  cost.shares = {{"QK", t.count * a.e}, {"AV", t.count * a.f}};
  cost.busy_2d_cycles = t.count * (a.e + a.f);
  // Of AV only F of the columns work; weight-stationary, E of them in QK too.
  const auto passes = [&](double elements) { return t.count * t.r * std::ceil(elements / t.r); };
  const bool output = mapping.stationary == Stationary::output;
  cost.wall_2d_cycles = (output ? t.count * a.e : passes(a.e)) + passes(a.f);
  cost.busy_1d_cycles = 4 * t.r * t.count;  // max, exponential of difference, sum, divide
  cost.array_2d = streaming_macs(t.points * (a.e + a.f));
  cost.array_1d = {.add = 2 * t.points, .max = t.points, .divide = t.points, .exp_unit = t.points};
  cost.compute_cycles = std::max(cost.busy_1d_cycles, cost.wall_2d_cycles);
  if (accounting.corrected) {
    count_ports(cost, machine, accounting);
    // Scores of a block of rows begin with QK alone and end with AV alone.
    cost.fill_cycles = cost.wall_2d_cycles / (t.heads * a.p / t.r);
    cost.compute_cycles += cost.fill_cycles;
  }
  set_latency(cost, machine);
  return cost;
}

/// QK, softmax and AV one after the other, each with its operands in DRAM.
Cost unfused_cost(const Machine& machine, const Attention& a, const DesignOptions& options) {
  const Accounting& accounting = options.accounting;
  const Tiles t = tiles_of(a, machine);
  Cost cost;
  const double reloads = unfused_reloads(a, machine, 2 * t.r * t.r);
  const double word = static_cast<double>(machine.word.value), pass = t.points / t.r;
  const double qk_bytes = word * (t.points + t.heads * a.e * (a.p + reloads * a.m));
  const double softmax_bytes = word * 2 * t.points;
  const double av_bytes = word * (t.points + t.heads * a.f * (a.p + reloads * a.m));
  cost.dram = {.q = t.heads * a.e * a.p,
               .k = t.heads * a.e * reloads * a.m,
               .v = t.heads * a.f * reloads * a.m,
               .av = t.heads * a.f * a.p,
               .score_reads = 2 * t.points,    // QK, A
               .score_writes = 2 * t.points};  // the same
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
    if (accounting.corrected) {
      const double waiting = std::max(0.0, port_cycles(rows, machine, accounting) - cycles);
      cost.port_stall_cycles += waiting;
      cost.fill_cycles += 2 * t.r;
      cycles += waiting + 2 * t.r;
    }
    cost.latency_s += std::max(cycles / machine.clock.value, dram_seconds(bytes, machine));
  };
  phase(t.count * a.e, qk_bytes, qk);
  phase(cost.busy_1d_cycles, softmax_bytes, softmax);
  phase(t.count * a.f, av_bytes, av);
  cost.compute_cycles += cost.port_stall_cycles + cost.fill_cycles;
  return cost;
}

namespace {

/// Every set of tensors that may be kept on the chip.
std::vector<std::vector<OnChip>> kept_sets() {
  constexpr OnChip all[] = {OnChip::q, OnChip::k, OnChip::v, OnChip::av};
  std::vector<std::vector<OnChip>> sets;
  for (unsigned bits = 0; bits < 16; ++bits) {
    std::vector<OnChip>& set = sets.emplace_back();
    for (unsigned i = 0; i < 4; ++i)
      if ((bits >> i & 1) != 0) set.push_back(all[i]);
  }
  return sets;
}

}  // namespace

FlatMapping best_flat_mapping(const Machine& machine, const Attention& a,
                              const Accounting& accounting) {
  std::vector<std::uint64_t> rows = {0};
  for (double r = machine.columns; r < a.p; r *= 2) rows.push_back(static_cast<std::uint64_t>(r));
  FlatMapping best;
  std::optional<std::pair<double, double>> least;  // latency, then traffic
  for (const std::uint64_t some : rows)
    for (const Stationary stationary : {Stationary::output, Stationary::weight})
      for (const std::vector<OnChip>& kept : kept_sets()) {
        const FlatMapping mapping{{}, 0, some, stationary, kept};
        // With K and V stationary the scores are in DRAM: what is kept must fit.
        if (stationary == Stationary::weight && !fits(mapping, a, machine)) continue;
        const Cost cost = flat_cost(machine, a, {.accounting = accounting, .flat = mapping});
        const std::pair now{cost.latency_s, cost.dram_bytes};
        if (least && !(now < *least)) continue;
        least = now;
        best = mapping;
      }
  return best;
}

}  // namespace sluice::fusemax
