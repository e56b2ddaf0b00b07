// SPDX-License-Identifier: Apache-2.0
// SCALE-Sim's counting of DRAM accesses, on cases small enough to count by hand. Equality with the
// tool itself is in test_peer_scalesim.cpp.
#include <doctest/doctest.h>

#include "sim/models/scalesim_calc.hpp"

namespace sluice {
namespace {

SystolicArray array(std::uint32_t rows, std::uint32_t columns, Dataflow dataflow) {
  SystolicArray a;
  a.rows = rows;
  a.columns = columns;
  a.dataflow = dataflow;
  if (dataflow == Dataflow::output_stationary) a.drain = Drain::direct;
  return a;
}

constexpr std::uint64_t roomy = 1 << 20;

TEST_CASE("operands that fit half a buffer are read once, in every dataflow") {
  for (const Dataflow dataflow :
       {Dataflow::output_stationary, Dataflow::weight_stationary, Dataflow::input_stationary}) {
    const auto traffic =
        scalesim_calc_traffic(array(4, 4, dataflow), {roomy, roomy, roomy},
                              Linear{.rows = 10, .in_features = 12, .out_features = 9});
    CHECK(traffic.ifmap_reads == 120);
    CHECK(traffic.filter_reads == 108);
    CHECK_FALSE(traffic.ofmap_full);
  }
}

/// A 2 x 1 product array and filters of 60 words in a buffer of 100: sets of 1 word, of which 50
/// make a generation. The 60 weights (K = 60, N = 1) are asked for by both row folds of an os
/// array. First fold: weights 0..49 fill a generation and are forgotten, 50..59 begin the next: 60
/// reads. Second fold: 0..39 are new and fill it up; then 40..59 are new again: 60 reads.
TEST_CASE("a read buffer forgets everything when 50 of its 100 sets are full") {
  const auto traffic =
      scalesim_calc_traffic(array(2, 1, Dataflow::output_stationary), {roomy, 100, roomy},
                            Linear{.rows = 4, .in_features = 60});
  CHECK(traffic.filter_reads == 120);
}

/// The same with 49 and 50 weights. 49 never fill a generation. 50 do at the end of the first fold,
/// so that the second fold reads all anew.
TEST_CASE("a generation ends with the word that fills it") {
  const auto filters = [](std::uint64_t k) {
    return scalesim_calc_traffic(array(2, 1, Dataflow::output_stationary), {roomy, 100, roomy},
                                 Linear{.rows = 4, .in_features = k})
        .filter_reads;
  };
  CHECK(filters(49) == 49);
  // All of the operand's words fit half the buffer, yet they are counted twice by the tool's rule.
  CHECK(filters(50) == 100);
}

/// 199 words make sets of floor(199 / 100) = 1 word as well.
TEST_CASE("what is left of a buffer beyond 100 equal sets is not used") {
  const auto traffic =
      scalesim_calc_traffic(array(2, 1, Dataflow::output_stationary), {roomy, 199, roomy},
                            Linear{.rows = 4, .in_features = 60});
  CHECK(traffic.filter_reads == 120);
}

/// ws asks for its weights once, whatever their number.
TEST_CASE("a stationary operand is read once even when it does not fit") {
  const auto traffic =
      scalesim_calc_traffic(array(4, 4, Dataflow::weight_stationary), {roomy, 100, roomy},
                            Linear{.rows = 3, .in_features = 100, .out_features = 8});
  CHECK(traffic.filter_reads == 800);
}

/// 3 x 3 image, 2 x 2 filter, stride 2: 2 x 2 windows, of which three reach beyond the edge. They
/// ask for the nine pixels.
TEST_CASE("pixels beyond the edge are not asked for") {
  const Conv2d conv{.in_height = 3,
                    .in_width = 3,
                    .kernel_height = 2,
                    .kernel_width = 2,
                    .stride_height = 2,
                    .stride_width = 2,
                    .ceil_output = true};
  const auto traffic =
      scalesim_calc_traffic(array(4, 4, Dataflow::weight_stationary), {roomy, roomy, roomy}, conv);
  CHECK(traffic.ifmap_reads == 9);
  CHECK(traffic.filter_reads == 4);
  CHECK(traffic.ofmap_writes == 4);
}

/// 4 columns, 10 x 9 results: 90 words are 22 full lines and one of 2 words, the last of all.
TEST_CASE("the last line counts the words that are in it") {
  const auto traffic =
      scalesim_calc_traffic(array(16, 4, Dataflow::weight_stationary), {roomy, roomy, roomy},
                            Linear{.rows = 10, .in_features = 12, .out_features = 9});
  CHECK(traffic.ofmap_writes == 90);
}

/// K = 12 on 4 rows: three row folds, whose partial sums all go to DRAM.
TEST_CASE("partial sums are written by every row fold") {
  const auto traffic =
      scalesim_calc_traffic(array(4, 4, Dataflow::weight_stationary), {roomy, roomy, roomy},
                            Linear{.rows = 10, .in_features = 12, .out_features = 8});
  CHECK(traffic.ofmap_writes == 240);
}

/// Every channel of a depthwise layer is a layer of its own there.
TEST_CASE("a depthwise layer counts its channels one by one") {
  const Conv2d one{
      .in_height = 6, .in_width = 6, .kernel_height = 3, .kernel_width = 3, .ceil_output = true};
  Conv2d eight = one;
  eight.in_channels = eight.out_channels = eight.groups = 8;
  const SystolicArray a = array(4, 4, Dataflow::output_stationary);
  const auto single = scalesim_calc_traffic(a, {roomy, roomy, roomy}, one);
  const auto all = scalesim_calc_traffic(a, {roomy, roomy, roomy}, eight);
  CHECK(single.ifmap_reads == 36);
  CHECK(all.ifmap_reads == 8 * single.ifmap_reads);
  CHECK(all.filter_reads == 8 * single.filter_reads);
  CHECK(all.ofmap_writes == 8 * single.ofmap_writes);
}

}  // namespace
}  // namespace sluice
