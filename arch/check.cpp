// SPDX-License-Identifier: Apache-2.0
#include "arch/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/checked.hpp"
#include "base/read.hpp"

namespace sluice {
namespace {

/// Names that reports give to the units that every machine has.
constexpr std::array<std::string_view, 3> reserved_names = {"array", "vector", "dram"};

/// Whether the value at `node` reads without a mistake; a section that does not is checked no
/// further.
template <class T>
bool reads_cleanly(const YamlNode* node, SectionsRead read) {
  if (node == nullptr) return false;
  if (read == SectionsRead::cleanly) return true;
  Diagnostics mistakes;
  T value;
  read_value(*node, value, FieldInfo{}, mistakes);
  return mistakes.empty();
}

/// Place of `key` in `map`, or of the map where the key is absent.
Location place(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node != nullptr ? node->where : map.where;
}

void check_formats(const SystolicArray& array, const YamlNode& node, Diagnostics& diagnostics) {
  const std::string_view sum = name_of(array.accumulator_format);
  const auto operands = [&] {
    return fmt::format("{} x {}", name_of(array.input_format), name_of(array.weight_format));
  };
  const bool float_operand = is_floating(array.input_format) || is_floating(array.weight_format);
  if (float_operand != is_floating(array.accumulator_format)) {
    diagnostics.error(
        place(node, "accumulator_format"),
        fmt::format("accumulator_format {} cannot hold products of {}", sum, operands()),
        float_operand ? "choose a floating-point format, such as fp32"
                      : "choose an integer format, such as int32");
    return;
  }
  const std::uint32_t input = width_bits(array.input_format);
  const std::uint32_t weight = width_bits(array.weight_format);
  const std::uint32_t needed = float_operand ? std::max(input, weight) : input + weight;
  const std::uint32_t bits = width_bits(array.accumulator_format);
  if (bits >= needed) return;
  diagnostics.error(place(node, "accumulator_format"),
                    fmt::format("accumulator_format {} has {} bits, a product of {} has {}", sum,
                                bits, operands(), needed),
                    "choose a wider accumulator");
}

/// An option at other than its default where the dataflow makes no use of it.
void check_effect(bool set, std::string_view key, std::string_view reason, const YamlNode& node,
                  Diagnostics& diagnostics) {
  if (!set) return;
  diagnostics.error(place(node, key), std::string(key) + " has no effect: " + std::string(reason),
                    "remove it, or choose another dataflow");
}

void check_output_stationary(const SystolicArray& array, const YamlNode& node,
                             Diagnostics& diagnostics) {
  const std::string_view moves = "with dataflow os no operand is loaded before a fold";
  check_effect(array.double_buffered_stationary, "double_buffered_stationary", moves, node,
               diagnostics);
  check_effect(array.stationary_load != SystolicArray{}.stationary_load, "stationary_load", moves,
               node, diagnostics);
  if (array.double_buffered_output && array.drain == Drain::direct)
    diagnostics.error(place(node, "double_buffered_output"),
                      "double_buffered_output has no effect: with drain direct results are read "
                      "in the cycle in which they are done",
                      "remove it, or choose drain: columns");
}

void check_input_or_weight_stationary(const SystolicArray& array, const YamlNode& node,
                                      Diagnostics& diagnostics) {
  const std::string_view leaves =
      array.dataflow == Dataflow::weight_stationary
          ? "with dataflow ws results leave at the lower edge as they are done"
          : "with dataflow is results leave at the lower edge as they are done";
  check_effect(array.drain != SystolicArray{}.drain, "drain", leaves, node, diagnostics);
  check_effect(array.double_buffered_output, "double_buffered_output", leaves, node, diagnostics);
  if (array.double_buffered_stationary && array.stationary_load == StationaryLoad::rows)
    diagnostics.error(place(node, "stationary_load"),
                      "stationary_load rows and double_buffered_stationary exclude each other: "
                      "along the rows the stationary tile travels through the registers of the "
                      "moving operand, which are in use while a fold computes",
                      "choose stationary_load: columns, or double_buffered_stationary: false");
}

void check_array(const SystolicArray& array, const YamlNode& node, Diagnostics& diagnostics) {
  if (array.dataflow == Dataflow::output_stationary)
    check_output_stationary(array, node, diagnostics);
  else
    check_input_or_weight_stationary(array, node, diagnostics);
  check_formats(array, node, diagnostics);
}

/// Words for a list of things that tensors are given to: scratchpads and DMA engines.
struct Holders {
  std::string_view key;   ///< of the tensors: `holds` or `moves`
  std::string_view verb;  ///< in the passive: held or moved
  std::string_view kind;  ///< scratchpad or DMA engine
  std::string_view cure;  ///< when a tensor is left out
};
constexpr Holders scratchpad_holders = {"holds", "held", "scratchpad",
                                        "add it to `holds` of one scratchpad"};
constexpr Holders dma_holders = {
    "moves", "moved", "DMA engine",
    "add it to `moves` of one engine, or leave out `dma` for one engine each"};

/// Every tensor belongs to exactly one of `list`, and none of `list` has nothing to do.
/// `tensors(i)` are those of item i.
template <class Item, class Tensors>
void check_holders(const std::vector<Item>& list, Tensors tensors, const YamlNode& node,
                   const Holders& words, Diagnostics& diagnostics) {
  std::array<const Item*, tensor_role_count> holder{};
  for (std::size_t i = 0; i < list.size(); ++i) {
    const YamlNode& roles = *node.items[i].find(words.key);
    const std::vector<TensorRole>& held = tensors(list[i]);
    if (held.empty())
      diagnostics.error(
          roles.where,
          fmt::format("{} {} {} no tensor", words.kind, quote(list[i].name), words.key),
          "name at least one of input, weight, output");
    for (std::size_t j = 0; j < held.size(); ++j) {
      const Item*& first = holder[static_cast<std::size_t>(held[j])];
      if (first != nullptr)
        diagnostics.error(
            roles.items[j].where,
            fmt::format("{} is already {} by {} {}", name_of(held[j]), words.verb, words.kind,
                        quote(first->name)),
            fmt::format("each of input, weight, output belongs to one {}", words.kind));
      else
        first = &list[i];
    }
  }
  for (const auto& role : EnumNames<TensorRole>::table)
    if (holder[static_cast<std::size_t>(role.value)] == nullptr)
      diagnostics.error(node.where,
                        fmt::format("{} is {} by no {}", role.name, words.verb, words.kind),
                        std::string(words.cure));
}

void check_width(const Scratchpad& pad, const YamlNode& node, Diagnostics& diagnostics) {
  if (pad.shared_ports && pad.write_ports != Scratchpad{}.write_ports)
    diagnostics.error(place(node, "write_ports"),
                      fmt::format("write_ports has no effect: with shared_ports reads and writes "
                                  "share the {} of read_ports",
                                  pad.read_ports),
                      "remove it, or set shared_ports: false");
  const auto line = multiply(pad.banks, pad.width.value);
  if (line && *line <= pad.capacity.value) return;
  diagnostics.error(
      place(node, "width"),
      fmt::format("one line of {} in each of {} banks is more than scratchpad {} holds, {}",
                  to_text(pad.width), pad.banks, quote(pad.name), to_text(pad.capacity)),
      "choose a smaller width, fewer banks or a larger capacity");
}

/// What is said of banks where nothing depends on them, or what no address can be cut into.
void check_banks(const Scratchpad& pad, const YamlNode& node, Diagnostics& diagnostics) {
  const bool interleaved = pad.interleave.value > 0, skewed = pad.layout == BankLayout::skewed;
  if (pad.width.value == 0) {
    for (const auto& [said, key] :
         {std::pair{interleaved, "interleave"}, std::pair{skewed, "layout"}})
      if (said)
        diagnostics.error(place(node, key),
                          fmt::format("{} has no effect: a scratchpad without a width serves all "
                                      "at once",
                                      key),
                          "state the width of an access, or remove it");
    return;
  }
  if (!interleaved) return;
  if (pad.banks == 1 || skewed)
    return diagnostics.error(
        place(node, "interleave"),
        fmt::format("interleave has no effect: {}",
                    skewed ? "layout skewed is free of bank conflicts" : "there is one bank"),
        skewed ? "remove it, or choose layout: linear" : "remove it, or state more banks");
  if (pad.interleave.value % pad.width.value != 0)
    diagnostics.error(
        place(node, "interleave"),
        fmt::format("interleave {} is no multiple of width {}: an access is to one bank",
                    to_text(pad.interleave), to_text(pad.width)),
        "choose whole lines, or leave it out for one line");
  else if (pad.interleave.value > pad.capacity.value / pad.banks)
    diagnostics.error(
        place(node, "interleave"),
        fmt::format("interleave {} is more than each of {} banks of scratchpad {} holds, {}",
                    to_text(pad.interleave), pad.banks, quote(pad.name),
                    to_text(Bytes{pad.capacity.value / pad.banks})),
        "choose at most the capacity of a bank");
}

/// Names of scratchpads and engines are unique, also among the units that every machine has.
class Names {
 public:
  explicit Names(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void add(const std::string& name, const YamlNode& item) {
    const auto taken = std::ranges::find(names_, name, &Name::first);
    if (name.empty()) {
      diagnostics_.error(place(item, "name"), "a name is empty",
                         "reports need a name for every unit");
    } else if (std::ranges::find(reserved_names, name) != reserved_names.end()) {
      diagnostics_.error(place(item, "name"),
                         fmt::format("{} is a unit of every machine", quote(name)),
                         "choose another name than array, vector, dram");
    } else if (taken != names_.end()) {
      diagnostics_.error(place(item, "name"),
                         fmt::format("the name {} is already taken on line {}", quote(name),
                                     place(*taken->second, "name").line),
                         "every scratchpad and DMA engine needs a name of its own");
    } else {
      names_.emplace_back(name, &item);
    }
  }

 private:
  Diagnostics& diagnostics_;
  using Name = std::pair<std::string_view, const YamlNode*>;
  std::vector<Name> names_;
};

/// Place of a dotted path below `map`, or of the innermost map on the way that exists.
Location place_of_path(const YamlNode& map, std::string_view path) {
  const std::size_t dot = path.find('.');
  const YamlNode* node = map.find(path.substr(0, dot));
  if (node == nullptr) return map.where;
  return dot == path.npos ? node->where : place_of_path(*node, path.substr(dot + 1));
}

void check_dram(const Dram& dram, const YamlNode& node, Diagnostics& diagnostics) {
  for (const DramProblem& problem : check(dram))
    diagnostics.error(place_of_path(node, problem.field), problem.message, problem.hint);
}

}  // namespace

void check_architecture(const Architecture& architecture, const YamlNode& node,
                        Diagnostics& diagnostics, SectionsRead read) {
  const std::string& model = architecture.model;
  if (model != "systolic")  // the one with machines of this shape
    diagnostics.error(place(node, "model"), fmt::format("unknown model {}", quote(model)),
                      suggestion(model, {"systolic"}));
  const YamlNode* array = node.find("array");
  if (reads_cleanly<SystolicArray>(array, read))
    check_array(architecture.array, *array, diagnostics);

  Names names(diagnostics);
  const YamlNode* pads = node.find("scratchpads");
  if (reads_cleanly<std::vector<Scratchpad>>(pads, read)) {
    const auto& list = architecture.scratchpads;
    for (std::size_t i = 0; i < list.size(); ++i) {
      names.add(list[i].name, pads->items[i]);
      check_width(list[i], pads->items[i], diagnostics);
      check_banks(list[i], pads->items[i], diagnostics);
    }
    const auto holds = [](const Scratchpad& pad) -> const auto& { return pad.holds; };
    check_holders(list, holds, *pads, scratchpad_holders, diagnostics);
  }
  const YamlNode* engines = node.find("dma");
  if (!architecture.dma.empty() && reads_cleanly<std::vector<Dma>>(engines, read)) {
    const auto& list = architecture.dma;
    for (std::size_t i = 0; i < list.size(); ++i) names.add(list[i].name, engines->items[i]);
    const auto moves = [](const Dma& engine) -> const auto& { return engine.moves; };
    check_holders(list, moves, *engines, dma_holders, diagnostics);
  }
  const YamlNode* dram = node.find("dram");
  if (reads_cleanly<Dram>(dram, read)) check_dram(architecture.dram, *dram, diagnostics);
}

}  // namespace sluice
