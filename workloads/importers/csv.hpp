// SPDX-License-Identifier: Apache-2.0
// Tables of comma-separated cells that know their places, as SCALE-Sim writes them: no quotes, no
// escapes, one row a line. What the cells mean is the business of the importers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"

namespace sluice {

struct CsvCell {
  std::string text;  ///< without the blanks around it
  Location where;    ///< of its first character; of its comma when it is empty
};

struct CsvRow {
  std::vector<CsvCell> cells;
  Location end;  ///< behind the last cell
};

/// The rows of `text`, all lines but empty ones and those of nothing but commas. The empty cell
/// behind a comma at the end of a row is no cell. Throws SpecError when `text` is no text.
struct CsvTable {
  CsvRow header;  ///< the first line, whatever it holds
  std::vector<CsvRow> rows;
};
CsvTable read_csv(std::string_view text, const std::string& path);

}  // namespace sluice
