// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_graph.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {

OnnxGraph::OnnxGraph(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                     const OnnxValues& values)
    : model_(model), order_(order), values_(values) {
  for (const OnnxNode* node : order) {
    for (const std::string& input : node->inputs) readers_[input].push_back(node);
    for (const std::string& output : node->outputs) makers_[output] = node;
  }
  for (const OnnxValueInfo& output : model.outputs) readers_[output.name].push_back(nullptr);
}

bool OnnxGraph::is_known(const OnnxNode& node) const {
  const auto known = [&](const std::string& name) {
    return name.empty() || values_.contains(name);
  };
  return std::ranges::all_of(node.inputs, known) && !node.outputs.empty() &&
         values_.contains(node.outputs[0]);
}

bool OnnxGraph::is_constant(const OnnxNode& node, std::size_t i) const {
  return i < node.inputs.size() && !node.inputs[i].empty() && value(node.inputs[i]).constant;
}

std::optional<double> OnnxGraph::number(const std::string& name) const {
  if (name.empty()) return std::nullopt;
  const OnnxValue& v = value(name);
  if (!v.constant || onnx_elements(v.dims) != 1) return std::nullopt;
  if (v.integers) return static_cast<double>(v.integers->front());
  return v.real.value_or(std::nan(""));
}

bool OnnxGraph::is_number(const std::string& name, double expected) const {
  const auto found = number(name);
  // Exporters round constants such as sqrt(2 / pi) to four digits and more.
  return found && std::abs(*found - expected) <= 1e-4 * std::abs(expected);
}

std::set<std::size_t> OnnxGraph::reduced_axes(const OnnxNode& node) const {
  const std::size_t rank = dims(node.inputs[0]).size();
  std::set<std::size_t> axes;
  for (const std::int64_t axis :
       onnx_integers(node, values_, "axes", 1).value_or(std::vector<std::int64_t>{}))
    axes.insert(onnx_axis(axis, rank));
  if (axes.empty() && onnx_integer(node, "noop_with_empty_axes", 0) == 0)
    for (std::size_t i = 0; i < rank; ++i) axes.insert(i);
  return axes;
}

const OnnxNode* OnnxGraph::maker(const std::string& name) const {
  const auto found = makers_.find(name);
  return found == makers_.end() ? nullptr : found->second;
}

const std::vector<const OnnxNode*>& OnnxGraph::readers(const std::string& name) const {
  static const std::vector<const OnnxNode*> none;
  const auto found = readers_.find(name);
  return found == readers_.end() ? none : found->second;
}

const OnnxNode* OnnxGraph::only_reader(const std::string& name) const {
  const auto& list = readers(name);
  return list.size() == 1 ? list[0] : nullptr;
}

}  // namespace sluice
