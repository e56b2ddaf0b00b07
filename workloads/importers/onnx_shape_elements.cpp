// SPDX-License-Identifier: Apache-2.0
// Shapes of what ONNX operators make element by element, and the arithmetic with the numbers from
// which shapes are computed: small integer tensors and single floating-point numbers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "workloads/importers/onnx_infer.hpp"

namespace sluice {
namespace {

using Integers = std::vector<std::int64_t>;

OnnxValue same_shape(const OnnxInputs& in) {
  OnnxValue result = in.made(in[0].dims);
  const std::string& type = in.node.type;
  if (type == "Not" || type == "IsNaN") result.type = onnx_type::boolean;
  if (in[0].integers && (type == "Neg" || type == "Not")) {
    result.integers.emplace();
    for (const std::int64_t n : *in[0].integers) {
      if (n == std::numeric_limits<std::int64_t>::min()) return in.made(in[0].dims);
      result.integers->push_back(type == "Neg" ? -n : n == 0);
    }
  }
  if (!in[0].real) return result;
  if (type == "Neg") result.real = -*in[0].real;
  if (type == "Sqrt") result.real = std::sqrt(*in[0].real);
  if (type == "Reciprocal") result.real = 1 / *in[0].real;
  return result;
}

OnnxValue cast(const OnnxInputs& in) {
  OnnxValue result = in[0];
  result.type = static_cast<int>(in.integer("to", result.type));
  const bool to_real = onnx_is_real(result.type);
  if (to_real && result.integers) {
    if (result.integers->size() == 1) result.real = static_cast<double>(result.integers->front());
    result.integers.reset();
  }
  if (!to_real && result.real) {
    // Numbers that shapes come from are small; others stay unknown.
    if (onnx_elements(result.dims) == 1 && std::abs(*result.real) < 1e15)
      result.integers = Integers{static_cast<std::int64_t>(*result.real)};
    result.real.reset();
  }
  if (result.type == onnx_type::boolean && result.integers)
    for (std::int64_t& n : *result.integers) n = n != 0;
  return result;
}

/// x op y, or nothing where the result is not to be known.
std::optional<std::int64_t> calculate(const std::string& type, std::int64_t x, std::int64_t y) {
  std::int64_t z = 0;
  bool wrong = false;
  if (type == "Add")
    wrong = __builtin_add_overflow(x, y, &z);
  else if (type == "Sub")
    wrong = __builtin_sub_overflow(x, y, &z);
  else if (type == "Mul")
    wrong = __builtin_mul_overflow(x, y, &z);
  else if (type == "Div" && y > 0)
    z = x / y;
  else if (type == "Mod" && y > 0)
    z = x % y < 0 ? x % y + y : x % y;
  else if (type == "Equal")
    z = x == y;
  else if (type == "Less")
    z = x < y;
  else if (type == "LessOrEqual")
    z = x <= y;
  else if (type == "Greater")
    z = x > y;
  else if (type == "GreaterOrEqual")
    z = x >= y;
  else if (type == "And")
    z = x != 0 && y != 0;
  else if (type == "Or")
    z = x != 0 || y != 0;
  else if (type == "Min")
    z = std::min(x, y);
  else if (type == "Max")
    z = std::max(x, y);
  else
    return std::nullopt;
  if (wrong) onnx_fail(fmt::format("{} and {} give a number beyond 64 bits", x, y));
  return z;
}

std::optional<double> calculate(const std::string& type, double x, double y) {
  if (type == "Add") return x + y;
  if (type == "Sub") return x - y;
  if (type == "Mul") return x * y;
  if (type == "Div") return x / y;
  if (type == "Pow") return std::pow(x, y);
  return std::nullopt;
}

/// Arithmetic with known numbers: two tensors of as many, or one of them a single number.
void fold(const OnnxInputs& in, OnnxValue& result) {
  if (in.node.inputs.size() != 2) return;
  if (in[0].real && in[1].real) result.real = calculate(in.node.type, *in[0].real, *in[1].real);
  if (!in[0].integers || !in[1].integers) return;
  const Integers &a = *in[0].integers, &b = *in[1].integers;
  if (a.empty() || b.empty() || (a.size() != b.size() && a.size() != 1 && b.size() != 1)) return;
  // Of tensors of more dimensions one may be repeated along rows, the other along columns.
  if (a.size() == b.size() && a.size() > 1 && in[0].dims != in[1].dims) return;
  Integers folded;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const auto z = calculate(in.node.type, a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
    if (!z) return;
    folded.push_back(*z);
  }
  if (folded.size() == onnx_elements(result.dims)) result.integers = folded;
}

/// Operator sets before 7 say along which axis the second operand lies.
OnnxDims second_operand(const OnnxInputs& in) {
  OnnxDims dims = in[1].dims;
  const auto axis = in.node.attributes.find("axis");
  if (axis == in.node.attributes.end() || !axis->second.integer) return dims;
  const std::size_t rank = in[0].dims.size();
  for (std::size_t i = onnx_axis(*axis->second.integer, rank) + dims.size(); i < rank; ++i)
    dims.push_back(1);
  return dims;
}

OnnxValue broadcasts(const OnnxInputs& in) {
  static const std::vector<std::string> asks = {"Equal",          "Less", "LessOrEqual", "Greater",
                                                "GreaterOrEqual", "And",  "Or",          "Xor"};
  OnnxValue result = in.made(in[0].dims);
  for (std::size_t i = 1; i < in.node.inputs.size(); ++i)
    result.dims = onnx_broadcast(result.dims, i == 1 ? second_operand(in) : in[i].dims);
  if (std::ranges::find(asks, in.node.type) != asks.end()) result.type = onnx_type::boolean;
  fold(in, result);
  return result;
}

/// Where: of the second input where the first is true, else of the third.
OnnxValue where(const OnnxInputs& in) {
  OnnxValue result = in.made(onnx_broadcast(onnx_broadcast(in[0].dims, in[1].dims), in[2].dims));
  result.type = in[1].type;
  const std::size_t count = in[0].integers ? in[0].integers->size() : 0;
  for (const std::size_t i : {1u, 2u})
    if (!in[i].integers || in[i].integers->size() != count) return result;
  if (count != onnx_elements(result.dims)) return result;
  result.integers.emplace();
  for (std::size_t i = 0; i < count; ++i)
    result.integers->push_back((*in[(*in[0].integers)[i] != 0 ? 1 : 2].integers)[i]);
  return result;
}

OnnxValue shape(const OnnxInputs& in) {
  OnnxValue result;
  const OnnxDims& dims = in[0].dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto bound = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  result.type = onnx_type::int64;
  result.integers.emplace();
  for (std::int64_t i = bound(in.integer("start", 0)); i < bound(in.integer("end", rank)); ++i)
    result.integers->push_back(static_cast<std::int64_t>(dims[static_cast<std::size_t>(i)]));
  result.dims = {result.integers->size()};
  return result;
}

OnnxValue size(const OnnxInputs& in) {
  OnnxValue result;
  result.type = onnx_type::int64;
  result.integers = Integers{static_cast<std::int64_t>(onnx_elements(in[0].dims))};
  return result;
}

OnnxValue of_tensor(const OnnxTensor& tensor) {
  OnnxValue result;
  result.type = tensor.type;
  result.integers = tensor.integers;
  result.real = tensor.real;
  for (const std::int64_t extent : tensor.dims) {
    if (extent < 0) onnx_fail(fmt::format("the constant has a dimension {}", extent));
    result.dims.push_back(static_cast<std::uint64_t>(extent));
  }
  return result;
}

OnnxValue constant(const OnnxInputs& in) {
  for (const auto& [name, attribute] : in.node.attributes) {
    OnnxValue result;
    result.type = onnx_type::int64;
    if (name == "value_int" && attribute.integer) {
      result.integers = Integers{*attribute.integer};
      return result;
    }
    if (name == "value_ints") {
      result.dims = {attribute.integers.size()};
      result.integers = attribute.integers;
      return result;
    }
    if (name == "value_float" && attribute.real) {
      result.type = onnx_type::float32;
      result.real = *attribute.real;
      return result;
    }
    if (attribute.tensor) return of_tensor(*attribute.tensor);
  }
  onnx_fail("the constant has no value");
}

OnnxValue constant_of_shape(const OnnxInputs& in) {
  OnnxValue result;
  result.type = onnx_type::float32;
  for (const std::int64_t extent : in.numbers("shape", 0, "the shape")) {
    if (extent < 0) onnx_fail(fmt::format("the shape has a dimension {}", extent));
    result.dims.push_back(static_cast<std::uint64_t>(extent));
  }
  const auto filling = in.node.attributes.find("value");
  if (filling == in.node.attributes.end() || !filling->second.tensor) return result;
  const OnnxTensor& tensor = *filling->second.tensor;
  result.type = tensor.type;
  const std::uint64_t count = onnx_elements(result.dims);
  if (tensor.integers && tensor.integers->size() == 1 && count <= most_onnx_constants)
    result.integers = Integers(count, tensor.integers->front());
  if (count == 1) result.real = tensor.real;
  return result;
}

OnnxValue range(const OnnxInputs& in) {
  for (const std::size_t i : {0u, 1u, 2u})
    if (!in[i].integers || in[i].integers->size() != 1)
      onnx_fail("the bounds of the range are not known before the model runs");
  const std::int64_t from = in[0].integers->front(), to = in[1].integers->front();
  const std::int64_t step = in[2].integers->front();
  constexpr std::int64_t most = std::int64_t{1} << 40;
  if (step == 0 || std::abs(from) > most || std::abs(to) > most || std::abs(step) > most)
    onnx_fail(fmt::format("a range from {} to {} in steps of {}", from, to, step));
  const std::int64_t span = step > 0 ? to - from : from - to;
  const std::int64_t width = std::abs(step);
  const auto count = static_cast<std::uint64_t>(span <= 0 ? 0 : (span + width - 1) / width);
  OnnxValue result = in.made({count});
  if (count > most_onnx_constants) return result;
  result.integers.emplace();
  for (std::uint64_t i = 0; i < count; ++i)
    result.integers->push_back(from + static_cast<std::int64_t>(i) * step);
  return result;
}

/// The coordinates of the elements that are not 0, a dimension a row.
OnnxValue non_zero(const OnnxInputs& in) {
  const OnnxDims& dims = in[0].dims;
  if (!in[0].integers)
    onnx_fail("how many elements are not zero is not known before the model runs");
  std::vector<Integers> rows(dims.size());
  for (std::size_t i = 0; i < in[0].integers->size(); ++i) {
    if ((*in[0].integers)[i] == 0) continue;
    std::size_t rest = i;
    for (std::size_t d = dims.size(); d-- > 0; rest /= dims[d])
      rows[d].push_back(static_cast<std::int64_t>(rest % dims[d]));
  }
  OnnxValue result = in.made({dims.size(), rows.empty() ? 0 : rows.front().size()});
  result.type = onnx_type::int64;
  result.integers.emplace();
  for (const Integers& row : rows)
    result.integers->insert(result.integers->end(), row.begin(), row.end());
  return result;
}

OnnxValue one_hot(const OnnxInputs& in) {
  const OnnxValue& depth = in[1];
  const std::int64_t width = depth.integers && depth.integers->size() == 1 ? depth.integers->front()
                             : depth.real ? static_cast<std::int64_t>(*depth.real)
                                          : 0;
  if (width < 1) onnx_fail("the depth is not known before the model runs, or below 1");
  OnnxDims dims = in[0].dims;
  const std::size_t axis = onnx_axis(in.integer("axis", -1), dims.size() + 1);
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), static_cast<std::uint64_t>(width));
  OnnxValue result = in.made(dims);
  result.type = in[2].type;
  return result;
}

}  // namespace

OnnxRule onnx_element_rule(std::string_view type) {
  static const std::map<std::string, OnnxRule, std::less<>> table = {
      {"Cast", cast},   {"Constant", constant}, {"ConstantOfShape", constant_of_shape},
      {"Range", range}, {"Shape", shape},       {"Size", size},
      {"Where", where}, {"NonZero", non_zero},  {"OneHot", one_hot}};
  static const std::vector<std::string_view> unary = {"Relu",
                                                      "Clip",
                                                      "Sigmoid",
                                                      "Tanh",
                                                      "Erf",
                                                      "Exp",
                                                      "Sqrt",
                                                      "Reciprocal",
                                                      "Neg",
                                                      "Not",
                                                      "Gelu",
                                                      "Softmax",
                                                      "BatchNormalization",
                                                      "LayerNormalization",
                                                      "RMSNormalization",
                                                      "HardSigmoid",
                                                      "HardSwish",
                                                      "LRN",
                                                      "Cos",
                                                      "Sin",
                                                      "IsNaN",
                                                      "CumSum"};
  static const std::vector<std::string_view> binary = {
      "Add", "Sub", "Mul",   "Div",  "Pow",         "Sum",     "Mod",
      "Min", "Max", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual",
      "And", "Or",  "Xor"};
  if (const auto found = table.find(type); found != table.end()) return found->second;
  if (std::ranges::find(unary, type) != unary.end()) return same_shape;
  if (std::ranges::find(binary, type) != binary.end()) return broadcasts;
  return nullptr;
}

}  // namespace sluice
