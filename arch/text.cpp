// SPDX-License-Identifier: Apache-2.0
// A machine for reading: its units, what each holds and what each can do at most.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/architecture.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

std::string line(std::string_view what, const std::string& text) {
  return fmt::format("  {:<12} {}\n", what, text);
}

std::string plural(std::uint64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string words(const std::vector<TensorRole>& roles) {
  std::vector<std::string_view> names;
  for (const TensorRole role : roles) names.push_back(name_of(role));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string options_of(const SystolicArray& array) {
  std::vector<std::string> options;
  const bool outputs_stay = array.dataflow == Dataflow::output_stationary;
  if (outputs_stay)
    options.push_back(fmt::format("drain {}", name_of(array.drain)));
  else
    options.push_back(fmt::format("load by {}", name_of(array.stationary_load)));
  if (array.double_buffered_stationary) options.emplace_back("double-buffered stationary");
  if (array.double_buffered_output) options.emplace_back("double-buffered output");
  options.emplace_back(array.overlap_folds ? "folds overlap" : "folds apart");
  if (array.edge_register) options.emplace_back("edge register");
  return fmt::format("{}", fmt::join(options, ", "));
}

std::string array_lines(const Architecture& machine) {
  const SystolicArray& array = machine.array;
  const std::uint64_t pes = product(array.rows, array.columns);
  const double peak = static_cast<double>(pes) * machine.clock.value;
  return line("array",
              fmt::format("{} x {} PEs, {}, {} x {} into {}", array.rows, array.columns,
                          name_of(array.dataflow), name_of(array.input_format),
                          name_of(array.weight_format), name_of(array.accumulator_format))) +
         line("", options_of(array)) +
         line("", fmt::format("{} MAC/cycle, {:.4g} TMAC/s", pes, peak / 1e12));
}

std::string vector_line(const VectorUnit& unit) {
  return line("vector", fmt::format("{}, {}; exp {}, divide {}, latency {} cycles",
                                    plural(unit.lanes, "lane"), name_of(unit.format),
                                    unit.exp_cycles, unit.divide_cycles, unit.latency));
}

std::string ports_of(const Scratchpad& pad) {
  if (pad.shared_ports) return plural(pad.read_ports, "shared port");
  return fmt::format("{}, {}", plural(pad.read_ports, "read port"),
                     plural(pad.write_ports, "write port"));
}

std::string pad_text(const Scratchpad& pad) {
  std::string text = fmt::format("{} {}, holds {}; {}, {}", pad.name, to_text(pad.capacity),
                                 words(pad.holds), plural(pad.banks, "bank"), ports_of(pad));
  if (pad.width != Bytes{0}) {
    const std::uint64_t reads = product(pad.banks, pad.read_ports, pad.width.value);
    text += fmt::format(" of {}, {} B/cycle", to_text(pad.width), reads);
    if (pad.interleave != Bytes{0})
      text += fmt::format(", interleaved by {}", to_text(pad.interleave));
    if (pad.layout == BankLayout::skewed) text += ", skewed layout";
  }
  if (pad.double_buffered) text += "; double-buffered";
  return text;
}

std::string engine_text(const Dma& engine) {
  std::string text = fmt::format("{}, moves {}; {} in flight", engine.name, words(engine.moves),
                                 plural(engine.outstanding, "burst"));
  if (engine.setup_cycles > 0) text += fmt::format(", {} cycles a tile", engine.setup_cycles);
  return text;
}

std::string dram_text(const Dram& dram) {
  if (dram.is_ideal()) return "ideal";
  return fmt::format("{} x {}", dram.channels, dram.preset);
}

/// The memory, and the arithmetic intensity at which it and the array take equally long.
std::string dram_lines(const Architecture& machine) {
  const Dram& dram = machine.dram;
  const double bytes = dram.is_ideal() ? bytes_per_cycle(dram.bandwidth, machine.clock)
                                       : peak_bytes_per_second(dram) / machine.clock.value;
  if (!(bytes > 0)) return line("dram", fmt::format("{}, unlimited", dram_text(dram)));
  const double pes = static_cast<double>(product(machine.array.rows, machine.array.columns));
  return line("dram", fmt::format("{}, {:.4g} GB/s, {:.4g} B/cycle", dram_text(dram),
                                  bytes * machine.clock.value / 1e9, bytes)) +
         line("ridge point",
              fmt::format("{:.4g} MAC/B; with fewer the DRAM is the limit", pes / bytes));
}

}  // namespace

std::string to_table(const Architecture& machine) {
  std::string text = machine.name;
  if (!machine.source.empty()) text += fmt::format(" ({})", machine.source);
  text += "\n";
  text += line("model", machine.model);
  text += line("clock", to_text(machine.clock));
  text += array_lines(machine);
  text += vector_line(machine.vector);
  for (const Scratchpad& pad : machine.scratchpads) text += line("scratchpad", pad_text(pad));
  for (const Dma& engine : machine.dma) text += line("dma", engine_text(engine));
  text += dram_lines(machine);
  text += line("weights", machine.prefetch_weights ? "fetched ahead of the layer before's end"
                                                   : "fetched when the layer before is done");
  text += line("energy", machine.energy_table.empty() ? "none: timing only" : machine.energy_table);
  return text;
}

}  // namespace sluice
