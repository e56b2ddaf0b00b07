// SPDX-License-Identifier: Apache-2.0
// The memory of bandwidth and latency only, and the queue of answers that every memory has.
#include <algorithm>
#include <cmath>
#include <functional>

#include "base/assert.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/tile/channel_state.hpp"
#include "sim/tile/memory.hpp"

namespace sluice::tile {

void ResponseQueue::push(Response response) {
  response.order = order_++;
  heap_.push_back(response);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

Response ResponseQueue::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  const Response response = heap_.back();
  heap_.pop_back();
  return response;
}

void ResponseQueue::shift(std::uint64_t cycles) {
  for (Response& response : heap_) response.cycle += cycles;
}

void ResponseQueue::append_state(std::uint64_t now, std::vector<std::uint64_t>& out) const {
  std::vector<Response> ordered = heap_;
  std::sort(ordered.begin(), ordered.end(),
            [](const Response& a, const Response& b) { return b > a; });
  out.push_back(ordered.size());
  for (const Response& response : ordered) {
    out.push_back(response.cycle - now);
    out.push_back(static_cast<std::uint64_t>(response.initiator) * 2 + (response.done ? 1 : 0));
  }
}

IdealMemory::IdealMemory(sc_core::sc_module_name name, const TileMemory& memory, std::size_t)
    : sc_core::sc_module(name), socket("socket") {
  const double bytes = bytes_per_cycle(memory.dram.bandwidth, memory.clock);
  if (bytes > 0) parts_per_byte_ = static_cast<double>(parts) / bytes;
  latency_ = memory_facts(memory.dram, memory.clock).unloaded_latency;
  socket.register_nb_transport_fw(this, &IdealMemory::accept);
  SC_HAS_PROCESS(IdealMemory);
  SC_METHOD(respond);
  sensitive << wake_;
  dont_initialize();
}

tlm::tlm_sync_enum IdealMemory::accept(int initiator, tlm::tlm_generic_payload& payload,
                                       tlm::tlm_phase& phase, sc_core::sc_time&) {
  SLUICE_ASSERT(phase == tlm::BEGIN_REQ, "a memory was asked with a phase that is no request");
  TransferExtension* transfer = nullptr;
  payload.get_extension(transfer);
  const std::uint64_t now = now_cycle();
  const std::uint64_t bytes = transfer->row_bytes * transfer->rows;
  const std::uint64_t begin = std::max(free_parts_, now * parts);
  free_parts_ = begin + service_parts(bytes);
  if (meter_ != nullptr && free_parts_ > begin)
    meter_->add(transfer->stream, static_cast<double>(begin) / parts,
                static_cast<double>(free_parts_) / parts, static_cast<double>(bytes));
  const std::uint64_t issued = (free_parts_ + parts - 1) / parts;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  responses_.push({issued, 0, false, initiator, &payload});
  responses_.push({issued + latency_, 0, true, initiator, &payload});
  wake_.notify(at_cycle(responses_.next_cycle() - now));
  return tlm::TLM_ACCEPTED;
}

void IdealMemory::respond() {
  while (!responses_.empty() && responses_.next_cycle() == now_cycle()) {
    const Response response = responses_.pop();
    tlm::tlm_phase phase = response.done ? tlm::BEGIN_RESP : tlm::END_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket[response.initiator]->nb_transport_bw(*response.payload, phase, delay);
  }
  if (!responses_.empty()) wake_.notify(at_cycle(responses_.next_cycle() - now_cycle()));
}

/// Rounded up, but not for what a double adds to a whole number.
std::uint64_t IdealMemory::service_parts(std::uint64_t bytes) const {
  const double exact = static_cast<double>(bytes) * parts_per_byte_;
  return static_cast<std::uint64_t>(std::ceil(exact * (1 - 1e-15)));
}

/// Once the bus is free, nothing to come can tell since when.
bool IdealMemory::idle() const { return free_parts_ <= now_cycle() * parts; }

void IdealMemory::append_state(std::uint64_t now, std::span<const std::uint64_t>,
                               std::vector<std::uint64_t>& out) const {
  out.push_back(idle() ? pending : free_parts_ - now * parts);
  responses_.append_state(now, out);
}

void IdealMemory::shift(std::uint64_t cycles, std::span<const std::int64_t>) {
  if (!idle()) free_parts_ += cycles * parts;
  responses_.shift(cycles);
  if (responses_.empty()) return;
  wake_.cancel();
  wake_.notify(at_cycle(responses_.next_cycle() - now_cycle()));
}

}  // namespace sluice::tile
