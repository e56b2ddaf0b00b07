// SPDX-License-Identifier: Apache-2.0
// Configuration files of SCALE-Sim as machines, and what is said of mistakes in them.
#include <doctest/doctest.h>

#include <string>

#include "arch/importers/scalesim_config.hpp"
#include "base/diagnostics.hpp"
#include "base/print.hpp"

namespace sluice {
namespace {

/// A file of the age of v2: what v3 added is not there.
const std::string v2 =
    "[general]\n"
    "run_name = my_run\n"
    "\n"
    "[architecture_presets]\n"
    "ArrayHeight:    32\n"
    "ArrayWidth:     16\n"
    "IfmapSramSzkB:   64\n"
    "FilterSramSzkB:  128\n"
    "OfmapSramSzkB:   256\n"
    "IfmapOffset:    0\n"
    "FilterOffset:   10000000\n"
    "OfmapOffset:    20000000\n"
    "Bandwidth : 10,20\n"
    "Dataflow : os\n"
    "MemoryBanks:   1\n"
    "\n"
    "[run_presets]\n"
    "InterfaceBandwidth: CALC\n";

std::string replaced(std::string text, const std::string& old, const std::string& by) {
  const std::size_t at = text.find(old);
  REQUIRE(at != text.npos);
  return text.replace(at, old.size(), by);
}

std::string message(const std::string& text) {
  try {
    import_scalesim_config(text, "my.cfg");
  } catch (const SpecError& error) {
    return error.what();
  }
  return "no error";
}

/// What is said of `v2` with `old` replaced.
std::string message(const std::string& old, const std::string& by) {
  return message(replaced(v2, old, by));
}

TEST_CASE("the array has SCALE-Sim's timing: folds do not overlap, os results leave at once") {
  const ScalesimConfig config = import_scalesim_config(v2, "runs/my.cfg");
  CHECK(config.run_name == "my_run");
  CHECK(config.bandwidth == ScalesimBandwidth::calc);
  CHECK_FALSE(config.sparsity);
  const Architecture& a = config.architecture;
  CHECK(a.name == "my_run");
  CHECK(a.source == "SCALE-Sim configuration my.cfg; clock assumed; CALC: memory without limits");
  SystolicArray array;
  array.rows = 32;
  array.columns = 16;
  array.dataflow = Dataflow::output_stationary;
  array.drain = Drain::direct;
  CHECK(a.array == array);
  CHECK_FALSE(a.array.overlap_folds);
  CHECK_FALSE(a.prefetch_weights);
  CHECK(a.dram.is_ideal());
  CHECK(a.dram.bandwidth.bytes == 0);
}

TEST_CASE("ws and is load their stationary operand down the columns") {
  const std::pair<const char*, Dataflow> cases[] = {{"ws", Dataflow::weight_stationary},
                                                    {"is", Dataflow::input_stationary}};
  for (const auto& [word, dataflow] : cases) {
    const auto config = import_scalesim_config(
        replaced(v2, "Dataflow : os", std::string("Dataflow : ") + word), "");
    CHECK(config.architecture.array.dataflow == dataflow);
    CHECK(config.architecture.array.stationary_load == StationaryLoad::columns);
    CHECK(config.architecture.array.drain == Drain::columns);
  }
}

TEST_CASE("scratchpads hold as many words as in SCALE-Sim, whatever the format of a word") {
  const ScalesimConfig config = import_scalesim_config(v2, "my.cfg");
  const auto& pads = config.architecture.scratchpads;
  REQUIRE(pads.size() == 3);
  CHECK(pads[0].name == "ifmap");
  CHECK(pads[0].capacity == Bytes{64 * 1024});  // int8
  CHECK(pads[0].holds == std::vector{TensorRole::input});
  CHECK(pads[1].name == "filter");
  CHECK(pads[1].capacity == Bytes{128 * 1024});
  CHECK(pads[1].holds == std::vector{TensorRole::weight});
  CHECK(pads[2].name == "ofmap");
  CHECK(pads[2].capacity == Bytes{4 * 256 * 1024});  // int32
  CHECK(pads[2].holds == std::vector{TensorRole::output});
  CHECK(config.sram_words == std::array<std::uint64_t, 3>{65536, 131072, 262144});
}

TEST_CASE("the machine is written and read back unchanged") {
  const Architecture a = import_scalesim_config(v2, "my.cfg").architecture;
  Diagnostics diagnostics;
  const YamlNode node = parse_yaml(to_text(to_yaml(a, {.omit_defaults = true})), "my.yaml");
  CHECK(read_architecture(node, diagnostics) == a);
  CHECK(diagnostics.empty());
}

TEST_CASE("USER in a file of v2: Bandwidth is that of each port, our memory has the sum") {
  const auto config = import_scalesim_config(replaced(v2, "CALC", "USER"), "my.cfg");
  CHECK(config.bandwidth == ScalesimBandwidth::user);
  CHECK(config.port_words == std::array<std::uint64_t, 3>{10, 10, 10});
  CHECK(config.architecture.dram.bandwidth == Bandwidth{30, Bandwidth::Per::cycle});
  CHECK(config.architecture.source ==
        "SCALE-Sim configuration my.cfg; clock assumed; USER: one memory with the sum of the ports "
        "of ifmap (10), filter (10) and ofmap (10 B/cycle)");
}

const std::string layout =
    "[layout]\n"
    "IfmapCustomLayout: False\nIfmapSRAMBankBandwidth: 16\nIfmapSRAMBankNum: 4\n"
    "IfmapSRAMBankPort: 2\nFilterCustomLayout: False\nFilterSRAMBankBandwidth: 8\n"
    "FilterSRAMBankNum: 1\nFilterSRAMBankPort: 2\n";

TEST_CASE("USER in a file of v3: reads have the rates of [layout]") {
  const auto config = import_scalesim_config(replaced(v2, "CALC", "USER") + layout, "my.cfg");
  CHECK(config.port_words == std::array<std::uint64_t, 3>{16, 8, 10});
  CHECK(config.architecture.dram.bandwidth == Bandwidth{34, Bandwidth::Per::cycle});
}

TEST_CASE("what USER has and we do not is said in the source") {
  const std::string custom = replaced(layout, "CustomLayout: False", "CustomLayout: yes");
  const auto config = import_scalesim_config(
      replaced(v2, "CALC", "USER") + "UseRamulatorTrace: True\n" + custom, "my.cfg");
  CHECK(config.ramulator);
  CHECK(config.architecture.source.ends_with(
      "; without the latencies of Ramulator; without bank conflicts of the layout"));
}

TEST_CASE("sparsity is the topology's business, unless it is row-wise") {
  const std::string on =
      "[sparsity]\nSparsitySupport : TRUE\nSparseRep : csr\n"
      "OptimizedMapping : false\nBlockSize : 8\n"
      "RandomNumberGeneratorSeed : 40\n";
  CHECK(import_scalesim_config(v2 + on, "my.cfg").sparsity);
  CHECK_FALSE(import_scalesim_config(v2 + replaced(on, "TRUE", "false"), "my.cfg").sparsity);
  CHECK(message(v2 + replaced(on, "Mapping : false", "Mapping : true")) ==
        "my.cfg:22:20: error: row-wise sparsity (OptimizedMapping) is not supported\n"
        "  OptimizedMapping : true\n"
        "                     ^\n"
        "hint: layer-wise sparsity is: OptimizedMapping : false");
  // Switched off altogether, it does not matter.
  CHECK(message(v2 + replaced(replaced(on, "TRUE", "false"), "Mapping : false",
                              "Mapping : true")) == "no error");
}

TEST_CASE("keys are read in any case, with either delimiter, among comments") {
  std::string text = replaced(v2, "ArrayHeight:    32", "# rows\n  ; and more\nARRAYHEIGHT=32");
  CHECK(import_scalesim_config(text, "my.cfg") == import_scalesim_config(v2, "my.cfg"));
}

TEST_CASE("an unknown key is answered with the nearest one") {
  CHECK(message("ArrayWidth: ", "ArayWidth: ") ==
        "my.cfg:4:2: error: ArrayWidth is missing in [architecture_presets]\n"
        "  [architecture_presets]\n"
        "   ^\n"
        "my.cfg:6:1: error: SCALE-Sim has no key 'ArayWidth' in [architecture_presets]\n"
        "  ArayWidth:     16\n"
        "  ^\n"
        "hint: did you mean 'ArrayWidth'?");
}

TEST_CASE("section names have a case") {
  CHECK(message("[general]", "[General]") ==
        "my.cfg: error: run_name is missing: there is no section [general]\n"
        "my.cfg:1:2: error: SCALE-Sim has no section 'General'\n"
        "  [General]\n"
        "   ^\n"
        "hint: did you mean 'general'?");
}

TEST_CASE("a dataflow is os, ws or is") {
  CHECK(message("Dataflow : os", "Dataflow : OS") ==
        "my.cfg:14:12: error: Dataflow is 'OS'\n"
        "  Dataflow : OS\n"
        "             ^\n"
        "hint: did you mean 'os'?");
}

TEST_CASE("InterfaceBandwidth is USER or CALC") {
  CHECK(message("CALC", "calc") ==
        "my.cfg:18:21: error: InterfaceBandwidth is 'calc'\n"
        "  InterfaceBandwidth: calc\n"
        "                      ^\n"
        "hint: did you mean 'CALC'?");
}

TEST_CASE("numbers are whole, in range, and have no comment behind them") {
  CHECK(message("64\n", "64.5\n") ==
        "my.cfg:7:18: error: IfmapSramSzkB is '64.5', a whole number is expected\n"
        "  IfmapSramSzkB:   64.5\n"
        "                   ^");
  CHECK(message("ArrayHeight:    32", "ArrayHeight:    0") ==
        "my.cfg:5:17: error: ArrayHeight is 0, at least 1 is required\n"
        "  ArrayHeight:    0\n"
        "                  ^");
  CHECK(message("ArrayHeight:    32", "ArrayHeight:    65536") == "no error");
  CHECK(message("ArrayHeight:    32", "ArrayHeight:    65537") ==
        "my.cfg:5:17: error: ArrayHeight is '65537', at most 65536 is allowed\n"
        "  ArrayHeight:    65537\n"
        "                  ^");
  CHECK(message("ArrayHeight:    32", "ArrayHeight:    32 # rows") ==
        "my.cfg:5:17: error: ArrayHeight is '32 # rows', a whole number is expected\n"
        "  ArrayHeight:    32 # rows\n"
        "                  ^\n"
        "hint: comments stand on lines of their own");
  CHECK(message("ArrayHeight:    32", "ArrayHeight:") ==
        "my.cfg:5:13: error: ArrayHeight is empty, a whole number is expected\n"
        "  ArrayHeight:\n"
        "              ^");
}

TEST_CASE("USER needs a bandwidth, CALC does not") {
  const std::string without = replaced(v2, "Bandwidth : 10,20\n", "");
  CHECK(message(without) == "no error");
  CHECK(message(replaced(without, "CALC", "USER")) ==
        "my.cfg:4:2: error: Bandwidth is missing in [architecture_presets]\n"
        "  [architecture_presets]\n"
        "   ^");
}

TEST_CASE("a bandwidth of [layout] that is wrong is told once") {
  const std::string wrong = replaced(layout, "Bandwidth: 16", "Bandwidth: 0");
  const std::string expected =
      "my.cfg:21:25: error: IfmapSRAMBankBandwidth is 0, at least 1 is required\n"
      "  IfmapSRAMBankBandwidth: 0\n"
      "                          ^";
  CHECK(message(replaced(v2, "CALC", "USER") + wrong) == expected);
  CHECK(message(v2 + wrong) == expected);
}

TEST_CASE("a line that is neither a section nor a key is pointed at") {
  CHECK(message("IfmapOffset:    0", "IfmapOffset") ==
        "my.cfg:10:1: error: 'key = value' is expected, not 'IfmapOffset'\n"
        "  IfmapOffset\n"
        "  ^");
  CHECK(message("run_name = x\n" + v2) ==
        "my.cfg:1:1: error: key 'run_name' stands before the first section\n"
        "  run_name = x\n"
        "  ^\n"
        "hint: put a line such as [general] above it");
}

TEST_CASE("keys and sections that come twice are pointed at") {
  CHECK(message("IfmapOffset: ", "ARRAYheight: ") ==
        "my.cfg:10:1: error: key 'ARRAYheight' is given twice in [architecture_presets]\n"
        "  ARRAYheight:    0\n"
        "  ^");
  CHECK(message(v2 + "[general]\n") ==
        "my.cfg:19:2: error: there are two sections 'general'\n"
        "  [general]\n"
        "   ^");
}

TEST_CASE("an indented line would continue the value before it") {
  CHECK(message("ArrayWidth:     16", "  ArrayWidth:     16") ==
        "my.cfg:4:2: error: ArrayWidth is missing in [architecture_presets]\n"
        "  [architecture_presets]\n"
        "   ^\n"
        "my.cfg:6:3: error: this line is indented, so that it continues the value of "
        "'ArrayHeight'\n"
        "    ArrayWidth:     16\n"
        "    ^\n"
        "hint: let it begin in the column of the keys");
}

TEST_CASE("a percent sign begins a reference unless it is doubled") {
  CHECK(import_scalesim_config(replaced(v2, "my_run", "my%%run"), "my.cfg").run_name == "my%run");
  CHECK(message("my_run", "my%(x)s") ==
        "my.cfg:2:14: error: a '%' begins a reference, which is not supported\n"
        "  run_name = my%(x)s\n"
        "               ^\n"
        "hint: write %% for a percent sign");
}

}  // namespace
}  // namespace sluice
