// SPDX-License-Identifier: Apache-2.0
// Random search: the searcher that every other one has to beat.
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

class RandomSearch {
 public:
  RandomSearch(const SearchProblem& problem, const NoSettings&)
      : space_(problem.space), random_(problem.seed) {}

  std::vector<Point> ask(std::size_t count) {
    std::vector<Point> points;
    add_distinct(points, count, seen_, [&] { return random_point(space_, random_); });
    return points;
  }
  void tell(std::span<const Trial>) {}

 private:
  const DesignSpace& space_;
  Random random_;
  Seen seen_;
};

}  // namespace

AnySearcher make_random(const SearchProblem& problem, const YamlNode& settings,
                        Diagnostics& diagnostics) {
  return searcher_with<RandomSearch, NoSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_random() {
  return searcher_info<NoSettings>(
      "random", "every parameter uniform over its values, no design twice",
      "Bergstra and Bengio, Random search for hyper-parameter optimization, JMLR 13, 2012");
}

}  // namespace sluice::searchers
