// SPDX-License-Identifier: Apache-2.0
// The model `fusemax_forms`: the design points of FuseMax (Nayak et al., MICRO 2024) by the closed
// forms of its evaluation (docs/fusemax.md). Attention and linear layers have a form, layers
// without products cost nothing, as in the paper; all else is a mistake. There is nothing to
// simulate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"
#include "sim/fusemax/machine.hpp"
#include "sim/fusemax/setup.hpp"
#include "sim/report/report.hpp"

namespace sluice {

struct Experiment;

/// How is counted; see fusemax::Accounting.
enum class FormsAccounting : std::uint8_t { artifact, corrected };
template <>
struct EnumNames<FormsAccounting> {
  static constexpr EnumName<FormsAccounting> table[] = {{"artifact", FormsAccounting::artifact},
                                                        {"corrected", FormsAccounting::corrected}};
};

struct FormsMapping {
  std::string layers;  ///< those that run (`block0.attention`, `block0`, `3..9`); empty: all
  fusemax::Design design = fusemax::Design::binding;
  FormsAccounting accounting = FormsAccounting::corrected;
  std::vector<fusemax::FlatMapping> flat;
  Bytes cascade_buffer{0};
  bool operator==(const FormsMapping&) const = default;
};

template <class Visitor>
void describe(Visitor& v, FormsMapping& m) {
  v.field("layers", m.layers, {.doc = "layers that run, such as block0.attention; none: all"});
  v.field("design", m.design, {.doc = "design point of the paper"});
  v.field("accounting", m.accounting,
          {.doc = "what is counted: as the paper's artifact does, or with what it leaves out"});
  v.field("flat", m.flat,
          {.doc = "mappings of FLAT; a shape that has none gets the best of these forms"});
  v.field("cascade_buffer", m.cascade_buffer,
          {.doc = "buffer that the artifact's accounting of `cascade` cuts queries for; 0: that of "
                  "the machine",
           .unit = "B"});
}

/// What an experiment of this model has in place of an Architecture and its mapping.
struct FormsSetup {
  static constexpr std::string_view model = "fusemax_forms";
  fusemax::FormsMachine machine;
  FormsMapping mapping;
  bool operator==(const FormsSetup&) const = default;
};

/// The report of the accounting that was asked for; counters have cycles and energy of both. Throws
/// SpecError for a fidelity other than `analytic`, and for layers and machines without a form.
Outcome evaluate_forms(const Experiment& experiment, const FormsSetup& setup);

}  // namespace sluice
