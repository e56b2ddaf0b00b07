// SPDX-License-Identifier: Apache-2.0
// Reads a report back from JSON, and says of everything that is wrong where it stands, as a path
// such as `layers[3].cycles`; mistakes of JSON itself are reported with line and column.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/diagnostics.hpp"
#include "base/utf8.hpp"
#include "sim/writers/report_fields.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

struct Context {
  std::string path;  // of the text, for messages
  Diagnostics mistakes;
  void wrong(const std::string& place, const std::string& message, std::string hint = {}) {
    mistakes.error({.path = path, .line_text = {}},
                   place.empty() ? message : fmt::format("{}: {}", place, message),
                   std::move(hint));
  }
};

std::string shown(const Json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  return quote(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string place, Context& context)
      : object_(object), place_(std::move(place)), context_(context) {
    if (!object.is_object())
      context.wrong(place_, fmt::format("an object is expected, not {}", shown(object)));
  }
  void operator()(const char* key, auto& value, const char*);
  void finish() const;

 private:
  const Json& object_;
  std::string place_;
  Context& context_;
  std::vector<std::string> known_;
};

template <class T>
concept HasFields = requires(ObjectReader& reader, T& value) {
  fields(reader, value);
};

template <class Whole>
void read_whole(const Json& json, Whole& value, const std::string& place, Context& context) {
  if (json.is_number_unsigned() && json.get<std::uint64_t>() <= std::numeric_limits<Whole>::max()) {
    value = json.get<Whole>();
    return;
  }
  context.wrong(place, fmt::format("a whole number from 0 to {} is expected, not {}",
                                   std::numeric_limits<Whole>::max(), shown(json)));
}

void read(const Json& json, std::uint32_t& value, const std::string& place, Context& context) {
  read_whole(json, value, place, context);
}

void read(const Json& json, std::uint64_t& value, const std::string& place, Context& context) {
  read_whole(json, value, place, context);
}

void read(const Json& json, double& value, const std::string& place, Context& context) {
  if (json.is_null())
    value = std::numeric_limits<double>::infinity();
  else if (json.is_number())
    value = json.get<double>();
  else
    context.wrong(place, fmt::format("a number or null is expected, not {}", shown(json)));
}

void read(const Json& json, std::string& value, const std::string& place, Context& context) {
  if (json.is_string())
    value = json.get<std::string>();
  else
    context.wrong(place, fmt::format("a text is expected, not {}", shown(json)));
}

void read(const Json& json, std::vector<Stall>& stalls, const std::string& place,
          Context& context) {
  if (!json.is_object())
    return context.wrong(place,
                         fmt::format("an object of causes is expected, not {}", shown(json)));
  stalls.clear();
  for (const auto& [cause, cycles] : json.items()) {
    stalls.push_back({cause, 0});
    read(cycles, stalls.back().cycles, fmt::format("{}.{}", place, printable(cause)), context);
  }
}

template <HasFields T>
void read(const Json& json, T& value, const std::string& place, Context& context) {
  ObjectReader reader(json, place, context);
  if (!json.is_object()) return;
  fields(reader, value);
  reader.finish();
}

template <HasFields T>
void read(const Json& json, std::vector<T>& values, const std::string& place, Context& context) {
  if (!json.is_array())
    return context.wrong(place, fmt::format("a list is expected, not {}", shown(json)));
  values.assign(json.size(), T{});
  for (std::size_t i = 0; i < values.size(); ++i)
    read(json[i], values[i], fmt::format("{}[{}]", place, i), context);
}

void ObjectReader::operator()(const char* key, auto& value, const char*) {
  known_.emplace_back(key);
  const auto entry = object_.find(key);
  if (entry == object_.end()) return context_.wrong(place_, fmt::format("'{}' is missing", key));
  read(*entry, value, place_.empty() ? key : fmt::format("{}.{}", place_, key), context_);
}

void ObjectReader::finish() const {
  for (const auto& [key, value] : object_.items())
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      context_.wrong(place_, fmt::format("unknown key {}", quote(key)), suggestion(key, known_));
}

// ---- JSON itself

constexpr int deepest = 32;  // a report has 4 levels

// Line and column of the byte before which reading stopped.
Location place_of(std::string_view text, std::size_t offset, const std::string& path) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t newline = before.rfind('\n');
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::string_view line = text.substr(start, text.find('\n', start) - start);
  return {.path = path,
          .line = static_cast<std::uint32_t>(lines + 1),
          .column = static_cast<std::uint32_t>(utf8_count(before.substr(start)) + 1),
          .line_text = std::string(line)};
}

// nlohmann's sentence without its own prefix and position, which we state ourselves.
std::string sentence(std::string_view what) {
  const std::size_t colon = what.find("syntax error");
  return fmt::format("this is not JSON: {}",
                     printable(colon == std::string_view::npos ? what : what.substr(colon)));
}

Json parse(std::string_view text, Context& context) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > deepest)
      throw SpecError({{{.path = context.path, .line_text = {}},
                        fmt::format("nested deeper than {} levels", deepest),
                        ""}});
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key)
      if (const auto key = value.get<std::string>(); !keys.back().insert(key).second)
        context.wrong("", fmt::format("the key {} is there twice in one object", quote(key)));
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    throw SpecError({{place_of(text, offset, context.path), sentence(error.what()), ""}});
  } catch (const Json::out_of_range& error) {
    throw SpecError({{{.path = context.path, .line_text = {}}, sentence(error.what()), ""}});
  }
}

// The format's version comes first: another version would only cause a flood of mistakes.
void check_version(const Json& root, Context& context) {
  const auto version = root.find("version");
  if (version == root.end()) return;  // said when the fields are read
  if (version->is_number_unsigned() && version->get<std::uint64_t>() != Report{}.version)
    throw SpecError({{{.path = context.path, .line_text = {}},
                      fmt::format("version {} of the report format is not known", version->dump()),
                      fmt::format("this sluice reads version {}", Report{}.version)}});
}

struct InfeasibleReport {
  std::uint32_t version = 0;
  Infeasible infeasible;
};
void fields(auto& visit, Either<InfeasibleReport> auto& report) {
  visit("version", report.version, "of this format");
  visit("infeasible", report.infeasible, "what did not fit");
}

}  // namespace

Outcome read_json(std::string_view text, const std::string& path) {
  Context context{path, {}};
  const Json root = parse(text, context);
  if (root.is_object()) check_version(root, context);
  Outcome outcome;
  if (root.is_object() && root.contains("infeasible")) {
    InfeasibleReport report;
    read(root, report, "", context);
    outcome = report.infeasible;
  } else {
    read(root, std::get<Report>(outcome), "", context);
  }
  context.mistakes.throw_if_any();
  return outcome;
}

}  // namespace sluice
