// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "base/files.hpp"
#include "base/yaml.hpp"
#include "workloads/cascade/check.hpp"
#include "workloads/cascade/operations.hpp"
#include "workloads/cascade/resolve.hpp"
#include "workloads/parameters.hpp"

namespace sluice {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

class CascadeReader {
 public:
  CascadeReader(const YamlNode& file, std::string_view text) : file_(file), text_(text) {}

  Cascade read(const std::vector<CascadeSetting>& settings) {
    const YamlNode& file = file_;
    if (!file.is_map())
      throw SpecError({{file.where, "a cascade is a map with 'name', 'inputs' and 'einsums'", {}}});
    check_keys(file,
               {"name", "summary", "source", "element_bits", "parameters", "let", "require",
                "ranks", "iterative", "conditions", "functions", "inputs", "outputs", "einsums"},
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

 private:
  std::string text_at(const YamlNode& file, std::string_view key) {
    const YamlNode* node = file.find(key);
    if (!node) return {};
    if (!node->is_scalar()) mistakes_.error(node->where, "a text is expected here");
    return node->scalar;
  }

  void read_bits(const YamlNode& file) {
    const YamlNode* node = file.find("element_bits");
    if (!node) return;
    const auto bits = evaluate_number(*node, {}, mistakes_);
    if (bits && (*bits < 1 || *bits > 64))
      return mistakes_.error(node->where,
                             fmt::format("element_bits is {}, 1 to 64 are possible", *bits));
    if (bits) cascade_.element_bits = static_cast<std::uint32_t>(*bits);
  }

  const YamlNode* map_at(const YamlNode* node) {
    if (node && !node->is_map()) mistakes_.error(node->where, "a map is expected here");
    return node && node->is_map() ? node : nullptr;
  }

  void read_numbers(const YamlNode& file, const std::vector<CascadeSetting>& settings) {
    const auto rules = read_parameters(file.find("parameters"), mistakes_);
    std::vector<std::string> names;
    for (const ParameterRule& rule : rules) names.push_back(rule.name);
    YamlNode given;
    given.kind = YamlNode::Kind::map;
    for (const CascadeSetting& setting : settings) {
      const Location where{.path = "--set"};
      if (std::ranges::find(names, setting.name) == names.end()) {
        mistakes_.error(where, fmt::format("the cascade has no parameter {}", quote(setting.name)),
                        names.empty() ? "it has none" : suggestion(setting.name, names));
        continue;
      }
      YamlNode value;
      value.kind = YamlNode::Kind::scalar;
      value.scalar = setting.value;
      value.where = where;
      std::erase_if(given.entries, [&](const auto& entry) { return entry.key == setting.name; });
      given.entries.push_back({setting.name, where, value});
    }
    scope_ = parameter_values(rules, &given, cascade_.name, mistakes_);
    if (const YamlNode* let = map_at(file.find("let")))
      for (const YamlNode::Entry& entry : let->entries)
        if (check_name(entry.key, entry.key_where, mistakes_))
          scope_.set(entry.key, evaluate(entry.value, scope_, mistakes_).value_or(unknown_value));
    if (const YamlNode* require = map_at(file.find("require"))) check_required(*require);
  }

  void check_required(const YamlNode& require) {
    for (const YamlNode::Entry& entry : require.entries) {
      YamlNode formula = entry.value;
      formula.scalar = entry.key;
      formula.kind = YamlNode::Kind::scalar;
      formula.where = entry.key_where;
      const auto holds = evaluate_condition(formula, scope_, mistakes_);
      if (holds && !*holds)
        mistakes_.error(entry.key_where, entry.value.scalar, "change the parameters");
    }
  }

  void add_rank(const std::string& name, std::int64_t size, const Location& where) {
    if (size < 1)
      mistakes_.error(where, fmt::format("the rank '{}' has {} elements, 1 at least", name, size));
    if (scope_.find(name))
      mistakes_.error(where, fmt::format("'{}' names a parameter already", name));
    size = std::max<std::int64_t>(size, 1);
    const CascadeRank* known = cascade_.find_rank(name);
    const FormulaValue* symbol = scope_.find(upper(name));
    const std::int64_t other = known                        ? static_cast<std::int64_t>(known->size)
                               : symbol && symbol->number() ? *symbol->number()
                                                            : size;
    if (other != size)
      mistakes_.error(where,
                      fmt::format("the rank '{}' has two sizes, {} and {}", name, size, other),
                      fmt::format("{} is its size wherever it is written", upper(name)));
    if (!known) cascade_.ranks.push_back({name, static_cast<std::uint64_t>(size), false});
    if (!symbol && upper(name) != name) scope_.set(upper(name), {size});
  }

  void read_ranks(const YamlNode* node) {
    if (!(node = map_at(node))) return;
    for (const YamlNode::Entry& entry : node->entries) {
      if (!check_name(entry.key, entry.key_where, mistakes_)) continue;
      const auto size = evaluate_number(entry.value, scope_, mistakes_);
      if (size) add_rank(entry.key, *size, entry.value.where);
      if (!size) cascade_.ranks.push_back({entry.key, 1, false});
    }
  }

  void read_iterative(const YamlNode* node) {
    if (!(node = map_at(node))) return;
    for (const YamlNode::Entry& entry : node->entries) {
      const CascadeLine line = line_of(entry.value);
      try {
        const SyntaxTree stop = parse_condition(line.text);
        if (stop.kind != SyntaxTree::Kind::compare || stop.text != ">=" ||
            stop.parts[0].text != entry.key) {
          mistakes_.error(line.place(0),
                          fmt::format("the stop of '{}' is not understood", entry.key),
                          fmt::format("write it as `{} >= number`", entry.key));
          continue;
        }
        if (const auto size = resolver_.number(stop.parts[1], line))
          add_rank(entry.key, *size, line.place(stop.parts[1].begin));
        for (CascadeRank& rank : cascade_.ranks)
          if (rank.name == entry.key) rank.iterative = true;
        places_.iterative[entry.key] = entry.key_where;
      } catch (const SyntaxMistake& mistake) {
        resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
      }
    }
  }

  /// A condition may use those before it.
  void read_conditions(const YamlNode* node) {
    if (!(node = map_at(node))) return;
    for (const YamlNode::Entry& entry : node->entries) {
      const CascadeLine line = line_of(entry.value);
      try {
        SyntaxTree tree = parse_condition(line.text);
        resolver_.condition(tree, line);  // reports mistakes even if nothing uses it
        resolver_.conditions.push_back({entry.key, std::move(tree), line});
      } catch (const SyntaxMistake& mistake) {
        resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
      }
    }
  }

  void read_functions(const YamlNode* node) {
    if (!(node = map_at(node))) return;
    for (const YamlNode::Entry& entry : node->entries) {
      YamlNode head;
      head.kind = YamlNode::Kind::scalar;
      head.scalar = entry.key;
      head.where = entry.key_where;
      CascadeLine line = line_of(head);
      try {
        const SyntaxTree call = parse_expression(line.text);
        MapFunction function{call.text, {}, {}};
        for (const SyntaxTree& part : call.parts) function.arguments.push_back(part.text);
        if (call.kind != SyntaxTree::Kind::call || call.parts.empty() ||
            std::ranges::any_of(
                call.parts, [](const SyntaxTree& p) { return p.kind != SyntaxTree::Kind::name; }))
          resolver_.error(line, 0, "a function is declared like `gelu(x): 0.5 * x`");
        else if (find_operation(call.text) || cascade_.find_function(call.text))
          resolver_.error(line, 0, fmt::format("there is a function '{}' already", call.text));
        line = line_of(entry.value);
        function.body = resolver_.value(parse_expression(line.text), line, function.arguments);
        cascade_.functions.push_back(std::move(function));
      } catch (const SyntaxMistake& mistake) {
        resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
      }
    }
  }

  void read_inputs(const YamlNode* node) {
    if (!node) return;
    if (!node->is_sequence()) return mistakes_.error(node->where, "a list of tensors is expected");
    for (const YamlNode& item : node->items) {
      const CascadeLine line = line_of(item);
      try {
        read_input(parse_access(line.text), line);
      } catch (const SyntaxMistake& mistake) {
        resolver_.error(line, mistake.offset, mistake.message, mistake.hint);
      }
    }
  }

  void read_input(const SyntaxTree& syntax, const CascadeLine& line) {
    CascadeTensor tensor{syntax.text, CascadeTensor::Kind::input, {}};
    std::uint64_t elements = 1;
    for (const SyntaxTree& part : syntax.parts) {
      TensorDimension dimension;
      if (part.kind == SyntaxTree::Kind::name && resolver_.rank(part.text)) {
        dimension = {resolver_.rank(part.text)->size, part.text};
      } else if (part.kind == SyntaxTree::Kind::name && !scope_.find(part.text)) {
        resolver_.index(part, line);  // reports the rank
      } else if (const auto size = resolver_.number(part, line)) {
        if (*size < 1)
          resolver_.error(line, part.begin, fmt::format("the size is {}, 1 at least", *size));
        dimension.size = static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 1));
      }
      elements = multiply(elements, dimension.size).value_or(UINT64_MAX);
      tensor.dimensions.push_back(std::move(dimension));
    }
    if (elements > (std::uint64_t{1} << 60))
      resolver_.error(line, 0, fmt::format("'{}' has more than 2^60 elements", syntax.text));
    check_tensor_name(syntax, line);
    if (cascade_.find_tensor(syntax.text))
      resolver_.error(line, 0, fmt::format("the input '{}' is declared twice", syntax.text));
    resolver_.tensors.push_back({syntax.text, tensor.dimensions.size()});
    places_.inputs.emplace(syntax.text, line.place(0));
    cascade_.tensors.push_back(std::move(tensor));
  }

  void check_tensor_name(const SyntaxTree& syntax, const CascadeLine& line) {
    if (scope_.find(syntax.text) || resolver_.rank(syntax.text))
      resolver_.error(
          line, syntax.begin,
          fmt::format("'{}' names a parameter, a rank or its size already", syntax.text),
          "give the tensor another name");
  }

  void read_einsums(const YamlNode& file) {
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

  AccessPlace place_of(const SyntaxTree& access, const CascadeLine& line) const {
    AccessPlace place{line.place(access.begin), {}};
    for (const SyntaxTree& part : access.parts) place.indices.push_back(line.place(part.begin));
    return place;
  }

  /// In the order of reads_of: an access before those in its indices.
  void add_places(const SyntaxTree& tree, const CascadeLine& line,
                  std::vector<AccessPlace>& places) const {
    const bool scalar = tree.kind == SyntaxTree::Kind::name &&
                        std::ranges::find(resolver_.tensors, tree.text, &Resolver::Known::name) !=
                            resolver_.tensors.end();
    if (tree.kind == SyntaxTree::Kind::access || scalar) places.push_back(place_of(tree, line));
    for (const SyntaxTree& part : tree.parts) add_places(part, line, places);
  }

  /// The lines of a block `|`, or the items of a list.
  std::vector<CascadeLine> lines_of(const YamlNode& node) {
    std::vector<CascadeLine> lines;
    for (const YamlNode& item : node.items) lines.push_back(line_of(item));
    std::size_t begin = 0;
    for (std::uint32_t i = 1; node.is_scalar() && begin < node.scalar.size(); ++i) {
      const std::size_t end = std::min(node.scalar.find('\n', begin), node.scalar.size());
      CascadeLine line{node.scalar.substr(begin, end - begin), node.where};
      place_block_line(line, node.where.line + i);
      begin = end + 1;
      const std::size_t first = line.text.find_first_not_of(" \t");
      if (first != std::string::npos && line.text[first] != '#') lines.push_back(std::move(line));
    }
    return lines;
  }

  /// A line of a block stands in the file with an indentation that YAML takes away.
  void place_block_line(CascadeLine& line, std::uint32_t number) const {
    std::size_t begin = 0;
    for (std::uint32_t i = 1; i < number && begin < text_.size(); ++i)
      begin = std::min(text_.find('\n', begin), text_.size() - 1) + 1;
    const std::string_view whole = text_.substr(begin, text_.find('\n', begin) - begin);
    const std::size_t at = whole.find(line.text);
    if (at == whole.npos) return;
    line.begin.line = number;
    line.begin.line_text = whole;
    line.begin.line_text_column = 1;
    line.begin.column = static_cast<std::uint32_t>(at + 1);
  }

  CascadeLine line_of(const YamlNode& node) {
    CascadeLine line{node.scalar, node.where};
    if (!node.is_scalar()) mistakes_.error(node.where, "a text is expected here");
    if (node.quoted) ++line.begin.column;
    return line;
  }

  void read_outputs(const YamlNode* node) {
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

  void keep_symbols() {
    for (const std::string& name : scope_.names())
      if (const FormulaValue* value = scope_.find(name); value->number())
        cascade_.symbols.push_back({name, *value->number()});
    std::ranges::sort(cascade_.symbols, {}, &CascadeSymbol::name);
    std::ranges::sort(cascade_.ranks, {}, &CascadeRank::name);
  }

  const YamlNode& file_;
  std::string_view text_;
  Mistakes mistakes_;
  Cascade cascade_;
  CascadePlaces places_;
  FormulaScope scope_;
  Resolver resolver_{cascade_, scope_, mistakes_};
};

}  // namespace

Cascade read_cascade(const YamlNode& file, std::string_view text,
                     const std::vector<CascadeSetting>& settings) {
  return CascadeReader(file, text).read(settings);
}

Cascade parse_cascade(std::string_view text, const std::string& path,
                      const std::vector<CascadeSetting>& settings) {
  return read_cascade(parse_yaml(text, path), text, settings);
}

Cascade load_cascade(const std::string& path, const std::vector<CascadeSetting>& settings) {
  constexpr std::size_t limit = 1u << 20;
  return parse_cascade(read_file(path, limit), path, settings);
}

}  // namespace sluice
