// SPDX-License-Identifier: Apache-2.0
// Any text is an expression with a value or an error that points into the text.
#include "base/assert.hpp"
#include "base/expression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const sluice::Variables variables{{"batch", 4}, {"seq_len", 1024}, {"n", 0}};
  const auto result = sluice::evaluate(text, variables);
  if (const auto* error = std::get_if<sluice::ExpressionError>(&result)) {
    SLUICE_ASSERT(error->offset <= size, "an error points into the text");
    SLUICE_ASSERT(!error->message.empty(), "an error says what is wrong");
  }
  sluice::YamlNode node;
  node.kind = sluice::YamlNode::Kind::scalar;
  node.scalar = text;
  node.where = {"f.yaml", 1, 1, node.scalar};
  sluice::Diagnostics diagnostics;
  const auto value = sluice::read_expression(node, variables, {}, diagnostics);
  SLUICE_ASSERT(value.has_value() == diagnostics.empty(), "there is a value or a diagnostic");
  for (const auto& diagnostic : diagnostics.list()) (void)to_text(diagnostic);
  return 0;
}
