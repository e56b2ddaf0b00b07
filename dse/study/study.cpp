// SPDX-License-Identifier: Apache-2.0
#include "dse/study/study.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/files.hpp"
#include "base/parameters.hpp"
#include "dse/metrics.hpp"
#include "dse/study/cells.hpp"
#include "dse/study/database.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t format_version = 1;

constexpr const char* schema = R"(
CREATE TABLE info (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trials (
  number INTEGER PRIMARY KEY,  -- from 0, as the designs were asked for
  batch INTEGER NOT NULL,      -- the ask that it came from
  digits TEXT NOT NULL,        -- JSON: index of each parameter's value, null: does not exist
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  metrics TEXT NOT NULL,       -- JSON: by name; null: no number
  bottleneck TEXT NOT NULL,
  stalls TEXT NOT NULL);       -- JSON: cycles by cause
)";

/// Closer looks at trials; studies that were begun without have no such table.
constexpr const char* confirmed_schema = R"(
CREATE TABLE IF NOT EXISTS confirmed (
  number INTEGER NOT NULL,
  fidelity TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  metrics TEXT NOT NULL,
  bottleneck TEXT NOT NULL,
  stalls TEXT NOT NULL,
  PRIMARY KEY (number, fidelity)) WITHOUT ROWID;
)";

TrialStatus read_status(std::string_view word, const std::string& path) {
  for (const auto& entry : EnumNames<TrialStatus>::table)
    if (entry.name == word) return entry.value;
  throw StudyError(fmt::format("{}: the study has a trial with the status {}", path, quote(word)));
}

/// The columns of a result from `first` on.
Result read_result(const Statement& row, int first, const std::string& path) {
  Result result;
  result.status = read_status(row.text(first), path);
  result.reason = row.text(first + 1);
  result.metrics = read_metrics(row.text(first + 2));
  result.bottleneck = row.text(first + 3);
  result.stalls = read_stalls(row.text(first + 4));
  return result;
}

/// What read_trial() reads.
constexpr std::string_view trial_columns =
    "number, batch, digits, status, reason, metrics, bottleneck, stalls";

Trial read_trial(const Statement& row, const std::string& path) {
  return {row.number(0), row.number(1), read_digits(row.text(2)), read_result(row, 3, path)};
}

/// Writes a result to the parameters from `first` on, and the row to the table.
void insert_result(Statement& insert, int first, const Result& result) {
  const std::string metrics = metrics_cell(result.metrics);
  const std::string stalls = stalls_cell(result.stalls);
  insert.bind(first, name_of(result.status)).bind(first + 1, result.reason);
  insert.bind(first + 2, metrics).bind(first + 3, result.bottleneck).bind(first + 4, stalls).step();
  insert.reset();
}

std::uint64_t read_number(const std::string& text, const std::string& path, std::string_view key) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && stop == end) return number;
  throw StudyError(fmt::format("{}: the study is damaged: its {} is {}", path, key, quote(text)));
}

/// The fields of a StudyInfo under their names.
template <class Visit>
void visit_info(StudyInfo& info, Visit visit) {
  visit("name", info.name);
  visit("sluice_version", info.sluice_version);
  visit("sweep", info.sweep_text);
  visit("sweep_hash", info.sweep_hash);
  visit("searcher", info.searcher);
  visit("searcher_settings", info.searcher_settings);
  visit("seed", info.seed);
  visit("batch", info.batch);
}

}  // namespace

Study::Study(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;
Study::~Study() = default;

Study Study::open(const std::string& path, const StudyInfo& info) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;  // opening says what is wrong
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  auto database = std::make_unique<Database>(path);
  database->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database->run("PRAGMA synchronous = FULL");
  database->reserve();
  database->wait_for_others();
  const bool begins = !database->has_study();
  if (begins) database->run(schema);
  Study study(std::move(database));
  if (begins) study.write(info);
  study.database_->require_format(format_version);
  study.database_->run(confirmed_schema);
  study.database_->commit();
  return study;
}

void Study::write(const StudyInfo& info) {
  Statement insert(*database_, "INSERT OR REPLACE INTO info VALUES (?, ?)");
  const auto put = [&](std::string_view key, const std::string& value) {
    insert.bind(1, key).bind(2, value).step();
    insert.reset();
  };
  put("format_version", fmt::format("{}", format_version));
  StudyInfo copy = info;
  visit_info(copy,
             [&](std::string_view key, const auto& value) { put(key, fmt::format("{}", value)); });
}

Study Study::read(const std::string& path) {
  auto database = std::make_unique<Database>(path);
  // Writable, so that a batch that a kill left half written is taken back; no locks, which are for
  // threads that share a connection and cost a tenth of the time.
  database->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  database->wait_for_others();
  return Study(std::move(database));
}

StudyInfo Study::info() const {
  database_->require_format(format_version);
  StudyInfo info;
  visit_info(info, [&](std::string_view key, auto& value) {
    const std::string text = database_->info(key);
    if constexpr (std::is_same_v<decltype(value), std::string&>) {
      value = text;
    } else {
      value = read_number(text, database_->path, key);
    }
  });
  return info;
}

std::uint64_t Study::size() const {
  Statement query(*database_, "SELECT count(*) FROM trials");
  query.step();
  return query.number(0);
}

std::uint64_t Study::count(std::string_view status) const {
  Statement query(*database_, "SELECT count(*) FROM trials WHERE status = ?");
  query.bind(1, status).step();
  return query.number(0);
}

std::vector<Trial> Study::trials() const {
  std::vector<Trial> trials;
  visit([&](Trial&& trial) { trials.push_back(std::move(trial)); });
  return trials;
}

namespace {

/// Hands over the trials of a query, before which there are `count` others.
void visit_rows(Statement& query, const std::string& path, std::uint64_t count,
                const Study::Visit& visit) {
  try {
    for (; query.step(); ++count) visit(read_trial(query, path));
  } catch (const DamagedCell&) {
    throw StudyError(fmt::format("{}: trial {} is damaged", path, count));
  }
}

}  // namespace

void Study::visit(const Visit& visit) const {
  Statement query(*database_, fmt::format("SELECT {} FROM trials ORDER BY number", trial_columns));
  visit_rows(query, database_->path, 0, visit);
}

std::vector<Trial> Study::trials(std::uint64_t first, std::uint64_t count) const {
  std::vector<Trial> trials;
  Statement query(*database_,
                  fmt::format("SELECT {} FROM trials WHERE number >= ? ORDER BY number LIMIT ?",
                              trial_columns));
  query.bind(1, first).bind(2, count);
  visit_rows(query, database_->path, first,
             [&](Trial&& trial) { trials.push_back(std::move(trial)); });
  return trials;
}

/// Runs `work` in the transaction that is open: all of it, or nothing.
template <class Work>
void Study::transact(Work work) {
  try {
    work();
    database_->commit();
  } catch (const StudyError&) {
    database_->take_back();
    throw;
  }
}

void Study::describe(const StudyInfo& info) {
  transact([&] { write(info); });
}

void Study::add(const std::vector<Trial>& trials) {
  transact([&] {
    Statement insert(*database_, "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const Trial& trial : trials) {
      const std::string digits = digits_cell(trial.point);
      insert.bind(1, trial.number).bind(2, trial.batch).bind(3, digits);
      insert_result(insert, 4, trial.result);
    }
  });
}

void Study::confirm(const std::vector<ConfirmedTrial>& looks) {
  transact([&] {
    Statement insert(*database_, "INSERT INTO confirmed VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const ConfirmedTrial& look : looks) {
      insert.bind(1, look.number).bind(2, look.fidelity);
      insert_result(insert, 3, look.result);
    }
  });
}

std::vector<ConfirmedTrial> Study::confirmed() const {
  std::vector<ConfirmedTrial> looks;
  Statement exists(*database_, "SELECT count(*) FROM sqlite_master WHERE name = 'confirmed'");
  exists.step();
  if (exists.number(0) == 0) return looks;
  Statement query(*database_,
                  "SELECT number, fidelity, status, reason, metrics, bottleneck, stalls "
                  "FROM confirmed ORDER BY number, fidelity");
  try {
    while (query.step())
      looks.push_back(
          {query.number(0), std::string(query.text(1)), read_result(query, 2, database_->path)});
  } catch (const DamagedCell&) {
    throw StudyError(fmt::format("{}: a closer look is damaged", database_->path));
  }
  return looks;
}

void check_trial(const Sweep& sweep, const Trial& trial, std::uint64_t number,
                 const std::string& path) {
  const auto has_objectives = [&](const Result& result) {
    return result.metrics.size() == metrics().size() &&
           std::ranges::all_of(sweep.objectives, [&](const Objective& objective) {
             return std::isfinite(result.metrics[objective.metric]);
           });
  };
  std::string_view wrong;
  if (trial.number != number) wrong = "some before it are missing";
  if (!is_canonical(sweep.space, trial.point)) wrong = "it is no design of the space";
  if (trial.result.status == TrialStatus::ok && !has_objectives(trial.result))
    wrong = "it is ok without its objectives";
  if (!wrong.empty())
    throw StudyError(fmt::format("{}: trial {} is damaged: {}", path, trial.number, wrong));
}

void check_trials(const Sweep& sweep, const std::vector<Trial>& trials, const std::string& path) {
  for (std::size_t i = 0; i < trials.size(); ++i) check_trial(sweep, trials[i], i, path);
}

namespace {

/// Keys of a sweep that do not decide what a trial means.
bool is_only_search(std::string_view key) {
  return key == "search" || key == "name" || key == "source" || key == "confirm" ||
         key == "halving";
}

std::string short_text(const YamlNode* node) {
  if (node == nullptr) return "absent";
  std::string text = flow_text(*node);
  constexpr std::size_t shown = 60;
  return text.size() <= shown ? text : text.substr(0, shown) + "...";
}

/// Appends where two trees differ, by path, the deepest maps that both have.
void add_differences(const YamlNode& study, const YamlNode& now, const std::string& path,
                     std::vector<std::string>& list) {
  const auto at = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  const auto one = [&](const std::string& key, const YamlNode* a, const YamlNode* b) {
    if (path.empty() && is_only_search(key)) return;
    if (a != nullptr && b != nullptr && same_content(*a, *b)) return;
    if (a != nullptr && b != nullptr && a->is_map() && b->is_map())
      return add_differences(*a, *b, at(key), list);
    list.push_back(
        fmt::format("{}: {} in the study, {} now", at(key), short_text(a), short_text(b)));
  };
  for (const YamlNode::Entry& entry : study.entries)
    one(entry.key, &entry.value, now.find(entry.key));
  for (const YamlNode::Entry& entry : now.entries)
    if (study.find(entry.key) == nullptr) one(entry.key, nullptr, &entry.value);
}

std::vector<std::string> sweep_differences(const StudyInfo& study, const StudyInfo& sweep) {
  std::vector<std::string> list;
  try {
    add_differences(parse_yaml(study.sweep_text, "study"), parse_yaml(sweep.sweep_text, "sweep"),
                    "", list);
  } catch (const SpecError&) {
    list.clear();  // a text that cannot be read is told as a whole
  }
  if (list.empty())
    list.emplace_back("the space, the experiment, the objectives or the fidelity are others");
  constexpr std::size_t shown = 8;
  if (list.size() > shown) {
    const std::size_t more = list.size() - shown;
    list.resize(shown);
    list.push_back(fmt::format("and {} other values", more));
  }
  return list;
}

}  // namespace

std::vector<std::string> differences(const StudyInfo& study, const StudyInfo& sweep) {
  std::vector<std::string> list;
  const auto compare = [&](std::string_view what, const auto& a, const auto& b) {
    if (a != b) list.push_back(fmt::format("{}: {} in the study, {} now", what, a, b));
  };
  if (study.sweep_hash != sweep.sweep_hash) list = sweep_differences(study, sweep);
  compare("version of sluice", study.sluice_version, sweep.sluice_version);
  compare("searcher", study.searcher, sweep.searcher);
  compare("settings of the searcher", study.searcher_settings, sweep.searcher_settings);
  compare("seed", study.seed, sweep.seed);
  compare("batch", study.batch, sweep.batch);
  return list;
}

}  // namespace sluice
