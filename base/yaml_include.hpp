// SPDX-License-Identifier: Apache-2.0
// Includes of a text that is in no file of its own.
#pragma once

#include <string_view>

#include "base/yaml.hpp"

namespace sluice {

/// Parses `text` as load_yaml() would if it were in the file `path`, which names it in messages and
/// beside which its includes lie. Throws SpecError.
YamlNode load_yaml_text(std::string_view text, const std::string& path,
                        const YamlLimits& limits = {});

}  // namespace sluice
