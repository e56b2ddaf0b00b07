// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "dse/proxy/forest_text.hpp"
#include "dse/space_index.hpp"
#include "tests/dse/spaces.hpp"

namespace sluice {
namespace {

struct Grown {
  DesignSpace space = mixed_space();
  Encoding encoding{space};
  std::vector<Point> points;
  Forest forest = grown();

 private:
  /// Learns a third of all points, half of which are worth the same.
  Forest grown() {
    const SpaceIndex index(space);
    for (std::uint64_t i = 0; i < *index.count(); ++i) points.push_back(index.point(i));
    std::vector<Point> learned;
    for (std::size_t i = 0; i < points.size(); i += 3) learned.push_back(points[i]);
    Random random(5);
    Eigen::VectorXd y(static_cast<Eigen::Index>(learned.size()));
    for (Eigen::Index i = 0; i < y.size(); ++i) y[i] = i % 2 == 0 ? 0.3 : random.unit();
    return Forest(encoding.encode(learned), y, {.trees = 8, .least_split = 2}, random);
  }
};

std::size_t nodes_of(const Forest& forest) {
  std::size_t nodes = 0;
  for (const Forest::Tree& tree : forest.trees()) nodes += tree.size();
  return nodes;
}

TEST_CASE("a compact forest answers as before to every point, with fewer nodes and thresholds") {
  const Grown grown;
  const Forest small = compacted(grown.forest, grown.encoding);
  CHECK(nodes_of(small) < nodes_of(grown.forest));
  CHECK(text_of(small).cuts.size() < text_of(grown.forest).cuts.size());
  for (const Point& point : grown.points) {
    const Eigen::VectorXd x = grown.encoding.encode(point);
    const Prediction before = grown.forest.predict(x), after = small.predict(x);
    CHECK(after.mean == doctest::Approx(before.mean).epsilon(1e-7));
    CHECK(std::abs(after.deviation - before.deviation) < 1e-7);
  }
}

TEST_CASE("a compact forest is read as it was written, to the last bit") {
  const Grown grown;
  const Forest small = compacted(grown.forest, grown.encoding);
  const ForestText text = text_of(small);
  const std::optional<Forest> again = forest_of(text);
  REQUIRE(again);
  for (const Point& point : grown.points) {
    const Eigen::VectorXd x = grown.encoding.encode(point);
    CHECK(again->predict(x).mean == small.predict(x).mean);
    CHECK(again->predict(x).deviation == small.predict(x).deviation);
  }
  CHECK(text_of(*again).trees == text.trees);
}

TEST_CASE("text that is no forest is none") {
  const auto none = [](const ForestText& text) { return !forest_of(text); };
  const std::string leaf("\0\0\0\200\77", 5);  // the float 1
  CHECK_FALSE(none({{{0, 0.5}}, {to_base64(leaf)}}));
  CHECK_FALSE(none({{{0, 0.5}}, {to_base64("\1" + leaf + leaf)}}));
  CHECK(none({{{0, 0.5}}, {}}));
  CHECK(none({{{-1, 0.5}}, {to_base64(leaf)}}));
  CHECK(none({{{0, 0.5}}, {""}}));
  CHECK(none({{{0, 0.5}}, {"no base64"}}));
  CHECK(none({{{0, 0.5}}, {to_base64("\1" + leaf)}}));         // a child is missing
  CHECK(none({{{0, 0.5}}, {to_base64(leaf + leaf)}}));         // one too many
  CHECK(none({{{0, 0.5}}, {to_base64("\2" + leaf + leaf)}}));  // no such cut
  CHECK(none({{{0, 0.5}}, {to_base64(leaf.substr(0, 4))}}));
  CHECK(none({{{0, 0.5}}, {to_base64("\377\377\377\377\377\377")}}));
}

}  // namespace
}  // namespace sluice
