// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/edge.hpp"

namespace sluice {

FoldController::FoldController(sc_core::sc_module_name name, std::uint64_t folds,
                               std::uint64_t interval)
    : sc_module(name), folds_(folds), interval_(interval) {
  SC_HAS_PROCESS(FoldController);
  SC_METHOD(tick);
  sensitive << clock.pos();
  dont_initialize();
}

void FoldController::tick() {
  PeStart started = 0;
  if (next_fold_ < folds_ && wait_ == 0) {
    started = ++next_fold_;
    wait_ = interval_;
  }
  if (wait_ > 0) --wait_;
  start.write(started);
}

EdgeFeeder::EdgeFeeder(sc_core::sc_module_name name, const Site& site)
    : sc_module(name), site_(site) {
  SC_HAS_PROCESS(EdgeFeeder);
  SC_METHOD(tick);
  sensitive << clock.pos();
  dont_initialize();
}

void EdgeFeeder::tick() {
  const std::uint64_t cycle = ++edge_;  // the word is on the wire from this edge to the next
  const PeStart started = start.read();
  start_next.write(started);
  if (started != 0) running_.push_back({static_cast<std::uint32_t>(started - 1), cycle});
  PeWord chosen;
  for (const Running& running : running_) {
    const PeWord candidate = word(running, cycle);
    if (!candidate.valid()) continue;
    if (chosen.valid()) {
      site_.observation.hazard(
          cycle, "two folds want lane " + std::to_string(site_.lane) +
                     (site_.edge == PeEdge::west ? " of the west edge" : " of the north edge"));
    }
    chosen = candidate;
  }
  if (chosen.valid()) {
    site_.observation.enter(chosen, site_.edge == PeEdge::west, site_.lane, cycle);
    site_.observation.hold(wire_, chosen.fold, cycle);
  }
  out.write(chosen);
  const std::uint64_t length = site_.program.lane_words();
  while (!running_.empty() && cycle - running_.front().first_cycle + 1 >= length) {
    running_.pop_front();
  }
}

PeWord EdgeFeeder::word(const Running& running, std::uint64_t cycle) const {
  const std::uint64_t offset = cycle - running.first_cycle;
  return site_.edge == PeEdge::west ? site_.program.row_word(site_.lane, running.fold, offset)
                                    : site_.program.column_word(site_.lane, running.fold, offset);
}

EdgeRegister::EdgeRegister(sc_core::sc_module_name name) : sc_module(name) {
  SC_HAS_PROCESS(EdgeRegister);
  SC_METHOD(tick);
  sensitive << clock.pos();
  dont_initialize();
}

void EdgeRegister::tick() { out.write(in.read()); }

ResultCollector::ResultCollector(sc_core::sc_module_name name, const Site& site)
    : sc_module(name), in("in", site.ports), site_(site), wires_(site.ports) {
  SC_HAS_PROCESS(ResultCollector);
  SC_METHOD(tick);
  sensitive << clock.pos();
  dont_initialize();
}

void ResultCollector::tick() {
  const std::uint64_t edge = edge_++;
  for (std::size_t port = 0; port < in.size(); ++port) {
    const PeWord& result = in[port].read();
    if (!result.valid()) continue;
    const std::uint64_t cycle = edge - 1;  // computed, and handed over, in the cycle before
    site_.observation.hold(wires_[port], result.fold, cycle);
    site_.program.accumulate(site_.column, result);
    site_.observation.leave(result, site_.column, cycle);
  }
}

}  // namespace sluice
