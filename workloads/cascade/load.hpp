// SPDX-License-Identifier: Apache-2.0
// Cascades from YAML files with parameters. See docs/cascades.md for the format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "base/yaml.hpp"
#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// The value of a parameter as the user gives it, such as M = 4096.
struct CascadeSetting {
  std::string name;
  std::string value;
};

/// Reads the text of a file; `path` names it in messages. Throws SpecError with every mistake of
/// syntax and names, then with every mistake of meaning: a rank without a size or of two sizes, an
/// index outside its tensor, a tensor that nothing makes or two things make, a cycle that is not
/// iterative.
Cascade parse_cascade(std::string_view text, const std::string& path,
                      const std::vector<CascadeSetting>& settings = {});

/// The same of a tree, such as that of a file with its includes, or a cascade in place; `text` is
/// that of the whole file, which is read again for the places of mistakes when it is not given.
Cascade read_cascade(const YamlNode& file, std::string_view text = {},
                     const std::vector<CascadeSetting>& settings = {});
/// The same of a file, with what it includes.
Cascade load_cascade(const std::string& path, const std::vector<CascadeSetting>& settings = {});

/// What `sluice list cascades` says of a file. Throws SpecError for mistakes in its parameters.
Descriptor describe_cascade(const YamlNode& file);

/// The JSON Schema (draft 2020-12) of cascade files, as JSON text.
std::string cascade_schema();

}  // namespace sluice
