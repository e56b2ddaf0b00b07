// SPDX-License-Identifier: Apache-2.0
// Shapes of what one ONNX node makes. The rules are those of the operators' pages
// (onnx.ai/onnx/operators), for all operator sets in which an attribute became an input or the
// other way round.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/checked.hpp"
#include "workloads/importers/onnx_infer.hpp"

namespace sluice {
namespace {

using Integers = std::vector<std::int64_t>;

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) onnx_fail(fmt::format("there is no axis {} of {}", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

/// Dimensions of a tensor that is repeated to fit another (onnx/docs/Broadcasting.md).
OnnxDims broadcast(const OnnxDims& a, const OnnxDims& b) {
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

/// One node, its inputs known.
class NodeShape {
 public:
  NodeShape(const OnnxNode& node, const OnnxValues& values) : node_(node), values_(values) {}

  std::vector<OnnxValue> infer() {
    static const std::map<std::string, OnnxValue (NodeShape::*)() const, std::less<>> table = {
        {"Conv", &NodeShape::conv},           {"MaxPool", &NodeShape::pool},
        {"AveragePool", &NodeShape::pool},    {"GlobalAveragePool", &NodeShape::global_pool},
        {"Gemm", &NodeShape::gemm},           {"MatMul", &NodeShape::matmul},
        {"Flatten", &NodeShape::flatten},     {"Reshape", &NodeShape::reshape},
        {"Transpose", &NodeShape::transpose}, {"Squeeze", &NodeShape::squeeze},
        {"Unsqueeze", &NodeShape::unsqueeze}, {"Concat", &NodeShape::concat},
        {"Slice", &NodeShape::slice},         {"Gather", &NodeShape::gather},
        {"Expand", &NodeShape::expand},       {"Shape", &NodeShape::shape},
        {"Constant", &NodeShape::constant},   {"ConstantOfShape", &NodeShape::constant_of_shape},
        {"ReduceMean", &NodeShape::reduce},   {"Pad", &NodeShape::pad}};
    static const std::set<std::string, std::less<>> same = {"Relu",        "Clip",
                                                            "Sigmoid",     "Tanh",
                                                            "Erf",         "Exp",
                                                            "Sqrt",        "Gelu",
                                                            "Softmax",     "Dropout",
                                                            "Identity",    "BatchNormalization",
                                                            "Cast",        "LayerNormalization",
                                                            "HardSigmoid", "HardSwish",
                                                            "LRN"};
    static const std::set<std::string, std::less<>> broadcasts = {
        "Add", "Sub", "Mul", "Div", "Pow", "Sum", "Mod", "Equal", "Where"};
    if (!node_.domain.empty()) unknown();
    if (node_.type == "Split") return split();
    OnnxValue result;
    if (const auto found = table.find(node_.type); found != table.end())
      result = (this->*found->second)();
    else if (same.contains(node_.type))
      result = in(0);
    else if (broadcasts.contains(node_.type))
      result = elementwise();
    else
      unknown();
    result.constant = all_constant();
    // What is known before the model runs is a constant, whatever it was computed from.
    if (result.integers) result.constant = true;
    if (node_.type == "Cast")
      result.type = static_cast<int>(onnx_integer(node_, "to", result.type));
    static const std::set<std::string, std::less<>> keep = {"Identity", "Cast", "Dropout"};
    if (same.contains(node_.type) && !keep.contains(node_.type)) {
      result.integers.reset();
      result.real.reset();
    }
    return {result};
  }

 private:
  [[noreturn]] void unknown() const {
    onnx_fail(fmt::format("sluice does not know this operator{}",
                          node_.domain.empty() ? "" : fmt::format(" of {}", quote(node_.domain))),
              "docs/onnx.md lists those it knows");
  }
  const OnnxValue& in(std::size_t i) const {
    if (i >= node_.inputs.size() || node_.inputs[i].empty())
      onnx_fail(fmt::format("input {} is missing", i));
    return values_.find(node_.inputs[i])->second;
  }
  bool has(std::size_t i) const { return i < node_.inputs.size() && !node_.inputs[i].empty(); }
  bool all_constant() const {
    if (node_.type == "Shape") return true;
    return std::ranges::all_of(node_.inputs, [&](const std::string& name) {
      return name.empty() || values_.find(name)->second.constant;
    });
  }
  Integers numbers(std::string_view attribute, std::size_t input, std::string_view what) const {
    if (const auto found = onnx_integers(node_, values_, attribute, input)) return *found;
    onnx_fail(fmt::format("{} is missing, or not known before the model runs", what));
  }
  const OnnxDims& ranked(std::size_t i, std::size_t rank) const {
    if (in(i).dims.size() != rank)
      onnx_fail(fmt::format("input {} is [{}], {} dimensions are expected", i,
                            fmt::join(in(i).dims, ", "), rank));
    return in(i).dims;
  }
  OnnxValue made(OnnxDims dims) const { return {std::move(dims), in(0).type, false, {}, {}}; }
  /// The same numbers in another shape.
  OnnxValue moved(OnnxDims dims) const {
    OnnxValue result = in(0);
    if (onnx_elements(dims) != onnx_elements(result.dims))
      onnx_fail(fmt::format("[{}] does not become [{}]: {} elements and {}",
                            fmt::join(result.dims, ", "), fmt::join(dims, ", "),
                            onnx_elements(result.dims), onnx_elements(dims)));
    result.dims = std::move(dims);
    return result;
  }

  OnnxValue window(std::uint64_t channels, const OnnxDims* weights) const {
    const OnnxDims& image = ranked(0, 4);
    const OnnxWindow w = onnx_window(node_, image, weights);
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
    return made(dims);
  }
  OnnxValue conv() const {
    const OnnxDims weights = ranked(1, 4);
    const std::uint64_t groups = static_cast<std::uint64_t>(onnx_integer(node_, "group", 1));
    const std::uint64_t channels = ranked(0, 4)[1];
    if (groups == 0 || channels % groups != 0 || weights[0] % groups != 0 ||
        channels / groups != weights[1])
      onnx_fail(fmt::format("weights [{}] in {} groups do not fit {} channels",
                            fmt::join(weights, ", "), groups, channels));
    return window(weights[0], &weights);
  }
  OnnxValue pool() const { return window(ranked(0, 4)[1], nullptr); }
  OnnxValue global_pool() const { return made({ranked(0, 4)[0], in(0).dims[1], 1, 1}); }
  OnnxValue gemm() const {
    OnnxDims a = ranked(0, 2), b = ranked(1, 2);
    if (onnx_integer(node_, "transA", 0) != 0) std::swap(a[0], a[1]);
    if (onnx_integer(node_, "transB", 0) != 0) std::swap(b[0], b[1]);
    if (a[1] != b[0]) onnx_fail(fmt::format("{} columns are multiplied with {} rows", a[1], b[0]));
    return made({a[0], b[1]});
  }
  OnnxValue matmul() const {
    const OnnxDims &a = in(0).dims, &b = in(1).dims;
    if (a.size() < 2 || b.size() < 2) onnx_fail("a product with a vector is not supported");
    if (a.back() != b[b.size() - 2])
      onnx_fail(fmt::format("{} columns are multiplied with {} rows", a.back(), b[b.size() - 2]));
    OnnxDims dims = broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
    dims.push_back(a[a.size() - 2]);
    dims.push_back(b.back());
    return made(dims);
  }
  OnnxValue flatten() const {
    const OnnxDims& dims = in(0).dims;
    const std::int64_t given = onnx_integer(node_, "axis", 1);
    const std::size_t axis =
        given == static_cast<std::int64_t>(dims.size()) ? dims.size() : axis_of(given, dims.size());
    const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(axis);
    return moved({onnx_elements({dims.begin(), middle}), onnx_elements({middle, dims.end()})});
  }
  OnnxValue reshape() const {
    const Integers target = numbers("shape", 1, "the new shape");
    OnnxDims dims;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] < -1) onnx_fail(fmt::format("the new shape has a dimension {}", target[i]));
      if (target[i] == -1 && open) onnx_fail("the new shape has two dimensions of -1");
      if (target[i] == -1) open = i;
      if (target[i] == 0 && onnx_integer(node_, "allowzero", 0) == 0) {
        if (i >= in(0).dims.size()) onnx_fail("the new shape copies a dimension that is not there");
        dims.push_back(in(0).dims[i]);
      } else {
        dims.push_back(target[i] == -1 ? 1 : static_cast<std::uint64_t>(target[i]));
      }
    }
    if (open) {
      const std::uint64_t rest = onnx_elements(dims);
      if (rest != 0) dims[*open] = onnx_elements(in(0).dims) / rest;
    }
    return moved(dims);
  }
  OnnxValue transpose() const {
    const OnnxDims& dims = in(0).dims;
    Integers order = onnx_integers(node_, values_, "perm", 99).value_or(Integers{});
    if (order.empty())
      for (std::size_t i = dims.size(); i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
    OnnxDims result;
    std::set<std::size_t> seen;
    for (const std::int64_t axis : order) {
      result.push_back(dims[axis_of(axis, dims.size())]);
      seen.insert(axis_of(axis, dims.size()));
    }
    if (seen.size() != dims.size() || order.size() != dims.size())
      onnx_fail("the permutation does not name every axis once");
    OnnxValue value = moved(result);
    if (dims.size() > 1) value.integers.reset();
    return value;
  }
  OnnxValue squeeze() const {
    const OnnxDims& dims = in(0).dims;
    std::set<std::size_t> axes;
    for (const auto axis : onnx_integers(node_, values_, "axes", 1).value_or(Integers{}))
      axes.insert(axis_of(axis, dims.size()));
    OnnxDims result;
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (axes.empty() ? dims[i] != 1 : !axes.contains(i)) result.push_back(dims[i]);
    return moved(result);
  }
  OnnxValue unsqueeze() const {
    const Integers given = numbers("axes", 1, "the list of axes");
    OnnxDims result = in(0).dims;
    std::set<std::size_t> axes;
    for (const auto axis : given) axes.insert(axis_of(axis, result.size() + given.size()));
    for (const std::size_t axis : axes)
      result.insert(result.begin() + static_cast<std::ptrdiff_t>(std::min(axis, result.size())), 1);
    return moved(result);
  }
  OnnxValue concat() const {
    OnnxValue result = in(0);
    const std::size_t axis = axis_of(onnx_integer(node_, "axis", 0), result.dims.size());
    result.real.reset();
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
      const OnnxValue& next = in(i);
      OnnxDims expected = result.dims;
      if (next.dims.size() == expected.size()) expected[axis] = next.dims[axis];
      if (next.dims != expected)
        onnx_fail(fmt::format("[{}] and [{}] are not joined along axis {}",
                              fmt::join(result.dims, ", "), fmt::join(next.dims, ", "), axis));
      result.dims[axis] += next.dims[axis];
      if (result.integers && next.integers && result.dims.size() == 1)
        result.integers->insert(result.integers->end(), next.integers->begin(),
                                next.integers->end());
      else
        result.integers.reset();
    }
    (void)onnx_elements(result.dims);
    return result;
  }
  std::vector<OnnxValue> split() const {
    const std::size_t axis = axis_of(onnx_integer(node_, "axis", 0), in(0).dims.size());
    const std::uint64_t whole = in(0).dims[axis], parts = node_.outputs.size();
    std::vector<OnnxValue> result;
    const auto sizes = onnx_integers(node_, values_, "split", 1);
    if (sizes && sizes->size() != parts) onnx_fail("the sizes of the parts are not one an output");
    std::uint64_t left = whole;
    for (std::size_t i = 0; i < parts; ++i) {
      OnnxDims dims = in(0).dims;
      dims[axis] =
          sizes ? static_cast<std::uint64_t>((*sizes)[i]) : std::min(left, ceil_div(whole, parts));
      if (dims[axis] > left)
        onnx_fail(fmt::format("the parts are larger than the whole of {}", whole));
      left -= dims[axis];
      result.push_back(made(dims));
      result.back().constant = all_constant();
    }
    if (left != 0) onnx_fail(fmt::format("the parts leave {} of {} out", left, whole));
    return result;
  }
  OnnxValue slice() const {
    OnnxValue result = in(0);
    const Integers from = numbers("starts", 1, "where the part begins");
    const Integers to = numbers("ends", 2, "where the part ends");
    Integers axes = onnx_integers(node_, values_, "axes", 3).value_or(Integers{});
    const Integers steps = onnx_integers(node_, values_, "steps", 4).value_or(Integers{});
    for (std::size_t i = axes.size(); i < from.size(); ++i)
      axes.push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::size_t axis = axis_of(axes[i], result.dims.size());
      const auto extent = static_cast<std::int64_t>(result.dims[axis]);
      const std::int64_t step = i < steps.size() ? steps[i] : 1;
      if (step < 1 || i >= to.size()) onnx_fail("only steps forwards are supported");
      const auto bound = [&](std::int64_t at) {
        return at < 0 ? std::max<std::int64_t>(0, at < -extent ? 0 : at + extent)
                      : std::min(at, extent);
      };
      const std::int64_t begin = bound(from[i]), end = std::max(begin, bound(to[i]));
      result.dims[axis] =
          ceil_div(static_cast<std::uint64_t>(end - begin), static_cast<std::uint64_t>(step));
      if (!result.integers) continue;
      if (in(0).dims.size() != 1) {
        result.integers.reset();
        continue;
      }
      Integers kept;
      for (std::uint64_t n = 0; n < result.dims[axis]; ++n)
        kept.push_back((
            *in(0).integers)[static_cast<std::size_t>(begin) + n * static_cast<std::size_t>(step)]);
      result.integers = kept;
    }
    result.real.reset();
    return result;
  }
  OnnxValue gather() const {
    const OnnxValue &table = in(0), &indices = in(1);
    const std::size_t axis = axis_of(onnx_integer(node_, "axis", 0), table.dims.size());
    const auto at = static_cast<std::ptrdiff_t>(axis);
    OnnxDims dims(table.dims.begin(), table.dims.begin() + at);
    dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
    dims.insert(dims.end(), table.dims.begin() + at + 1, table.dims.end());
    OnnxValue result = made(dims);
    if (!table.integers || !indices.integers || table.dims.size() != 1) return result;
    result.integers.emplace();
    for (const std::int64_t index : *indices.integers)
      result.integers->push_back((*table.integers)[axis_of(index, table.integers->size())]);
    return result;
  }
  OnnxValue expand() const {
    OnnxDims target;
    for (const std::int64_t extent : numbers("shape", 1, "the new shape")) {
      if (extent < 0) onnx_fail(fmt::format("the new shape has a dimension {}", extent));
      target.push_back(static_cast<std::uint64_t>(extent));
    }
    return made(broadcast(in(0).dims, target));
  }
  OnnxValue shape() const {
    OnnxValue result{{in(0).dims.size()}, onnx_type::int64, true, Integers{}, {}};
    for (const std::uint64_t extent : in(0).dims)
      result.integers->push_back(static_cast<std::int64_t>(extent));
    return result;
  }
  OnnxValue constant() const {
    for (const auto& [name, attribute] : node_.attributes) {
      if (name == "value_int" && attribute.integer)
        return {{}, onnx_type::int64, true, Integers{*attribute.integer}, {}};
      if (name == "value_float" && attribute.real)
        return {{}, onnx_type::float32, true, {}, *attribute.real};
      if (name == "value_ints")
        return {{attribute.integers.size()}, onnx_type::int64, true, attribute.integers, {}};
      if (!attribute.tensor) continue;
      const OnnxTensor& tensor = *attribute.tensor;
      OnnxValue result{{}, tensor.type, true, tensor.integers, tensor.real};
      for (const std::int64_t extent : tensor.dims) {
        if (extent < 0) onnx_fail(fmt::format("the constant has a dimension {}", extent));
        result.dims.push_back(static_cast<std::uint64_t>(extent));
      }
      return result;
    }
    onnx_fail("the constant has no value");
  }
  OnnxValue constant_of_shape() const {
    OnnxValue result{{}, onnx_type::float32, true, {}, {}};
    for (const std::int64_t extent : numbers("shape", 0, "the shape")) {
      if (extent < 0) onnx_fail(fmt::format("the shape has a dimension {}", extent));
      result.dims.push_back(static_cast<std::uint64_t>(extent));
    }
    const auto filling = node_.attributes.find("value");
    if (filling == node_.attributes.end() || !filling->second.tensor) return result;
    result.type = filling->second.tensor->type;
    const auto& number = filling->second.tensor->integers;
    const std::uint64_t count = onnx_elements(result.dims);
    if (number && number->size() == 1 && count <= most_onnx_constants)
      result.integers = Integers(count, number->front());
    return result;
  }
  OnnxValue reduce() const {
    OnnxDims dims = in(0).dims;
    const bool keep = onnx_integer(node_, "keepdims", 1) != 0;
    const auto given = onnx_integers(node_, values_, "axes", 1);
    std::set<std::size_t> axes;
    for (std::size_t i = 0; i < dims.size() && !given; ++i) axes.insert(i);
    if (given)
      for (const std::int64_t axis : *given) axes.insert(axis_of(axis, dims.size()));
    OnnxDims result;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (!axes.contains(i)) result.push_back(dims[i]);
      if (axes.contains(i) && keep) result.push_back(1);
    }
    return made(result);
  }
  OnnxValue pad() const {
    OnnxDims dims = in(0).dims;
    const Integers pads = numbers("pads", 1, "the padding");
    if (pads.size() != 2 * dims.size()) onnx_fail("the padding is not two numbers a dimension");
    for (std::size_t i = 0; i < pads.size(); ++i) {
      if (pads[i] < 0) onnx_fail("padding that cuts is not supported");
      dims[i % dims.size()] += std::min(static_cast<std::uint64_t>(pads[i]), most_onnx_elements);
    }
    return made(dims);
  }
  OnnxValue elementwise() const {
    OnnxValue result = made(in(0).dims);
    for (std::size_t i = 1; i < node_.inputs.size(); ++i)
      result.dims = broadcast(result.dims, in(i).dims);
    if (node_.type == "Equal") result.type = onnx_type::boolean;
    fold(result);
    if (node_.type == "Where" && node_.inputs.size() == 3) choose(result);
    return result;
  }
  /// Where: of the second input where the first is true, else of the third.
  void choose(OnnxValue& result) const {
    result.type = in(1).type;
    const std::size_t count = in(0).integers ? in(0).integers->size() : 0;
    for (const std::size_t i : {1u, 2u})
      if (!in(i).integers || in(i).integers->size() != count) return;
    if (count != onnx_elements(result.dims)) return;
    result.integers.emplace();
    for (std::size_t i = 0; i < count; ++i)
      result.integers->push_back((*in((*in(0).integers)[i] != 0 ? 1 : 2).integers)[i]);
  }
  /// Arithmetic with the numbers of shapes: two tensors of as many, or one of them a single number.
  void fold(OnnxValue& result) const {
    if (node_.inputs.size() != 2 || !in(0).integers || !in(1).integers) return;
    const Integers &a = *in(0).integers, &b = *in(1).integers;
    if (a.empty() || b.empty() || (a.size() != b.size() && a.size() != 1 && b.size() != 1)) return;
    Integers folded;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const std::int64_t x = a[a.size() == 1 ? 0 : i], y = b[b.size() == 1 ? 0 : i];
      std::int64_t z = 0;
      bool wrong = false;
      if (node_.type == "Add")
        wrong = __builtin_add_overflow(x, y, &z);
      else if (node_.type == "Sub")
        wrong = __builtin_sub_overflow(x, y, &z);
      else if (node_.type == "Mul")
        wrong = __builtin_mul_overflow(x, y, &z);
      else if (node_.type == "Div" && y > 0)
        z = x / y;
      else if (node_.type == "Mod" && y > 0)
        z = x % y < 0 ? x % y + y : x % y;
      else if (node_.type == "Equal")
        z = x == y ? 1 : 0;
      else
        return;
      if (wrong) onnx_fail(fmt::format("{} and {} give a number beyond 64 bits", x, y));
      folded.push_back(z);
    }
    if (folded.size() == onnx_elements(result.dims)) result.integers = folded;
  }

  const OnnxNode& node_;
  const OnnxValues& values_;
};

}  // namespace

std::vector<OnnxValue> infer_onnx_node(const OnnxNode& node, const OnnxValues& values) {
  return NodeShape(node, values).infer();
}

}  // namespace sluice
