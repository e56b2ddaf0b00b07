// SPDX-License-Identifier: Apache-2.0
// Transfers as loosely timed bursts; see external_adapter.hpp and external_memory.hpp.
#include "sim/tile/external_memory.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "sim/tile/engine.hpp"
#include "sim/tile/external_adapter.hpp"

namespace sluice::tile {

ExternalMemoryAdapter::ExternalMemoryAdapter(sc_core::sc_module_name name,
                                             const ExternalMemory& memory)
    : sc_core::sc_module(name),
      socket("socket"),
      memory_(memory),
      target_(memory.make()),
      out_("out"),
      ticks_per_cycle_(1e12 / memory.clock.value),
      data_(memory.burst_bytes) {
  SLUICE_ASSERT(memory.burst_bytes > 0 && memory.interval > 0,
                "a burst has bytes, and takes its time on the socket");
  SLUICE_ASSERT(ticks_per_cycle_ >= 1, "a cycle is at least one picosecond");
  SLUICE_ASSERT(sc_core::sc_get_time_resolution() == sc_core::sc_time(1, sc_core::SC_PS),
                "SystemC's time resolution is its default, one picosecond");
  socket.register_nb_transport_fw(this, &ExternalMemoryAdapter::accept);
  out_.bind(*target_.socket);
  SC_HAS_PROCESS(ExternalMemoryAdapter);
  SC_METHOD(work);
  sensitive << wake_;
  dont_initialize();
}

tlm::tlm_sync_enum ExternalMemoryAdapter::accept(int initiator, tlm::tlm_generic_payload& payload,
                                                 tlm::tlm_phase& phase, sc_core::sc_time&) {
  SLUICE_ASSERT(phase == tlm::BEGIN_REQ, "a memory was asked with a phase that is no request");
  const auto at = static_cast<std::size_t>(initiator);
  if (lanes_.size() <= at) lanes_.resize(at + 1);
  Lane& lane = lanes_[at];
  SLUICE_ASSERT(lane.payload == nullptr, "a unit asked before its last request was accepted");
  lane.payload = &payload;
  lane.row = lane.offset = 0;
  lane.done = now_cycle();
  ask_to_look();
  return tlm::TLM_ACCEPTED;
}

/// Answers what is due; then asks to look for the next burst.
void ExternalMemoryAdapter::work() {
  const std::uint64_t now = now_cycle();
  while (!responses_.empty() && responses_.next_cycle() <= now) {
    const Response response = responses_.pop();
    tlm::tlm_phase phase = response.done ? tlm::BEGIN_RESP : tlm::END_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket[response.initiator]->nb_transport_bw(*response.payload, phase, delay);
  }
  ask_to_look();
}

/// Sends a burst of the lane whose turn it is. Called when all requests of the time are known.
void ExternalMemoryAdapter::look() {
  const std::uint64_t now = now_cycle();
  for (std::size_t i = 0; i < lanes_.size() && free_ <= now; ++i) {
    const std::size_t lane = (turn_ + i) % lanes_.size();
    if (!may_send(lanes_[lane], now)) continue;
    send_burst(static_cast<int>(lane), now);
    turn_ = lane + 1;
    break;
  }
  schedule(now);
}

bool ExternalMemoryAdapter::may_send(Lane& lane, std::uint64_t now) const {
  if (lane.payload == nullptr) return false;
  while (!lane.returns.empty() && lane.returns.top() <= now) lane.returns.pop();
  TransferExtension* transfer = nullptr;
  lane.payload->get_extension(transfer);
  return lane.returns.size() < std::max<std::uint32_t>(1, transfer->outstanding);
}

void ExternalMemoryAdapter::send_burst(int initiator, std::uint64_t now) {
  Lane& lane = lanes_[static_cast<std::size_t>(initiator)];
  TransferExtension* transfer = nullptr;
  lane.payload->get_extension(transfer);
  const std::uint64_t address =
      lane.payload->get_address() + lane.row * transfer->row_stride + lane.offset;
  const std::uint64_t bytes = std::min(transfer->row_bytes - lane.offset,
                                       memory_.burst_bytes - address % memory_.burst_bytes);
  const std::uint64_t back = transport(lane.payload->get_command(), address, bytes);
  lane.returns.push(back);
  lane.done = std::max(lane.done, back);
  free_ = now + memory_.interval;
  if (meter_ != nullptr)
    meter_->add(transfer->stream, static_cast<double>(now), static_cast<double>(free_),
                static_cast<double>(bytes));
  lane.offset += bytes;
  if (lane.offset < transfer->row_bytes) return;
  lane.offset = 0;
  if (++lane.row < transfer->rows) return;
  lane.payload->set_response_status(tlm::TLM_OK_RESPONSE);
  responses_.push({free_, 0, false, initiator, lane.payload});
  responses_.push({std::max(free_, lane.done), 0, true, initiator, lane.payload});
  lane.payload = nullptr;
}

/// Asks the memory; returns the cycle at which it has answered. The kernel's time counts cycles, so
/// the delay also bridges from there to the machine's real time.
std::uint64_t ExternalMemoryAdapter::transport(tlm::tlm_command command, std::uint64_t address,
                                               std::uint64_t bytes) {
  const double ticks = std::floor(static_cast<double>(now_cycle()) * ticks_per_cycle_ + 1e-6);
  const sc_core::sc_time request = sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(ticks));
  sc_core::sc_time delay = request - sc_core::sc_time_stamp();
  burst_.set_command(command);
  burst_.set_address(address);
  burst_.set_data_ptr(data_.data());
  burst_.set_data_length(static_cast<unsigned>(bytes));
  burst_.set_streaming_width(static_cast<unsigned>(bytes));
  burst_.set_byte_enable_ptr(nullptr);
  burst_.set_dmi_allowed(false);
  burst_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  out_->b_transport(burst_, delay);
  ++bursts_;
  if (!burst_.is_response_ok())
    throw ExternalMemoryError("the memory answered " + burst_.get_response_string() + " to " +
                              std::to_string(bytes) + " B at address " + std::to_string(address));
  const sc_core::sc_time answer = sc_core::sc_time_stamp() + delay;
  if (answer < request)
    throw ExternalMemoryError("the memory took time off the delay of a request to address " +
                              std::to_string(address));
  return static_cast<std::uint64_t>(
      std::ceil(static_cast<double>(answer.value()) / ticks_per_cycle_ - 1e-6));
}

void ExternalMemoryAdapter::schedule(std::uint64_t now) {
  std::uint64_t next = ~std::uint64_t{0};
  if (!responses_.empty()) next = responses_.next_cycle();
  for (Lane& lane : lanes_) {
    if (lane.payload == nullptr) continue;
    next = std::min(next, may_send(lane, now) ? free_ : std::max(free_, lane.returns.top()));
  }
  if (next == ~std::uint64_t{0}) return;
  wake_.cancel();
  wake_.notify(at_cycle(next - now));
}

std::vector<Counter> ExternalMemoryAdapter::report_counters() const {
  return {{"bursts", bursts_, ""}};
}

void ExternalMemoryAdapter::append_state(std::uint64_t, std::span<const std::uint64_t>,
                                         std::vector<std::uint64_t>&) const {
  SLUICE_ASSERT(false, "the state of a foreign memory is unknown");
}

void ExternalMemoryAdapter::shift(std::uint64_t, std::span<const std::int64_t>) {
  SLUICE_ASSERT(false, "a foreign memory cannot be moved in time");
}

}  // namespace sluice::tile

namespace sluice {

TileOutcome run_tile(const Graph& graph, const ExternalMemory& memory, const TileOptions& options) {
  TileOptions exact = options;
  exact.fast_forward = false;
  try {
    return tile::run_with(
        graph,
        [&]() -> tile::Memory {
          return std::make_unique<tile::ExternalMemoryAdapter>("memory", memory);
        },
        exact);
  } catch (const sc_core::sc_report& report) {
    throw ExternalMemoryError(report.get_msg());
  }
}

}  // namespace sluice
