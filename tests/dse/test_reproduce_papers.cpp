// SPDX-License-Identifier: Apache-2.0
// Every paper that comes with sluice, held against its figures.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/yaml_include.hpp"
#include "dse/reproduce/writers.hpp"
#include "tests/base/errors.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

/// Every claim file that comes with sluice and needs no runs, compared. Those with runs are tested
/// by tests/cli/test_command_reproduce.py, on some of their points.
struct Reproduced {
  ClaimFile file;
  Comparison comparison;
};

Reproduced reproduce(const std::filesystem::path& path) {
  Reproduced result;
  result.file = read_claims(load_yaml(path.string()));
  result.comparison = compare(result.file, compute_points(result.file, test_library()));
  return result;
}

/// Claims whose runs take more than a few seconds: the slow suite has them.
bool is_long(const std::filesystem::path& path) { return path.stem() == "archgym"; }

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("configs/reproduce")))
    if (entry.path().extension() == ".yaml" && load_yaml(entry.path()).find("runs") == nullptr)
      paths.push_back(entry.path());
  return paths;
}

TEST_CASE("every paper says what it is, and has a claim file") {
  std::set<std::string> with_file;
  for (const auto& path : shipped()) with_file.insert(read_claims(load_yaml(path.string())).paper);
  for (const Descriptor& paper : paper_descriptors()) {
    CHECK(!paper.summary.empty());
    CHECK(!paper.source.empty());
    CHECK(with_file.contains(paper.name));
  }
}

void check_claims(const Reproduced& result) {
  for (const ClaimResult& claim : result.comparison.claims) {
    CAPTURE(claim.claim->name);
    CHECK(claim.holds());
    CHECK((claim.differing == 0) == claim.claim->differs.empty());
  }
}

TEST_CASE("every claim holds, no point comes twice, and the same input gives the same bytes") {
  for (const auto& path : shipped()) {
    if (is_long(path)) continue;
    CAPTURE(path);
    const Reproduced result = reproduce(path);
    check_claims(result);
    std::set<PointKey> keys;
    for (const ComparedPoint& p : result.comparison.points) CHECK(keys.insert(p.key).second);
    CHECK(comparison_csv(result.comparison) == comparison_csv(reproduce(path).comparison));
  }
}

TEST_CASE("the claims of long runs hold" * doctest::test_suite("slow")) {
  for (const auto& path : shipped())
    if (is_long(path)) check_claims(reproduce(path));
}

TEST_CASE("a small lottery gives every point once, the same each time, between 0 and 1") {
  YamlNode root = load_yaml(source_path("configs/reproduce/archgym.yaml"));
  for (const auto& [path, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"settings.configurations", "2"},
           {"settings.seeds", "1"},
           {"settings.proxy_designs", "200"},
           {"settings.proxy_tested", "50"},
           {"settings.proxy_repeats", "1"},
           {"settings.agents",
            "[{name: random walker, searcher: random, budgets: [20, 200]},"
            " {name: genetic, searcher: genetic, budgets: [20, 200]}]"}})
    set_path(root, path, value);
  set_path(root, "settings.sweep.parameters.rows.powers_of_two", "[16, 32]");
  set_path(root, "settings.sweep.parameters.columns.powers_of_two", "[16, 32]");
  YamlNode few = root;
  set_path(few, "settings.proxy_designs", "201");
  CHECK(error_of([&] { compute_points(read_claims(few), test_library()); })
            .find("error: no agent has a budget of 201 designs or more, which proxy_designs asks "
                  "for") != std::string::npos);
  const std::vector<ComputedPoint> points = compute_points(read_claims(root), test_library());
  const std::vector<ComputedPoint> again = compute_points(read_claims(root), test_library());
  REQUIRE(points.size() == again.size());
  std::set<PointKey> keys;
  for (std::size_t i = 0; i < points.size(); ++i) {
    CAPTURE(points[i].key.metric);
    CHECK(keys.insert(points[i].key).second);
    CHECK(points[i].value == again[i].value);
    CHECK(points[i].value >= 0);
    if (points[i].key.figure != "proxy") CHECK(points[i].value <= 1);
  }
  CHECK(keys.contains({"lottery", "enumerated_conv", "20", "genetic", "reward_spread"}));
  CHECK(keys.contains({"luck", "enumerated_conv", "20", "random walker", "reward_best"}));
  CHECK(keys.contains({"proxy", "enumerated_conv", "", "diverse", "gain_latency_s"}));
}

TEST_CASE("a page needs nothing beside itself and shows every plot") {
  for (const auto& path : shipped()) {
    if (is_long(path)) continue;
    CAPTURE(path);
    const Reproduced result = reproduce(path);
    const std::string page = comparison_page(result.file, result.comparison);
    for (const std::string_view word : {"http:", "https:", "src=", "<script", "@import", "url("})
      CHECK(page.find(word) == std::string::npos);
    for (const Plot& plot : result.file.plots) {
      CAPTURE(plot.title);
      const auto begin = page.find(plot.title);
      REQUIRE(begin != std::string::npos);
      const std::string section = page.substr(begin, page.find("</section>", begin) - begin);
      CHECK(section.find(plot.kind == PlotKind::lines ? "<circle" : "<rect") != std::string::npos);
      CHECK(section.find("nan") == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace sluice
