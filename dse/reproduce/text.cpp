// SPDX-License-Identifier: Apache-2.0
// The comparison for a terminal, and as CSV.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text_lines.hpp"
#include "dse/reproduce/grid.hpp"
#include "dse/reproduce/writers.hpp"
#include "sim/writers/text_table.hpp"

namespace sluice {
namespace {

constexpr std::size_t most_failures = 20;

std::string percent(double deviation) {
  if (deviation == 0) return "0";
  if (std::abs(deviation) < 1e-4) return fmt::format("{:+.1e}", deviation);
  return fmt::format("{:+.3f} %", 100 * deviation);
}

std::string verdict_text(const ClaimResult& result) {
  std::string text;
  const auto add = [&](std::size_t count, const char* word) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  };
  add(result.failing, "fail");
  add(result.missing, "missing");
  add(result.differing, result.holds() ? "differ as stated" : "differ");
  return text.empty() ? "pass" : text;
}

std::string joined(const std::vector<std::string>& lines, std::string_view indent = "") {
  std::string text;
  for (const std::string& line : lines) text.append(indent).append(line).append("\n");
  return text;
}

std::string claims_text(const Comparison& comparison, std::size_t width) {
  const std::vector<TextColumn> columns = {{"claim", false, 24},
                                           {"points", true},
                                           {"furthest off", true},
                                           {"tolerance", true},
                                           {"result", false, 10}};
  std::vector<std::vector<std::string>> rows;
  for (const ClaimResult& result : comparison.claims)
    rows.push_back({result.claim->name, fmt::format("{}", result.points),
                    result.worst ? percent(*result.worst) : "-", tolerance_text(*result.claim),
                    verdict_text(result)});
  return joined(lay_out(columns, rows, width, {}));
}

std::string notes_text(const Comparison& comparison, std::size_t width) {
  std::string text;
  for (const ClaimResult& result : comparison.claims)
    if (result.differing != 0)
      text += joined(
          wrapped(fmt::format("{}: {}", result.claim->name, result.claim->differs), width, {}));
  return text.empty() ? text : "\nKnown to differ:\n" + text;
}

std::string key_text(const PointKey& key) {
  std::string text;
  for (const std::string_view part : key_parts)
    if (!part_of(key, part).empty()) text += (text.empty() ? "" : " ") + part_of(key, part);
  return text;
}

std::string failures_text(const Comparison& comparison) {
  std::string text;
  std::size_t count = 0;
  for (const ComparedPoint& point : comparison.points) {
    if (point.verdict != Verdict::fails && point.verdict != Verdict::missing) continue;
    if (++count > most_failures) continue;
    text += fmt::format("{}: {}: ", point.claim, key_text(point.key));
    text += point.value ? fmt::format("computed {}, published {}, {}\n", *point.value,
                                      *point.published, percent(*point.deviation()))
                        : fmt::format("published {}, not computed\n", *point.published);
  }
  for (const BrokenOrder& order : comparison.broken) {
    if (++count > most_failures) continue;
    text += fmt::format("{}: {}: computed {}, ", order.claim, key_text(order.key), order.value);
    text += order.other ? fmt::format("above {}, {}\n", *order.other,
                                      percent(order.value / *order.other - 1))
                        : std::string("and the other design has no such point\n");
  }
  if (count > most_failures)
    text += fmt::format("and {} more; --csv lists them all\n", count - most_failures);
  return text.empty() ? text : "\nFailing:\n" + text;
}

std::string cell(const PointList& points) {
  if (points.empty() || !points.front()->value) return "-";
  const ComparedPoint& point = *points.front();
  const std::string value = short_number(*point.value);
  if (!point.published || point.of_another || short_number(*point.published) == value) return value;
  return fmt::format("{} ({})", value, short_number(*point.published));
}

std::string table_text(const ClaimTable& table, const Comparison& comparison, std::size_t width) {
  const PointList points = selected(comparison, table.select);
  std::vector<TextColumn> columns = {{table.rows, false, 12}};
  const std::vector<std::string> heads = values_of(points, table.columns);
  for (const std::string& head : heads) columns.push_back({head, true, 8});
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : values_of(points, table.rows)) {
    std::vector<std::string> row = {name};
    const PointList line = with(points, table.rows, name);
    for (const std::string& head : heads) row.push_back(cell(with(line, table.columns, head)));
    rows.push_back(std::move(row));
  }
  const bool brackets = std::ranges::any_of(rows, [](const std::vector<std::string>& row) {
    return std::any_of(row.begin() + 1, row.end(),
                       [](const std::string& text) { return text.ends_with(")"); });
  });
  return fmt::format("\n{}{}\n", table.title,
                     brackets ? " (published in brackets where it differs)" : "") +
         joined(lay_out(columns, rows, width, {}));
}

std::string number_field(const std::optional<double>& number) {
  return number ? fmt::format("{}", *number) : "";
}

}  // namespace

std::string tolerance_text(const Claim& claim) {
  if (claim.absolute) return fmt::format("+-{:.4g}", *claim.absolute);
  if (*claim.tolerance == 0) return claim.at_most.empty() ? "exact" : "at most";
  if (*claim.tolerance < 1e-4) return fmt::format("{:.0e}", *claim.tolerance);
  return fmt::format("{:.4g} %", 100 * *claim.tolerance);
}

std::string comparison_text(const ClaimFile& file, const Comparison& comparison,
                            std::size_t width) {
  std::string text = joined(wrapped(file.title, width, {})) + "\n";
  text += claims_text(comparison, width);
  text += failures_text(comparison) + notes_text(comparison, width);
  for (const ClaimTable& table : file.tables) text += table_text(table, comparison, width);
  const auto failing = std::ranges::count_if(
      comparison.claims, [](const ClaimResult& claim) { return !claim.holds(); });
  text += failing == 0
              ? fmt::format("\n{} claims hold.\n", comparison.claims.size())
              : fmt::format("\n{} of {} claims fail.\n", failing, comparison.claims.size());
  return text;
}

std::string comparison_csv(const Comparison& comparison) {
  std::string text = "claim,figure,model,seq_len,design,metric,value,published,deviation\r\n";
  for (const ComparedPoint& point : comparison.points) {
    text += csv_field(point.claim);
    for (const std::string_view part : key_parts) text += "," + csv_field(part_of(point.key, part));
    text += fmt::format(",{},{},{}\r\n", number_field(point.value), number_field(point.published),
                        number_field(point.deviation()));
  }
  return text;
}

}  // namespace sluice
