// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/html.hpp"
#include "dse/reproduce/axis.hpp"

namespace sluice {

namespace {

// The picture of one panel, in units of its view box.
constexpr double width = 480, height = 260, left = 60, right = 460, top = 14, bottom = 222;

std::string color_of(std::size_t series) { return fmt::format("s{}", series % series_colors); }

/// What the mouse shows of a point.
std::string tip(const ComparedPoint& point) {
  const PointKey& key = point.key;
  std::string text = fmt::format("{} {} {} {}", key.model, key.seq_len, key.design, key.metric);
  if (point.value) text += fmt::format("\ncomputed {:.6g}", *point.value);
  if (point.published) text += fmt::format("\npublished {:.6g}", *point.published);
  if (const auto deviation = point.deviation())
    text += fmt::format("\ndeviation {:.2g} %", 100 * *deviation);
  return "<title>" + html_text(text) + "</title>";
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor,
                     html_text(text));
}

std::string value_grid(const Axis& axis) {
  std::string svg;
  for (const double tick : axis.ticks()) {
    const double y = axis.place(tick);
    svg += fmt::format(R"(<path class="grid" d="M{} {:.1f}H{}"/>)", left, y, right);
    svg += text_at(left - 6, y + 4, "end", fmt::format("{:.4g}", tick));
  }
  return svg;
}

std::string panel_svg(const std::string& title, const std::string& content) {
  const std::string heading =
      title.empty() ? "" : fmt::format("<figcaption>{}</figcaption>", html_text(title));
  return fmt::format(
      R"(<figure>{}<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg></figure>)", heading,
      width, height, html_text(title), content);
}

std::string bar_svg(double x, double y0, double y1, double wide, const ComparedPoint& point,
                    std::size_t series) {
  return fmt::format(
      R"(<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}">{}</rect>)",
      color_of(series), x, std::min(y0, y1), wide, std::max(std::abs(y1 - y0), 0.3), tip(point));
}

/// The published number over a bar.
std::string mark_svg(double x, double y, double wide) {
  return fmt::format(R"(<path class="mark" d="M{:.2f} {:.2f}h{:.2f}"/>)", x, y, wide);
}

/// The largest value that bars reach.
double highest(const Plot& plot, const PointList& points, const std::vector<std::string>& groups) {
  double high = 0;
  for (const std::string& group : groups) {
    double computed = 0, published = 0;
    for (const ComparedPoint* point : with(points, plot.group, group)) {
      const double value = point->value.value_or(0), other = point->published.value_or(0);
      const bool stack = plot.kind == PlotKind::stack;
      computed = stack ? computed + value : std::max(computed, value);
      published = stack ? published + other : std::max(published, other);
    }
    high = std::max({high, computed, published});
  }
  return high;
}

std::string side_by_side(const PointList& points, const Plot& plot,
                         const std::vector<std::string>& series, const Axis& axis, double begin,
                         double space) {
  const double wide = space / static_cast<double>(series.size());
  std::string svg;
  for (std::size_t i = 0; i < series.size(); ++i)
    for (const ComparedPoint* point : with(points, plot.series, series[i])) {
      const double x = begin + static_cast<double>(i) * wide;
      if (point->value)
        svg += bar_svg(x, axis.place(0), axis.place(*point->value), wide * 0.92, *point, i);
      if (point->published) svg += mark_svg(x, axis.place(*point->published), wide * 0.92);
    }
  return svg;
}

std::string stacked(const PointList& points, const Plot& plot,
                    const std::vector<std::string>& series, const Axis& axis, double begin,
                    double wide) {
  std::string svg;
  double sum = 0, published = 0;
  bool all_published = !points.empty();
  for (std::size_t i = 0; i < series.size(); ++i)
    for (const ComparedPoint* point : with(points, plot.series, series[i])) {
      const double value = point->value.value_or(0);
      svg += bar_svg(begin, axis.place(sum), axis.place(sum + value), wide, *point, i);
      sum += value;
      all_published = all_published && point->published.has_value();
      published += point->published.value_or(0);
    }
  return all_published ? svg + mark_svg(begin, axis.place(published), wide) : svg;
}

std::string bars_panel(const Plot& plot, const PointList& points,
                       const std::vector<std::string>& series, const Axis& axis) {
  const std::vector<std::string> groups = values_of(points, plot.group);
  std::string svg = value_grid(axis);
  const double slot = (right - left) / static_cast<double>(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const double begin = left + (static_cast<double>(i) + 0.1) * slot;
    const PointList group = with(points, plot.group, groups[i]);
    svg += plot.kind == PlotKind::stack
               ? stacked(group, plot, series, axis, begin, 0.8 * slot)
               : side_by_side(group, plot, series, axis, begin, 0.8 * slot);
    // Long names stand in two rows in turn, so that neighbours do not meet.
    const double row = groups.size() > 1 && groups[i].size() > 6 && i % 2 == 1 ? 14 : 0;
    svg += text_at(begin + 0.4 * slot, bottom + 16 + row, "middle", groups[i]);
  }
  return svg;
}

/// Pairs of two metrics that belong to the same design, model and length.
struct Pair {
  const ComparedPoint* x;
  const ComparedPoint* y;
};

std::vector<Pair> pairs_of(const Plot& plot, const PointList& points) {
  std::vector<Pair> pairs;
  for (const ComparedPoint* y : with(points, "metric", plot.y)) {
    PointKey wanted = y->key;
    wanted.metric = plot.x;
    const auto x = std::ranges::find_if(
        points, [&](const ComparedPoint* point) { return point->key == wanted; });
    if (x != points.end() && (*x)->value && y->value) pairs.push_back({*x, y});
  }
  return pairs;
}

std::string line_svg(const std::vector<Pair>& pairs, const Axis& x_axis, const Axis& y_axis,
                     std::size_t series) {
  std::string path, marks;
  for (const Pair& pair : pairs) {
    const double x = x_axis.place(*pair.x->value), y = y_axis.place(*pair.y->value);
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
    marks += fmt::format(R"(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4">{}</circle>)",
                         color_of(series), x, y, tip(*pair.y));
    if (pair.y->published)
      marks += fmt::format(R"(<circle class="ring" cx="{:.1f}" cy="{:.1f}" r="6.5"/>)",
                           x_axis.place(pair.x->published.value_or(*pair.x->value)),
                           y_axis.place(*pair.y->published));
  }
  return fmt::format(R"(<path class="line {}" d="{}"/>)", color_of(series), path) + marks;
}

std::string lines_panel(const Plot& plot, const PointList& points,
                        const std::vector<std::string>& series) {
  const std::vector<Pair> all = pairs_of(plot, points);
  if (all.empty()) return "";
  const auto range = [&](auto part) {
    const auto [low, high] = std::ranges::minmax_element(
        all, {}, [&](const Pair& pair) { return *(pair.*part)->value; });
    return std::pair{*((*low).*part)->value, *((*high).*part)->value};
  };
  const auto [x_low, x_high] = range(&Pair::x);
  const auto [y_low, y_high] = range(&Pair::y);
  const Axis x_axis(x_low, x_high, plot.log, left, right);
  const Axis y_axis(y_low, y_high, plot.log, bottom, top);
  std::string svg = value_grid(y_axis);
  for (const double tick : x_axis.ticks()) {
    const double x = x_axis.place(tick);
    svg += fmt::format(R"(<path class="grid" d="M{:.1f} {}V{}"/>)", x, top, bottom);
    svg += text_at(x, bottom + 16, "middle", fmt::format("{:.4g}", tick));
  }
  svg += text_at(right, bottom + 32, "end", plot.x);
  for (std::size_t i = 0; i < series.size(); ++i)
    svg += line_svg(pairs_of(plot, with(points, plot.series, series[i])), x_axis, y_axis, i);
  return svg;
}

std::string legend_html(const std::vector<std::string>& series, bool published) {
  std::string html = R"(<p class="legend">)";
  for (std::size_t i = 0; i < series.size(); ++i)
    html += fmt::format(R"(<span><i class="{}"></i>{}</span>)", color_of(i), html_text(series[i]));
  if (published) html += R"(<span><i class="published"></i>published</span>)";
  return html + "</p>";
}

}  // namespace

std::string plot_html(const Plot& plot, const Comparison& comparison) {
  const PointList points = selected(comparison, plot.select);
  const std::vector<std::string> series = values_of(points, plot.series);
  const bool published = std::ranges::any_of(
      points, [](const ComparedPoint* point) { return point->published.has_value(); });
  std::string panels;
  for (const std::string& name : values_of(points, plot.panel)) {
    const PointList panel = with(points, plot.panel, name);
    if (plot.kind == PlotKind::lines) {
      panels += panel_svg(name, lines_panel(plot, panel, series));
      continue;
    }
    // Panels share an axis where they show the same quantity for different networks or machines.
    const bool shared = plot.panel == "model" || plot.panel == "design";
    const PointList& measured = shared ? points : panel;
    double high = 0;
    for (const std::string& one : values_of(measured, plot.panel)) {
      const PointList list = with(measured, plot.panel, one);
      high = std::max(high, highest(plot, list, values_of(list, plot.group)));
    }
    const Axis axis(0, high, false, bottom, top);
    panels += panel_svg(name, bars_panel(plot, panel, series, axis));
  }
  const std::string unit = plot.unit.empty() ? "" : fmt::format(" [{}]", plot.unit);
  return fmt::format("<section><h2>{}{}</h2>{}<div class=\"panels\">{}</div></section>\n",
                     html_text(plot.title), html_text(unit), legend_html(series, published),
                     panels);
}

}  // namespace sluice
