// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "workloads/cascade/reader.hpp"
#include "workloads/parameters.hpp"

namespace sluice {
namespace {

constexpr std::size_t largest_file = 1u << 20;

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// For the places of lines: nothing when the tree was not read from a file.
std::string text_of_file(const std::string& path) {
  auto text = try_read_file(path, largest_file);
  return std::holds_alternative<std::string>(text) ? std::get<std::string>(std::move(text)) : "";
}

}  // namespace

Cascade CascadeReader::read(const std::vector<CascadeSetting>& settings) {
  const YamlNode& file = file_;
  if (!file.is_map())
    throw SpecError({{file.where, "a cascade is a map with 'name', 'inputs' and 'einsums'", {}}});
  check_keys(file,
             {"name", "summary", "source", "element_bits", "parameters", "let", "require", "ranks",
              "iterative", "conditions", "functions", "inputs", "outputs", "einsums"},
             mistakes_);
  cascade_.name = text_at(file, "name");
  if (!file.find("name")) mistakes_.error(file.where, "'name' is missing: the cascade's name");
  cascade_.summary = text_at(file, "summary");
  cascade_.source = text_at(file, "source");
  read_bits(file);
  read_numbers(file, settings);
  read_ranks(file.find("ranks"));
  read_iterative(file.find("iterative"));
  read_conditions(file.find("conditions"));
  read_functions(file.find("functions"));
  read_inputs(file.find("inputs"));
  read_einsums(file);
  keep_symbols();
  mistakes_.throw_if_any();
  derive_tensors(cascade_, places_, mistakes_);
  mistakes_.throw_if_any();
  read_outputs(file.find("outputs"));
  check_cascade(cascade_, places_, mistakes_);
  mistakes_.throw_if_any();
  return std::move(cascade_);
}

std::string CascadeReader::text_at(const YamlNode& file, std::string_view key) {
  const YamlNode* node = file.find(key);
  if (!node) return {};
  if (!node->is_scalar()) mistakes_.error(node->where, "a text is expected here");
  return node->scalar;
}

const YamlNode* CascadeReader::map_at(const YamlNode* node) {
  if (node && !node->is_map()) mistakes_.error(node->where, "a map is expected here");
  return node && node->is_map() ? node : nullptr;
}

void CascadeReader::read_einsums(const YamlNode& file) {
  const YamlNode* node = file.find("einsums");
  if (!node || (!node->is_scalar() && !node->is_sequence()))
    return mistakes_.error(node ? node->where : file.where, "'einsums' is missing",
                           "write one Einsum a line below `einsums: |`");
  std::vector<std::pair<CascadeLine, EinsumSyntax>> parsed;
  for (CascadeLine& line : lines_of(*node)) {
    try {
      EinsumSyntax syntax = parse_einsum(line.text);
      parsed.emplace_back(std::move(line), std::move(syntax));
    } catch (const SyntaxMistake& mistake) {
      resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
    }
  }
  if (parsed.empty() && mistakes_.size() == 0)
    mistakes_.error(node->where, "the cascade has no Einsum");
  for (const auto& [line, syntax] : parsed) {
    const std::string& name = syntax.output.text;
    check_tensor_name(syntax.output, line);
    if (std::ranges::find(resolver_.tensors, name, &Resolver::Known::name) ==
        resolver_.tensors.end())
      resolver_.tensors.push_back({name, syntax.output.parts.size()});
  }
  for (const auto& [line, syntax] : parsed) {
    mistakes_.next_item();
    cascade_.einsums.push_back(resolver_.einsum(syntax, line));
    places_.outputs.push_back(place_of(syntax.output, line));
    std::vector<AccessPlace>& reads = places_.reads.emplace_back();
    add_places(syntax.value, line, reads);
    for (const SyntaxTree& index : syntax.output.parts) add_places(index, line, reads);
  }
}

AccessPlace CascadeReader::place_of(const SyntaxTree& access, const CascadeLine& line) const {
  AccessPlace place{line.place(access.begin), {}};
  for (const SyntaxTree& part : access.parts) place.indices.push_back(line.place(part.begin));
  return place;
}

void CascadeReader::add_places(const SyntaxTree& tree, const CascadeLine& line,
                               std::vector<AccessPlace>& places) const {
  const bool scalar = tree.kind == SyntaxTree::Kind::name &&
                      std::ranges::find(resolver_.tensors, tree.text, &Resolver::Known::name) !=
                          resolver_.tensors.end();
  if (tree.kind == SyntaxTree::Kind::access || scalar) places.push_back(place_of(tree, line));
  for (const SyntaxTree& part : tree.parts) add_places(part, line, places);
}

std::vector<CascadeLine> CascadeReader::lines_of(const YamlNode& node) {
  std::vector<CascadeLine> lines;
  for (const YamlNode& item : node.items) lines.push_back(line_of(item));
  if (!node.is_scalar()) return lines;
  const std::string text = text_.empty() ? text_of_file(node.where.path) : std::string(text_);
  const std::vector<std::string_view> of_file = split_lines(text);
  std::uint32_t number = node.where.line;
  for (const std::string_view part : split_lines(node.scalar)) {
    CascadeLine line{std::string(part), node.where};
    place_block_line(line, ++number, of_file);
    const std::size_t first = line.text.find_first_not_of(" \t");
    if (first != std::string::npos && line.text[first] != '#') lines.push_back(std::move(line));
  }
  return lines;
}

void CascadeReader::place_block_line(CascadeLine& line, std::uint32_t number,
                                     const std::vector<std::string_view>& lines) {
  const std::string_view whole = number <= lines.size() ? lines[number - 1] : std::string_view();
  const std::size_t at = whole.find(line.text);
  if (number > lines.size() || at == whole.npos) return;
  line.begin.line = number;
  line.begin.line_text = whole;
  line.begin.line_text_column = 1;
  line.begin.column = static_cast<std::uint32_t>(at + 1);
}

CascadeLine CascadeReader::line_of(const YamlNode& node) {
  CascadeLine line{node.scalar, node.where};
  if (!node.is_scalar()) mistakes_.error(node.where, "a text is expected here");
  if (node.quoted) ++line.begin.column;
  return line;
}

void CascadeReader::read_outputs(const YamlNode* node) {
  std::vector<std::string> names;
  for (const YamlNode& item : node ? node->items : std::vector<YamlNode>{}) {
    auto tensor = std::ranges::find(cascade_.tensors, item.scalar, &CascadeTensor::name);
    if (tensor != cascade_.tensors.end() && tensor->kind != CascadeTensor::Kind::input) {
      tensor->kind = CascadeTensor::Kind::output;
      continue;
    }
    for (const CascadeTensor& known : cascade_.tensors) names.push_back(known.name);
    mistakes_.error(item.where, fmt::format("no Einsum makes the output {}", quote(item.scalar)),
                    suggestion(item.scalar, names));
  }
  if (node) return;
  for (CascadeTensor& tensor : cascade_.tensors) {
    const bool read = std::ranges::any_of(cascade_.einsums, [&](const Einsum& einsum) {
      return std::ranges::any_of(reads_of(einsum), [&](const TensorAccess* access) {
        return access->tensor == tensor.name;
      });
    });
    if (!read && tensor.kind == CascadeTensor::Kind::intermediate)
      tensor.kind = CascadeTensor::Kind::output;
  }
}

void CascadeReader::keep_symbols() {
  for (const std::string& name : scope_.names())
    if (const FormulaValue* value = scope_.find(name); value->number())
      cascade_.symbols.push_back({name, *value->number()});
  std::ranges::sort(cascade_.symbols, {}, &CascadeSymbol::name);
  std::ranges::sort(cascade_.ranks, {}, &CascadeRank::name);
}

Cascade parse_cascade(std::string_view text, const std::string& path,
                      const std::vector<CascadeSetting>& settings) {
  return read_cascade(parse_yaml(text, path), text, settings);
}

Cascade read_cascade(const YamlNode& file, std::string_view text,
                     const std::vector<CascadeSetting>& settings) {
  return CascadeReader(file, text).read(settings);
}

Cascade load_cascade(const std::string& path, const std::vector<CascadeSetting>& settings) {
  return read_cascade(load_yaml(path, {.file_bytes = largest_file}), {}, settings);
}

Descriptor describe_cascade(const YamlNode& file) {
  Mistakes mistakes;
  const auto text_at = [&](std::string_view key) {
    const YamlNode* node = file.find(key);
    if (node && !node->is_scalar()) mistakes.error(node->where, "a text is expected here");
    return node ? node->scalar : std::string();
  };
  Descriptor result{text_at("name"), text_at("summary"), text_at("source"), {}};
  for (const ParameterRule& rule : read_parameters(file.find("parameters"), mistakes))
    result.parameters.push_back(to_info(rule));
  mistakes.throw_if_any();
  return result;
}

}  // namespace sluice
