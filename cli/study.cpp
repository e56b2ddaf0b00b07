// SPDX-License-Identifier: Apache-2.0
// `sluice study`: what is in the file of a study.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/open_study.hpp"
#include "cli/streams.hpp"
#include "cli/study_export.hpp"
#include "cli/study_table.hpp"
#include "dse/evaluator.hpp"
#include "dse/front.hpp"
#include "dse/halving.hpp"
#include "dse/run_sweep.hpp"

namespace sluice {
namespace {

/// All trials without what is neither compared nor told of many: bottlenecks and stalls, which are
/// most of them.
std::vector<Trial> compared_trials(const OpenStudy& study) {
  std::vector<Trial> trials;
  trials.reserve(study.file.size());
  visit_trials(study, [&](Trial&& trial) {
    Result& result = trial.result;
    trials.push_back(
        {trial.number,
         trial.batch,
         std::move(trial.point),
         {result.status, std::move(result.reason), std::move(result.metrics), {}, {}}});
  });
  return trials;
}

std::string show(const OpenStudy& study) {
  std::vector<Trial> trials = compared_trials(study);
  const std::vector<std::size_t> front = front_of(study.sweep.objectives, trials);
  if (!front.empty()) trials[front.front()] = std::move(study.file.trials(front.front(), 1).at(0));
  return fmt::format("searcher {}, seed {}, batches of {}, sluice {}\n", study.info.searcher,
                     study.info.seed, study.info.batch, study.info.sluice_version) +
         study_summary(study.sweep, trials, front) +
         looks_table(study.sweep, trials, study.confirmed);
}

std::string best(const OpenStudy& study, std::size_t count) {
  const std::vector<Trial> top = top_of(study.sweep, compared_trials(study), study.confirmed);
  return trial_table(study.sweep, top, best_trials(study.sweep, top, count));
}

std::string front(const OpenStudy& study) {
  const std::vector<Trial> top = top_of(study.sweep, compared_trials(study), study.confirmed);
  return trial_table(study.sweep, top, front_of(study.sweep.objectives, top));
}

/// Hands over the text piece by piece, none of it when a trial is damaged.
void write_trials(const OpenStudy& study, const std::string& format, const WritePiece& write) {
  std::uint64_t count = 0;
  visit_trials(study, [&](Trial&&) { ++count; });
  if (format == "csv") {
    write_csv(study, count, write);
  } else {
    write_json_lines(study, count, write);
  }
}

/// The studies of a folder, which may not be there, by name; a file is itself.
std::vector<std::string> studies_at(const std::string& path) {
  if (!path.ends_with('/') && !std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(path, none))
    if (entry.path().extension() == ".sqlite") files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

/// A line for each study; what cannot be read is told in its line.
int list(std::vector<std::string> paths) {
  if (paths.empty()) paths.emplace_back("out/");
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::vector<std::string> found = studies_at(path);
    if (found.empty()) write_output(fmt::format("no studies in {}\n", path));
    std::ranges::move(found, std::back_inserter(files));
  }
  if (files.empty()) return exit_done;
  bool all_read = true;
  std::string text = fmt::format("{:>9}  {:>9}  {:16} {}\n", "trials", "ok", "searcher", "study");
  for (const std::string& file : files) {
    try {
      const Study study = Study::read(file);
      const StudyInfo info = study.info();
      text += fmt::format("{:>9}  {:>9}  {:16} {} ({})\n", study.size(), study.count("ok"),
                          info.searcher, file, info.name);
    } catch (const StudyError& error) {
      all_read = false;
      text += fmt::format("{}\n", error.what());
    }
  }
  write_output(text);
  return all_read ? exit_done : exit_failed;
}

/// Whether the metrics are equal; those that are no number are.
bool same_metrics(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(
      a, b, [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

/// Evaluates stored trials again, evenly chosen, and tells which come out otherwise.
int validate(const OpenStudy& study, std::size_t count, const Library& library) {
  const std::vector<Trial> trials = compared_trials(study);
  const std::size_t all = trials.size();
  const std::size_t checked = std::min(count, all);
  std::vector<Point> points;
  for (std::size_t i = 0; i < checked; ++i) points.push_back(trials[i * all / checked].point);
  const std::vector<Result> results = Evaluator(study.sweep, library).evaluate(points);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < checked; ++i) {
    const Trial& trial = trials[i * all / checked];
    const Result& again = results[i];
    if (again.status == trial.result.status && again.reason == trial.result.reason &&
        same_metrics(again.metrics, trial.result.metrics))
      continue;
    ++wrong;
    write_output(fmt::format("trial {} comes out otherwise: {}\n", trial.number,
                             to_text(study.sweep.space, trial.point)));
  }
  write_output(fmt::format("{} of {} trials evaluated again, {} differ\n", checked, all, wrong));
  return wrong == 0 ? exit_done : exit_failed;
}

}  // namespace

int study_command(const StudyArguments& arguments, const LibraryFolders& folders) {
  if (arguments.action == "list") return list(arguments.files);
  const OpenStudy study = open_study(arguments.file, folders.library);
  if (arguments.action == "validate") return validate(study, arguments.count, folders.library);
  const auto produce = [&](const WritePiece& write) {
    if (arguments.action == "show") write(show(study));
    if (arguments.action == "best") write(best(study, arguments.count));
    if (arguments.action == "front") write(front(study));
    if (arguments.action == "export") write_trials(study, arguments.format, write);
  };
  if (arguments.output && *arguments.output != "-") {
    write_file_atomic(*arguments.output, produce);
  } else {
    produce(write_output);
  }
  return exit_done;
}

}  // namespace sluice
