// SPDX-License-Identifier: Apache-2.0
// Simulations one after the other in one process.
#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <limits>
#include <systemc>

#include "sim/pe/gemm.hpp"
#include "sim/tile/systemc_context.hpp"

using namespace sluice;

namespace {

class Counter : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  int edges = 0;
  explicit Counter(sc_core::sc_module_name name) : sc_module(name) {
    SC_HAS_PROCESS(Counter);
    SC_METHOD(tick);
    sensitive << clock.pos();
    dont_initialize();
    SC_THREAD(wait_for_edge);
  }

 private:
  void tick() { ++edges; }
  void wait_for_edge() {
    for (;;) wait(clock.posedge_event());
  }
};

int run_counter(int nanoseconds) {
  const SystemcContext context;
  sc_core::sc_clock clock("clock", sc_core::sc_time(1, sc_core::SC_NS));
  Counter counter("counter");
  counter.clock(clock);
  sc_core::sc_start(sc_core::sc_time(nanoseconds, sc_core::SC_NS));
  CHECK(sc_core::sc_time_stamp() == sc_core::sc_time(nanoseconds, sc_core::SC_NS));
  return counter.edges;
}

std::size_t bytes_in_use() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

}  // namespace

TEST_CASE("every run starts at time zero with names of its own") {
  // Edges at 0, 1, ..., 9 ns; the one at 10 ns lies beyond the run.
  for (int run = 0; run < 3; ++run) CHECK(run_counter(10) == 10);
}

TEST_CASE("a context gives way to the one before it") {
  sc_core::sc_simcontext* const before = sc_core::sc_curr_simcontext;
  {
    const SystemcContext context;
    CHECK(sc_core::sc_curr_simcontext != before);
  }
  CHECK(sc_core::sc_curr_simcontext == before);
}

TEST_CASE("thousands of runs leave no memory behind, wherever they end") {
  const auto runs = [](int count) {
    for (int run = 0; run < count; ++run) {
      // The first ends with a thread that waits for an event, the second in a pause.
      run_counter(run % 3 + 1);
      simulate_gemm_pe({.rows = 2, .columns = 2}, Eigen::MatrixXd::Ones(2, 2),
                       Eigen::MatrixXd::Ones(2, 2));
    }
  };
  // Pools of SystemC and of the allocator grow at times; what runs leave behind grows always. Two
  // contexts a turn, four times 1,000 runs.
  std::size_t least_growth = std::numeric_limits<std::size_t>::max();
  for (int block = 0; block < 4; ++block) {
    const std::size_t before = bytes_in_use();
    runs(500);
    const std::size_t after = bytes_in_use();
    least_growth = std::min(least_growth, after > before ? after - before : 0);
  }
  CHECK(least_growth == 0);
}
