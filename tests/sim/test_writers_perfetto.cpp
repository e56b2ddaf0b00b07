// SPDX-License-Identifier: Apache-2.0
// The trace writer, read back by a decoder of the wire format that shares nothing with it.
// tests/sim/test_writers.py reads the same bytes with protobuf's own decoder.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <random>

#include "sim/writers/trace_events.hpp"
#include "sim/writers/writers.hpp"
#include "tests/sim/writers_samples.hpp"

using namespace sluice;

namespace {

struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  // of varints and 64-bit fields
  std::string bytes;        // of length-delimited ones
};

std::uint64_t take_varint(const std::string& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.at(at++));
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
}

std::vector<Field> decode(const std::string& bytes) {
  std::vector<Field> fields;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t key = take_varint(bytes, at);
    Field field{key >> 3, 0, {}};
    if ((key & 7) == 0) {
      field.value = take_varint(bytes, at);
    } else if ((key & 7) == 1) {
      for (unsigned i = 0; i < 8; ++i)
        field.value |= std::uint64_t{static_cast<unsigned char>(bytes.at(at++))} << (8 * i);
    } else {
      REQUIRE((key & 7) == 2);
      const std::uint64_t length = take_varint(bytes, at);
      REQUIRE(length <= bytes.size() - at);
      field.bytes = bytes.substr(at, length);
      at += length;
    }
    fields.push_back(field);
  }
  return fields;
}

const Field* find(const std::vector<Field>& fields, std::uint64_t number) {
  for (const Field& field : fields)
    if (field.number == number) return &field;
  return nullptr;
}

std::uint64_t number(const std::vector<Field>& fields, std::uint64_t field) {
  const Field* found = find(fields, field);
  return found == nullptr ? 0 : found->value;
}

std::string text(const std::vector<Field>& fields, std::uint64_t field) {
  const Field* found = find(fields, field);
  return found == nullptr ? "" : found->bytes;
}

struct Slice {
  std::string track, name;
  std::uint64_t start = 0, end = 0;
  std::vector<std::uint64_t> flows_in, flows_out;
  auto operator<=>(const Slice&) const = default;
};
struct Sample {
  std::string counter;
  std::uint64_t cycle = 0;
  double value = 0;
  bool operator==(const Sample&) const = default;
};
struct Decoded {
  std::vector<Slice> slices;
  std::vector<Sample> samples;
};

/// What a viewer makes of a trace: slices by a stack a track, as Perfetto builds them. Requires
/// that packets are in order of time and that no slice ends beside the innermost.
Decoded view(const std::string& bytes) {
  Decoded result;
  std::map<std::uint64_t, std::string> tracks, names;
  std::map<std::uint64_t, std::vector<std::size_t>> open;
  std::uint64_t now = 0;
  bool first = true;
  for (const Field& packet_field : decode(bytes)) {
    REQUIRE(packet_field.number == 1);
    const auto packet = decode(packet_field.bytes);
    REQUIRE(number(packet, 10) == 1);                  // trusted_packet_sequence_id
    REQUIRE(number(packet, 13) == (first ? 1u : 2u));  // sequence_flags: cleared, then needed
    first = false;
    if (const Field* interned = find(packet, 12)) {
      const auto entry = decode(text(decode(interned->bytes), 2));
      REQUIRE(names.emplace(number(entry, 1), text(entry, 2)).second);
    }
    if (const Field* descriptor = find(packet, 60)) {
      const auto fields = decode(descriptor->bytes);
      REQUIRE(tracks.emplace(number(fields, 1), text(fields, 2)).second);
      if (const std::uint64_t parent = number(fields, 5)) REQUIRE(tracks.count(parent) == 1);
    }
    const Field* event = find(packet, 11);
    if (event == nullptr) continue;
    REQUIRE(number(packet, 8) >= now);
    now = number(packet, 8);
    const auto fields = decode(event->bytes);
    const std::uint64_t track = number(fields, 11);
    REQUIRE(tracks.count(track) == 1);
    if (number(fields, 9) == 4) {
      result.samples.push_back({tracks[track], now, std::bit_cast<double>(number(fields, 44))});
    } else if (number(fields, 9) == 1) {
      REQUIRE(names.count(number(fields, 10)) == 1);
      Slice slice{tracks[track], names[number(fields, 10)], now, 0, {}, {}};
      for (const Field& field : fields) {
        if (field.number == 47) slice.flows_out.push_back(field.value);
        if (field.number == 48) slice.flows_in.push_back(field.value);
      }
      open[track].push_back(result.slices.size());
      result.slices.push_back(slice);
    } else {
      REQUIRE(number(fields, 9) == 2);
      REQUIRE_FALSE(open[track].empty());
      result.slices[open[track].back()].end = now;
      open[track].pop_back();
    }
  }
  for (const auto& [track, slices] : open) REQUIRE(slices.empty());
  return result;
}

/// The same from the trace itself, flows with a producer only.
std::vector<Slice> expected_slices(const Trace& trace) {
  std::vector<std::uint64_t> produced;
  for (const TraceSlice& slice : trace.slices) produced.push_back(slice.flow_out);
  std::vector<Slice> result;
  for (const TraceSlice& slice : trace.slices) {
    Slice s{trace.tracks[slice.track],
            trace.names[slice.name],
            slice.start,
            slice.start + slice.duration,
            {},
            {}};
    if (slice.flow_out != 0) s.flows_out = {slice.flow_out};
    if (slice.flow_in != 0 &&
        std::find(produced.begin(), produced.end(), slice.flow_in) != produced.end())
      s.flows_in = {slice.flow_in};
    result.push_back(s);
  }
  std::sort(result.begin(), result.end());
  return result;
}

Trace random_trace(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Trace trace;
  for (std::uint64_t i = 1 + random() % 4; i > 0; --i)
    trace.tracks.push_back("unit" + std::to_string(i));
  for (std::uint64_t i = 1 + random() % 5; i > 0; --i)
    trace.names.push_back("name" + std::to_string(i));
  trace.counters = {{"a", "B"}, {"b", ""}};
  for (std::uint64_t i = random() % 60; i > 0; --i)
    trace.slices.push_back({static_cast<std::uint32_t>(random() % trace.tracks.size()),
                            static_cast<std::uint32_t>(random() % trace.names.size()),
                            random() % 50, random() % 20, 0, 0});
  std::uint64_t flow = 0;
  for (TraceSlice& producer : trace.slices)
    for (TraceSlice& consumer : trace.slices)
      if (producer.flow_out == 0 && consumer.flow_in == 0 && consumer.start > producer.start)
        producer.flow_out = consumer.flow_in = ++flow << 33;
  for (std::uint64_t i = random() % 20; i > 0; --i)
    trace.samples.push_back({static_cast<std::uint32_t>(random() % 2), random() % 50,
                             static_cast<double>(random() % 1000) / 7});
  return trace;
}

}  // namespace

TEST_CASE("the sample trace reads back with its slices, counters and flows") {
  const Trace trace = samples::trace();
  Decoded decoded = view(write_perfetto(trace));
  CHECK(decoded.samples ==
        std::vector<Sample>{
            {"glb", 0, 0}, {"glb", 10, 4096}, {"dram", 10, 16}, {"dram", 40, 0.5}, {"glb", 79, 0}});
  std::sort(decoded.slices.begin(), decoded.slices.end());
  CHECK(decoded.slices == expected_slices(trace));
}

TEST_CASE("random traces read back, sorted by time and nested on every track") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const Trace trace = random_trace(seed);
    Decoded decoded = view(write_perfetto(trace));
    std::sort(decoded.slices.begin(), decoded.slices.end());
    REQUIRE(decoded.slices == expected_slices(trace));
    REQUIRE(decoded.samples.size() == trace.samples.size());
  }
}

TEST_CASE("slices that overlap in part take lanes of their own, nested ones share") {
  Trace trace;
  trace.tracks = {"array"};
  trace.names = {"firing"};
  const auto lanes_of = [&](std::vector<std::pair<std::uint64_t, std::uint64_t>> spans) {
    trace.slices.clear();
    for (const auto& [start, end] : spans) trace.slices.push_back({0, 0, start, end - start, 0, 0});
    return trace_lanes(trace).size();
  };
  CHECK(lanes_of({{0, 10}, {10, 20}}) == 1);           // end to end
  CHECK(lanes_of({{0, 10}, {2, 10}, {3, 5}}) == 1);    // one in another
  CHECK(lanes_of({{0, 10}, {9, 11}}) == 2);            // one cycle beyond the end
  CHECK(lanes_of({{0, 10}, {5, 15}, {10, 20}}) == 2);  // the third follows the first
  CHECK(lanes_of({{0, 10}, {5, 15}, {9, 20}}) == 3);
}

TEST_CASE("a flow whose producer was cut off is left out") {
  for (const Slice& slice : view(write_perfetto(samples::trace())).slices)
    for (const std::uint64_t flow : slice.flows_in) CHECK(flow != 999);
}

TEST_CASE("the process says what a nanosecond is and whether the trace was cut off") {
  Trace trace = samples::trace();
  CHECK(write_perfetto(trace).find("1 ns shown = 1 cycle") != std::string::npos);
  CHECK(write_perfetto(trace).find("clock 940 MHz") != std::string::npos);
  CHECK(write_perfetto(trace).find("cut off") == std::string::npos);
  trace.truncated = true;
  CHECK(write_perfetto(trace).find("cut off: not the whole run") != std::string::npos);
  CHECK(write_perfetto(trace, {"resnet50 on tpu"}).find("resnet50 on tpu") != std::string::npos);
}

TEST_CASE("a trace of nothing is a trace with one process") {
  const Decoded decoded = view(write_perfetto(Trace{}));
  CHECK(decoded.slices.empty());
  CHECK(decode(write_perfetto(Trace{})).size() == 1);
}
