// SPDX-License-Identifier: Apache-2.0
// Requests of one cycle are served in the order of the units, not in that in which the host happens
// to run their processes: the arbiter waits until nothing else happens at the present time.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <vector>

namespace sluice::tile {

class Arbiter : public sc_core::sc_module {
 public:
  /// `serve` is called with the units that asked, `look` when the memory asked and no unit did.
  Arbiter(sc_core::sc_module_name name, std::function<void(std::uint32_t)> serve,
          std::function<void()> look);

  /// A unit asks to meet its servers at the present time.
  void ask(std::uint32_t unit);
  /// The memory asks to be called once all requests of the present time are known.
  void ask_for_memory();
  /// Takes back what a unit has asked; false if it had not.
  bool take_back(std::uint32_t unit);

 private:
  void run();

  std::function<void(std::uint32_t)> serve_;
  std::function<void()> look_;
  std::vector<std::uint32_t> units_;
  bool memory_ = false;
  sc_core::sc_event wake_;
};

}  // namespace sluice::tile
