// SPDX-License-Identifier: Apache-2.0
// Any bytes are a tree or SpecErrors with places inside the text; a tree reads back from its own
// text; and a struct is read from it or not, with messages.
#include <algorithm>

#include "base/assert.hpp"
#include "base/read.hpp"
#include "base/yaml.hpp"
#include "tests/base/machine.hpp"

namespace {

using sluice::YamlNode;

// A scalar that only quotes can write is quoted after it was written.
bool same_but_quotes(const YamlNode& a, const YamlNode& b) {
  const auto same_entry = [](const YamlNode::Entry& x, const YamlNode::Entry& y) {
    return x.key == y.key && same_but_quotes(x.value, y.value);
  };
  return a.kind == b.kind && (!a.quoted || b.quoted) && a.scalar == b.scalar &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    same_but_quotes) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    same_entry);
}

void check_places(const sluice::SpecError& error, std::size_t size) {
  for (const sluice::Diagnostic& diagnostic : error.diagnostics()) {
    SLUICE_ASSERT(diagnostic.where.line <= size + 1, "a line of the text");
    SLUICE_ASSERT(diagnostic.where.column <= size + 1, "a column of the text");
    SLUICE_ASSERT(!diagnostic.message.empty(), "an error says what is wrong");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sluice::YamlLimits limits{.nodes = 20000};
  YamlNode root;
  try {
    root = sluice::parse_yaml(text, "f.yaml", limits);
  } catch (const sluice::SpecError& error) {
    check_places(error, size);
    return 0;
  }
  const YamlNode again = sluice::parse_yaml(to_text(root), "g.yaml");
  SLUICE_ASSERT(same_but_quotes(root, again), "a tree reads back from its own text");
  sluice::Machine machine;
  sluice::Diagnostics diagnostics;
  read_value(root, machine, {}, diagnostics);
  try {
    diagnostics.throw_if_any();
    sluice::set_path(root, "main.name", text);
  } catch (const sluice::SpecError& error) {
    check_places(error, size + 20);
  }
  return 0;
}
