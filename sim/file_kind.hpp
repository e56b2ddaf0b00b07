// SPDX-License-Identifier: Apache-2.0
// Which kind of file a tree is of, told by its keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/yaml.hpp"

namespace sluice {

enum class FileKind : std::uint8_t {
  run,
  architecture,
  network,
  cascade,
  table,
  map,
  claims,
  sweep
};

/// The kind that the keys are of, if any.
std::optional<FileKind> find_kind(const YamlNode& root);

/// The same; throws SpecError when there is none.
FileKind kind_of(const YamlNode& root);

/// `a run`, `a machine`, ...
std::string_view kind_text(FileKind kind);

}  // namespace sluice
