// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

using Texts = std::vector<std::string>;

TaskMapping mapped(TaskWork work, Tiling tiling) { return {Task{0, "conv1", work}, tiling}; }

/// What is wrong with one task's mapping on a machine of 60, 48 and 320 B.
Texts wrong(const TaskMapping& mapping, const Architecture& on = machine(60, 48, 320)) {
  return verify({{mapping}}, on);
}

VectorTask rows_of(std::uint64_t rows, std::uint64_t columns) {
  VectorTask task;
  task.elements = task.input_elements = rows * columns;
  task.row_elements = columns;
  return task;
}

TEST_CASE("a mapping that just fits is right") {
  CHECK(wrong(mapped(plain_gemm(10, 8, 6), GemmTiling{10, 8, 6, false})) == Texts{});
  CHECK(wrong(mapped(rows_of(2, 30), VectorTiling{60})) == Texts{});
}

TEST_CASE("a tile larger than its scratchpad is wrong") {
  const TaskMapping mapping = mapped(plain_gemm(10, 8, 6), GemmTiling{10, 8, 6, true});
  CHECK(wrong(mapping, machine(59, 48, 320)) ==
        Texts{"task conv1: tiles of input need 60 B; scratchpad in holds 59 B"});
  CHECK(wrong(mapping, machine(60, 47, 320)) ==
        Texts{"task conv1: tiles of weight need 48 B; scratchpad wt holds 47 B"});
  CHECK(wrong(mapping, machine(60, 48, 319)) ==
        Texts{"task conv1: tiles of output need 320 B; scratchpad acc holds 319 B"});
  CHECK(wrong(mapping, machine(120, 96, 640, true)) == Texts{});
  CHECK(wrong(mapping, machine(119, 96, 640, true)) ==
        Texts{"task conv1: tiles of input need 120 B; scratchpad in holds 119 B"});
}

TEST_CASE("tiles that share a scratchpad count together") {
  const TaskMapping mapping = mapped(plain_gemm(10, 8, 6), GemmTiling{10, 8, 6, true});
  CHECK(wrong(mapping, shared_machine(108, 320)) == Texts{});
  CHECK(wrong(mapping, shared_machine(107, 320)) ==
        Texts{"task conv1: tiles of input and weight need 108 B; scratchpad glb holds 107 B"});
}

TEST_CASE("a vector tile larger than its scratchpad is wrong") {
  const TaskMapping mapping = mapped(rows_of(2, 30), VectorTiling{60});
  CHECK(wrong(mapping, machine(59, 48, 320)) ==
        Texts{"task conv1: tiles of input need 60 B; scratchpad in holds 59 B"});
  CHECK(wrong(mapping, machine(60, 48, 59)) ==
        Texts{"task conv1: tiles of output need 60 B; scratchpad acc holds 59 B"});
}

TEST_CASE("a tensor without a scratchpad is wrong") {
  Architecture architecture = machine(60, 48, 320);
  architecture.scratchpads.erase(architecture.scratchpads.begin());
  CHECK(wrong(mapped(plain_gemm(10, 8, 6), GemmTiling{10, 8, 6, true}), architecture) ==
        Texts{"task conv1: tiles of input need 60 B; scratchpad (none) holds 0 B"});
}

TEST_CASE("a tile of zero is wrong") {
  CHECK(wrong(mapped(plain_gemm(10, 8, 6), GemmTiling{0, 8, 6, false})) ==
        Texts{"task conv1: m tile is 0; the extent is 10"});
  CHECK(wrong(mapped(plain_gemm(10, 8, 6), GemmTiling{10, 0, 0, false})) ==
        Texts{"task conv1: n tile is 0; the extent is 8",
              "task conv1: k tile is 0; the extent is 6"});
  CHECK(wrong(mapped(rows_of(2, 30), VectorTiling{0})) ==
        Texts{"task conv1: element tile is 0; the extent is 60"});
}

TEST_CASE("a tile beyond its extent is wrong") {
  CHECK(wrong(mapped(plain_gemm(10, 8, 6), GemmTiling{11, 8, 6, false})) ==
        Texts{"task conv1: m tile 11 exceeds the extent 10"});
  CHECK(wrong(mapped(plain_gemm(10, 8, 6), GemmTiling{10, 9, 7, false})) ==
        Texts{"task conv1: n tile 9 exceeds the extent 8",
              "task conv1: k tile 7 exceeds the extent 6"});
  CHECK(wrong(mapped(rows_of(2, 30), VectorTiling{61})) ==
        Texts{"task conv1: element tile 61 exceeds the extent 60"});
}

TEST_CASE("a batch that is not shared evenly is wrong") {
  GemmTask task = plain_gemm(1, 1, 1, 6);
  task.input_batch = 3;
  task.weight_batch = 2;
  CHECK(wrong(mapped(task, GemmTiling{1, 1, 1, false})) == Texts{});
  task.input_batch = 4;
  task.weight_batch = 5;
  CHECK(wrong(mapped(task, GemmTiling{1, 1, 1, false})) ==
        Texts{"task conv1: input batch 4 does not divide batch 6",
              "task conv1: weight batch 5 does not divide batch 6"});
  task.batch = task.input_batch = task.weight_batch = 0;
  CHECK(wrong(mapped(task, GemmTiling{1, 1, 1, false})) ==
        Texts{"task conv1: batch is 0; it is at least 1",
              "task conv1: input batch is 0; it is at least 1",
              "task conv1: weight batch is 0; it is at least 1"});
}

TEST_CASE("more distinct inputs than a product reads are wrong") {
  GemmTask task = plain_gemm(2, 2, 3);
  CHECK(wrong(mapped(task, GemmTiling{2, 2, 3, false})) == Texts{});
  task.input_elements = 7;
  CHECK(wrong(mapped(task, GemmTiling{2, 2, 3, false})) ==
        Texts{"task conv1: input elements 7 exceed m x k = 6"});
  task.input_elements = 5;
  CHECK(wrong(mapped(task, GemmTiling{2, 2, 3, false})) ==
        Texts{"task conv1: input elements 5 are not m x k = 6, and no window says which"});
}

/// A 3 x 3 convolution with padding 1 of `images` images of 2 channels of 6 x 4 pixels.
GemmTask convolution(std::uint64_t images) {
  GemmTask task = plain_gemm(images * 24, 1, 18);
  task.window = SlidingWindow{images, {6, 6, 3, 1, 1, 1}, {4, 4, 3, 1, 1, 1}};
  task.input_elements = images * 48;
  return task;
}

TEST_CASE("a tile of a convolution is whole images, equal runs of rows, or equal parts of a row") {
  for (const std::uint64_t m : {1, 2, 4, 8, 12, 24})
    CHECK(wrong(mapped(convolution(2), GemmTiling{m, 1, 18, false})) == Texts{});
  // Of 20 pixels 5 rows, of which an image has no whole number: 3.
  CHECK(
      wrong(mapped(convolution(2), GemmTiling{20, 1, 18, false})) ==
      Texts{"task conv1: m tile 20 is neither whole images nor equal runs of rows nor equal parts "
            "of a row; the next smaller that is, is 12"});
  // The last rows of a single image may be fewer.
  CHECK(wrong(mapped(convolution(1), GemmTiling{20, 1, 18, false})) == Texts{});
}

TEST_CASE("a tile of a convolution holds whole channels") {
  CHECK(wrong(mapped(convolution(1), GemmTiling{24, 1, 9, false})) == Texts{});
  CHECK(wrong(mapped(convolution(1), GemmTiling{24, 1, 8, false})) ==
        Texts{"task conv1: taps 9 does not divide k tile 8"});
}

TEST_CASE("a window that does not belong to its product is wrong") {
  GemmTask task = convolution(1);
  task.window->images = 2;
  CHECK(wrong(mapped(task, GemmTiling{24, 1, 18, false})) ==
        Texts{"task conv1: m 24 is not the window's 48 pixels"});
}

TEST_CASE("elements that are not whole rows are wrong") {
  VectorTask task = rows_of(2, 30);
  task.row_elements = 7;
  CHECK(wrong(mapped(task, VectorTiling{60})) ==
        Texts{"task conv1: row 7 does not divide elements 60"});
  task.row_elements = 0;
  task.passes = 0;
  CHECK(wrong(mapped(task, VectorTiling{60})) == Texts{"task conv1: passes is 0; it is at least 1",
                                                       "task conv1: row is 0; it is at least 1"});
}

TEST_CASE("a tiling of the other kind is wrong") {
  CHECK(wrong(mapped(plain_gemm(1, 1, 1), VectorTiling{1})) ==
        Texts{"task conv1: a matrix product has the tiling of a vector task"});
  CHECK(wrong(mapped(rows_of(1, 1), GemmTiling{1, 1, 1, false})) ==
        Texts{"task conv1: a vector task has the tiling of a matrix product"});
}

TEST_CASE("mistakes of all tasks are reported together") {
  Mapping mapping{{mapped(plain_gemm(1, 1, 1), GemmTiling{2, 1, 1, false}),
                   mapped(plain_gemm(1, 1, 1), GemmTiling{1, 1, 1, false}),
                   mapped(plain_gemm(1, 1, 1), GemmTiling{1, 1, 3, false})}};
  mapping.tasks[2].task.name = "fc";
  CHECK(verify(mapping, machine(60, 48, 320)) == Texts{"task conv1: m tile 2 exceeds the extent 1",
                                                       "task fc: k tile 3 exceeds the extent 1"});
}

TEST_CASE("a tiling is one line") {
  CHECK(to_text(mapped(plain_gemm(12544, 64, 147), GemmTiling{784, 64, 147, false})) ==
        "m 784 of 12544, n 64 of 64, k 147 of 147; order n m k; 16 tiles");
  CHECK(to_text(mapped(plain_gemm(10, 8, 6, 3), GemmTiling{10, 4, 6, true})) ==
        "batch 3; m 10 of 10, n 4 of 8, k 6 of 6; order m n k; 6 tiles");
  CHECK(to_text(mapped(plain_gemm(1, 1, 1), GemmTiling{1, 1, 1, false})) ==
        "m 1 of 1, n 1 of 1, k 1 of 1; order n m k; 1 tile");
  VectorTask task = rows_of(8, 1000);
  task.passes = 3;
  CHECK(to_text(mapped(task, VectorTiling{3000})) == "elements 3000 of 8000; 3 tiles");
  CHECK(to_text(mapped(task, VectorTiling{500})) ==
        "8 rows, elements 500 of 1000, 3 passes; 48 tiles");
}

TEST_CASE("a loop nest shows the loops of more than one step") {
  GemmTask task = plain_gemm(10, 8, 6, 3);
  task.epilogue_ops = 2;
  CHECK(loop_nest(mapped(task, GemmTiling{5, 4, 3, false})) ==
        "for b in 0..3\n"
        "  for n in 0..8 step 4\n"
        "    for m in 0..10 step 5\n"
        "      for k in 0..6 step 3\n"
        "        fetch input[b, m, k] and weight[b, k, n] unless they are there\n"
        "        output[b, m, n] += input[b, m, k] * weight[b, k, n]\n"
        "      epilogue of output[b, m, n]: 2 lane cycles an element\n"
        "      write output[b, m, n]\n");
  CHECK(loop_nest(mapped(plain_gemm(10, 8, 6), GemmTiling{5, 8, 6, true})) ==
        "for m in 0..10 step 5\n"
        "  fetch input[m, k] and weight[k, n] unless they are there\n"
        "  output[m, n] += input[m, k] * weight[k, n]\n"
        "  write output[m, n]\n");
}

TEST_CASE("the loop nest of a vector task shows its passes") {
  VectorTask task = rows_of(8, 1000);
  task.passes = 3;
  task.lane_cycles = 9;
  CHECK(loop_nest(mapped(task, VectorTiling{500})) ==
        "for row in 0..8\n"
        "  for pass in 0..3\n"
        "    for e in 0..1000 step 500\n"
        "      fetch input[e]\n"
        "      output[e] = f(input[e]): 9 lane cycles an element\n"
        "      write output[e] in the last pass\n");
  CHECK(loop_nest(mapped(task, VectorTiling{8000})) ==
        "fetch input[e]\n"
        "output[e] = f(input[e]): 9 lane cycles an element\n"
        "write output[e]\n");
}

}  // namespace
}  // namespace sluice
