// SPDX-License-Identifier: Apache-2.0
// Sobol's sequence: any beginning of it covers the space evenly, so that no budget need be known.
#include <boost/random/sobol.hpp>
#include <cmath>

#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

class SobolSequence {
 public:
  SobolSequence(const SearchProblem& problem, const NoSettings&)
      : space_(problem.space),
        random_(problem.seed),
        engine_(std::max<std::size_t>(1, problem.space.parameters.size())) {
    for (std::size_t p = 0; p < space_.parameters.size(); ++p) shift_.push_back(random_.unit());
  }

  std::vector<Point> ask(std::size_t count) {
    return distinct(space_, count, seen_, random_, [&] { return draw(); });
  }
  void tell(std::span<const Trial>) {}

 private:
  std::optional<Point> draw() {
    for (int i = 0; i < most_draws; ++i) {
      std::vector<double> coordinates;
      for (const double shift : shift_) {
        const double shifted =
            static_cast<double>(std::uint64_t{engine_()} >> 11) * 0x1p-53 + shift;
        coordinates.push_back(shifted - std::floor(shifted));
      }
      Point point = point_at(space_, coordinates);
      if (broken_constraint(space_, point).empty()) return point;
    }
    return std::nullopt;
  }

  const DesignSpace& space_;
  Random random_;
  boost::random::sobol engine_;
  std::vector<double> shift_;  ///< the seed's: Cranley and Patterson, SIAM JNA 13(6), 1976
  Seen seen_;
};

}  // namespace

AnySearcher make_sobol(const SearchProblem& problem, const YamlNode& settings,
                       Diagnostics& diagnostics) {
  return searcher_with<SobolSequence, NoSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_sobol() {
  return searcher_info<NoSettings>(
      "sobol", "a shifted Sobol sequence: every beginning covers the space evenly",
      "Sobol, 1967, with the direction numbers of Joe and Kuo, SIAM JSC 30(5), 2008");
}

}  // namespace sluice::searchers
