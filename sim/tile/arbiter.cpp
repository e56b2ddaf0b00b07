// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/arbiter.hpp"

#include <algorithm>
#include <utility>

namespace sluice::tile {

Arbiter::Arbiter(sc_core::sc_module_name name, std::function<void(std::uint32_t)> serve,
                 std::function<void()> look)
    : sc_core::sc_module(name), serve_(std::move(serve)), look_(std::move(look)) {
  SC_HAS_PROCESS(Arbiter);
  SC_METHOD(run);
  sensitive << wake_;
  dont_initialize();
}

void Arbiter::ask(std::uint32_t unit) {
  units_.push_back(unit);
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void Arbiter::ask_for_memory() {
  memory_ = true;
  wake_.notify(sc_core::SC_ZERO_TIME);
}

bool Arbiter::take_back(std::uint32_t unit) { return std::erase(units_, unit) > 0; }

void Arbiter::run() {
  if (sc_core::sc_pending_activity_at_current_time()) {
    wake_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  if (!units_.empty()) {
    // One by one, since serving a unit may take back what a later one has asked.
    while (!units_.empty()) {
      const auto first = std::min_element(units_.begin(), units_.end());
      const std::uint32_t unit = *first;
      units_.erase(first);
      serve_(unit);
    }
    if (memory_) wake_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  if (std::exchange(memory_, false)) look_();
}

}  // namespace sluice::tile
