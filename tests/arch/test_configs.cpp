// SPDX-License-Identifier: Apache-2.0
// The machines in configs/arch and the tables in arch/tables: each loads, and says what its source
// says.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "arch/energy.hpp"
#include "arch/memory_machine.hpp"
#include "arch/spatial_machine.hpp"
#include "base/files.hpp"
#include "tests/arch/machine_text.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

const std::string machines = source_path("configs/arch");
const std::string tables = source_path("arch/tables");

std::vector<std::string> machine_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(machines))
    if (entry.path().extension() == ".yaml" &&
        model_of(load_yaml(entry.path().string())) == "systolic")
      names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

Architecture load(const std::string& name) {
  Diagnostics diagnostics;
  Architecture machine = read_architecture(load_yaml(machines + "/" + name + ".yaml"), diagnostics);
  CHECK(complaints(diagnostics) == "");
  return machine;
}

double peak(const Architecture& machine) {
  return machine.array.rows * machine.array.columns * machine.clock.value;
}

TEST_CASE("every machine is read without a mistake, bears its file's name and has a source") {
  REQUIRE(machine_names().size() >= 9);
  for (const std::string& name : machine_names()) {
    CAPTURE(name);
    const Architecture machine = load(name);
    CHECK(machine.name == name);
    CHECK(machine.source != "");
    CHECK(to_table(machine).starts_with(name));
  }
}

TEST_CASE("every machine that names a table has a price for each of its actions") {
  int priced = 0;
  for (const std::string& name : machine_names()) {
    CAPTURE(name);
    const Architecture machine = load(name);
    if (machine.energy_table.empty()) continue;
    Diagnostics diagnostics;
    const EnergyModel model =
        resolve(load_energy_table(machine.energy_table, {tables}), machine, diagnostics);
    CHECK(complaints(diagnostics) == "");
    CHECK(model.without_area.empty());
    // mac, lane_cycle, reads and writes of every scratchpad and of the DRAM
    CHECK(model.prices.size() == 2 + 2 * machine.scratchpads.size() + 2);
    for (const ComponentPrice& price : model.prices) {
      CAPTURE(price.component);
      CAPTURE(price.action);
      CHECK(price.energy.value > 0);
      CHECK(price.source != "");
    }
    ++priced;
  }
  CHECK(priced >= 6);
}

TEST_CASE("every preset of main memory is used by a machine") {
  std::set<std::string> used;
  for (const auto& entry : std::filesystem::directory_iterator(machines))
    if (const YamlNode root = load_yaml(entry.path().string()); root.find("dram") != nullptr)
      if (const YamlNode* preset = root.find("dram")->find("preset")) used.insert(preset->scalar);
  CHECK(used.contains("ideal"));
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    CHECK(used.contains(std::string(preset.name)));
  }
}

TEST_CASE("TPU v1 has the peak and the balance point of its paper") {
  // Jouppi et al., ISCA 2017: table 2, 92 TOPS = 46 TMAC/s; sec. 2, about 1350 operations a byte.
  const Architecture machine = load("tpu_v1");
  CHECK(peak(machine) == 256.0 * 256 * 700e6);                // 45.9e12
  CHECK(machine.scratchpads[1].capacity.value == 4 * 65536);  // four tiles of weights
  CHECK(machine.scratchpads[2].capacity.value == 4096u * 256 * 4);
  CHECK(to_table(machine).find("ridge point  1349 MAC/B") != std::string::npos);
}

TEST_CASE("four of tpu_v4i make the chip of its paper") {
  // Jouppi et al., ISCA 2021, table 1: 138 TFLOPS = 69 TMAC/s, 128 MiB of CMEM, 614 GB/s.
  const Architecture machine = load("tpu_v4i");
  CHECK(4 * peak(machine) == 4 * 16384.0 * 1.05e9);  // 68.8e12
  CHECK(4 * machine.scratchpads[scratchpad_of(machine, TensorRole::weight)].capacity.value ==
        128u << 20);
  // 8 pseudo-channels x 32 B every 2 clocks of 833 ps = 153.66 GB/s; a clock of 833 ps instead of
  // 833.33 makes that 0.04 % more than 614.4 / 4.
  CHECK(4 * peak_bytes_per_second(machine.dram) == doctest::Approx(614.4e9).epsilon(5e-4));
}

TEST_CASE("the times of tpu_v4i's memory are the preset's nanoseconds, rounded up to clocks") {
  // 2.4 Gb/s instead of 2: 12 clocks last as long as 10 of the preset.
  const Architecture machine = load("tpu_v4i");
  const DramTiming here = timing_of(machine.dram);
  const auto& presets = dram_presets();
  const DramTiming there = std::ranges::find(presets, "HBM2-2000", &DramPreset::name)->timing;
  for (const auto key :
       {&DramTiming::cl, &DramTiming::cwl, &DramTiming::rcd_rd, &DramTiming::rcd_wr,
        &DramTiming::rp, &DramTiming::rp_all, &DramTiming::ras, &DramTiming::rc, &DramTiming::rrd_s,
        &DramTiming::rrd_l, &DramTiming::faw, &DramTiming::rtp, &DramTiming::wr, &DramTiming::wtr_s,
        &DramTiming::wtr_l, &DramTiming::rtw, &DramTiming::refi, &DramTiming::rfc,
        &DramTiming::rfc_pb})
    CHECK(here.*key == (there.*key * 12 + 9) / 10);
  CHECK(here.burst_clocks == there.burst_clocks);
  CHECK(here.ccd_s == there.ccd_s);
  CHECK(here.ccd_l == there.ccd_l);
}

TEST_CASE("the variants of tpu_like differ in name and memory only") {
  const Architecture base = load("tpu_like");
  for (const std::string& name : machine_names()) {
    if (!name.starts_with("tpu_like_") || name == "tpu_like_edge") continue;
    CAPTURE(name);
    Architecture variant = load(name);
    CHECK(variant.dram != base.dram);
    variant.dram = base.dram;
    variant.name = base.name;
    CHECK(variant == base);
  }
}

/// The text between the n-th ```yaml of a page and its end.
std::string example(const std::string& page, int n) {
  std::string text = read_file(source_path("docs/" + page), 1u << 20);
  std::size_t start = 0;
  for (int i = 0; i <= n; ++i) start = text.find("```yaml\n", start) + 8;
  return text.substr(start, text.find("```", start) - start);
}

TEST_CASE("the examples of the documentation are without mistakes") {
  Diagnostics diagnostics;
  const Architecture machine =
      read_architecture(parse_yaml(example("machines.md", 0), "machines.md"), diagnostics);
  resolve(load_energy_table(machine.energy_table, {tables}), machine, diagnostics);
  read_energy_table(parse_yaml(example("energy.md", 0), "energy.md"), diagnostics);
  CHECK(complaints(diagnostics) == "");
}

TEST_CASE("the peaks and ridge points of docs/machines.md are those of the machines") {
  const std::string page = read_file(source_path("docs/machines.md"), 1u << 20);
  for (const std::string name :
       {"tpu_v1", "tpu_v4i", "gemmini_default", "eyeriss_edge", "tpu_like", "tpu_like_edge"}) {
    CAPTURE(name);
    const std::size_t start = page.find("| `" + name + "` |");
    REQUIRE(start != std::string::npos);
    const std::string row = page.substr(start, page.find('\n', start) - start);
    const Architecture machine = load(name);
    const double bytes = machine.dram.is_ideal()
                             ? bytes_per_cycle(machine.dram.bandwidth, machine.clock)
                             : peak_bytes_per_second(machine.dram) / machine.clock.value;
    const double ridge = machine.array.rows * machine.array.columns / bytes;
    CHECK(row.find(fmt::format("| {:.3g} TMAC/s |", peak(machine) / 1e12)) != std::string::npos);
    CHECK(row.find(fmt::format("| {:.4g} MAC/B |", ridge)) != std::string::npos);
  }
}

}  // namespace
}  // namespace sluice
