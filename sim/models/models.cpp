// SPDX-License-Identifier: Apache-2.0
#include "sim/models/models.hpp"

#include "arch/architecture.hpp"
#include "arch/memory_machine.hpp"
#include "arch/spatial_machine.hpp"
#include "base/parameters.hpp"
#include "sim/fusemax/machine.hpp"

namespace sluice {

std::vector<Descriptor> model_descriptors() {
  return {
      {"systolic",
       "one systolic array (ws, os or is) with scratchpads, DMA engines and a vector unit",
       "Kung, Why systolic architectures?, IEEE Computer 15(1), 1982; Jouppi et al., ISCA 2017",
       parameters_of<Architecture>()},
      {"spatial",
       "a grid and a line of PEs that run a cascade of Einsums in one static software pipeline",
       "Nayak et al., FuseMax, MICRO 2024", parameters_of<SpatialMachine>()},
      {"fusemax_forms",
       "attention and linear layers by the closed forms of FuseMax's evaluation, its five designs",
       "Nayak et al., FuseMax, MICRO 2024, and its artifact",
       parameters_of<fusemax::FormsMachine>()},
      {"dram_trace", "a main memory and its controller alone, given a trace of requests",
       "Rixner et al., Memory access scheduling, ISCA 2000; Jung et al., DRAMSys, SAMOS 2022",
       parameters_of<MemoryMachine>()}};
}

}  // namespace sluice
