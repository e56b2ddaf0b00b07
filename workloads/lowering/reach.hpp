// SPDX-License-Identifier: Apache-2.0
// Where the windows of a convolution or pooling lie in their image. Not for users of the room; see
// lowering.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "workloads/network.hpp"

namespace sluice {

/// The first elements before and behind an axis that its windows reach.
struct Reach {
  std::uint64_t in, before, windows, kernel, stride, dilation;

  std::uint64_t padded() const { return (windows - 1) * stride + (kernel - 1) * dilation + 1; }
  bool leaves() const { return before > 0 || padded() > in; }
  /// `p*2+r*3-1`; without `before` in padded coordinates.
  std::string index(std::string_view window, std::string_view tap, std::uint64_t offset) const;
};

Reach rows_of(const auto& op, std::uint64_t dilation) {
  return {op.in_height, op.pad_top, out_height(op), op.kernel_height, op.stride_height, dilation};
}
Reach columns_of(const auto& op, std::uint64_t dilation) {
  return {op.in_width, op.pad_left, out_width(op), op.kernel_width, op.stride_width, dilation};
}

}  // namespace sluice
