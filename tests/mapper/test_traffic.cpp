// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

/// Everything a walk over all steps sees.
struct Walk {
  TaskTraffic traffic;
  std::uint64_t macs = 0, steps = 0;
};

using TileName = std::array<std::uint64_t, 3>;

std::uint64_t cut(std::uint64_t start, std::uint64_t tile, std::uint64_t extent) {
  return std::min(tile, extent - start);
}

/// Walks over every step of a tiled product, fetching what is not there already.
class GemmWalk {
 public:
  GemmWalk(const GemmTask& task, const GemmTiling& tiling, const SystolicArray& array)
      : task_(task), tiling_(tiling), array_(array) {}

  Walk run() {
    for (std::uint64_t b = 0; b < task_.batch; ++b) {
      if (tiling_.m_outer) {
        for (std::uint64_t m = 0; m < task_.m; m += tiling_.m_tile)
          for (std::uint64_t n = 0; n < task_.n; n += tiling_.n_tile) output_tile(b, m, n);
      } else {
        for (std::uint64_t n = 0; n < task_.n; n += tiling_.n_tile)
          for (std::uint64_t m = 0; m < task_.m; m += tiling_.m_tile) output_tile(b, m, n);
      }
    }
    return walk_;
  }

 private:
  void output_tile(std::uint64_t b, std::uint64_t m, std::uint64_t n) {
    const std::uint64_t rows = cut(m, tiling_.m_tile, task_.m);
    const std::uint64_t columns = cut(n, tiling_.n_tile, task_.n);
    for (std::uint64_t k = 0; k < task_.k; k += tiling_.k_tile) {
      const std::uint64_t depth = cut(k, tiling_.k_tile, task_.k);
      // Products b and b' share when both lie in the same run of batch / input_batch.
      const TileName input = {b * task_.input_batch / task_.batch, m, k};
      const TileName weight = {b * task_.weight_batch / task_.batch, k, n};
      if (input_ != input)
        walk_.traffic.input_read += storage_bytes(rows * depth, array_.input_format);
      if (weight_ != weight)
        walk_.traffic.weight_read += storage_bytes(depth * columns, array_.weight_format);
      input_ = input;
      weight_ = weight;
      walk_.macs += rows * columns * depth;
      ++walk_.steps;
    }
    walk_.traffic.output_write += storage_bytes(rows * columns, array_.input_format);
  }

  const GemmTask& task_;
  const GemmTiling& tiling_;
  const SystolicArray& array_;
  std::optional<TileName> input_, weight_;
  Walk walk_;
};

SystolicArray random_array(Random& random) {
  constexpr NumberFormat formats[] = {NumberFormat::int2, NumberFormat::int4, NumberFormat::int8,
                                      NumberFormat::bf16, NumberFormat::int20};
  SystolicArray array;
  array.input_format = formats[random() % std::size(formats)];
  array.weight_format = formats[random() % std::size(formats)];
  return array;
}

TEST_CASE("traffic in closed form equals a walk over all steps") {
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const GemmTask task = random_gemm(random, 14);
    const SystolicArray array = random_array(random);
    const GemmTiling tiling{pick(random, 1, task.m), pick(random, 1, task.n),
                            pick(random, 1, task.k), random() % 2 == 0};
    const Walk walk = GemmWalk(task, tiling, array).run();
    REQUIRE(traffic(task, tiling, array) == walk.traffic);
    REQUIRE(gemm_loop(task, tiling).steps() == walk.steps);
    REQUIRE(walk.macs == task.batch * task.m * task.n * task.k);
  }
}

TEST_CASE("the tiles of a split add up to its extent") {
  for (std::uint64_t extent = 1; extent <= 40; ++extent)
    for (std::uint64_t tile = 1; tile <= 45; ++tile) {
      CAPTURE(extent);
      CAPTURE(tile);
      const Split tiles = split(extent, tile);
      std::uint64_t sum = 0;
      for (std::uint64_t i = 0; i < tiles.count; ++i) {
        REQUIRE(tiles.size_of(i) >= 1);
        REQUIRE(tiles.size_of(i) <= tiles.size);
        sum += tiles.size_of(i);
      }
      REQUIRE(sum == extent);
      REQUIRE(tiles.size == std::min(extent, tile));
    }
}

TEST_CASE("the operand of the outer loop is read once, the other once for each outer tile") {
  // 10 x 6 inputs, 6 x 8 weights; tiles of 4 (3 of m), 8 -> 2 of n, k whole; one byte each.
  const GemmTask task = plain_gemm(10, 8, 6);
  const SystolicArray array;
  CHECK(traffic(task, GemmTiling{4, 4, 6, false}, array) == TaskTraffic{2 * 60, 48, 80});
  CHECK(traffic(task, GemmTiling{4, 4, 6, true}, array) == TaskTraffic{60, 3 * 48, 80});
}

TEST_CASE("with k cut both operands are read for each tile of the other") {
  const GemmTask task = plain_gemm(10, 8, 6);
  const SystolicArray array;
  CHECK(traffic(task, GemmTiling{4, 4, 3, false}, array) == TaskTraffic{2 * 60, 3 * 48, 80});
  CHECK(traffic(task, GemmTiling{4, 4, 3, true}, array) == TaskTraffic{2 * 60, 3 * 48, 80});
}

TEST_CASE("weights that consecutive products share are read once if they are one tile") {
  GemmTask task = plain_gemm(10, 8, 6, 4);
  task.weight_batch = 2;
  const SystolicArray array;
  CHECK(traffic(task, GemmTiling{4, 8, 6, false}, array).weight_read == 2 * 48);
  CHECK(traffic(task, GemmTiling{4, 8, 5, false}, array).weight_read == 4 * 3 * 48);
  CHECK(traffic(task, GemmTiling{4, 4, 6, false}, array).weight_read == 4 * 48);
}

TEST_CASE("tiles of narrow numbers take whole bytes") {
  SystolicArray array;
  array.input_format = NumberFormat::int4;
  // 5 elements of 4 bits: one tile 20 bits = 3 B; tiles of 3 and 2: 12 bits = 2 B and 8 bits = 1 B;
  // five tiles of one: 5 B.
  const GemmTask task = plain_gemm(5, 1, 1);
  CHECK(traffic(task, GemmTiling{5, 1, 1, false}, array).input_read == 3);
  CHECK(traffic(task, GemmTiling{3, 1, 1, false}, array).input_read == 3);
  CHECK(traffic(task, GemmTiling{1, 1, 1, false}, array).input_read == 5);
}

/// Walks over every step of a vector task.
Walk walk_vector(const VectorTask& task, std::uint64_t tile, const SystolicArray& array) {
  Walk walk;
  const bool cut_rows = task.passes > 1 && tile % task.row_elements != 0;
  const std::uint64_t block = cut_rows ? task.row_elements : task.elements;
  for (std::uint64_t start = 0; start < task.elements; start += block)
    for (std::uint64_t pass = 0; pass < (cut_rows ? task.passes : 1); ++pass)
      for (std::uint64_t e = 0; e < block; e += tile) {
        const std::uint64_t size = cut(e, tile, block);
        walk.traffic.input_read +=
            storage_bytes(input_tile_elements(task, size), array.input_format);
        if (pass == 0) walk.traffic.output_write += storage_bytes(size, array.input_format);
        ++walk.steps;
      }
  return walk;
}

TEST_CASE("traffic of a vector task equals a walk over all steps") {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    VectorTask task;
    task.row_elements = pick(random, 1, 20);
    task.elements = task.row_elements * pick(random, 1, 10);
    task.input_elements = pick(random, 1, 3 * task.elements);
    task.passes = pick(random, 1, 3);
    const SystolicArray array = random_array(random);
    const std::uint64_t tile = pick(random, 1, task.elements);
    const Walk walk = walk_vector(task, tile, array);
    REQUIRE(traffic(task, VectorTiling{tile}, array) == walk.traffic);
    REQUIRE(vector_loop(task, VectorTiling{tile}).steps() == walk.steps);
  }
}

TEST_CASE("a row that is cut is read once for each pass") {
  VectorTask task;
  task.elements = task.input_elements = 200;
  task.row_elements = 100;
  task.passes = 3;
  const SystolicArray array;
  CHECK(traffic(task, VectorTiling{200}, array) == TaskTraffic{200, 0, 200});
  CHECK(traffic(task, VectorTiling{100}, array) == TaskTraffic{200, 0, 200});
  CHECK(traffic(task, VectorTiling{99}, array) == TaskTraffic{600, 0, 200});
  task.passes = 1;
  CHECK(traffic(task, VectorTiling{99}, array) == TaskTraffic{200, 0, 200});
}

}  // namespace
}  // namespace sluice
