// SPDX-License-Identifier: Apache-2.0
#include "dse/page/study_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/html.hpp"
#include "dse/metrics.hpp"
#include "dse/page/study_parts.hpp"
#include "sim/report/human.hpp"

extern "C" {
extern const char sluice_study_js[];
extern const std::uint64_t sluice_study_js_size;
}

namespace sluice {
namespace {

constexpr std::size_t shown_rows = 30;

std::string metric_text(std::size_t metric, double value) {
  if (!std::isfinite(value)) return "–";
  if (metrics()[metric].name == "utilization") return percent(value);
  return rounded(value, metrics()[metric].unit);
}

std::string figure(const std::string& name, const std::string& value,
                   const std::string& note = {}) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd>{}</div>\n", html_text(name), html_text(value),
                     note.empty() ? "" : "<small>" + html_text(note) + "</small>");
}

std::string figures(const ShownStudy& study, const StudyFindings& findings) {
  std::string html = "<dl class=\"figures\">\n";
  html += figure("designs tried", grouped(study.trials.size()));
  html += figure(
      "ok", grouped(findings.ok.size()),
      percent(static_cast<double>(findings.ok.size()) / static_cast<double>(study.trials.size())));
  if (study.sweep.objectives.size() > 1)
    html += figure("on the front", grouped(findings.front.size()));
  for (const Objective& objective : study.sweep.objectives) {
    std::vector<double> values;
    for (const std::size_t i : findings.front)
      values.push_back(study.trials[i].result.metrics[objective.metric]);
    if (values.empty()) continue;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    html += figure(fmt::format("{} {}", objective.maximize ? "largest" : "smallest",
                               metrics()[objective.metric].name),
                   metric_text(objective.metric, objective.maximize ? *most : *least));
  }
  return html + "</dl>\n";
}

std::string head(const ShownStudy& study, const StudyFindings& findings) {
  std::string html = fmt::format(
      "<h1>Study {}</h1>\n<p class=\"soft\">searcher {}, fidelity {}, seed {}, sluice {}</p>\n",
      html_text(study.sweep.name), html_text(study.info.searcher), name_of(study.sweep.fidelity),
      study.info.seed, html_text(study.info.sluice_version));
  html += figures(study, findings);
  if (findings.best.empty()) return html + "<p class=\"finding\">No design is ok.</p>\n";
  const Trial& best = study.trials[findings.best.front().trial];
  return html + fmt::format("<p class=\"finding\">The best design, trial {}: {}.<br>{}</p>\n",
                            best.number, html_text(to_text(study.sweep.space, best.point)),
                            html_text(best.result.bottleneck));
}

std::string front_section(const ShownStudy& study) {
  return "<section><div class=\"controls\"><label for=\"x\">across</label><select id=\"x\">"
         "</select><label for=\"y\">up</label><select id=\"y\"></select>"
         "<button id=\"brush\">select a region</button><button id=\"clear\">select all</button>"
         "<output id=\"count\" class=\"soft\"></output></div></section>\n" +
         to_text(HtmlChart{"front", study.sweep.objectives.size() > 1 ? "Pareto front" : "Designs",
                           "Every design that is ok, by its bottleneck; those on the front are "
                           "drawn larger, with an "
                           "edge. A region that is dragged open selects designs in the charts "
                           "and "
                           "the table below.",
                           440});
}

/// Above the table, whose height changes with the selection: what is dragged must not move.
std::string parallel_chart() {
  return to_text(HtmlChart{
      "parallel", "Parameters and objectives",
      "A line for each design, those on the front stand out. A range dragged along an axis selects "
      "designs; a click on the axis lets them go.",
      380});
}

std::string search_charts(const ShownStudy& study, const StudyFindings& findings) {
  std::string html = "<div class=\"columns\">\n";
  html += to_text(HtmlChart{"convergence", "Best so far",
                            "Each objective as a multiple of the best that was found, against "
                            "evaluations.",
                            300});
  if (study.sweep.objectives.size() > 1)
    html += to_text(HtmlChart{
        "hypervolume", "Hypervolume",
        "Of the front so far, as a share of the last; in logarithms, below the worst values found.",
        300});
  html += to_text(HtmlChart{
      "importance", "Importance of parameters",
      "The share of the variance that a parameter has a part in, alone or with others, as a forest "
      "sees it that predicts designs it has not seen; how much it explains is in the legend. Of "
      "the "
      "designs that were tried, not of all.",
      static_cast<unsigned>(90 + 26 * study.sweep.space.parameters.size())});
  html += to_text(HtmlChart{"stalls", "What the cycles of the best designs go to", "",
                            static_cast<unsigned>(80 + 36 * findings.best.size())});
  html += "</div>\n";
  const auto computes = [](const ShownDesign& design) { return design.macs > 0; };
  if (std::any_of(findings.best.begin(), findings.best.end(), computes))
    html += to_text(HtmlChart{"roofline", "Roofline of the best designs",
                              "Each under the roof of its own machine.", 400});
  return html;
}

std::string trial_rows(const ShownStudy& study, const StudyFindings& findings) {
  HtmlTable table{"", {"trial"}, {}, {0}, "designs"};
  for (const Objective& objective : study.sweep.objectives) {
    table.numbers.push_back(table.head.size());
    table.head.emplace_back(metrics()[objective.metric].name);
  }
  for (const SpaceParameter& parameter : study.sweep.space.parameters)
    table.head.push_back(parameter.name);
  table.head.emplace_back("bottleneck");
  const std::size_t rows = std::min(shown_rows, findings.front.size());
  table.caption = fmt::format("{} of {} designs {}", rows, findings.front.size(),
                              study.sweep.objectives.size() > 1 ? "on the front" : "that are best");
  for (std::size_t r = 0; r < rows; ++r) {
    const Trial& trial = study.trials[findings.front[r]];
    std::vector<std::string> row = {fmt::format("{}", trial.number)};
    for (const Objective& objective : study.sweep.objectives)
      row.push_back(metric_text(objective.metric, trial.result.metrics[objective.metric]));
    for (std::size_t p = 0; p < study.sweep.space.parameters.size(); ++p)
      row.push_back(value_with_unit(study.sweep.space.parameters[p], trial.point.digits[p]));
    row.push_back(bottleneck_name(trial.result));
    table.rows.push_back(std::move(row));
  }
  return "<section><h2>Designs</h2>\n" + to_text(table) + "</section>\n";
}

std::string best_rows(const ShownStudy& study, const StudyFindings& findings) {
  HtmlTable table{
      "The best designs: of several objectives those of the front first, by their product",
      {"trial", "design", "bottleneck"},
      {},
      {0},
      "best"};
  for (const ShownDesign& design : findings.best) {
    const Trial& trial = study.trials[design.trial];
    table.rows.push_back({fmt::format("{}", trial.number), to_text(study.sweep.space, trial.point),
                          trial.result.bottleneck});
  }
  return "<section><h2>What holds the best designs back</h2>\n" + to_text(table) + "</section>\n";
}

std::string confirmed_rows(const ShownStudy& study) {
  if (study.confirmed.empty()) return {};
  HtmlTable table{"Looked at again, and the change from what the search saw",
                  {"trial", "fidelity"},
                  {},
                  {0},
                  "confirmed"};
  for (const Objective& objective : study.sweep.objectives) {
    table.numbers.push_back(table.head.size());
    table.head.emplace_back(metrics()[objective.metric].name);
    table.numbers.push_back(table.head.size());
    table.head.emplace_back("change");
  }
  for (const ConfirmedTrial& look : study.confirmed) {
    std::vector<std::string> row = {fmt::format("{}", look.number), look.fidelity};
    const bool known = look.result.status == TrialStatus::ok && look.number < study.trials.size();
    for (const Objective& objective : study.sweep.objectives) {
      if (!known) {
        row.push_back(std::string(name_of(look.result.status)));
        row.emplace_back("–");
        continue;
      }
      const double now = look.result.metrics[objective.metric];
      const double before = study.trials[look.number].result.metrics[objective.metric];
      row.push_back(metric_text(objective.metric, now));
      row.push_back(fmt::format("{:+.2f} %", 100 * (now / before - 1)));
    }
    table.rows.push_back(std::move(row));
  }
  return "<section><h2>Looked at again</h2>\n" + to_text(table) + "</section>\n";
}

std::string failure_rows(const ShownStudy& study) {
  std::map<std::pair<std::string, std::string>, std::size_t> counts;
  for (const Trial& trial : study.trials)
    if (trial.result.status != TrialStatus::ok)
      ++counts[{std::string(name_of(trial.result.status)), trial.result.reason}];
  if (counts.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, count] : counts) rows.push_back({grouped(count), key.first, key.second});
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a[0].size() != b[0].size() ? a[0].size() > b[0].size() : a[0] > b[0];
  });
  const std::size_t others = rows.size() > shown_rows ? rows.size() - shown_rows : 0;
  rows.resize(rows.size() - others);
  const HtmlTable table{others > 0 ? fmt::format("and {} reasons more", others) : "By frequency",
                        {"designs", "status", "reason"},
                        rows,
                        {0},
                        "failures"};
  return "<section><h2>Designs that are not ok</h2>\n" + to_text(table) + "</section>\n";
}

std::string provenance(const ShownStudy& study) {
  const StudyInfo& info = study.info;
  return fmt::format(
      "<section><h2>Where this comes from</h2>\n<p class=\"soft\">sluice {}, sweep {:016x}, "
      "searcher "
      "{}{}, seed {}, batches of {}. The same study gives the same page.</p>\n{}"
      "<details><summary>The sweep, includes resolved</summary><pre>{}</pre></details></section>\n",
      html_text(info.sluice_version), info.sweep_hash, html_text(info.searcher),
      info.searcher_settings.empty() ? "" : " (" + html_text(info.searcher_settings) + ")",
      info.seed, info.batch,
      study.sweep.source.empty()
          ? ""
          : fmt::format("<p class=\"soft\">Source: {}</p>\n", html_text(study.sweep.source)),
      html_text(info.sweep_text));
}

}  // namespace

std::string write_study_page(const ShownStudy& study, const Library& library) {
  const StudyFindings findings = findings_of(study, library);
  HtmlPage page;
  page.title = "Study " + study.sweep.name;
  page.body = head(study, findings);
  if (!findings.ok.empty()) {
    page.body += front_section(study) + parallel_chart() + trial_rows(study, findings) +
                 search_charts(study, findings) + best_rows(study, findings) +
                 confirmed_rows(study);
    page.data = study_json(study, findings);
    page.script = {sluice_study_js, sluice_study_js_size};
  }
  page.body += failure_rows(study) + provenance(study);
  return to_text(page);
}

}  // namespace sluice
