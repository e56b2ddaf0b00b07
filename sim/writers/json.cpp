// SPDX-License-Identifier: Apache-2.0
// Writes a report as JSON. Which fields there are is said in report_fields.hpp; here is only how
// values look: what holds nothing nested and is short stands on one line, the rest is indented.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/assert.hpp"
#include "sim/writers/report_fields.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

// ---- from report to values

struct FieldWriter {
  Json object = Json::object();
  void operator()(const char* key, const auto& value, const char* meaning);
};

template <class T>
concept HasFields = requires(FieldWriter& writer, const T& value) {
  fields(writer, value);
};

Json to_json(std::uint32_t value) { return value; }
Json to_json(std::uint64_t value) { return value; }
Json to_json(const std::string& value) { return value; }

// JSON has no infinity; null stands for it (an intensity when no byte moves).
Json to_json(double value) {
  SLUICE_ASSERT(value == value && value > -HUGE_VAL, "a report holds a number that is none");
  return std::isinf(value) ? Json(nullptr) : Json(value);
}

Json to_json(const std::vector<Stall>& stalls) {
  Json object = Json::object();
  std::set<std::string_view> seen;
  for (const Stall& stall : stalls) {
    SLUICE_ASSERT(seen.insert(stall.cause).second, "a report lists a cause of stalls twice");
    object.push_back({stall.cause, stall.cycles});
  }
  return object;
}

template <HasFields T>
Json to_json(const T& value) {
  FieldWriter writer;
  fields(writer, value);
  return std::move(writer.object);
}

template <HasFields T>
Json to_json(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}

void FieldWriter::operator()(const char* key, const auto& value, const char*) {
  object.push_back({key, to_json(value)});
}

// ---- from values to text

constexpr std::size_t line_width = 100;

std::string string_text(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string scalar_text(const Json& value) {
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  if (value.is_string()) return string_text(value.get_ref<const std::string&>());
  return value.dump();
}

bool is_flat(const Json& value) {
  return std::none_of(value.begin(), value.end(), [](const Json& v) { return v.is_structured(); });
}

// `append_item(item)` for each entry of an array or object, with its key.
void for_each_item(const Json& value, const auto& append_item) {
  if (value.is_array())
    for (const Json& item : value) append_item(std::string(), item);
  else
    for (const auto& [key, item] : value.items()) append_item(string_text(key) + ": ", item);
}

std::string one_line(const Json& value) {
  std::string text;
  for_each_item(value, [&](const std::string& key, const Json& item) {
    text += (text.empty() ? "" : ", ") + key + scalar_text(item);
  });
  return value.is_array() ? "[" + text + "]" : "{" + text + "}";
}

// `column` is where the value begins on its line, for deciding whether it fits.
void append(std::string& text, const Json& value, std::size_t indent, std::size_t column) {
  if (!value.is_structured()) {
    text += scalar_text(value);
    return;
  }
  if (is_flat(value)) {
    const std::string line = one_line(value);
    if (column + line.size() < line_width) {
      text += line;
      return;
    }
  }
  text += value.is_array() ? '[' : '{';
  const char* separator = "\n";
  for_each_item(value, [&](const std::string& key, const Json& item) {
    text += separator + std::string(indent + 2, ' ') + key;
    append(text, item, indent + 2, indent + 2 + key.size());
    separator = ",\n";
  });
  text += '\n' + std::string(indent, ' ') + (value.is_array() ? ']' : '}');
}

}  // namespace

std::string write_json(const Outcome& outcome) {
  Json root = Json::object();
  if (const auto* report = std::get_if<Report>(&outcome)) {
    root = to_json(*report);
  } else {
    root.push_back({"version", Report{}.version});
    root.push_back({"infeasible", to_json(std::get<Infeasible>(outcome))});
  }
  std::string text;
  append(text, root, 0, 0);
  return text + '\n';
}

Descriptor describe_json() {
  return {"json",
          "every number of the report, for programs; reads back to the same report",
          "RFC 8259; docs/schema/report.schema.json",
          {}};
}

}  // namespace sluice
