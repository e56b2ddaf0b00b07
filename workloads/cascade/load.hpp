// SPDX-License-Identifier: Apache-2.0
// Cascades from YAML files with parameters. See docs/cascades.md for the format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

/// The same of a part of a file, such as a cascade in place; `text` is that of the whole file.
Cascade read_cascade(const YamlNode& file, std::string_view text,
                     const std::vector<CascadeSetting>& settings = {});

/// The same of a file.
Cascade load_cascade(const std::string& path, const std::vector<CascadeSetting>& settings = {});

}  // namespace sluice
