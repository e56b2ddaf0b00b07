// SPDX-License-Identifier: Apache-2.0
#include "workloads/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.hpp"
#include "workloads/expand.hpp"
#include "workloads/mistakes.hpp"
#include "workloads/parameters.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string text_of(const YamlNode& file, std::string_view key, Mistakes& mistakes) {
  const YamlNode* node = file.find(key);
  if (node && !node->is_scalar()) mistakes.error(node->where, "a text is expected here");
  return node ? node->scalar : std::string();
}

/// `path` itself, or beside the file in which it is written.
std::optional<std::string> existing_file(const std::string& path, const Location& written) {
  std::error_code error;
  const fs::path beside = fs::path(written.path).parent_path() / path;
  if (fs::is_regular_file(beside, error)) return beside.string();
  if (fs::is_regular_file(path, error)) return path;
  return std::nullopt;
}

bool is_path(const std::string& model) {
  return model.find('/') != std::string::npos || model.ends_with(".yaml") ||
         model.ends_with(".yml");
}

[[noreturn]] void fail(const Location& where, std::string message, std::string hint) {
  throw SpecError({{where, std::move(message), std::move(hint)}});
}

std::string find_model(const YamlNode& model, const std::vector<std::string>& search) {
  if (is_path(model.scalar)) {
    if (auto file = existing_file(model.scalar, model.where)) return *file;
    fail(model.where, fmt::format("there is no file '{}'", model.scalar), {});
  }
  for (const std::string& folder : search) {
    const fs::path file = fs::path(folder) / (model.scalar + ".yaml");
    std::error_code error;
    if (fs::is_regular_file(file, error)) return file.string();
  }
  fail(model.where, fmt::format("there is no network '{}'", model.scalar),
       suggestion(model.scalar, library_networks(search)));
}

}  // namespace

Network load_network(const YamlNode& workload, const std::vector<std::string>& search) {
  if (!workload.is_map())
    fail(workload.where, "a map with 'model' is expected here", "such as {model: resnet50}");
  const YamlNode* model = workload.find("model");
  if (!model) fail(workload.where, "'model' is missing: the network to run", {});
  if (!model->is_scalar()) fail(model->where, "the name or path of a network is expected here", {});
  return read_network(load_yaml(find_model(*model, search)), &workload);
}

Network read_network(const YamlNode& file, const YamlNode* workload) {
  if (!file.is_map()) fail(file.where, "a network is a map with 'name', 'source' and 'layers'", {});
  Mistakes mistakes;
  check_keys(file, {"name", "summary", "source", "parameters", "let", "blocks", "layers"},
             mistakes);
  Network network;
  network.name = text_of(file, "name", mistakes);
  network.source = text_of(file, "source", mistakes);
  text_of(file, "summary", mistakes);
  if (!file.find("name")) mistakes.error(file.where, "'name' is missing: the network's name");
  const auto rules = read_parameters(file.find("parameters"), mistakes);
  FormulaScope scope = parameter_values(rules, workload, network.name, mistakes);
  network.layers = expand_layers(file, std::move(scope), mistakes);
  const YamlNode* layers = file.find("layers");
  if (mistakes.size() == 0 && network.layers.empty())
    mistakes.error(layers->where, "the network has no layers");
  if (mistakes.size() == 0)
    if (const auto what = overflow(network))
      mistakes.error(layers->where, fmt::format("the number of {} is too large to count", *what));
  mistakes.throw_if_any();
  return network;
}

std::vector<std::string> library_networks(const std::vector<std::string>& search) {
  return file_stems(search, ".yaml");
}

std::vector<Descriptor> describe_networks(const std::vector<std::string>& search) {
  std::vector<Descriptor> result;
  for (const std::string& name : library_networks(search)) {
    YamlNode model;
    model.kind = YamlNode::Kind::scalar;
    model.scalar = name;
    Descriptor entry = describe_network(load_yaml(find_model(model, search)));
    entry.name = name;  // what `model:` takes
    result.push_back(std::move(entry));
  }
  return result;
}

Descriptor describe_network(const YamlNode& file) {
  Mistakes mistakes;
  Descriptor result{text_of(file, "name", mistakes),
                    text_of(file, "summary", mistakes),
                    text_of(file, "source", mistakes),
                    {}};
  for (const ParameterRule& rule : read_parameters(file.find("parameters"), mistakes))
    result.parameters.push_back(to_info(rule));
  mistakes.throw_if_any();
  return result;
}

}  // namespace sluice
