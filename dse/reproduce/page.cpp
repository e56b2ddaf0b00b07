// SPDX-License-Identifier: Apache-2.0
// The comparison as one page without anything to load: light or dark as the reader's system is.
#include <fmt/format.h>

#include "base/html.hpp"
#include "dse/reproduce/plots.hpp"
#include "dse/reproduce/writers.hpp"
#include "sim/version.hpp"

namespace sluice {
namespace {

constexpr std::string_view style = R"(
:root{--back:#fff;--text:#1c2430;--soft:#5b6675;--rule:#d9dee5;--s0:#8a93a0;--s1:#3b78b5;--s2:#e08a2b;
--s3:#3c9a5f;--s4:#b5406f;--s5:#7a5cc0;--s6:#2a9da8;--s7:#8c6d3f;--good:#1e7f45;--bad:#b3261e;--known:#8a6100}
@media(prefers-color-scheme:dark){:root{--back:#14181e;--text:#e4e8ee;--soft:#9aa5b3;--rule:#333b46;
--s0:#7f8997;--s1:#6aa5e0;--s2:#f0a64f;--s3:#62bd83;--s4:#dd6f9a;--s5:#a48ae6;--s6:#56c3cd;--s7:#bd9a66;
--good:#6fcf97;--bad:#ff8a80;--known:#e6b84f}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1200px;padding:1.5rem 1rem 4rem;background:var(--back);color:var(--text);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2.2rem 0 .4rem}
p{margin:.3rem 0}.soft{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}
.pass{color:var(--good)}.fail{color:var(--bad);font-weight:600}.known{color:var(--known)}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:.5rem 1.5rem}
figure{margin:0;max-width:640px}td.name{min-width:11rem}small{display:block}figcaption{font-weight:600;font-size:.9rem}svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}
.grid{stroke:var(--rule);stroke-width:1;fill:none}.mark{stroke:var(--text);stroke-width:2;fill:none}
.ring{stroke:var(--text);stroke-width:1.5;fill:none}path.line{fill:none;stroke-width:2}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem}
.legend span{display:inline-flex;align-items:center;font-size:.9rem}
.legend i{width:.8rem;height:.8rem;margin-right:.4rem;border-radius:2px}
.legend i.published{height:2px;background:var(--text);border-radius:0}
)";

std::string color_classes() {
  std::string css;
  for (std::size_t i = 0; i < series_colors; ++i)
    css += fmt::format(
        "rect.s{0},circle.s{0}{{fill:var(--s{0})}}path.s{0}{{stroke:var(--s{0})}}"
        "i.s{0}{{background:var(--s{0})}}\n",
        i);
  return css;
}

std::string percent(const std::optional<double>& deviation) {
  if (!deviation) return "";
  return *deviation == 0 ? "0" : fmt::format("{:+.3g} %", 100 * *deviation);
}

std::string verdict(const ClaimResult& result) {
  if (!result.holds())
    return fmt::format(R"(<span class="fail">{} fail</span>)", result.failing + result.missing);
  if (result.differing != 0)
    return fmt::format(R"(<span class="known">{} differ as stated</span>)", result.differing);
  return R"(<span class="pass">pass</span>)";
}

/// Why points differ, else why the tolerance is what it is.
std::string note_of(const ClaimResult& result) {
  const Claim& claim = *result.claim;
  if (result.differing != 0) return claim.differs;
  return claim.at_most.empty() ? "tolerance: " + claim.reason
                               : "at most " + claim.at_most + ": " + claim.reason;
}

std::string claims_html(const Comparison& comparison) {
  std::string html =
      "<h2>Claims</h2><div class=\"scroll\"><table><tr><th>claim</th><th class=\"n\">points</th>"
      "<th class=\"n\">furthest off</th><th class=\"n\">tolerance</th><th>result</th></tr>\n";
  for (const ClaimResult& result : comparison.claims) {
    const Claim& claim = *result.claim;
    html += fmt::format(
        "<tr><td class=\"name\">{}<small class=\"soft\">{}</small></td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
        html_text(claim.name), html_text(note_of(result)), result.points, percent(result.worst),
        tolerance_text(claim), verdict(result));
  }
  return html + "</table></div>\n";
}

std::string cell(const PointList& points) {
  if (points.empty() || !points.front()->value) return "";
  const ComparedPoint& point = *points.front();
  const std::string value = short_number(*point.value);
  if (!point.published || point.of_another || short_number(*point.published) == value) return value;
  return fmt::format(R"({} <span class="soft">({})</span>)", value, short_number(*point.published));
}

std::string table_html(const ClaimTable& table, const Comparison& comparison) {
  const PointList points = selected(comparison, table.select);
  const std::vector<std::string> heads = values_of(points, table.columns);
  std::string html = fmt::format("<h2>{}</h2><div class=\"scroll\"><table><tr><th>{}</th>",
                                 html_text(table.title), html_text(table.rows));
  for (const std::string& head : heads)
    html += fmt::format("<th class=\"n\">{}</th>", html_text(head));
  html += "</tr>\n";
  for (const std::string& name : values_of(points, table.rows)) {
    const PointList line = with(points, table.rows, name);
    html += fmt::format("<tr><td>{}</td>", html_text(name));
    for (const std::string& head : heads)
      html += fmt::format("<td class=\"n\">{}</td>", cell(with(line, table.columns, head)));
    html += "</tr>\n";
  }
  html += "</table></div>\n";
  const bool brackets = html.find("soft\">(") != std::string::npos;
  return !brackets ? html
                   : html + "<p class=\"soft\">Published in brackets where it differs.</p>\n";
}

}  // namespace

std::string comparison_page(const ClaimFile& file, const Comparison& comparison) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>{0}</title>"
      "<style>{1}{2}</style></head><body>\n<h1>{0}</h1>\n"
      "<p class=\"soft\">Published: {3}. Computed by sluice {4}.</p>\n",
      html_text(file.title), style, color_classes(), html_text(file.source), version());
  html += claims_html(comparison);
  for (const ClaimTable& table : file.tables) html += table_html(table, comparison);
  for (const Plot& plot : file.plots) html += plot_html(plot, comparison);
  return html + "</body></html>\n";
}

}  // namespace sluice
