// SPDX-License-Identifier: Apache-2.0
// The extension module sluice._core. What users see is in python/sluice.
#include "python/bindings/bindings.hpp"
#include "sim/version.hpp"

NB_MODULE(_core, module) {
  using namespace sluice::python;
  module.doc() = "The C++ core of sluice; use the package sluice.";
  module.def("version", [] { return std::string(sluice::version()); });
  bind_errors(module);
  bind_simulation(module);
  bind_mapping(module);
  bind_sweep(module);
  bind_searcher(module);
  bind_environment(module);
}
