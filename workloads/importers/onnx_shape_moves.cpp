// SPDX-License-Identifier: Apache-2.0
// Shapes of what ONNX operators make that rename, cut, join or repeat a tensor. The numbers of
// small integer tensors move along.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/checked.hpp"
#include "workloads/importers/onnx_infer.hpp"

namespace sluice {
namespace {

using Integers = std::vector<std::int64_t>;

/// The same numbers in another shape.
OnnxValue moved(const OnnxInputs& in, OnnxDims dims) {
  OnnxValue result = in[0];
  if (onnx_elements(dims) != onnx_elements(result.dims))
    onnx_fail(fmt::format("[{}] does not become [{}]: {} elements and {}",
                          fmt::join(result.dims, ", "), fmt::join(dims, ", "),
                          onnx_elements(result.dims), onnx_elements(dims)));
  result.dims = std::move(dims);
  return result;
}

OnnxValue same(const OnnxInputs& in) { return in[0]; }

OnnxValue flatten(const OnnxInputs& in) {
  const OnnxDims& dims = in[0].dims;
  const std::int64_t given = in.integer("axis", 1);
  const std::size_t axis =
      given == static_cast<std::int64_t>(dims.size()) ? dims.size() : onnx_axis(given, dims.size());
  const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  return moved(in, {onnx_elements({dims.begin(), middle}), onnx_elements({middle, dims.end()})});
}

OnnxValue reshape(const OnnxInputs& in) {
  const Integers target = in.numbers("shape", 1, "the new shape");
  OnnxDims dims;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] < -1) onnx_fail(fmt::format("the new shape has a dimension {}", target[i]));
    if (target[i] == -1 && open) onnx_fail("the new shape has two dimensions of -1");
    if (target[i] == -1) open = i;
    if (target[i] == 0 && in.integer("allowzero", 0) == 0) {
      if (i >= in[0].dims.size()) onnx_fail("the new shape copies a dimension that is not there");
      dims.push_back(in[0].dims[i]);
    } else {
      dims.push_back(target[i] == -1 ? 1 : static_cast<std::uint64_t>(target[i]));
    }
  }
  if (open) {
    const std::uint64_t rest = onnx_elements(dims);
    if (rest != 0) dims[*open] = onnx_elements(in[0].dims) / rest;
  }
  return moved(in, dims);
}

OnnxValue transpose(const OnnxInputs& in) {
  const OnnxDims& dims = in[0].dims;
  const auto given = in.node.attributes.find("perm");
  Integers order = given == in.node.attributes.end() ? Integers{} : given->second.integers;
  if (order.empty())
    for (std::size_t i = dims.size(); i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  OnnxDims result;
  std::set<std::size_t> seen;
  for (const std::int64_t axis : order) {
    result.push_back(dims[onnx_axis(axis, dims.size())]);
    seen.insert(onnx_axis(axis, dims.size()));
  }
  if (seen.size() != dims.size() || order.size() != dims.size())
    onnx_fail("the permutation does not name every axis once");
  OnnxValue value = moved(in, result);
  if (dims.size() > 1) value.integers.reset();
  return value;
}

OnnxValue squeeze(const OnnxInputs& in) {
  const OnnxDims& dims = in[0].dims;
  std::set<std::size_t> axes;
  for (const auto axis : in.integers("axes", 1).value_or(Integers{}))
    axes.insert(onnx_axis(axis, dims.size()));
  OnnxDims result;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (axes.empty() ? dims[i] != 1 : !axes.contains(i)) result.push_back(dims[i]);
  return moved(in, result);
}

OnnxValue unsqueeze(const OnnxInputs& in) {
  const Integers given = in.numbers("axes", 1, "the list of axes");
  OnnxDims result = in[0].dims;
  std::set<std::size_t> axes;
  for (const auto axis : given) axes.insert(onnx_axis(axis, result.size() + given.size()));
  for (const std::size_t axis : axes)
    result.insert(result.begin() + static_cast<std::ptrdiff_t>(std::min(axis, result.size())), 1);
  return moved(in, result);
}

OnnxValue concat(const OnnxInputs& in) {
  OnnxValue result = in[0];
  const std::size_t axis = onnx_axis(in.integer("axis", 0), result.dims.size());
  if (in.node.inputs.size() > 1) result.real.reset();
  for (std::size_t i = 1; i < in.node.inputs.size(); ++i) {
    const OnnxValue& next = in[i];
    OnnxDims expected = result.dims;
    if (next.dims.size() == expected.size()) expected[axis] = next.dims[axis];
    if (next.dims != expected)
      onnx_fail(fmt::format("[{}] and [{}] are not joined along axis {}",
                            fmt::join(result.dims, ", "), fmt::join(next.dims, ", "), axis));
    result.dims[axis] += next.dims[axis];
    if (result.integers && next.integers && result.dims.size() == 1)
      result.integers->insert(result.integers->end(), next.integers->begin(), next.integers->end());
    else
      result.integers.reset();
  }
  (void)onnx_elements(result.dims);
  return result;
}

/// The part of an axis that Slice keeps.
struct Part {
  std::uint64_t begin = 0, count = 0, step = 1;
};

Part part_of(std::uint64_t whole, std::int64_t from, std::int64_t to, std::int64_t step) {
  if (step < 1) onnx_fail("only steps forwards are supported");
  const auto extent = static_cast<std::int64_t>(whole);
  const auto bound = [&](std::int64_t at) {
    return at < 0 ? std::max<std::int64_t>(0, at < -extent ? 0 : at + extent)
                  : std::min(at, extent);
  };
  const std::int64_t begin = bound(from), end = std::max(begin, bound(to));
  const auto stride = static_cast<std::uint64_t>(step);
  return {static_cast<std::uint64_t>(begin),
          ceil_div(static_cast<std::uint64_t>(end - begin), stride), stride};
}

OnnxValue slice(const OnnxInputs& in) {
  OnnxValue result = in[0];
  const Integers from = in.numbers("starts", 1, "where the part begins");
  const Integers to = in.numbers("ends", 2, "where the part ends");
  Integers axes = in.integers("axes", 3).value_or(Integers{});
  const Integers steps = in.integers("steps", 4).value_or(Integers{});
  if (to.size() < from.size())
    onnx_fail("it says more often where a part begins than where it ends");
  for (std::size_t i = axes.size(); i < from.size(); ++i)
    axes.push_back(static_cast<std::int64_t>(i));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t axis = onnx_axis(axes[i], result.dims.size());
    const Part part = part_of(result.dims[axis], from[i], to[i], i < steps.size() ? steps[i] : 1);
    result.dims[axis] = part.count;
    if (!result.integers) continue;
    if (in[0].dims.size() != 1) {
      result.integers.reset();
      continue;
    }
    Integers kept;
    for (std::uint64_t n = 0; n < part.count; ++n)
      kept.push_back((*result.integers)[part.begin + n * part.step]);
    result.integers = kept;
  }
  result.real.reset();
  return result;
}

OnnxValue gather(const OnnxInputs& in) {
  const OnnxValue &table = in[0], &indices = in[1];
  const std::size_t axis = onnx_axis(in.integer("axis", 0), table.dims.size());
  const auto at = static_cast<std::ptrdiff_t>(axis);
  OnnxDims dims(table.dims.begin(), table.dims.begin() + at);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), table.dims.begin() + at + 1, table.dims.end());
  OnnxValue result = in.made(dims);
  if (!table.integers || !indices.integers || table.dims.size() != 1) return result;
  result.integers.emplace();
  for (const std::int64_t index : *indices.integers)
    result.integers->push_back((*table.integers)[onnx_axis(index, table.integers->size())]);
  return result;
}

OnnxValue gather_nd(const OnnxInputs& in) {
  const OnnxDims &table = in[0].dims, &indices = in[1].dims;
  const std::int64_t batch = in.integer("batch_dims", 0);
  if (indices.empty() || batch < 0 || static_cast<std::uint64_t>(batch) >= indices.size() ||
      indices.back() >
          table.size() - std::min<std::size_t>(static_cast<std::size_t>(batch), table.size()))
    onnx_fail(fmt::format("indices [{}] do not fit a table [{}]", fmt::join(indices, ", "),
                          fmt::join(table, ", ")));
  OnnxDims dims(indices.begin(), indices.end() - 1);
  dims.insert(dims.end(),
              table.begin() +
                  static_cast<std::ptrdiff_t>(static_cast<std::uint64_t>(batch) + indices.back()),
              table.end());
  return in.made(dims);
}

OnnxValue gather_elements(const OnnxInputs& in) { return in.made(in[1].dims); }

OnnxValue expand(const OnnxInputs& in) {
  OnnxDims target;
  for (const std::int64_t extent : in.numbers("shape", 1, "the new shape")) {
    if (extent < 0) onnx_fail(fmt::format("the new shape has a dimension {}", extent));
    target.push_back(static_cast<std::uint64_t>(extent));
  }
  OnnxValue result = in.made(onnx_broadcast(in[0].dims, target));
  if (onnx_elements(result.dims) == onnx_elements(in[0].dims)) return moved(in, result.dims);
  const std::uint64_t count = onnx_elements(result.dims);
  if (in[0].integers && in[0].integers->size() == 1 && count <= most_onnx_constants)
    result.integers = Integers(count, in[0].integers->front());
  return result;
}

OnnxValue tile(const OnnxInputs& in) {
  OnnxDims dims = in[0].dims;
  const Integers repeats = in.numbers("repeats", 1, "how often it is repeated");
  if (repeats.size() != dims.size()) onnx_fail("the repetitions are not one a dimension");
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const auto extent =
        repeats[i] < 0 ? std::nullopt : multiply(dims[i], static_cast<std::uint64_t>(repeats[i]));
    if (!extent) onnx_fail(fmt::format("{} repetitions of {}", repeats[i], dims[i]));
    dims[i] = *extent;
  }
  return in.made(dims);
}

OnnxValue pad(const OnnxInputs& in) {
  OnnxDims dims = in[0].dims;
  const Integers pads = in.numbers("pads", 1, "the padding");
  if (pads.size() != 2 * dims.size()) onnx_fail("the padding is not two numbers a dimension");
  for (std::size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] < 0) onnx_fail("padding that cuts is not supported");
    dims[i % dims.size()] += std::min(static_cast<std::uint64_t>(pads[i]), most_onnx_elements);
  }
  return in.made(dims);
}

/// What is written into a tensor leaves its shape.
OnnxValue scatter(const OnnxInputs& in) {
  (void)in[1];
  (void)in[2];
  return in.made(in[0].dims);
}

}  // namespace

std::vector<OnnxValue> onnx_split(const OnnxInputs& in) {
  const std::size_t axis = onnx_axis(in.integer("axis", 0), in[0].dims.size());
  const std::uint64_t whole = in[0].dims[axis], parts = in.node.outputs.size();
  std::vector<OnnxValue> result;
  const auto sizes = in.integers("split", 1);
  if (in.has(1) && !sizes) onnx_fail("the sizes of the parts are not known before the model runs");
  if (sizes && sizes->size() != parts) onnx_fail("the sizes of the parts are not one an output");
  std::uint64_t left = whole;
  for (std::size_t i = 0; i < parts; ++i) {
    OnnxDims dims = in[0].dims;
    dims[axis] =
        sizes ? static_cast<std::uint64_t>((*sizes)[i]) : std::min(left, ceil_div(whole, parts));
    if (dims[axis] > left)
      onnx_fail(fmt::format("the parts are larger than the whole of {}", whole));
    left -= dims[axis];
    result.push_back(in.made(dims));
  }
  if (left != 0) onnx_fail(fmt::format("the parts leave {} of {} out", left, whole));
  return result;
}

OnnxRule onnx_move_rule(std::string_view type) {
  static const std::map<std::string, OnnxRule, std::less<>> table = {
      {"Identity", same},
      {"Dropout", same},
      {"Flatten", flatten},
      {"Reshape", reshape},
      {"Transpose", transpose},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
      {"Concat", concat},
      {"Slice", slice},
      {"Gather", gather},
      {"GatherND", gather_nd},
      {"GatherElements", gather_elements},
      {"Expand", expand},
      {"Tile", tile},
      {"Pad", pad},
      {"ScatterND", scatter},
      {"ScatterElements", scatter},
      {"Trilu", same}};
  const auto found = table.find(type);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace sluice
