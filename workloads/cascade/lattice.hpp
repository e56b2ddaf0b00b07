// SPDX-License-Identifier: Apache-2.0
// Points with whole coordinates in a polygon. Not for users of the room; see count.hpp.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

/// Wide enough for products of a coefficient, a coordinate and a coefficient.
__extension__ using Wide = __int128;

/// `x * of_x + y * of_y + constant >= 0`, coefficients of at most 2^40 and a constant of 2^62.
struct HalfPlane {
  std::int64_t of_x = 0, of_y = 0, constant = 0;
};

/// The largest q with q * divisor <= dividend; divisor > 0.
constexpr Wide floor_div(Wide dividend, Wide divisor) {
  return dividend / divisor - (dividend % divisor < 0 ? 1 : 0);
}

/// Sum of floor((slope * i + start) / divisor) over i = 0 ... count - 1; divisor > 0.
Wide floor_sum(Wide count, Wide divisor, Wide slope, Wide start);

/// Points with 0 <= x < width and 0 <= y < height, both at most 2^40, in all half planes.
Wide count_in_polygon(std::int64_t width, std::int64_t height,
                      const std::vector<HalfPlane>& planes);

}  // namespace sluice
