// SPDX-License-Identifier: Apache-2.0
// The figures of FuseMax (Nayak et al., MICRO 2024) from the closed forms of sim/fusemax, under the
// names that its artifact gives them.
#include <fmt/format.h>

#include <map>

#include "dse/reproduce/papers.hpp"
#include "sim/fusemax/closed_forms.hpp"

namespace sluice::papers {
namespace {

using namespace fusemax;

/// Attention, and attention with the linear layers, of one design at one point.
struct Result {
  Cost attention;
  double end_to_end_s = 0;
  double end_to_end_pj = 0;
};

/// One accounting of all designs, with what follows the names of the designs.
struct Account {
  Accounting accounting;
  std::string suffix;
};

/// Adds points, and keeps sums for the means over all models and lengths.
class Collector {
 public:
  explicit Collector(const Setup& setup) : setup_(setup) {}

  void add(PointKey key, double value) { points_.push_back({std::move(key), value}); }

  /// A ratio or utilization: a point, and a part of a mean.
  void add_averaged(const PointKey& key, double value) {
    add(key, value);
    Mean& mean = means_[key.design][key.metric];
    if (mean.count == 0) order_.push_back({key.design, key.metric});
    mean.sum += value;
    ++mean.count;
    if (key.seq_len == length_name(setup_.lengths.back())) {
      mean.sum_of_last += value;
      ++mean.count_of_last;
    }
  }

  void add_means(const std::string& last_length) {
    for (const auto& [design, metric] : order_) {
      const Mean& mean = means_[design][metric];
      const double all = mean.sum / mean.count;
      add({"headline", "all", "all", design, metric + "_mean_csv"}, all);
      add({"headline", "all", "all", design, metric + "_mean"}, all);
      add({"headline", "all", last_length, design, metric + "_mean"},
          mean.sum_of_last / mean.count_of_last);
    }
    order_.clear();
    means_.clear();
  }

  std::vector<ComputedPoint> take() { return std::move(points_); }

 private:
  struct Mean {
    double sum = 0, sum_of_last = 0;
    int count = 0, count_of_last = 0;
  };
  const Setup& setup_;
  std::vector<ComputedPoint> points_;
  std::map<std::string, std::map<std::string, Mean>> means_;
  std::vector<std::pair<std::string, std::string>> order_;
};

void add_attention(Collector& to, const PointKey& at, const Cost& cost, const Machine& machine) {
  const auto add = [&](const char* figure, const char* metric, double value) {
    to.add({figure, at.model, at.seq_len, at.design, metric}, value);
  };
  add("attn", "latency_s", cost.latency_s);
  add("attn", "energy_pJ", cost.energy.total_pj());
  add("attn", "dram_traffic_B", cost.dram_bytes);
  add("attn", "energy_2d_pJ", cost.energy.array_2d_pj);
  add("attn", "energy_1d_pJ", cost.energy.array_1d_pj);
  add("attn", "energy_registers_pJ", cost.energy.registers_pj);
  add("attn", "energy_buffer_pJ", cost.energy.buffer_pj);
  add("attn", "energy_dram_pJ", cost.energy.dram_pj);
  to.add_averaged({"fig6a", at.model, at.seq_len, at.design, "util_1d"},
                  cost.utilization_1d(machine));
  to.add_averaged({"fig6b", at.model, at.seq_len, at.design, "util_2d"},
                  cost.utilization_2d(machine));
  // The paper shows the split of one model only.
  const char* figure = at.model == "BERT" ? "fig7" : "fig7-ext";
  for (const EinsumShare& share : cost.shares)
    to.add({figure, at.model, at.seq_len, at.design, fmt::format("util_2d_{}", share.einsum)},
           share.cycles_2d / (cost.latency_s * machine.clock.value));
}

void add_cycles(Collector& to, const PointKey& at, Design design, const Cost& cost) {
  const auto add = [&](const char* metric, double value) {
    to.add({"closed-form", at.model, at.seq_len, at.design, metric}, value);
  };
  if (design == Design::flat) {
    add("cycles_2d_busy_wall", cost.wall_2d_cycles);
    add("cycles_1d_busy", cost.busy_1d_cycles);
    to.add({"flat-validation", at.model, at.seq_len, "FLAT-code-cloud", "proportion_spilled"},
           cost.spilled);
  } else if (design != Design::unfused) {
    add("cycles_compute_total", cost.compute_cycles);
    add("cycles_2d_busy", cost.busy_2d_cycles);
    add("cycles_1d_busy", cost.busy_1d_cycles);
    add("P1_blocks_onchip", cost.blocks_on_chip);
    add("P2_outer_blocks", cost.outer_blocks);
  }
}

void add_ratios(Collector& to, const PointKey& at, const Result& result, const Result& base,
                const char* name, const char* const (&figures)[4]) {
  const auto add = [&](const char* figure, const char* metric, double value) {
    to.add_averaged(
        {figure, at.model, at.seq_len, at.design, fmt::format("{}_vs_{}", metric, name)}, value);
  };
  add(figures[0], "attn_speedup", base.attention.latency_s / result.attention.latency_s);
  add(figures[1], "attn_energy",
      result.attention.energy.total_pj() / base.attention.energy.total_pj());
  add(figures[2], "e2e_speedup", base.end_to_end_s / result.end_to_end_s);
  add(figures[3], "e2e_energy", result.end_to_end_pj / base.end_to_end_pj);
}

void add_linear(Collector& to, const PointKey& at, const std::string& suffix, const Cost& baseline,
                const Cost& ours) {
  for (const bool is_ours : {false, true}) {
    const Cost& cost = is_ours ? ours : baseline;
    const std::string design =
        (is_ours ? "linear-on-FuseMax-arch" : "linear-on-FLAT-arch") + suffix;
    to.add({"linear", at.model, at.seq_len, design, "latency_s"}, cost.latency_s);
    to.add({"linear", at.model, at.seq_len, design, "energy_pJ"}, cost.energy.total_pj());
    to.add({"linear", at.model, at.seq_len, design, "dram_traffic_B"}, cost.dram_bytes);
  }
}

/// All designs of one accounting for one model and length.
void add_point(Collector& to, const Setup& setup, const Account& account, const Model& model,
               std::uint64_t length) {
  PointKey at{"", model.name, length_name(length), "", ""};
  const Cost linear[] = {linear_cost(setup, setup.baseline, model, length, account.accounting),
                         linear_cost(setup, setup.fusemax, model, length, account.accounting)};
  add_linear(to, at, account.suffix, linear[0], linear[1]);
  std::vector<Result> results;
  for (const Design design : all_designs) {
    const Cost& layers = linear[&machine_of(setup, design) == &setup.fusemax];
    Cost cost = attention_cost(setup, design, model, length, account.accounting);
    results.push_back({cost, cost.latency_s + layers.latency_s,
                       cost.energy.total_pj() + layers.energy.total_pj()});
  }
  constexpr const char* unfused_figures[] = {"fig8", "fig9", "fig10", "fig11"};
  constexpr const char* flat_figures[] = {"derived", "derived", "derived", "derived"};
  for (std::size_t i = 0; i < results.size(); ++i) {
    at.design = std::string(figure_name(all_designs[i])) + account.suffix;
    add_attention(to, at, results[i].attention, machine_of(setup, all_designs[i]));
    if (!account.accounting.corrected) add_cycles(to, at, all_designs[i], results[i].attention);
    add_ratios(to, at, results[i], results[static_cast<int>(Design::unfused)], "unfused",
               unfused_figures);
    add_ratios(to, at, results[i], results[static_cast<int>(Design::flat)], "flat", flat_figures);
  }
}

void add_pareto(Collector& to, const Setup& setup) {
  for (const Model& model : setup.models)
    for (const ArrayArea& array : setup.pareto) {
      const Cost cost = pareto_cost(setup, array.columns, model);
      const PointKey at{"fig12", model.name, length_name(setup.pareto_length),
                        fmt::format("FuseMax-{0}x{0}", array.columns), ""};
      const auto add = [&](const char* metric, double value) {
        PointKey key = at;
        key.metric = metric;
        to.add(std::move(key), value);
      };
      const double clock = setup.fusemax.clock.value;
      add("latency_s", cost.latency_s);
      add("comp_2d_latency_s", cost.busy_2d_cycles / clock);
      add("comp_1d_latency_s", cost.busy_1d_cycles / clock);
      add("mem_latency_s", cost.dram_bytes / (setup.fusemax.dram_bytes_per_cycle * clock));
      add("dram_traffic_B", cost.dram_bytes);
      add("area_um2", array.area.value);
      add("area_cm2", array.area.value * 1e-8);
    }
}

std::vector<Account> accounts_of(const Setup& setup) {
  std::vector<Account> accounts = {{{}, ""}};
  for (const Variant& variant : setup.corrected)
    accounts.push_back({{.corrected = true, .read_ports = variant.read_ports}, " " + variant.name});
  return accounts;
}

}  // namespace

std::vector<ComputedPoint> compute_fusemax(const YamlNode& settings, const Library&) {
  Diagnostics diagnostics;
  const Setup setup = read_setup(settings, diagnostics);
  diagnostics.throw_if_any();
  Collector collector(setup);
  for (const Account& account : accounts_of(setup)) {
    for (const Model& model : setup.models)
      for (const std::uint64_t length : setup.lengths)
        add_point(collector, setup, account, model, length);
    collector.add_means(length_name(setup.lengths.back()));
  }
  add_pareto(collector, setup);
  return collector.take();
}

Descriptor describe_fusemax() {
  return {"fusemax",
          "attention on a 2D and a 1D array: latency, utilization, traffic, energy, end to end",
          "Nayak et al., FuseMax: Leveraging Extended Einsums to Optimize Attention Accelerator "
          "Design, MICRO 2024, and its artifact",
          {}};
}

}  // namespace sluice::papers
