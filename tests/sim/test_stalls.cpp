// SPDX-License-Identifier: Apache-2.0
// Which cycles belong to which task, and why its main unit did not work in the rest. Every run is
// small enough to be followed by hand; cycles count from 0 at 1 GHz.
//
// The array: 4 x 4 PEs, output stationary, results read in place, folds overlap. A step of 4 x 4 x
// 8 keeps it for 8 cycles, and its result is there 8 + 4 + 4 - 2 = 14 cycles after its beginning.
// One byte an element: an input or weight tile of 32 B, a result of 16 B.
#include <doctest/doctest.h>

#include <map>

#include "sim/graph/graph.hpp"
#include "sim/report/stalls.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

using Causes = std::map<std::string, std::uint64_t>;

Architecture small_machine() {
  SystolicArray array;
  array.rows = array.columns = 4;
  array.dataflow = Dataflow::output_stationary;
  array.drain = Drain::direct;
  array.overlap_folds = true;
  Architecture machine = bare_machine(array);
  machine.vector.lanes = 16;
  machine.vector.latency = 8;
  return machine;
}

Architecture with_memory(double bytes_per_cycle, double latency_cycles) {
  Architecture machine = small_machine();
  machine.dram.bandwidth = {bytes_per_cycle, Bandwidth::Per::cycle};
  machine.dram.latency = {latency_cycles * 1e-9};
  return machine;
}

struct Run {
  std::vector<TaskTiming> tasks;
  std::vector<UnitReport> units;
  std::uint64_t cycles = 0;
};

/// Every product in steps of 4 x 4 x 8.
Run run_steps(const Network& network, const Architecture& machine) {
  Mapping mapping;
  for (const Task& task : lower(network, machine))
    mapping.tasks.push_back({task, GemmTiling{4, 4, 8, false}});
  REQUIRE(verify(mapping, machine).empty());
  const SystolicGraph graph = build_systolic(network, machine, mapping);
  const TileResult result = run(graph.graph, {machine.dram, machine.clock}, {});
  return {attribute_cycles(mapping, graph, result), unit_reports(graph.graph, result),
          result.cycles};
}

Causes causes(const std::vector<Stall>& stalls) {
  Causes map;
  for (const Stall& stall : stalls) map[stall.cause] += stall.cycles;
  return map;
}

std::uint64_t sum(const std::vector<Stall>& stalls) {
  std::uint64_t cycles = 0;
  for (const Stall& stall : stalls) cycles += stall.cycles;
  return cycles;
}

const UnitReport& unit(const Run& run, const std::string& name) {
  for (const UnitReport& report : run.units)
    if (report.name == name) return report;
  REQUIRE_MESSAGE(false, name);
  return run.units.front();
}

Network with_relu(Network network) {
  for (Layer& layer : network.layers) layer.epilogue = {ElementwiseKind::relu};
  return network;
}

}  // namespace

TEST_CASE("a slow memory shows as memory_bandwidth") {
  // 1 B a cycle, no latency; 16 x 4 x 8 is 4 steps, the weights stay. The bus, in the order in
  // which it is asked (input before weights at 0, since units are served in order):
  //   input 0: 0-32, weights: 32-64, input 1: 64-96, result 0: 96-112, input 2: 112-144,
  //   result 1: 144-160, input 3: 160-192, result 2: 192-208, result 3: 208-224.
  // The array: 64-72, 96-104, 144-152, 192-200. It waits 64 + 24 + 40 + 40 = 168.
  const Run run = run_steps(product_network(16, 4, 8), with_memory(1, 0));
  CHECK(run.cycles == 224);
  REQUIRE(run.tasks.size() == 1);
  CHECK(run.tasks[0].unit == "array");
  CHECK(run.tasks[0].cycles == 224);
  CHECK(run.tasks[0].busy == 32);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"memory_bandwidth", 168}, {"drain", 24}});
  // Its own account ends with its last step; the 24 cycles of the last store are idle.
  CHECK(causes(unit(run, "array").stalls) == Causes{{"memory_bandwidth", 168}});
  CHECK(unit(run, "array").idle_cycles == 24);
}

TEST_CASE("a long latency and small tiles show as memory_latency") {
  // 1024 B a cycle, 100 cycles of latency: a tile leaves the bus in the cycle after it is asked
  // for. Four steps along k, each with an input and a weight tile, asked for together; one result.
  //   Tiles 0: 0-1, there at 101. Tiles 1: 1-2, there at 102. The array: 101-109, 109-117.
  //   Tiles 2 have room from 110: there at 211. Tiles 3: 118, there at 219.
  //   The array: 211-219, 219-227. The result is there at 233, stored at 234, done at 334.
  // It waits 101 (100 of latency, 1 of the bus) and 117-211, asked for at 110: 94 of latency.
  const Run run = run_steps(product_network(4, 4, 32), with_memory(1024, 100));
  CHECK(run.cycles == 334);
  CHECK(run.tasks[0].busy == 32);
  CHECK(causes(run.tasks[0].stalls) ==
        Causes{{"memory_latency", 194}, {"memory_bandwidth", 1}, {"drain", 107}});
}

TEST_CASE("a task that reads the result of the one before waits until it is stored") {
  // 32 B a cycle, latency 10. Input 0-1, there at 11; weights 1-2, there at 12; the next weights
  // 2-3, there at 13. Array 12-20, result at 26, stored 26-27, known at 28. The next input 28-29,
  // there at 39. Array 39-47, result at 53, stored at 54, done at 64.
  // First task, 0-20: waits 12, of which latency 10. Second, 20-64: drain 20-28, latency 10 and bus
  // 1 until 39, works until 47, drain until 64.
  Network network = product_network(4, 4, 8);
  network.layers.push_back(network.layers.front());
  network.layers.back().name = "second";
  const Run run = run_steps(network, with_memory(32, 10));
  CHECK(run.cycles == 64);
  REQUIRE(run.tasks.size() == 2);
  CHECK(run.tasks[0].cycles == 20);
  CHECK(run.tasks[0].busy == 8);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"memory_latency", 10}, {"memory_bandwidth", 2}});
  CHECK(run.tasks[1].cycles == 44);
  CHECK(run.tasks[1].busy == 8);
  CHECK(causes(run.tasks[1].stalls) ==
        Causes{{"drain", 8 + 17}, {"memory_latency", 10}, {"memory_bandwidth", 1}});
}

TEST_CASE("the vector unit's wait for the first tile is fill, and the array's end is drain") {
  // No memory. Array 0-8, result at 14. The vector unit: 16 elements on 16 lanes 14-15, out at 23.
  const Run run = run_steps(with_relu(product_network(4, 4, 8)), small_machine());
  CHECK(run.cycles == 23);
  CHECK(run.tasks[0].busy == 8);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"drain", 15}});
  CHECK(unit(run, "vector").busy_cycles == 1);
  CHECK(unit(run, "vector").idle_cycles == 8);
  CHECK(causes(unit(run, "vector").stalls) == Causes{{"fill", 14}});
}

TEST_CASE("without a memory the array drains between two tasks, and that is no work") {
  // First task: array 0-8, result at 14. The second begins then: 14-22, result at 28.
  Network network = product_network(4, 4, 8);
  network.layers.push_back(network.layers.front());
  network.layers.back().name = "second";
  const Run run = run_steps(network, small_machine());
  CHECK(run.cycles == 28);
  for (const TaskTiming& task : run.tasks) {
    CHECK(task.cycles == 14);
    CHECK(task.busy == 8);
    CHECK(causes(task.stalls) == Causes{{"drain", 6}});
  }
  CHECK(unit(run, "array").busy_cycles == 16);
  CHECK(causes(unit(run, "array").stalls) == Causes{{"drain", 6}});
  CHECK(unit(run, "array").idle_cycles == 6);
}

TEST_CASE("without a memory a task waits for the epilogue of the one before") {
  // As in the case of fill: the first result is out at 23, where the second array step begins:
  // 23-31, result at 37, vector unit 37-38, out at 46. The vector unit waits 0-14 and 15-37.
  Network network = with_relu(product_network(4, 4, 8));
  network.layers.push_back(network.layers.front());
  network.layers.back().name = "second";
  const Run run = run_steps(network, small_machine());
  CHECK(run.cycles == 46);
  CHECK(unit(run, "array").busy_cycles == 16);
  CHECK(causes(unit(run, "array").stalls) == Causes{{"drain", 15}});
  CHECK(unit(run, "array").idle_cycles == 15);
  CHECK(unit(run, "vector").busy_cycles == 2);
  CHECK(causes(unit(run, "vector").stalls) == Causes{{"fill", 14 + 22}});
  CHECK(unit(run, "vector").idle_cycles == 8);
  for (const TaskTiming& task : run.tasks) {
    CHECK(task.cycles == 23);
    CHECK(task.busy == 8);
    CHECK(causes(task.stalls) == Causes{{"drain", 15}});
  }
}

TEST_CASE("an array that waits for a slow vector unit is blocked by it") {
  // No memory, 4 products, one lane: a tile keeps the vector unit for 16 cycles; two buffers.
  //   Array: 0-8, 8-16, then a buffer is free one cycle after the vector unit has left it: 31-39,
  //   47-55. Vector unit: results at 14, 22, 45, 61: 14-30, 30-46, 46-62, 62-78, out at 86.
  // Blocked for 16-31 and 39-47.
  Architecture machine = small_machine();
  machine.vector.lanes = 1;
  const Run run = run_steps(with_relu(product_network(4, 4, 8, 4)), machine);
  CHECK(run.cycles == 86);
  CHECK(run.tasks[0].busy == 32);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"output_blocked:vector", 23}, {"drain", 31}});
}

TEST_CASE("a narrow scratchpad shows as port_conflict") {
  // No memory, 1 B a beat: the step's 32 B of input take 32 cycles instead of 8. Result 6 after.
  Architecture machine = small_machine();
  machine.scratchpads[0].width = Bytes{1};
  machine.scratchpads[0].shared_ports = true;
  const Run run = run_steps(product_network(4, 4, 8), machine);
  CHECK(run.cycles == 38);
  CHECK(run.tasks[0].busy == 8);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"port_conflict", 24}, {"drain", 6}});
}

TEST_CASE("two units on one narrow scratchpad wait for each other's beats") {
  // No memory, 2 products, 4 lanes (4 cycles a tile); outputs of 64 B of sums on one port of 4 B
  // for both directions. The array's beats: 16 to write. The vector unit's: 16 to read 64 B of sums
  // and 4 to write 16 B, 20. Array: beats 0-16, so that its 8 cycles end at 16; result 6 after,
  // at 22. Second step asks at 16: beats 16-32, ends at 32, result at 38. The vector unit asks at
  // 22: the port is free at 32: beats 32-52, ends at 52 (10 + 16 of conflict); second tile 52-72
  // (16), out 8 after, at 80.
  Architecture machine = small_machine();
  machine.vector.lanes = 4;
  machine.scratchpads[2].width = Bytes{4};
  machine.scratchpads[2].shared_ports = true;
  const Run run = run_steps(with_relu(product_network(4, 4, 8, 2)), machine);
  CHECK(run.cycles == 80);
  CHECK(run.tasks[0].busy == 16);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"port_conflict", 16}, {"drain", 48}});
  CHECK(unit(run, "vector").busy_cycles == 8);
  CHECK(causes(unit(run, "vector").stalls) == Causes{{"fill", 22}, {"port_conflict", 42}});
}

TEST_CASE("a store that is too slow blocks the array's output") {
  // 1 B a cycle, no latency, one output buffer, two steps. As in the first case: input 0 0-32,
  // weights 32-64, array 64-72, input 1 64-96, result 0 at 78, stored 96-112. Its buffer is free
  // one cycle later: array 113-121, result 1 at 127, stored 127-143.
  Architecture machine = with_memory(1, 0);
  machine.scratchpads[2].double_buffered = false;
  const Run run = run_steps(product_network(8, 4, 8), machine);
  CHECK(run.cycles == 143);
  CHECK(run.tasks[0].busy == 16);
  CHECK(causes(run.tasks[0].stalls) ==
        Causes{{"memory_bandwidth", 64}, {"output_blocked:dma_output", 41}, {"drain", 22}});
}

TEST_CASE("a store's buffer is free when the memory has accepted its data, whatever the latency") {
  // 2 B a cycle, 50 cycles of latency, one output buffer, two steps. Input 0: 0-16, there at 66,
  // weights 16-32, at 82, input 1 32-48, at 98. Array 82-90, result 0 at 96, on the bus 96-104; its
  // buffer is free one cycle later: array 105-113, result 1 at 119, on the bus 119-127, in the
  // memory at 177.
  Architecture machine = with_memory(2, 50);
  machine.scratchpads[2].double_buffered = false;
  const Run run = run_steps(product_network(8, 4, 8), machine);
  CHECK(run.cycles == 177);
  CHECK(run.tasks[0].busy == 16);
  CHECK(causes(run.tasks[0].stalls) == Causes{{"memory_latency", 50},
                                              {"memory_bandwidth", 32},
                                              {"output_blocked:dma_output", 15},
                                              {"drain", 64}});
}

TEST_CASE("the set-up of a load comes before it and shows as dma_setup") {
  // 1 B a cycle, no latency, 500 cycles of set-up before an input tile. Weights: 0-32. Input 0: set
  // up 0-500, moved 500-532; array 532-540, result at 546, stored 546-562. Input 1: set up
  // 532-1032, moved 1032-1064; array 1064-1072, result at 1078, stored 1078-1094. The array waits
  // for the weights 0-32 (bus), for input 0 32-532 (set-up until 500, bus), for input 1 540-1064
  // (set-up until 1032, bus).
  Architecture machine = with_memory(1, 0);
  machine.dma[0].setup_cycles = 500;
  const Run run = run_steps(product_network(8, 4, 8), machine);
  CHECK(run.cycles == 1094);
  CHECK(unit(run, "dma_input").busy_cycles == 2 * (500 + 32));
  CHECK(unit(run, "dma_input").idle_cycles == 30);
  CHECK(causes(unit(run, "array").stalls) ==
        Causes{{"dma_setup", 468 + 492}, {"memory_bandwidth", 32 + 32 + 32}});
  CHECK(causes(run.tasks[0].stalls) ==
        Causes{{"dma_setup", 960}, {"memory_bandwidth", 96}, {"drain", 22}});
}

TEST_CASE("the set-up of a store comes before it and delays the task that reads the result") {
  // The case of the task that reads the result of the one before, with 100 cycles of set-up before
  // a store: result 0 at 26, set up 26-126, stored 126-127, known at 128, 100 later than without;
  // the second result at 153, set up until 253, stored at 254, done at 264.
  Network network = product_network(4, 4, 8);
  network.layers.push_back(network.layers.front());
  network.layers.back().name = "second";
  Architecture machine = with_memory(32, 10);
  machine.dma[2].setup_cycles = 100;
  const Run run = run_steps(network, machine);
  CHECK(run.cycles == 264);
  CHECK(unit(run, "dma_output").busy_cycles == 2 * 101);
  CHECK(causes(run.tasks[1].stalls) ==
        Causes{{"drain", 108 + 117}, {"memory_latency", 10}, {"memory_bandwidth", 1}});
}

TEST_CASE("on random machines every cycle of every task and unit has exactly one account") {
  const std::uint64_t seed = 20241001;
  for (int i = 0; i < 400; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
    const Dram dram = i % 4 == 0   ? random_dram(random)
                      : i % 4 == 1 ? Dram{}
                                   : random_ideal_memory(random);
    const Architecture machine = random_machine(random, dram);
    const Network network = random_network(random);
    const auto mapped = random_mapping(random, network, machine);
    if (!std::holds_alternative<Mapping>(mapped)) continue;
    const Mapping& mapping = std::get<Mapping>(mapped);
    const SystolicGraph graph = build_systolic(network, machine, mapping);
    const TileResult result = run(graph.graph, {machine.dram, machine.clock}, {});
    std::uint64_t cycles = 0;
    for (const TaskTiming& task : attribute_cycles(mapping, graph, result)) {
      CHECK(task.busy + sum(task.stalls) == task.cycles);
      cycles += task.cycles;
    }
    CHECK(cycles == result.cycles);
    for (const UnitReport& report : unit_reports(graph.graph, result))
      CHECK(report.busy_cycles + sum(report.stalls) + report.idle_cycles == result.cycles);
  }
}
