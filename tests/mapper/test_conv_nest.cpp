// SPDX-License-Identifier: Apache-2.0
// Loop nests of convolutions on the systolic machine: what they move, against a walk over every
// step and element, and as nests of the counting rules; what the array cannot do.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <tuple>

#include "mapper/nest/counts.hpp"
#include "mapper/systolic_nest.hpp"
#include "tests/mapper/machines.hpp"
#include "tests/mapper/random_gemm_nests.hpp"

namespace sluice {
namespace {

Architecture roomy() { return machine(1 << 20, 1 << 20, 1 << 20, true); }

/// Visits the steps of a nest one by one; of each tensor a tile stays until the next step needs
/// another. Elements of inputs are collected in a set.
class StepWalk {
 public:
  StepWalk(const GemmTask& task, const GemmNest& nest) : task_(task), nest_(nest) {
    box_.extents = extents_of(task);
    walk(0);
    for (std::size_t role = 0; role < 3; ++role) leave(role);
    std::map<Box, std::size_t> visits, seen;
    for (const Box& tile : outputs_) ++visits[tile];
    for (const Box& tile : outputs_) {
      const std::uint64_t elements = plain_elements(tile);
      if (seen[tile] > 0) moved_.sums_read += 4 * elements;
      if (++seen[tile] == visits[tile])
        moved_.output_write += elements;
      else
        moved_.sums_write += 4 * elements;
    }
  }
  const TaskTraffic& moved() const { return moved_; }

 private:
  struct Box {
    GemmExtents from{}, extents{};
    auto operator<=>(const Box&) const = default;
  };

  void walk(std::size_t level) {
    for (std::size_t role = 0; role < 3; ++role)
      if (nest_.kept[role] == level) want(role);
    if (level == nest_.loops.size()) return;
    const GemmLoopNode& loop = nest_.loops[level];
    const std::size_t r = index(loop.rank);
    const Box around = box_;
    for (std::uint64_t begin = 0; begin < around.extents[r]; begin += loop.tile) {
      box_.from[r] = around.from[r] + begin;
      box_.extents[r] = std::min(loop.tile, around.extents[r] - begin);
      walk(level + 1);
    }
    box_ = around;
  }

  /// The tile that loops outside of its place ask for, without ranks that the tensor lacks.
  void want(std::size_t role) {
    Box tile = box_;
    for (std::size_t r = 0; r < gemm_ranks; ++r)
      if (!depends_on(task_, TensorRole(role), GemmRank(r))) tile.from[r] = 0, tile.extents[r] = 1;
    if (here_[role] && tile == tiles_[role]) return;
    leave(role);
    here_[role] = true;
    tiles_[role] = tile;
    if (role == 0) moved_.input_read += input_elements(tile);
    if (role == 1) moved_.weight_read += plain_elements(tile);
  }
  void leave(std::size_t role) {
    if (here_[role] && role == 2) outputs_.push_back(tiles_[role]);
  }

  static std::uint64_t plain_elements(const Box& tile) {
    std::uint64_t elements = 1;
    for (const std::uint64_t extent : tile.extents) elements *= extent;
    return elements;
  }
  std::uint64_t input_elements(const Box& tile) const {
    const auto inside = [&](const WindowAxis& axis, GemmRank output, GemmRank tap) {
      std::set<std::uint64_t> places;
      for (std::uint64_t o = 0; o < tile.extents[index(output)]; ++o)
        for (std::uint64_t t = 0; t < tile.extents[index(tap)]; ++t) {
          const std::uint64_t padded = (tile.from[index(output)] + o) * axis.stride +
                                       (tile.from[index(tap)] + t) * axis.dilation;
          if (padded >= axis.pad && padded < axis.in + axis.pad) places.insert(padded);
        }
      return places.size();
    };
    return tile.extents[index(GemmRank::group)] * tile.extents[index(GemmRank::m)] *
           tile.extents[index(GemmRank::k)] * inside(task_.window->rows, GemmRank::p, GemmRank::r) *
           inside(task_.window->columns, GemmRank::q, GemmRank::s);
  }

  const GemmTask& task_;
  const GemmNest& nest_;
  Box box_;
  std::array<bool, 3> here_{};
  std::array<Box, 3> tiles_{};
  std::vector<Box> outputs_;  ///< as they leave
  TaskTraffic moved_;
};

TEST_CASE("what a convolution's nest moves is what a walk over all its steps moves") {
  const std::uint64_t seed = 20261201;
  CAPTURE(seed);
  Random random(seed);
  const Architecture a = roomy();  // 1 B a word, sums 4 B
  int spilling = 0;
  for (int i = 0; i < 1000; ++i) {
    CAPTURE(i);
    const auto [network, task] = random_convolution(random, true);
    const GemmNest nest = random_gemm_nest(random, task);
    const TaskMapping mapped{{0, "conv", task}, nest};
    CAPTURE(network_to_yaml(network));
    CAPTURE(to_text(mapped));
    REQUIRE(verify({{mapped}}, a) == std::vector<std::string>{});
    const TaskTraffic moved = traffic(task, nest, a.array);
    CHECK(moved == StepWalk(task, nest).moved());
    spilling += moved.sums_write > 0 ? 1 : 0;
  }
  CHECK(spilling > 100);
}

TEST_CASE("the loops of a convolution's tiling move what the tiling moves") {
  const std::uint64_t seed = 20261202;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 1000; ++i) {
    CAPTURE(i);
    const GemmTask task = random_convolution(random, true).second;
    const std::uint64_t taps = task.window->taps();
    const GemmTiling tiling{whole_pixels(task, pick(random, 1, task.m)), pick(random, 1, task.n),
                            pick(random, 1, task.k / taps) * taps, random() % 2 == 0};
    CHECK(traffic(task, loops_of(task, tiling), roomy().array) ==
          traffic(task, tiling, roomy().array));
  }
}

/// What the loops outside of the input's place do to it.
struct AroundInput {
  bool slides = false;  ///< one moves its windows, so that tiles may overlap
  /// The innermost that cuts moves it, in all iterations of the others: none is ragged.
  bool moved_last = true;
};

AroundInput around_input(const GemmTask& task, const GemmNest& nest) {
  AroundInput result;
  GemmExtents left = extents_of(task);
  bool ragged = false;
  for (std::size_t i = 0; i < nest.kept[0]; ++i) {
    const GemmLoopNode& loop = nest.loops[i];
    if (loop.tile >= left[index(loop.rank)]) continue;
    ragged = ragged || left[index(loop.rank)] % loop.tile != 0;
    left[index(loop.rank)] = loop.tile;
    result.slides = result.slides || loop.rank >= GemmRank::p;
    result.moved_last = depends_on(task, TensorRole::input, loop.rank);
  }
  result.moved_last = result.moved_last && !ragged;
  return result;
}

/// The machine brings a tile anew when a loop moves it, whole. `sluice` leaves what the next tile
/// shares with the last, `accelforge` nothing, not even when a loop does not move the tile.
TEST_CASE("without padding a nest moves what the counting rules say") {
  const std::uint64_t seed = 20261203;
  CAPTURE(seed);
  Random random(seed);
  Architecture a = roomy();
  int sliding = 0, resting = 0;
  for (int i = 0; i < 1000; ++i) {
    CAPTURE(i);
    a.array.dataflow = Dataflow(random() % 3);
    const auto [network, task] = random_convolution(random, false);
    const GemmNest mapping = random_gemm_nest(random, task);
    CAPTURE(network_to_yaml(network));
    CAPTURE(to_text({{0, "conv", task}, mapping}));
    const Problem problem = problem_of(task, a);
    const Hierarchy hierarchy = hierarchy_of(a);
    const Nest nest = nest_of(task, mapping, a);
    REQUIRE(verify(nest, problem, hierarchy) == std::vector<std::string>{});
    const auto back = mapping_of(nest, task, a);
    REQUIRE(std::holds_alternative<GemmNest>(back));
    const TaskTraffic moved = traffic(task, mapping, a.array);
    CHECK(traffic(task, std::get<GemmNest>(back), a.array) == moved);
    NestCounts counts;
    count_accesses(nest, problem, hierarchy, {}, counts);
    const AroundInput around = around_input(task, mapping);
    if (around.slides)
      CHECK(counts.at[0][0].reads <= moved.input_read);
    else
      CHECK(counts.at[0][0].reads == moved.input_read);
    CHECK(counts.at[0][1].reads == moved.weight_read);
    CHECK(counts.at[0][2].reads == moved.sums_read / 4);
    CHECK(counts.at[0][2].updates == moved.output_write + moved.sums_write / 4);
    CHECK(counts.operations == task.batch * task.m * task.n * task.k);
    NestCounts anew;
    count_accesses(nest, problem, hierarchy, {CountConvention::accelforge}, anew);
    if (around.moved_last)
      CHECK(anew.at[0][0].reads == moved.input_read);
    else
      CHECK(anew.at[0][0].reads >= moved.input_read);
    sliding += around.slides && around.moved_last ? 1 : 0;
    resting += around.slides ? 0 : 1;
  }
  CHECK(sliding > 100);
  CHECK(resting > 100);
}

TEST_CASE("the ranks of a convolution have the field's names") {
  Conv2d conv;
  conv.batch = 2, conv.groups = 3, conv.in_channels = 12, conv.out_channels = 6;
  conv.in_height = conv.in_width = 9, conv.kernel_height = conv.kernel_width = 3;
  const auto tasks = lower(conv_network(conv), roomy());
  const GemmTask& task = std::get<GemmTask>(tasks.at(0).work);
  const Problem problem = problem_of(task, roomy());
  std::string ranks;
  for (const NestRank& rank : problem.ranks) ranks += rank.name + std::to_string(rank.extent) + " ";
  CHECK(ranks == "g3 n2 k2 c4 p7 q7 r3 s3 ");
  const GemmNest nest{{{GemmRank::group, 1}, {GemmRank::r, 1}, {GemmRank::p, 2}}, {3, 2, 3}};
  CHECK(to_text({{0, "conv", task}, nest}) ==
        "g 1 of 3, r 1 of 3, keep weight, p 2 of 7, keep input, keep output; 36 tiles");
}

TEST_CASE("loops over channels and taps beside each other spill sums at one place") {
  Conv2d conv;
  conv.in_channels = 4, conv.in_height = conv.in_width = 6;
  conv.kernel_height = conv.kernel_width = 3;
  const auto tasks = lower(conv_network(conv), roomy());
  const GemmTask& task = std::get<GemmTask>(tasks.at(0).work);
  GemmNest nest{{{GemmRank::k, 2}, {GemmRank::r, 1}, {GemmRank::p, 2}}, {3, 3, 3}};
  CHECK(spilling_places(task, nest) == 1);
  CHECK(spills_too_often(task, nest).empty());
  nest = {{{GemmRank::k, 2}, {GemmRank::p, 2}, {GemmRank::r, 1}, {GemmRank::q, 2}}, {4, 4, 4}};
  CHECK(verify({{{{0, "conv", task}, nest}}}, roomy()) ==
        std::vector<std::string>{
            "task conv: loops over c, r and s lie outside of loops over output tiles at 2 places; "
            "unfinished sums can come back at 1"});
}

TEST_CASE("what the array cannot do with a convolution is said") {
  Conv2d conv;
  conv.in_channels = 2, conv.in_height = conv.in_width = 6, conv.out_channels = 4;
  conv.kernel_height = conv.kernel_width = 3;
  const Architecture a = roomy();  // weight-stationary, 4 x 4
  const auto tasks = lower(conv_network(conv), a);
  const GemmTask& task = std::get<GemmTask>(tasks.at(0).work);
  const auto why = [&](const Nest& nest) {
    const auto result = mapping_of(nest, task, a);
    REQUIRE(std::holds_alternative<std::vector<std::string>>(result));
    return std::get<std::vector<std::string>>(result);
  };
  using Says = std::vector<std::string>;
  // Levels: DRAM 0, in 1, wt 2, acc 3, PE 4; ranks n 0, k 1, c 2, p 3, q 4, r 5, s 6.
  const auto outside = [] {
    return Nest{}.keep(0, 7).loop(5, 1).loop(6, 1).keep(1, 1).keep(2, 2).keep(3, 4);
  };
  CHECK(why(outside().spread(3, 0, 3, 1).spread(3, 1, 1, 1).keep(4, 2).loop(2, 1).loop(4, 1)) ==
        Says{"the rows of the array take rank p by 1; with this dataflow they take c, r and s by 1",
             "inside of the array rank c is cut to 1; only n, p and q run in time there, one by "
             "one"});
  CHECK(std::holds_alternative<GemmNest>(mapping_of(
      outside().spread(3, 0, 2, 1).spread(3, 1, 1, 1).keep(4, 2).loop(3, 1).loop(4, 1), task, a)));
}

}  // namespace
}  // namespace sluice
