// SPDX-License-Identifier: Apache-2.0
// How a unit talks to the memory: transfers over TLM, and what their answers change.
#include <algorithm>

#include "base/assert.hpp"
#include "sim/tile/engine.hpp"
#include "sim/tile/unit_process.hpp"

namespace sluice::tile {

std::uint64_t UnitProcess::address_of(const MemoryTransfer& transfer) const {
  std::uint64_t address = transfer.address;
  for (const LoopStride& stride : transfer.strides)
    for (const Cursor::Level& level : cursor_.levels)
      if (level.loop == index(stride.loop))
        address += static_cast<std::uint64_t>(stride.bytes) * level.iteration;
  return address;
}

/// Begins a transfer: the engine is set up, and knows the buffer that is taken from now on.
void UnitProcess::set_up(const Firing& firing, std::uint64_t start) {
  local_ = start + firing.interval;
  InFlight flight{next_ticket_++, &firing, start, false, {}};
  take_tokens(firing, Release::at_start, start);
  for (const Put& put : firing.puts) {
    ChannelState& channel = engine_.channels[index(put.channel)];
    flight.first_slots.push_back(channel.tail);
    channel.push_pending(put.tokens, start, local_, after_order_);
    engine_.note_occupancy(index(put.channel), start, std::int64_t{put.tokens});
  }
  in_flight_.push_back(std::move(flight));
  after_order_ = false;
  set_up_ = true;
}

/// Asks the memory for the transfer that has been set up.
void UnitProcess::request(const Firing& firing) {
  const MemoryTransfer& transfer = *firing.transfer;
  for (const PortUse& use : firing.ports) {
    PortState& port = engine_.ports[index(use.port)];
    port.free = std::max(port.free, local_) + use.beats;
    port.beats += use.beats;
  }

  tlm::tlm_generic_payload& payload = free_payload();
  TransferExtension* extension = nullptr;
  payload.get_extension(extension);
  extension->row_bytes = transfer.row_bytes;
  extension->rows = transfer.rows;
  extension->row_stride = transfer.row_stride;
  extension->stream = transfer.stream;
  extension->outstanding = engine_.graph.units[unit_].outstanding;
  extension->ticket = in_flight_.back().ticket;
  payload.set_command(transfer.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address_of(transfer));
  const std::uint64_t bytes = transfer.row_bytes * transfer.rows;
  payload.set_data_length(static_cast<unsigned>(std::min<std::uint64_t>(bytes, 0xffffffffu)));
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  StreamStats& stream = engine_.streams[transfer.stream];
  (transfer.write ? stream.write_bytes : stream.read_bytes) += bytes;
  ++stream.transfers;

  set_up_ = false;
  state_ = State::transfer;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket->nb_transport_fw(payload, phase, delay);
}

tlm::tlm_sync_enum UnitProcess::respond(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                        sc_core::sc_time&) {
  TransferExtension* extension = nullptr;
  payload.get_extension(extension);
  if (phase == tlm::END_REQ) {
    on_issued(extension->ticket);
    return tlm::TLM_ACCEPTED;
  }
  SLUICE_ASSERT(phase == tlm::BEGIN_RESP, "a memory answered with a phase that is not an answer");
  on_done(extension->ticket);
  free_payloads_.push_back(&payload);
  return tlm::TLM_COMPLETED;
}

/// The last request was accepted: the unit is free for its next firing. What it wrote has left its
/// buffer, so that the tokens of a write can be taken.
void UnitProcess::on_issued(std::uint64_t ticket) {
  const auto flight = std::find_if(in_flight_.begin(), in_flight_.end(),
                                   [&](const InFlight& f) { return f.ticket == ticket; });
  SLUICE_ASSERT(flight != in_flight_.end() && !flight->issued, "a transfer was issued twice");
  flight->issued = true;
  const Firing& firing = *flight->firing;
  const std::uint64_t end = now_cycle();
  UnitLayerStats& row = engine_.stats[unit_].layers[firing.layer];
  take_tokens(firing, Release::at_end, end);
  if (firing.transfer->write) make_ready(*flight, end);
  if (engine_.traces(flight->begun)) record_slice(firing, flight->begun, end);
  row.busy += end - flight->begun;
  row.end = end;
  local_ = end;
  advance();
  wake();
}

/// The last byte has arrived: the tokens of a read can be taken.
void UnitProcess::on_done(std::uint64_t ticket) {
  const auto flight = std::find_if(in_flight_.begin(), in_flight_.end(),
                                   [&](const InFlight& f) { return f.ticket == ticket; });
  SLUICE_ASSERT(flight != in_flight_.end() && flight->issued, "a transfer ended before its issue");
  const Firing& firing = *flight->firing;
  const std::uint64_t now = now_cycle();
  if (!firing.transfer->write) make_ready(*flight, now);
  engine_.stats[unit_].layers[firing.layer].done = now;
  engine_.last_done = std::max(engine_.last_done, now);
  in_flight_.erase(flight);
}

/// The tokens that a transfer put can be taken from `cycle` on.
void UnitProcess::make_ready(const InFlight& flight, std::uint64_t cycle) {
  const auto& puts = flight.firing->puts;
  for (std::size_t p = 0; p < puts.size(); ++p) {
    ChannelState& channel = engine_.channels[index(puts[p].channel)];
    std::uint32_t slot = flight.first_slots[p];
    for (std::uint32_t i = 0; i < puts[p].tokens; ++i, slot = channel.next(slot))
      channel.slots[slot].ready = std::max(cycle, flight.begun + 1);
    engine_.wake_reader(channel);
  }
}

tlm::tlm_generic_payload& UnitProcess::free_payload() {
  if (free_payloads_.empty()) {
    payloads_.push_back(std::make_unique<tlm::tlm_generic_payload>());
    payloads_.back()->set_extension(new TransferExtension);
    free_payloads_.push_back(payloads_.back().get());
  }
  tlm::tlm_generic_payload* payload = free_payloads_.back();
  free_payloads_.pop_back();
  return *payload;
}

}  // namespace sluice::tile
