// SPDX-License-Identifier: Apache-2.0
// The text of the SpecError that a piece of code throws, for tests of messages.
#pragma once

#include <string>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// What SpecError says when `code` throws one, else `no error`.
template <class Code>
std::string error_of(Code code) {
  try {
    code();
  } catch (const SpecError& error) {
    return error.what();
  }
  return "no error";
}

inline std::string yaml_error(std::string_view text, const YamlLimits& limits = {}) {
  return error_of([&] { parse_yaml(text, "f.yaml", limits); });
}

}  // namespace sluice
