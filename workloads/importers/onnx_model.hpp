// SPDX-License-Identifier: Apache-2.0
// An ONNX model as plain values: nodes, named tensors and their declared shapes. Of weights only
// the shapes are kept; small tensors keep their numbers, since shapes are computed from them.
// What the nodes mean is the business of onnx_infer and onnx_lower.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Numbers of TensorProto.DataType (onnx/onnx.proto).
namespace onnx_type {
inline constexpr int float32 = 1, uint8 = 2, int32 = 6, int64 = 7, boolean = 9, float16 = 10,
                     float64 = 11, uint32 = 12, uint64 = 13, bfloat16 = 16;
}

/// A tensor in the file. Dimensions are as written, negative ones too.
struct OnnxTensor {
  std::vector<std::int64_t> dims;
  int type = 0;
  std::optional<std::vector<std::int64_t>> integers;  ///< of small tensors of integers or booleans
  std::optional<double> real;                         ///< of tensors of one floating-point number
};

struct OnnxAttribute {
  std::optional<std::int64_t> integer;
  std::optional<float> real;
  std::optional<std::string> text;
  std::optional<OnnxTensor> tensor;
  std::vector<std::int64_t> integers;
  std::vector<float> reals;
  bool has_graph = false;
};

struct OnnxNode {
  std::size_t index = 0;  ///< in the file
  std::string name, type, domain;
  std::vector<std::string> inputs, outputs;  ///< an empty name: left out
  std::map<std::string, OnnxAttribute, std::less<>> attributes;
};

/// `value`, a name, or neither (unknown).
struct OnnxDimension {
  std::optional<std::int64_t> value;
  std::string name;
};

struct OnnxValueInfo {
  std::string name;
  int type = 0;
  std::optional<std::vector<OnnxDimension>> shape;  ///< nothing: not even the rank is known
};

struct OnnxModel {
  std::int64_t operator_set = 1;  ///< version of ONNX's own operators; files of old state none
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxTensor, std::less<>> initializers;
  std::vector<OnnxValueInfo> inputs, outputs, values;
};

/// Tensors of more numbers than this keep only their shape.
inline constexpr std::size_t most_onnx_constants = 4096;

/// Reads the bytes of a model file. Throws SpecError at `path`: no model at all, no graph.
OnnxModel read_onnx_model(std::string_view bytes, const std::string& path);

}  // namespace sluice
