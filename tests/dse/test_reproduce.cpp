// SPDX-License-Identifier: Apache-2.0
// The harness that holds a paper's figures against ours.
#include <doctest/doctest.h>

#include "tests/dse/claims.hpp"

namespace sluice {
namespace {

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

}  // namespace
}  // namespace sluice
