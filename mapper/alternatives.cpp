// SPDX-License-Identifier: Apache-2.0
#include "mapper/alternatives.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "mapper/estimate.hpp"
#include "mapper/room.hpp"
#include "mapper/timeline.hpp"

namespace sluice {
namespace {

class Neighbours {
 public:
  Neighbours(const Architecture& architecture) : machine_(architecture), rates_(architecture) {}

  TilingReasons of(const AttentionTask& task, const AttentionTiling& tiling) {
    const TilingEstimate chosen = estimated(task, tiling);
    result_.cycles = chosen.cycles;
    result_.dram_bytes = chosen.dram_bytes;
    const AttentionTiling grain = attention_grain(task, machine_.array);
    resize(task, tiling, &AttentionTiling::row_tile, "rows", task.rows, grain.row_tile);
    resize(task, tiling, &AttentionTiling::key_tile, "keys", task.keys, grain.key_tile);
    return finish();
  }

  TilingReasons of(const GemmTask& task, const GemmTiling& tiling) {
    const TilingEstimate chosen = estimate(task, tiling, machine_, rates_);
    result_.cycles = chosen.cycles;
    result_.dram_bytes = chosen.dram_bytes;
    GemmTiling other = tiling;
    other.m_outer = !tiling.m_outer;
    if (tiling.m_tile < task.m && tiling.n_tile < task.n)
      add(task, other, other.m_outer ? "order m n k" : "order n m k");
    const GemmTile grain = gemm_grain(task, machine_.array);
    resize(task, tiling, &GemmTiling::m_tile, "m", task.m, grain.m);
    resize(task, tiling, &GemmTiling::n_tile, "n", task.n, grain.n);
    resize(task, tiling, &GemmTiling::k_tile, "k", task.k, grain.k);
    return finish();
  }

  TilingReasons of(const VectorTask& task, const VectorTiling& tiling) {
    const TilingEstimate chosen = estimate(task, tiling, machine_, rates_);
    result_.cycles = chosen.cycles;
    result_.dram_bytes = chosen.dram_bytes;
    // Rows are whole or cut; a tile is resized in the same way.
    const bool cut = tiling.elements_tile < task.row_elements;
    const std::uint64_t extent = cut ? task.row_elements : task.elements;
    resize(task, tiling, &VectorTiling::elements_tile, "elements", extent,
           cut ? 1 : task.row_elements);
    return finish();
  }

 private:
  template <class Task, class Tiling>
  TilingEstimate estimated(const Task& task, const Tiling& tiling) const {
    return estimate(task, tiling, machine_, rates_);
  }
  TilingEstimate estimated(const AttentionTask& task, const AttentionTiling& tiling) const {
    Timeline alone(machine_);
    alone.append(task, tiling, {});
    const TaskTraffic moved = traffic(task, tiling, machine_.array);
    return {alone.end(), moved.input_read + moved.weight_read + moved.output_write, 1};
  }

  template <class Task, class Tiling>
  void resize(const Task& task, const Tiling& tiling, std::uint64_t Tiling::*tile, const char* rank,
              std::uint64_t extent, std::uint64_t grain) {
    const std::uint64_t now = tiling.*tile;
    const std::uint64_t half = std::min(extent, ceil_div(ceil_div(now, 2), grain) * grain);
    const std::uint64_t twice = std::min(extent, ceil_div(now, grain) * grain * 2);
    for (const std::uint64_t size : {half, twice}) {
      if (size == now || (size == half && half > now)) continue;
      Tiling other = tiling;
      other.*tile = size;
      add(task, other, fmt::format("{} {} instead of {}", rank, size, now));
    }
  }

  RoleBytes bytes_of(const GemmTask& task, const GemmTiling& tiling) const {
    return tile_bytes(task, tiling.m_tile, tiling.n_tile, tiling.k_tile, machine_.array);
  }
  RoleBytes bytes_of(const AttentionTask& task, const AttentionTiling& tiling) const {
    return tile_bytes(task, tiling, machine_.array);
  }
  RoleBytes bytes_of(const VectorTask& task, const VectorTiling& tiling) const {
    return tile_bytes(task, tiling.elements_tile, machine_.array);
  }

  template <class Task, class Tiling>
  void add(const Task& task, const Tiling& tiling, std::string change) {
    TilingAlternative other{std::move(change), 0, 0, {}};
    if (const auto full = overflow(bytes_of(task, tiling), machine_)) {
      other.obstacle = fmt::format("needs {} B of {}, which holds {} B", full->needed,
                                   full->scratchpad, full->available);
    } else {
      const TilingEstimate cost = estimated(task, tiling);
      other.cycles = cost.cycles;
      other.dram_bytes = cost.dram_bytes;
    }
    result_.alternatives.push_back(std::move(other));
  }

  TilingReasons finish() {
    std::ranges::stable_sort(result_.alternatives, [](const auto& a, const auto& b) {
      if (a.obstacle.empty() != b.obstacle.empty()) return a.obstacle.empty();
      return a.cycles < b.cycles;
    });
    return std::move(result_);
  }

  const Architecture& machine_;
  MachineRates rates_;
  TilingReasons result_;
};

/// `3.1 % slower`, `as fast`.
std::string compared(double other, double chosen, const char* more, const char* less,
                     const char* same) {
  const double change = chosen == 0 ? 0 : 100 * (other - chosen) / chosen;
  if (change >= 0.05) return fmt::format("{:.1f} % {}", change, more);
  if (change <= -0.05) return fmt::format("{:.1f} % {}", -change, less);
  return same;
}

}  // namespace

TilingReasons reasons_for(const TaskMapping& mapping, const Architecture& architecture) {
  if (std::holds_alternative<GemmNest>(mapping.tiling)) return {};  // the estimate knows none
  Neighbours neighbours(architecture);
  if (const auto* gemm = std::get_if<GemmTask>(&mapping.task.work))
    return neighbours.of(*gemm, std::get<GemmTiling>(mapping.tiling));
  if (const auto* attention = std::get_if<AttentionTask>(&mapping.task.work))
    return neighbours.of(*attention, std::get<AttentionTiling>(mapping.tiling));
  return neighbours.of(std::get<VectorTask>(mapping.task.work),
                       std::get<VectorTiling>(mapping.tiling));
}

std::string to_text(const TilingReasons& reasons) {
  std::string text;
  for (const TilingAlternative& other : reasons.alternatives) {
    if (!other.obstacle.empty()) {
      text += fmt::format("{}{} {}", text.empty() ? "" : "; ", other.change, other.obstacle);
    } else if (text.empty()) {
      text = fmt::format(
          "the next by estimate is {}: {}, {}", other.change,
          compared(other.cycles, reasons.cycles, "slower", "faster", "as fast"),
          compared(static_cast<double>(other.dram_bytes), static_cast<double>(reasons.dram_bytes),
                   "more DRAM traffic", "less DRAM traffic", "the same DRAM traffic"));
    }
  }
  return text.empty() ? "everything fits at once: there is nothing to choose" : text;
}

}  // namespace sluice
