// SPDX-License-Identifier: Apache-2.0
// The closed forms behind the evaluation of FuseMax (Nayak et al., MICRO 2024): what attention and
// the linear layers of a transformer cost on its five design points. docs/fusemax.md has them with
// their sources. Pure functions; counts are doubles since they exceed 64 bits of integer products.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/fusemax/machine.hpp"
#include "sim/fusemax/setup.hpp"

namespace sluice::fusemax {

/// The name of a design in the figures: `Unfused`, `FLAT`, `+Cascade` ...
std::string_view figure_name(Design design);

inline constexpr Design all_designs[] = {Design::unfused, Design::flat, Design::cascade,
                                         Design::architecture, Design::binding};

/// The shape of self-attention: B sequences, H heads, P queries and M keys of E and F elements.
struct Attention {
  double b = 0, h = 0, p = 0, m = 0, e = 0, f = 0;
};

Attention attention_of(const Setup& setup, const Model& model, std::uint64_t length);

/// Actions of one unit, in operations; exp_unit is the unit that computes exponentials alone.
struct Operations {
  double mac = 0, add = 0, max = 0, divide = 0, exp_unit = 0;
  double register_reads = 0, register_writes = 0;
};

struct Energy {
  double array_2d_pj = 0, array_1d_pj = 0, registers_pj = 0, buffer_pj = 0, dram_pj = 0;
  double total_pj() const { return array_2d_pj + array_1d_pj + registers_pj + buffer_pj + dram_pj; }
};

/// Words over DRAM, by tensor.
struct DramWords {
  double q = 0, k = 0, v = 0, av = 0, score_reads = 0, score_writes = 0;
  double total() const { return q + k + v + av + score_reads + score_writes; }
};

/// Cycles in which the 2D array computes one Einsum.
struct EinsumShare {
  std::string_view einsum;
  double cycles_2d = 0;
};

struct Cost {
  double compute_cycles = 0;  ///< of both arrays together, without DRAM
  double busy_2d_cycles = 0;  ///< in units of the whole array
  double wall_2d_cycles = 0;  ///< in which any part of it is taken
  double busy_1d_cycles = 0;
  // Of compute_cycles, what the corrected accounting adds.
  double fill_cycles = 0;         ///< filling and draining
  double port_stall_cycles = 0;   ///< waiting for ports of the buffer
  double blocks_on_chip = 0;      ///< P1; 0 where there is none
  double outer_blocks = 0;        ///< P2
  double spilled = 0;             ///< share of FLAT's scores that does not fit the buffer
  double least_buffer_bytes = 0;  ///< less does not hold a block of queries; 0: any buffer does
  DramWords dram;                 ///< of attention
  double dram_bytes = 0;
  double latency_s = 0;
  std::vector<EinsumShare> shares;
  Operations array_2d, array_1d;
  double register_reads = 0, register_writes = 0;  ///< that are priced
  double buffer_reads = 0, buffer_writes = 0;      ///< rows
  double drained_words = 0;  ///< from the 2D array through registers of the 1D array
  Energy energy;

  double utilization_2d(const Machine& machine) const {
    return busy_2d_cycles / (latency_s * machine.clock.value);
  }
  double utilization_1d(const Machine& machine) const {
    return busy_1d_cycles / (latency_s * machine.clock.value);
  }
};

/// How is counted: as the published artifact does, or as the machine would have it: the register
/// files of all PEs, the ports of the buffer, the filling and draining of pipelines.
struct Accounting {
  bool corrected = false;
  std::uint32_t read_ports = 0;  ///< see Variant
};

const Machine& machine_of(const Setup& setup, Design design);

/// What a design is given beside its machine and the shape of attention.
struct DesignOptions {
  Accounting accounting = {};
  FlatMapping flat = {};      ///< of FLAT
  Bytes cascade_buffer = {};  ///< that the artifact cuts the queries of +Cascade for; 0: its own
};

/// Attention of a shape on a design. Energies are 0 where the machine has no prices.
Cost attention_cost(const Machine& machine, Design design, const Attention& shape,
                    const DesignOptions& options);

/// Attention of a model of the paper at one length.
Cost attention_cost(const Setup& setup, Design design, const Model& model, std::uint64_t length,
                    const Accounting& accounting);

/// The mapping of FLAT whose latency by these forms is least, of those with the least the one with
/// least traffic: rows are a power of two of the array's, or those of a head.
FlatMapping best_flat_mapping(const Machine& machine, const Attention& shape,
                              const Accounting& accounting);

/// tokens x in times in x out.
struct Product {
  double tokens = 0, in = 0, out = 0;
};

/// One linear layer, on the 2D array alone.
Cost linear_layer_cost(const Machine& machine, const Product& product,
                       const Accounting& accounting);

/// The six linear layers of a block (Q, K, V, Z, two of the feed-forward network).
Cost linear_cost(const Setup& setup, const Machine& machine, const Model& model,
                 std::uint64_t length, const Accounting& accounting);

/// +Binding with an array of another size and the least buffer that its pipeline needs (fig. 12).
Cost pareto_cost(const Setup& setup, std::uint32_t columns, const Model& model);

/// Largest divisor P1 of `blocks` for which P1 * bytes_per_block + fixed_bytes fits; 0 for none.
std::uint64_t blocks_that_fit(std::uint64_t blocks, double bytes_per_block, double fixed_bytes,
                              Bytes capacity);

}  // namespace sluice::fusemax
