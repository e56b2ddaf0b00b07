// SPDX-License-Identifier: Apache-2.0
// A map file: a cascade, a hierarchy, and perhaps a mapping. docs/map_files.md describes the form.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "mapper/nest/fusion.hpp"
#include "mapper/nest/problems.hpp"

namespace sluice {

struct MapFile {
  std::string name;
  std::string source;  ///< where its numbers come from
  CountConvention convention = CountConvention::sluice;
  Cascade cascade;
  std::vector<TensorBits> bits;  ///< of tensors that are not Cascade::element_bits wide
  Hierarchy hierarchy;
  std::optional<CascadeMapping> mapping;  ///< none: a mapper is to find it
  bool operator==(const MapFile&) const = default;
};

/// The Einsums of the file, with the widths that it gives to tensors.
CascadeProblems problems_of(const MapFile& file);

/// What a map file says. `text` is what `root` was parsed from (or empty), to know the places of
/// lines in blocks. Throws SpecError with every mistake of form and names; whether the mapping is
/// legal is the question of verify().
MapFile read_map(const YamlNode& root, std::string_view text);

/// The same of a text; `path` names it in messages and is where paths in it begin.
MapFile parse_map(std::string_view text, const std::string& path);

/// What a map file that was loaded says. A mapping that is not legal is a mistake of the file.
MapFile read_legal_map(const YamlNode& root);

/// A file that reads back to an equal value.
std::string to_text(const MapFile& file);

/// The JSON Schema of map files, as JSON text.
std::string map_schema();

}  // namespace sluice
