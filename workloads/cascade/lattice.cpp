// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/lattice.hpp"

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

/// `(slope * x + start) / divisor`, a bound of y.
struct Line {
  Wide slope, start, divisor;

  Wide top(Wide x) const { return slope * x + start; }
};

/// Whether a is below b at x, or meets it.
bool is_below(const Line& a, const Line& b, Wide x) {
  return a.top(x) * b.divisor <= b.top(x) * a.divisor;
}

/// The line that is below all others from `first` to `last`, if one is.
std::optional<Line> lowest(const std::vector<Line>& lines, Wide first, Wide last) {
  for (const Line& line : lines)
    if (std::ranges::all_of(lines, [&](const Line& other) {
          return is_below(line, other, first) && is_below(line, other, last);
        }))
      return line;
  return std::nullopt;
}

/// Counts y between bounds: `above` are lines that y does not exceed, `below` those that -y does
/// not.
struct Polygon {
  std::vector<Line> above, below;

  Wide count(Wide first, Wide last) const {
    if (first > last) return 0;
    const auto most = lowest(above, first, last), least = lowest(below, first, last);
    if (most && least) {
      const bool opens = holds(*most, *least, first), closes = holds(*most, *least, last);
      if (opens && closes) return area(*most, *least, first, last);
      if (first == last || (!opens && !closes)) return 0;
    }
    const Wide middle = first + (last - first) / 2;  // first < last: at one x some line is lowest
    return count(first, middle) + count(middle + 1, last);
  }

 private:
  /// Whether there is a y, whole or not, at x.
  static bool holds(const Line& most, const Line& least, Wide x) {
    return most.top(x) * least.divisor + least.top(x) * most.divisor >= 0;
  }
  static Wide area(const Line& most, const Line& least, Wide first, Wide last) {
    const Wide columns = last - first + 1;
    return columns + floor_sum(columns, most.divisor, most.slope, most.top(first)) +
           floor_sum(columns, least.divisor, least.slope, least.top(first));
  }
};

}  // namespace

Wide floor_sum(Wide count, Wide divisor, Wide slope, Wide start) {
  Wide sum = 0;
  while (true) {
    const Wide whole_slope = floor_div(slope, divisor), whole_start = floor_div(start, divisor);
    sum += whole_slope * (count * (count - 1) / 2) + whole_start * count;
    slope -= whole_slope * divisor;
    start -= whole_start * divisor;
    // The points below the line, now with its ends below the divisor, are those beside it when x
    // and y change places.
    const Wide end = slope * count + start;
    if (end < divisor) return sum;
    count = end / divisor;
    start = end % divisor;
    std::swap(divisor, slope);
  }
}

Wide count_in_polygon(std::int64_t width, std::int64_t height,
                      const std::vector<HalfPlane>& planes) {
  Wide first = 0, last = width - 1;
  Polygon polygon{{{0, height - 1, 1}}, {{0, 0, 1}}};
  for (const HalfPlane& plane : planes) {
    if (plane.of_y < 0)
      polygon.above.push_back({plane.of_x, plane.constant, -plane.of_y});
    else if (plane.of_y > 0)
      polygon.below.push_back({plane.of_x, plane.constant, plane.of_y});
    else if (plane.of_x > 0)
      first = std::max(first, -floor_div(plane.constant, plane.of_x));
    else if (plane.of_x < 0)
      last = std::min(last, floor_div(plane.constant, -plane.of_x));
    else if (plane.constant < 0)
      return 0;
  }
  return polygon.count(first, last);
}

}  // namespace sluice
