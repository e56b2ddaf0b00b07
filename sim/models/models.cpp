// SPDX-License-Identifier: Apache-2.0
#include "sim/models/models.hpp"

#include "base/parameters.hpp"
#include "sim/models/setup.hpp"

namespace sluice {
namespace {

struct Describer {
  Descriptor operator()(const SystolicSetup& setup) const {
    return of(setup,
              "one systolic array (ws, os or is) with scratchpads, DMA engines and a vector unit",
              "Kung, Why systolic architectures?, IEEE Computer 15(1), 1982; Jouppi et al., ISCA "
              "2017");
  }
  Descriptor operator()(const SpatialSetup& setup) const {
    return of(setup,
              "a grid and a line of PEs that run a cascade of Einsums in one static software "
              "pipeline",
              "Nayak et al., FuseMax, MICRO 2024");
  }
  Descriptor operator()(const FormsSetup& setup) const {
    return of(setup,
              "attention and linear layers by the closed forms of FuseMax's evaluation, its five "
              "designs",
              "Nayak et al., FuseMax, MICRO 2024, and its artifact");
  }
  Descriptor operator()(const MemorySetup& setup) const {
    return of(setup, "a main memory and its controller alone, given a trace of requests",
              "Rixner et al., Memory access scheduling, ISCA 2000; Jung et al., DRAMSys, SAMOS "
              "2022");
  }

 private:
  template <class Setup>
  Descriptor of(const Setup&, const char* summary, const char* source) const {
    return {std::string(Setup::model), summary, source, parameters_of<decltype(Setup::machine)>()};
  }
};

template <class... Setups>
std::vector<Descriptor> descriptors_of(const std::variant<Setups...>&) {
  return {Describer{}(Setups{})...};
}

}  // namespace

std::vector<Descriptor> model_descriptors() { return descriptors_of(AnySetup{}); }

}  // namespace sluice
