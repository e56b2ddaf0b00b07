// SPDX-License-Identifier: Apache-2.0
// `sluice benchmark`: searchers against each other on spaces whose every design is known.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/interrupt.hpp"
#include "cli/streams.hpp"
#include "dse/comparison/comparison.hpp"
#include "dse/comparison/lottery.hpp"
#include "dse/comparison/pagmo_nsga2.hpp"
#include "dse/metrics.hpp"
#include "dse/searchers.hpp"
#include "sim/writers/text_table.hpp"

namespace sluice {
namespace {

constexpr std::string_view baseline = "random";
constexpr std::string_view stopped_text = "sluice benchmark: interrupted\n";

/// A line on the terminal that says how far one thing is.
class Line {
 public:
  Line(std::string what, bool visible) : what_(std::move(what)), visible_(visible) {}
  ~Line() {
    if (drawn_) write_error("\r\033[K");
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// False when the user wants to stop.
  bool draw(std::uint64_t done, std::uint64_t all) {
    drawn_ = drawn_ || visible_;
    if (visible_) write_error(fmt::format("\r\033[K{}: {} of {}", what_, done, all));
    return !InterruptWatch::requested();
  }

 private:
  std::string what_;
  bool visible_, drawn_ = false;
};

/// The searchers asked for, or all; pagmo's NSGA-II too where there are several objectives.
ComparisonSettings settings_for(const BenchmarkArguments& arguments, const Sweep& sweep) {
  ComparisonSettings settings;
  settings.searchers = arguments.searchers;
  if (settings.searchers.empty()) {
    for (const Descriptor& searcher : searcher_descriptors())
      settings.searchers.push_back(searcher.name);
    settings.searchers.push_back(pagmo_nsga2_name);
  }
  if (std::ranges::find(settings.searchers, baseline) == settings.searchers.end())
    settings.searchers.insert(settings.searchers.begin(), std::string(baseline));
  if (sweep.objectives.size() < 2) std::erase(settings.searchers, pagmo_nsga2_name);
  std::vector<std::string> all;
  for (const std::string& searcher : settings.searchers)
    for (std::string& words :
         drawn_configurations(searcher, arguments.configurations, arguments.configuration_seed))
      all.push_back(std::move(words));
  settings.searchers = std::move(all);
  if (!arguments.budgets.empty()) settings.budgets = arguments.budgets;
  settings.seeds = arguments.seeds;
  settings.batch = arguments.batch;
  return settings;
}

std::string percent(double share) {
  if (!std::isfinite(share)) return "none";
  return fmt::format("{:.2f}", 100 * share);
}

std::string summary(const Truth& truth) {
  const Sweep& sweep = truth.sweep();
  std::string text =
      fmt::format("{}: {} designs, {} feasible", sweep.name, truth.designs(), truth.feasible());
  if (sweep.objectives.size() == 1 && !truth.front().empty()) {
    const Objective& objective = sweep.objectives[0];
    text += fmt::format(", best {} {:.6g}\nregret: by how many % the best design found is worse\n",
                        metrics()[objective.metric].name,
                        truth.front()[0].result.metrics[objective.metric]);
  } else {
    text += fmt::format(", front of {}\nregret: % of the front's hypervolume that is lacking\n",
                        truth.front().size());
  }
  return text;
}

/// How a searcher compares with random search with the same budget.
RankTest against_random(const std::vector<ComparisonCell>& cells, const ComparisonCell& cell) {
  return mann_whitney(cell.regrets, find_cell(cells, std::string(baseline), cell.budget)->regrets);
}

std::string table_of(const std::vector<ComparisonCell>& cells, std::uint64_t budget) {
  std::vector<std::vector<std::string>> rows;
  for (const ComparisonCell& cell : cells) {
    if (cell.budget != budget) continue;
    const Quartiles q = quartiles_of(cell.regrets);
    const RankTest test = against_random(cells, cell);
    const bool differs = cell.searcher != baseline && test.p < 0.01;
    rows.push_back({cell.searcher, percent(q.first), percent(q.median), percent(q.third),
                    cell.searcher == baseline ? "" : fmt::format("{:.2g}", test.p),
                    differs ? (test.smaller > 0.5 ? "better" : "worse") : "",
                    fmt::format("{:.0f}", cell.designs), fmt::format("{:.3f}", cell.seconds)});
  }
  const std::vector<TextColumn> columns = {{fmt::format("{} evaluations", budget)},
                                           {"quartile", true},
                                           {"median", true},
                                           {"quartile", true},
                                           {"p", true},
                                           {"than random"},
                                           {"designs", true},
                                           {"seconds", true}};
  std::string text;
  for (const std::string& line : lay_out(columns, rows, 120, {})) text += line + "\n";
  return text;
}

/// The spread over settings beside that over seeds.
std::string lottery_table(const std::vector<ComparisonCell>& cells, std::uint64_t budget) {
  std::vector<std::vector<std::string>> rows;
  for (const LotteryRow& row : lottery_of(cells)) {
    if (row.budget != budget) continue;
    const Quartiles q = quartiles_of(row.medians);
    const auto [best, worst] = std::ranges::minmax_element(row.medians);
    rows.push_back({row.searcher, fmt::format("{}", row.medians.size()), percent(*best),
                    percent(q.first), percent(q.median), percent(q.third), percent(*worst),
                    percent(row.medians[0]), percent(row.seed_spread)});
  }
  const std::vector<TextColumn> columns = {{fmt::format("{} evaluations", budget)},
                                           {"settings", true},
                                           {"best", true},
                                           {"quartile", true},
                                           {"median", true},
                                           {"quartile", true},
                                           {"worst", true},
                                           {"usual", true},
                                           {"over seeds", true}};
  std::string text;
  for (const std::string& line : lay_out(columns, rows, 120, {})) text += line + "\n";
  return text;
}

std::string csv_of(const Truth& truth, const std::vector<ComparisonCell>& cells) {
  std::string text;
  for (const ComparisonCell& cell : cells) {
    const Quartiles q = quartiles_of(cell.regrets);
    const RankTest test = against_random(cells, cell);
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", truth.sweep().name, cell.searcher,
                        cell.budget, cell.regrets.size(), q.first, q.median, q.third, test.smaller,
                        test.p, cell.designs, cell.seconds);
  }
  return text;
}

/// The truth from the file where it was kept, or computed and kept there.
std::optional<Truth> truth_of(const BenchmarkArguments& arguments, const Sweep& sweep,
                              const Library& library) {
  const std::string path = arguments.truth + "/" + sweep.name + ".truth";
  KeptTruth kept = Truth::load(sweep, library, path);
  if (kept.truth) return std::move(kept.truth);
  if (!kept.stale.empty() && !arguments.quiet)
    write_error(fmt::format("sluice benchmark: {} is made anew: {}\n", path, kept.stale));
  Line line("designs of " + sweep.name, !arguments.quiet && error_is_terminal());
  std::optional<Truth> truth = Truth::enumerate(
      sweep, library, [&](std::uint64_t done, std::uint64_t all) { return line.draw(done, all); });
  if (truth) truth->save(path);
  return truth;
}

}  // namespace

int benchmark_command(const BenchmarkArguments& arguments, const LibraryFolders& folders) {
  const InterruptWatch watch(stopped_text);
  std::string csv =
      "space,searcher,budget,seeds,first_quartile,median,third_quartile,smaller,p,designs,"
      "seconds\n";
  for (const std::string& file : arguments.files) {
    Sweep sweep = read_sweep(load_input(file), folders.library);
    if (sweep.name.empty()) sweep.name = file_name(file);
    const std::optional<Truth> truth = truth_of(arguments, sweep, folders.library);
    if (!truth) return write_error(stopped_text), exit_interrupted;
    const ComparisonSettings settings = settings_for(arguments, sweep);
    Line line("runs on " + sweep.name, !arguments.quiet && error_is_terminal());
    const std::vector<ComparisonCell> cells =
        compare(*truth, settings,
                [&](std::uint64_t done, std::uint64_t all) { return line.draw(done, all); });
    if (cells.empty()) return write_error(stopped_text), exit_interrupted;
    std::string text = summary(*truth);
    for (const std::uint64_t budget : settings.budgets)
      text += "\n" + (arguments.configurations > 0 ? lottery_table(cells, budget)
                                                   : table_of(cells, budget));
    if (!arguments.quiet) write_output(text + "\n");
    csv += csv_of(*truth, cells);
  }
  if (arguments.csv) write_file_atomic(*arguments.csv, csv);
  return exit_done;
}

}  // namespace sluice
