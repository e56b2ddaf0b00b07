// SPDX-License-Identifier: Apache-2.0
// What the tiles of a convolution read, in closed form, against walks over every window.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "mapper/window.hpp"
#include "tests/mapper/convolutions.hpp"

namespace sluice {
namespace {

/// The element that a tap reads, or nothing (one past the end) in the padding.
std::uint64_t element(const WindowAxis& axis, std::uint64_t output, std::uint64_t tap) {
  const std::uint64_t padded = output * axis.stride + tap * axis.dilation;
  return padded < axis.pad || padded - axis.pad >= axis.in ? axis.in : padded - axis.pad;
}

std::uint64_t read_one_by_one(const WindowAxis& axis, std::uint64_t first, std::uint64_t count) {
  std::set<std::uint64_t> read;
  for (std::uint64_t o = first; o < first + count; ++o)
    for (std::uint64_t tap = 0; tap < axis.kernel; ++tap)
      if (element(axis, o, tap) < axis.in) read.insert(element(axis, o, tap));
  return read.size();
}

WindowAxis random_axis(Random& random) {
  return {pick(random, 1, 30), pick(random, 1, 20), pick(random, 1, 6),
          pick(random, 1, 6),  pick(random, 1, 6),  pick(random, 0, 12)};
}

TEST_CASE("what a run of outputs reads equals a walk over them") {
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const WindowAxis axis = random_axis(random);
    const std::uint64_t count = pick(random, 1, axis.out);
    const std::uint64_t first = pick(random, 0, axis.out - count);
    REQUIRE(touched(axis, first, count) == read_one_by_one(axis, first, count));
    REQUIRE(touched(axis, first, count) <= touched_at_most(axis, count));
    REQUIRE(touched_at_most(axis, axis.out) == touched(axis, 0, axis.out));
    if (count > 1) REQUIRE(touched_at_most(axis, count - 1) <= touched_at_most(axis, count));
  }
}

TEST_CASE("the runs of an axis are its tiles in order, each with what it reads") {
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const WindowAxis axis = random_axis(random);
    const std::uint64_t tile = pick(random, 1, axis.out);
    std::uint64_t next = 0;
    for_each_run(axis, tile, [&](const WindowRun& run) {
      REQUIRE(run.first == next);
      next += run.count;
      for (std::uint64_t j = run.first; j < next; ++j) {
        REQUIRE(run.outputs == std::min(tile, axis.out - j * tile));
        REQUIRE(run.reads == read_one_by_one(axis, j * tile, run.outputs));
      }
    });
    REQUIRE(next == (axis.out + tile - 1) / tile);
  }
}

TEST_CASE("an image of 56 rows in tiles of 8 has three runs") {
  // 3 x 3, padding 1: the first and the last tile read 9 rows, the five between them 10.
  const WindowAxis axis{56, 56, 3, 1, 1, 1};
  std::vector<WindowRun> runs;
  for_each_run(axis, 8, [&](const WindowRun& run) { runs.push_back(run); });
  CHECK(runs == std::vector<WindowRun>{{0, 1, 8, 9}, {1, 5, 8, 10}, {6, 1, 8, 9}});
}

/// Input elements that a tiled convolution fetches, tile by tile and window by window: a tile that
/// is the same as in the step before is there already.
class ConvolutionWalk {
 public:
  ConvolutionWalk(const GemmTask& task, const GemmTiling& tiling) : task_(task), tiling_(tiling) {
    for (std::uint64_t b = 0; b < task.batch; ++b)
      for (std::uint64_t outer = 0; outer < (tiling.m_outer ? task.m : task.n);
           outer += tiling.m_outer ? tiling.m_tile : tiling.n_tile)
        for (std::uint64_t inner = 0; inner < (tiling.m_outer ? task.n : task.m);
             inner += tiling.m_outer ? tiling.n_tile : tiling.m_tile)
          for (std::uint64_t k = 0; k < task.k; k += tiling.k_tile)
            fetch({b, tiling.m_outer ? outer : inner, k});
  }
  std::uint64_t elements = 0, largest = 0;

 private:
  void fetch(const std::array<std::uint64_t, 3>& tile) {
    if (tile == last_) return;
    last_ = tile;
    const auto [b, m0, k0] = tile;
    const SlidingWindow& w = *task_.window;
    std::set<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>> read;
    for (std::uint64_t m = m0; m < std::min(task_.m, m0 + tiling_.m_tile); ++m)
      for (std::uint64_t k = k0; k < std::min(task_.k, k0 + tiling_.k_tile); ++k) {
        const std::uint64_t row =
            element(w.rows, m % w.pixels() / w.columns.out, k % w.taps() / w.columns.kernel);
        const std::uint64_t column = element(w.columns, m % w.columns.out, k % w.columns.kernel);
        if (row < w.rows.in && column < w.columns.in)
          read.insert({m / w.pixels(), k / w.taps(), row, column});
      }
    elements += read.size();
    largest = std::max<std::uint64_t>(largest, read.size());
  }

  const GemmTask& task_;
  const GemmTiling& tiling_;
  std::array<std::uint64_t, 3> last_{~std::uint64_t{0}, 0, 0};
};

TEST_CASE("the input traffic of a tiled convolution is what its tiles read, halos again") {
  int windows = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Network network;
    network.layers = {{"conv", random_conv(random), {}, {}}};
    const Architecture architecture = machine(1 << 20, 1 << 20, 1 << 20);
    const GemmTask task = std::get<GemmTask>(lower(network, architecture)[0].work);
    if (!task.window) continue;
    ++windows;
    const std::uint64_t taps = task.window->taps();
    const GemmTiling tiling{whole_pixels(task, pick(random, 1, task.m)), pick(random, 1, task.n),
                            taps * pick(random, 1, task.k / taps), random() % 2 == 0};
    CAPTURE(tiling.m_tile);
    CAPTURE(tiling.k_tile);
    REQUIRE(verify({{{Task{0, "conv", task}, tiling}}}, architecture).empty());
    const ConvolutionWalk walk(task, tiling);
    REQUIRE(traffic(task, tiling, architecture.array).input_read == walk.elements);
    REQUIRE(walk.largest <= input_tile_elements(task, tiling.m_tile, tiling.k_tile));
  }
  CHECK(windows > 1000);
}

TEST_CASE("a tile of pixels is the largest that may be") {
  const SlidingWindow several{4, {6, 6, 3, 1, 1, 1}, {8, 8, 3, 1, 1, 1}};  // 48 pixels each
  CHECK(pixel_tile(several, 200).pixels() == 192);
  CHECK(pixel_tile(several, 191).pixels() == 144);
  CHECK(pixel_tile(several, 47).pixels() == 24);  // 3 of 6 rows; 4 and 5 do not divide 6
  CHECK(pixel_tile(several, 23).pixels() == 16);
  CHECK(pixel_tile(several, 7).pixels() == 4);
  CHECK(pixel_tile(several, 1).pixels() == 1);
  const SlidingWindow one{1, {6, 6, 3, 1, 1, 1}, {8, 8, 3, 1, 1, 1}};
  CHECK(pixel_tile(one, 47).pixels() == 40);  // the last tile may be smaller
  CHECK(pixel_tile(one, 7).pixels() == 4);
}

}  // namespace
}  // namespace sluice
