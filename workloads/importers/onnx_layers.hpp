// SPDX-License-Identifier: Apache-2.0
// The layers that are being made of the nodes of an ONNX model, and who makes each value. What a
// node becomes is the business of the rules in onnx_lower_*.cpp.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "workloads/importers/onnx_graph.hpp"

namespace sluice {

class OnnxLayers {
 public:
  using Inside = std::set<const OnnxNode*>;

  explicit OnnxLayers(const OnnxGraph& graph);

  const OnnxGraph& graph;

  /// Adds a layer that makes `output` of what makes `operands`; its name, after the node and
  /// `part`.
  std::string put(const OnnxNode& node, Operator op, const std::vector<std::string>& operands,
                  const std::string& output, std::string_view part = {});
  /// The same of operands that are named by the layers that make them.
  std::string put_after(const OnnxNode& node, Operator op, std::vector<std::string> producers,
                        const std::string& output, std::string_view part = {});
  /// Operations on each element of `operand`, one after the other: epilogues where nobody but the
  /// nodes `inside` reads it, else a layer.
  void apply(const OnnxNode& node, const std::vector<ElementwiseKind>& kinds,
             const std::string& operand, const std::string& output, const Inside& inside = {});
  /// The outputs of `node` are its inputs in another order: who made those makes these.
  void move(const OnnxNode& node);

  /// The layers that make `name`; a constant becomes a layer that reads it.
  std::vector<std::string> producers(const OnnxNode& node, const std::string& name);
  /// Whether the weights `name` are used for the first time, which they are from then on.
  bool first_use(const std::string& name);
  /// The layer that makes `name`, when only one node, or those `inside`, read that: its output may
  /// be given more to do. Otherwise nullptr.
  Layer* layer_of(const std::string& name, const Inside& inside = {});
  /// The last layer that was added.
  Layer& last() { return layers_.back(); }
  /// `output` is made by `layer` as well.
  void take_over(const Layer& layer, const std::string& output);

  std::vector<Layer> take() { return std::move(layers_); }

 private:
  /// Who made a value: layers, of which a value that is joined has several.
  struct Source {
    std::vector<std::string> layers;
    bool alone = false;  ///< nobody else has read it on the way, and none of it was left out
  };

  Source source(const std::string& name) const;
  std::string fresh(const OnnxNode& node, std::string_view part);
  /// The tensor in the file that `name` is a part or another form of; `name` itself if none.
  std::string root_of(const std::string& name) const;
  std::string table(const OnnxNode& node, const std::string& name);

  std::map<std::string, Source, std::less<>> sources_;
  std::map<std::string, std::string, std::less<>> tables_;
  std::set<std::string> names_, used_;
  std::vector<Layer> layers_;
};

/// It is an error when there is nothing in `dims`.
void onnx_not_empty(const OnnxDims& dims);

/// Makes layers of a node; nullptr: not of this kind.
using OnnxLowering = void (*)(OnnxLayers&, const OnnxNode&);
OnnxLowering onnx_product_lowering(std::string_view type);
OnnxLowering onnx_element_lowering(std::string_view type);

}  // namespace sluice
