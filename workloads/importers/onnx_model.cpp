// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_model.hpp"

#include <fmt/format.h>
#include <onnx_subset.pb.h>

#include <bit>
#include <cstring>
#include <limits>

#include "base/diagnostics.hpp"

namespace sluice {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

/// The elements of `raw` as numbers of type T, when there are `count` of them.
template <class T, class To>
std::optional<std::vector<To>> raw_numbers(const std::string& raw, std::size_t count) {
  if (raw.size() != count * sizeof(T)) return std::nullopt;
  std::vector<To> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    T number{};
    std::memcpy(&number, raw.data() + i * sizeof(T), sizeof(T));
    numbers.push_back(static_cast<To>(number));
  }
  return numbers;
}

std::optional<std::vector<std::int64_t>> integers_of(const onnx_subset::Tensor& tensor,
                                                     std::size_t count) {
  using Numbers = std::vector<std::int64_t>;
  const bool raw = tensor.has_raw_data();
  Numbers numbers;
  switch (tensor.data_type()) {
    case onnx_type::int64:
      if (raw) return raw_numbers<std::int64_t, std::int64_t>(tensor.raw_data(), count);
      numbers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
      break;
    case onnx_type::int32:
      if (raw) return raw_numbers<std::int32_t, std::int64_t>(tensor.raw_data(), count);
      numbers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
      break;
    case onnx_type::boolean:
      if (raw) return raw_numbers<std::uint8_t, std::int64_t>(tensor.raw_data(), count);
      numbers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
      break;
    default:
      return std::nullopt;
  }
  if (numbers.size() != count) return std::nullopt;
  return numbers;
}

std::optional<double> real_of(const onnx_subset::Tensor& tensor) {
  if (tensor.data_type() == onnx_type::float32) {
    if (tensor.float_data_size() == 1) return tensor.float_data(0);
    const auto raw = raw_numbers<float, double>(tensor.raw_data(), 1);
    if (raw) return raw->front();
  }
  if (tensor.data_type() == onnx_type::float64) {
    if (tensor.double_data_size() == 1) return tensor.double_data(0);
    const auto raw = raw_numbers<double, double>(tensor.raw_data(), 1);
    if (raw) return raw->front();
  }
  return std::nullopt;
}

OnnxTensor tensor_of(const onnx_subset::Tensor& tensor) {
  OnnxTensor result{{tensor.dims().begin(), tensor.dims().end()}, tensor.data_type(), {}, {}};
  std::size_t count = 1;
  for (const std::int64_t extent : result.dims) {
    if (extent < 0 || static_cast<std::uint64_t>(extent) > most_onnx_constants) return result;
    count *= static_cast<std::size_t>(extent);
    if (count > most_onnx_constants) return result;
  }
  if (tensor.data_location() == 1) return result;
  result.integers = integers_of(tensor, count);
  if (count == 1) result.real = real_of(tensor);
  return result;
}

OnnxAttribute attribute_of(const onnx_subset::Attribute& attribute) {
  OnnxAttribute result;
  if (attribute.has_i()) result.integer = attribute.i();
  if (attribute.has_f()) result.real = attribute.f();
  if (attribute.has_s()) result.text = attribute.s();
  if (attribute.has_t()) result.tensor = tensor_of(attribute.t());
  result.integers.assign(attribute.ints().begin(), attribute.ints().end());
  result.reals.assign(attribute.floats().begin(), attribute.floats().end());
  result.has_graph = attribute.has_g();
  return result;
}

OnnxNode node_of(const onnx_subset::Node& node, std::size_t index) {
  OnnxNode result;
  result.index = index;
  result.name = node.name();
  result.type = node.op_type();
  result.domain = node.domain() == "ai.onnx" ? "" : node.domain();
  result.inputs.assign(node.input().begin(), node.input().end());
  result.outputs.assign(node.output().begin(), node.output().end());
  for (const auto& attribute : node.attribute())
    result.attributes.insert_or_assign(attribute.name(), attribute_of(attribute));
  return result;
}

OnnxValueInfo value_of(const onnx_subset::ValueInfo& value) {
  OnnxValueInfo result{value.name(), value.type().tensor_type().elem_type(), {}};
  if (!value.type().tensor_type().has_shape()) return result;
  result.shape.emplace();
  for (const auto& dimension : value.type().tensor_type().shape().dim()) {
    OnnxDimension& added = result.shape->emplace_back();
    if (dimension.has_dim_value()) added.value = dimension.dim_value();
    added.name = dimension.dim_param();
  }
  return result;
}

std::vector<OnnxValueInfo> values_of(const auto& list) {
  std::vector<OnnxValueInfo> result;
  for (const auto& value : list) result.push_back(value_of(value));
  return result;
}

}  // namespace

OnnxModel read_onnx_model(std::string_view bytes, const std::string& path) {
  onnx_subset::Model file;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw SpecError({{{.path = path},
                      "this is no ONNX model: its bytes are no protobuf message, or end early",
                      ""}});
  if (!file.has_graph() || file.graph().node().empty())
    throw SpecError({{{.path = path},
                      "the model has no graph with nodes",
                      "is it an ONNX model? weights alone, as in a .pb or .data file, are none"}});
  OnnxModel model;
  for (const auto& set : file.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") model.operator_set = set.version();
  std::size_t index = 0;
  for (const auto& node : file.graph().node()) model.nodes.push_back(node_of(node, index++));
  for (const auto& tensor : file.graph().initializer())
    model.initializers.insert_or_assign(tensor.name(), tensor_of(tensor));
  model.inputs = values_of(file.graph().input());
  model.outputs = values_of(file.graph().output());
  model.values = values_of(file.graph().value_info());
  return model;
}

}  // namespace sluice
