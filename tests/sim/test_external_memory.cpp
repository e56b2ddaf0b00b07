// SPDX-License-Identifier: Apache-2.0
// A user's own loosely timed memory behind the graph's transfers. The first memory is the example
// of docs/time.md, which is kept the same as here.
#include <doctest/doctest.h>
#include <tlm_utils/simple_target_socket.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "sim/tile/external_memory.hpp"
#include "tests/sim/graphs.hpp"
#include "tests/source_path.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

// docs/time.md: begin
/// Answers everything after 40 ns, however much is asked at once.
class FixedLatencyMemory : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<FixedLatencyMemory> socket{"socket"};

  explicit FixedLatencyMemory(sc_core::sc_module_name name) : sc_module(name) {
    socket.register_b_transport(this, &FixedLatencyMemory::serve);
  }

 private:
  void serve(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    delay += sc_core::sc_time(40, sc_core::SC_NS);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

ExternalMemory fixed_latency() {
  ExternalMemory memory;
  memory.make = [] {
    auto module = std::make_unique<FixedLatencyMemory>("mine");
    auto* socket = &module->socket;
    return ExternalTarget{std::move(module), socket};
  };
  memory.clock = Hertz{1e9};
  memory.burst_bytes = 64;
  return memory;
}
// docs/time.md: end

struct Access {
  std::uint64_t address = 0, bytes = 0, picoseconds = 0;
  bool write = false;
};

/// Serves one access after the other: each takes `service`, and its answer `latency` more.
class BusyMemory : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<BusyMemory> socket{"socket"};
  sc_core::sc_time service, latency;
  std::vector<Access>* log = nullptr;

  explicit BusyMemory(sc_core::sc_module_name name) : sc_module(name) {
    socket.register_b_transport(this, &BusyMemory::serve);
  }

 private:
  void serve(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const sc_core::sc_time request = sc_core::sc_time_stamp() + delay;
    if (log != nullptr)
      log->push_back(
          {payload.get_address(), payload.get_data_length(), request.value(), payload.is_write()});
    free_ = std::max(free_, request) + service;
    delay = free_ + latency - sc_core::sc_time_stamp();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }

  sc_core::sc_time free_;
};

ExternalMemory busy(std::uint64_t service_ns, std::uint64_t latency_ns,
                    std::vector<Access>* log = nullptr) {
  ExternalMemory memory;
  memory.make = [=] {
    auto module = std::make_unique<BusyMemory>("mine");
    module->service = sc_core::sc_time(static_cast<double>(service_ns), sc_core::SC_NS);
    module->latency = sc_core::sc_time(static_cast<double>(latency_ns), sc_core::SC_NS);
    module->log = log;
    auto* socket = &module->socket;
    return ExternalTarget{std::move(module), socket};
  };
  return memory;
}

/// Refuses to answer, or waits although it must not.
class BadMemory : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<BadMemory> socket{"socket"};
  bool waits = false;
  explicit BadMemory(sc_core::sc_module_name name) : sc_module(name) {
    socket.register_b_transport(this, &BadMemory::serve);
  }

 private:
  void serve(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
    if (waits) wait(sc_core::sc_time(1, sc_core::SC_NS));
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
};

ExternalMemory bad(bool waits) {
  ExternalMemory memory;
  memory.make = [=] {
    auto module = std::make_unique<BadMemory>("mine");
    module->waits = waits;
    auto* socket = &module->socket;
    return ExternalTarget{std::move(module), socket};
  };
  return memory;
}

/// `units` load units that each load `count` tiles of `rows` x `row_bytes`, one after the other.
Graph loads(std::size_t units, std::uint64_t count, std::uint64_t row_bytes, std::uint64_t rows = 1,
            std::uint64_t stride = 0, std::uint32_t outstanding = 64) {
  GraphBuilder b;
  b.layer("layer");
  b.stream("data");
  std::vector<UnitId> loaders;
  for (std::size_t u = 0; u < units; ++u)
    loaders.push_back(b.unit("load" + std::to_string(u), UnitKind::load, outstanding));
  const LoopId loop = b.open_loop(count);
  for (std::size_t u = 0; u < units; ++u) {
    Firing f = simple(loaders[u], {}, {}, 0, 0);
    MemoryTransfer t;
    t.address = std::uint64_t{u} << 20;
    t.row_bytes = row_bytes;
    t.rows = rows;
    t.row_stride = stride;
    t.strides.push_back({loop, static_cast<std::int64_t>(rows * row_bytes)});
    f.transfer = t;
    b.fire(f);
  }
  b.close_loop();
  return b.finish();
}

TileResult run_external(const Graph& graph, const ExternalMemory& memory) {
  TileOutcome outcome = run_tile(graph, memory);
  REQUIRE(std::holds_alternative<TileResult>(outcome));
  return std::get<TileResult>(std::move(outcome));
}

std::string text_of(const std::string& path) {
  std::ifstream file(source_path(path));
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

TileMemory ideal(double bytes_per_cycle, double latency_cycles) {
  TileMemory memory;
  memory.dram.bandwidth = {bytes_per_cycle, Bandwidth::Per::cycle};
  memory.dram.latency = {latency_cycles / memory.clock.value};
  return memory;
}

}  // namespace

TEST_CASE("a memory of fixed latency answers the last burst after that latency") {
  // 256 B are 4 bursts, sent in cycles 0, 1, 2, 3; the last answer comes at 3 + 40.
  const TileResult result = run_external(loads(1, 1, 256), fixed_latency());
  CHECK(result.cycles == 43);
  CHECK(result.units[0].layers[0].end == 4);  // the unit is free when its last burst is sent
  CHECK(result.memory_counters == std::vector<Counter>{{"bursts", 4, ""}});
}

TEST_CASE("no more bursts are in flight than the unit allows") {
  // 2 in flight: sent at 0, 1, then when one is back: 40, 41; the last answer at 81.
  CHECK(run_external(loads(1, 1, 256, 1, 0, 2), fixed_latency()).cycles == 81);
  CHECK(run_external(loads(1, 1, 256, 1, 0, 3), fixed_latency()).cycles == 80);  // 0 1 2 40
}

TEST_CASE("a latency between two cycles lasts until the later one") {
  ExternalMemory memory = fixed_latency();
  memory.clock = Hertz{940e6};  // 40 ns are 37.6 cycles
  CHECK(run_external(loads(1, 1, 64), memory).cycles == 38);
  memory.clock = Hertz{2e9};  // 80 cycles; the second burst is sent in cycle 1
  CHECK(run_external(loads(1, 1, 128), memory).cycles == 81);
}

TEST_CASE("an access that keeps the memory busy delays the next") {
  // Each access takes 10: ends of service at 10, 20, 30, 40; 5 cycles more for the answer.
  CHECK(run_external(loads(1, 1, 256), busy(10, 5)).cycles == 45);
}

TEST_CASE("bursts never cross a multiple of their size, and every byte is asked for once") {
  std::vector<Access> log;
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 50; ++i) {
    CAPTURE(i);
    log.clear();
    const std::uint64_t row_bytes = 1 + random() % 300, rows = 1 + random() % 5;
    const std::uint64_t stride = row_bytes + random() % 200, count = 1 + random() % 4;
    const TileResult result =
        run_external(loads(2, count, row_bytes, rows, stride), busy(1 + random() % 3, 7, &log));
    std::uint64_t bytes = 0, before = 0;
    for (const Access& access : log) {
      CHECK(access.address / 64 == (access.address + access.bytes - 1) / 64);
      CHECK(access.picoseconds >= before);
      before = access.picoseconds;
      bytes += access.bytes;
    }
    CHECK(bytes == 2 * count * rows * row_bytes);
    CHECK(result.streams[0].read_bytes == bytes);
  }
}

TEST_CASE("transfers of several units take turns, burst by burst") {
  std::vector<Access> log;
  run_external(loads(3, 1, 256), busy(1, 0, &log));
  REQUIRE(log.size() == 12);
  for (std::size_t i = 0; i < log.size(); ++i) {
    CHECK(log[i].picoseconds == 1000 * i);
    CHECK(log[i].address == ((i % 3) << 20) + 64 * (i / 3));
  }
}

TEST_CASE("a foreign memory of the ideal one's bandwidth and latency takes the same time") {
  // One unit: bursts of 64 B, one a cycle, are 64 B a cycle, in both: 200 cycles and 30 for the
  // last.
  const Graph one = loads(1, 20, 640);
  const TileResult ideal_one = run(one, ideal(64, 30), {});
  CHECK(ideal_one.cycles == 20 * 10 + 30);
  CHECK(run_external(one, busy(1, 30)).cycles == ideal_one.cycles);
  // Three units: turns by burst instead of by tile; the bus is as busy and ends in the same cycle.
  const Graph three = loads(3, 20, 640);
  const TileResult ideal_three = run(three, ideal(64, 30), {});
  CHECK(ideal_three.cycles == 3 * 20 * 10 + 30);
  CHECK(run_external(three, busy(1, 30)).cycles == ideal_three.cycles);
}

TEST_CASE("the order in which the host runs processes changes nothing with a foreign memory") {
  TileOptions hasty;
  hasty.yield_every = 1;
  const Graph graph = loads(3, 20, 500);
  const ExternalMemory memory = busy(2, 9);
  check_same(std::get<TileResult>(run_tile(graph, memory)),
             std::get<TileResult>(run_tile(graph, memory, hasty)));
}

TEST_CASE("a memory that refuses or waits is an error, after which others run") {
  CHECK_THROWS_WITH_AS(run_tile(loads(1, 1, 100), bad(false)),
                       doctest::Contains("TLM_ADDRESS_ERROR_RESPONSE to 64 B at address 0"),
                       ExternalMemoryError);
  CHECK_THROWS_AS(run_tile(loads(1, 1, 100), bad(true)), ExternalMemoryError);
  CHECK(run_external(loads(1, 1, 256), fixed_latency()).cycles == 43);
}

TEST_CASE("the example in docs/time.md is the one that is compiled here") {
  const std::string begin = "// docs/time.md: begin\n", end = "// docs/time.md: end\n";
  const std::string source = text_of("tests/sim/test_external_memory.cpp");
  const std::size_t from = source.find(begin) + begin.size();
  const std::string example = source.substr(from, source.find(end) - from);
  CHECK(example.size() > 500);
  CHECK(text_of("docs/time.md").find("```cpp\n" + example + "```") != std::string::npos);
}
