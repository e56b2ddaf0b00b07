// SPDX-License-Identifier: Apache-2.0
// Reads the file of a cascade key by key. Not for users of the room; see load.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "workloads/cascade/check.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/cascade/resolve.hpp"

namespace sluice {

class CascadeReader {
 public:
  /// `text` is that of the file, which block texts need for their places; it is read again from
  /// where the tree says when there is none.
  explicit CascadeReader(const YamlNode& file, std::string_view text = {})
      : file_(file), text_(text) {}

  Cascade read(const std::vector<CascadeSetting>& settings);

 private:
  std::string text_at(const YamlNode& file, std::string_view key);
  const YamlNode* map_at(const YamlNode* node);
  void read_einsums(const YamlNode& file);
  AccessPlace place_of(const SyntaxTree& access, const CascadeLine& line) const;
  /// In the order of reads_of: an access before those in its indices.
  void add_places(const SyntaxTree& tree, const CascadeLine& line,
                  std::vector<AccessPlace>& places) const;
  /// The lines of a block `|`, or the items of a list.
  std::vector<CascadeLine> lines_of(const YamlNode& node);
  /// A line of a block stands in the file with an indentation that YAML takes away. `lines` are
  /// those of the file.
  static void place_block_line(CascadeLine& line, std::uint32_t number,
                               const std::vector<std::string_view>& lines);
  CascadeLine line_of(const YamlNode& node);
  void read_outputs(const YamlNode* node);
  void keep_symbols();

  // declarations.cpp
  void read_bits(const YamlNode& file);
  void read_numbers(const YamlNode& file, const std::vector<CascadeSetting>& settings);
  void check_required(const YamlNode& require);
  void add_rank(const std::string& name, std::int64_t size, const Location& where);
  void read_ranks(const YamlNode* node);
  void read_iterative(const YamlNode* node);
  /// A condition may use those before it.
  void read_conditions(const YamlNode* node);
  void read_functions(const YamlNode* node);
  void read_inputs(const YamlNode* node);
  void read_input(const SyntaxTree& syntax, const CascadeLine& line);
  void check_tensor_name(const SyntaxTree& syntax, const CascadeLine& line);

  const YamlNode& file_;
  std::string_view text_;
  Mistakes mistakes_;
  Cascade cascade_;
  CascadePlaces places_;
  FormulaScope scope_;
  Resolver resolver_{cascade_, scope_, mistakes_};
};

}  // namespace sluice
