// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "dse/learn/encoding.hpp"
#include "dse/random.hpp"
#include "dse/space_index.hpp"
#include "tests/dse/spaces.hpp"

namespace sluice {
namespace {

TEST_CASE("features stand for parameters: places, one a value, one an item, and absence") {
  const DesignSpace space = mixed_space();
  const Encoding encoding(space);
  CHECK(encoding.parameter_of_feature() == std::vector<std::size_t>{0, 1, 1, 1, 2, 2, 3, 4, 4, 4});
  const Eigen::VectorXd present = encoding.encode({{1, 0, 1, 2, 0}});
  CHECK(present[0] == doctest::Approx(1.5 / 4));
  CHECK(present[4] == doctest::Approx(1.5 / 2));
  CHECK(present[5] == 0);
  CHECK(present.tail(3) == Eigen::Vector3d(0, 0.5, 1));  // k, m, n as they stand
  const Eigen::VectorXd absent = encoding.encode({{1, 1, inactive, 2, 1}});
  CHECK(absent[4] == 0.5);
  CHECK(absent[5] == 1);
  CHECK(absent.tail(3) == Eigen::Vector3d(0, 1, 0.5));  // [k, n, m]
  CHECK((present - absent).segment(1, 3).norm() == doctest::Approx(1));
}

TEST_CASE("different points have different features, and each stands in its own column") {
  const DesignSpace space = mixed_space();
  const Encoding encoding(space);
  std::vector<Point> points;
  for (std::uint64_t rows = 0; rows < 4; ++rows)
    for (std::uint64_t loops = 0; loops < 6; ++loops)
      points.push_back({{rows, 1, inactive, 0, loops}});
  const Eigen::MatrixXd all = encoding.encode(points);
  for (Eigen::Index i = 0; i < all.cols(); ++i) {
    CHECK(all.col(i) == encoding.encode(points[static_cast<std::size_t>(i)]));
    for (Eigen::Index j = 0; j < i; ++j) CHECK((all.col(i) - all.col(j)).norm() > 0.1);
  }
}

TEST_CASE("the next value of a feature is the least that any point has, from a number on") {
  const DesignSpace space = mixed_space();
  const Encoding encoding(space);
  const SpaceIndex index(space);
  std::vector<std::set<double>> values(encoding.features());
  for (std::uint64_t i = 0; i < *index.count(); ++i) {
    const Eigen::VectorXd features = encoding.encode(index.point(i));
    for (std::size_t f = 0; f < values.size(); ++f)
      values[f].insert(features[static_cast<Eigen::Index>(f)]);
  }
  Random random(1);
  for (std::size_t f = 0; f < values.size(); ++f) {
    CAPTURE(f);
    for (int i = 0; i < 200; ++i) {
      const double x = *values[f].rbegin() * random.unit();
      CHECK(encoding.next_value(f, x) == *values[f].lower_bound(x));
    }
    for (const double value : values[f]) CHECK(encoding.next_value(f, value) == value);
    CHECK(encoding.next_value(f, 1.5) == 1.5);
  }
}

}  // namespace
}  // namespace sluice
