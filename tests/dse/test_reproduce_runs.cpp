// SPDX-License-Identifier: Apache-2.0
// Points of a claim file that come from runs.
#include <doctest/doctest.h>

#include "base/yaml_include.hpp"
#include "tests/dse/claims.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

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
  const std::vector<ComputedPoint> points = compute_points(file, test_library());
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
          compute_points(file, test_library());
        }).find("error: the machine has no unit 'arry'") != std::string::npos);
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
    return compute_points(read_claims(load_yaml_text(yaml, "c.yaml")), test_library());
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

}  // namespace
}  // namespace sluice
