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

namespace {

Cost cost_of(const Machine& machine, Design design, const Attention& a,
             const DesignOptions& options) {
  switch (design) {
    case Design::unfused:
      return unfused_cost(machine, a, options);
    case Design::flat:
      return flat_cost(machine, a, options);
    case Design::cascade:
      return cascade_cost(machine, a, options);
    case Design::architecture:
      return architecture_cost(machine, a, options);
    case Design::binding:
      return binding_cost(machine, a, machine.buffer, options);
  }
  return {};
}

void add(Cost& sum, const Cost& layer) {
  sum.compute_cycles += layer.compute_cycles;
  sum.busy_2d_cycles += layer.busy_2d_cycles;
  sum.wall_2d_cycles += layer.wall_2d_cycles;
  sum.fill_cycles += layer.fill_cycles;
  sum.port_stall_cycles += layer.port_stall_cycles;
  sum.dram_bytes += layer.dram_bytes;
  sum.latency_s += layer.latency_s;
  sum.array_2d += layer.array_2d;
  sum.buffer_reads += layer.buffer_reads;
  sum.buffer_writes += layer.buffer_writes;
}

}  // namespace

Cost attention_cost(const Machine& machine, Design design, const Attention& shape,
                    const DesignOptions& options) {
  Cost cost = cost_of(machine, design, shape, options);
  price(cost, machine, options.accounting);
  return cost;
}

Cost attention_cost(const Setup& setup, Design design, const Model& model, std::uint64_t length,
                    const Accounting& accounting) {
  DesignOptions options{.accounting = accounting, .cascade_buffer = setup.fusemax.buffer};
  if (const FlatMapping* flat = flat_mapping(setup.flat, model.embedding, length))
    options.flat = *flat;
  return attention_cost(machine_of(setup, design), design, attention_of(setup, model, length),
                        options);
}

Cost linear_layer_cost(const Machine& machine, const Product& product,
                       const Accounting& accounting) {
  const auto [tokens, in, out] = product;
  const double macs = tokens * in * out, words = tokens * (in + out) + in * out,
               r = machine.columns;
  const double cycles = macs / (r * r);
  const Rows rows{2 * cycles, (words - tokens * out) / r};  // results go past the buffer
  Cost cost;
  cost.array_2d = streaming_macs(macs);
  cost.busy_2d_cycles = cost.wall_2d_cycles = cost.compute_cycles = cycles;
  cost.dram_bytes = static_cast<double>(machine.word.value) * words;
  cost.buffer_reads = rows.reads;
  cost.buffer_writes = rows.writes;
  if (accounting.corrected) {
    count_ports(cost, machine, accounting);
    cost.fill_cycles = 2 * r;
    cost.compute_cycles += cost.fill_cycles;
  }
  set_latency(cost, machine);
  price(cost, machine, accounting);
  return cost;
}

Cost linear_cost(const Setup& setup, const Machine& machine, const Model& model,
                 std::uint64_t length, const Accounting& accounting) {
  const double tokens = setup.batch * static_cast<double>(length), d = model.width,
               s = model.hidden;
  Cost sum;
  for (const Product& layer : {Product{tokens, d, d}, Product{tokens, d, d}, Product{tokens, d, d},
                               Product{tokens, d, d},  // Q, K, V, Z
                               Product{tokens, d, s}, Product{tokens, s, d}})
    add(sum, linear_layer_cost(machine, layer, accounting));
  price(sum, machine, accounting);
  return sum;
}

Cost pareto_cost(const Setup& setup, std::uint32_t columns, const Model& model) {
  Machine machine = setup.fusemax;
  machine.columns = columns;
  const Attention a = attention_of(setup, model, setup.pareto_length);
  // Tiles in flight hide the latency of the array: 2 max(1, columns / E); at least 8 fibres of E.
  const double fibres = std::max(8.0, 2 * std::max(1.0, columns / a.e));
  const double bytes = fibres * columns * a.e * static_cast<double>(machine.word.value);
  Cost cost = binding_cost(machine, a, Bytes{static_cast<std::uint64_t>(bytes)}, {});
  price(cost, machine, {});
  return cost;
}

}  // namespace sluice::fusemax
