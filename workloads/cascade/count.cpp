// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/count.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "workloads/cascade/lattice.hpp"

namespace sluice {
namespace {

constexpr double most_polygons = 3e5;   ///< counted one by one
constexpr double most_steps = 3e7;      ///< walked to see whether something completes a point
constexpr std::size_t most_cases = 10;  ///< of alternatives
constexpr std::int64_t most_coefficient = std::int64_t{1} << 40;
constexpr std::int64_t most_constant = std::int64_t{1} << 62;

/// Arithmetic that remembers when it left the limits above.
class Counter {
 public:
  explicit Counter(PointSpace space) : space_(std::move(space)) {}

  std::optional<std::uint64_t> count() {
    merge_radixes();
    eliminate();
    merge_radixes();
    if (!tidy()) return 0;
    if (too_large_) return std::nullopt;
    std::uint64_t points = 1;
    for (const std::vector<std::size_t>& ranks : components()) {
      const auto part = count_component(ranks);
      if (!part) return std::nullopt;
      if (*part == 0) return 0;
      if (__builtin_mul_overflow(points, *part, &points)) return std::nullopt;
    }
    return points;
  }

  /// The same points with the ranks that are kept alone, if that can be said by inequalities.
  std::optional<PointSpace> kept_only() {
    eliminate();
    if (!tidy()) {
      PointSpace none;
      for (std::size_t r = 0; r < rank_count(); ++r)
        if (space_.kept[r]) none.sizes.push_back(space_.sizes[r]);
      none.kept.resize(none.sizes.size(), true);
      none.inequalities = {{std::vector<std::int64_t>(none.sizes.size(), 0), -1}};
      return none;
    }
    if (too_large_ || std::ranges::find(space_.kept, false) != space_.kept.end())
      return std::nullopt;
    return space_;
  }

 private:
  std::size_t rank_count() const { return space_.sizes.size(); }
  std::int64_t last(std::size_t rank) const {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(space_.sizes[rank] - 1, static_cast<std::uint64_t>(most_constant)));
  }

  std::int64_t narrow(Wide value, std::int64_t limit) {
    if (value > limit || value < -limit) too_large_ = true;
    return too_large_ ? 0 : static_cast<std::int64_t>(value);
  }

  /// Leaves out inequalities that always hold; false when one never does.
  bool tidy() {
    bool possible = true;
    std::erase_if(space_.inequalities, [&](const Inequality& i) {
      Wide least = i.constant, most = i.constant;
      for (std::size_t r = 0; r < rank_count(); ++r)
        (i.coefficients[r] < 0 ? least : most) += Wide(i.coefficients[r]) * last(r);
      possible = possible && most >= 0;
      return least >= 0;
    });
    return possible;
  }

  void remove_rank(std::size_t rank) {
    const auto at = static_cast<std::ptrdiff_t>(rank);
    space_.sizes.erase(space_.sizes.begin() + at);
    space_.kept.erase(space_.kept.begin() + at);
    for (Inequality& i : space_.inequalities) i.coefficients.erase(i.coefficients.begin() + at);
  }

  /// Whether `high` only occurs as `high * size of low + low`, times a number.
  bool is_radix(std::size_t high, std::size_t low) const {
    if (high == low || space_.kept[high] != space_.kept[low]) return false;
    bool occurs = false;
    for (const Inequality& i : space_.inequalities) {
      if (Wide(i.coefficients[low]) * Wide(space_.sizes[low]) != i.coefficients[high]) return false;
      occurs = occurs || i.coefficients[low] != 0;
    }
    return occurs;
  }
  void merge_radixes() {
    for (std::size_t high = 0; high < rank_count(); ++high)
      for (std::size_t low = 0; low < rank_count(); ++low) {
        if (!is_radix(high, low)) continue;
        if (__builtin_mul_overflow(space_.sizes[low], space_.sizes[high], &space_.sizes[low]))
          too_large_ = true;
        remove_rank(high);
        return merge_radixes();
      }
  }

  /// Eliminates the ranks that are not kept, as far as that is exact.
  void eliminate() {
    for (std::size_t rank = 0; rank < rank_count();)
      if (space_.kept[rank] || !tidy() || !eliminate(rank)) ++rank;
  }
  bool eliminate(std::size_t rank) {
    std::vector<Inequality> lower, upper, other;
    for (const Inequality& i : space_.inequalities)
      (i.coefficients[rank] > 0 ? lower : i.coefficients[rank] < 0 ? upper : other).push_back(i);
    Inequality first{std::vector<std::int64_t>(rank_count(), 0), 0}, end = first;
    first.coefficients[rank] = 1;
    end.coefficients[rank] = -1;
    end.constant = last(rank);
    lower.push_back(std::move(first));
    upper.push_back(std::move(end));
    for (const Inequality& l : lower)
      for (const Inequality& u : upper) {
        if (l.coefficients[rank] != 1 && u.coefficients[rank] != -1) return false;
        other.push_back(combined(l, -u.coefficients[rank], u, l.coefficients[rank]));
      }
    space_.inequalities = std::move(other);
    remove_rank(rank);
    return true;
  }
  Inequality combined(const Inequality& a, std::int64_t of_a, const Inequality& b,
                      std::int64_t of_b) {
    Inequality sum{{}, narrow(Wide(a.constant) * of_a + Wide(b.constant) * of_b, most_constant)};
    for (std::size_t r = 0; r < rank_count(); ++r)
      sum.coefficients.push_back(narrow(
          Wide(a.coefficients[r]) * of_a + Wide(b.coefficients[r]) * of_b, most_coefficient));
    return sum;
  }

  /// Ranks that inequalities connect, directly or through others.
  std::vector<std::vector<std::size_t>> components() const {
    std::vector<std::size_t> group(rank_count());
    std::iota(group.begin(), group.end(), std::size_t{0});
    for (const Inequality& i : space_.inequalities) {
      std::optional<std::size_t> first;
      for (std::size_t r = 0; r < rank_count(); ++r) {
        if (i.coefficients[r] == 0) continue;
        if (!first) first = group[r];
        const std::size_t old = group[r];
        std::ranges::replace(group, old, *first);
      }
    }
    std::vector<std::vector<std::size_t>> result(rank_count());
    for (std::size_t r = 0; r < rank_count(); ++r) result[group[r]].push_back(r);
    std::erase_if(result, [](const auto& ranks) { return ranks.empty(); });
    return result;
  }

  std::optional<std::uint64_t> count_component(std::vector<std::size_t> ranks) {
    open_.clear();
    for (const Inequality& i : space_.inequalities)
      if (std::ranges::any_of(ranks, [&](std::size_t r) { return i.coefficients[r] != 0; }))
        open_.push_back(i);
    if (open_.empty()) return space_.kept[ranks[0]] ? space_.sizes[ranks[0]] : 1;
    const auto by_size = [&](std::size_t r) { return space_.sizes[r]; };
    std::ranges::sort(ranks, {}, by_size);
    const bool whole = std::ranges::all_of(ranks, [&](std::size_t r) { return space_.kept[r]; });
    const auto is_kept = [&](std::size_t r) { return space_.kept[r]; };
    if (!whole) std::stable_partition(ranks.begin(), ranks.end(), is_kept);
    double cost = 1;
    for (std::size_t k = 0; k + (whole ? 2 : 1) < ranks.size(); ++k)
      cost *= static_cast<double>(space_.sizes[ranks[k]]);
    if (!fits(ranks) || cost > (whole ? most_polygons : most_steps)) return std::nullopt;
    const Wide points = whole ? walk(ranks, 0) : walk_incomplete(ranks, 0);
    return static_cast<std::uint64_t>(points);
  }

  /// Whether no sum leaves the limits anywhere in the space.
  bool fits(const std::vector<std::size_t>& ranks) const {
    const bool narrow = std::ranges::all_of(
        ranks, [&](std::size_t r) { return space_.sizes[r] <= std::uint64_t{most_coefficient}; });
    return narrow && std::ranges::all_of(open_, [&](const Inequality& i) {
             Wide reach = i.constant < 0 ? -Wide(i.constant) : i.constant;
             for (const std::size_t r : ranks)
               reach +=
                   Wide(last(r)) * (i.coefficients[r] < 0 ? -i.coefficients[r] : i.coefficients[r]);
             return reach <= most_constant;
           });
  }

  /// Visits each coordinate of a rank, which is then part of the constants.
  template <class Visit>
  void for_each(std::size_t rank, const Visit& visit) {
    const std::int64_t size = last(rank) + 1;
    for (std::int64_t x = 0; x < size; ++x) {
      const bool go_on = visit();
      for (Inequality& i : open_)
        i.constant += i.coefficients[rank] * (go_on && x + 1 < size ? 1 : -x);
      if (!go_on) return;
    }
  }

  Wide walk(const std::vector<std::size_t>& ranks, std::size_t at) {
    if (at + 2 < ranks.size()) {
      Wide sum = 0;
      for_each(ranks[at], [&] {
        sum += walk(ranks, at + 1);
        return true;
      });
      return sum;
    }
    const bool line = at + 1 == ranks.size();
    std::vector<HalfPlane> planes;
    for (const Inequality& i : open_)
      planes.push_back(
          {i.coefficients[ranks[at]], line ? 0 : i.coefficients[ranks[at + 1]], i.constant});
    return count_in_polygon(last(ranks[at]) + 1, line ? 1 : last(ranks[at + 1]) + 1, planes);
  }

  /// With ranks at the end of which one point is enough.
  Wide walk_incomplete(const std::vector<std::size_t>& ranks, std::size_t at) {
    if (at + 1 == ranks.size()) {
      std::vector<HalfPlane> planes;
      for (const Inequality& i : open_)
        planes.push_back({i.coefficients[ranks[at]], 0, i.constant});
      return std::min<Wide>(count_in_polygon(last(ranks[at]) + 1, 1, planes), 1);
    }
    Wide sum = 0;
    for_each(ranks[at], [&] {
      sum += walk_incomplete(ranks, at + 1);
      return space_.kept[ranks[at]] || sum == 0;
    });
    return sum;
  }

  PointSpace space_;
  std::vector<Inequality> open_;  ///< of the component that is counted
  bool too_large_ = false;
};

}  // namespace

std::optional<std::uint64_t> count_points(const std::vector<PointSpace>& cases) {
  if (cases.size() == 1) return Counter(cases[0]).count();
  if (cases.size() > most_cases) return std::nullopt;
  std::vector<PointSpace> spaces;
  for (const PointSpace& space : cases) {
    auto kept = Counter(space).kept_only();
    if (!kept) return std::nullopt;
    spaces.push_back(std::move(*kept));
  }
  Wide sum = 0;  // of all sets of cases: those of one, less those of two, and so on
  for (std::uint32_t set = 1; set < (std::uint32_t{1} << spaces.size()); ++set) {
    PointSpace both = spaces[0];
    both.inequalities.clear();
    for (std::size_t i = 0; i < spaces.size(); ++i)
      if ((set >> i & 1u) != 0)
        both.inequalities.insert(both.inequalities.end(), spaces[i].inequalities.begin(),
                                 spaces[i].inequalities.end());
    const auto points = Counter(std::move(both)).count();
    if (!points) return std::nullopt;
    sum += std::popcount(set) % 2 == 1 ? Wide(*points) : -Wide(*points);
  }
  return static_cast<std::uint64_t>(sum);
}

}  // namespace sluice
