// SPDX-License-Identifier: Apache-2.0
// Experiments on spatial machines: what a run file says beside the machine, and the way from a
// network to a report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/spatial_machine.hpp"
#include "base/describe.hpp"
#include "mapper/mapping.hpp"
#include "mapper/schedule/layer_work.hpp"
#include "workloads/lowering.hpp"
#include "workloads/network.hpp"

namespace sluice {

struct SpatialJob;

/// Which array runs what.
enum class SpatialPlacement : std::uint8_t {
  published,  ///< as FuseMax: the grid what only it can, the vector array all else
  free,       ///< the best that the search finds
};
template <>
struct EnumNames<SpatialPlacement> {
  static constexpr EnumName<SpatialPlacement> table[] = {{"published", SpatialPlacement::published},
                                                         {"free", SpatialPlacement::free}};
};

/// What happens between groups of tiles, such as those of two heads.
enum class SpatialBlocks : std::uint8_t {
  drain,    ///< the pipeline runs empty before the next group enters
  overlap,  ///< the next group follows at once
};
template <>
struct EnumNames<SpatialBlocks> {
  static constexpr EnumName<SpatialBlocks> table[] = {{"drain", SpatialBlocks::drain},
                                                      {"overlap", SpatialBlocks::overlap}};
};

struct SpatialMapping {
  std::string layers;  ///< those that run (`block0.attention`, `block0`, `3..9`); empty: all
  AttentionCascade attention = AttentionCascade::one_pass;
  SpatialPlacement placement = SpatialPlacement::published;
  SpatialBlocks blocks = SpatialBlocks::drain;
  std::uint64_t turns = 0;  ///< column tiles that take turns; 0: as many as the buffer holds
  SpatialDataflow dataflow = SpatialDataflow::best;
  bool operator==(const SpatialMapping&) const = default;
};

template <class Visitor>
void describe(Visitor& v, SpatialMapping& m) {
  v.field("layers", m.layers, {.doc = "layers that run, such as block0.attention; none: all"});
  v.field("attention", m.attention, {.doc = "cascade of attention layers"});
  v.field("placement", m.placement, {.doc = "which array runs what: published (FuseMax) or free"});
  v.field("blocks", m.blocks,
          {.doc = "whether the pipeline runs empty (drain) between groups of tiles, such as heads, "
                  "or the next follows at once (overlap)"});
  v.field("turns", m.turns,
          {.doc = "column tiles that take turns along the loop; 0: as many as the buffer holds",
           .max = 1 << 20});
  v.field(
      "dataflow", m.dataflow,
      {.doc = "what of a product stays in the PEs: weight, input, output, output_swapped; vector: "
              "the vector array computes it; best of all by estimate"});
}

/// What an experiment on a spatial machine has in place of an Architecture and its mapping.
struct SpatialSetup {
  static constexpr std::string_view model = "spatial";
  SpatialMachine machine;
  SpatialMapping mapping;
  bool operator==(const SpatialSetup&) const = default;
};

/// Layers as jobs of the machine, in order. Throws SpecError for what the machine cannot compute.
std::variant<std::vector<SpatialJob>, Infeasible> map_spatial(const Network& network,
                                                              const SpatialSetup& setup);

}  // namespace sluice
