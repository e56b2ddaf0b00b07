// SPDX-License-Identifier: Apache-2.0
// Rows of a SCALE-Sim topology to layers; see scalesim_topology.hpp. The rules of the format are
// those of SCALE-Sim v3.0.0, scalesim/topology_utils.py.
#include "workloads/importers/scalesim_topology.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/files.hpp"
#include "base/text_lines.hpp"
#include "workloads/importers/csv.hpp"
#include "workloads/importers/importers.hpp"

namespace sluice {
namespace {

/// SCALE-Sim keeps addresses in 32 bits with a sign.
constexpr std::uint64_t most = (std::uint64_t{1} << 31) - 1;

const std::vector<std::string> conv_columns = {"layer name",    "ifmap height", "ifmap width",
                                               "filter height", "filter width", "channels",
                                               "num filter",    "strides"};
const std::vector<std::string> gemm_columns = {"layer", "M", "N", "K"};

const std::vector<std::string>& columns_of(ScalesimRows rows) {
  return rows == ScalesimRows::conv ? conv_columns : gemm_columns;
}

bool is_whole(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// How to write what is nearly a whole number, or "".
std::string number_hint(std::string_view text) {
  if (text.size() > 2 && text.front() == '"' && text.back() == '"' &&
      is_whole(text.substr(1, text.size() - 2)))
    return "leave out the quotes";
  const std::size_t point = text.find('.');
  if (point != text.npos && is_whole(text.substr(0, point)) &&
      text.find_first_not_of('0', point + 1) == text.npos)
    return fmt::format("write {}", text.substr(0, point));
  return {};
}

/// What a row says, before it is decided what layer it is.
struct Row {
  std::string name;
  std::vector<std::uint64_t> extents;  ///< the columns behind the name, 0 where there is a mistake
  std::uint64_t kept = 1, of = 1;      ///< N:M
};

class RowReader {
 public:
  RowReader(const CsvRow& row, ScalesimRows rows, Diagnostics& diagnostics)
      : row_(row), rows_(rows), columns_(columns_of(rows)), diagnostics_(diagnostics) {}

  /// The row, or nothing when there was a mistake in it.
  std::optional<Row> read() {
    const std::size_t before = diagnostics_.size();
    Row result;
    result.name = row_.cells.front().text;
    if (row_.cells.size() < columns_.size()) report_missing();
    for (std::size_t i = 1; i < std::min(columns_.size(), row_.cells.size()); ++i)
      result.extents.push_back(number(i));
    if (row_.cells.size() > columns_.size()) read_ratio(result);
    if (row_.cells.size() > columns_.size() + 1) report_excess();
    if (diagnostics_.size() != before) return std::nullopt;
    if (rows_ == ScalesimRows::conv) check_window(result);
    if (diagnostics_.size() != before) return std::nullopt;
    return result;
  }

 private:
  void report_missing() {
    const std::vector<std::string> missing(
        columns_.begin() + static_cast<std::ptrdiff_t>(row_.cells.size()), columns_.end());
    const bool other = rows_ == ScalesimRows::conv && row_.cells.size() == gemm_columns.size();
    diagnostics_.error(row_.end, fmt::format("the row ends before {}", fmt::join(missing, ", ")),
                       other ? "a file of M, N and K is imported with `-i gemm`" : "");
  }

  void report_excess() {
    const bool other = rows_ == ScalesimRows::gemm && row_.cells.size() >= conv_columns.size();
    const CsvCell& cell = row_.cells[columns_.size() + 1];
    diagnostics_.error(
        cell.where, fmt::format("{} stands behind the last column, N:M", quote(cell.text)),
        other ? "a file of convolutions is imported with `-i conv`" : "leave it out");
  }

  std::uint64_t number(std::size_t column) {
    const CsvCell& cell = row_.cells[column];
    const std::string& name = columns_[column];
    if (!is_whole(cell.text)) {
      const std::string shown = cell.text.empty() ? "empty" : quote(cell.text);
      diagnostics_.error(cell.where,
                         fmt::format("{} is {}, a whole number is expected", name, shown),
                         number_hint(cell.text));
      return 0;
    }
    return in_range(name, cell.text, cell.where);
  }

  std::uint64_t in_range(const std::string& name, std::string_view digits, const Location& where) {
    std::uint64_t value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec != std::errc{} || value > most)
      diagnostics_.error(where,
                         fmt::format("{} is {}, at most {} is allowed", name, quote(digits), most));
    else if (value == 0)
      diagnostics_.error(where, fmt::format("{} is 0, at least 1 is required", name));
    return value;
  }

  /// The cell `N:M`. A plain number there is a column that SCALE-Sim does not have, such as a
  /// batch.
  void read_ratio(Row& result) {
    const CsvCell& cell = row_.cells[columns_.size()];
    if (cell.text.empty() && row_.cells.size() > columns_.size() + 1) return;
    const std::size_t colon = cell.text.find(':');
    const std::string_view text = cell.text;
    const std::string_view kept = stripped(text.substr(0, colon));
    const std::string_view of =
        colon == text.npos ? std::string_view{} : stripped(text.substr(colon + 1));
    if (!is_whole(kept) || !is_whole(of)) {
      diagnostics_.error(
          cell.where, fmt::format("{} is no ratio N:M such as 2:4", quote(text)),
          is_whole(text) ? "SCALE-Sim has no such column (batch is always 1); leave it out" : "");
      return;
    }
    const std::size_t before = diagnostics_.size();
    result.kept = in_range("N of N:M", kept, cell.where);
    result.of = in_range("M of N:M", of, cell.where);
    if (diagnostics_.size() == before && result.kept > result.of)
      diagnostics_.error(cell.where,
                         fmt::format("{} of {} weights cannot be kept", result.kept, result.of));
  }

  void check_window(const Row& row) {
    for (std::size_t axis = 0; axis < 2; ++axis)
      if (row.extents[2 + axis] > row.extents[axis])
        diagnostics_.error(
            row_.cells[3 + axis].where,
            fmt::format("{} {} exceeds {} {}", columns_[3 + axis], row.extents[2 + axis],
                        columns_[1 + axis], row.extents[axis]),
            "SCALE-Sim does not pad: padding is part of the ifmap's height and width");
  }

  const CsvRow& row_;
  ScalesimRows rows_;
  const std::vector<std::string>& columns_;
  Diagnostics& diagnostics_;
};

/// Names that layers may have: printable, not taken, not that of the network's input.
class LayerNames {
 public:
  std::string fresh(std::string name, std::size_t index) {
    for (char& c : name)
      if (c <= ' ' || c >= 127 || c == '|' || c == '"') c = '_';
    if (name.empty()) name = fmt::format("layer{}", index);
    if (name == network_input) name += '_';
    std::string unique = name;
    for (std::size_t copy = 2; !taken_.insert(unique).second; ++copy)
      unique = fmt::format("{}_{}", name, copy);
    return unique;
  }

 private:
  std::set<std::string> taken_;
};

Conv2d conv_of(const Row& row) {
  Conv2d conv;
  conv.in_height = row.extents[0];
  conv.in_width = row.extents[1];
  conv.kernel_height = row.extents[2];
  conv.kernel_width = row.extents[3];
  conv.in_channels = row.extents[4];
  conv.out_channels = row.extents[5];
  conv.stride_height = conv.stride_width = row.extents[6];
  conv.ceil_output = true;
  if (row.name.find("DP") != std::string::npos) {
    conv.groups = conv.in_channels;
    conv.out_channels *= conv.groups;
  }
  return conv;
}

/// The product that is left of a layer when its zero weights are taken out of K.
Linear sparse_product(const Row& row, ScalesimRows rows) {
  Linear linear;
  if (rows == ScalesimRows::gemm) {
    linear = {
        .rows = row.extents[0], .in_features = row.extents[2], .out_features = row.extents[1]};
  } else {
    const Conv2d conv = conv_of(row);
    linear.rows = out_height(conv) * out_width(conv);
    linear.in_features = conv.in_channels / conv.groups * conv.kernel_height * conv.kernel_width;
    linear.out_features = conv.out_channels / conv.groups;
    linear.experts = conv.groups;
  }
  linear.in_features = sparse_extent(linear.in_features, row.kept, row.of);
  return linear;
}

Operator dense(const Row& row, ScalesimRows rows) {
  if (rows == ScalesimRows::conv) return conv_of(row);
  return Linear{
      .rows = row.extents[0], .in_features = row.extents[2], .out_features = row.extents[1]};
}

std::string network_name(std::string_view path) {
  std::string name = file_name(path);
  name = name.substr(0, name.rfind('.'));
  return name.empty() ? "topology" : name;
}

/// SCALE-Sim skips the first line unseen: a layer there would be lost.
void check_header(const CsvTable& table, ScalesimRows rows, Diagnostics& diagnostics) {
  const auto& cells = table.header.cells;
  if (cells.size() < columns_of(rows).size()) return;
  if (!std::all_of(cells.begin() + 1, cells.begin() + 4,
                   [](const CsvCell& cell) { return is_whole(cell.text); }))
    return;
  diagnostics.error(cells.front().where, "the first line is a layer; it is skipped as the header",
                    "put a line of column names above it");
}

/// Turns rows into layers of a network.
class TopologyBuilder {
 public:
  TopologyBuilder(ScalesimRows rows, ScalesimSparsity sparsity, Diagnostics& diagnostics)
      : rows_(rows), sparsity_(sparsity), diagnostics_(diagnostics) {}

  void add(const CsvRow& cells) {
    const std::size_t index = index_++;
    const auto row = RowReader(cells, rows_, diagnostics_).read();
    if (!row) return;
    Layer layer{row->name, dense(*row, rows_), {}, {}};
    if (const auto what = overflow(layer)) {
      diagnostics_.error(cells.cells.front().where,
                         fmt::format("the layer's number of {} is too large to count", *what));
      return;
    }
    if (row->kept < row->of) {
      has_ratios_ = true;
      if (sparsity_ == ScalesimSparsity::layer) {
        layer.op = sparse_product(*row, rows_);
        layer.name = fmt::format("{}_{}of{}", row->name, row->kept, row->of);
      }
    }
    layer.name = names_.fresh(layer.name, index);
    layers_.push_back(std::move(layer));
  }

  /// What `source` says of the column N:M.
  std::string_view note() const {
    if (!has_ratios_) return "";
    return sparsity_ == ScalesimSparsity::layer
               ? "; zero weights are left out of K in layers named _NofM"
               : "; the column N:M is ignored, all layers are dense";
  }
  std::vector<Layer> take() { return std::move(layers_); }

 private:
  ScalesimRows rows_;
  ScalesimSparsity sparsity_;
  Diagnostics& diagnostics_;
  LayerNames names_;
  std::vector<Layer> layers_;
  std::size_t index_ = 0;
  bool has_ratios_ = false;
};

Network read_topology(std::string_view text, const std::string& path, ScalesimRows rows,
                      ScalesimSparsity sparsity) {
  const CsvTable table = read_csv(text, path);
  Diagnostics diagnostics;
  check_header(table, rows, diagnostics);
  if (table.rows.empty()) diagnostics.error({.path = path}, "the file has no layers");
  TopologyBuilder builder(rows, sparsity, diagnostics);
  for (const CsvRow& row : table.rows) builder.add(row);
  Network network;
  network.name = network_name(path);
  network.source =
      fmt::format("SCALE-Sim topology {} ({}){}", file_name(path), name_of(rows), builder.note());
  network.layers = builder.take();
  diagnostics.throw_if_any();
  return network;
}

}  // namespace

Network import_scalesim_topology(std::string_view text, const std::string& path, ScalesimRows rows,
                                 ScalesimSparsity sparsity) {
  return import_network(
      "scalesim_topology", text, path,
      {{"rows", std::string(name_of(rows))}, {"sparsity", std::string(name_of(sparsity))}});
}

}  // namespace sluice

namespace sluice::importers {
namespace {

template <NamedEnum Enum>
Enum word(const ImportSettings& settings, std::string_view key, Enum fallback,
          Diagnostics& diagnostics) {
  const auto given = settings.find(key);
  if (given == settings.end()) return fallback;
  std::vector<std::string> known;
  for (const auto& entry : EnumNames<Enum>::table) {
    if (entry.name == given->second) return entry.value;
    known.emplace_back(entry.name);
  }
  diagnostics.error({.path = "import"}, fmt::format("{} is {}", key, quote(given->second)),
                    suggestion(given->second, known));
  return fallback;
}

}  // namespace

Network import_scalesim_topology(std::string_view text, const std::string& path,
                                 const ImportSettings& settings) {
  Diagnostics diagnostics;
  const auto rows = word(settings, "rows", ScalesimRows::conv, diagnostics);
  const auto sparsity = word(settings, "sparsity", ScalesimSparsity::ignore, diagnostics);
  diagnostics.throw_if_any();
  return read_topology(text, path, rows, sparsity);
}

Descriptor describe_import_scalesim_topology() {
  return {"scalesim_topology",
          "layers from a topology file (.csv) of SCALE-Sim v2 or v3",
          "Raj et al., SCALE-Sim v3, ISPASS 2025",
          {{"rows", "conv or gemm", "", "conv", "", "what a row is (the option -i of SCALE-Sim)"},
           {"sparsity", "ignore or layer", "", "ignore", "",
            "whether the column N:M shortens K (OptimizedMapping: false)"}}};
}

}  // namespace sluice::importers
