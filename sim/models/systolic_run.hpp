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

namespace sluice {

/// The loop nest of one task, as text.
struct FixedNest {
  std::string task;
  std::string loops;
  bool operator==(const FixedNest&) const = default;
};

template <class Visitor>
void describe(Visitor& v, FixedNest& n) {
  v.required("task", n.task, {.doc = "task that is mapped (a layer, attention.qk, ...)"});
  v.required("loops", n.loops, {.doc = "its loops, keeps and spreads, a line each"});
}

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
  v.field("nests", s.nests, {.doc = "loop nests of single tasks, for the mapper `fixed`"});
}

/// A task's mapping that the run file fixes.
struct FixedTask {
  std::string task;
  GemmNest nest;
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
