// SPDX-License-Identifier: Apache-2.0
#include "base/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

// Embedded by the build (sluice_embed in cmake/sluice_targets.cmake).
extern "C" {
extern const char sluice_page_css[];
extern const std::uint64_t sluice_page_css_size;
extern const char sluice_page_js[];
extern const std::uint64_t sluice_page_js_size;
extern const char sluice_echarts_js[];
extern const std::uint64_t sluice_echarts_js_size;
}

namespace sluice {
namespace {

/// JSON as the text of a script element: `<` begins neither an end tag nor a comment there.
std::string script_data(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

/// A browser keeps to this: whatever the page holds, nothing is fetched and nothing is sent.
constexpr std::string_view policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

}  // namespace

std::string html_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

std::string to_text(const HtmlPage& page) {
  const std::string_view css(sluice_page_css, sluice_page_css_size);
  std::string text = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}",
      policy, html_text(page.title), css, page.body);
  if (page.data.empty()) return text + "</body>\n</html>\n";
  text += "<script type=\"application/json\" id=\"data\">";
  text += script_data(page.data);
  text += "</script>\n<script>\n";
  text += std::string_view(sluice_echarts_js, sluice_echarts_js_size);
  text += "\n</script>\n<script>\n";
  text += std::string_view(sluice_page_js, sluice_page_js_size);
  text += page.script;
  return text + "</script>\n</body>\n</html>\n";
}

std::string to_text(const HtmlTable& table) {
  const auto cell = [&](std::string_view tag, std::size_t column, const std::string& value) {
    const bool number = std::ranges::find(table.numbers, column) != table.numbers.end();
    return fmt::format("<{0}{1}{2}>{3}</{4}>", tag, number ? " class=\"n\"" : "",
                       tag == "th" ? " scope=\"col\"" : "", html_text(value), tag);
  };
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\"><table{}>\n<caption>{}</caption>\n<thead><tr>",
      table.id.empty() ? "" : fmt::format(" id=\"{}\"", table.id), html_text(table.caption));
  for (std::size_t i = 0; i < table.head.size(); ++i) text += cell("th", i, table.head[i]);
  text += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) text += cell("td", i, row[i]);
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string to_text(const HtmlChart& chart) {
  return fmt::format(
      "<section class=\"chart\"><h2>{0}</h2>\n{1}<div class=\"draw\" id=\"{2}\" role=\"img\" "
      "aria-label=\"{0}\" style=\"height:{3}px\"><noscript>This chart is drawn by a script, which "
      "the browser does not run.</noscript></div></section>\n",
      html_text(chart.title),
      chart.note.empty() ? "" : "<p class=\"soft\">" + chart.note + "</p>\n", chart.id,
      chart.height);
}

}  // namespace sluice
