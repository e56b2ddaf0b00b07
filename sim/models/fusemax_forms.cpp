// SPDX-License-Identifier: Apache-2.0
// From an experiment of the model `fusemax_forms` to the costs of its layers; see
// fusemax_forms.hpp.
#include "sim/models/fusemax_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/experiment.hpp"
#include "sim/models/fidelity.hpp"
#include "sim/models/fusemax_forms_report.hpp"

namespace sluice {
namespace {

using namespace fusemax;

constexpr const char* other_model = "architecture.model: spatial simulates attention of any shape";

fusemax::Attention shape_of(const sluice::Attention& op) {
  return {static_cast<double>(op.batch),        static_cast<double>(op.query_heads),
          static_cast<double>(op.query_length), static_cast<double>(op.context_length),
          static_cast<double>(op.head_width),   static_cast<double>(op.head_width)};
}

/// Costs layer after layer, and collects the mistakes.
class Coster {
 public:
  Coster(const FormsMapping& mapping, const Machine& machine)
      : mapping_(mapping), machine_(machine) {
    if (const std::string problem = mismatch(machine, mapping_.design); !problem.empty())
      refuse(
          fmt::format("machine {} has {}", machine.name, problem),
          "the machines of the paper are in configs/arch/flat_cloud.yaml (unfused, flat, cascade) "
          "and fusemax_forms.yaml (architecture, binding)");
  }

  FormsCost operator()(const Layer& layer) {
    if (const auto* op = std::get_if<sluice::Attention>(&layer.op)) return attention(layer, *op);
    if (const auto* op = std::get_if<Linear>(&layer.op)) return linear(layer, *op);
    if (macs(layer.op) > 0)
      refuse(fmt::format("layer {}: closed forms have attention and linear layers, no {}",
                         layer.name, operator_name(layer.op)),
             "mapping.layers chooses layers, such as block0");
    return {};
  }
  void throw_if_any() const { diagnostics_.throw_if_any(); }

 private:
  void refuse(std::string what, std::string hint) {
    diagnostics_.error({.path = "model fusemax_forms"}, std::move(what), std::move(hint));
  }
  bool has_form(const Layer& layer, const sluice::Attention& op);
  FormsCost attention(const Layer& layer, const sluice::Attention& op);
  FormsCost linear(const Layer& layer, const Linear& op);

  const FormsMapping& mapping_;
  const Machine& machine_;
  Diagnostics diagnostics_;
};

bool Coster::has_form(const Layer& layer, const sluice::Attention& op) {
  const std::size_t before = diagnostics_.size();
  const auto no_form = [&](const std::string& what) {
    refuse(fmt::format("layer {}: {}", layer.name, what), other_model);
  };
  if (op.causal) no_form("closed forms have no causal mask");
  if (op.kv_heads != op.query_heads)
    no_form(fmt::format("{} query heads share {} heads of keys, closed forms have as many of both",
                        op.query_heads, op.kv_heads));
  for (const std::uint64_t length : {op.query_length, op.context_length})
    if (length % machine_.columns != 0) {
      no_form(fmt::format("length {} is no multiple of the {} columns of the array", length,
                          machine_.columns));
      break;
    }
  return diagnostics_.size() == before;
}

std::string kept_text(const FlatMapping& flat) {
  std::string text = "scores";
  for (const OnChip tensor : flat.on_chip) text += fmt::format(", {}", name_of(tensor));
  return text;
}

FormsCost Coster::attention(const Layer& layer, const sluice::Attention& op) {
  if (!has_form(layer, op)) return {};
  const fusemax::Attention shape = shape_of(op);
  DesignOptions options{.cascade_buffer = mapping_.cascade_buffer};
  std::string how;
  if (mapping_.design == Design::flat) {
    const FlatMapping* given = flat_mapping(mapping_.flat, shape.e, op.query_length);
    const bool known = given != nullptr && op.query_length == op.context_length;
    options.flat = known ? *given : best_flat_mapping(machine_, shape, {.corrected = true});
    const FlatMapping& flat = options.flat;
    how = fmt::format("{} of {} on chip, {} stationary ({})",
                      flat.stationary == Stationary::output ? kept_text(flat) : "blocks",
                      flat.rows == 0 ? "a head" : fmt::format("{} rows", flat.rows),
                      name_of(flat.stationary), known ? "given" : "best of the forms");
  }
  FormsCost cost;
  cost.has_form = true;
  cost.artifact = attention_cost(machine_, mapping_.design, shape, options);
  options.accounting.corrected = true;
  cost.corrected = attention_cost(machine_, mapping_.design, shape, options);
  if (cost.corrected.outer_blocks > 0)
    how = fmt::format("K and V loaded {:.0f} times, {:.0f} blocks of queries on chip",
                      cost.corrected.outer_blocks, cost.corrected.blocks_on_chip);
  cost.how = how;
  return cost;
}

FormsCost Coster::linear(const Layer& layer, const Linear& op) {
  if (op.experts > 1) {
    refuse(fmt::format("layer {}: closed forms have no mixture of experts", layer.name),
           "mapping.layers chooses layers, such as block0.attention");
    return {};
  }
  const Product product{static_cast<double>(op.rows), static_cast<double>(op.in_features),
                        static_cast<double>(op.out_features)};
  FormsCost cost;
  cost.has_form = true;
  cost.artifact = linear_layer_cost(machine_, product, {});
  cost.corrected = linear_layer_cost(machine_, product, {.corrected = true});
  return cost;
}

/// What does not hold a block of queries in the accounting that was asked for.
std::optional<Infeasible> too_small(const std::string& layer, const Cost& cost,
                                    const Machine& machine) {
  if (cost.least_buffer_bytes == 0 || cost.blocks_on_chip > 0) return std::nullopt;
  return Infeasible{fmt::format("layer {}: a block of queries with tiles of K and V", layer),
                    static_cast<std::uint64_t>(cost.least_buffer_bytes), machine.buffer.value, "B"};
}

}  // namespace

Outcome evaluate_forms(const Experiment& experiment, const FormsSetup& setup) {
  if (const auto refusal = refused_fidelity(experiment)) throw SpecError({*refusal});
  const Machine machine = machine_of(setup.machine);
  Coster coster(setup.mapping, machine);
  std::vector<FormsCost> costs;
  for (const Layer& layer : experiment.network.layers) costs.push_back(coster(layer));
  coster.throw_if_any();
  for (std::size_t i = 0; i < costs.size(); ++i)
    for (const Cost* cost : {&costs[i].artifact, &costs[i].corrected})
      if (auto infeasible = too_small(experiment.network.layers[i].name, *cost, machine))
        return *infeasible;
  return forms_report(experiment, setup, machine, costs);
}

}  // namespace sluice
