// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "base/diagnostics.hpp"
#include "tests/base/folder.hpp"
#include "workloads/memory_trace.hpp"

using namespace sluice;

namespace {

MemoryTrace pattern(TracePattern kind, std::uint64_t seed = 1) {
  MemoryTrace trace;
  trace.pattern = kind;
  trace.seed = seed;
  return trace;
}

/// `line:column: message`, one mistake of a trace file a line; each has the same hint.
std::string mistakes(const std::string& path) {
  try {
    read_trace(path);
  } catch (const SpecError& error) {
    std::string text;
    for (const Diagnostic& d : error.diagnostics()) {
      text += std::to_string(d.where.line) + ":" + std::to_string(d.where.column) + ": " +
              d.message + "\n";
      if (d.where.line > 0)
        CHECK(d.hint == "a line is `clock: read|write address`, such as `12: read 0x40`");
    }
    return text;
  }
  return "";
}

}  // namespace

TEST_CASE("a stream is one burst after the other, one a clock") {
  const auto requests = draw(pattern(TracePattern::stream));
  REQUIRE(requests.size() == 10'000);
  for (std::uint64_t i = 0; i < requests.size(); ++i)
    CHECK(requests[i] == MemoryRequest{64 * i, i, false});
}

TEST_CASE("random requests are whole bursts within the span, and follow from the seed") {
  MemoryTrace trace = pattern(TracePattern::random, 7);
  trace.span = Bytes{1 << 20};
  trace.write_share = 0.25;
  trace.interval = 3;
  const auto requests = draw(trace);
  std::uint64_t writes = 0, upper = 0;
  for (std::uint64_t i = 0; i < requests.size(); ++i) {
    CHECK(requests[i].arrival == 3 * i);
    CHECK(requests[i].address % 64 == 0);
    CHECK(requests[i].address < (1 << 20));
    writes += requests[i].write, upper += requests[i].address >= (1 << 19);
  }
  CHECK(std::abs(static_cast<double>(writes) - 2500) < 4 * 43.3);  // 4 standard deviations
  CHECK(std::abs(static_cast<double>(upper) - 5000) < 4 * 50);
  CHECK(requests == draw(trace));
  trace.seed = 8;
  CHECK(requests != draw(trace));
}

TEST_CASE("a mix has runs of a stream that goes on and random ones") {
  const auto requests = draw(pattern(TracePattern::mixed));
  std::uint64_t next = 0, streams = 0;
  for (std::size_t run = 0; run < requests.size(); run += 50) {
    const bool stream = requests[run].address == next && requests[run + 1].address == next + 64;
    streams += stream;
    for (std::size_t i = run; i < run + 50 && stream; ++i, next += 64)
      CHECK(requests[i].address == next);
  }
  CHECK(streams > 70);  // of 200, half of which are expected; 4 standard deviations are 28
  CHECK(streams < 130);
}

TEST_CASE("a file of requests is read, in DRAMSys's form too") {
  const Folder folder;
  const std::string path =
      folder.file("t.stl", "# two ways\n0:\tread\t0x40\n\n7: write 4096\n7 read 0X1f\n");
  CHECK(read_trace(path) ==
        std::vector<MemoryRequest>{{64, 0, false}, {4096, 7, true}, {31, 7, false}});
}

TEST_CASE("mistakes in a trace file are all told, each at its place") {
  const Folder folder;
  const std::string path = folder.file(
      "t.stl", "5: read 0x40\n3: read 0x40\nx: read 1\n6: reed 1\n6: read 0xg\n6: read\n");
  CHECK(mistakes(path) ==
        "2:1: clock 3 is before 5 of the request above\n"
        "3:1: 'x' is no clock\n"
        "4:4: 'reed' is neither read nor write\n"
        "5:9: '0xg' is no address\n"
        "6:1: this is no request of a trace\n");
  CHECK(mistakes(folder.file("e.stl", "# nothing\n")) == "0:0: this trace has no request\n");
}

TEST_CASE("what a file of requests makes void is refused") {
  Diagnostics diagnostics;
  read_memory_trace(parse_yaml("file: t.stl\nseed: 3\n", "run.yaml"), diagnostics);
  REQUIRE(diagnostics.list().size() == 1);
  CHECK(diagnostics.list()[0].message == "'seed' has no effect on a trace of a file");
  CHECK(diagnostics.list()[0].hint == "remove it, or 'file'");
}
