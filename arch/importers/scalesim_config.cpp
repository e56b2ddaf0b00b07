// SPDX-License-Identifier: Apache-2.0
// SCALE-Sim's configuration to an Architecture; see scalesim_config.hpp. The rules of the format
// are those of SCALE-Sim v3.0.0, scalesim/scale_config.py.
#include "arch/importers/scalesim_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "arch/importers/ini.hpp"
#include "base/files.hpp"

namespace sluice {
namespace {

struct KnownSection {
  std::string_view name;
  std::vector<std::string> keys;
};

/// What SCALE-Sim's own files hold; it does not read MemoryBanks, OnChipMemoryBanks and
/// OnChipMemoryBankPorts.
const std::vector<KnownSection> known_sections = {
    {"general", {"run_name"}},
    {"architecture_presets",
     {"ArrayHeight", "ArrayWidth", "IfmapSramSzkB", "FilterSramSzkB", "OfmapSramSzkB",
      "IfmapOffset", "FilterOffset", "OfmapOffset", "Dataflow", "ReadRequestBuffer",
      "WriteRequestBuffer", "Bandwidth", "MemoryBanks", "OnChipMemoryBanks",
      "OnChipMemoryBankPorts"}},
    {"layout",
     {"IfmapCustomLayout", "IfmapSRAMBankBandwidth", "IfmapSRAMBankNum", "IfmapSRAMBankPort",
      "FilterCustomLayout", "FilterSRAMBankBandwidth", "FilterSRAMBankNum", "FilterSRAMBankPort"}},
    {"sparsity",
     {"SparsitySupport", "SparseRep", "OptimizedMapping", "BlockSize",
      "RandomNumberGeneratorSeed"}},
    {"run_presets", {"InterfaceBandwidth", "UseRamulatorTrace"}},
    {"network_presets", {"TopologyCsvLoc"}},
};

/// The values of a file, by section and key, with every mistake at its place.
class ConfigReader {
 public:
  ConfigReader(std::string_view text, const std::string& path, Diagnostics& diagnostics)
      : path_(path), diagnostics_(diagnostics), sections_(read_ini(text, path, diagnostics)) {
    for (const IniSection& section : sections_) check_known(section);
  }

  bool has(std::string_view section) const { return find_section(section) != nullptr; }

  const IniEntry* find(std::string_view section, std::string_view key) const {
    const IniSection* found = find_section(section);
    return found == nullptr ? nullptr : found->find(key);
  }

  const IniEntry* require(std::string_view section, std::string_view key) {
    const IniSection* found = find_section(section);
    const IniEntry* entry = found == nullptr ? nullptr : found->find(key);
    if (entry != nullptr) return entry;
    if (found == nullptr)
      diagnostics_.error({.path = path_},
                         fmt::format("{} is missing: there is no section [{}]", key, section));
    else
      diagnostics_.error(found->where, fmt::format("{} is missing in [{}]", key, section));
    return nullptr;
  }

  /// The whole number of an entry (0 after a mistake or without an entry).
  std::uint64_t whole(const IniEntry* entry, std::uint64_t least, std::uint64_t most) {
    return entry == nullptr ? 0 : whole(*entry, entry->value, least, most);
  }

  /// The first number of a list with commas.
  std::uint64_t first(const IniEntry* entry, std::uint64_t least, std::uint64_t most) {
    if (entry == nullptr) return 0;
    std::string text = entry->value.substr(0, entry->value.find(','));
    while (text.ends_with(' ') || text.ends_with('\t')) text.pop_back();
    return whole(*entry, text, least, most);
  }

  /// Index of the entry's value in `words`.
  std::optional<std::size_t> word(const IniEntry* entry, const std::vector<std::string>& words,
                                  bool any_case = false) {
    if (entry == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < words.size(); ++i)
      if (entry->value == words[i] || (any_case && same_word(entry->value, words[i]))) return i;
    diagnostics_.error(entry->where, fmt::format("{} is {}", entry->key, shown(entry->value)),
                       suggestion(entry->value, words));
    return std::nullopt;
  }

 private:
  static std::string shown(std::string_view value) {
    return value.empty() ? "empty" : quote(value);
  }

  const IniSection* find_section(std::string_view name) const {
    for (const IniSection& section : sections_)
      if (section.name == name) return &section;
    return nullptr;
  }

  void check_known(const IniSection& section) {
    std::vector<std::string> names;
    for (const KnownSection& known : known_sections) {
      names.emplace_back(known.name);
      if (known.name == section.name) return check_keys(section, known.keys);
    }
    diagnostics_.error(section.where,
                       fmt::format("SCALE-Sim has no section {}", quote(section.name)),
                       suggestion(section.name, names));
  }

  void check_keys(const IniSection& section, const std::vector<std::string>& known) {
    for (const IniEntry& entry : section.entries)
      if (std::none_of(known.begin(), known.end(),
                       [&](const std::string& key) { return same_word(key, entry.key); }))
        diagnostics_.error(
            entry.key_where,
            fmt::format("SCALE-Sim has no key {} in [{}]", quote(entry.key), section.name),
            suggestion(entry.key, known));
  }

  std::uint64_t whole(const IniEntry& entry, std::string_view text, std::uint64_t least,
                      std::uint64_t most) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), digit)) {
      const bool comment = text.find_first_of("#;") != text.npos;
      diagnostics_.error(
          entry.where, fmt::format("{} is {}, a whole number is expected", entry.key, shown(text)),
          comment ? "comments stand on lines of their own" : "");
      return 0;
    }
    std::uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || value > most) {
      diagnostics_.error(entry.where, fmt::format("{} is {}, at most {} is allowed", entry.key,
                                                  quote(text), most));
      return 0;
    }
    if (value < least)
      diagnostics_.error(entry.where,
                         fmt::format("{} is {}, at least {} is required", entry.key, value, least));
    return value;
  }

  const std::string& path_;
  Diagnostics& diagnostics_;
  std::vector<IniSection> sections_;
};

constexpr std::uint64_t most_pes = 65536;                             // of SystolicArray::rows
constexpr std::uint64_t most_kilobytes = std::uint64_t{1} << 30;      // 1 TiB
constexpr std::uint64_t most_address = (std::uint64_t{1} << 31) - 1;  // 32 bits with a sign
constexpr std::uint64_t most_port_words = 1'000'000;
const std::vector<std::string> booleans = {"true", "false"};

/// One edge R for loading, no overlap of folds, os results that leave when they are done: the
/// timing of scalesim/compute/systolic_compute_{os,ws,is}.py.
SystolicArray read_array(ConfigReader& file) {
  constexpr std::string_view section = "architecture_presets";
  SystolicArray array;
  array.rows =
      static_cast<std::uint32_t>(file.whole(file.require(section, "ArrayHeight"), 1, most_pes));
  array.columns =
      static_cast<std::uint32_t>(file.whole(file.require(section, "ArrayWidth"), 1, most_pes));
  const auto dataflow = file.word(file.require(section, "Dataflow"), {"os", "ws", "is"});
  constexpr Dataflow dataflows[] = {Dataflow::output_stationary, Dataflow::weight_stationary,
                                    Dataflow::input_stationary};
  array.dataflow = dataflows[dataflow.value_or(0)];
  if (array.dataflow == Dataflow::output_stationary) array.drain = Drain::direct;
  return array;
}

void read_memories(ConfigReader& file, ScalesimConfig& config) {
  constexpr std::string_view section = "architecture_presets";
  struct Memory {
    std::string_view key;
    const char* name;
    TensorRole role;
    NumberFormat format;
  };
  const SystolicArray& array = config.architecture.array;
  const Memory memories[] = {
      {"IfmapSramSzkB", "ifmap", TensorRole::input, array.input_format},
      {"FilterSramSzkB", "filter", TensorRole::weight, array.weight_format},
      {"OfmapSramSzkB", "ofmap", TensorRole::output, array.accumulator_format}};
  for (const Memory& memory : memories) {
    const std::uint64_t words =
        1024 * file.whole(file.require(section, memory.key), 1, most_kilobytes);
    config.sram_words[static_cast<std::size_t>(memory.role)] = words;
    Scratchpad scratchpad;
    scratchpad.name = memory.name;
    scratchpad.capacity = {words * width_bits(memory.format) / 8};
    scratchpad.holds = {memory.role};
    config.architecture.scratchpads.push_back(scratchpad);
  }
}

/// Ports of their own in SCALE-Sim; one memory here. In v2, which has no [layout], `Bandwidth` is
/// that of each of the three.
void read_bandwidth(ConfigReader& file, ScalesimConfig& config) {
  const auto& section = "architecture_presets";
  const std::uint64_t ofmap = file.first(file.require(section, "Bandwidth"), 1, most_port_words);
  const auto port = [&](std::string_view key) {
    if (!file.has("layout")) return ofmap;
    return file.whole(file.require("layout", key), 1, most_port_words);
  };
  config.port_words = {port("IfmapSRAMBankBandwidth"), port("FilterSRAMBankBandwidth"), ofmap};
  const std::uint64_t sum = config.port_words[0] + config.port_words[1] + config.port_words[2];
  config.architecture.dram.bandwidth = {static_cast<double>(sum), Bandwidth::Per::cycle};
}

void read_sparsity(ConfigReader& file, ScalesimConfig& config, Diagnostics& diagnostics) {
  config.sparsity = file.word(file.find("sparsity", "SparsitySupport"), booleans, true) == 0;
  const IniEntry* optimized = file.find("sparsity", "OptimizedMapping");
  if (file.word(optimized, booleans, true) == 0 && config.sparsity)
    diagnostics.error(optimized->where, "row-wise sparsity (OptimizedMapping) is not supported",
                      "layer-wise sparsity is: OptimizedMapping : false");
}

/// Values that mean nothing here are read all the same, so that mistakes in them are found.
void check_the_rest(ConfigReader& file, ScalesimBandwidth bandwidth) {
  for (const char* key :
       {"IfmapOffset", "FilterOffset", "OfmapOffset", "ReadRequestBuffer", "WriteRequestBuffer"})
    file.whole(file.find("architecture_presets", key), 0, most_address);
  for (const char* key :
       {"IfmapSRAMBankNum", "IfmapSRAMBankPort", "FilterSRAMBankNum", "FilterSRAMBankPort"})
    file.whole(file.find("layout", key), 1, most_address);
  if (bandwidth == ScalesimBandwidth::user) return;
  for (const char* key : {"IfmapSRAMBankBandwidth", "FilterSRAMBankBandwidth"})
    file.whole(file.find("layout", key), 1, most_port_words);
}

std::string source_of(const ScalesimConfig& config, bool custom_layout, const std::string& path) {
  std::string text = fmt::format("SCALE-Sim configuration {}; clock assumed", file_name(path));
  if (config.bandwidth == ScalesimBandwidth::calc) return text + "; CALC: memory without limits";
  text += fmt::format(
      "; USER: one memory with the sum of the ports of ifmap ({}), filter ({}) and ofmap ({} "
      "B/cycle)",
      config.port_words[0], config.port_words[1], config.port_words[2]);
  if (config.ramulator) text += "; without the latencies of Ramulator";
  if (custom_layout) text += "; without bank conflicts of the layout";
  return text;
}

}  // namespace

ScalesimConfig import_scalesim_config(std::string_view text, const std::string& path) {
  Diagnostics diagnostics;
  ConfigReader file(text, path, diagnostics);
  ScalesimConfig config;
  if (const IniEntry* name = file.require("general", "run_name")) config.run_name = name->value;
  config.architecture.array = read_array(file);
  read_memories(file, config);
  const auto mode = file.word(file.require("run_presets", "InterfaceBandwidth"), {"CALC", "USER"});
  config.bandwidth = mode == 1 ? ScalesimBandwidth::user : ScalesimBandwidth::calc;
  if (mode == 1) read_bandwidth(file, config);
  config.ramulator =
      file.word(file.find("run_presets", "UseRamulatorTrace"), {"True", "False"}) == 0;
  read_sparsity(file, config, diagnostics);
  check_the_rest(file, config.bandwidth);
  const std::vector<std::string> flags = {"true", "false", "yes", "no", "on", "off", "1", "0"};
  bool custom_layout = false;
  for (const char* key : {"IfmapCustomLayout", "FilterCustomLayout"})
    custom_layout |= file.word(file.find("layout", key), flags, true).value_or(1) % 2 == 0;
  diagnostics.throw_if_any();
  config.architecture.name = config.run_name.empty() ? "scalesim" : config.run_name;
  config.architecture.source = source_of(config, custom_layout, path);
  config.architecture.prefetch_weights = false;  // every layer starts cold
  config.architecture.dma = default_engines();
  return config;
}

}  // namespace sluice
