// SPDX-License-Identifier: Apache-2.0
// Modulo schedules: what FuseMax publishes is found, what is wrong is told.
#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "base/yaml.hpp"
#include "mapper/schedule/schedule.hpp"
#include "mapper/schedule/tiles.hpp"
#include "tests/source_path.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

Cascade attention(const std::string& width, const std::string& keys = "1024",
                  const std::vector<CascadeSetting>& more = {}) {
  std::vector<CascadeSetting> settings = {
      {"head_dim", width}, {"keys", keys}, {"tile", "256"}, {"batch", "64"}, {"kv_heads", "12"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return load_cascade(source_path("configs/cascades/attention_1pass.yaml"), settings);
}

SpatialMachine fusemax() {
  Diagnostics diagnostics;
  SpatialMachine machine =
      read_spatial_machine(load_yaml(source_path("configs/arch/fusemax.yaml")), diagnostics);
  diagnostics.throw_if_any();
  return machine;
}

SpatialMachine with_ports(std::uint32_t read, std::uint32_t write) {
  SpatialMachine machine = fusemax();
  machine.global_buffer.read_ports = read;
  machine.global_buffer.write_ports = write;
  machine.global_buffer.shared_ports = false;
  return machine;
}

PlacedSchedule placed(const Cascade& cascade, const SpatialMachine& machine, bool free,
                      std::uint64_t distance = 4) {
  auto found = place_and_schedule(tile_work(cascade), machine, {.distance = distance}, free);
  REQUIRE(found);
  CHECK(verify(found->pipeline, found->found.schedule).empty());
  return std::move(*found);
}

std::uint64_t interval(const PlacedSchedule& p) { return p.found.schedule.interval; }

}  // namespace

// Nayak et al., MICRO 2024, and its artifact: E + F + 9 cycles of the grid and 2 F + 10 of the
// vector array a tile.
TEST_CASE(
    "the published schedule is found: 137 of 138 cycles at 64 wide heads, 265 of 266 at 128") {
  for (const auto& [width, grid, line] :
       {std::tuple{"64", 137u, 138u}, std::tuple{"128", 265u, 266u}}) {
    CAPTURE(width);
    const PlacedSchedule p = placed(attention(width), with_ports(0, 0), false);
    const ScheduleUse use = use_of(p.pipeline, p.found.schedule);
    CHECK(use.busy[0] == grid);
    CHECK(use.busy[1] == line);
    CHECK(interval(p) == line);
    CHECK(p.found.bound == line);
    CHECK(use.spatial_registers <= 16);
    CHECK(use.vector_registers <= 32);
  }
}

TEST_CASE("four ports that read or write, as the artifact has them, do not slow it down") {
  CHECK(interval(placed(attention("64"), fusemax(), false)) == 138);
  CHECK(interval(placed(attention("128"), fusemax(), false)) == 266);
}

// 4 E reads for Q, K, V and RNV, and those of RM and RD: 260 rows a tile. With one port that many
// cycles are the least; what else wants the same cycles adds a few.
TEST_CASE("with one port to read the interval is almost twice as long") {
  const PlacedSchedule p = placed(attention("64"), with_ports(1, 3), false);
  CHECK(p.found.bound == 260);
  CHECK(interval(p) >= 260);
  CHECK(interval(p) <= 270);
  CHECK(interval(placed(attention("64"), with_ports(2, 3), false)) <= 142);
}

// Fewer lanes than columns: as many passes; their elements are spread over the interval. Bursts of
// four rows, for all of 1024 lanes, would each take the four ports of a cycle: 768 are used.
TEST_CASE("every number of lanes reaches its bound, and more are not slower") {
  std::uint64_t before = ~std::uint64_t{0};
  for (const auto& [lanes, cycles] :
       {std::pair{64u, 552u}, std::pair{128u, 276u}, std::pair{256u, 138u}, std::pair{512u, 137u},
        std::pair{1024u, 137u}}) {
    CAPTURE(lanes);
    SpatialMachine machine = fusemax();
    machine.vector_array.lanes = lanes;
    const PlacedSchedule p = placed(attention("64"), machine, false);
    CHECK(interval(p) == cycles);
    CHECK(p.found.bound == cycles);
    CHECK(interval(p) <= before);
    if (lanes == 1024)
      CHECK(std::ranges::all_of(p.pipeline.ops, [](const PipelineOp& o) { return o.group <= 3; }));
    before = interval(p);
  }
}

TEST_CASE("left free, the maximum is found by the column itself, and the grid is the limit") {
  const PlacedSchedule p = placed(attention("64"), fusemax(), true);
  CHECK(interval(p) == 137);
  CHECK(interval(placed(attention("128"), fusemax(), true)) == 265);
}

// What a column begins with has been through the grid one tile before: rows + the buffer's latency
// + 1 = 258 cycles for one tile along the loop, which two column tiles in turn share.
TEST_CASE("a recurrence through the columns needs column tiles that take turns") {
  const TileWork work = tile_work(attention("64"));
  Placement placement = published_placement(work);
  for (std::size_t i = 0; i < work.ops.size(); ++i)
    if (work.ops[i].name == "RM") placement.seeded[i] = true;
  const auto bound = [&](std::uint64_t distance) {
    return interval_bounds(make_pipeline(work, fusemax(), placement, {.distance = distance}))
        .front();
  };
  CHECK(bound(1) == IntervalBound{"recurrences", 257});
  CHECK(bound(2).cycles == 137);
  CHECK(interval(placed(attention("64"), fusemax(), true, 1)) == 138);
}

TEST_CASE("an operation that no PE has is told by name") {
  SpatialMachine machine = fusemax();
  std::erase_if(machine.spatial_array.operations,
                [](const PeOperation& o) { return o.operation == "exp"; });
  const TileWork work = tile_work(attention("64"));
  CHECK_THROWS_WITH_AS(make_pipeline(work, machine, published_placement(work), {}),
                       "fusemax: error: SLN needs exp, which the PEs of spatial_array do not have\n"
                       "hint: add it to its operations, with its cycles",
                       SpecError);
}

TEST_CASE("what is wrong with a schedule is told with both numbers") {
  const PlacedSchedule good = placed(attention("64"), fusemax(), false);
  const auto op = [&](const std::string& name) {
    for (std::size_t o = 0; o < good.pipeline.ops.size(); ++o)
      if (good.pipeline.ops[o].name == name) return o;
    return std::size_t{0};
  };
  const auto first_mistake = [](const Pipeline& pipeline, const ModuloSchedule& schedule) {
    const std::vector<std::string> mistakes = verify(pipeline, schedule);
    return mistakes.empty() ? std::string{} : mistakes.front();
  };
  const ModuloSchedule& s = good.found.schedule;
  SUBCASE("a slot that is missing") {
    ModuloSchedule bad = s;
    bad.times[op("SLN")].pop_back();
    CHECK(first_mistake(good.pipeline, bad) == "SLN has 6 slots, it needs 7");
  }
  SUBCASE("two operations at once") {
    ModuloSchedule bad = s;
    bad.times[op("LM")] = {s.times[op("BQK")].back() + s.interval};
    CHECK(first_mistake(good.pipeline, bad) ==
          "BQK and LM are both in cycle 126 of 138 of "
          "spatial_array");
  }
  SUBCASE("a result that is not there yet") {
    ModuloSchedule bad = s;
    bad.times[op("RM")] = {s.times[op("RM")].front() % s.interval};
    CHECK(first_mistake(good.pipeline, bad)
              .find("element 0 of RM begins at cycle 107, LM is there "
                    "at cycle 383") == 0);
  }
  SUBCASE("registers") {
    Pipeline small = good.pipeline;
    small.vector_registers = 1;
    CHECK(first_mistake(small, s).find("a PE of vector_array needs ") == 0);
  }
  SUBCASE("ports") {
    Pipeline small = good.pipeline;
    small.read_ports = 1;
    CHECK(first_mistake(small, s) ==
          "global_buffer reads and writes 4 rows in one cycle, its ports 1");
  }
}

TEST_CASE("the order in which Einsums are written does not matter") {
  Cascade turned = attention("64");
  std::ranges::reverse(turned.einsums);
  const TileWork straight = tile_work(attention("64")), work = tile_work(turned);
  CHECK(work.ranks == straight.ranks);
  CHECK(work.ops.size() == straight.ops.size());
  for (std::size_t i = 0; i < work.ops.size(); ++i)
    for (const OpOperand& operand : work.ops[i].operands)
      CHECK((operand.carried || operand.producer < static_cast<std::int32_t>(i)));
}

// A column that begins with RD times SPD stands before SPD in the text, but is placed after it. Of
// 16 lanes each operation of the vector array takes 4 passes: 4 (2 F + 9) cycles without that
// addition.
TEST_CASE("what a column begins with is placed before the column") {
  SpatialMachine machine = fusemax();
  machine.spatial_array.rows = 16;
  machine.spatial_array.columns = 64;
  machine.vector_array.lanes = 16;
  const Cascade cascade =
      load_cascade(source_path("configs/cascades/attention_1pass.yaml"),
                   {{"head_dim", "64"}, {"keys", "1024"}, {"tile", "16"}, {"kv_heads", "12"}});
  CHECK(interval(placed(cascade, machine, false)) == 4 * (2 * 64 + 10));
  const PlacedSchedule p = placed(cascade, machine, true);
  CHECK(interval(p) == p.found.bound);
  CHECK(interval(p) < 4 * (2 * 64 + 10));
}

TEST_CASE("a result of more rows than there are ports has no schedule, and none is looked for") {
  SpatialMachine machine = fusemax();
  machine.global_buffer.row = Bytes{64};  // 8 rows for a word of each of 256 columns, 4 ports
  CHECK_FALSE(place_and_schedule(tile_work(attention("64")), machine, {.distance = 4}, true));
}

TEST_CASE("a search that finds nothing at any interval ends") {
  SpatialMachine machine = fusemax();
  machine.vector_array.registers = 1;
  CHECK_FALSE(place_and_schedule(tile_work(attention("64")), machine, {.distance = 4}, false));
}

TEST_CASE("a cascade without a loop of tiles is refused") {
  const Cascade cascade = load_cascade(source_path("configs/cascades/attention_3pass.yaml"), {});
  CHECK_THROWS_WITH_AS(tile_work(cascade),
                       "attention_3pass: error: no rank is iterative: there is no loop of tiles",
                       SpecError);
}

// P1 of the artifact's +Binding for BERT: 4, 16, 64 of as many column tiles.
TEST_CASE("as many column tiles take turns as the buffer holds") {
  for (const auto& [keys, turns, groups] :
       {std::tuple{"1024", 4u, 1u}, std::tuple{"4096", 16u, 1u}, std::tuple{"16384", 64u, 1u},
        std::tuple{"65536", 128u, 2u}}) {
    CAPTURE(keys);
    const Cascade cascade = attention("64", keys);
    const auto walk = tile_walk(cascade, tile_work(cascade), fusemax(), {});
    const TileWalk& w = std::get<TileWalk>(walk);
    CHECK(w.turns == turns);
    CHECK(w.blocks == 64 * 12);
    std::uint64_t count = 0;
    for (const TileGroup& group : w.groups) count += group.repeat;
    CHECK(count == groups);
    CHECK(w.tiles() == w.column_tiles * w.steps);
  }
}

// 8 column tiles of 256 queries: step s is needed by the column tiles s .. 7, in all 36 of 64.
TEST_CASE("a causal mask leaves out the tiles above the diagonal") {
  const Cascade cascade = attention("64", "2048", {{"mask", "causal"}});
  const auto walk = tile_walk(cascade, tile_work(cascade), fusemax(), {});
  CHECK(std::get<TileWalk>(walk).tiles() == 36);
  CHECK(std::get<TileWalk>(walk).least_turns == 1);
}

// A window of 256 keys: besides the diagonal, each column tile but the first needs the step before.
TEST_CASE("a window leaves out the tiles before it") {
  const Cascade cascade = attention("64", "2048", {{"mask", "window"}, {"window_size", "256"}});
  const auto walk = tile_walk(cascade, tile_work(cascade), fusemax(), {});
  CHECK(std::get<TileWalk>(walk).tiles() == 8 + 7);
}

TEST_CASE("a buffer that does not hold one column tile is infeasible") {
  SpatialMachine machine = fusemax();
  machine.global_buffer.capacity = Bytes{100'000};
  const Cascade cascade = attention("64");
  const auto walk = tile_walk(cascade, tile_work(cascade), machine, {});
  const Infeasible& infeasible = std::get<Infeasible>(walk);
  // 2 x (64 + 64) x 256 words of K and V, 256 x (64 + 2 + 2 + 64 + 64) of Q, RM, RD, RNV and AV.
  CHECK(infeasible.needed == 2 * (2 * 128 * 256 + 256 * 196));
  CHECK(infeasible.available == 100'000);
}

}  // namespace sluice
