// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/checked.hpp"
#include "workloads/field_reader.hpp"
#include "workloads/fields.hpp"

namespace sluice {
namespace {

std::optional<OperatorWord> read_operator_word(const YamlNode& item, Mistakes& mistakes) {
  const YamlNode& node = *item.find("op");
  std::vector<std::string> words;
  for (const auto& entry : EnumNames<OperatorWord>::table) {
    if (node.is_scalar() && entry.name == node.scalar) return entry.value;
    words.emplace_back(entry.name);
  }
  const std::string known = fmt::format("known: {}", fmt::join(words, ", "));
  const std::string near = nearest(node.scalar, words);
  mistakes.error(node.where, fmt::format("operator '{}' is not supported", node.scalar),
                 near.empty() ? known : fmt::format("did you mean '{}'? {}", near, known));
  return std::nullopt;
}

bool check_layer_keys(const YamlNode& item, std::vector<std::string> known, Mistakes& mistakes) {
  const std::size_t before = mistakes.size();
  for (const LayerKey& common : layer_keys) known.emplace_back(common.key);
  check_keys(item, known, mistakes);
  return mistakes.size() == before;
}

std::optional<ElementwiseKind> read_epilogue_kind(const YamlNode& node, Mistakes& mistakes) {
  std::vector<std::string> words;
  for (const auto& entry : EnumNames<ElementwiseKind>::table) {
    if (node.is_scalar() && entry.name == node.scalar) {
      if (!is_binary(entry.value)) return entry.value;
      mistakes.error(node.where, fmt::format("'{}' takes a second tensor", node.scalar),
                     "write it as a layer of op elementwise");
      return std::nullopt;
    }
    if (!is_binary(entry.value)) words.emplace_back(entry.name);
  }
  mistakes.error(node.where, fmt::format("'{}' cannot be an epilogue", node.scalar),
                 suggestion(node.scalar, words));
  return std::nullopt;
}

std::vector<ElementwiseKind> read_epilogue(const YamlNode* node, Mistakes& mistakes) {
  std::vector<ElementwiseKind> kinds;
  if (!node) return kinds;
  if (!node->is_sequence()) {
    mistakes.error(node->where, "a list such as [batch_norm, relu] is expected here");
    return kinds;
  }
  for (const YamlNode& item : node->items)
    if (const auto kind = read_epilogue_kind(item, mistakes)) kinds.push_back(*kind);
  return kinds;
}

/// Zeros before and after so that the output has ceil(in / stride) elements; an odd one goes after
/// (the rule of TensorFlow's SAME).
void pad_same(std::uint64_t in, std::uint64_t reach, std::uint64_t stride, std::uint64_t& before,
              std::uint64_t& after) {
  const std::uint64_t last_start = in - 1 - (in - 1) % stride;
  const std::uint64_t needed = last_start + reach;
  const std::uint64_t total = needed > in ? needed - in : 0;
  before = total / 2;
  after = total - before;
}

/// Replaces `kernel: global` and `padding: same` by numbers, which needs the other fields.
void apply_short_forms(Operator& op, const OperatorReader& reader) {
  const auto reach = [](std::uint64_t kernel, std::uint64_t dilation) {
    const std::uint64_t enough = std::uint64_t{1} << 31;  // larger windows are refused later
    return (std::min(kernel, enough) - 1) * std::min(dilation, enough) + 1;
  };
  if (auto* pool = std::get_if<Pool2d>(&op)) {
    if (reader.global_kernel()) {
      pool->kernel_height = pool->in_height;
      pool->kernel_width = pool->in_width;
    }
    if (reader.same_padding()) {
      pad_same(pool->in_height, reach(pool->kernel_height, 1), pool->stride_height, pool->pad_top,
               pool->pad_bottom);
      pad_same(pool->in_width, reach(pool->kernel_width, 1), pool->stride_width, pool->pad_left,
               pool->pad_right);
    }
    return;
  }
  auto* conv = std::get_if<Conv2d>(&op);
  if (auto* deformable = std::get_if<DeformableConv2d>(&op)) conv = &deformable->conv;
  if (conv && reader.same_padding()) {
    pad_same(conv->in_height, reach(conv->kernel_height, conv->dilation_height),
             conv->stride_height, conv->pad_top, conv->pad_bottom);
    pad_same(conv->in_width, reach(conv->kernel_width, conv->dilation_width), conv->stride_width,
             conv->pad_left, conv->pad_right);
  }
}

void report(const YamlNode& item, const LayerContext& context, const std::vector<Mismatch>& wrong,
            const std::string& hint, Mistakes& mistakes) {
  for (const Mismatch& mismatch : wrong) {
    const YamlNode* field = mismatch.key.empty() ? nullptr : item.find(mismatch.key);
    if (!field && !mismatch.key.empty()) field = item.find("inputs");
    mistakes.error(field ? field->where : item.where,
                   fmt::format("layer '{}': {}", context.name, mismatch.message), hint);
  }
}

bool read_gather(const YamlNode& item, const LayerContext& context, Mistakes& mistakes) {
  const YamlNode* node = item.find("gather");
  return node && evaluate_condition(*node, *context.scope, mistakes).value_or(false);
}

/// Reads the operator's fields into `op`; false after a mistake, or when the producer has one.
bool read_fields(const YamlNode& item, OperatorWord word, const LayerContext& context, bool gather,
                 Operator& op, Mistakes& mistakes) {
  Derived derived;
  if (!gather) derived.keys = derive(op, context.operands);
  for (const Operand& operand : context.operands)
    derived.unknown |= !operand.shape && !context.from_network_input && !gather;
  OperatorReader reader(item, *context.scope, std::move(derived), mistakes);
  describe_operator(reader, word, op);
  bool fine = check_layer_keys(item, reader.known(), mistakes);
  if (reader.global_kernel() && !std::holds_alternative<Pool2d>(op)) {
    mistakes.error(item.find("kernel")->where, "only pool2d has a global kernel");
    fine = false;
  }
  if (!fine || !reader.complete()) return false;
  if (word == OperatorWord::depthwise_conv2d) {
    auto& conv = std::get<Conv2d>(op);
    conv.out_channels = conv.groups = conv.in_channels;
  }
  if (auto* e = std::get_if<Elementwise>(&op); e && !has_channels(e->kind)) e->channels = 0;
  apply_short_forms(op, reader);
  return true;
}

std::vector<Mismatch> wrong_count(const Operator& op, const YamlNode& item, std::size_t given) {
  const OperandCount count = operand_count(op);
  const bool two_for_attention = std::holds_alternative<Attention>(op) && given == 2;
  if (!item.find("inputs") || (given >= count.least && given <= count.most && !two_for_attention))
    return {};
  const std::string wanted = count.least == count.most
                                 ? fmt::format("{}", count.least)
                                 : fmt::format("{} or {}", count.least, count.most);
  return {{"inputs", fmt::format("{} takes {} input{}, not {}", operator_name(op), wanted,
                                 wanted == "1" ? "" : "s", given)}};
}

/// The visitor that collects the keys of an operator.
struct Keys {
  std::vector<std::string> keys = {};
  void required(std::string_view key, auto&, const FieldInfo&) { keys.emplace_back(key); }
  void field(std::string_view key, auto&, const FieldInfo&) { keys.emplace_back(key); }
  void derived(std::string_view key, auto&, const FieldInfo&) { keys.emplace_back(key); }
  void otherwise(std::string_view key, auto&, std::uint64_t, const FieldInfo&) {
    keys.emplace_back(key);
  }
  void extents(std::string_view key, auto&, auto&, const FieldInfo&, Need) {
    keys.emplace_back(key);
  }
  void padding(std::string_view key, Padding, const FieldInfo&) { keys.emplace_back(key); }
};

}  // namespace

std::optional<ReadLayer> read_layer(const YamlNode& item, const LayerContext& context,
                                    Mistakes& mistakes) {
  const std::size_t before = mistakes.size();
  const auto word = read_operator_word(item, mistakes);
  if (!word) return std::nullopt;
  Operator op = default_operator(*word);
  auto epilogue = read_epilogue(item.find("epilogue"), mistakes);
  const bool gather = read_gather(item, context, mistakes);
  if (!read_fields(item, *word, context, gather, op, mistakes)) return std::nullopt;
  report(item, context, contradictions(op), {}, mistakes);
  if (mistakes.size() != before) return std::nullopt;
  const bool turned = std::ranges::find(epilogue, ElementwiseKind::rope) != epilogue.end();
  if (turned && output_elements(op) % 2 != 0)
    report(item, context,
           {{"epilogue", fmt::format("rope turns pairs, but the layer makes {} elements",
                                     output_elements(op))}},
           {}, mistakes);
  const std::string hint =
      "`gather: true` says that inputs are cut, joined, routed or cached on the way";
  if (!gather) {
    auto wrong = wrong_count(op, item, context.operands.size());
    if (wrong.empty()) wrong = mismatches(op, context.operands);
    report(item, context, wrong, hint, mistakes);
  }
  const Shape shape = output_shape(op, gather ? std::vector<Operand>{} : context.operands);
  return ReadLayer{std::move(op), std::move(epilogue), shape};
}

void check_layer_words(const YamlNode& item, Mistakes& mistakes) {
  const auto word = read_operator_word(item, mistakes);
  if (!word) return;
  Keys keys;
  Operator op = default_operator(*word);
  if (auto* elementwise = std::get_if<Elementwise>(&op)) elementwise->kind = ElementwiseKind::bias;
  describe_operator(keys, *word, op);
  check_layer_keys(item, std::move(keys.keys), mistakes);
}

OperatorWord word_of(const Operator& op) {
  for (const auto& entry : EnumNames<OperatorWord>::table)
    if (entry.name == operator_name(op)) return entry.value;
  return OperatorWord::conv2d;  // not reached: every operator_name is in the table
}

Operator default_operator(OperatorWord word) {
  switch (word) {
    case OperatorWord::conv2d:
    case OperatorWord::depthwise_conv2d:
      return Conv2d{};
    case OperatorWord::linear:
      return Linear{};
    case OperatorWord::matmul:
      return MatMul{};
    case OperatorWord::attention:
      return Attention{};
    case OperatorWord::pool2d:
      return Pool2d{};
    case OperatorWord::elementwise:
      return Elementwise{};
    case OperatorWord::softmax:
      return Softmax{};
    case OperatorWord::norm:
      return Norm{};
    case OperatorWord::embedding:
      return Embedding{};
    case OperatorWord::deformable_conv2d:
      return DeformableConv2d{};
    case OperatorWord::scan:
      return Scan{};
  }
  return Conv2d{};
}

}  // namespace sluice
