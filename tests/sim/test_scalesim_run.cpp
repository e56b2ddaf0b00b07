// SPDX-License-Identifier: Apache-2.0
// Run files made of SCALE-Sim's inputs: they read back as what was imported, and run.
#include <doctest/doctest.h>

#include <string>

#include "base/diagnostics.hpp"
#include "sim/evaluate.hpp"
#include "sim/models/scalesim_run.hpp"
#include "tests/sim/peer_scalesim.hpp"

namespace sluice {
namespace {

using test::peer_file;

std::string run_file(const std::string& config, const std::string& topology, ScalesimRows rows) {
  const std::string config_text = peer_file("configs/" + config);
  const std::string topology_text = peer_file("topologies/" + topology);
  return scalesim_run_file({config_text, config}, {topology_text, topology}, rows);
}

TEST_CASE("a run file of CALC holds the network, the machine and the mapper whole") {
  const std::string text = run_file("alexnet_128_os_CALC.cfg", "alexnet.csv", ScalesimRows::conv);
  const Experiment experiment = read_experiment(parse_yaml(text, "my.yaml"), {});
  const test::PeerRun run = test::import_run("alexnet_128_os_CALC.cfg", "alexnet.csv", "conv");
  CHECK(experiment.name == "alexnet_128_os_CALC");
  CHECK(experiment.network == run.network);
  CHECK(std::get<SystolicSetup>(experiment.setup).machine == run.config.architecture);
  CHECK(std::get<SystolicSetup>(experiment.setup).mapping.mapper == "whole");
}

TEST_CASE("the imported AlexNet runs in the cycles of SCALE-Sim") {
  const std::string text = run_file("alexnet_128_os_CALC.cfg", "alexnet.csv", ScalesimRows::conv);
  const Outcome outcome = evaluate(read_experiment(parse_yaml(text, "my.yaml"), {}), {});
  REQUIRE(std::holds_alternative<Report>(outcome));
  // Its five layers, 14807 + 26539 + 7673 + 11129 + 7419, and one more cycle each: it reports the
  // index of the last.
  std::uint64_t theirs = 0;
  for (const test::PeerRun& run : test::peer_runs())
    if (run.config_file == "alexnet_128_os_CALC.cfg")
      for (const test::PeerRow& row : run.rows) theirs += row.cycles + 1;
  CHECK(std::get<Report>(outcome).total.cycles == theirs);
}

TEST_CASE("a sparse run leaves zero weights out, a dense one does not") {
  const auto layers = [](const char* config) {
    const std::string text = run_file(config, "gemm_sparse.csv", ScalesimRows::gemm);
    return read_experiment(parse_yaml(text, "my.yaml"), {}).network.layers;
  };
  CHECK(std::get<Linear>(layers("sp_layerwise_32x32_ws_CALC.cfg")[1].op).in_features == 128);
  CHECK(std::get<Linear>(layers("g100_37_211_32_ws_CALC.cfg")[1].op).in_features == 256);
}

TEST_CASE("a run file of USER keeps to the buffers and to the sum of the ports") {
  std::string config = peer_file("configs/g100_37_211_32_ws_CALC.cfg");
  config.replace(config.find("CALC\nUse"), 4, "USER");
  const std::string topology = peer_file("topologies/gemm_100x37x211.csv");
  const std::string text =
      scalesim_run_file({config, "my.cfg"}, {topology, "my.csv"}, ScalesimRows::gemm);
  const Experiment experiment = read_experiment(parse_yaml(text, "my.yaml"), {});
  CHECK(std::get<SystolicSetup>(experiment.setup).mapping.mapper == "heuristic");
  CHECK(std::get<SystolicSetup>(experiment.setup).machine.dram.bandwidth ==
        Bandwidth{30, Bandwidth::Per::cycle});
  CHECK(std::holds_alternative<Report>(evaluate(experiment, {})));
}

TEST_CASE("the mistakes of both files are told at once") {
  try {
    scalesim_run_file({"[general]\nrun_name = x\nspeed = 1\n", "my.cfg"},
                      {"Layer,M,N,K,\nG,1,b,3,\n", "my.csv"}, ScalesimRows::gemm);
    FAIL("no error");
  } catch (const SpecError& error) {
    const std::string what = error.what();
    CHECK(what.find("my.cfg:3:1: error: SCALE-Sim has no key 'speed' in [general]") !=
          std::string::npos);
    CHECK(what.find("my.csv:2:5: error: N is 'b', a whole number is expected") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace sluice
