// SPDX-License-Identifier: Apache-2.0
#include "dse/check_fidelity.hpp"

#include <optional>

#include "dse/random.hpp"
#include "dse/sampling.hpp"
#include "sim/models/fidelity.hpp"

namespace sluice {

void check_fidelity(const Sweep& sweep, const Location& where, const Library& library,
                    Diagnostics& diagnostics) {
  if (sweep.proxy) return;
  constexpr int tried = 200;
  std::optional<Diagnostic> refusal;
  Random random(1);
  for (int i = 0; i < tried; ++i) {
    const std::optional<Point> point = random_point(sweep.space, random);
    if (!point) break;
    try {
      const auto reason = refused_fidelity(read_experiment(apply(sweep, *point), library));
      if (!reason) return;
      refusal = reason;
    } catch (const SpecError&) {
      continue;  // there is no such machine, which says nothing of others
    }
  }
  if (refusal) diagnostics.error(where, "no design can run: " + refusal->message, refusal->hint);
}

}  // namespace sluice
