// SPDX-License-Identifier: Apache-2.0
#include "sim/models/models.hpp"

#include "arch/architecture.hpp"
#include "base/parameters.hpp"

namespace sluice {

std::vector<Descriptor> model_descriptors() {
  return {{"systolic",
           "one systolic array (ws, os or is) with scratchpads, DMA engines and a vector unit",
           "Kung, Why systolic architectures?, IEEE Computer 15(1), 1982; Jouppi et al., ISCA 2017",
           parameters_of<Architecture>()}};
}

}  // namespace sluice
