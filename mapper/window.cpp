// SPDX-License-Identifier: Apache-2.0
#include "mapper/window.hpp"

#include <numeric>

namespace sluice {
namespace {

/// Tap r of output o reads the element that tap r - `same_class` of output o + `step` reads.
struct Overlap {
  std::uint64_t same_class = 1, step = 1;
};

Overlap overlap(const WindowAxis& axis) {
  if (axis.stride == 1 || axis.dilation == 1) return {axis.stride, axis.dilation};
  const std::uint64_t divisor = std::gcd(axis.stride, axis.dilation);
  return {axis.stride / divisor, axis.dilation / divisor};
}

/// Number of o in [first, last) for which tap `tap` reads an element inside the tensor.
std::uint64_t reads_inside(const WindowAxis& axis, std::uint64_t tap, std::uint64_t first,
                           std::uint64_t last) {
  const std::uint64_t shift = tap * axis.dilation;
  if (axis.in + axis.pad <= shift) return 0;
  // Most strides are 1, and a division takes longer than all else here.
  const auto outputs_before = [&](std::uint64_t place) {
    return axis.stride == 1 ? place : ceil_div(place, axis.stride);
  };
  // pad - shift <= o * stride < in + pad - shift
  const std::uint64_t lowest = axis.pad > shift ? outputs_before(axis.pad - shift) : 0;
  const std::uint64_t end = std::min(last, outputs_before(axis.in + axis.pad - shift));
  const std::uint64_t begin = std::max(first, lowest);
  return end > begin ? end - begin : 0;
}

}  // namespace

/// Taps further in read as if the tensor began later.
WindowAxis with_taps(const WindowAxis& axis, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t shift = first * axis.dilation;
  WindowAxis part = axis;
  part.kernel = count;
  part.pad = axis.pad - std::min(axis.pad, shift);
  const std::uint64_t left_out = shift - (axis.pad - part.pad);
  part.in = axis.in - std::min(axis.in, left_out);
  return part;
}

/// Windows that leave no gaps read one stretch. Else, of a tap beyond the first `same_class` only
/// the last `step` outputs read anything new.
std::uint64_t touched(const WindowAxis& axis, std::uint64_t first, std::uint64_t count) {
  if (axis.dilation == 1 && axis.stride <= axis.kernel && count > 0) {
    const std::uint64_t end = (first + count - 1) * axis.stride + axis.kernel;  // padding counts
    const std::uint64_t begin = std::max(first * axis.stride, axis.pad);
    const std::uint64_t inside = std::min(end, axis.pad + axis.in);
    return inside > begin ? inside - begin : 0;
  }
  const auto [same_class, step] = overlap(axis);
  const std::uint64_t last = first + count;
  std::uint64_t elements = 0;
  for (std::uint64_t tap = 0; tap < axis.kernel; ++tap) {
    const bool all_new = tap < same_class || count <= step;
    elements += reads_inside(axis, tap, all_new ? first : last - step, last);
  }
  return elements;
}

std::uint64_t touched_at_most(const WindowAxis& axis, std::uint64_t count, std::uint64_t taps) {
  const auto [same_class, step] = overlap(axis);
  const std::uint64_t fresh = std::min(same_class, taps);
  const std::uint64_t without_edges = fresh * count + (taps - fresh) * std::min(step, count);
  return std::min(without_edges, touched(axis, 0, axis.out));
}

PixelTile pixel_tile(const SlidingWindow& window, std::uint64_t pixels) {
  const std::uint64_t rows = window.rows.out, columns = window.columns.out;
  if (pixels >= window.pixels())
    return {std::min(window.images, pixels / window.pixels()), rows, columns};
  const auto part = [](std::uint64_t extent, std::uint64_t most, bool ragged) {
    if (ragged) return most;
    while (extent % most != 0) --most;
    return most;
  };
  if (pixels >= columns) return {1, part(rows, pixels / columns, window.images == 1), columns};
  return {1, 1, part(columns, pixels, window.images * rows == 1)};
}

}  // namespace sluice
