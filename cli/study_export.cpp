// SPDX-License-Identifier: Apache-2.0
#include "cli/study_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "base/text_lines.hpp"
#include "dse/design_texts.hpp"
#include "dse/metrics.hpp"

namespace sluice {
namespace {

using nlohmann::ordered_json;

/// Writes what `add` appends for each trial. Between two pieces others may write to the study:
/// whoever reads ours may be slow.
template <class Add>
void write_trials(const OpenStudy& study, std::uint64_t count, const WritePiece& write, Add add) {
  constexpr std::uint64_t together = 1024;
  std::string piece;
  for (std::uint64_t first = 0; first < count; first += together) {
    piece.clear();
    for (const Trial& trial : study.file.trials(first, std::min(together, count - first)))
      add(piece, trial);
    write(piece);
  }
}

std::string csv_head(const DesignSpace& space) {
  std::string text = "number,batch,status";
  for (const SpaceParameter& parameter : space.parameters) text += "," + csv_field(parameter.name);
  for (const Metric& metric : metrics()) text += fmt::format(",{}", metric.name);
  return text + ",reason,bottleneck,design,fidelity,searcher,seed,sweep,sluice\n";
}

void add_metric_cells(std::string& text, const std::vector<double>& values) {
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    text += ',';
    if (!values.empty() && std::isfinite(values[m]))
      fmt::format_to(std::back_inserter(text), "{}", values[m]);
  }
}

/// Text as JSON has it, in quotes.
void add_json(std::string& text, std::string_view value) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(value, is_plain)) {
    (text += '"').append(value) += '"';
  } else {
    text += ordered_json(value).dump();
  }
}

/// Appends trials as members of JSON objects.
class TrialJson {
 public:
  explicit TrialJson(const DesignSpace& space)
      : parameters_(space, [](const SpaceParameter& parameter, std::uint64_t digit) {
          if (digit == inactive) return std::string();
          return ordered_json(parameter.name).dump() + ":" +
                 ordered_json(value_with_unit(parameter, digit)).dump();
        }) {
    for (const Metric& metric : metrics()) metrics_[std::string(metric.name)] = nullptr;
  }

  /// Nothing for a design without parameters.
  void add_parameters(std::string& text, const Point& point) {
    std::string_view before = R"(,"parameters":{)";
    for (std::size_t p = 0; p < point.digits.size(); ++p) {
      if (point.digits[p] == inactive) continue;
      text.append(before) += parameters_.at(p, point.digits[p]);
      before = ",";
    }
    if (before == ",") text += '}';
  }

  void add_result(std::string& text, const Result& result) {
    if (!result.metrics.empty()) (text += R"(,"metrics":)") += metrics_text(result.metrics);
    text += R"(,"stalls":{)";
    for (const Stall& stall : result.stalls) {
      if (&stall != &result.stalls.front()) text += ',';
      add_json(text, stall.cause);
      fmt::format_to(std::back_inserter(text), ":{}", stall.cycles);
    }
    add_json(text += R"(},"reason":)", result.reason);
    add_json(text += R"(,"bottleneck":)", result.bottleneck);
  }

 private:
  std::string metrics_text(const std::vector<double>& values) {
    auto place = metrics_.begin();
    for (const double value : values)
      *place++ = std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
    return metrics_.dump();
  }

  DigitTexts parameters_;
  ordered_json metrics_;  ///< of the last trial: an object is made once
};

/// The closer looks at each trial, as JSON objects with commas between them.
std::map<std::uint64_t, std::string> looks_of(const OpenStudy& study, TrialJson& json) {
  std::map<std::uint64_t, std::string> looks;
  for (const ConfirmedTrial& look : study.confirmed) {
    std::string& text = looks[look.number];
    if (!text.empty()) text += ',';
    add_json(text += R"({"fidelity":)", look.fidelity);
    add_json(text += R"(,"status":)", name_of(look.result.status));
    json.add_result(text, look.result);
    text += '}';
  }
  return looks;
}

}  // namespace

void write_csv(const OpenStudy& study, std::uint64_t count, const WritePiece& write) {
  const Sweep& sweep = study.sweep;
  const std::string origin =
      fmt::format("{},{},{},{},{}\n", name_of(sweep.fidelity), study.info.searcher, study.info.seed,
                  hash_text(study.info.sweep_hash), study.info.sluice_version);
  DesignHashes hashes(sweep.space);
  DigitTexts cells(sweep.space, [](const SpaceParameter& parameter, std::uint64_t digit) {
    return csv_field(value_with_unit(parameter, digit));
  });
  write(csv_head(sweep.space));
  write_trials(study, count, write, [&](std::string& text, const Trial& trial) {
    fmt::format_to(std::back_inserter(text), "{},{},{}", trial.number, trial.batch,
                   name_of(trial.result.status));
    for (std::size_t p = 0; p < trial.point.digits.size(); ++p)
      (text += ',') += cells.at(p, trial.point.digits[p]);
    add_metric_cells(text, trial.result.metrics);
    fmt::format_to(std::back_inserter(text), ",{},{},{},{}", csv_field(trial.result.reason),
                   csv_field(trial.result.bottleneck), hash_text(hashes.of(trial.point)), origin);
  });
}

void write_json_lines(const OpenStudy& study, std::uint64_t count, const WritePiece& write) {
  const Sweep& sweep = study.sweep;
  const ordered_json origin = {{"fidelity", name_of(sweep.fidelity)},
                               {"searcher", study.info.searcher},
                               {"seed", study.info.seed},
                               {"sweep", hash_text(study.info.sweep_hash)},
                               {"sluice", study.info.sluice_version}};
  const std::string end = fmt::format(R"(","origin":{}}}{})", origin.dump(), "\n");
  DesignHashes hashes(sweep.space);
  TrialJson json(sweep.space);
  const std::map<std::uint64_t, std::string> looks = looks_of(study, json);
  write_trials(study, count, write, [&](std::string& text, const Trial& trial) {
    fmt::format_to(std::back_inserter(text), R"({{"number":{},"batch":{},"status":"{}")",
                   trial.number, trial.batch, name_of(trial.result.status));
    json.add_parameters(text, trial.point);
    json.add_result(text, trial.result);
    if (const auto found = looks.find(trial.number); found != looks.end())
      ((text += R"(,"looks":[)") += found->second) += ']';
    ((text += R"(,"design":")") += hash_text(hashes.of(trial.point))) += end;
  });
}

}  // namespace sluice
