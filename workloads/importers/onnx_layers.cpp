// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_layers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {

void onnx_not_empty(const OnnxDims& dims) {
  if (onnx_elements(dims) == 0)
    onnx_fail(fmt::format("its input [{}] is empty", fmt::join(dims, ", ")));
}

OnnxLayers::OnnxLayers(const OnnxGraph& the_graph) : graph(the_graph) {
  for (const OnnxValueInfo& input : graph.model().inputs)
    if (!graph.model().initializers.contains(input.name))
      sources_[input.name] = {{std::string(network_input)}, false};
}

OnnxLayers::Source OnnxLayers::source(const std::string& name) const {
  if (graph.value(name).control) return {{std::string(network_input)}, false};
  const auto found = sources_.find(name);
  return found == sources_.end() ? Source{} : found->second;
}

std::string OnnxLayers::put(const OnnxNode& node, Operator op,
                            const std::vector<std::string>& operands, const std::string& output,
                            std::string_view part) {
  std::vector<std::string> list;
  for (const std::string& operand : operands)
    for (std::string& layer : producers(node, operand)) list.push_back(std::move(layer));
  return put_after(node, std::move(op), std::move(list), output, part);
}

std::string OnnxLayers::put_after(const OnnxNode& node, Operator op,
                                  std::vector<std::string> producers, const std::string& output,
                                  std::string_view part) {
  Layer layer{fresh(node, part), std::move(op), {}, std::move(producers)};
  if (layer.inputs.empty()) layer.inputs.emplace_back(network_input);
  if (const auto what = overflow(layer))
    onnx_fail(fmt::format("its number of {} is too large to count", *what));
  const std::string name = layer.name;
  sources_[output] = {{name}, true};
  layers_.push_back(std::move(layer));
  return name;
}

std::string OnnxLayers::fresh(const OnnxNode& node, std::string_view part) {
  std::string name = node.name.empty() ? fmt::format("{}_{}", node.type, node.index) : node.name;
  if (!part.empty()) name += fmt::format("_{}", part);
  for (char& c : name)
    if (c <= ' ' || c >= 127 || c == '|' || c == '"') c = '_';
  while (name.starts_with('/')) name.erase(0, 1);
  if (name.empty() || name == network_input) name += '_';
  std::string unique = name;
  for (std::size_t copy = 2; !names_.insert(unique).second; ++copy)
    unique = fmt::format("{}_{}", name, copy);
  return unique;
}

Layer* OnnxLayers::layer_of(const std::string& name, const Inside& inside) {
  const Source from = source(name);
  if (!from.alone || from.layers.size() != 1) return nullptr;
  const auto& readers = graph.readers(name);
  const bool only_inside =
      !inside.empty() && std::ranges::all_of(readers, [&](const OnnxNode* reader) {
        return reader != nullptr && inside.contains(reader);
      });
  if (!only_inside && graph.only_reader(name) == nullptr) return nullptr;
  for (Layer& layer : layers_)
    if (layer.name == from.layers[0]) return &layer;
  return nullptr;
}

void OnnxLayers::take_over(const Layer& layer, const std::string& output) {
  sources_[output] = {{layer.name}, true};
}

void OnnxLayers::apply(const OnnxNode& node, const std::vector<ElementwiseKind>& kinds,
                       const std::string& operand, const std::string& output,
                       const Inside& inside) {
  onnx_not_empty(graph.dims(operand));
  if (Layer* layer = layer_of(operand, inside)) {
    layer->epilogue.insert(layer->epilogue.end(), kinds.begin(), kinds.end());
    return take_over(*layer, output);
  }
  put(node, Elementwise{kinds.front(), onnx_elements(graph.dims(output)), 0}, {operand}, output);
  last().epilogue.assign(kinds.begin() + 1, kinds.end());
}

void OnnxLayers::move(const OnnxNode& node) {
  Source joined{{}, true};
  std::uint64_t elements = 0;
  for (const std::string& input : node.inputs) {
    if (input.empty() || graph.value(input).constant) continue;
    const Source from = source(input);
    for (const std::string& layer : from.layers)
      if (std::ranges::find(joined.layers, layer) == joined.layers.end())
        joined.layers.push_back(layer);
    joined.alone = joined.alone && from.alone && graph.only_reader(input) != nullptr;
    elements += onnx_elements(graph.dims(input));
  }
  const bool whole = node.outputs.size() == 1 && joined.layers.size() == 1 &&
                     elements == onnx_elements(graph.dims(node.outputs[0]));
  joined.alone = joined.alone && whole;
  // A trained part that is joined (a class token) is read like a table of one row.
  if (node.type == "Concat")
    for (const std::string& input : node.inputs)
      if (!input.empty() && graph.value(input).trained) joined.layers.push_back(table(node, input));
  for (const std::string& output : node.outputs) sources_[output] = joined;
}

std::vector<std::string> OnnxLayers::producers(const OnnxNode& node, const std::string& name) {
  if (graph.value(name).constant) return {table(node, name)};
  return source(name).layers;
}

std::string OnnxLayers::root_of(const std::string& name) const {
  static const std::set<std::string, std::less<>> moves = {
      "Transpose", "Identity", "Cast",   "Reshape", "Unsqueeze", "Squeeze",
      "Slice",     "Gather",   "Expand", "Tile",    "Flatten"};
  std::string root = name;
  for (const OnnxNode* node = graph.maker(root); node != nullptr && moves.contains(node->type);
       node = graph.maker(root)) {
    if (node->inputs.empty() || node->inputs[0].empty() || !graph.value(node->inputs[0]).constant)
      break;
    root = node->inputs[0];
  }
  return root;
}

bool OnnxLayers::first_use(const std::string& name) { return used_.insert(root_of(name)).second; }

/// A layer that reads every row of a constant once; one that is not trained, such as a table of
/// sines, counts no parameters.
std::string OnnxLayers::table(const OnnxNode& node, const std::string& name) {
  if (const auto made = tables_.find(name); made != tables_.end()) return made->second;
  const OnnxDims &shape = graph.dims(name), &whole = graph.dims(root_of(name));
  Embedding rows;
  rows.width = shape.empty() ? 1 : std::max<std::uint64_t>(1, shape.back());
  rows.tokens = std::max<std::uint64_t>(1, onnx_elements(shape) / rows.width);
  rows.vocabulary = rows.tokens;
  // Of a table of positions, or of a row that is repeated, all of the file's numbers count.
  if (!whole.empty() && whole.back() == rows.width && onnx_elements(whole) != 0) {
    rows.vocabulary = onnx_elements(whole) / rows.width;
    rows.tokens = std::min(rows.tokens, rows.vocabulary);
  }
  rows.tied = !graph.value(name).trained || !first_use(name);
  OnnxNode named = node;
  named.name = name;
  return tables_[name] = put_after(named, rows, {}, name);
}

}  // namespace sluice
