// SPDX-License-Identifier: Apache-2.0
// Any legal loop nest of the systolic machine runs: it moves and computes what it says, `analytic`
// bounds it, and the grid of PEs computes its products in the same number of cycles.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <tuple>

#include "mapper/gemm_walk.hpp"
#include "mapper/mappers.hpp"
#include "mapper/systolic_nest.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/models/systolic.hpp"
#include "sim/pe/gemm.hpp"
#include "tests/mapper/random_gemm_nests.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct Case {
  Network network;
  Mapping mapping;
  Architecture architecture;
};

/// A product or a convolution on a small array, mapped by a nest that was read back from its loops.
Case random_case(std::mt19937_64& random, bool convolution = false) {
  Case result;
  SystolicArray array;
  array.rows = 1 + static_cast<std::uint32_t>(random() % 4);
  array.columns = 1 + static_cast<std::uint32_t>(random() % 4);
  array.dataflow = Dataflow(random() % 3);
  array.overlap_folds = random() % 2 == 0;
  result.architecture = bare_machine(array);
  for (Scratchpad& pad : result.architecture.scratchpads) pad.double_buffered = random() % 2 == 0;
  GemmTask task = random_product(random);
  result.network = product_network(task.m, task.n, task.k, task.batch);
  if (convolution) std::tie(result.network, task) = random_convolution(random, random() % 2 == 0);
  const GemmNest drawn = random_gemm_nest(random, task);
  const auto read =
      mapping_of(nest_of(task, drawn, result.architecture), task, result.architecture);
  REQUIRE(std::holds_alternative<GemmNest>(read));
  result.mapping.tasks.push_back({{0, "product", task}, std::get<GemmNest>(read)});
  REQUIRE(verify(result.mapping, result.architecture) == std::vector<std::string>{});
  return result;
}

/// Runs a case in `tile` with a memory of few bytes a cycle, and checks what it moves and does.
TaskTraffic check_run(Case c, std::mt19937_64& random) {
  c.architecture.dram.bandwidth = {static_cast<double>(1 + random() % 8), Bandwidth::Per::cycle};
  CAPTURE(to_text(c.mapping.tasks[0]));
  const SystolicGraph machine = build_systolic(c.network, c.architecture, c.mapping);
  REQUIRE(check(machine.graph) == std::vector<std::string>{});
  const TileResult result =
      run(machine.graph, TileMemory{c.architecture.dram, c.architecture.clock}, {});
  const TaskTraffic moved = traffic(c.mapping.tasks[0], c.architecture);
  CHECK(result.streams[0].read_bytes == moved.input_read);
  CHECK(result.streams[1].read_bytes == moved.weight_read);
  CHECK(result.streams[2].read_bytes == moved.sums_read);
  CHECK(result.streams[2].write_bytes == moved.output_write + moved.sums_write);
  const GemmTask& task = std::get<GemmTask>(c.mapping.tasks[0].task.work);
  CHECK(count_actions(machine.graph)[0][std::size_t(SystolicAction::mac)] ==
        task.batch * task.m * task.n * task.k);
  CHECK(analyze(c.architecture, c.mapping, machine).cycles <= result.cycles);
  TileOptions slow;
  slow.fast_forward = false;
  CHECK(run(machine.graph, TileMemory{c.architecture.dram, c.architecture.clock}, slow).cycles ==
        result.cycles);
  return moved;
}

TEST_CASE("a legal nest moves in tile what its closed form says, and analytic bounds it") {
  const std::uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int spilling = 0;
  for (int i = 0; i < 400; ++i) {
    CAPTURE(i);
    spilling += check_run(random_case(random), random).sums_write > 0 ? 1 : 0;
  }
  CHECK(spilling > 50);
}

TEST_CASE("so does a convolution's") {
  const std::uint64_t seed = 20261201;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int spilling = 0;
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    spilling += check_run(random_case(random, true), random).sums_write > 0 ? 1 : 0;
  }
  CHECK(spilling > 20);
}

/// GemmWalk's visitor: multiplies step by step on the grid of PEs and adds up. Steps follow each
/// other like the folds of one. Of a convolution, inputs are the windows, a row for each pixel.
class GridWalk {
 public:
  GridWalk(const GemmTask& task, const GemmNest& nest, const SystolicArray& array)
      : task_(task), nest_(nest), array_(array), extents_(extents_of(task)) {
    index_.resize(nest.loops.size());
    const auto matrices = [&](std::uint64_t count, std::uint64_t rows, std::uint64_t columns) {
      std::vector<Eigen::MatrixXd> list;
      for (std::uint64_t i = 0; i < count; ++i)
        list.push_back((4 * Eigen::MatrixXd::Random(eigen(rows), eigen(columns))).array().round());
      return list;
    };
    inputs_ = matrices(task.input_batch, task.m, task.k);
    weights_ = matrices(task.weight_batch, task.k, task.n);
    outputs_.assign(task.batch, Eigen::MatrixXd::Zero(eigen(task.m), eigen(task.n)));
  }

  void fetch(const WalkTile&) {}
  void leave(const WalkTile&) {}
  template <class Body>
  void loop(std::size_t level, std::uint64_t first, std::uint64_t count, Body body) {
    for (std::uint64_t i = 0; i < count; ++i) {
      index_[level] = first + i;
      body();
    }
    index_[level] = 0;
  }
  void step(const WalkStep& step) {
    const std::uint64_t b =
        (origin(GemmRank::group) * extents_[1] + origin(GemmRank::member)) * extents_[2] +
        origin(GemmRank::copy);
    const auto m = places({GemmRank::m, GemmRank::p, GemmRank::q}, *step.extents);
    const auto n = places({GemmRank::n, GemmRank::n, GemmRank::n}, *step.extents);
    const auto k = places({GemmRank::k, GemmRank::r, GemmRank::s}, *step.extents);
    const PeResult result = simulate_gemm_pe(array_, inputs_[input_index(task_, b)](m, k),
                                             weights_[weight_index(task_, b)](k, n));
    outputs_[b](m, n) += result.product;
    before_last_ += interval_;
    interval_ = result.fold_start_cycles.back() - result.fold_start_cycles.front() +
                result.initiation_interval;
    last_ = result.cycles;
  }

  std::uint64_t cycles() const { return before_last_ + last_; }
  bool is_right() const {
    for (std::uint64_t b = 0; b < task_.batch; ++b)
      if (outputs_[b] != inputs_[input_index(task_, b)] * weights_[weight_index(task_, b)])
        return false;
    return true;
  }

 private:
  static Eigen::Index eigen(std::uint64_t x) { return static_cast<Eigen::Index>(x); }
  std::uint64_t origin(GemmRank rank) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < nest_.loops.size(); ++i)
      if (nest_.loops[i].rank == rank) sum += index_[i] * nest_.loops[i].tile;
    return sum;
  }
  /// Rows or columns of a matrix that a box of up to three ranks stands for, the last fastest.
  std::vector<Eigen::Index> places(std::array<GemmRank, 3> ranks, const GemmExtents& box) const {
    const auto of = [](const GemmExtents& extents, GemmRank rank) {
      return extents[static_cast<std::size_t>(rank)];
    };
    std::vector<Eigen::Index> places;
    if (ranks[0] == ranks[1]) {
      for (std::uint64_t i = 0; i < of(box, ranks[0]); ++i)
        places.push_back(eigen(origin(ranks[0]) + i));
      return places;
    }
    for (std::uint64_t x = 0; x < of(box, ranks[0]); ++x)
      for (std::uint64_t y = 0; y < of(box, ranks[1]); ++y)
        for (std::uint64_t z = 0; z < of(box, ranks[2]); ++z)
          places.push_back(
              eigen(((origin(ranks[0]) + x) * of(extents_, ranks[1]) + origin(ranks[1]) + y) *
                        of(extents_, ranks[2]) +
                    origin(ranks[2]) + z));
    return places;
  }

  const GemmTask& task_;
  const GemmNest& nest_;
  const SystolicArray& array_;
  const GemmExtents extents_;
  std::vector<std::uint64_t> index_;  ///< by loop: its iteration
  std::vector<Eigen::MatrixXd> inputs_, weights_, outputs_;
  std::uint64_t before_last_ = 0, interval_ = 0, last_ = 0;
};

TEST_CASE("without limits of memory, tile and the grid of PEs agree on a legal nest") {
  const std::uint64_t seed = 20261130;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 16; ++i) {
    CAPTURE(i);
    const Case c = random_case(random, i % 2 == 1);
    CAPTURE(to_text(c.mapping.tasks[0]));
    const GemmTask& task = std::get<GemmTask>(c.mapping.tasks[0].task.work);
    const GemmNest& nest = std::get<GemmNest>(c.mapping.tasks[0].tiling);
    GridWalk grid(task, nest, c.architecture.array);
    GemmWalk(task, nest, grid).run();
    CHECK(grid.is_right());
    const SystolicGraph machine = build_systolic(c.network, c.architecture, c.mapping);
    CHECK(grid.cycles() ==
          run(machine.graph, TileMemory{c.architecture.dram, c.architecture.clock}, {}).cycles);
  }
}

TEST_CASE("convolutions that the mapper search mapped are right in tile and on the grid of PEs") {
  const std::uint64_t seed = 20261212;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int nests = 0;
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    Case c = random_case(random, true);
    const Architecture free = c.architecture;
    for (Scratchpad& pad : c.architecture.scratchpads) pad.capacity = {32 + random() % 256};
    c.architecture.dram.bandwidth = {1, Bandwidth::Per::cycle};
    const auto mapped = map_network("search", c.network, c.architecture);
    if (std::holds_alternative<Infeasible>(mapped)) continue;
    c.mapping = std::get<Mapping>(mapped);
    const auto* nest = std::get_if<GemmNest>(&c.mapping.tasks[0].tiling);
    if (nest == nullptr) continue;
    ++nests;
    check_run(c, random);
    const GemmTask& task = std::get<GemmTask>(c.mapping.tasks[0].task.work);
    GridWalk grid(task, *nest, free.array);
    GemmWalk(task, *nest, grid).run();
    CHECK(grid.is_right());
    const SystolicGraph machine = build_systolic(c.network, free, c.mapping);
    CHECK(grid.cycles() == run(machine.graph, TileMemory{free.dram, free.clock}, {}).cycles);
  }
  CHECK(nests > 5);
}

/// Cycles in `tile` with each mapper; the search's mapping is legal, and `analytic` bounds it.
struct Compared {
  std::uint64_t heuristic = 0, search = 0;
};
Compared compare(const std::string& network, const std::string& name) {
  Compared cycles;
  for (const char* mapper : {"heuristic", "search"}) {
    Experiment e = experiment(network, name, {{"mapping.mapper", mapper}});
    const auto mapped = map_network(e.network, systolic(e));
    CHECK(verify(std::get<Mapping>(mapped), systolic(e).machine) == std::vector<std::string>{});
    const Report tile = std::get<Report>(evaluate(e, library()));
    e.simulation.fidelity = Fidelity::analytic;
    CHECK(std::get<Report>(evaluate(e, library())).total.cycles <= tile.total.cycles);
    (mapper == std::string("search") ? cycles.search : cycles.heuristic) = tile.total.cycles;
  }
  return cycles;
}

TEST_CASE("a network of convolutions is searched and ends sooner") {
  const Compared cycles = compare("resnet18", "tpu_like_edge");
  CHECK(cycles.search < 0.99 * static_cast<double>(cycles.heuristic));
}

TEST_SUITE("slow") {
  TEST_CASE("no network of convolutions ends later with search than with heuristic") {
    for (const char* machine :
         {"eyeriss_edge", "gemmini_default", "tpu_like_edge", "tpu_like_hbm3"})
      for (const std::string& network : networks()) {
        if (network.find("net") == std::string::npos && network.find("vgg") != 0) continue;
        CAPTURE(machine);
        CAPTURE(network);
        const Compared cycles = compare(network, machine);
        CHECK(cycles.search <= cycles.heuristic);
      }
  }
}

}  // namespace
