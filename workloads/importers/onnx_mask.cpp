// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_mask.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

constexpr std::size_t most_steps = 1u << 22, most_depth = 128;

OnnxBounds exactly(double number) { return {number, number}; }
constexpr OnnxBounds any_truth{0, 1};

bool is_exact(const OnnxBounds& b) { return b.least == b.most; }

OnnxBounds joined_with(const OnnxBounds& a, const OnnxBounds& b) {
  return {std::min(a.least, b.least), std::max(a.most, b.most)};
}

/// A product in which 0 times anything is 0.
double times(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

OnnxBounds product(const OnnxBounds& a, const OnnxBounds& b) {
  const double corners[] = {times(a.least, b.least), times(a.least, b.most), times(a.most, b.least),
                            times(a.most, b.most)};
  return {*std::ranges::min_element(corners), *std::ranges::max_element(corners)};
}

/// Bounds of a truth value that is certain in one of two cases.
OnnxBounds truth(bool surely, bool surely_not) {
  return surely ? exactly(1) : surely_not ? exactly(0) : any_truth;
}
OnnxBounds truth(const OnnxBounds& a) {
  return truth(a.least > 0 || a.most < 0, a.least == 0 && a.most == 0);
}

std::optional<OnnxBounds> combine(const std::string& type, const OnnxBounds& a,
                                  const OnnxBounds& b) {
  if (type == "Add") return OnnxBounds{a.least + b.least, a.most + b.most};
  if (type == "Sub") return OnnxBounds{a.least - b.most, a.most - b.least};
  if (type == "Mul") return product(a, b);
  if (type == "Less") return truth(a.most < b.least, a.least >= b.most);
  if (type == "LessOrEqual") return truth(a.most <= b.least, a.least > b.most);
  if (type == "Greater") return truth(a.least > b.most, a.most <= b.least);
  if (type == "GreaterOrEqual") return truth(a.least >= b.most, a.most < b.least);
  if (type == "Equal")
    return truth(is_exact(a) && is_exact(b) && a.least == b.least,
                 a.most < b.least || b.most < a.least);
  if (type == "And")
    return truth(is_exact(truth(a)) && is_exact(truth(b)) && a.least != 0 && b.least != 0,
                 (a.least == 0 && a.most == 0) || (b.least == 0 && b.most == 0));
  if (type == "Or")
    return truth(
        (is_exact(truth(a)) && truth(a).least == 1) || (is_exact(truth(b)) && truth(b).least == 1),
        a.least == 0 && a.most == 0 && b.least == 0 && b.most == 0);
  if (type == "Min") return OnnxBounds{std::min(a.least, b.least), std::min(a.most, b.most)};
  if (type == "Max") return OnnxBounds{std::max(a.least, b.least), std::max(a.most, b.most)};
  return std::nullopt;
}

}  // namespace

OnnxBounds OnnxEvaluator::bounds(const std::string& name, const OnnxBox& box) {
  const OnnxValue& value = graph_.value(name);
  const OnnxNode* node = graph_.maker(name);
  if (value.integers && (node == nullptr || node->type != "Range")) return of_numbers(value, box);
  if (value.real && onnx_elements(value.dims) == 1) return exactly(*value.real);
  if (node == nullptr) return value.control ? exactly(1) : OnnxBounds{};
  if (++steps_ > most_steps || depth_ >= most_depth || !graph_.is_known(*node)) return {};
  ++depth_;
  OnnxBounds result = of_node(*node, box);
  --depth_;
  // A sum of two infinities is no number, and then nothing is known.
  if (std::isnan(result.least) || std::isnan(result.most)) result = {};
  return value.type == onnx_type::boolean && !is_exact(result) ? any_truth : result;
}

OnnxBounds OnnxEvaluator::of_numbers(const OnnxValue& value, const OnnxBox& box) {
  OnnxBounds result{std::numeric_limits<double>::infinity(),
                    -std::numeric_limits<double>::infinity()};
  std::vector<std::int64_t> at;
  for (const OnnxSpan& span : box) at.push_back(span.first);
  while (true) {
    std::uint64_t index = 0;
    for (std::size_t axis = 0; axis < at.size(); ++axis)
      index = index * value.dims[axis] + static_cast<std::uint64_t>(at[axis]);
    if (index >= value.integers->size()) return {};
    result = joined_with(result, exactly(static_cast<double>((*value.integers)[index])));
    ++steps_;
    std::size_t axis = at.size();
    while (axis > 0 && ++at[axis - 1] > box[axis - 1].last) {
      at[axis - 1] = box[axis - 1].first;
      --axis;
    }
    if (axis == 0) return result;
  }
}

OnnxBounds OnnxEvaluator::input(const OnnxNode& node, std::size_t i, const OnnxBox& box) {
  const OnnxDims& dims = graph_.dims(node.inputs[i]);
  if (dims.size() > box.size()) return {};
  OnnxBox part;
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    part.push_back(dims[axis] == 1 ? OnnxSpan{} : box[box.size() - dims.size() + axis]);
  return bounds(node.inputs[i], part);
}

OnnxBounds OnnxEvaluator::of_node(const OnnxNode& node, const OnnxBox& box) {
  using Rule = OnnxBounds (OnnxEvaluator::*)(const OnnxNode&, const OnnxBox&);
  static const std::map<std::string, Rule, std::less<>> table = {
      {"Where", &OnnxEvaluator::where},          {"Range", &OnnxEvaluator::range},
      {"Reshape", &OnnxEvaluator::reshaped},     {"Squeeze", &OnnxEvaluator::reshaped},
      {"Unsqueeze", &OnnxEvaluator::reshaped},   {"Flatten", &OnnxEvaluator::reshaped},
      {"Transpose", &OnnxEvaluator::transposed}, {"Slice", &OnnxEvaluator::sliced},
      {"Concat", &OnnxEvaluator::joined},        {"Trilu", &OnnxEvaluator::triangle},
      {"Gather", &OnnxEvaluator::gathered},      {"GatherND", &OnnxEvaluator::gathered_points}};
  if (const auto rule = table.find(node.type); rule != table.end())
    return (this->*rule->second)(node, box);
  if (node.type == "ConstantOfShape") return filling(node);
  return arithmetic(node, box);
}

OnnxBounds OnnxEvaluator::arithmetic(const OnnxNode& node, const OnnxBox& box) {
  if (node.inputs.empty() || node.inputs[0].empty()) return {};
  if (node.inputs.size() == 2 && !node.inputs[1].empty() && node.type != "Expand" &&
      node.type != "Dropout") {
    const OnnxBounds first = input(node, 0, box);
    return combine(node.type, first, input(node, 1, box)).value_or(OnnxBounds{});
  }
  static const std::vector<std::string_view> known = {"Cast",     "Not",     "Neg",
                                                      "Identity", "Dropout", "Expand"};
  if (std::ranges::find(known, node.type) == known.end()) return {};
  const OnnxBounds x = input(node, 0, box);
  if (node.type == "Neg") return {-x.most, -x.least};
  if (node.type == "Not") return {1 - truth(x).most, 1 - truth(x).least};
  const bool to_truth =
      node.type == "Cast" && graph_.value(node.outputs[0]).type == onnx_type::boolean;
  return to_truth ? truth(x) : x;
}

OnnxBounds OnnxEvaluator::where(const OnnxNode& node, const OnnxBox& box) {
  const OnnxBounds asked = truth(input(node, 0, box));
  if (is_exact(asked)) return input(node, asked.least == 1 ? 1 : 2, box);
  const OnnxBounds one = input(node, 1, box);
  return joined_with(one, input(node, 2, box));
}

OnnxBounds OnnxEvaluator::range(const OnnxNode& node, const OnnxBox& box) {
  const auto from = graph_.number(node.inputs[0]), step = graph_.number(node.inputs[2]);
  if (!from || !step || box.size() != 1) return {};
  const double a = *from + *step * static_cast<double>(box[0].first);
  const double b = *from + *step * static_cast<double>(box[0].last);
  return {std::min(a, b), std::max(a, b)};
}

OnnxBounds OnnxEvaluator::filling(const OnnxNode& node) const {
  const auto value = node.attributes.find("value");
  if (value == node.attributes.end() || !value->second.tensor) return exactly(0);
  const OnnxTensor& tensor = *value->second.tensor;
  if (tensor.integers && tensor.integers->size() == 1)
    return exactly(static_cast<double>(tensor.integers->front()));
  return tensor.real ? exactly(*tensor.real) : OnnxBounds{};
}

std::optional<std::int64_t> OnnxEvaluator::integer(const std::string& name) const {
  const OnnxValue& value = graph_.value(name);
  if (!value.integers || value.integers->size() != 1) return std::nullopt;
  return value.integers->front();
}

}  // namespace sluice
