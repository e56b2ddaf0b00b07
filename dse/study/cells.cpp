// SPDX-License-Identifier: Apache-2.0
#include "dse/study/cells.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "dse/metrics.hpp"
#include "dse/study/scanner.hpp"

namespace sluice {
namespace {

using nlohmann::json;

// A study has millions of cells, nearly all in the one form that the functions below write. That
// form is read without making a tree of it; every other one is left to the JSON library.

std::optional<Point> quick_digits(std::string_view cell) {
  Point point;
  point.digits.reserve(1 + static_cast<std::size_t>(std::ranges::count(cell, ',')));
  Scanner scanner(cell);
  if (!scanner.skip("[")) return std::nullopt;
  do {
    if (scanner.skip("null")) {
      point.digits.push_back(inactive);
    } else if (const auto digit = scanner.count()) {
      point.digits.push_back(*digit);
    } else {
      return std::nullopt;
    }
  } while (scanner.skip(","));
  return scanner.skip("]") && scanner.is_done() ? std::optional(std::move(point)) : std::nullopt;
}

/// What stands before the number of a metric.
struct MetricKey {
  std::string text;
  std::size_t metric = 0;
};

std::vector<MetricKey> metric_keys() {
  std::vector<MetricKey> keys;
  for (std::size_t i = 0; i < metrics().size(); ++i)
    keys.push_back({std::string(metrics()[i].name), i});
  std::ranges::sort(keys, {}, &MetricKey::text);
  for (MetricKey& key : keys) key.text = (&key == &keys.front() ? "{\"" : ",\"") + key.text + "\":";
  return keys;
}

std::optional<std::vector<double>> quick_metrics(std::string_view cell) {
  static const std::vector<MetricKey> keys = metric_keys();
  if (cell == "{}") return std::vector<double>{};
  std::vector<double> values(keys.size(), std::nan(""));
  Scanner scanner(cell);
  for (const MetricKey& key : keys) {
    if (!scanner.skip(key.text)) return std::nullopt;
    if (scanner.skip("null")) continue;
    const auto value = scanner.real();
    if (!value) return std::nullopt;
    values[key.metric] = *value;
  }
  return scanner.skip("}") && scanner.is_done() ? std::optional(std::move(values)) : std::nullopt;
}

std::optional<std::vector<Stall>> quick_stalls(std::string_view cell) {
  std::vector<Stall> stalls;
  if (cell == "[]") return stalls;
  Scanner scanner(cell);
  if (!scanner.skip("[")) return std::nullopt;
  do {
    if (!scanner.skip("[")) return std::nullopt;
    const auto cause = scanner.word();
    if (!cause || !scanner.skip(",")) return std::nullopt;
    const auto cycles = scanner.count();
    if (!cycles || !scanner.skip("]")) return std::nullopt;
    stalls.push_back({std::string(*cause), *cycles});
  } while (scanner.skip(","));
  return scanner.skip("]") && scanner.is_done() ? std::optional(std::move(stalls)) : std::nullopt;
}

/// What `read` makes of the tree of a cell.
template <class Read>
auto read_tree(std::string_view cell, Read read) {
  try {
    return read(json::parse(cell));
  } catch (const json::exception&) {
    throw DamagedCell{};
  }
}

Point digits_of(const json& list) {
  Point point;
  for (const json& digit : list)
    point.digits.push_back(digit.is_null() ? inactive : digit.get<std::uint64_t>());
  return point;
}

std::vector<double> metrics_of(const json& object) {
  std::vector<double> values;
  if (object.empty()) return values;
  for (const Metric& metric : metrics()) {
    const auto found = object.find(std::string(metric.name));
    const bool is_number = found != object.end() && found->is_number();
    values.push_back(is_number ? found->get<double>() : std::nan(""));
  }
  return values;
}

std::vector<Stall> stalls_of(const json& list) {
  std::vector<Stall> stalls;
  for (const json& stall : list)
    stalls.push_back({stall.at(0).get<std::string>(), stall.at(1).get<std::uint64_t>()});
  return stalls;
}

}  // namespace

std::string digits_cell(const Point& point) {
  json digits = json::array();
  for (const std::uint64_t digit : point.digits)
    digits.push_back(digit == inactive ? json(nullptr) : json(digit));
  return digits.dump();
}

Point read_digits(std::string_view cell) {
  if (auto point = quick_digits(cell)) return std::move(*point);
  return read_tree(cell, digits_of);
}

std::string metrics_cell(const std::vector<double>& values) {
  json object = json::object();
  for (std::size_t i = 0; i < values.size(); ++i)
    object[std::string(metrics()[i].name)] =
        std::isfinite(values[i]) ? json(values[i]) : json(nullptr);
  return object.dump();
}

std::vector<double> read_metrics(std::string_view cell) {
  if (auto values = quick_metrics(cell)) return std::move(*values);
  return read_tree(cell, [](const json& object) { return metrics_of(object); });
}

std::string stalls_cell(const std::vector<Stall>& stalls) {
  json list = json::array();
  for (const Stall& stall : stalls) list.push_back({stall.cause, stall.cycles});
  return list.dump();
}

std::vector<Stall> read_stalls(std::string_view cell) {
  if (auto stalls = quick_stalls(cell)) return std::move(*stalls);
  return read_tree(cell, stalls_of);
}

}  // namespace sluice
