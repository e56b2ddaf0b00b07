// SPDX-License-Identifier: Apache-2.0
// Every point, or as many as the budget allows, at even distances in their numbering.
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"
#include "dse/space_index.hpp"

namespace sluice::searchers {
namespace {

class Grid {
 public:
  explicit Grid(const SearchProblem& problem)
      : space_(problem.space), index_(problem.space), budget_(problem.budget) {}

  bool is_countable() const { return index_.count().has_value(); }

  std::vector<Point> ask(std::size_t count) {
    const std::uint64_t size = *index_.count();
    const std::uint64_t step =
        std::max<std::uint64_t>(1, size / std::max<std::uint64_t>(1, budget_));
    std::vector<Point> points;
    for (; points.size() < count && next_ < size; next_ += std::min(step, size - next_)) {
      Point point = index_.point(next_);
      if (broken_constraint(space_, point).empty()) points.push_back(std::move(point));
    }
    return points;
  }
  void tell(std::span<const Trial>) {}

 private:
  const DesignSpace& space_;
  SpaceIndex index_;
  std::uint64_t budget_;
  std::uint64_t next_ = 0;
};

}  // namespace

AnySearcher make_grid(const SearchProblem& problem, const YamlNode& settings,
                      Diagnostics& diagnostics) {
  FieldReader(settings, diagnostics, "settings").finish();
  Grid grid(problem);
  if (!grid.is_countable())
    diagnostics.error(settings.where, "grid numbers all points, and this space has 2^63 or more",
                      "use latin_hypercube or sobol");
  return AnySearcher(std::move(grid));
}

SearcherInfo describe_grid() {
  return searcher_info<NoSettings>(
      "grid", "all points in order, or evenly spaced ones when the budget is smaller", "", true);
}

}  // namespace sluice::searchers
