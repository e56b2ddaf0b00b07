// SPDX-License-Identifier: Apache-2.0
// What an entry of a registry says of itself. The entries are listed in `.def` files, one line an
// entry, read by CMake and C++ both; there is no registration at run time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One parameter of a registered thing, for `sluice list`, help and generated checks.
struct ParameterInfo {
  std::string name;
  std::string type;           ///< integer, real, boolean, text, or the words of an enum
  std::string unit;           ///< empty for a pure number
  std::string default_value;  ///< as it would be written in YAML; empty when required
  std::string range;          ///< such as `1..65536`; empty when unbounded
  std::string doc;
};

/// A registered thing: an accelerator model, mapper, importer, writer, memory preset.
struct Descriptor {
  std::string name;
  std::string summary;  ///< one line
  std::string source;   ///< paper or standard
  std::vector<ParameterInfo> parameters;
};

}  // namespace sluice
