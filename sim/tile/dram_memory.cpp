// SPDX-License-Identifier: Apache-2.0
// The DRAM as a TLM target; see memory.hpp.
#include <algorithm>

#include "base/assert.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/tile/memory.hpp"

namespace sluice::tile {
namespace {

constexpr std::uint64_t never = ~std::uint64_t{0};
std::uint64_t scaled_up(std::uint64_t value, std::uint64_t by, std::uint64_t over) {
  return value / over * by + (value % over * by + over - 1) / over;
}

}  // namespace

DramMemory::DramMemory(sc_core::sc_module_name name, const TileMemory& memory, std::size_t)
    : sc_core::sc_module(name), socket("socket"), dram_(memory.dram) {
  const ClockRatio ratio = clock_ratio(memory.dram, memory.clock);
  clocks_ = ratio.clocks, cycles_ = ratio.cycles;
  socket.register_nb_transport_fw(this, &DramMemory::accept);
  SC_HAS_PROCESS(DramMemory);
  SC_METHOD(work);
  sensitive << wake_;
  dont_initialize();
}

std::uint64_t DramMemory::clock_at(std::uint64_t cycle) const {
  return scaled_up(cycle, clocks_, cycles_);
}

std::uint64_t DramMemory::cycle_at(std::uint64_t clock) const {
  return scaled_up(clock, cycles_, clocks_);
}

tlm::tlm_sync_enum DramMemory::accept(int initiator, tlm::tlm_generic_payload& payload,
                                      tlm::tlm_phase& phase, sc_core::sc_time&) {
  SLUICE_ASSERT(phase == tlm::BEGIN_REQ, "a memory was asked with a phase that is no request");
  TransferExtension* extension = nullptr;
  payload.get_extension(extension);
  Transfer transfer;
  transfer.address = payload.get_address();
  transfer.run_bytes = extension->row_bytes;
  transfer.loops[0] = {extension->rows, static_cast<std::int64_t>(extension->row_stride)};
  transfer.write = payload.is_write();
  transfer.stream = extension->stream;
  transfer.outstanding = extension->outstanding;
  const auto id = static_cast<std::size_t>(dram_.submit(transfer, clock_at(now_cycle())));
  if (active_.size() <= id) active_.resize(id + 1);
  active_[id] = {&payload, initiator};
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  ask_to_look();
  return tlm::TLM_ACCEPTED;
}

/// Answers what is due; then asks to look for the next event.
void DramMemory::work() {
  respond();
  if (!responses_.empty())
    schedule(responses_.next_cycle());
  else if (dram_.busy())
    ask_to_look();
}

void DramMemory::look() {
  if (!responses_.empty() || !dram_.busy()) return;
  if (find_event())
    schedule(responses_.next_cycle());
  else
    schedule(std::max(cycle_at(dram_.earliest_event()), now_cycle() + 1));
}

void DramMemory::respond() {
  while (!responses_.empty() && responses_.next_cycle() <= now_cycle()) {
    const Response response = responses_.pop();
    tlm::tlm_phase phase = response.done ? tlm::BEGIN_RESP : tlm::END_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket[response.initiator]->nb_transport_bw(*response.payload, phase, delay);
  }
}

/// Lets the DRAM decide up to the next time at which a request may come. Nothing that happens from
/// there on can change what is found.
bool DramMemory::find_event() {
  std::uint64_t horizon = never;
  if (sc_core::sc_pending_activity_at_future_time())
    horizon = clock_at(now_cycle() + sc_core::sc_time_to_pending_activity().value());
  if (horizon <= dram_.now()) return false;
  const std::optional<TransferEvent> event = dram_.advance(horizon);
  if (!event) return false;
  const Active& active = active_[static_cast<std::size_t>(event->id)];
  responses_.push({cycle_at(event->clock), 0, event->done, active.initiator, active.payload});
  return true;
}

void DramMemory::schedule(std::uint64_t earliest) {
  const std::uint64_t now = now_cycle();
  wake_.cancel();
  wake_.notify(earliest <= now ? sc_core::SC_ZERO_TIME : at_cycle(earliest - now));
}

void DramMemory::show_data(BandwidthMeter& meter) {
  const double cycles_per_clock = static_cast<double>(cycles_) / static_cast<double>(clocks_);
  const TimingRules rules(timing_of(dram_.dram()));
  dram_.observe_data([&meter, cycles_per_clock, rules](const DataRun& run) {
    for (std::uint64_t i = 0; i < run.count; ++i) {
      const std::uint64_t end = run.first_end + i * run.spacing;
      meter.add(run.stream, static_cast<double>(end - rules.burst) * cycles_per_clock,
                static_cast<double>(end) * cycles_per_clock,
                static_cast<double>(rules.burst_bytes));
    }
  });
}

void DramMemory::append_state(std::uint64_t now, std::span<const std::uint64_t> stream_base,
                              std::vector<std::uint64_t>& out) {
  // While it owes nothing, no more can come up to now than its own queued writes and refreshes.
  const std::uint64_t decided = clock_at(now_cycle());
  if (!dram_.busy() && dram_.now() < decided) dram_.advance(decided);
  out.push_back(dram_.now() - clock_at(now));
  out.push_back(now % cycles_ * clocks_ % cycles_);
  dram_.append_state(dram_.now(), stream_base, out);
  responses_.append_state(now, out);
}

void DramMemory::shift(std::uint64_t cycles, std::span<const std::int64_t> stream_delta) {
  SLUICE_ASSERT(cycles * clocks_ % cycles_ == 0, "a period is not a whole number of DRAM clocks");
  dram_.shift(cycles / cycles_ * clocks_ + cycles % cycles_ * clocks_ / cycles_, stream_delta);
  responses_.shift(cycles);
  if (!responses_.empty())
    schedule(responses_.next_cycle());
  else if (dram_.busy())
    schedule(now_cycle() + 1);
}

std::vector<std::uint64_t> DramMemory::counters() const {
  std::vector<std::uint64_t> list;
  DramStats sum;
  for (std::size_t c = 0; c < dram_.channels(); ++c) sum += dram_.counters(c);
  for_each_counter(sum, [&](const char*, std::uint64_t counter) { list.push_back(counter); });
  return list;
}

void DramMemory::add_counters(std::span<const std::uint64_t> delta, std::uint64_t times) {
  std::size_t at = 0;
  for_each_counter(skipped_,
                   [&](const char*, std::uint64_t& counter) { counter += times * delta[at++]; });
}

std::uint64_t DramMemory::finish() { return cycle_at(dram_.drain()); }

std::vector<Counter> DramMemory::report_counters() const {
  std::vector<Counter> list;
  const DramStats sum = dram_.total() + skipped_;
  for_each_counter(sum, [&](const char* name, std::uint64_t counter) {
    const std::string_view word = name;
    const bool bytes = word.starts_with("bytes");
    const bool clocks = !bytes && (word == "clocks" || word == "data" || word == "queue_empty" ||
                                   word == "refresh" || word == "row" || word == "faw" ||
                                   word == "bank_group" || word == "turnaround");
    list.push_back({std::string(word), counter, bytes ? "B" : clocks ? "DRAM clocks" : ""});
  });
  return list;
}

}  // namespace sluice::tile
