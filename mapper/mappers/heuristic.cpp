// SPDX-License-Identifier: Apache-2.0
// The mapper for every day: for each task the tiling with the fewest estimated cycles, then the
// least DRAM traffic, then the fewest tiles, among a hundred or so. The sizes it tries do not
// depend on the scratchpads, so that a larger one never takes a choice away.
#include <algorithm>
#include <array>
#include <optional>

#include "base/checked.hpp"
#include "base/registry.hpp"
#include "mapper/estimate.hpp"
#include "mapper/mapping.hpp"
#include "mapper/room.hpp"

namespace sluice::mappers {
namespace {

/// Tile sizes of one rank, from the whole extent down to the grain, each a multiple of the grain
/// or the extent.
class Sizes {
 public:
  Sizes(std::uint64_t extent, std::uint64_t grain)
      : Sizes(extent, grain, [](std::uint64_t size) { return size; }) {}
  /// The same, each size cut down to one that `allowed` gives.
  template <class Allowed>
  Sizes(std::uint64_t extent, std::uint64_t grain, Allowed allowed) {
    const std::uint64_t grains = ceil_div(extent, grain);
    for (std::uint64_t count = 1; count_ < values_.size() - 1; count = next(count)) {
      add(allowed(std::min(extent, ceil_div(grains, std::min(count, grains)) * grain)));
      if (count >= grains) return;
    }
    add(allowed(std::min(extent, grain)));
  }
  const std::uint64_t* begin() const { return values_.data(); }
  const std::uint64_t* end() const { return values_.data() + count_; }
  /// The largest of which fits(size) holds; end() when none does.
  template <class Fits>
  const std::uint64_t* largest(Fits fits) const {
    return std::partition_point(begin(), end(), [&](std::uint64_t size) { return !fits(size); });
  }

 private:
  /// 1, 2, 3, 4, 6, 8, 12, 16, 24, ...: within 1.5 of any number of tiles.
  static std::uint64_t next(std::uint64_t count) {
    if (count < 4) return count + 1;
    return (count & (count - 1)) == 0 ? count + count / 2 : count + count / 3;
  }
  void add(std::uint64_t size) {
    if (count_ == 0 || values_[count_ - 1] > size) values_[count_++] = size;
  }

  std::array<std::uint64_t, 128> values_{};
  std::size_t count_ = 0;
};

template <class Tiling>
struct Best {
  std::optional<Tiling> tiling;
  TilingEstimate least;

  void consider(const Tiling& candidate, const TilingEstimate& estimated) {
    if (tiling && estimated >= least) return;
    tiling = candidate;
    least = estimated;
  }
};

class Chooser {
 public:
  explicit Chooser(const Architecture& architecture)
      : architecture_(architecture), rates_(architecture), room_(architecture) {}

  std::optional<GemmTiling> operator()(const GemmTask& task) const;
  std::optional<VectorTiling> operator()(const VectorTask& task) const;

 private:
  bool fits(const GemmTask& task, std::uint64_t m, std::uint64_t n, std::uint64_t k) const {
    return room_.fits(tile_bytes(task, m, n, k, architecture_.array));
  }

  const Architecture& architecture_;
  MachineRates rates_;
  Room room_;
};

/// The tiling with the least traffic; and for each n tile, with k whole and with k cut: the m
/// tiles that fit, the smaller of which fill the pipeline sooner, in both orders.
std::optional<GemmTiling> Chooser::operator()(const GemmTask& task) const {
  const GemmTile grain = gemm_grain(task, architecture_.array);
  const Sizes m_sizes(task.m, grain.m,
                      [&](std::uint64_t size) { return whole_pixels(task, size); });
  const Sizes n_sizes(task.n, grain.n), k_sizes(task.k, grain.k);
  Best<GemmTiling> best;
  const auto consider = [&](const GemmTiling& tiling) {
    best.consider(tiling, estimate(task, tiling, architecture_, rates_));
  };
  if (const auto least = least_traffic_tiling(task, architecture_.array, room_)) consider(*least);
  for (const std::uint64_t n : n_sizes)
    for (const bool cut_k : {false, true}) {
      if (cut_k && grain.k == task.k) break;
      const std::uint64_t k_least = cut_k ? grain.k : task.k;
      const auto* m =
          m_sizes.largest([&](std::uint64_t size) { return fits(task, size, n, k_least); });
      for (; m != m_sizes.end(); ++m) {
        const auto* k =
            k_sizes.largest([&](std::uint64_t size) { return fits(task, *m, n, size); });
        if (cut_k && *k == task.k) continue;  // was considered with k whole
        consider({*m, n, *k, false});
        if (*m < task.m && n < task.n && *k == task.k) consider({*m, n, *k, true});
      }
    }
  return best.tiling;
}

/// Whole rows if one fits, so that its passes are made on chip; else parts of a row.
std::optional<VectorTiling> Chooser::operator()(const VectorTask& task) const {
  const std::uint64_t lanes = architecture_.vector.lanes;
  const auto room_for = [&](std::uint64_t elements) {
    return room_.fits(tile_bytes(task, elements, architecture_.array));
  };
  const bool rows = task.passes > 1;
  const bool whole_rows = rows && room_for(task.row_elements);
  const std::uint64_t extent = rows && !whole_rows ? task.row_elements : task.elements;
  const std::uint64_t grain = whole_rows ? task.row_elements : std::min(lanes, extent);
  const Sizes sizes(extent, grain);
  Best<VectorTiling> best;
  for (const auto* size = sizes.largest(room_for); size != sizes.end(); ++size) {
    const VectorTiling tiling{*size};
    best.consider(tiling, estimate(task, tiling, architecture_, rates_));
  }
  return best.tiling;
}

}  // namespace

std::variant<Mapping, Infeasible> map_heuristic(const Network& network,
                                                const Architecture& architecture) {
  const Chooser choose(architecture);
  Mapping mapping;
  for (Task& task : lower(network, architecture)) {
    if (auto reason = too_much_work(task)) return std::move(*reason);
    const auto tiling = std::visit(
        [&](const auto& work) -> std::optional<std::variant<GemmTiling, VectorTiling>> {
          if (const auto chosen = choose(work)) return *chosen;
          return std::nullopt;
        },
        task.work);
    if (!tiling) return smallest_tiles_do_not_fit(task, architecture);
    mapping.tasks.push_back({std::move(task), *tiling});
  }
  return mapping;
}

Descriptor describe_map_heuristic() {
  return {"heuristic",
          "the tiling with the fewest estimated cycles, then the least DRAM traffic",
          "",
          {}};
}

}  // namespace sluice::mappers
