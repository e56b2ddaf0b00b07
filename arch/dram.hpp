// SPDX-License-Identifier: Apache-2.0
// The description of a main memory: a plain pipe (`ideal`), or channels of a JEDEC standard with
// their timing, address mapping and controller policy. How long anything takes is in sim/memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"
#include "base/quantity.hpp"
#include "base/registry.hpp"

namespace sluice {

/// Timing and geometry of one DRAM channel, complete: every value is set. Clocks are command
/// clocks.
struct DramTiming {
#define SLUICE_DRAM_TIMING(name, unit, doc) std::uint32_t name = 0;
#include "arch/dram_timing.def"
  bool operator==(const DramTiming&) const = default;
};

/// What a user changes of a preset's timing; the rest stays as the preset has it.
struct DramTimingChanges {
#define SLUICE_DRAM_TIMING(name, unit, doc) std::optional<std::uint32_t> name;
#include "arch/dram_timing.def"
  bool operator==(const DramTimingChanges&) const = default;
};

template <class Visitor>
void describe(Visitor& v, DramTimingChanges& t) {
#define SLUICE_DRAM_TIMING(name, unit_, doc_) \
  v.field(#name, t.name, {.doc = doc_, .unit = unit_, .max = 1e9});
#include "arch/dram_timing.def"
}

enum class PagePolicy : std::uint8_t {
  open,           ///< a row stays open until another row of its bank is asked for
  open_adaptive,  ///< it is closed with its last queued access if another row of the bank is queued
  closed,         ///< it is closed with the last queued access to it
  closed_always,  ///< it is closed with every access
};
template <>
struct EnumNames<PagePolicy> {
  static constexpr EnumName<PagePolicy> table[] = {{"open", PagePolicy::open},
                                                   {"open_adaptive", PagePolicy::open_adaptive},
                                                   {"closed", PagePolicy::closed},
                                                   {"closed_always", PagePolicy::closed_always}};
};

enum class DramScheduler : std::uint8_t {
  fr_fcfs,    ///< row hits first, then the oldest (Rixner et al., ISCA 2000)
  fcfs_bank,  ///< the oldest of each bank; banks overtake each other
  fcfs,       ///< strictly the oldest of the present direction
};
template <>
struct EnumNames<DramScheduler> {
  static constexpr EnumName<DramScheduler> table[] = {{"fr_fcfs", DramScheduler::fr_fcfs},
                                                      {"fcfs_bank", DramScheduler::fcfs_bank},
                                                      {"fcfs", DramScheduler::fcfs}};
};

enum class DramRefresh : std::uint8_t { none, all_bank, per_bank };
template <>
struct EnumNames<DramRefresh> {
  static constexpr EnumName<DramRefresh> table[] = {{"none", DramRefresh::none},
                                                    {"all_bank", DramRefresh::all_bank},
                                                    {"per_bank", DramRefresh::per_bank}};
};

/// The parts of a DRAM address.
enum class DramField : std::uint8_t { channel, bank_group, bank, column, row };
inline constexpr std::size_t dram_field_count = 5;
template <>
struct EnumNames<DramField> {
  static constexpr EnumName<DramField> table[] = {{"channel", DramField::channel},
                                                  {"bank_group", DramField::bank_group},
                                                  {"bank", DramField::bank},
                                                  {"column", DramField::column},
                                                  {"row", DramField::row}};
};

/// Main memory. With preset `ideal`, only `bandwidth` and `latency` count.
struct Dram {
  std::string preset = "ideal";
  Bandwidth bandwidth;         ///< ideal only; 0: unlimited
  Seconds latency{0};          ///< ideal only
  std::uint32_t channels = 1;  ///< HBM: pseudo-channels, 16 a stack (HBM2), 32 (HBM3)
  DramTimingChanges timing;
  /// From the most to the least significant part of an address.
  std::string mapping = "row:column:bank:bank_group:channel";
  std::uint32_t low_columns = 4;  ///< bursts of a row kept together, below all other fields
  /// Channel, bank group and bank are XORed with low row bits (Zhang, Zhu, Zhang, MICRO 2000).
  bool hash = true;
  PagePolicy page_policy = PagePolicy::open;
  DramScheduler scheduler = DramScheduler::fr_fcfs;
  /// Accesses to an open row while an older request to another row of that bank waits (the cap of
  /// Mutlu and Moscibroda, MICRO 2007, who use 4). At the depth of the window, a request waits
  /// for one window of others.
  std::uint32_t hit_cap = 32;
  // 32 reads and 32 writes, drained from 0.8 down to 0.2: the defaults of Ramulator 2 (Luo et al.,
  // IEEE CAL 2023).
  std::uint32_t read_window = 32;
  std::uint32_t write_queue = 32;
  double drain_high = 0.8;
  double drain_low = 0.2;
  DramRefresh refresh = DramRefresh::all_bank;
  /// Refreshes of all banks that may be put off while requests wait, and that may be done ahead
  /// while none do; JEDEC standards allow 8 of either (JESD79-3F, 4.13).
  std::uint32_t refresh_postponed = 0;
  std::uint32_t refresh_pulled_in = 0;
  /// Of controller and PHY together, both ways: gem5's memory controller has 10 ns before and 10 ns
  /// after the DRAM (Hansson et al., ISPASS 2014; its defaults).
  Seconds controller_latency{20e-9};
  Bytes capacity{0};  ///< 0: not stated

  bool is_ideal() const { return preset == "ideal"; }
  bool operator==(const Dram&) const = default;
};

template <class Visitor>
void describe(Visitor& v, Dram& d) {
  v.field("preset", d.preset, {.doc = "ideal, or a standard (see `sluice list memories`)"});
  v.field("bandwidth", d.bandwidth, {.doc = "of an ideal memory; 0: unlimited", .unit = "B/s"});
  v.field("latency", d.latency, {.doc = "of an ideal memory", .unit = "s"});
  v.field("channels", d.channels,
          {.doc = "channels (HBM: pseudo-channels)", .min = 1, .max = 1024});
  v.field("timing", d.timing, {.doc = "changes to the timing of the preset"});
  v.field("mapping", d.mapping, {.doc = "fields of an address, most significant first"});
  v.field("low_columns", d.low_columns,
          {.doc = "bursts of a row kept together below all fields", .min = 1, .max = 65536});
  v.field("hash", d.hash, {.doc = "XOR channel, bank group and bank with row bits"});
  v.field("page_policy", d.page_policy, {.doc = "what becomes of a row after an access"});
  v.field("scheduler", d.scheduler, {.doc = "order in which requests are served"});
  v.field(
      "hit_cap", d.hit_cap,
      {.doc = "row hits that may pass an older request of the same bank", .min = 1, .max = 1e6});
  v.field("read_window", d.read_window, {.doc = "reads a channel sees", .min = 1, .max = 1024});
  v.field("write_queue", d.write_queue, {.doc = "writes a channel holds", .min = 1, .max = 1024});
  v.field("drain_high", d.drain_high, {.doc = "fill at which writes are drained", .max = 1});
  v.field("drain_low", d.drain_low, {.doc = "fill at which reads are served again", .max = 1});
  v.field("refresh", d.refresh, {.doc = "how rows are refreshed"});
  v.field("refresh_postponed", d.refresh_postponed,
          {.doc = "refreshes that may be put off while requests wait", .max = 8});
  v.field("refresh_pulled_in", d.refresh_pulled_in,
          {.doc = "refreshes that may be done ahead while none wait", .max = 8});
  v.field("controller_latency", d.controller_latency,
          {.doc = "of controller and PHY, there and back", .unit = "s", .max = 1e-3});
  v.field("capacity", d.capacity, {.doc = "of all channels; 0: not stated", .unit = "B"});
}

/// Something inconsistent in a Dram: the key of Dram (or `timing.key`), what is wrong, and a cure.
struct DramProblem {
  std::string field;
  std::string message;
  std::string hint;
};

/// All that is inconsistent in `dram`; empty when it can be simulated.
std::vector<DramProblem> check(const Dram& dram);

/// Preset and changes as one; the preset must be known and not `ideal`.
DramTiming timing_of(const Dram& dram);

/// `mapping` as fields, most significant first; nothing when a field is missing, repeated or
/// unknown.
std::optional<std::array<DramField, dram_field_count>> parse_mapping(std::string_view mapping);

/// Peak of all channels together.
double peak_bytes_per_second(const Dram& dram);

/// A known standard.
struct DramPreset {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  DramTiming timing;
};

/// All presets but `ideal`.
const std::vector<DramPreset>& dram_presets();
/// The same (and `ideal`), describing themselves with every parameter.
std::vector<Descriptor> dram_descriptors();

}  // namespace sluice
