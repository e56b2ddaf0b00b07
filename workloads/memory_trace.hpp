// SPDX-License-Identifier: Apache-2.0
// Requests to a main memory as a workload of their own: patterns that are drawn from a seed, or a
// file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// One request of a burst, which may come at `arrival`, a clock of the memory.
struct MemoryRequest {
  std::uint64_t address = 0;
  std::uint64_t arrival = 0;
  bool write = false;
  bool operator==(const MemoryRequest&) const = default;
};

enum class TracePattern : std::uint8_t {
  stream,  ///< one burst after the other
  random,  ///< bursts anywhere within `span`
  mixed,   ///< runs of `run` requests, each of the stream, which goes on, or random
};
template <>
struct EnumNames<TracePattern> {
  static constexpr EnumName<TracePattern> table[] = {{"stream", TracePattern::stream},
                                                     {"random", TracePattern::random},
                                                     {"mixed", TracePattern::mixed}};
};

/// A trace that is drawn, or read from `file`. The same values give the same requests everywhere.
struct MemoryTrace {
  std::string file;  ///< lines `clock: read|write address`; empty: drawn
  TracePattern pattern = TracePattern::stream;
  std::uint64_t requests = 10'000;
  std::uint64_t seed = 1;
  Bytes burst{64};                     ///< between requests of the stream
  Bytes span{std::uint64_t{1} << 30};  ///< of random addresses
  std::uint64_t run = 50;              ///< requests of a run (mixed)
  double stream_share = 0.5;           ///< of the runs (mixed)
  double write_share = 0;              ///< of the requests
  std::uint64_t interval = 1;          ///< clocks between arrivals
  bool operator==(const MemoryTrace&) const = default;
};

template <class Visitor>
void describe(Visitor& v, MemoryTrace& t) {
  v.field("file", t.file, {.doc = "file of lines `clock: read|write address`; none: drawn"});
  v.field("pattern", t.pattern, {.doc = "where requests go"});
  v.field("requests", t.requests, {.doc = "how many", .min = 1, .max = 1e8});
  v.field("seed", t.seed, {.doc = "of what is drawn"});
  v.field("burst", t.burst,
          {.doc = "from one request of a stream to the next", .unit = "B", .min = 1});
  v.field("span", t.span, {.doc = "of random addresses", .unit = "B", .min = 1});
  v.field("run", t.run, {.doc = "requests of a run of `mixed`", .min = 1});
  v.field("stream_share", t.stream_share, {.doc = "of the runs of `mixed`", .max = 1});
  v.field("write_share", t.write_share, {.doc = "of the requests", .max = 1});
  v.field("interval", t.interval,
          {.doc = "clocks of the memory between arrivals", .unit = "clocks", .max = 1e6});
}

/// The requests of a trace that is drawn, in the order of their arrival.
std::vector<MemoryRequest> draw(const MemoryTrace& trace);

/// The requests of a file: `clock: read|write address` a line, clocks never falling, addresses in
/// hexadecimal (0x) or decimal; empty lines and lines that begin with # are skipped. This is what
/// DRAMSys reads (.stl). Throws SpecError with every mistake, at its line.
std::vector<MemoryRequest> read_trace(const std::string& path);

/// Reads and checks what `workload.trace` says. A file is looked up beside the file that names it.
MemoryTrace read_memory_trace(const YamlNode& node, Diagnostics& diagnostics);

}  // namespace sluice
