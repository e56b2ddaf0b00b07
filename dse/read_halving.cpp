// SPDX-License-Identifier: Apache-2.0
// Successive halving as sweep files write it.
#include <fmt/format.h>

#include "base/diagnostics.hpp"
#include "dse/check_fidelity.hpp"
#include "dse/halving.hpp"

namespace sluice {
namespace {

/// `{workload.model: resnet50}`: values of the experiment by their path.
std::vector<SpaceSetting> read_settings(const YamlNode& node, Diagnostics& diagnostics) {
  std::vector<SpaceSetting> settings;
  if (!node.is_map()) {
    diagnostics.error(node.where, "settings of a rung are a map of paths",
                      "such as {workload.model: resnet50}");
    return settings;
  }
  for (const YamlNode::Entry& entry : node.entries) {
    if (entry.value.is_scalar())
      settings.push_back({entry.key, entry.value.scalar});
    else
      diagnostics.error(entry.value.where,
                        fmt::format("the value of {} is one word or number", quote(entry.key)));
  }
  return settings;
}

/// Reports what the experiment says to the settings of a rung.
void check_rung(const Sweep& sweep, const Rung& rung, const Location& where, const Library& library,
                Diagnostics& diagnostics) {
  try {
    const Sweep closer = at_rung(sweep, rung);
    read_experiment(closer.experiment, library);
    check_fidelity(closer, where, library, diagnostics);
  } catch (const SpecError& error) {
    const Diagnostic& first = error.diagnostics().front();
    diagnostics.error(where, "this rung cannot be set: " + first.message, first.hint);
  }
}

}  // namespace

void read_halving(const YamlNode& node, Sweep& sweep, const Library& library,
                  Diagnostics& diagnostics) {
  Halving& halving = sweep.halving.emplace();
  FieldReader reader(node, diagnostics, "halving");
  reader.field("eta", halving.eta,
               {.doc = "of so many designs one goes on to the next rung", .min = 2, .max = 1e6});
  const YamlNode* rungs = reader.take_required("rungs", {.doc = "looks above the first"});
  reader.finish();
  if (rungs == nullptr) return;
  if (!rungs->is_sequence() || rungs->items.empty())
    diagnostics.error(rungs->where, "rungs are a list of at least one look",
                      "such as [{fidelity: tile}]");
  for (const YamlNode& item : rungs->items) {
    Rung rung;
    FieldReader inside(item, diagnostics, "rung");
    rung.fidelity = sweep.fidelity;
    inside.field("fidelity", rung.fidelity, {.doc = "how closely designs are looked at there"});
    if (const YamlNode* set = inside.take("set")) rung.set = read_settings(*set, diagnostics);
    inside.finish();
    if (diagnostics.empty()) check_rung(sweep, rung, item.where, library, diagnostics);
    halving.rungs.push_back(std::move(rung));
  }
  for (std::size_t r = 0; r < halving.rungs.size() && diagnostics.empty(); ++r)
    for (std::size_t other = 0; other < r; ++other)
      if (halving.rungs[r] == halving.rungs[other])
        diagnostics.error(rungs->items[r].where,
                          fmt::format("rung {} looks no closer than rung {}", r + 2, other + 2));
}

}  // namespace sluice
