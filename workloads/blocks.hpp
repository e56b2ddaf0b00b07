// SPDX-License-Identifier: Apache-2.0
// The `blocks:` of a network file: named lists of layers with arguments; and the definitions of
// `let:`. Not for users of the room; see load.hpp.
#pragma once

#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "workloads/formula.hpp"
#include "workloads/mistakes.hpp"

namespace sluice {

struct BlockArgument {
  std::string name;
  const YamlNode* default_value = nullptr;  ///< none: the argument must be given
};

struct Block {
  std::string name;
  std::vector<BlockArgument> arguments;
  const YamlNode* let = nullptr;
  const YamlNode* layers = nullptr;
};

class Blocks {
 public:
  /// Reads the declarations; `blocks` may be null.
  Blocks(const YamlNode* blocks, Mistakes& mistakes);

  /// The block that `use` names, or nullptr after a report.
  const Block* find(const YamlNode& use, Mistakes& mistakes) const;

 private:
  std::vector<Block> blocks_;
};

/// What the layers of `block` see: the network's parameters and definitions (`global`), and its
/// arguments, which `use.with` gives in formulas over `scope`.
FormulaScope bind_arguments(const Block& block, const YamlNode& use, const FormulaScope& scope,
                            const FormulaScope& global, Mistakes& mistakes);

/// Adds the definitions of a `let:` (which may be null), each seeing those before it.
void add_definitions(const YamlNode* let, FormulaScope& scope, Mistakes& mistakes);

}  // namespace sluice
