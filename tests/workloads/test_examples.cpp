// SPDX-License-Identifier: Apache-2.0
// The examples of docs/networks.md are read as they stand.
#include <doctest/doctest.h>

#include <fstream>

#include "tests/source_path.hpp"
#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

/// The fenced blocks of a Markdown file that open with ```yaml.
Texts yaml_blocks(const std::string& path) {
  std::ifstream file(path);
  Texts blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (!inside && line == "```yaml") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

}  // namespace

TEST_CASE("the examples of the documentation are networks or choices of networks") {
  const Texts blocks = yaml_blocks(source_path("docs/networks.md"));
  REQUIRE(blocks.size() >= 6);
  std::size_t networks = 0, choices = 0;
  for (const std::string& text : blocks) {
    CAPTURE(text);
    const YamlNode tree = parse_yaml(text, "networks.md");
    if (const YamlNode* workload = tree.find("workload")) {
      CHECK_FALSE(load_network(*workload, library()).layers.empty());
      ++choices;
    } else {
      CHECK_FALSE(read_network(tree, nullptr).layers.empty());
      ++networks;
    }
  }
  CHECK(networks >= 5);
  CHECK(choices >= 1);
}
