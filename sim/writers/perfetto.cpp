// SPDX-License-Identifier: Apache-2.0
// Writes a trace as packets of perfetto.protos.Trace for ui.perfetto.dev. The field numbers are
// those of Perfetto's protos/perfetto/trace: trace.proto, trace_packet.proto, interned_data.proto,
// track_event/{track_event,track_descriptor,process_descriptor,counter_descriptor}.proto (v59).
//
// One cycle is one nanosecond: Perfetto counts whole nanoseconds, and a cycle of a fast clock is
// less than one. The true clock is in the labels of the process.
#include <fmt/format.h>

#include <ostream>
#include <sstream>
#include <unordered_set>

#include "base/assert.hpp"
#include "base/quantity.hpp"
#include "base/utf8.hpp"
#include "sim/writers/protobuf.hpp"
#include "sim/writers/trace_events.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

namespace trace_field {
constexpr std::uint32_t packet = 1;
}
namespace packet_field {
constexpr std::uint32_t timestamp = 8, trusted_packet_sequence_id = 10, track_event = 11,
                        interned_data = 12, sequence_flags = 13, track_descriptor = 60,
                        first_packet_on_sequence = 87;
}
namespace descriptor_field {
constexpr std::uint32_t uuid = 1, name = 2, process = 3, parent_uuid = 5, counter = 8,
                        child_ordering = 11, sibling_order_rank = 12, description = 14;
constexpr std::uint64_t explicit_ordering = 3;
}  // namespace descriptor_field
namespace process_field {
constexpr std::uint32_t pid = 1, process_name = 6, process_labels = 8;
}
namespace counter_field {
constexpr std::uint32_t unit_name = 6;
}
namespace interned_field {
constexpr std::uint32_t event_names = 2, iid = 1, name = 2;
}
namespace event_field {
constexpr std::uint32_t type = 9, name_iid = 10, track_uuid = 11, double_counter_value = 44,
                        flow_ids = 47, terminating_flow_ids = 48;
constexpr std::uint64_t slice_begin = 1, slice_end = 2, counter = 4;
}  // namespace event_field

constexpr std::uint64_t sequence = 1;  // all packets are of one writer
constexpr std::uint64_t state_cleared = 1, needs_state = 2;
constexpr std::uint64_t process_uuid = 1, units_uuid = 2, counters_uuid = 3, first_free_uuid = 4;

class PerfettoWriter {
 public:
  PerfettoWriter(const Trace& trace, std::ostream& out)
      : trace_(trace), out_(out), lanes_(trace_lanes(trace)), interned_(trace.names.size()) {}

  void write(const PerfettoOptions& options) {
    process(options);
    if (!trace_.tracks.empty()) group(units_uuid, "units", 0);
    if (!trace_.counters.empty()) group(counters_uuid, "counters", 1);
    unit_tracks();
    for (std::size_t i = 0; i < trace_.counters.size(); ++i) counter_track(i);
    events();
  }

 private:
  std::uint64_t lane_uuid(std::size_t lane) const { return first_free_uuid + lane; }
  // Tracks without slices have a descriptor all the same, after those of the lanes and counters.
  std::uint64_t counter_uuid(std::size_t counter) const {
    return first_free_uuid + lanes_.size() + counter;
  }
  std::uint64_t empty_uuid(std::size_t track) const {
    return counter_uuid(trace_.counters.size()) + track;
  }

  void send(ProtobufMessage& packet) {
    packet.varint(packet_field::trusted_packet_sequence_id, sequence);
    ProtobufMessage framed;
    framed.message(trace_field::packet, packet);
    out_.write(framed.bytes().data(), static_cast<std::streamsize>(framed.bytes().size()));
  }
  void send_descriptor(const ProtobufMessage& descriptor) {
    ProtobufMessage packet;
    packet.message(packet_field::track_descriptor, descriptor);
    packet.varint(packet_field::sequence_flags, needs_state);
    send(packet);
  }

  void process(const PerfettoOptions& options);
  void group(std::uint64_t uuid, std::string_view name, std::uint64_t rank);
  void unit_tracks();
  void unit_track(std::uint64_t uuid, std::uint32_t track);
  void counter_track(std::size_t counter);
  void events();
  void begin(const TraceEvent& event, ProtobufMessage& packet, ProtobufMessage& body);
  void intern(std::uint32_t name, ProtobufMessage& packet);

  const Trace& trace_;
  std::ostream& out_;
  std::vector<TraceLane> lanes_;
  std::vector<bool> interned_;                   // names that have been sent
  std::unordered_set<std::uint64_t> in_flight_;  // flows that have begun and not ended
};

// The first packet: resets what the reader knows of the sequence, and says what the times mean.
void PerfettoWriter::process(const PerfettoOptions& options) {
  const std::string clock = to_text(Hertz{trace_.clock_hz});
  ProtobufMessage process;
  process.varint(process_field::pid, 1);
  process.text(process_field::process_name, "sluice");
  if (!options.title.empty()) process.text(process_field::process_labels, printable(options.title));
  process.text(process_field::process_labels, "1 ns shown = 1 cycle");
  process.text(process_field::process_labels, "clock " + clock);
  if (trace_.truncated) process.text(process_field::process_labels, "cut off: not the whole run");
  ProtobufMessage descriptor;
  descriptor.varint(descriptor_field::uuid, process_uuid);
  descriptor.text(descriptor_field::name, "sluice");
  descriptor.message(descriptor_field::process, process);
  descriptor.varint(descriptor_field::child_ordering, descriptor_field::explicit_ordering);
  descriptor.text(descriptor_field::description,
                  fmt::format("Times are cycles: 1 ns shown is 1 cycle of a clock of {}.{}", clock,
                              trace_.truncated ? " The trace is cut off." : ""));
  ProtobufMessage packet;
  packet.message(packet_field::track_descriptor, descriptor);
  packet.varint(packet_field::sequence_flags, state_cleared);
  packet.varint(packet_field::first_packet_on_sequence, 1);
  send(packet);
}

void PerfettoWriter::group(std::uint64_t uuid, std::string_view name, std::uint64_t rank) {
  ProtobufMessage descriptor;
  descriptor.varint(descriptor_field::uuid, uuid);
  descriptor.text(descriptor_field::name, name);
  descriptor.varint(descriptor_field::parent_uuid, process_uuid);
  descriptor.varint(descriptor_field::child_ordering, descriptor_field::explicit_ordering);
  descriptor.varint(descriptor_field::sibling_order_rank, rank);
  send_descriptor(descriptor);
}

// In the order of the trace. Lanes of one track have its name and rank: the viewer shows them as
// one.
void PerfettoWriter::unit_tracks() {
  std::size_t lane = 0;
  for (std::uint32_t track = 0; track < trace_.tracks.size(); ++track) {
    const bool empty = lane == lanes_.size() || lanes_[lane].track != track;
    if (empty) unit_track(empty_uuid(track), track);
    for (; lane < lanes_.size() && lanes_[lane].track == track; ++lane)
      unit_track(lane_uuid(lane), track);
  }
}

void PerfettoWriter::unit_track(std::uint64_t uuid, std::uint32_t track) {
  ProtobufMessage descriptor;
  descriptor.varint(descriptor_field::uuid, uuid);
  descriptor.text(descriptor_field::name, printable(trace_.tracks[track]));
  descriptor.varint(descriptor_field::parent_uuid, units_uuid);
  descriptor.varint(descriptor_field::sibling_order_rank, track);
  send_descriptor(descriptor);
}

void PerfettoWriter::counter_track(std::size_t counter) {
  ProtobufMessage unit;
  if (const std::string& name = trace_.counters[counter].unit; !name.empty())
    unit.text(counter_field::unit_name, printable(name));
  ProtobufMessage descriptor;
  descriptor.varint(descriptor_field::uuid, counter_uuid(counter));
  descriptor.text(descriptor_field::name, printable(trace_.counters[counter].name));
  descriptor.varint(descriptor_field::parent_uuid, counters_uuid);
  descriptor.message(descriptor_field::counter, unit);
  descriptor.varint(descriptor_field::sibling_order_rank, counter);
  send_descriptor(descriptor);
}

// A name travels with the first packet that refers to it; ids count from 1.
void PerfettoWriter::intern(std::uint32_t name, ProtobufMessage& packet) {
  SLUICE_ASSERT(name < trace_.names.size(), "a slice of a trace names no name");
  if (interned_[name]) return;
  interned_[name] = true;
  ProtobufMessage entry;
  entry.varint(interned_field::iid, name + std::uint64_t{1});
  entry.text(interned_field::name, printable(trace_.names[name]));
  ProtobufMessage data;
  data.message(interned_field::event_names, entry);
  packet.message(packet_field::interned_data, data);
}

void PerfettoWriter::begin(const TraceEvent& event, ProtobufMessage& packet,
                           ProtobufMessage& body) {
  const TraceSlice& slice = trace_.slices[event.index];
  intern(slice.name, packet);
  body.varint(event_field::name_iid, slice.name + std::uint64_t{1});
  // A flow whose begin was cut off would come from nowhere: it is left out.
  if (slice.flow_in != 0 && in_flight_.erase(slice.flow_in) > 0)
    body.fixed64(event_field::terminating_flow_ids, slice.flow_in);
  if (slice.flow_out != 0 && in_flight_.insert(slice.flow_out).second)
    body.fixed64(event_field::flow_ids, slice.flow_out);
}

void PerfettoWriter::events() {
  TraceEvents source(trace_, lanes_);
  ProtobufMessage packet, body;
  for (TraceEvent event; source.next(event); packet.clear(), body.clear()) {
    packet.varint(packet_field::timestamp, event.cycle);
    if (event.kind == TraceEvent::Kind::sample) {
      const TraceSample& sample = trace_.samples[event.index];
      SLUICE_ASSERT(sample.counter < trace_.counters.size(), "a sample of a trace has no counter");
      body.varint(event_field::type, event_field::counter);
      body.varint(event_field::track_uuid, counter_uuid(sample.counter));
      body.real(event_field::double_counter_value, sample.value);
    } else {
      const bool begins = event.kind == TraceEvent::Kind::begin;
      body.varint(event_field::type, begins ? event_field::slice_begin : event_field::slice_end);
      body.varint(event_field::track_uuid, lane_uuid(event.lane));
      if (begins) begin(event, packet, body);
    }
    packet.message(packet_field::track_event, body);
    packet.varint(packet_field::sequence_flags, needs_state);
    send(packet);
  }
}

}  // namespace

void write_perfetto(const Trace& trace, std::ostream& out, const PerfettoOptions& options) {
  PerfettoWriter(trace, out).write(options);
}

std::string write_perfetto(const Trace& trace, const PerfettoOptions& options) {
  std::ostringstream out;
  write_perfetto(trace, out, options);
  return std::move(out).str();
}

Descriptor describe_perfetto() {
  return {"perfetto",
          "a trace of every unit for ui.perfetto.dev: slices, counters and flows",
          "Perfetto, protos/perfetto/trace/trace.proto (v59)",
          {{"title", "text", "", "", "", "shown beside the process"}}};
}

}  // namespace sluice
