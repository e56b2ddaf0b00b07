// SPDX-License-Identifier: Apache-2.0
#include "workloads/producers.hpp"

#include <fmt/format.h>

namespace sluice {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// `a.b.` -> `a.`; `a.` -> ``.
std::string_view outer(std::string_view prefix) {
  prefix.remove_suffix(1);
  const std::size_t dot = prefix.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : prefix.substr(0, dot + 1);
}

}  // namespace

bool Producers::add(const std::string& name, std::optional<Shape> shape) {
  const bool fresh = !taken(name);
  shapes_.try_emplace(name, std::move(shape));
  last_ = name;
  return fresh;
}

bool Producers::taken(const std::string& name) const {
  return shapes_.contains(name) || groups_.contains(name);
}

void Producers::end_group(const std::string& name) {
  if (any()) groups_[name] = last_;
}

std::optional<Shape> Producers::shape(const std::string& layer) const {
  const auto found = shapes_.find(layer);
  return found == shapes_.end() ? std::nullopt : found->second;
}

std::optional<std::string> Producers::resolve(std::string_view name, const Group& group) const {
  if (name == network_input) return group.input;
  for (std::string_view prefix = group.prefix;; prefix = outer(prefix)) {
    const std::string full = std::string(prefix) + std::string(name);
    if (shapes_.contains(full)) return full;
    if (const auto found = groups_.find(full); found != groups_.end()) return found->second;
    if (left_out_.contains(full)) return std::string{};
    if (prefix.empty()) return std::nullopt;
  }
}

std::string Producers::suggestion_for(std::string_view name, const Group& group) const {
  std::vector<std::string> known = {std::string(network_input)};
  for (const auto& [layer, shape] : shapes_)
    known.push_back(layer.starts_with(group.prefix) ? layer.substr(group.prefix.size()) : layer);
  const std::string near = nearest(name, known);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

std::optional<std::string> Producers::first_present(const YamlNode& node, const Group& group,
                                                    Mistakes& mistakes) const {
  std::string_view rest = node.scalar;
  while (true) {
    const std::size_t bar = rest.find('|');
    const std::string_view name = trimmed(rest.substr(0, bar));
    const auto found = node.is_scalar() ? resolve(name, group) : std::nullopt;
    if (!found) {
      mistakes.error(node.where, fmt::format("there is no layer '{}' before this one", name),
                     mistakes.told(node.where) ? "" : suggestion_for(name, group));
      return std::nullopt;
    }
    if (!found->empty() || bar == std::string_view::npos) return found;
    rest.remove_prefix(bar + 1);
  }
}

std::optional<std::vector<std::string>> Producers::find(const YamlNode& inputs, const Group& group,
                                                        Mistakes& mistakes) const {
  if (!inputs.is_sequence()) {
    mistakes.error(inputs.where, "a list of layers such as [conv1, conv2] is expected here");
    return std::nullopt;
  }
  std::vector<std::string> names;
  bool fine = true;
  for (const YamlNode& item : inputs.items) {
    const auto name = first_present(item, group, mistakes);
    fine &= name.has_value();
    if (name && !name->empty()) names.push_back(*name);
  }
  if (!fine) return std::nullopt;
  return names;
}

}  // namespace sluice
