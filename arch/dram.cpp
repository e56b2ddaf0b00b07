// SPDX-License-Identifier: Apache-2.0
#include "arch/dram.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"

namespace sluice {
namespace {

const DramPreset* find_preset(std::string_view name) {
  const auto& presets = dram_presets();
  const auto found = std::ranges::find(presets, name, &DramPreset::name);
  return found == presets.end() ? nullptr : &*found;
}

DramTiming apply(DramTiming timing, const DramTimingChanges& changes) {
#define SLUICE_DRAM_TIMING(name, unit, doc) timing.name = changes.name.value_or(timing.name);
#include "arch/dram_timing.def"
  return timing;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

/// Collects the problems of one Dram.
class Checker {
 public:
  explicit Checker(const Dram& dram) : dram_(dram) {}

  std::vector<DramProblem> run() {
    if (dram_.is_ideal()) {
      if (dram_.timing != DramTimingChanges{})
        add("timing", "timing has no effect on an ideal memory", "choose a preset, or remove it");
      return std::move(problems_);
    }
    if (find_preset(dram_.preset) == nullptr) {
      std::vector<std::string> names{"ideal"};
      for (const DramPreset& preset : dram_presets()) names.emplace_back(preset.name);
      add("preset", "unknown preset '" + dram_.preset + "'", suggestion(dram_.preset, names));
      return std::move(problems_);
    }
    timing_ = timing_of(dram_);
    check_geometry();
    check_clocks();
    check_refresh();
    check_controller();
    if (problems_.empty()) check_mapping();
    return std::move(problems_);
  }

 private:
  void add(std::string field, std::string message, std::string hint = {}) {
    problems_.push_back({std::move(field), std::move(message), std::move(hint)});
  }

  void positive(const char* name, std::uint64_t value) {
    if (value == 0)
      add("timing." + std::string(name), std::string(name) + " is 0", "it must be at least 1");
  }

  void power_of_two(std::string_view field, std::uint64_t value) {
    if (std::has_single_bit(value)) return;
    const std::string name(field.substr(field.find('.') + 1));
    add(std::string(field), name + " " + number(value) + " is no power of two",
        "addresses are split by bits");
  }

  void check_geometry() {
    const DramTiming& t = timing_;
    if (t.burst_bytes == 0 || t.row_bytes % t.burst_bytes != 0)
      add("timing.row_bytes",
          "row_bytes " + number(t.row_bytes) + " is no multiple of burst_bytes " +
              number(t.burst_bytes),
          "a row holds whole bursts");
    power_of_two("timing.bank_groups", t.bank_groups);
    power_of_two("timing.banks_per_group", t.banks_per_group);
    power_of_two("timing.row_bytes", t.row_bytes);
    power_of_two("timing.burst_bytes", t.burst_bytes);
    power_of_two("low_columns", dram_.low_columns);
    const std::uint64_t banks = std::uint64_t{t.bank_groups} * t.banks_per_group;
    if (banks > 64)
      add("timing.banks_per_group", "a channel of " + number(banks) + " banks is too large",
          "at most 64 banks a channel");
  }

  void check_clocks() {
    const DramTiming& t = timing_;
    positive("tck_ps", t.tck_ps);
    positive("burst_clocks", t.burst_clocks);
    positive("ccd_s", t.ccd_s);
    positive("act_slots", t.act_slots);
    positive("column_slots", t.column_slots);
    if (t.ccd_s < t.burst_clocks)
      add("timing.ccd_s",
          "ccd_s " + number(t.ccd_s) + " is less than burst_clocks " + number(t.burst_clocks),
          "bursts would collide on the data bus");
    ordered("ccd_l", t.ccd_l, "ccd_s", t.ccd_s);
    ordered("rrd_l", t.rrd_l, "rrd_s", t.rrd_s);
    ordered("wtr_l", t.wtr_l, "wtr_s", t.wtr_s);
    ordered("rp_all", t.rp_all, "rp", t.rp);
    ordered("rc", t.rc, "ras", t.ras);
  }

  void ordered(const char* large_name, std::uint64_t large, const char* small_name,
               std::uint64_t small) {
    if (large < small)
      add("timing." + std::string(large_name), std::string(large_name) + " " + number(large) +
                                                   " is less than " + small_name + " " +
                                                   number(small));
  }

  void check_refresh() {
    const DramTiming& t = timing_;
    const bool per_bank = dram_.refresh == DramRefresh::per_bank;
    if (per_bank && dram_.refresh_postponed + dram_.refresh_pulled_in > 0)
      add(dram_.refresh_postponed > 0 ? "refresh_postponed" : "refresh_pulled_in",
          "refreshes of single banks are neither postponed nor pulled in", "choose all_bank");
    if (dram_.refresh == DramRefresh::none) return;
    const std::uint64_t banks = std::uint64_t{t.bank_groups} * t.banks_per_group;
    const std::uint64_t busy = std::uint64_t{per_bank ? t.rfc_pb : t.rfc} + t.rtp + t.rp_all;
    if (per_bank && t.rfc_pb == 0)
      add("refresh", dram_.preset + " has no per-bank refresh", "choose all_bank");
    else if (t.refi <= busy || t.refi < banks)
      add("timing.refi", "refi " + number(t.refi) + " leaves no time between refreshes of " +
                             number(busy) + " clocks");
  }

  void check_controller() {
    if (dram_.channels == 0) add("channels", "a memory without channels");
    if (dram_.read_window == 0) add("read_window", "read_window is 0");
    if (dram_.write_queue == 0) add("write_queue", "write_queue is 0");
    if (dram_.hit_cap == 0) add("hit_cap", "hit_cap is 0");
    if (!(dram_.drain_low < dram_.drain_high && dram_.drain_high <= 1 && dram_.drain_low >= 0))
      add("drain_low", "drain_low is not below drain_high, or they are not within 0..1");
    if (dram_.bandwidth != Bandwidth{} || dram_.latency != Seconds{0})
      add("bandwidth", "bandwidth and latency have no effect on " + dram_.preset,
          "they belong to the preset ideal; the latency of controller and PHY is "
          "controller_latency");
  }

  void check_mapping() {
    const auto fields = parse_mapping(dram_.mapping);
    if (!fields) {
      add("mapping", "mapping '" + dram_.mapping + "' is no order of the five fields",
          "for example row:column:bank:bank_group:channel");
      return;
    }
    const std::uint64_t row_bytes = std::uint64_t{timing_.row_bytes} * timing_.bank_groups *
                                    timing_.banks_per_group * dram_.channels;
    const std::uint64_t capacity = dram_.capacity.value;
    if (capacity % row_bytes != 0)
      add("capacity", "capacity " + to_text(dram_.capacity) + " is no whole number of rows of " +
                          to_text(Bytes{row_bytes}) + " over all banks and channels");
    else if ((*fields)[0] != DramField::row && !std::has_single_bit(capacity / row_bytes))
      add("capacity", "with fields above the row, the number of rows must be a power of two",
          "state capacity, or put row first in mapping");
  }

  const Dram& dram_;
  DramTiming timing_;
  std::vector<DramProblem> problems_;
};

}  // namespace

std::vector<DramProblem> check(const Dram& dram) { return Checker(dram).run(); }

DramTiming timing_of(const Dram& dram) {
  const DramPreset* preset = find_preset(dram.preset);
  SLUICE_ASSERT(preset != nullptr, "timing was asked of a memory that has none");
  return apply(preset->timing, dram.timing);
}

std::optional<std::array<DramField, dram_field_count>> parse_mapping(std::string_view mapping) {
  std::array<DramField, dram_field_count> fields{};
  std::array<bool, dram_field_count> seen{};
  for (std::size_t i = 0; i < dram_field_count; ++i) {
    const std::size_t colon = mapping.find(':');
    if ((colon == mapping.npos) != (i + 1 == dram_field_count)) return std::nullopt;
    const std::string_view word = mapping.substr(0, colon);
    const auto* known =
        std::ranges::find(EnumNames<DramField>::table, word, &EnumName<DramField>::name);
    if (known == std::end(EnumNames<DramField>::table)) return std::nullopt;
    bool& taken = seen[static_cast<std::size_t>(known->value)];
    if (taken) return std::nullopt;
    taken = true;
    fields[i] = known->value;
    mapping.remove_prefix(colon == mapping.npos ? mapping.size() : colon + 1);
  }
  return fields;
}

double peak_bytes_per_second(const Dram& dram) {
  if (dram.is_ideal()) return dram.bandwidth.bytes;
  const DramTiming t = timing_of(dram);
  return 1e12 * t.burst_bytes * dram.channels / (1.0 * t.burst_clocks * t.tck_ps);
}

std::vector<Descriptor> dram_descriptors() {
  std::vector<Descriptor> list;
  list.push_back({"ideal",
                  "a pipe with a bandwidth and a latency, no banks",
                  "",
                  {{"bandwidth", "real", "B/s", "0", "", "0: unlimited"},
                   {"latency", "real", "s", "0", "", "of every transfer"}}});
  for (const DramPreset& preset : dram_presets()) {
    Descriptor entry{
        std::string(preset.name), std::string(preset.summary), std::string(preset.source), {}};
#define SLUICE_DRAM_TIMING(name, unit, doc) \
  entry.parameters.push_back(               \
      {"timing." #name, "integer", unit, number(preset.timing.name), "", doc});
#include "arch/dram_timing.def"
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace sluice
