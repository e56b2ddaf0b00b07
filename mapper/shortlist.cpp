// SPDX-License-Identifier: Apache-2.0
#include "mapper/shortlist.hpp"

#include <algorithm>
#include <array>

#include "base/checked.hpp"

namespace sluice {
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
  std::size_t size() const { return count_; }
  std::uint64_t operator[](std::size_t i) const { return values_[i]; }
  /// The place of the largest for which fits(place) holds; size() when it does for none.
  template <class Fits>
  std::size_t largest(Fits fits) const {
    std::size_t low = 0, high = count_;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (fits(middle))
        high = middle;
      else
        low = middle + 1;
    }
    return low;
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

/// The few tilings of a task with the least estimates.
template <class Own>
class Shortlist {
 public:
  void consider(const Own& tiling, const ComputeCycles& cycles, const TilingEstimate& estimated) {
    if (size_ == entries_.size() && estimated >= entries_[size_ - 1].estimate) return;
    std::size_t at = size_ < entries_.size() ? size_++ : size_ - 1;
    for (; at > 0 && estimated < entries_[at - 1].estimate; --at) entries_[at] = entries_[at - 1];
    entries_[at] = {tiling, cycles, estimated};
  }
  /// Whether a tiling of no fewer cycles would be left out.
  bool leaves_out(double cycles) const {
    return size_ == entries_.size() && cycles > entries_[size_ - 1].estimate.cycles;
  }
  /// The best first.
  std::vector<Candidate> all() const {
    std::vector<Candidate> list;
    list.reserve(size_);
    for (std::size_t i = 0; i < size_; ++i) {
      const auto& [tiling, cycles, estimate] = entries_[i];
      list.push_back({tiling, cycles, static_cast<double>(estimate.steps)});
    }
    return list;
  }

 private:
  struct Entry {
    Own tiling;
    ComputeCycles cycles;
    TilingEstimate estimate;
  };
  std::array<Entry, 12> entries_;
  std::size_t size_ = 0;
};

}  // namespace

std::optional<Candidate> Shortlister::first(const TaskWork& work) const {
  const auto candidate = [&](const auto& task, const auto& tiling) {
    return Candidate{tiling, compute_cycles(work, tiling, architecture_),
                     static_cast<double>(steps(task, tiling))};
  };
  if (const auto* gemm = std::get_if<GemmTask>(&work)) {
    const auto tiling = least_traffic_tiling(*gemm, architecture_.array, room_);
    return tiling ? std::optional(candidate(*gemm, *tiling)) : std::nullopt;
  }
  const auto& task = std::get<VectorTask>(work);
  const auto tiling = least_traffic_tiling(task, architecture_, room_);
  return tiling ? std::optional(candidate(task, *tiling)) : std::nullopt;
}

std::vector<Candidate> Shortlister::others(const TaskWork& work, const Tiling& first) const {
  if (const auto* gemm = std::get_if<GemmTask>(&work)) return others_of(*gemm, first);
  return others_of(std::get<VectorTask>(work), first);
}

/// For each n tile, with k whole and with k cut: the m tiles that fit, the smaller of which fill
/// the pipeline sooner, in both orders.
std::vector<Candidate> Shortlister::others_of(const GemmTask& task, const Tiling& first) const {
  const GemmTiling& least = std::get<GemmTiling>(first);
  const GemmTile grain = gemm_grain(task, architecture_.array);
  const Sizes m_sizes(task.m, grain.m,
                      [&](std::uint64_t size) { return whole_pixels(task, size); });
  const Sizes n_sizes(task.n, grain.n), k_sizes(task.k, grain.k);
  const auto tiles_of = [&](GemmRank rank, const Sizes& sizes, std::uint64_t extent) {
    std::vector<RankTiles> tiles;
    tiles.reserve(sizes.size());
    for (const std::uint64_t size : sizes)
      tiles.push_back(rank_tiles(rank, extent, size, architecture_.array));
    return tiles;
  };
  const auto m_tiles = tiles_of(GemmRank::m, m_sizes, task.m),
             n_tiles = tiles_of(GemmRank::n, n_sizes, task.n),
             k_tiles = tiles_of(GemmRank::k, k_sizes, task.k);
  // By m size; 0 where it was not asked for yet. Many sizes do not fit, and fewer are estimated.
  std::vector<InputTiles> inputs(m_sizes.size(), InputTiles{0, 0});
  const auto fits = [&](std::size_t m, std::uint64_t n, std::uint64_t k) {
    if (inputs[m].most == 0) inputs[m].most = most_input(task, m_sizes[m]);
    return room_.fits(tile_bytes(task, m_sizes[m], n, k, architecture_.array, inputs[m]));
  };
  Shortlist<GemmTiling> list;
  const auto consider = [&](std::size_t m, std::size_t n, std::size_t k, bool m_outer) {
    const GemmTiling tiling{m_sizes[m], n_sizes[n], k_sizes[k], m_outer};
    if (tiling == least) return;
    const double cycles = array_cycles(task, m_tiles[m], n_tiles[n], k_tiles[k]);
    if (list.leaves_out(cycles)) return;
    if (inputs[m].all == 0) inputs[m] = input_tiles(task, m_sizes[m]);
    const GemmTiles tiles{m_tiles[m], n_tiles[n], k_tiles[k], inputs[m], m_outer};
    list.consider(tiling, {cycles, 0}, estimate(task, tiles, architecture_, rates_));
  };
  std::array<std::size_t, 2> largest_m{m_sizes.size(), m_sizes.size()};  // with k whole, cut
  for (std::size_t n = 0; n < n_sizes.size(); ++n)
    for (const bool cut_k : {false, true}) {
      if (cut_k && grain.k == task.k) break;
      // A smaller n leaves more room for m, and a smaller m for k.
      std::size_t& m_first = largest_m[cut_k ? 1 : 0];
      const std::uint64_t k_least = cut_k ? grain.k : task.k;
      while (m_first > 0 && fits(m_first - 1, n_sizes[n], k_least)) --m_first;
      std::size_t k = cut_k ? k_sizes.size() - 1 : 0;
      for (std::size_t m = m_first; m < m_sizes.size(); ++m) {
        while (k > 0 && fits(m, n_sizes[n], k_sizes[k - 1])) --k;
        const bool whole_k = k_sizes[k] == task.k;
        if (cut_k && whole_k) continue;  // was considered with k whole
        consider(m, n, k, false);
        if (m_sizes[m] < task.m && n_sizes[n] < task.n && whole_k) consider(m, n, k, true);
      }
    }
  return list.all();
}

/// Whole rows if one fits, so that its passes are made on chip; else parts of a row.
std::vector<Candidate> Shortlister::others_of(const VectorTask& task, const Tiling& first) const {
  const VectorTiling& least = std::get<VectorTiling>(first);
  const std::uint64_t lanes = architecture_.vector.lanes;
  const auto room_for = [&](std::uint64_t elements) {
    return room_.fits(tile_bytes(task, elements, architecture_.array));
  };
  const bool rows = task.passes > 1;
  const bool whole_rows = rows && room_for(task.row_elements);
  const std::uint64_t extent = rows && !whole_rows ? task.row_elements : task.elements;
  const std::uint64_t grain = whole_rows ? task.row_elements : std::min(lanes, extent);
  const Sizes sizes(extent, grain);
  // A tile of less than what a DRAM moves in twice its latency waits for whatever is in its way.
  const double fewest = architecture_.dram.is_ideal() || rates_.cycles_per_byte == 0
                            ? 0
                            : 2 * rates_.latency / rates_.cycles_per_byte;
  const ComputeCycles cycles = fewest_compute_cycles(task, architecture_);
  Shortlist<VectorTiling> list;
  std::size_t i = sizes.largest([&](std::size_t place) { return room_for(sizes[place]); });
  for (; i < sizes.size(); ++i) {
    const VectorTiling tiling{sizes[i]};
    if (tiling != least &&
        static_cast<double>(tile_bytes(task, sizes[i], architecture_.array)[0]) >= fewest)
      list.consider(tiling, cycles, estimate(task, tiling, architecture_, rates_));
  }
  return list.all();
}

/// Blocks of rows and tiles of keys, each by itself on the timeline, those first that take the
/// array for the fewest cycles, until these alone are more than the tilings take that are kept.
std::vector<Candidate> Shortlister::best(const AttentionTask& task) const {
  struct Fitting {
    AttentionTiling tiling;
    double cycles = 0;
  };
  const SystolicArray& array = architecture_.array;
  const AttentionTiling grain = attention_grain(task, array);
  std::vector<Fitting> tilings;
  for (const std::uint64_t rows : Sizes(task.rows, grain.row_tile))
    for (const std::uint64_t keys : Sizes(task.keys, grain.key_tile))
      if (const AttentionTiling tiling{rows, keys}; room_.fits(tile_bytes(task, tiling, array)))
        tilings.push_back({tiling, array_cycles(task, tiling, array)});
  std::ranges::stable_sort(tilings, {}, &Fitting::cycles);
  Shortlist<AttentionTiling> list;
  for (const auto& [tiling, cycles] : tilings) {
    if (list.leaves_out(nearly * cycles)) break;
    Timeline alone = empty_;
    alone.append(task, tiling, {});
    list.consider(tiling, {cycles, 0},
                  {alone.end(), total_bytes(traffic(task, tiling, array)), steps(task, tiling)});
  }
  return list.all();
}

}  // namespace sluice
