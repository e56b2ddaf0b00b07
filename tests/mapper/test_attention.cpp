// SPDX-License-Identifier: Apache-2.0
// Attention as one task by hand: what the forms cost, what moves, what fits, and the choice.
#include <doctest/doctest.h>

#include "mapper/attention_choice.hpp"
#include "mapper/mappers.hpp"
#include "mapper/room.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

/// 2 sequences of 8 queries in 2 heads that share 16 keys, 4 wide: 16 rows each.
Layer attention_layer() {
  Attention op;
  op.batch = 2;
  op.query_heads = 2;
  op.kv_heads = 1;
  op.head_width = 4;
  op.query_length = 8;
  op.context_length = 16;
  op.causal = false;
  return {"attention", op, {}, {}};
}

AttentionTask task_in(AttentionForm form, const Architecture& machine) {
  Network network;
  network.layers = {attention_layer()};
  const auto tasks = lower(network, machine, std::vector{form});
  REQUIRE(tasks.size() == 1);
  return std::get<AttentionTask>(tasks[0].work);
}

TEST_CASE("the lane cycles of the forms are the operations of their cascades") {
  VectorUnit unit;
  unit.exp_cycles = 5;
  unit.divide_cycles = 7;
  // Scale and mask are 2 cycles of the first traversal, the epilogue 3 of a result.
  const auto cycles = [&](AttentionForm form) { return attention_cycles(form, unit, 2, 3); };
  CHECK(cycles(AttentionForm::three_pass) == AttentionCycles{{3, 7, 1}, 0, 0, 7, 3});
  CHECK(cycles(AttentionForm::three_pass_deferred) == AttentionCycles{{3, 7, 0}, 0, 0, 7, 4});
  CHECK(cycles(AttentionForm::two_pass_local) == AttentionCycles{{10, 2, 0}, 9, 0, 7, 3});
  CHECK(cycles(AttentionForm::two_pass_online) == AttentionCycles{{10, 7, 0}, 10, 0, 7, 3});
  CHECK(cycles(AttentionForm::one_pass) == AttentionCycles{{10, 0, 0}, 10, 2, 7, 4});
  CHECK(traversals(cycles(AttentionForm::three_pass)) == 3);
  CHECK(traversals(cycles(AttentionForm::one_pass)) == 1);
}

TEST_CASE("queries move once, keys and values once or for each block of rows") {
  const Architecture a = machine(4096, 4096, 4096);
  const AttentionTask task = task_in(AttentionForm::one_pass, a);
  CHECK(task.batch == 2);
  CHECK(task.rows == 16);
  CHECK(task.keys == 16);
  // 2 x 16 x 4 B of queries and results; 2 x 2 x 16 x 4 B of keys and values.
  CHECK(traffic(task, AttentionTiling{4, 16}, a.array) == TaskTraffic{128, 256, 128});
  CHECK(traffic(task, AttentionTiling{8, 4}, a.array) == TaskTraffic{128, 2 * 256, 128});
}

TEST_CASE("a block of rows needs room for all its scores, but for 1pass") {
  const Architecture a = machine(4096, 4096, 4096);
  // Queries 8 x 4 and probabilities; keys and values of 4; scores, results and two numbers a row
  // of 4 B each, and the results as they are stored.
  CHECK(tile_bytes(task_in(AttentionForm::three_pass, a), {8, 4}, a.array) ==
        RoleBytes{32 + 8 * 16, 2 * 16, 4 * (8 * 16 + 32 + 16) + 32});
  CHECK(tile_bytes(task_in(AttentionForm::one_pass, a), {8, 4}, a.array) ==
        RoleBytes{32 + 8 * 4, 2 * 16, 4 * (8 * 4 + 32 + 16 + 32) + 32});
}

TEST_CASE("the fastest form is taken, and one that is asked for is") {
  Network network;
  network.layers = {attention_layer()};
  Architecture a = machine(4096, 4096, 4096, true);
  a.dma = default_engines();
  a.dram.bandwidth = {1, Bandwidth::Per::cycle};
  const auto options = attention_options(network.layers[0], a);
  REQUIRE(options.size() == 6);
  CHECK(options.front().form != AttentionForm::unfused);  // scores cross a slow bus four times
  const auto task_of = [&](AttentionForm wish) {
    const auto mapped = map_network("heuristic", network, a, {wish});
    return std::get<Mapping>(mapped).tasks.front().task;
  };
  const Task automatic = task_of(AttentionForm::automatic);
  const auto* chosen = std::get_if<AttentionTask>(&automatic.work);
  REQUIRE(chosen != nullptr);
  CHECK(chosen->form == options.front().form);
  CHECK(task_of(AttentionForm::unfused).name == "attention.qk");
  CHECK(std::get<AttentionTask>(task_of(AttentionForm::three_pass).work).form ==
        AttentionForm::three_pass);
}

TEST_CASE("a form that does not fit says what it lacks") {
  Network network;
  network.layers = {attention_layer()};
  const Architecture a = machine(4096, 4096, 120);
  // One row against 16 keys: 4 x (16 + 4 + 2) + 4 B of the accumulators fit, in 3pass.
  const auto options = attention_options(network.layers[0], a);
  for (const AttentionOption& option : options)
    if (option.form == AttentionForm::three_pass) CHECK(option.obstacle.empty());
  const auto small = attention_options(network.layers[0], machine(4096, 4096, 80));
  for (const AttentionOption& option : small)
    if (option.form == AttentionForm::three_pass)
      CHECK(option.obstacle == "needs 92 B where there are 80 B");
}

}  // namespace
}  // namespace sluice
