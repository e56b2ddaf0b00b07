// SPDX-License-Identifier: Apache-2.0
// How the command says that a design does not work.
#include <fmt/format.h>

#include "cli/commands.hpp"

namespace sluice {

std::string infeasible_text(const std::string& path, const Infeasible& infeasible) {
  return fmt::format("{}: infeasible: {}: needed {} {}, available {} {}\n", path, infeasible.what,
                     infeasible.needed, infeasible.unit, infeasible.available, infeasible.unit);
}

}  // namespace sluice
