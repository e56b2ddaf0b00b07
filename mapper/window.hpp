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

/// Distinct elements that the outputs [first, first + count) read.
std::uint64_t touched(const WindowAxis& axis, std::uint64_t first, std::uint64_t count);

/// No fewer than any `count` outputs in a row read, and exact for all of them: those of a tensor
/// without edges, or all that there are. Never less for more outputs.
std::uint64_t touched_at_most(const WindowAxis& axis, std::uint64_t count);

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
  const std::uint64_t reach =
      (axis.kernel - 1) * axis.dilation;  // of a window behind its first tap
  // Output o reads nothing outside from `low` on and, if there is room for a window, before `high`.
  const std::uint64_t low = ceil_div(axis.pad, axis.stride);
  const std::uint64_t room = axis.in + axis.pad;
  const std::uint64_t high = room > reach ? (room - reach - 1) / axis.stride + 1 : 0;
  const std::uint64_t inner_begin = std::min(tiles, ceil_div(low, tile));
  const std::uint64_t inner_end = std::max(inner_begin, std::min(axis.out, high) / tile);
  for (std::uint64_t j = 0; j < tiles;) {
    const std::uint64_t begin = j * tile, outputs = std::min(tile, axis.out - begin);
    const std::uint64_t count = j == inner_begin && inner_end > j ? inner_end - j : 1;
    visit(WindowRun{j, count, outputs, touched(axis, begin, outputs)});
    j += count;
  }
}

}  // namespace sluice
