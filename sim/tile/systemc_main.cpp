// SPDX-License-Identifier: Apache-2.0
// The context of a SystemC run, and the sc_main that SystemC's library wants to find. Both are in
// one unit so that a program which opens a context also links the stub from a static library.
#include <systemc>

#include "sim/tile/systemc_context.hpp"

namespace sluice {

SystemcContext::SystemcContext()
    : previous_(sc_core::sc_curr_simcontext),
      previous_default_(sc_core::sc_default_global_context),
      own_(new sc_core::sc_simcontext) {
  sc_core::sc_curr_simcontext = own_;
  sc_core::sc_default_global_context = own_;
}

SystemcContext::~SystemcContext() {
  // A notification that was pending when its event was destroyed, such as the next edge of a clock,
  // stays in the queue of the context, whose destructor would lose it. Looking for the next
  // activity removes it.
  sc_core::sc_pending_activity_at_future_time(own_);
  delete own_;
  sc_core::sc_curr_simcontext = previous_;
  sc_core::sc_default_global_context = previous_default_;
}

}  // namespace sluice

// SystemC's library brings a main of its own which calls this; our programs have theirs.
extern "C" int sc_main(int, char*[]) { return 1; }
