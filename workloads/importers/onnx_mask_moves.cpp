// SPDX-License-Identifier: Apache-2.0
// Bounds of what operators make that move numbers: where the numbers of a box come from.
#include <algorithm>
#include <cmath>

#include "workloads/importers/onnx_mask.hpp"

namespace sluice {
namespace {

OnnxBox whole(const OnnxDims& dims) {
  OnnxBox box;
  for (const std::uint64_t extent : dims) box.push_back({0, static_cast<std::int64_t>(extent) - 1});
  return box;
}

/// The indices that lie within these bounds; those below 0 count from the end.
OnnxSpan span_of(const OnnxBounds& bounds, std::uint64_t extent) {
  const auto last = static_cast<std::int64_t>(extent) - 1;
  const auto size = static_cast<double>(extent);
  if (bounds.most < 0 && bounds.least >= -size)
    return {static_cast<std::int64_t>(bounds.least + size),
            static_cast<std::int64_t>(bounds.most + size)};
  if (!(bounds.least >= 0) || !(bounds.most <= static_cast<double>(last))) return {0, last};
  return {static_cast<std::int64_t>(bounds.least), static_cast<std::int64_t>(bounds.most)};
}

std::optional<std::size_t> axis_of(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) return std::nullopt;
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

}  // namespace

/// Where axes of one element are put in or left out, the box of the others; else the whole tensor.
OnnxBounds OnnxEvaluator::reshaped(const OnnxNode& node, const OnnxBox& box) {
  const OnnxDims &from = graph_.dims(node.inputs[0]), &to = graph_.dims(node.outputs[0]);
  std::vector<std::pair<std::uint64_t, OnnxSpan>> kept;
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] != 1) kept.emplace_back(to[i], box[i]);
  OnnxBox part;
  std::size_t next = 0;
  for (const std::uint64_t extent : from) {
    if (extent != 1 && (next >= kept.size() || kept[next].first != extent))
      return bounds(node.inputs[0], whole(from));
    part.push_back(extent == 1 ? OnnxSpan{} : kept[next++].second);
  }
  return bounds(node.inputs[0], next == kept.size() ? part : whole(from));
}

OnnxBounds OnnxEvaluator::transposed(const OnnxNode& node, const OnnxBox& box) {
  const auto given = node.attributes.find("perm");
  OnnxBox part(box.size());
  for (std::size_t i = 0; i < box.size(); ++i) {
    const std::size_t from = given == node.attributes.end() || given->second.integers.empty()
                                 ? box.size() - 1 - i
                                 : onnx_axis(given->second.integers[i], box.size());
    part[from] = box[i];
  }
  return bounds(node.inputs[0], part);
}

OnnxBounds OnnxEvaluator::sliced(const OnnxNode& node, const OnnxBox& box) {
  // Only parts that begin at the front or are cut along one axis, as exporters write them.
  const auto integers = [&](std::size_t i) {
    return i < node.inputs.size() && !node.inputs[i].empty() ? graph_.value(node.inputs[i]).integers
                                                             : std::nullopt;
  };
  const auto starts = integers(1), axes = integers(3), steps = integers(4);
  if (!starts || (node.inputs.size() > 4 && !steps)) return {};
  const OnnxDims& dims = graph_.dims(node.inputs[0]);
  OnnxBox part = box;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const std::int64_t given = axes && i < axes->size() ? (*axes)[i] : static_cast<std::int64_t>(i);
    const auto axis = axis_of(given, dims.size());
    if (!axis || (steps && i < steps->size() && (*steps)[i] != 1)) return {};
    const auto extent = static_cast<std::int64_t>(dims[*axis]);
    const std::int64_t at = (*starts)[i];
    const std::int64_t begin = at < -extent ? 0 : at < 0 ? at + extent : std::min(at, extent);
    part[*axis].first += begin;
    part[*axis].last += begin;
  }
  return bounds(node.inputs[0], part);
}

OnnxBounds OnnxEvaluator::joined(const OnnxNode& node, const OnnxBox& box) {
  const auto axis = axis_of(onnx_integer(node, "axis", 0), box.size());
  if (!axis) return {};
  std::optional<OnnxBounds> result;
  std::int64_t begin = 0;
  for (const std::string& name : node.inputs) {
    const auto extent = static_cast<std::int64_t>(graph_.dims(name)[*axis]);
    OnnxBox part = box;
    part[*axis] = {std::max<std::int64_t>(box[*axis].first - begin, 0),
                   std::min(box[*axis].last - begin, extent - 1)};
    begin += extent;
    if (part[*axis].first > part[*axis].last) continue;
    const OnnxBounds next = bounds(name, part);
    result =
        result ? OnnxBounds{std::min(result->least, next.least), std::max(result->most, next.most)}
               : next;
  }
  return result.value_or(OnnxBounds{});
}

OnnxBounds OnnxEvaluator::triangle(const OnnxNode& node, const OnnxBox& box) {
  if (box.size() < 2) return {};
  const bool has_shift = node.inputs.size() > 1 && !node.inputs[1].empty();
  const auto shift = has_shift ? integer(node.inputs[1]) : 0;
  if (!shift || std::abs(*shift) > (std::int64_t{1} << 40)) return {};
  const OnnxSpan row = box[box.size() - 2], column = box.back();
  // Elements stay where column - row >= shift (upper) or <= shift.
  const std::int64_t least = column.first - row.last, most = column.last - row.first;
  const bool upper = onnx_integer(node, "upper", 1) != 0;
  const bool none = upper ? most < *shift : least > *shift;
  const bool all = upper ? least >= *shift : most <= *shift;
  if (none) return {0, 0};
  const OnnxBounds kept = bounds(node.inputs[0], box);
  return all ? kept : OnnxBounds{std::min(kept.least, 0.0), std::max(kept.most, 0.0)};
}

OnnxBounds OnnxEvaluator::gathered(const OnnxNode& node, const OnnxBox& box) {
  const OnnxDims &table = graph_.dims(node.inputs[0]), &indices = graph_.dims(node.inputs[1]);
  const auto axis = axis_of(onnx_integer(node, "axis", 0), table.size());
  if (!axis) return {};
  const auto at = box.begin() + static_cast<std::ptrdiff_t>(*axis);
  const auto behind = at + static_cast<std::ptrdiff_t>(indices.size());
  OnnxBox part(box.begin(), at);
  part.push_back(span_of(bounds(node.inputs[1], OnnxBox(at, behind)), table[*axis]));
  part.insert(part.end(), behind, box.end());
  return bounds(node.inputs[0], part);
}

OnnxBounds OnnxEvaluator::gathered_points(const OnnxNode& node, const OnnxBox& box) {
  const OnnxDims &table = graph_.dims(node.inputs[0]), &indices = graph_.dims(node.inputs[1]);
  if (onnx_integer(node, "batch_dims", 0) != 0) return {};
  const auto named = static_cast<std::ptrdiff_t>(indices.size()) - 1;
  OnnxBox point(box.begin(), box.begin() + named);
  point.push_back({});
  OnnxBox part = whole(table);
  for (std::size_t i = 0; i < indices.back(); ++i) {
    point.back() = {static_cast<std::int64_t>(i), static_cast<std::int64_t>(i)};
    part[i] = span_of(bounds(node.inputs[1], point), table[i]);
  }
  std::copy(box.begin() + named, box.end(),
            part.begin() + static_cast<std::ptrdiff_t>(indices.back()));
  return bounds(node.inputs[0], part);
}

}  // namespace sluice
