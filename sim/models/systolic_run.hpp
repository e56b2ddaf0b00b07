// SPDX-License-Identifier: Apache-2.0
// What a run of the model `systolic` says beside its network: the machine, and how to map.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/architecture.hpp"
#include "base/describe.hpp"
#include "mapper/mappers.hpp"
#include "sim/fixed_nest.hpp"

namespace sluice {

struct MappingSettings {
  std::string mapper = "heuristic";
  AttentionForm attention = AttentionForm::automatic;
  std::vector<FixedNest> nests;  ///< of the mapper `fixed`
  bool operator==(const MappingSettings&) const = default;
};

template <class Visitor>
void describe(Visitor& v, MappingSettings& s) {
  v.field("mapper", s.mapper, {.doc = "mapper (see `sluice list mappers`)"});
  v.field("attention", s.attention,
          {.doc = "form of attention: auto, unfused, or a cascade whose scores stay on chip"});
  v.field("nests", s.nests, {.doc = "mappings of single tasks, for the mapper `fixed`"});
}

/// A task's mapping that the run file fixes.
struct FixedTask {
  std::string task;
  Tiling tiling;
};

struct SystolicSetup {
  static constexpr std::string_view model = "systolic";
  Architecture machine;
  MappingSettings mapping;
  std::vector<FixedTask> fixed;  ///< what MappingSettings::nests says
};

/// Maps the network with the mapper that was asked for.
std::variant<Mapping, Infeasible> map_network(const Network& network, const SystolicSetup& setup);

}  // namespace sluice
