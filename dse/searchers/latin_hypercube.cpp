// SPDX-License-Identifier: Apache-2.0
// Latin hypercube: over the whole budget, every share of every parameter's range is met once.
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

class LatinHypercube {
 public:
  LatinHypercube(const SearchProblem& problem, const NoSettings&)
      : space_(problem.space), random_(problem.seed), budget_(problem.budget) {
    for (std::size_t p = 0; p < space_.parameters.size(); ++p) {
      std::vector<std::uint64_t> order(budget_);
      for (std::uint64_t i = 0; i < budget_; ++i) order[i] = i;
      random_.shuffle(order);
      strata_.push_back(std::move(order));
    }
  }

  std::vector<Point> ask(std::size_t count) {
    return distinct(space_, count, seen_, random_, [&] { return draw(); });
  }
  void tell(std::span<const Trial>) {}

 private:
  /// The next stratified point that keeps the constraints; none when the budget is over.
  std::optional<Point> draw() {
    while (next_ < budget_) {
      std::vector<double> coordinates;
      for (const std::vector<std::uint64_t>& order : strata_)
        coordinates.push_back((static_cast<double>(order[next_]) + random_.unit()) /
                              static_cast<double>(budget_));
      ++next_;
      Point point = point_at(space_, coordinates);
      if (broken_constraint(space_, point).empty()) return point;
    }
    return std::nullopt;
  }

  const DesignSpace& space_;
  Random random_;
  Seen seen_;
  std::uint64_t budget_;
  std::uint64_t next_ = 0;
  std::vector<std::vector<std::uint64_t>> strata_;  ///< by parameter: the stratum of each point
};

}  // namespace

AnySearcher make_latin_hypercube(const SearchProblem& problem, const YamlNode& settings,
                                 Diagnostics& diagnostics) {
  return searcher_with<LatinHypercube, NoSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_latin_hypercube() {
  return searcher_info<NoSettings>(
      "latin_hypercube",
      "stratified: the budget covers every part of every parameter's range evenly",
      "McKay, Beckman and Conover, Technometrics 21(2), 1979", true);
}

}  // namespace sluice::searchers
