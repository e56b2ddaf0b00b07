// SPDX-License-Identifier: Apache-2.0
// Loading a YAML file and what it includes.
#include "base/yaml_include.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// `over` on top of `base`: maps merge key by key, anything else replaces.
void merge(YamlNode& base, YamlNode over) {
  if (!base.is_map() || !over.is_map()) {
    base = std::move(over);
    return;
  }
  base.where = over.where;
  for (YamlNode::Entry& entry : over.entries) {
    if (YamlNode* found = base.find(entry.key)) {
      merge(*found, std::move(entry.value));
    } else {
      base.entries.push_back(std::move(entry));
    }
  }
}

std::size_t count_nodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += count_nodes(item);
  for (const YamlNode::Entry& entry : node.entries) count += count_nodes(entry.value);
  return count;
}

class Loader {
 public:
  explicit Loader(const YamlLimits& limits) : limits_(limits), nodes_left_(limits.nodes) {}

  YamlNode load_file(const std::string& path, const Location& named_at) {
    auto text = try_read_file(path, limits_.file_bytes);
    if (auto* problem = std::get_if<FileProblem>(&text)) {
      if (!open_.empty()) problem->message = fmt::format("{}: {}", quote(path), problem->message);
      fail(named_at, std::move(problem->message), std::move(problem->hint));
    }
    return load_text(std::get<std::string>(text), path);
  }

  YamlNode load_text(std::string_view text, const std::string& path) {
    YamlLimits left = limits_;
    left.nodes = nodes_left_;
    YamlNode root = parse_yaml(text, path, left);
    nodes_left_ -= std::min(nodes_left_, count_nodes(root));
    open_.push_back(path);
    resolve(root);
    open_.pop_back();
    return root;
  }

  const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  [[noreturn]] static void fail(Location where, std::string message, std::string hint = {}) {
    throw SpecError({{std::move(where), std::move(message), std::move(hint)}});
  }

  void resolve(YamlNode& node) {
    for (YamlNode& item : node.items) resolve(item);
    for (YamlNode::Entry& entry : node.entries)
      if (entry.key != "include") resolve(entry.value);
    const auto include = std::find_if(node.entries.begin(), node.entries.end(),
                                      [](const auto& entry) { return entry.key == "include"; });
    if (include == node.entries.end()) return;
    const YamlNode named = std::move(include->value);
    node.entries.erase(include);
    YamlNode merged = included(named);
    merge(merged, std::move(node));
    node = std::move(merged);
  }

  // The included maps, the later over the earlier; an empty map after a mistake.
  YamlNode included(const YamlNode& named) {
    YamlNode merged;
    merged.kind = YamlNode::Kind::map;
    const auto add = [&](const YamlNode& name) {
      try {
        merge(merged, include_file(name));
      } catch (const SpecError& error) {
        for (const Diagnostic& d : error.diagnostics())
          diagnostics_.error(d.where, d.message, d.hint);
      }
    };
    if (named.is_sequence()) {
      for (const YamlNode& name : named.items) add(name);
    } else {
      add(named);
    }
    return merged;
  }

  YamlNode include_file(const YamlNode& name) {
    if (!name.is_scalar() || name.scalar.empty())
      fail(name.where, "the name of a file is expected after 'include'",
           "write include: other.yaml");
    const std::string path =
        (fs::path(open_.back()).parent_path() / name.scalar).lexically_normal().string();
    check_cycle(path, name.where);
    if (open_.size() > limits_.include_depth)
      fail(name.where,
           fmt::format("files include each other more than {} deep here", limits_.include_depth));
    YamlNode root = load_file(path, name.where);
    if (!root.is_map())
      fail(name.where, fmt::format("the included file {} holds no map", quote(path)));
    return root;
  }

  void check_cycle(const std::string& path, const Location& where) const {
    const auto same = [&](const std::string& other) {
      std::error_code error;
      return fs::path(other).lexically_normal() == path || fs::equivalent(other, path, error);
    };
    const auto first = std::find_if(open_.begin(), open_.end(), same);
    if (first == open_.end()) return;
    std::string chain;
    for (auto it = first; it != open_.end(); ++it) chain += *it + " -> ";
    fail(where, fmt::format("files include each other in a cycle: {}{}", chain, *first),
         "remove one of these includes");
  }

  const YamlLimits& limits_;
  std::size_t nodes_left_;
  std::vector<std::string> open_;  ///< the file being read, after those that include it
  Diagnostics diagnostics_;
};

}  // namespace

YamlNode load_yaml(const std::string& path, const YamlLimits& limits) {
  Loader loader(limits);
  YamlNode root = loader.load_file(path, {.path = path});
  loader.diagnostics().throw_if_any();
  return root;
}

YamlNode load_yaml_text(std::string_view text, const std::string& path, const YamlLimits& limits) {
  Loader loader(limits);
  YamlNode root = loader.load_text(text, path);
  loader.diagnostics().throw_if_any();
  return root;
}

}  // namespace sluice
