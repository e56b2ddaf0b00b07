// SPDX-License-Identifier: Apache-2.0
// What the tests of networks share: reading a network from text, and the messages of a bad one.
#pragma once

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "tests/source_path.hpp"
#include "workloads/load.hpp"

namespace sluice {

inline const std::vector<std::string>& library() {
  static const std::vector<std::string> folders = {source_path("workloads/library")};
  return folders;
}

inline Network read_text(std::string_view text) {
  return read_network(parse_yaml(text, "net.yaml"), nullptr);
}

/// The network of `text` with parameters such as `{batch: 2}`.
inline Network read_text(std::string_view text, std::string_view workload) {
  const YamlNode choice = parse_yaml(workload, "run.yaml");
  return read_network(parse_yaml(text, "net.yaml"), &choice);
}

/// A library network, such as `{model: resnet50, batch: 2}`.
inline Network load_text(std::string_view workload) {
  return load_network(parse_yaml(workload, "run.yaml"), library());
}

/// `line:column: message | hint` of every mistake that `read` meets, in order.
template <class Read>
std::vector<std::string> mistakes_of(Read read) {
  std::vector<std::string> result;
  try {
    read();
  } catch (const SpecError& error) {
    for (const Diagnostic& d : error.diagnostics())
      result.push_back(std::to_string(d.where.line) + ":" + std::to_string(d.where.column) + ": " +
                       d.message + (d.hint.empty() ? "" : " | " + d.hint));
  }
  return result;
}

inline std::vector<std::string> mistakes_in(std::string_view text) {
  return mistakes_of([&] { read_text(text); });
}

/// The layer of that name; its absence fails the test.
inline const Layer& layer(const Network& network, std::string_view name) {
  for (const Layer& layer : network.layers)
    if (layer.name == name) return layer;
  throw std::out_of_range("no layer " + std::string(name));
}

using Texts = std::vector<std::string>;

}  // namespace sluice

namespace doctest {
template <>
struct StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) all += "\n  " + text;
    return all.c_str();
  }
};
}  // namespace doctest
