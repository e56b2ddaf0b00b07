// SPDX-License-Identifier: Apache-2.0
// The harness that holds a paper's figures against ours, and every paper that comes with sluice.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/yaml.hpp"
#include "base/yaml_include.hpp"
#include "dse/reproduce/writers.hpp"
#include "tests/base/errors.hpp"
#include "tests/base/folder.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

const std::string head =
    "paper: fusemax\n"
    "title: A paper\n"
    "source: nowhere\n";

const std::string table =
    "figure,model,seq_len,design,metric,value,source\n"
    "f,net,1K,ours,latency_s,2.0,x\n"
    "f,net,4K,ours,latency_s,4.0,x\n"
    "g,net,1K,ours,share,0,x\n"
    "g,net,1K,ours,mapping,gran=row,x\n";

/// The claims of a text, beside a table of published numbers.
ClaimFile claims_of(const std::string& claims, const std::string& rest = "") {
  ClaimFile file = read_claims(parse_yaml(head + "claims:\n" + claims + rest, "c.yaml"));
  file.published = read_published(table, "p.csv");
  return file;
}

std::string claims_error(const std::string& text) {
  return error_of([&] { read_claims(parse_yaml(text, "c.yaml")); });
}

ComputedPoint point(const std::string& figure, const std::string& length, const std::string& metric,
                    double value) {
  return {{figure, "net", length, "ours", metric}, value};
}

const std::string one_percent =
    "  - {name: time, select: {figure: f}, tolerance: 0.01, reason: because}\n";

TEST_CASE("a point passes within the tolerance and fails beyond it") {
  const ClaimFile file = claims_of(one_percent);
  const Comparison comparison =
      compare(file, {point("f", "1K", "latency_s", 2.01), point("f", "4K", "latency_s", 4.05)});
  REQUIRE(comparison.points.size() == 2);
  CHECK(comparison.points[0].verdict == Verdict::passes);
  CHECK(comparison.points[1].verdict == Verdict::fails);
  CHECK(comparison.points[1].deviation() == doctest::Approx(0.0125));
  CHECK(comparison.claims[0].worst == doctest::Approx(0.0125));
  CHECK(!comparison.holds());
}

TEST_CASE("a published number that was not computed is missing, and fails") {
  const ClaimFile file = claims_of(one_percent);
  const Comparison comparison = compare(file, {point("f", "1K", "latency_s", 2)});
  REQUIRE(comparison.points.size() == 2);
  CHECK(comparison.points[1].verdict == Verdict::missing);
  CHECK(comparison.claims[0].missing == 1);
  CHECK(!comparison.holds());
}

TEST_CASE("a difference that the claim explains does not fail") {
  const ClaimFile file = claims_of(
      "  - {name: time, select: {figure: f}, tolerance: 0.01, reason: because, differs: why}\n");
  const Comparison comparison =
      compare(file, {point("f", "1K", "latency_s", 3), point("f", "4K", "latency_s", 4)});
  CHECK(comparison.points[0].verdict == Verdict::differs);
  CHECK(comparison.points[1].verdict == Verdict::passes);
  CHECK(comparison.holds());
  CHECK(comparison_text(file, comparison, 100).find("time: why\n") != std::string::npos);
}

TEST_CASE("a claim may bring its published number, and a tolerance in its unit") {
  const ClaimFile file = claims_of(
      "  - {name: text, select: {figure: h}, published: 6.7, absolute: 0.05, reason: digits}\n");
  ComputedPoint computed{{"h", "all", "all", "ours", "speedup"}, 6.72};
  CHECK(compare(file, {computed}).holds());
  computed.value = 6.76;
  CHECK(!compare(file, {computed}).holds());
}

TEST_CASE("a published 0 is met by 0 alone") {
  const ClaimFile file =
      claims_of("  - {name: none, select: {figure: g}, tolerance: 0.01, reason: because}\n");
  CHECK(compare(file, {point("g", "1K", "share", 0)}).holds());
  const Comparison comparison = compare(file, {point("g", "1K", "share", 1e-9)});
  CHECK(!comparison.holds());
  CHECK(comparison.points[0].deviation() == 1e-9);
}

TEST_CASE("a point belongs to the first claim that selects it") {
  const ClaimFile file = claims_of(
      "  - {name: first, select: {seq_len: 1K, metric: [latency_s]}, tolerance: 0, reason: r}\n"
      "  - {name: second, select: {}, tolerance: 0, reason: r}\n");
  const Comparison comparison =
      compare(file, {point("f", "1K", "latency_s", 2), point("f", "4K", "latency_s", 4),
                     point("g", "1K", "share", 0)});
  CHECK(comparison.points[0].claim == "first");
  CHECK(comparison.points[1].claim == "second");
  CHECK(comparison.claims[1].points == 2);
}

TEST_CASE("the CSV has a row for every point, published or not") {
  const ClaimFile file = claims_of(one_percent);
  const Comparison comparison =
      compare(file, {point("f", "1K", "latency_s", 2.01), point("new", "1K", "energy_pJ", 7)});
  CHECK(comparison_csv(comparison) ==
        "claim,figure,model,seq_len,design,metric,value,published,deviation\r\n"
        "time,f,net,1K,ours,latency_s,2.01,2,0.004999999999999893\r\n"
        ",new,net,1K,ours,energy_pJ,7,,\r\n"
        "time,f,net,4K,ours,latency_s,,4,\r\n");
}

TEST_CASE("the text for a terminal") {
  const ClaimFile file =
      claims_of(one_percent,
                "tables: [{title: Times, select: {figure: f}, rows: model, columns: seq_len}]\n");
  const Comparison comparison =
      compare(file, {point("f", "1K", "latency_s", 2.01), point("f", "4K", "latency_s", 5)});
  CHECK(comparison_text(file, comparison, 80) ==
        "A paper\n\n"
        "claim  points  furthest off  tolerance  result\n"
        "──────────────────────────────────────────────\n"
        "time        2     +25.000 %        1 %  1 fail\n"
        "\nFailing:\n"
        "time: f net 4K ours latency_s: computed 5, published 4, +25.000 %\n"
        "\nTimes (published in brackets where it differs)\n"
        "model        1K     4K\n"
        "──────────────────────\n"
        "net    2.01 (2)  5 (4)\n"
        "\n1 of 1 claims fail.\n");
}

TEST_CASE("mistakes of a claim file") {
  CHECK(claims_error("paper: fusmax\ntitle: t\nsource: s\nclaims: []\n") ==
        "c.yaml:1:8: error: paper: 'fusmax' is not known here\n"
        "  paper: fusmax\n"
        "         ^\n"
        "hint: did you mean 'fusemax'?");
  CHECK(claims_error(head +
                     "claims:\n  - {name: a, select: {figur: f}, tolerance: 1, reason: r}\n") ==
        "c.yaml:5:24: error: unknown key 'figur'\n"
        "    - {name: a, select: {figur: f}, tolerance: 1, reason: r}\n"
        "                         ^\n"
        "hint: did you mean 'figure'?");
  CHECK(claims_error(head + "claims:\n  - {name: a, select: {}, reason: r}\n") ==
        "c.yaml:5:5: error: claim 'a' needs either 'tolerance' or 'absolute'\n"
        "    - {name: a, select: {}, reason: r}\n"
        "      ^\n"
        "hint: tolerance: 0.01 is one percent of the published value");
  CHECK(claims_error(head + "claims: []\ntables: [{title: t, rows: modl, columns: design}]\n") ==
        "c.yaml:5:27: error: 'modl' is no part of a key\n"
        "  tables: [{title: t, rows: modl, columns: design}]\n"
        "                            ^\n"
        "hint: did you mean 'model'?");
  CHECK(claims_error(head + "claims: []\nplots: [{title: t, kind: bars, series: design}]\n") ==
        "c.yaml:5:9: error: 'group' is missing\n"
        "  plots: [{title: t, kind: bars, series: design}]\n"
        "          ^\n"
        "hint: a part of the key: figure, model, seq_len, design or metric");
  CHECK(claims_error(head + "claims: []\nplots: [{title: t, kind: lines, series: model}]\n") ==
        "c.yaml:5:9: error: lines need the metrics 'x' and 'y'\n"
        "  plots: [{title: t, kind: lines, series: model}]\n"
        "          ^");
  CHECK(claims_error(head + "claims: []\npublished: none.csv\n")
            .starts_with("c.yaml:5:12: error: none.csv: "));
}

TEST_CASE("a claim that selects nothing is a mistake, at its place") {
  const ClaimFile file =
      claims_of("  - {name: time, select: {figure: ff}, tolerance: 0.01, reason: because}\n");
  CHECK(error_of([&] { compare(file, {}); }) ==
        "c.yaml:5:5: error: claim 'time' selects no published number\n"
        "    - {name: time, select: {figure: ff}, tolerance: 0.01, reason: because}\n"
        "      ^\n"
        "hint: a point belongs to the first claim that selects it");
  const ClaimFile two = claims_of(
      "  - {name: text, select: {figure: f}, published: 2, tolerance: 0, reason: digits}\n");
  CHECK(error_of([&] {
          compare(two, {point("f", "1K", "latency_s", 2), point("f", "4K", "latency_s", 2)});
        }) ==
        "c.yaml:5:5: error: claim 'text' has one published number and selects 2 points\n"
        "    - {name: text, select: {figure: f}, published: 2, tolerance: 0, reason: digits}\n"
        "      ^");
}

TEST_CASE("mistakes of a table of published numbers") {
  CHECK(error_of([] { read_published("figure,model,design,metric,value\n", "p.csv"); }) ==
        "p.csv:1:1: error: column 'seq_len' is missing\n"
        "  figure,model,design,metric,value\n"
        "  ^\n"
        "hint: a table of published numbers has the columns figure, model, seq_len, design, metric "
        "and value");
  CHECK(error_of([] {
          read_published("figure,model,seq_len,design,metric,value\na,b,c,d,e,1\na,b,c,d,e,2\n",
                         "p.csv");
        }) ==
        "p.csv:3:11: error: this point had the value 1 before\n"
        "  a,b,c,d,e,2\n"
        "            ^");
  CHECK(read_published(table, "p.csv").size() == 3);  // a text is no number
}

Library library() { return {{source_path("workloads/library")}, {source_path("arch/tables")}}; }

const std::string runs_head = "title: A paper\nsource: nowhere\n";

/// Claims of a run file of the sources, at two batches; `rest` follows the entry of the run.
std::string runs_text(const std::string& metrics) {
  return runs_head + "runs:\n  - run: " + source_path("configs/run/quickstart.yaml") +
         "\n    design: simulated\n    like: ours\n"
         "    model: [{name: net, set: {simulation.fidelity: analytic}}]\n"
         "    seq_len: [{name: 1K}, {name: 4K, set: {workload.batch: 2}}]\n    metrics: [" +
         metrics +
         "]\nclaims:\n  - {name: time, select: {figure: f, design: simulated}, tolerance: 9, "
         "reason: r}\n";
}

TEST_CASE("runs give points, which are held against the numbers of another design") {
  ClaimFile file =
      read_claims(parse_yaml(runs_text("{figure: f, metric: latency_s, of: latency_s}, "
                                       "{figure: g, metric: util, of: busy, unit: array}"),
                             "c.yaml"));
  file.published = read_published(table, "p.csv");
  const std::vector<ComputedPoint> points = compute_points(file, library());
  REQUIRE(points.size() == 4);
  CHECK(points[0].key == PointKey{"f", "net", "1K", "simulated", "latency_s"});
  CHECK(points[2].value > 1.5 * points[0].value);  // twice the batch
  CHECK(points[1].value > 0);
  CHECK(points[1].value <= 1);
  const Comparison comparison = compare(file, points);
  CHECK(comparison.claims[0].points == 2);
  CHECK(comparison.points[0].published == 2.0);
  CHECK(comparison.holds());
}

TEST_CASE("mistakes of runs") {
  CHECK(claims_error(runs_head + "claims: []\n")
            .starts_with("c.yaml:1:1: error: the key 'paper' is missing: the paper, or runs\n"));
  CHECK(claims_error(runs_text("{figure: f, metric: m, of: latenc_s}"))
            .find("error: 'latenc_s' is no metric of a report") != std::string::npos);
  CHECK(
      claims_error(runs_text("{figure: f, metric: m, of: busy}"))
          .find("error: 'unit' goes with 'of: busy' and 'of: counter', and only with them: 'm'") !=
      std::string::npos);
  const ClaimFile file =
      read_claims(parse_yaml(runs_text("{figure: f, metric: m, of: busy, unit: arry}"), "c.yaml"));
  CHECK(error_of([&] {
          compute_points(file, library());
        }).find("error: the machine has no unit 'arry'") != std::string::npos);
}

TEST_CASE("a claim that a design is at most another looks at every point, and can fail") {
  const ClaimFile file = claims_of(
      "  - {name: order, select: {design: ours}, at_most: theirs, tolerance: 0, reason: r}\n");
  const auto with = [&](double first, double second) {
    std::vector<ComputedPoint> points = {point("f", "1K", "latency_s", first),
                                         point("f", "4K", "latency_s", second)};
    for (const char* length : {"1K", "4K"}) {
      points.push_back(point("f", length, "latency_s", 3));
      points.back().key.design = "theirs";
    }
    return compare(file, points);
  };
  CHECK(with(3, 2.9).holds());
  CHECK(with(3, 2.9).claims[0].points == 2);
  CHECK(with(3, 2.9).claims[0].worst == 0);
  const Comparison broken = with(3.03, 2.9);
  CHECK(!broken.holds());
  CHECK(
      comparison_text(file, broken, 80)
          .find("\nFailing:\norder: f net 1K ours latency_s: computed 3.03, above 3, +1.000 %\n") !=
      std::string::npos);
  const Comparison alone = compare(file, {point("f", "1K", "latency_s", 1)});
  CHECK(alone.claims[0].missing == 1);
  CHECK(!alone.holds());
}

TEST_CASE("a claim about an order takes no point from claims about published numbers") {
  const ClaimFile file = claims_of(
      "  - {name: order, select: {design: ours}, at_most: ours, tolerance: 0, reason: r}\n" +
      one_percent);
  const Comparison comparison =
      compare(file, {point("f", "1K", "latency_s", 2), point("f", "4K", "latency_s", 4)});
  CHECK(comparison.points[0].claim == "time");
  CHECK(comparison.holds());
  CHECK(error_of([&] {
          compare(claims_of("  - {name: order, select: {figure: z}, at_most: ours, tolerance: 0, "
                            "reason: r}\n"),
                  {});
        }).starts_with("c.yaml:5:5: error: claim 'order' selects no point\n"));
  CHECK(claims_error(head +
                     "claims:\n  - {name: a, select: {}, at_most: b, published: 1, tolerance: 1, "
                     "reason: r}\n")
            .starts_with(
                "c.yaml:5:5: error: claim 'a' has 'at_most' and 'published': one of them\n"));
}

TEST_CASE("runs in worker processes: designs, and points of the paper divided by numbers") {
  const std::string text =
      "include: " + source_path("configs/reproduce/fusemax.yaml") +
      "\nsettings: {lengths: [1024]}\nruns:\n  - run: " +
      source_path("configs/run/architecture_bert_1k.yaml") +
      "\n    design: [{name: corrected}, {name: plain, set: {mapping.accounting: artifact}}]\n"
      "    model: [{name: BERT}]\n"
      "    seq_len: [{name: 1K}, {name: 2K, set: {workload.seq_len: 2048}}]\n"
      "    metrics:\n"
      "      - {figure: f, metric: cycles, of: cycles}\n"
      "      - {figure: f, metric: other, of: counter, unit: artifact_cycles}\n";
  const std::string ratio =
      "      - {figure: f, metric: speedup, of: latency_s,\n"
      "         under: {figure: attn, design: +Architecture, metric: latency_s}}\n";
  const std::string claims = "claims: []\n";
  const auto points_of = [&](const std::string& yaml) {
    return compute_points(read_claims(load_yaml_text(yaml, "c.yaml")), library());
  };
  const std::vector<ComputedPoint> points = points_of(text + claims);
  const std::vector<ComputedPoint> own(points.end() - 8, points.end());
  CHECK(own[4].key == PointKey{"f", "BERT", "1K", "plain", "cycles"});
  CHECK(own[4].value == 64 * 12 * 4 * 4 * 458);
  CHECK(own[1].value == own[4].value);  // the counter of the other accounting
  CHECK(own[0].value > own[1].value);
  CHECK(own[6].value == 4 * own[4].value);
  // 2K is no point of the paper.
  CHECK(error_of([&] {
          points_of(text + ratio + claims);
        }).find("there is no point attn BERT 2K +Architecture latency_s") != std::string::npos);
}

/// Every claim file that comes with sluice and needs no runs, compared. Those with runs are tested
/// by tests/cli/test_command_reproduce.py, on some of their points.
struct Reproduced {
  ClaimFile file;
  Comparison comparison;
};

Reproduced reproduce(const std::filesystem::path& path) {
  Reproduced result;
  result.file = read_claims(load_yaml(path.string()));
  result.comparison = compare(result.file, compute_points(result.file, library()));
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
  CHECK(error_of([&] { compute_points(read_claims(few), library()); })
            .find("error: no agent has a budget of 201 designs or more, which proxy_designs asks "
                  "for") != std::string::npos);
  const std::vector<ComputedPoint> points = compute_points(read_claims(root), library());
  const std::vector<ComputedPoint> again = compute_points(read_claims(root), library());
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
