// SPDX-License-Identifier: Apache-2.0
// Being listed means being tested: what holds for the reports of every accelerator model, over the
// shipped run files; and the model `fusemax_forms` by itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "sim/models/models.hpp"
#include "tests/base/errors.hpp"
#include "tests/sim/machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

YamlNode run_tree(const std::string& name) {
  return load_yaml(source_path("configs/run/" + name + ".yaml"));
}

std::vector<std::string> run_files(const std::string& model) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(source_path("configs/run"))) {
    const YamlNode root = load_yaml(file.path().string());
    const YamlNode* named = root.find("architecture")->find("model");
    if ((named == nullptr ? "systolic" : named->scalar) == model)
      names.push_back(file.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

using Settings = std::vector<std::pair<std::string, std::string>>;

Experiment experiment_of(const std::string& name, const Settings& settings) {
  YamlNode root = run_tree(name);
  for (const auto& [path, value] : settings) set_path(root, path, value);
  return read_experiment(root, library());
}

Report report_of(const std::string& name, const Settings& settings) {
  return std::get<Report>(evaluate(experiment_of(name, settings), library()));
}

std::uint64_t sum(const std::vector<Stall>& stalls) {
  std::uint64_t cycles = 0;
  for (const Stall& stall : stalls) cycles += stall.cycles;
  return cycles;
}

void check_layer(const LayerReport& layer) {
  CAPTURE(layer.name);
  CHECK(layer.busy_cycles + sum(layer.stalls) == layer.cycles);
  CHECK(layer.utilization <= layer.roofline_utilization * (1 + 1e-12));
  CHECK(layer.mapping_efficiency <= 1 + 1e-12);
  CHECK(layer.bottleneck != "");
  double energy = 0;
  for (const EnergyItem& item : layer.energy) energy += item.picojoules;
  CHECK(energy == doctest::Approx(layer.energy_pj).epsilon(1e-9));
}

void check_laws(const Report& report) {
  std::uint64_t cycles = 0, macs = 0, bytes = 0;
  double energy = 0;
  for (const LayerReport& layer : report.layers) {
    check_layer(layer);
    cycles += layer.cycles, macs += layer.macs, bytes += layer.traffic_bytes;
    energy += layer.energy_pj;
  }
  check_layer(report.total);
  CHECK(cycles == report.total.cycles);
  CHECK(macs == report.total.macs);
  CHECK(macs == report.network.macs);
  CHECK(bytes == report.total.traffic_bytes);
  CHECK(energy == doctest::Approx(report.total.energy_pj));
  for (const UnitReport& unit : report.units)
    CHECK(unit.busy_cycles + sum(unit.stalls) + unit.idle_cycles == report.total.cycles);
  for (const MemoryReport& memory : report.memories) {
    CAPTURE(memory.name);
    if (memory.name == "dram") CHECK(memory.bandwidth_utilization <= 1 + 1e-12);
  }
}

std::uint64_t counter(const Report& report, const std::string& name) {
  for (const Counter& counter : report.counters)
    if (counter.name == name) return counter.value;
  FAIL("no counter " << name);
  return 0;
}

const std::vector<std::string> forms = {"architecture_bert_1k", "cascade_bert_1k", "flat_bert_1k",
                                        "unfused_bert_1k"};
const Settings binding = {{"mapping.design", "binding"}};
const Settings artifact = {{"mapping.accounting", "artifact"}};

std::string forms_error(const Settings& settings) {
  return error_of([&] { report_of("architecture_bert_1k", settings); });
}

}  // namespace

TEST_CASE("every model has run files, and the accounts of their reports balance") {
  for (const Descriptor& model : model_descriptors()) {
    CAPTURE(model.name);
    CHECK(!run_files(model.name).empty());
    for (const std::string& file : run_files(model.name)) {
      CAPTURE(file);
      check_laws(report_of(file, {{"simulation.fidelity", "analytic"}}));
    }
  }
}

TEST_CASE("closed forms: the designs of the paper at 1K take the cycles of its artifact") {
  CHECK(run_files("fusemax_forms") == forms);
  // C = 64 * 12 * 4 * 4 tiles; docs/fusemax.md has the expressions.
  const std::uint64_t tiles = 64 * 12 * 4 * 4;
  CHECK(report_of("architecture_bert_1k", artifact).total.cycles == tiles * 458);
  CHECK(report_of("cascade_bert_1k", artifact).total.cycles == tiles * (1024 + 5 + 128 + 16));
  CHECK(report_of("flat_bert_1k", artifact).total.cycles == tiles * 1024);
  CHECK(counter(report_of("architecture_bert_1k", binding), "artifact_cycles") ==
        tiles * (138 + 16));
  // Three epochs more for each of the 768 heads.
  CHECK(counter(report_of("architecture_bert_1k", binding), "corrected_cycles") ==
        (tiles + 768 * 3) * (138 + 16));
  // 0.02182 s, rounded up to a cycle: what is published (results of the artifact, Unfused, BERT,
  // 1K).
  CHECK(report_of("unfused_bert_1k", artifact).total.seconds ==
        doctest::Approx(0.02182).epsilon(1e-3));
}

TEST_CASE("closed forms: both accountings stand beside each other, whichever is asked for") {
  for (const std::string& file : forms)
    for (const char* model : {"bert_base", "xlm"})
      for (const char* length : {"1024", "1048576"})
        for (const char* layers : {"block0.attention", "block0"}) {
          CAPTURE(file);
          Settings settings = {
              {"workload.model", model}, {"workload.seq_len", length}, {"mapping.layers", layers}};
          const Report corrected = report_of(file, settings);
          settings.push_back(artifact.front());
          const Report plain = report_of(file, settings);
          check_laws(corrected);
          check_laws(plain);
          CHECK(corrected.counters == plain.counters);
          CHECK(counter(corrected, "corrected_cycles") == corrected.total.cycles);
          CHECK(counter(corrected, "artifact_cycles") == plain.total.cycles);
          CHECK(static_cast<double>(counter(corrected, "artifact_energy")) ==
                doctest::Approx(plain.total.energy_pj * 1e-6).epsilon(1e-6));
          CHECK(static_cast<double>(counter(corrected, "corrected_energy")) ==
                doctest::Approx(corrected.total.energy_pj * 1e-6).epsilon(1e-6));
        }
}

TEST_CASE("closed forms: a machine without prices gives timing only, and FLAT finds a mapping") {
  YamlNode root = run_tree("flat_bert_1k");
  *root.find("architecture") = load_yaml(source_path("configs/arch/flat_edge.yaml"));
  set_path(root, "mapping.flat", "[]");
  const Report edge = std::get<Report>(evaluate(read_experiment(root, library()), library()));
  check_laws(edge);
  CHECK(edge.total.energy_pj == 0);
  // The 32 lanes are busy 4 * 32 cycles for each of 64 * 12 * 32 * 32 tiles; nothing is faster.
  CHECK(edge.total.cycles >= 4ull * 32 * 64 * 12 * 32 * 32);
  CHECK(edge.layers.front().tiling.ends_with("(best of the forms)"));
}

TEST_CASE("closed forms: what they do not have is a mistake") {
  CHECK(
      forms_error({{"simulation.fidelity", "tile"}}) ==
      "--fidelity: error: fidelity tile: the model fusemax_forms has closed forms, and nothing to "
      "simulate\n"
      "hint: simulation.fidelity: analytic, or architecture.model: spatial, which simulates the "
      "one-pass cascade on FuseMax (configs/run/fusemax_bert_1k.yaml)");
  CHECK(forms_error({{"workload.seq_len", "1000"}}) ==
        "model fusemax_forms: error: layer block0.attention: length 1000 is no multiple of the 256 "
        "columns of the array\n"
        "hint: architecture.model: spatial simulates attention of any shape");
  CHECK(forms_error({{"workload.model", "gpt2"}, {"workload.seq_len", "1024"}}) ==
        "model fusemax_forms: error: layer block0.attention: closed forms have no causal mask\n"
        "hint: architecture.model: spatial simulates attention of any shape");
  CHECK(forms_error({{"mapping.design", "flat"}}) ==
        "model fusemax_forms: error: machine fusemax_forms has an exp of 6 cycles in the vector "
        "array, where this design has one of 1\n"
        "hint: the machines of the paper are in configs/arch/flat_cloud.yaml (unfused, flat, "
        "cascade) and fusemax_forms.yaml (architecture, binding)");
  CHECK(forms_error({{"mapping.design", "flatt"}}).find("did you mean 'flat'?") !=
        std::string::npos);
}

TEST_CASE("closed forms: a buffer that holds no block of queries is infeasible") {
  // 256 * 2 B * (64 + 64 + 2) for a block, 256 * 2 B * 128 for tiles of K and V.
  const auto outcome = evaluate(
      experiment_of("architecture_bert_1k", {{"architecture.global_buffer.capacity", "128 KiB"}}),
      library());
  const auto& answer = std::get<Infeasible>(outcome);
  CHECK(answer.needed == 512 * 130 + 512 * 128);
  CHECK(answer.available == 131072);
  CHECK(answer.what == "layer block0.attention: a block of queries with tiles of K and V");
}
