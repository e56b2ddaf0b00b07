// SPDX-License-Identifier: Apache-2.0
// Laws that hold for every shipped network on every shipped machine: being listed means being
// tested. A network that does not fit a machine must say so.
#include <doctest/doctest.h>

#include "sim/writers/writers.hpp"
#include "tests/sim/machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Small parameters, so that the whole product of networks and machines runs in seconds.
std::vector<std::pair<std::string, std::string>> small(const std::string& network) {
  const bool is_cnn = network.find("net") != std::string::npos || network.find("vgg") == 0 ||
                      network.find("vit") == 0;
  if (is_cnn) return {};
  return {{"workload.seq_len", "64"}};
}

std::uint64_t sum_of_stalls(const std::vector<Stall>& stalls) {
  std::uint64_t sum = 0;
  for (const Stall& stall : stalls) sum += stall.cycles;
  return sum;
}

/// Bytes of probabilities of attention that the vector unit writes to the scratchpad of inputs,
/// where no load put them: one for each query and key of a layer whose scores stay on chip.
std::uint64_t made_on_chip(const Experiment& experiment) {
  const auto mapped = map_network(experiment.network, systolic(experiment));
  std::uint64_t elements = 0;
  for (const TaskMapping& task : std::get<Mapping>(mapped).tasks)
    if (const auto* attention = std::get_if<AttentionTask>(&task.task.work))
      elements += attention->batch * attention->rows * attention->keys;
  return elements * width_bits(systolic(experiment).machine.array.input_format) / 8;
}

/// What is loaded from the DRAM, or made on chip, is written to a scratchpad, byte for byte; what
/// is stored was read from one.
void check_levels(const Report& report, std::uint64_t made) {
  for (const char* tensor : {"input", "weight", "output"}) {
    CAPTURE(tensor);
    std::uint64_t loaded = 0, stored = 0, written = 0, read = 0;
    for (const Traffic& t : report.total.traffic) {
      if (t.tensor != tensor) continue;
      (t.memory == "dram" ? loaded : read) += t.read_bytes;
      (t.memory == "dram" ? stored : written) += t.write_bytes;
    }
    if (std::string(tensor) == "output")
      CHECK(stored <= read);
    else
      CHECK(loaded + (std::string(tensor) == "input" ? made : 0) == written);
  }
}

void check_report(const Report& report, std::uint64_t made) {
  const bool loads = report.units.size() > 2;  // DMA units beside the array and the vector unit
  if (loads) check_levels(report, made);
  std::uint64_t cycles = 0, macs = 0, traffic = 0;
  double energy = 0;
  for (const LayerReport& layer : report.layers) {
    CAPTURE(layer.name);
    CHECK(layer.busy_cycles + sum_of_stalls(layer.stalls) == layer.cycles);
    CHECK(layer.utilization <= 1.0);
    CHECK(layer.utilization <= layer.roofline_utilization * (1 + 1e-12));
    CHECK(layer.mapping_efficiency <= 1.0);
    cycles += layer.cycles, macs += layer.macs, traffic += layer.traffic_bytes;
    energy += layer.energy_pj;
  }
  CHECK(cycles == report.total.cycles);
  CHECK(macs == report.total.macs);
  CHECK(macs == report.network.macs);
  CHECK(traffic == report.total.traffic_bytes);
  CHECK(energy == doctest::Approx(report.total.energy_pj));
  for (const MemoryReport& memory : report.memories) {
    CAPTURE(memory.name);
    CHECK(memory.bandwidth_utilization <= 1.0);
  }
  for (const UnitReport& unit : report.units) {
    CAPTURE(unit.name);
    CHECK(unit.busy_cycles + sum_of_stalls(unit.stalls) + unit.idle_cycles == report.total.cycles);
  }
}

/// Runs one pair at both fidelities, with and without fast-forward where that is affordable.
void check_pair(const std::string& network, const std::string& machine, bool without) {
  CAPTURE(network);
  CAPTURE(machine);
  Experiment e = experiment(network, machine, small(network));
  const Outcome outcome = evaluate(e, library());
  if (const auto* infeasible = std::get_if<Infeasible>(&outcome)) {
    CHECK(infeasible->needed > infeasible->available);
    return;
  }
  const Report& tile = std::get<Report>(outcome);
  check_report(tile, made_on_chip(e));
  CHECK((write_json(evaluate(e, library())) == write_json(outcome)));  // byte by byte
  if (without) {
    e.simulation.fast_forward = false;
    CHECK(std::get<Report>(evaluate(e, library())) == tile);
  }
  e.simulation.fidelity = Fidelity::analytic;
  const Report analytic = std::get<Report>(evaluate(e, library()));
  CHECK(analytic.total.cycles <= tile.total.cycles);
  CHECK(analytic.total.macs == tile.total.macs);
  CHECK(analytic.total.traffic_bytes == tile.total.traffic_bytes);
  CHECK(analytic.total.energy_pj == tile.total.energy_pj);
}

}  // namespace

// Attention on every machine is in the slow suite: with sanitizers it takes more than a minute.
TEST_CASE("every machine obeys the laws with small networks") {
  for (const std::string& machine : machines())
    for (const char* network : {"resnet18", "mobilenet_v1"}) check_pair(network, machine, false);
}

TEST_CASE("every network obeys the laws on a small machine") {
  for (const std::string& network : networks())
    if (network.find("gpt3") == std::string::npos && network.find("70b") == std::string::npos)
      check_pair(network, "scalesim_default", true);
}

TEST_SUITE("slow") {
  // The largest language models move 10^9 bursts; on timed memories smaller ones of the same build
  // stand for them.
  TEST_CASE("every network obeys the laws on every machine") {
    for (const std::string& machine : machines())
      for (const std::string& network : networks()) {
        const Experiment e = experiment(network, machine, small(network));
        if (systolic(e).machine.dram.is_ideal() || parameters(e.network) < 500'000'000)
          check_pair(network, machine, false);
      }
  }

  TEST_CASE("networks are the same without fast-forward on every machine") {
    for (const std::string& machine : machines())
      for (const char* network : {"alexnet", "resnet50", "mobilenet_v2", "bert_base"})
        check_pair(network, machine, true);
  }
}
