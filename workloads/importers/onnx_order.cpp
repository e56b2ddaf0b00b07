// SPDX-License-Identifier: Apache-2.0
// The order of an ONNX model's nodes; the format asks for it, but not every tool keeps to it.
#include <fmt/format.h>

#include <queue>
#include <set>

#include "workloads/importers/onnx_infer.hpp"

namespace sluice {

std::string onnx_node_text(const OnnxNode& node) {
  return fmt::format(
      "node {} {} ({})", node.index, quote(node.name),
      node.type.empty() ? "no type" : quote(node.type).substr(1, quote(node.type).size() - 2));
}

std::vector<const OnnxNode*> onnx_order(const OnnxModel& model, const std::string& path,
                                        Diagnostics& diagnostics) {
  std::map<std::string, std::size_t, std::less<>> maker;
  std::set<std::string, std::less<>> given{""};
  for (const auto& [name, tensor] : model.initializers) given.insert(name);
  for (const OnnxValueInfo& input : model.inputs) given.insert(input.name);
  const std::size_t before = diagnostics.size();
  for (const OnnxNode& node : model.nodes)
    for (const std::string& output : node.outputs)
      if (!output.empty() && (given.contains(output) || !maker.emplace(output, node.index).second))
        diagnostics.error({.path = path},
                          fmt::format("{}: {} is made twice", onnx_node_text(node), quote(output)));
  std::vector<std::vector<std::size_t>> readers(model.nodes.size());
  std::vector<std::size_t> waits(model.nodes.size(), 0);
  for (const OnnxNode& node : model.nodes)
    for (const std::string& input : node.inputs) {
      if (given.contains(input)) continue;
      const auto made = maker.find(input);
      if (made == maker.end()) {
        diagnostics.error({.path = path}, fmt::format("{}: nothing makes its input {}",
                                                      onnx_node_text(node), quote(input)));
        continue;
      }
      readers[made->second].push_back(node.index);
      ++waits[node.index];
    }
  if (diagnostics.size() != before) return {};
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i] == 0) ready.push(i);
  std::vector<const OnnxNode*> order;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    order.push_back(&model.nodes[next]);
    for (const std::size_t reader : readers[next])
      if (--waits[reader] == 0) ready.push(reader);
  }
  if (order.size() == model.nodes.size()) return order;
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i] != 0) {
      diagnostics.error({.path = path},
                        fmt::format("{}: the node waits for itself: the graph has a cycle",
                                    onnx_node_text(model.nodes[i])));
      break;
    }
  return {};
}

}  // namespace sluice
