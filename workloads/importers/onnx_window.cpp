// SPDX-License-Identifier: Apache-2.0
// What shapes and layers both read from an ONNX node: its numbers, and the windows of convolutions
// and poolings.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/checked.hpp"
#include "workloads/importers/onnx_infer.hpp"

namespace sluice {
void onnx_fail(std::string message, std::string hint) {
  throw OnnxNodeError{std::move(message), std::move(hint)};
}

std::uint64_t onnx_elements(const OnnxDims& dims) {
  std::uint64_t result = 1;
  for (const std::uint64_t extent : dims) {
    const auto next = multiply(result, extent);
    if (!next || *next > most_onnx_elements)
      onnx_fail(fmt::format("[{}] has more elements than can be counted", fmt::join(dims, ", ")));
    result = *next;
  }
  return result;
}

std::optional<std::vector<std::int64_t>> onnx_integers(const OnnxNode& node,
                                                       const OnnxValues& values,
                                                       std::string_view attribute,
                                                       std::size_t input) {
  const auto given = node.attributes.find(attribute);
  if (given != node.attributes.end()) return given->second.integers;
  if (input >= node.inputs.size()) return std::nullopt;
  const auto value = values.find(node.inputs[input]);
  return value == values.end() ? std::nullopt : value->second.integers;
}

std::int64_t onnx_integer(const OnnxNode& node, std::string_view attribute,
                          std::int64_t otherwise) {
  const auto given = node.attributes.find(attribute);
  return given == node.attributes.end() ? otherwise : given->second.integer.value_or(otherwise);
}

OnnxWindow onnx_window(const OnnxNode& node, const OnnxDims& image, const OnnxDims* weights) {
  constexpr std::uint64_t most = std::uint64_t{1} << 31;
  const auto numbers = [&](std::string_view name, std::size_t count, std::uint64_t least) {
    std::vector<std::uint64_t> result(count, least);
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) return result;
    if (found->second.integers.size() != count)
      onnx_fail(fmt::format("{} has {} numbers, {} are expected", name,
                            found->second.integers.size(), count));
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t n = found->second.integers[i];
      if (n < static_cast<std::int64_t>(least) || n > static_cast<std::int64_t>(most))
        onnx_fail(fmt::format("{} has a number {}, {} to {} are allowed", name, n, least, most));
      result[i] = static_cast<std::uint64_t>(n);
    }
    return result;
  };
  for (const std::uint64_t extent : {image[2], image[3]})
    if (extent == 0 || extent > most)
      onnx_fail(
          fmt::format("an image of {} pixels along an axis, 1 to {} are allowed", extent, most));
  OnnxWindow w;
  w.kernel = weights ? std::vector{(*weights)[2], (*weights)[3]} : numbers("kernel_shape", 2, 1);
  for (const std::uint64_t extent : w.kernel)
    if (extent == 0 || extent > most) onnx_fail(fmt::format("the kernel has an extent {}", extent));
  w.stride = numbers("strides", 2, 1);
  w.dilation = numbers("dilations", 2, 1);
  w.ceil = onnx_integer(node, "ceil_mode", 0) != 0;
  const auto pads = numbers("pads", 4, 0);
  w.before = {pads[0], pads[1]};
  w.after = {pads[2], pads[3]};
  const auto word = node.attributes.find("auto_pad");
  const std::string mode =
      word == node.attributes.end() ? "NOTSET" : word->second.text.value_or("NOTSET");
  if (mode == "VALID") w.before = w.after = {0, 0};
  if (mode == "NOTSET" || mode == "VALID") return w;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") onnx_fail("auto_pad is " + quote(mode));
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t needed = (ceil_div(image[2 + i], w.stride[i]) - 1) * w.stride[i] +
                                 (w.kernel[i] - 1) * w.dilation[i] + 1;
    const std::uint64_t total = needed > image[2 + i] ? needed - image[2 + i] : 0;
    w.before[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    w.after[i] = total - w.before[i];
  }
  return w;
}

}  // namespace sluice
