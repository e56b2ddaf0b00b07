// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/csv.hpp"

#include <algorithm>

#include "base/text_lines.hpp"

namespace sluice {
namespace {

CsvRow cut(const TextLines& lines, std::size_t line) {
  CsvRow row;
  std::string_view rest = lines[line];
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != rest.npos;
    const std::string_view cell = rest.substr(0, comma);
    const std::string_view text = stripped(cell);
    row.cells.push_back(
        {std::string(text), lines.place(line, text.empty() ? rest.substr(cell.size()) : text)});
    rest.remove_prefix(more ? comma + 1 : rest.size());
  }
  const std::string_view text = stripped(lines[line]);
  const auto before = static_cast<std::size_t>(text.data() - lines[line].data());
  row.end = lines.place(line, before + text.size());
  if (row.cells.back().text.empty()) row.cells.pop_back();
  return row;
}

bool is_blank(const CsvRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(),
                     [](const CsvCell& cell) { return cell.text.empty(); });
}

}  // namespace

CsvTable read_csv(std::string_view text, const std::string& path) {
  const TextLines lines(text, path);
  CsvTable table;
  table.header = cut(lines, 0);
  for (std::size_t line = 1; line < lines.size(); ++line) {
    CsvRow row = cut(lines, line);
    if (!is_blank(row)) table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace sluice
