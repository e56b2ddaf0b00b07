// SPDX-License-Identifier: Apache-2.0
// The systolic machine in its three fidelities: they agree where they must, and nothing is lost.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <random>

#include "arch/systolic_timing.hpp"
#include "mapper/mappers.hpp"
#include "sim/models/systolic.hpp"
#include "sim/pe/gemm.hpp"
#include "tests/mapper/convolutions.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

std::uint64_t tile_cycles(const Network& network, const Architecture& architecture,
                          const char* mapper = "whole") {
  auto mapped = map_network(mapper, network, architecture);
  REQUIRE(std::holds_alternative<Mapping>(mapped));
  const SystolicGraph machine = build_systolic(network, architecture, std::get<Mapping>(mapped));
  REQUIRE(check(machine.graph).empty());
  return run(machine.graph, TileMemory{architecture.dram, architecture.clock}, {}).cycles;
}

/// tile = pe for one product on one array.
void check_against_pe(const SystolicArray& array, std::uint64_t m, std::uint64_t n,
                      std::uint64_t k) {
  CAPTURE(array.rows);
  CAPTURE(array.columns);
  CAPTURE(name_of(array.dataflow));
  CAPTURE(m);
  CAPTURE(n);
  CAPTURE(k);
  const auto at = [](std::uint64_t x) { return static_cast<Eigen::Index>(x); };
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::Ones(at(m), at(k));
  const Eigen::MatrixXd weights = Eigen::MatrixXd::Ones(at(k), at(n));
  const PeResult pe = simulate_gemm_pe(array, inputs, weights);
  CHECK(tile_cycles(product_network(m, n, k), bare_machine(array)) == pe.cycles);
}

}  // namespace

TEST_CASE("tile equals pe to the cycle on random arrays and products") {
  const std::uint64_t seed = 42;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    check_against_pe(random_array(random, 6), 1 + random() % 14, 1 + random() % 14,
                     1 + random() % 14);
  }
}

TEST_CASE("tile equals pe on the smallest product and on arrays larger than the problem") {
  std::mt19937_64 random(43);
  for (int i = 0; i < 12; ++i) {
    check_against_pe(random_array(random, 1), 1, 1, 1);
    check_against_pe(random_array(random, 8), 1, 1, 1);
    check_against_pe(random_array(random, 8), 2, 1, 3);
  }
}

TEST_CASE("consecutive products are separated by the tail of the one before") {
  // 4 x 4 os array, direct drain, folds overlap: T = 8, latency 8 + 4 + 4 - 2 = 14 each, in a row.
  SystolicArray array;
  array.rows = array.columns = 4;
  array.dataflow = Dataflow::output_stationary;
  array.drain = Drain::direct;
  array.overlap_folds = true;
  Network network = product_network(4, 4, 8);
  network.layers.push_back(network.layers.front());
  network.layers.back().name = "second";
  CHECK(tile_cycles(network, bare_machine(array)) == 28);
}

TEST_CASE("the bytes that the graph's transfers move are those of the mapping, tile by tile") {
  const std::uint64_t seed = 44;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    SystolicArray array = random_array(random, 16);
    array.double_buffered_stationary = false;
    Architecture architecture = bare_machine(array);
    architecture.dram.bandwidth = {16, Bandwidth::Per::cycle};
    for (Scratchpad& pad : architecture.scratchpads) pad.capacity = Bytes{2048 + random() % 20000};
    const Network network = product_network(1 + random() % 200, 1 + random() % 200,
                                            1 + random() % 200, 1 + random() % 3);
    auto mapped = map_for_least_traffic(network, architecture);
    if (std::holds_alternative<Infeasible>(mapped)) continue;
    const Mapping& mapping = std::get<Mapping>(mapped);
    CAPTURE(to_text(mapping.tasks[0]));
    const SystolicGraph machine = build_systolic(network, architecture, mapping);
    const TileResult result = run(machine.graph, {architecture.dram, architecture.clock}, {});
    const TaskTraffic moved = traffic(mapping.tasks[0], architecture);
    CHECK(result.streams[0].read_bytes == moved.input_read);
    CHECK(result.streams[1].read_bytes == moved.weight_read);
    CHECK(result.streams[2].write_bytes == moved.output_write);
    const auto actions = count_actions(machine.graph)[0];
    CHECK(actions[std::size_t(SystolicAction::mac)] == macs(network));
    CHECK(actions[std::size_t(SystolicAction::dram_read)] == moved.input_read + moved.weight_read);
  }
}

TEST_CASE("the input that a convolution's transfers move is that of the mapping, halos included") {
  const std::uint64_t seed = 45;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int cut = 0;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    const SystolicArray array = random_array(random, 8);
    Architecture architecture = bare_machine(array);
    architecture.dram.bandwidth = {16, Bandwidth::Per::cycle};
    for (Scratchpad& pad : architecture.scratchpads) pad.capacity = Bytes{256 + random() % 4000};
    Network network;
    network.layers = {{"conv", random_conv(random), {}, {}}};
    auto mapped = random() % 2 == 0 ? map_for_least_traffic(network, architecture)
                                    : map_network("heuristic", network, architecture);
    if (std::holds_alternative<Infeasible>(mapped)) continue;
    const Mapping& mapping = std::get<Mapping>(mapped);
    CAPTURE(to_text(mapping.tasks[0]));
    REQUIRE(verify(mapping, architecture).empty());
    const SystolicGraph machine = build_systolic(network, architecture, mapping);
    REQUIRE(check(machine.graph).empty());
    const TileResult result = run(machine.graph, {architecture.dram, architecture.clock}, {});
    const TaskTraffic moved = traffic(mapping.tasks[0], architecture);
    CHECK(result.streams[0].read_bytes == moved.input_read);
    CHECK(result.streams[1].read_bytes == moved.weight_read);
    CHECK(result.streams[2].write_bytes == moved.output_write);
    const auto actions = count_actions(machine.graph)[0];
    CHECK(actions[std::size_t(SystolicAction::mac)] == macs(network));
    CHECK(actions[std::size_t(SystolicAction::input_write)] == moved.input_read);
    cut += moved.input_read > std::get<GemmTask>(mapping.tasks[0].task.work).input_elements;
  }
  CHECK(cut > 50);
}

TEST_CASE("loads, computation and stores overlap in a double-buffered machine") {
  // 16 x 16 ws, weights double buffered, folds overlapped: m = 1024 in tiles, one column of folds.
  SystolicArray array;
  array.rows = array.columns = 16;
  array.overlap_folds = array.double_buffered_stationary = true;
  Architecture architecture = bare_machine(array);
  architecture.dram.bandwidth = {64, Bandwidth::Per::cycle};
  for (Scratchpad& pad : architecture.scratchpads) pad.capacity = Bytes{16384};
  const Network network = product_network(1024, 16, 16);
  const std::uint64_t compute = 1024;  // rows streamed, one a cycle
  const std::uint64_t cycles = tile_cycles(network, architecture, "heuristic");
  CHECK(cycles > compute);
  CHECK(cycles < compute + compute / 2);
  for (Scratchpad& pad : architecture.scratchpads) pad.double_buffered = false;
  CHECK(tile_cycles(network, architecture, "heuristic") > cycles);
}
