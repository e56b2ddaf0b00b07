// SPDX-License-Identifier: Apache-2.0
#include "sim/report/bottleneck.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/report/human.hpp"

namespace sluice {
namespace {

/// The parts as one text. Sentences are written for each design of a sweep, where a format string
/// takes as long as the simulation of a unit.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text += part;
  return text;
}

struct Loss {
  std::string_view cause;  // of stalls; `fill` stands for fill and drain, `mapping` for unused PEs
  double cycles = 0;
};

// A layer with the quantities that several sentences need.
struct Subject {
  const LayerReport& layer;
  const MachineSummary& machine;
  double cycles = 0;
  double busy = 0;
  double share(double lost) const { return lost / cycles; }
  std::string gain(double lost) const { return times(cycles / (cycles - lost)); }
  std::string_view unit() const {
    return layer.unit.empty() ? std::string_view("the machine") : layer.unit;
  }
};

double unused_pes(const Subject& subject) {
  if (subject.layer.macs == 0) return 0;
  return subject.busy * (1 - std::clamp(subject.layer.mapping_efficiency, 0.0, 1.0));
}

// Amounts by name, of which there are a few: they are found one by one.
template <class Amount>
class Amounts {
 public:
  Amounts() { all_.reserve(8); }
  void add(std::string_view name, Amount amount) {
    const auto same = std::ranges::find(all_, name, &Entry::first);
    if (same != all_.end())
      same->second += amount;
    else
      all_.emplace_back(name, amount);
  }
  // The largest that is more than nothing; among equals the first by name, so that the answer never
  // depends on order.
  std::pair<std::string_view, Amount> largest() const {
    Entry largest{};
    for (const Entry& e : all_)
      if (e.second > largest.second ||
          (e.second > Amount{} && e.second == largest.second && e.first < largest.first))
        largest = e;
    return largest;
  }

 private:
  using Entry = std::pair<std::string_view, Amount>;
  std::vector<Entry> all_;
};

Loss largest_loss(const Subject& subject) {
  Amounts<double> losses;
  for (const Stall& stall : subject.layer.stalls)
    losses.add(stall.cause == "drain" ? "fill" : std::string_view(stall.cause),
               static_cast<double>(stall.cycles));
  losses.add("mapping", unused_pes(subject));
  const auto [cause, cycles] = losses.largest();
  return {cause, cycles};
}

// The tensor with most of the DRAM bytes, where one memory's traffic adds up to them, and its
// share; of several such memories the first by name.
std::pair<std::string_view, double> heaviest_tensor(const LayerReport& layer) {
  std::string_view memory;
  for (const Traffic& one : layer.traffic) {
    std::uint64_t sum = 0;
    for (const Traffic& item : layer.traffic)
      if (item.memory == one.memory) sum += item.read_bytes + item.write_bytes;
    if (sum != layer.traffic_bytes || sum == 0) continue;
    if (memory.empty() || one.memory < memory) memory = one.memory;
  }
  if (memory.empty()) return {};
  Amounts<std::uint64_t> tensors;
  for (const Traffic& item : layer.traffic)
    if (item.memory == memory) tensors.add(item.tensor, item.read_bytes + item.write_bytes);
  const auto [tensor, amount] = tensors.largest();
  return {tensor, static_cast<double>(amount) / static_cast<double>(layer.traffic_bytes)};
}

std::string_view more_reuse(std::string_view tensor) {
  if (tensor == "weight") return "a larger batch, over which weights are shared,";
  if (tensor == "output") return "keeping results on chip for the next layer";
  return "larger tiles, so that each byte is used more often,";
}

// Bytes a second at which the layer would not wait: its traffic in the cycles that remain.
std::string of_bandwidth(const Subject& subject, const Loss& loss) {
  const auto bytes = static_cast<double>(subject.layer.traffic_bytes);
  const std::string waits =
      joined({"DRAM bandwidth: ", percent(subject.share(loss.cycles)), " of cycles wait for data"});
  const std::string gain = subject.gain(loss.cycles);
  const double left = subject.cycles - loss.cycles;
  if (bytes == 0 || left <= 0 || subject.machine.clock_hz <= 0)
    return joined({waits, "; more bandwidth or larger tiles would be up to ", gain, " faster"});
  const auto [tensor, share] = heaviest_tensor(subject.layer);
  const double moved = bytes / subject.cycles * subject.machine.clock_hz;
  const double wanted = bytes / left * subject.machine.clock_hz;
  const std::string mostly =
      share > 0 ? joined({", ", percent(share), " of it ", tensor, "s"}) : std::string();
  const double peak = subject.machine.peak_dram_bytes_per_second;
  const std::string of_peak =
      peak > 0 ? joined({" of ", rounded(peak, "B/s"), " at best"}) : std::string();
  return joined({waits, "; at ", rounded(static_cast<double>(subject.layer.macs) / bytes, "MAC/B"),
                 " it moves ", rounded(moved, "B/s"), of_peak, mostly, ", and would need ",
                 rounded(wanted - moved, "B/s"), " more to wait for none; ", more_reuse(tensor),
                 " or more bandwidth would be up to ", gain, " faster"});
}

std::string of_mapping(const Subject& subject, const Loss& loss) {
  const auto pes = static_cast<double>(subject.machine.pes);
  const double used = subject.layer.mapping_efficiency * pes;
  const std::string tiling = subject.layer.tiling.empty()
                                 ? std::string()
                                 : joined({" (tiles: ", subject.layer.tiling, ")"});
  return joined({"mapping: a fold uses ", percent(subject.layer.mapping_efficiency),
                 " of the PEs on average, ", fixed(used, 0), " of ", grouped(subject.machine.pes),
                 tiling,
                 "; tiles that fill the array, or an array of the tiles' shape, would be up to ",
                 subject.gain(loss.cycles), " faster"});
}

// What is said of the remaining causes of stalls.
struct Words {
  std::string_view cause, name, happens, relief;
};
constexpr std::array<Words, 7> words = {{
    {"fill", "fill and drain", "fill and empty the pipeline",
     "longer tiles, or a larger batch, would spread them over more work and"},
    {"dma_setup", "DMA set-up", "wait while a transfer is set up",
     "larger tiles, a faster set-up, or buffers that let loads run further ahead"},
    {"memory_latency", "memory latency", "wait for the first byte of a request",
     "fetching further ahead, with more requests in flight,"},
    {"port_conflict", "scratchpad ports", "wait for a port that another unit uses",
     "more ports or banks"},
    {"bank_conflict", "bank conflicts", "wait for words of one access that lie in the same bank",
     "a skewed layout, other banks or more ports"},
    {"input_starved", "starved input", "wait for what {} has yet to produce",
     "a faster {}, or a deeper buffer after it,"},
    {"output_blocked", "blocked output", "wait until {} takes results",
     "a faster {}, or a deeper buffer before it,"},
}};

std::string replaced(std::string_view text, std::string_view unit) {
  const std::size_t hole = text.find("{}");
  if (hole == std::string_view::npos) return std::string(text);
  return joined({text.substr(0, hole), unit, text.substr(hole + 2)});
}

std::string of_stall(const Subject& subject, const Loss& loss) {
  const std::size_t colon = loss.cause.find(':');
  const std::string_view cause = loss.cause.substr(0, colon);
  const std::string_view other =
      colon == std::string_view::npos ? "another unit" : loss.cause.substr(colon + 1);
  const std::string share = percent(subject.share(loss.cycles));
  const std::string gain = loss.cycles < subject.cycles
                               ? joined({"up to ", subject.gain(loss.cycles), " faster"})
                               : "faster without limit";
  for (const Words& entry : words)
    if (entry.cause == cause)
      return joined({entry.name, ": ", share, " of cycles ", replaced(entry.happens, other), "; ",
                     replaced(entry.relief, other), " would be ", gain});
  return joined(
      {loss.cause, ": ", share, " of cycles are lost to it; without them it would be ", gain});
}

// How many times the PEs the DRAM could feed at the layer's intensity; 0 when nothing limits.
double fed_by_dram(const Subject& subject) {
  const MachineSummary& machine = subject.machine;
  if (machine.peak_dram_bytes_per_second <= 0 || machine.peak_macs_per_second <= 0 ||
      subject.layer.traffic_bytes == 0)
    return 0;
  const double intensity =
      static_cast<double>(subject.layer.macs) / static_cast<double>(subject.layer.traffic_bytes);
  return intensity * machine.peak_dram_bytes_per_second / machine.peak_macs_per_second;
}

std::string of_work(const Subject& subject, double useful) {
  const std::string busy = percent(subject.share(subject.busy));
  const std::string gain = subject.gain(useful / 2);
  if (subject.layer.macs == 0)
    return joined({"vector compute: ", subject.unit(), " is busy for ", busy,
                   " of cycles; twice the lanes would be up to ", gain, " faster"});
  const double fed = fed_by_dram(subject);
  const std::string limit =
      fed > 0 ? joined({", and DRAM bandwidth would limit it at ", times(fed), " the PEs"})
              : std::string();
  return joined({"array compute: ", subject.unit(), " is busy for ", busy, " of cycles with ",
                 percent(subject.layer.mapping_efficiency),
                 " of its PEs; twice the PEs would be up to ", gain, " faster", limit});
}

Subject subject_of(const LayerReport& layer, const MachineSummary& machine) {
  return {layer, machine, static_cast<double>(layer.cycles),
          static_cast<double>(layer.busy_cycles)};
}

double useful_cycles(const Subject& subject) { return subject.busy - unused_pes(subject); }

/// What costs most; the cause `work` where no loss does.
Loss decisive_loss(const Subject& subject) {
  const Loss loss = largest_loss(subject);
  if (loss.cycles < useful_cycles(subject) / 2 || loss.cycles == 0) return {"work", 0};
  return loss;
}

}  // namespace

std::string bottleneck_cause(const LayerReport& layer, const MachineSummary& machine) {
  if (layer.cycles == 0) return {};
  return std::string(decisive_loss(subject_of(layer, machine)).cause);
}

std::string bottleneck_sentence(const LayerReport& layer, const MachineSummary& machine) {
  if (layer.cycles == 0) return "nothing: it takes no time";
  const Subject subject = subject_of(layer, machine);
  const Loss loss = decisive_loss(subject);
  if (loss.cause == "work") return of_work(subject, useful_cycles(subject));
  if (loss.cause == "memory_bandwidth") return of_bandwidth(subject, loss);
  if (loss.cause == "mapping") return of_mapping(subject, loss);
  return of_stall(subject, loss);
}

}  // namespace sluice
