// SPDX-License-Identifier: Apache-2.0
// A fresh SystemC context for every simulation, so that thousands follow each other in a process.
// Not a way to run two at once: SystemC's context is global to the process.
#pragma once

namespace sc_core {
class sc_simcontext;
}

namespace sluice {

/// Installs a new context on construction; on destruction deletes it and puts back what was
/// there. Construct it before the first module, signal or sc_time of a run and let it outlive the
/// last of them. Runs in one thread at a time; about 50 us a run with a small design.
/// SystemC itself loses 16 bytes for every process that is in a wait(time) when its run ends;
/// processes that wait for events, and notifications that are still due, leave nothing behind.
class SystemcContext {
 public:
  SystemcContext();
  ~SystemcContext();
  SystemcContext(const SystemcContext&) = delete;
  SystemcContext& operator=(const SystemcContext&) = delete;

 private:
  sc_core::sc_simcontext* previous_;
  sc_core::sc_simcontext* previous_default_;
  sc_core::sc_simcontext* own_;
};

}  // namespace sluice
