// SPDX-License-Identifier: Apache-2.0
// YAML as a tree of plain values that know where they stand. The only place that sees yaml-cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"

namespace sluice {

/// One node of a YAML document. `where` is the place of the value itself.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  struct Entry;

  Kind kind = Kind::null;
  bool quoted = false;  ///< a scalar in quotes (or a block | >) is text even if like a number
  std::string scalar;
  std::vector<YamlNode> items;  ///< of a sequence
  std::vector<Entry> entries;   ///< of a map, in file order; keys are unique
  Location where;

  bool is_map() const { return kind == Kind::map; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_null() const { return kind == Kind::null; }
  /// The value under `key` of a map, or nullptr.
  const YamlNode* find(std::string_view key) const;
  YamlNode* find(std::string_view key);
};

struct YamlNode::Entry {
  std::string key;
  Location key_where;
  YamlNode value;
};

/// Limits against files that would take the machine down.
struct YamlLimits {
  std::size_t file_bytes = 16u << 20;
  std::size_t depth = 64;
  std::size_t include_depth = 16;
  std::size_t nodes = 500'000;  ///< values of a file, its includes, and what aliases stand for
};

/// The place of character `offset` of a scalar, if it stands on one line as it was read; else the
/// place of the scalar.
Location place_in(const YamlNode& node, std::size_t offset);

/// Whether both trees hold the same, wherever they stand.
bool same_content(const YamlNode& a, const YamlNode& b);

/// Parses `text`; `path` names it in messages. Duplicate keys, keys that are not plain words or
/// texts, tags, anchors that recurse, an empty text and several documents in a file are errors.
/// Does not follow includes. Throws SpecError.
YamlNode parse_yaml(std::string_view text, const std::string& path, const YamlLimits& limits = {});

/// Reads a file and resolves `include: other.yaml` entries: the included map is taken first, the
/// keys beside `include` then override it, maps merging key by key and anything else replacing.
/// Paths are relative to the including file; a list of paths is taken in order. A cycle of includes
/// is an error that shows it. Throws SpecError.
YamlNode load_yaml(const std::string& path, const YamlLimits& limits = {});

/// Sets the value at a dotted path such as `architecture.array.rows` (sequence items by index),
/// creating maps on the way; `text` is parsed as YAML. The new node's place reads `--set`. Throws
/// SpecError; then `root` is as it was.
void set_path(YamlNode& root, std::string_view dotted_path, std::string_view text);

/// Block-style YAML text that parses back to an equal tree (a text that YAML cannot write without
/// quotes comes back as quoted).
std::string to_text(const YamlNode& node);

}  // namespace sluice
