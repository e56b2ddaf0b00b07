// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/map_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/checked.hpp"
#include "base/files.hpp"
#include "base/print.hpp"
#include "base/read.hpp"
#include "base/schema.hpp"
#include "base/text_lines.hpp"
#include "mapper/nest/fields.hpp"
#include "mapper/nest/map_text.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

class MapReader {
 public:
  MapReader(const YamlNode& root, std::string_view text) : root_(root), text_(text) {}

  MapFile read() {
    FieldReader fields(root_, diagnostics_);
    fields.required("name", file_.name, {.doc = "name of the mapping"});
    fields.field("source", file_.source, {});
    fields.field("convention", file_.convention, {});
    const YamlNode* cascade = fields.take_required("cascade", {.doc = "what is computed"});
    const YamlNode* set = fields.take("set");
    if (cascade != nullptr) collect([&] { read_cascade_at(*cascade, set); });
    fields.field("bits", file_.bits, {});
    if (const YamlNode* bits = root_.find("bits")) check_bits(*bits);
    fields.required("hierarchy", file_.hierarchy, {.doc = "the machine"});
    if (const YamlNode* hierarchy = root_.find("hierarchy")) check_hierarchy(*hierarchy);
    const YamlNode* mapping = fields.take("mapping");
    fields.finish();
    diagnostics_.throw_if_any();
    if (mapping != nullptr && !mapping->is_null()) read_mapping_at(*mapping);
    diagnostics_.throw_if_any();
    return std::move(file_);
  }

 private:
  template <class Read>
  void collect(Read read) {
    try {
      read();
    } catch (const SpecError& error) {
      for (const Diagnostic& d : error.diagnostics())
        diagnostics_.error(d.where, d.message, d.hint);
    }
  }

  void read_cascade_at(const YamlNode& node, const YamlNode* set) {
    std::vector<CascadeSetting> settings;
    if (set != nullptr && !set->is_map())
      return diagnostics_.error(set->where, "a map of parameters of the cascade is expected");
    if (set != nullptr)
      for (const YamlNode::Entry& entry : set->entries)
        settings.push_back({entry.key, entry.value.scalar});
    if (node.is_map()) {
      file_.cascade = read_cascade(node, text_, settings);
    } else if (node.is_scalar()) {
      const auto folder = std::filesystem::path(node.where.path).parent_path();
      file_.cascade = load_cascade((folder / node.scalar).string(), settings);
    } else {
      diagnostics_.error(node.where, "a cascade, or the path of its file, is expected");
    }
  }

  void check_bits(const YamlNode& node) {
    std::vector<std::string> known;
    for (const CascadeTensor& tensor : file_.cascade.tensors) known.push_back(tensor.name);
    for (std::size_t i = 0; i < std::min(file_.bits.size(), node.items.size()); ++i)
      if (const std::string& name = file_.bits[i].tensor;
          !known.empty() && std::ranges::find(known, name) == known.end())
        diagnostics_.error(node.items[i].where, fmt::format("there is no tensor {}", quote(name)),
                           suggestion(name, known));
  }

  /// Names once each, and not more levels than there may be.
  void check_hierarchy(const YamlNode& node) {
    const auto& levels = file_.hierarchy.levels;
    const YamlNode* list = node.find("levels");
    if (list == nullptr || list->items.size() != levels.size()) return;
    if (levels.empty() || levels.size() > max_nest_levels)
      diagnostics_.error(list->where, fmt::format("there are {} levels, 1 to {} are possible",
                                                  levels.size(), max_nest_levels));
    std::uint64_t instances = 1;
    for (const NestLevel& level : levels)
      for (const FanOutAxis& axis : level.fan_out)
        instances = multiply(instances, std::max<std::uint64_t>(axis.size, 1)).value_or(UINT64_MAX);
    constexpr std::uint64_t most = std::uint64_t{1} << 40;
    if (instances > most)
      diagnostics_.error(list->where, fmt::format("the fan-outs have more than {} lanes", most));
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const Location& where = list->items[i].where;
      for (std::size_t j = 0; j < i; ++j)
        if (levels[j].name == levels[i].name)
          diagnostics_.error(where, fmt::format("two levels are called {}", levels[i].name));
      for (const std::string& unit : levels[i].units)
        if (!part_for(file_.hierarchy, unit))
          diagnostics_.error(where, fmt::format("there is no compute unit {}", quote(unit)));
    }
  }

  void read_mapping_at(const YamlNode& node) {
    if (!node.is_scalar())
      return diagnostics_.error(node.where, "a loop nest is expected",
                                "write it a node a line below `mapping: |`");
    std::vector<Problem> problems;
    for (EinsumProblem& einsum : problems_of(file_).problems)
      problems.push_back(std::move(einsum.problem));
    std::vector<MapLine> lines = map_lines(node.scalar, node.where);
    for (MapLine& line : lines) place(line, node.where);
    CascadeMapping mapping = read_mapping(lines, problems, file_.hierarchy, diagnostics_);
    mapping.name = file_.name;
    file_.mapping = std::move(mapping);
  }

  /// A line of a block begins a line later, behind an indentation that YAML takes away.
  void place(MapLine& line, const Location& block) const {
    const std::uint32_t number = line.where.line + 1;
    std::size_t begin = 0;
    for (std::uint32_t i = 1; i < number && begin < text_.size(); ++i)
      begin = std::min(text_.find('\n', begin), text_.size() - 1) + 1;
    const std::string_view whole = text_.substr(begin, text_.find('\n', begin) - begin);
    const std::size_t at = whole.find(line.text);
    if (at == std::string_view::npos) {
      line.where = block;
      return;
    }
    line.where = block;
    line.where.line = number;
    line.where.column = static_cast<std::uint32_t>(at + 1);
    line.where.line_text = whole;
    line.where.line_text_column = 1;
  }

  const YamlNode& root_;
  std::string_view text_;
  Diagnostics diagnostics_;
  MapFile file_;
};

}  // namespace

CascadeProblems problems_of(const MapFile& file) {
  CascadeProblems problems = problems_of(file.cascade);
  for (EinsumProblem& einsum : problems.problems)
    for (NestTensor& tensor : einsum.problem.tensors) {
      const auto bits = std::ranges::find(file.bits, tensor.name, &TensorBits::tensor);
      if (bits != file.bits.end()) tensor.bits = bits->bits;
    }
  return problems;
}

MapFile read_map(const YamlNode& root, std::string_view text) {
  return MapReader(root, text).read();
}

MapFile parse_map(std::string_view text, const std::string& path) {
  return read_map(parse_yaml(text, path), text);
}

MapFile read_legal_map(const YamlNode& root) {
  // The text tells the places of lines in blocks; a tree that comes from elsewhere has none.
  const auto text = try_read_file(root.where.path, YamlLimits{}.file_bytes);
  const auto* known = std::get_if<std::string>(&text);
  MapFile file = read_map(root, known == nullptr ? std::string_view{} : *known);
  Diagnostics diagnostics;
  if (file.mapping)
    for (const std::string& mistake : verify(*file.mapping, file.hierarchy))
      diagnostics.error(root.find("mapping")->where, mistake);
  diagnostics.throw_if_any();
  return file;
}

std::string to_text(const MapFile& file) {
  YamlNode root;
  root.kind = YamlNode::Kind::map;
  const auto add = [&](std::string key, YamlNode value) {
    root.entries.push_back({std::move(key), {}, std::move(value)});
  };
  add("name", to_yaml(file.name));
  if (!file.source.empty()) add("source", to_yaml(file.source));
  add("convention", to_yaml(file.convention));
  if (!file.bits.empty()) add("bits", to_yaml(file.bits));
  add("hierarchy", to_yaml(file.hierarchy, {.omit_defaults = true}));
  std::string text = to_text(root) + "cascade:\n" + indented(to_text(file.cascade), 2);
  if (file.mapping) text += "mapping: |\n" + indented(to_text(*file.mapping, file.hierarchy), 2);
  return text;
}

std::string map_schema() {
  FieldSchema schema;
  schema.required("name", std::string(), {.doc = "name of the mapping"});
  schema.field("source", std::string(), {.doc = "where its numbers come from"});
  schema.field("convention", CountConvention::sluice, {.doc = "how accesses are counted"});
  schema.add("cascade", R"({"anyOf": [{"type": "string"}, )" + cascade_schema() + "]}",
             {.doc = "what is computed: a cascade in place, or the path of its file"});
  schema.add("set", R"({"type": "object"})", {.doc = "parameters of the cascade"});
  schema.field("bits", std::vector<TensorBits>{}, {.doc = "widths of elements of tensors"});
  schema.required("hierarchy", Hierarchy{}, {.doc = "the machine"});
  schema.add("mapping", R"({"type": "string"})", {.doc = "loops and keeps, a node a line"});
  return schema.json();
}

}  // namespace sluice
