// SPDX-License-Identifier: Apache-2.0
// Design spaces for tests, from the text of their parameters.
#pragma once

#include <string>

#include "dse/read_space.hpp"

namespace sluice {

inline DesignSpace space_of(const std::string& text) {
  Diagnostics diagnostics;
  std::vector<Expression> metric_constraints;
  DesignSpace space = read_space(parse_yaml(text, "s.yaml"), {}, metric_constraints, diagnostics);
  diagnostics.throw_if_any();
  return space;
}

/// One parameter of every kind, one of them conditional.
inline DesignSpace mixed_space() {
  return space_of(
      "parameters:\n"
      "  rows: {path: a.rows, powers_of_two: [8, 64]}\n"
      "  dataflow: {path: a.dataflow, choices: [ws, os, is]}\n"
      "  overlap: {path: a.overlap, boolean: true, when: dataflow == ws}\n"
      "  scale: {path: a.scale, reals: [0.5, 2], levels: 3, scale: logarithmic}\n"
      "  loops: {path: a.loops, order: [k, m, n]}\n");
}

}  // namespace sluice
