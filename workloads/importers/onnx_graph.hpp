// SPDX-License-Identifier: Apache-2.0
// An ONNX model whose shapes are known, as a graph to look around in: who makes a value, who reads
// it, and what is known of it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "workloads/importers/onnx_infer.hpp"

namespace sluice {

class OnnxGraph {
 public:
  /// All of which has to outlive the graph.
  OnnxGraph(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
            const OnnxValues& values);

  const OnnxModel& model() const { return model_; }
  const std::vector<const OnnxNode*>& order() const { return order_; }

  /// Whether every shape around `node` is known; otherwise there is a mistake already.
  bool is_known(const OnnxNode& node) const;
  const OnnxValue& value(const std::string& name) const { return values_.find(name)->second; }
  const OnnxDims& dims(const std::string& name) const { return value(name).dims; }
  /// Input `i` of `node`, when it is there and known before the model runs.
  bool is_constant(const OnnxNode& node, std::size_t i) const;
  /// The number that a constant of one element is; NaN when the number is not known.
  std::optional<double> number(const std::string& name) const;
  /// Whether that is `number` to float's precision.
  bool is_number(const std::string& name, double number) const;

  /// The axes over which a reduction goes, from the first to the last.
  std::set<std::size_t> reduced_axes(const OnnxNode& node) const;

  /// The node that makes `name`; nullptr: an input of the model, or a tensor in the file.
  const OnnxNode* maker(const std::string& name) const;
  /// Those that read `name`; nullptr stands for the model's output.
  const std::vector<const OnnxNode*>& readers(const std::string& name) const;
  /// The one node that reads `name`, or nullptr.
  const OnnxNode* only_reader(const std::string& name) const;

 private:
  const OnnxModel& model_;
  const std::vector<const OnnxNode*>& order_;
  const OnnxValues& values_;
  std::map<std::string, const OnnxNode*, std::less<>> makers_;
  std::map<std::string, std::vector<const OnnxNode*>, std::less<>> readers_;
};

}  // namespace sluice
