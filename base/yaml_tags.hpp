// SPDX-License-Identifier: Apache-2.0
// YAML of formats that tell the kinds of their maps by tags, such as `!Component {name: a}`.
#pragma once

#include <string>
#include <string_view>

#include "base/yaml.hpp"

namespace sluice {

/// As parse_yaml(), but a map with a tag `!Word` has it as its first entry, under the key `!`. Tags
/// of anything but maps stay errors.
YamlNode parse_tagged_yaml(std::string_view text, const std::string& path,
                           const YamlLimits& limits = {});

}  // namespace sluice
