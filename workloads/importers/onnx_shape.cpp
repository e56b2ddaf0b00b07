// SPDX-License-Identifier: Apache-2.0
// What one ONNX node makes: finds the rule of its operator. The rules are those of the operators'
// pages (onnx.ai/onnx/operators), for all operator sets in which an attribute became an input or
// the other way round; products, reductions and windows have theirs here.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "workloads/importers/onnx_infer.hpp"

namespace sluice {

std::size_t onnx_axis(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) onnx_fail(fmt::format("there is no axis {} of {}", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

OnnxDims onnx_broadcast(const OnnxDims& a, const OnnxDims& b) {
  OnnxDims result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::uint64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::uint64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      onnx_fail(fmt::format("[{}] and [{}] do not fit each other", fmt::join(a, ", "),
                            fmt::join(b, ", ")));
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

const OnnxValue& OnnxInputs::operator[](std::size_t i) const {
  if (!has(i)) onnx_fail(fmt::format("input {} is missing", i));
  return values_.find(node.inputs[i])->second;
}

const OnnxDims& OnnxInputs::ranked(std::size_t i, std::size_t rank) const {
  const OnnxDims& dims = (*this)[i].dims;
  if (dims.size() != rank)
    onnx_fail(fmt::format("input {} is [{}], {} dimensions are expected", i, fmt::join(dims, ", "),
                          rank));
  return dims;
}

std::vector<std::int64_t> OnnxInputs::numbers(std::string_view attribute, std::size_t input,
                                              std::string_view what) const {
  if (const auto found = integers(attribute, input)) return *found;
  onnx_fail(fmt::format("{} is missing, or not known before the model runs", what));
}

OnnxValue OnnxInputs::made(OnnxDims dims) const {
  OnnxValue result;
  result.dims = std::move(dims);
  result.type = (*this)[0].type;
  return result;
}

namespace {

OnnxValue window(const OnnxInputs& in, std::uint64_t channels, const OnnxDims* weights) {
  const OnnxDims& image = in.ranked(0, 4);
  const OnnxWindow w = onnx_window(in.node, image, weights);
  OnnxDims dims = {image[0], channels};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t padded = image[2 + i] + w.before[i] + w.after[i];
    const std::uint64_t extent = (w.kernel[i] - 1) * w.dilation[i] + 1;
    if (extent > padded)
      onnx_fail(fmt::format("a window of {} is larger than its input of {}", extent, padded));
    std::uint64_t out = (padded - extent + (w.ceil ? w.stride[i] - 1 : 0)) / w.stride[i] + 1;
    // A window must not begin in the zeros behind the image.
    if (w.ceil && (out - 1) * w.stride[i] >= image[2 + i] + w.before[i]) --out;
    dims.push_back(out);
  }
  return in.made(dims);
}

OnnxValue conv(const OnnxInputs& in) {
  const OnnxDims weights = in.ranked(1, 4);
  const std::uint64_t groups = static_cast<std::uint64_t>(in.integer("group", 1));
  const std::uint64_t channels = in.ranked(0, 4)[1];
  if (groups == 0 || channels % groups != 0 || weights[0] % groups != 0 ||
      channels / groups != weights[1])
    onnx_fail(fmt::format("weights [{}] in {} groups do not fit {} channels",
                          fmt::join(weights, ", "), groups, channels));
  return window(in, weights[0], &weights);
}

OnnxValue pool(const OnnxInputs& in) { return window(in, in.ranked(0, 4)[1], nullptr); }

OnnxValue global_pool(const OnnxInputs& in) {
  const OnnxDims& image = in.ranked(0, 4);
  return in.made({image[0], image[1], 1, 1});
}

OnnxValue gemm(const OnnxInputs& in) {
  OnnxDims a = in.ranked(0, 2), b = in.ranked(1, 2);
  if (in.integer("transA", 0) != 0) std::swap(a[0], a[1]);
  if (in.integer("transB", 0) != 0) std::swap(b[0], b[1]);
  if (a[1] != b[0]) onnx_fail(fmt::format("{} columns are multiplied with {} rows", a[1], b[0]));
  return in.made({a[0], b[1]});
}

OnnxValue matmul(const OnnxInputs& in) {
  const OnnxDims &a = in[0].dims, &b = in[1].dims;
  if (a.size() < 2 || b.size() < 2) onnx_fail("a product with a vector is not supported");
  if (a.back() != b[b.size() - 2])
    onnx_fail(fmt::format("{} columns are multiplied with {} rows", a.back(), b[b.size() - 2]));
  OnnxDims dims = onnx_broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  dims.push_back(a[a.size() - 2]);
  dims.push_back(b.back());
  return in.made(dims);
}

OnnxValue einsum(const OnnxInputs& in) {
  const OnnxEinsum letters = onnx_einsum(in.node);
  std::map<char, std::uint64_t> extent;
  for (const std::size_t i : {0u, 1u}) {
    const std::string& names = i == 0 ? letters.a : letters.b;
    const OnnxDims& dims = in.ranked(i, names.size());
    for (std::size_t d = 0; d < dims.size(); ++d)
      if (const auto [at, fresh] = extent.emplace(names[d], dims[d]);
          !fresh && at->second != dims[d])
        onnx_fail(fmt::format("rank {} is {} and {}", names[d], at->second, dims[d]));
  }
  OnnxDims result;
  for (const char letter : letters.result) result.push_back(extent.at(letter));
  return in.made(result);
}

OnnxValue reduce(const OnnxInputs& in) {
  const OnnxDims& dims = in[0].dims;
  const bool keep = in.integer("keepdims", 1) != 0;
  const auto given = in.integers("axes", 1);
  if (in.has(1) && !given) onnx_fail("the axes are not known before the model runs");
  std::set<std::size_t> axes;
  if (given)
    for (const std::int64_t axis : *given) axes.insert(onnx_axis(axis, dims.size()));
  if (axes.empty() && in.integer("noop_with_empty_axes", 0) == 0)
    for (std::size_t i = 0; i < dims.size(); ++i) axes.insert(i);
  OnnxDims result;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (!axes.contains(i)) result.push_back(dims[i]);
    if (axes.contains(i) && keep) result.push_back(1);
  }
  return in.made(result);
}

/// The origin of what `node` makes.
void set_origin(const OnnxNode& node, const OnnxValues& values, OnnxValue& made) {
  bool trained = false, control = false, data = false;
  for (const std::string& name : node.inputs) {
    if (name.empty()) continue;
    const OnnxValue& input = values.find(name)->second;
    trained = trained || (input.trained && node.type != "OneHot");  // its two numbers are none
    control = control || input.control;
    data = data || (!input.constant && !input.control);
  }
  // What is known before the model runs is a constant, whatever it was computed from.
  made.constant =
      node.type == "Shape" || node.type == "Size" || made.integers || (!control && !data);
  made.control = !made.constant && control && !data && !trained;
  const bool source = node.type == "Constant" || node.type == "ConstantOfShape";
  made.trained = made.constant && !made.integers &&
                 (source ? onnx_is_real(made.type) && onnx_elements(made.dims) > 1 : trained) &&
                 node.type != "Shape" && node.type != "Size";
}

}  // namespace

OnnxRule onnx_product_rule(std::string_view type) {
  static const std::map<std::string, OnnxRule, std::less<>> table = {
      {"Conv", conv},        {"MaxPool", pool},      {"AveragePool", pool},
      {"Gemm", gemm},        {"MatMul", matmul},     {"GlobalAveragePool", global_pool},
      {"Einsum", einsum},    {"ReduceMean", reduce}, {"GlobalMaxPool", global_pool},
      {"ReduceSum", reduce}, {"ReduceMax", reduce}};
  const auto found = table.find(type);
  return found == table.end() ? nullptr : found->second;
}

bool onnx_is_real(int type) {
  return type == onnx_type::float32 || type == onnx_type::float64 || type == onnx_type::float16 ||
         type == onnx_type::bfloat16;
}

bool onnx_is_whole(int type) {
  return (type >= onnx_type::uint8 && type <= onnx_type::int64) || type == onnx_type::boolean ||
         type == onnx_type::uint32 || type == onnx_type::uint64;
}

std::vector<OnnxValue> infer_onnx_node(const OnnxNode& node, const OnnxValues& values) {
  const OnnxInputs in(node, values);
  std::vector<OnnxValue> made;
  OnnxRule rule = node.domain.empty() ? onnx_product_rule(node.type) : nullptr;
  if (node.domain.empty() && !rule) rule = onnx_move_rule(node.type);
  if (node.domain.empty() && !rule) rule = onnx_element_rule(node.type);
  if (rule)
    made.push_back(rule(in));
  else if (node.type == "Split" && node.domain.empty())
    made = onnx_split(in);
  else
    onnx_fail(fmt::format("sluice does not know this operator{}",
                          node.domain.empty() ? "" : fmt::format(" of {}", quote(node.domain))),
              "docs/onnx.md lists those it knows");
  for (OnnxValue& value : made) set_origin(node, values, value);
  return made;
}

}  // namespace sluice
