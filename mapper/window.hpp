// SPDX-License-Identifier: Apache-2.0
// Which input elements the windows of a convolution read: closed forms for runs of outputs, padding
// and gaps left out. Nothing here knows of machines.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.hpp"

namespace sluice {

/// One axis of a sliding window: output o and tap r read element o * stride + r * dilation - pad
/// where that is inside the tensor.
struct WindowAxis {
  std::uint64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
  bool operator==(const WindowAxis&) const = default;
};

/// The input of a convolution lowered by im2col. A row of the product is an output pixel (image,
/// row, column); its k counts (channel, tap row, tap column), the last fastest.
struct SlidingWindow {
  std::uint64_t images = 1;
  WindowAxis rows, columns;

  constexpr std::uint64_t taps() const { return rows.kernel * columns.kernel; }
  constexpr std::uint64_t pixels() const { return rows.out * columns.out; }  ///< of an image
  bool operator==(const SlidingWindow&) const = default;
};

/// The axis as its taps [first, first + count) see it.
WindowAxis with_taps(const WindowAxis& axis, std::uint64_t first, std::uint64_t count);

/// Distinct elements that the outputs [first, first + count) read.
std::uint64_t touched(const WindowAxis& axis, std::uint64_t first, std::uint64_t count);

/// No fewer than any `count` outputs in a row read by `taps` taps in a row, and exact for all
/// outputs by all taps: those of a tensor without edges, or all that there are. Never less for
/// more.
std::uint64_t touched_at_most(const WindowAxis& axis, std::uint64_t count, std::uint64_t taps);
inline std::uint64_t touched_at_most(const WindowAxis& axis, std::uint64_t count) {
  return touched_at_most(axis, count, axis.kernel);
}

/// Outputs [begin, end), whose windows lie inside of the tensor.
struct InnerOutputs {
  std::uint64_t begin = 0, end = 0;
};

constexpr InnerOutputs inner_outputs(const WindowAxis& axis) {
  const std::uint64_t reach =
      (axis.kernel - 1) * axis.dilation;  // of a window behind its first tap
  const std::uint64_t room = axis.in + axis.pad;
  const std::uint64_t end = room > reach ? (room - reach - 1) / axis.stride + 1 : 0;
  return {ceil_div(axis.pad, axis.stride), std::min(axis.out, end)};
}

/// A tile of output pixels: whole images, whole rows of one, or a part of one row.
struct PixelTile {
  std::uint64_t images = 1, rows = 1, columns = 1;
  constexpr std::uint64_t pixels() const { return images * rows * columns; }
};

/// The largest tile of at most `pixels` pixels, which is > 0. All tiles but the last of all are
/// alike, so that rows must divide an image if there are several, and columns a row.
PixelTile pixel_tile(const SlidingWindow& window, std::uint64_t pixels);

/// Tiles of one axis: `count` in a row from tile `first` on, alike in what they hold and read.
struct WindowRun {
  std::uint64_t first = 0, count = 1;
  std::uint64_t outputs = 1;  ///< of each tile
  std::uint64_t reads = 1;    ///< distinct elements that each reads
  bool operator==(const WindowRun&) const = default;
};

/// Calls `visit(run)` for tiles of `tile` outputs, which cover the axis in order; the last may be
/// smaller. Tiles away from the edges are one run, so that there are few.
template <class Visit>
void for_each_run(const WindowAxis& axis, std::uint64_t tile, Visit visit) {
  const std::uint64_t tiles = ceil_div(axis.out, tile);
  const InnerOutputs inner = inner_outputs(axis);
  const std::uint64_t inner_begin = std::min(tiles, ceil_div(inner.begin, tile));
  const std::uint64_t inner_end = std::max(inner_begin, inner.end / tile);
  for (std::uint64_t j = 0; j < tiles;) {
    const std::uint64_t begin = j * tile, outputs = std::min(tile, axis.out - begin);
    const std::uint64_t count = j == inner_begin && inner_end > j ? inner_end - j : 1;
    visit(WindowRun{j, count, outputs, touched(axis, begin, outputs)});
    j += count;
  }
}

}  // namespace sluice
