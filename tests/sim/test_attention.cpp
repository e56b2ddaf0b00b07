// SPDX-License-Identifier: Apache-2.0
// Attention whose scores stay on chip: random machines, forms and tilings run, conserve what the
// layer asks for, and no bound is above what they take.
#include <doctest/doctest.h>

#include <random>

#include "sim/analytic/analytic.hpp"
#include "sim/models/systolic.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

Attention random_attention(std::mt19937_64& random) {
  Attention op;
  op.batch = 1 + random() % 3;
  op.kv_heads = 1 + random() % 2;
  op.query_heads = op.kv_heads * (1 + random() % 3);
  op.head_width = 1 + random() % 24;
  op.query_length = 1 + random() % 40;
  op.context_length = op.query_length + random() % 60;
  op.causal = random() % 2 == 0;
  return op;
}

/// A product, attention, and perhaps another product.
Network random_attention_network(std::mt19937_64& random) {
  const Attention op = random_attention(random);
  Network network;
  network.layers = {{"before", Linear{op.query_length, 8, 8, 1}, {}, {}},
                    {"attention", op, {}, {}}};
  if (random() % 2 == 0) network.layers[1].epilogue.push_back(ElementwiseKind::scale);
  if (random() % 2 == 0) network.layers.push_back({"after", Linear{8, 8, 8, 1}, {}, {}});
  return network;
}

std::optional<Mapping> random_fused_mapping(std::mt19937_64& random, const Network& network,
                                            const Architecture& architecture, AttentionForm form) {
  Mapping mapping;
  for (Task& task : lower(network, architecture, std::vector(network.layers.size(), form))) {
    if (const auto* attention = std::get_if<AttentionTask>(&task.work)) {
      const AttentionTiling tiling{1 + random() % attention->rows, 1 + random() % attention->keys};
      mapping.tasks.push_back({task, tiling});
      continue;
    }
    const auto tiling = tile_for_least_traffic(task, architecture);
    if (const auto* gemm = std::get_if<GemmTiling>(&tiling))
      mapping.tasks.push_back({task, *gemm});
    else
      return std::nullopt;
  }
  if (!verify(mapping, architecture).empty()) return std::nullopt;
  return mapping;
}

void check_laws(const Network& network, const Architecture& architecture, const Mapping& mapping) {
  const SystolicGraph machine = build_systolic(network, architecture, mapping);
  REQUIRE(check(machine.graph).empty());
  const TileMemory memory{architecture.dram, architecture.clock};
  const std::uint64_t cycles = run(machine.graph, memory, {}).cycles;
  TileOptions every_period;
  every_period.fast_forward = false;
  CHECK(run(machine.graph, memory, every_period).cycles == cycles);
  CHECK(analyze(architecture, mapping, machine).cycles <= cycles);
  const auto& task = std::get<AttentionTask>(mapping.tasks[1].task.work);
  const auto actions = count_actions(machine.graph)[1];
  CHECK(actions[std::size_t(SystolicAction::mac)] ==
        2 * task.batch * task.rows * task.keys * task.width);
  if (!std::get<Attention>(network.layers[1].op).causal)
    CHECK(actions[std::size_t(SystolicAction::mac)] == macs(network.layers[1].op));
  if (!machine.has_memory) return;
  const TaskTraffic moved = traffic(mapping.tasks[1], architecture);
  CHECK(actions[std::size_t(SystolicAction::dram_read)] == moved.input_read + moved.weight_read);
  CHECK(actions[std::size_t(SystolicAction::dram_write)] == moved.output_write);
}

TEST_CASE("attention in every form runs on random machines and conserves MACs and bytes") {
  const std::uint64_t seed = 7;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  int ran = 0;
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    const Dram dram = random() % 4 == 0   ? Dram{}
                      : random() % 2 == 0 ? random_ideal_memory(random)
                                          : random_dram(random);
    const Architecture architecture = random_machine(random, dram);
    const Network network = random_attention_network(random);
    for (const AttentionForm form : fused_attention) {
      const auto mapping = random_fused_mapping(random, network, architecture, form);
      if (!mapping) continue;
      CAPTURE(to_text(mapping->tasks[1]));
      check_laws(network, architecture, *mapping);
      ++ran;
    }
  }
  CHECK(ran > 150);
}

}  // namespace
