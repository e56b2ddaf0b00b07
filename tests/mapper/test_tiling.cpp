// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "mapper/room.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

Task named(TaskWork work) { return {0, "layer", work}; }

GemmTiling tile_gemm(const GemmTask& task, const Architecture& architecture) {
  const auto tiling = tile_for_least_traffic(named(task), architecture);
  REQUIRE(std::holds_alternative<GemmTiling>(tiling));
  return std::get<GemmTiling>(tiling);
}

VectorTiling tile_vector(const VectorTask& task, const Architecture& architecture) {
  const auto tiling = tile_for_least_traffic(named(task), architecture);
  REQUIRE(std::holds_alternative<VectorTiling>(tiling));
  return std::get<VectorTiling>(tiling);
}

std::uint64_t total(const TaskTraffic& t) { return t.input_read + t.weight_read + t.output_write; }

std::uint64_t steps(const GemmTask& task, const GemmTiling& tiling) {
  return gemm_loop(task, tiling).steps();
}

VectorTask rows_of(std::uint64_t rows, std::uint64_t columns, std::uint64_t passes) {
  VectorTask task;
  task.elements = task.input_elements = rows * columns;
  task.row_elements = columns;
  task.passes = passes;
  return task;
}

TEST_CASE("a product that fits is one tile") {
  // 10 x 6 B of inputs, 6 x 8 B of weights, 10 x 8 sums of 4 B.
  const GemmTask task = plain_gemm(10, 8, 6);
  CHECK(tile_gemm(task, machine(60, 48, 320)) == GemmTiling{10, 8, 6, false});
}

TEST_CASE("one byte too little cuts the product") {
  const GemmTask task = plain_gemm(10, 8, 6);
  CHECK(steps(task, tile_gemm(task, machine(59, 48, 320))) == 2);
  CHECK(steps(task, tile_gemm(task, machine(60, 47, 320))) == 2);
  CHECK(steps(task, tile_gemm(task, machine(60, 48, 319))) == 2);
}

TEST_CASE("a double buffer holds two tiles") {
  const GemmTask task = plain_gemm(10, 8, 6);
  CHECK(steps(task, tile_gemm(task, machine(120, 96, 640, true))) == 1);
  CHECK(steps(task, tile_gemm(task, machine(119, 96, 640, true))) == 2);
}

TEST_CASE("tensors in one scratchpad share it") {
  const GemmTask task = plain_gemm(10, 8, 6);
  CHECK(steps(task, tile_gemm(task, shared_machine(108, 320))) == 1);
  CHECK(steps(task, tile_gemm(task, shared_machine(107, 320))) == 2);
}

TEST_CASE("the operand that is read again is the cheaper one") {
  // 40 x 10 inputs and 10 x 8 weights (400 B and 80 B), and one sum too many for the outputs. With
  // room for half of each, either the inputs are read twice (+400 B) or the weights (+80 B).
  const GemmTask task = plain_gemm(40, 8, 10);
  const GemmTiling tiling = tile_gemm(task, machine(200, 40, 40 * 8 * 4 - 1));
  CHECK(tiling == GemmTiling{20, 4, 10, true});
  CHECK(total(traffic(task, tiling, SystolicArray{})) == 400 + 2 * 80 + 320);
}

TEST_CASE("cutting k moves nothing twice when all sums stay on chip") {
  // The same with room for all sums: one m x n tile, whose parts of k come one after the other.
  const GemmTask task = plain_gemm(40, 8, 10);
  const GemmTiling tiling = tile_gemm(task, machine(200, 40, 40 * 8 * 4));
  CHECK(tiling == GemmTiling{40, 8, 4, false});
  CHECK(total(traffic(task, tiling, SystolicArray{})) == 400 + 80 + 320);
}

TEST_CASE("tiles of equal number are balanced") {
  // 12544 rows of 147 B; 900 rows fit (132300 B): 14 tiles, of 896 rows each.
  GemmTask task = plain_gemm(12544, 64, 147);
  Architecture big = machine(132300, 1 << 20, 1 << 30);
  big.array.rows = big.array.columns = 64;
  CHECK(tile_gemm(task, big) == GemmTiling{896, 64, 147, false});
}

TEST_CASE("the example in docs/mapping.md is what the mapper says") {
  Conv2d conv;
  conv.in_channels = 3;
  conv.in_height = conv.in_width = 224;
  conv.out_channels = 64;
  conv.kernel_height = conv.kernel_width = 7;
  conv.stride_height = conv.stride_width = 2;
  conv.pad_top = conv.pad_bottom = conv.pad_left = conv.pad_right = 3;
  Network network;
  network.layers = {{"conv1", conv, {}, {}}};
  Architecture architecture = shared_machine(192 << 10, 256 << 10, true);
  architecture.array.rows = architecture.array.columns = 128;
  const auto result = map_for_least_traffic(network, architecture);
  REQUIRE(std::holds_alternative<Mapping>(result));
  const TaskMapping& mapping = std::get<Mapping>(result).tasks.at(0);
  // 128 KiB / (64 * 4 B) = 512 rows; 12544 / 512 -> 25 tiles; 12544 / 25 -> 502 rows.
  CHECK(to_text(mapping) == "m 448 of 12544, n 64 of 64, k 147 of 147; order n m k; 28 tiles");
  CHECK(loop_nest(mapping) ==
        "for m in 0..12544 step 448\n"
        "  fetch input[m, k] and weight[k, n] unless they are there\n"
        "  output[m, n] += input[m, k] * weight[k, n]\n"
        "  write output[m, n]\n");
}

TEST_CASE("tiles are whole multiples of the array unless they end the extent") {
  for (const Dataflow dataflow :
       {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      CAPTURE(name_of(dataflow));
      CAPTURE(seed);
      Random random(seed);
      const GemmTask task = random_gemm(random, 40);
      Architecture architecture = machine(pick(random, 64, 400), pick(random, 64, 400), 600);
      architecture.array.rows = 4;
      architecture.array.columns = 8;
      architecture.array.dataflow = dataflow;
      const GemmTiling tiling = tile_gemm(task, architecture);
      const auto whole = [](std::uint64_t tile, std::uint64_t extent, std::uint64_t grain) {
        return tile == extent || tile % grain == 0;
      };
      const bool m_runs_in_time = dataflow == Dataflow::weight_stationary;
      const bool n_runs_in_time = dataflow == Dataflow::input_stationary;
      const bool k_runs_in_time = dataflow == Dataflow::output_stationary;
      if (!m_runs_in_time) REQUIRE(whole(tiling.m_tile, task.m, k_runs_in_time ? 4 : 8));
      if (!n_runs_in_time) REQUIRE(whole(tiling.n_tile, task.n, 8));
      if (!k_runs_in_time) REQUIRE(whole(tiling.k_tile, task.k, 4));
    }
  }
}

/// A machine whose scratchpads hold the smallest tiles, and often not much more.
Architecture random_machine(Random& random) {
  const bool doubled = random() % 2 == 0;
  const auto room = [&] { return pick(random, 128, 900); };
  Architecture result = random() % 2 == 0 ? machine(room(), room(), room(), doubled)
                                          : shared_machine(room(), room(), doubled);
  result.array.rows = 1u << random() % 3;
  result.array.columns = 1u << random() % 3;
  result.array.dataflow = static_cast<Dataflow>(random() % 3);
  return result;
}

/// Bytes moved, then tiles: what the mapper is to make small.
using Cost = std::pair<std::uint64_t, std::uint64_t>;

Cost cost(const GemmTask& task, const GemmTiling& tiling, const SystolicArray& array) {
  return {total(traffic(task, tiling, array)), steps(task, tiling)};
}

/// The least cost of all tilings in grains of one array dimension, each tried.
Cost least_of_all(const GemmTask& task, const Architecture& architecture) {
  const SystolicArray& array = architecture.array;
  const Room room(architecture);
  const std::uint64_t rows = array.rows, columns = array.columns;
  std::uint64_t m_grain = 1, n_grain = columns, k_grain = rows;
  if (array.dataflow == Dataflow::output_stationary) m_grain = rows, k_grain = 1;
  if (array.dataflow == Dataflow::input_stationary) m_grain = columns, n_grain = 1;
  Cost least{~std::uint64_t{0}, 0};
  // A tile beyond the extent stands for the extent.
  for (std::uint64_t m = m_grain; m < task.m + m_grain; m += m_grain)
    for (std::uint64_t n = n_grain; n < task.n + n_grain; n += n_grain)
      for (std::uint64_t k = k_grain; k < task.k + k_grain; k += k_grain)
        for (const bool m_outer : {false, true}) {
          const GemmTiling tiling{std::min(m, task.m), std::min(n, task.n), std::min(k, task.k),
                                  m_outer};
          if (room.fits(tile_bytes(task, tiling.m_tile, tiling.n_tile, tiling.k_tile, array)))
            least = std::min(least, cost(task, tiling, array));
        }
  return least;
}

TEST_CASE("no tiling in whole array dimensions moves fewer bytes, or as few in fewer tiles") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const GemmTask task = random_gemm(random, 24);
    const Architecture architecture = random_machine(random);
    const GemmTiling tiling = tile_gemm(task, architecture);
    REQUIRE(cost(task, tiling, architecture.array) == least_of_all(task, architecture));
  }
}

TEST_CASE("every mapping of the mapper passes its own checks") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const GemmTask task = random_gemm(random, 60);
    Architecture architecture = random_machine(random);
    if (random() % 2 == 0) architecture.array.weight_format = NumberFormat::int4;
    const GemmTiling tiling = tile_gemm(task, architecture);
    const VectorTask rows = rows_of(pick(random, 1, 50), pick(random, 1, 400), pick(random, 1, 3));
    const Mapping mapping{{{named(task), tiling}, {named(rows), tile_vector(rows, architecture)}}};
    REQUIRE(verify(mapping, architecture) == std::vector<std::string>{});
  }
}

TEST_CASE("a larger scratchpad never moves more bytes") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const GemmTask task = random_gemm(random, 40);
    const VectorTask rows = rows_of(pick(random, 1, 20), pick(random, 1, 600), pick(random, 1, 3));
    Architecture architecture = random_machine(random);
    const auto bytes = [&] {
      return total(traffic(task, tile_gemm(task, architecture), architecture.array)) +
             total(traffic(rows, tile_vector(rows, architecture), architecture.array));
    };
    std::uint64_t before = bytes();
    for (int growth = 0; growth < 20; ++growth) {
      architecture.scratchpads[random() % architecture.scratchpads.size()].capacity.value +=
          pick(random, 1, 200);
      const std::uint64_t after = bytes();
      REQUIRE(after <= before);
      before = after;
    }
  }
}

TEST_CASE("with room for everything each byte moves once") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const GemmTask task = random_gemm(random, 40);
    const Architecture architecture = machine(1 << 20, 1 << 20, 1 << 20);
    const TaskTraffic moved = traffic(task, tile_gemm(task, architecture), architecture.array);
    REQUIRE(moved == TaskTraffic{task.input_batch * task.input_elements,
                                 task.weight_batch * task.k * task.n,
                                 task.batch * task.m * task.n});
  }
}

TEST_CASE("names and order of layers change no tiling") {
  Network network;
  network.layers = {{"a", Linear{.rows = 30, .in_features = 40, .out_features = 50}, {}, {}},
                    {"b", Softmax{7, 90}, {}, {}},
                    {"c", MatMul{3, 20, 30, 40}, {}, {}}};
  const Architecture architecture = machine(300, 200, 1000, true);
  const auto forward = map_for_least_traffic(network, architecture);
  std::reverse(network.layers.begin(), network.layers.end());
  for (Layer& layer : network.layers) layer.name += "_renamed";
  const auto backward = map_for_least_traffic(network, architecture);
  REQUIRE(std::holds_alternative<Mapping>(forward));
  REQUIRE(std::holds_alternative<Mapping>(backward));
  const auto& first = std::get<Mapping>(forward).tasks;
  const auto& second = std::get<Mapping>(backward).tasks;
  REQUIRE(first.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(first[i].tiling == second[2 - i].tiling);
  CHECK(map_for_least_traffic(network, architecture) == backward);
}

TEST_CASE("vector tasks keep as many whole rows as fit") {
  // Rows of 100 B, three passes; 250 B hold 2 of 7 rows: 4 tiles, balanced at 2 rows.
  const VectorTask task = rows_of(7, 100, 3);
  CHECK(tile_vector(task, machine(250, 1, 250)).elements_tile == 200);
  // 699 B hold 6 rows: 2 tiles, balanced at 4 and 3 rows.
  CHECK(tile_vector(task, machine(699, 1, 699)).elements_tile == 400);
  CHECK(tile_vector(task, machine(700, 1, 700)).elements_tile == 700);
}

TEST_CASE("a row that does not fit is cut into whole vectors of lanes") {
  // 99 B for rows of 100 B on 4 lanes: 96 elements fit, 2 tiles, balanced at 52 (13 vectors).
  const VectorTask task = rows_of(7, 100, 3);
  const Architecture architecture = machine(99, 1, 1000);
  const VectorTiling tiling = tile_vector(task, architecture);
  CHECK(tiling.elements_tile == 52);
  CHECK(vector_loop(task, tiling) == VectorLoop{7, 3, Split{2, 52, 48}});
  CHECK(traffic(task, tiling, architecture.array) == TaskTraffic{3 * 700, 0, 700});
}

TEST_CASE("a scratchpad of inputs and outputs holds both tiles of a vector task") {
  VectorTask task = rows_of(1, 100, 1);
  task.input_elements = 200;  // two operands
  Architecture architecture = machine(0, 1, 0);
  architecture.scratchpads.resize(2);
  architecture.scratchpads[0].holds = {TensorRole::input, TensorRole::output};
  architecture.scratchpads[0].capacity = {300};
  CHECK(tile_vector(task, architecture).elements_tile == 100);
  architecture.scratchpads[0].capacity = {299};
  CHECK(tile_vector(task, architecture).elements_tile == 52);
}

Infeasible why_not(const Task& task, const Architecture& architecture) {
  const auto result = tile_for_least_traffic(task, architecture);
  REQUIRE(std::holds_alternative<Infeasible>(result));
  return std::get<Infeasible>(result);
}

TEST_CASE("what does not fit is named with what it needs and what there is") {
  // The smallest tiles on a 4 x 4 weight-stationary array: 1 x 4 inputs, 4 x 4 weights, 1 x 4 sums
  // of 4 B.
  const Task task = named(plain_gemm(10, 10, 10));
  CHECK(std::holds_alternative<GemmTiling>(tile_for_least_traffic(task, machine(4, 16, 16))));
  CHECK(why_not(task, machine(3, 16, 16)) ==
        Infeasible{"task layer: the smallest tiles of input do not fit scratchpad in", 4, 3, "B"});
  CHECK(
      why_not(task, machine(4, 15, 16)) ==
      Infeasible{"task layer: the smallest tiles of weight do not fit scratchpad wt", 16, 15, "B"});
  CHECK(why_not(task, machine(4, 16, 31, true)) ==
        Infeasible{"task layer: the smallest tiles of input do not fit scratchpad in", 8, 4, "B"});
  CHECK(why_not(task, machine(8, 32, 31, true)) ==
        Infeasible{"task layer: the smallest tiles of output do not fit scratchpad acc", 32, 31,
                   "B"});
  CHECK(std::holds_alternative<GemmTiling>(tile_for_least_traffic(task, shared_machine(20, 16))));
  CHECK(why_not(task, shared_machine(19, 16)) ==
        Infeasible{"task layer: the smallest tiles of input and weight do not fit scratchpad glb",
                   20, 19, "B"});
}

TEST_CASE("a vector task needs room for one vector of lanes") {
  const Task task = named(rows_of(7, 100, 3));
  CHECK(std::holds_alternative<VectorTiling>(tile_for_least_traffic(task, machine(4, 1, 4))));
  CHECK(why_not(task, machine(3, 1, 4)) ==
        Infeasible{"task layer: the smallest tiles of input do not fit scratchpad in", 4, 3, "B"});
  CHECK(
      why_not(task, machine(4, 1, 3)) ==
      Infeasible{"task layer: the smallest tiles of output do not fit scratchpad acc", 4, 3, "B"});
}

TEST_CASE("a tensor that no scratchpad holds is infeasible") {
  Architecture architecture = machine(100, 100, 100);
  architecture.scratchpads.pop_back();
  CHECK(why_not(named(plain_gemm(1, 1, 1)), architecture) ==
        Infeasible{"task layer: the smallest tiles of output do not fit scratchpad (none)", 4, 0,
                   "B"});
}

TEST_CASE("the first layer that does not fit makes a network infeasible") {
  Network network;
  network.layers = {{"small", Linear{}, {}, {}},
                    {"large", Linear{.rows = 9, .in_features = 9, .out_features = 9}, {}, {}}};
  const auto result = map_for_least_traffic(network, machine(4, 15, 16));
  REQUIRE(std::holds_alternative<Infeasible>(result));
  CHECK(std::get<Infeasible>(result).what ==
        "task large: the smallest tiles of weight do not fit scratchpad wt");
}

TEST_CASE("more work than can be counted is infeasible, not undefined") {
  const Architecture architecture = machine(1 << 20, 1 << 20, 1 << 20);
  const std::uint64_t side = std::uint64_t{1} << 20;
  const std::uint64_t most = std::uint64_t{1} << 58;
  CHECK(why_not(named(plain_gemm(side, side, side)), architecture) ==
        Infeasible{"task layer: more work than can be counted", side * side * side, most, "MACs"});
  CHECK(why_not(named(plain_gemm(side * side, side * side, 1)), architecture).needed ==
        ~std::uint64_t{0});
  CHECK(why_not(named(rows_of(1, std::uint64_t{1} << 57, 3)), architecture).unit == "elements");
}

TEST_CASE("a huge product is mapped without overflow") {
  const std::uint64_t side = std::uint64_t{1} << 19;
  const GemmTask task = plain_gemm(side, side, side);
  const Architecture architecture = machine(1 << 10, 1 << 10, 1 << 10);
  const GemmTiling tiling = tile_gemm(task, architecture);
  CHECK(verify({{{named(task), tiling}}}, architecture).empty());
}

}  // namespace
}  // namespace sluice
