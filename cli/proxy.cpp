// SPDX-License-Identifier: Apache-2.0
// `sluice proxy`: models that were trained on studies, and how wrong they are.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/open_study.hpp"
#include "cli/streams.hpp"
#include "dse/evaluator.hpp"
#include "dse/metrics.hpp"
#include "dse/proxy/proxy_file.hpp"
#include "dse/proxy/train.hpp"
#include "sim/writers/text_table.hpp"

namespace sluice {
namespace {

std::string percent(double share) {
  if (share > 0 && share < 0.001) return fmt::format("{:.2g} %", 100 * share);
  return fmt::format("{:.2f} %", 100 * share);
}

std::string table_of(const std::vector<TextColumn>& columns,
                     const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (const std::string& line : lay_out(columns, rows, 120, {})) text += line + "\n";
  return text;
}

std::string errors_text(const ProxyErrors& errors) {
  const std::uint64_t answered = errors.designs - errors.refused;
  const std::uint64_t fails = answered - errors.works;
  std::string text = fmt::format(
      "{} designs that it did not learn from, {} refused\n"
      "of the {} answered: {} of {} that work are said to fail, {} of {} that fail are said to "
      "work\n",
      errors.designs, errors.refused, answered, errors.wrongly_failing, errors.works,
      errors.wrongly_working, fails);
  std::vector<std::vector<std::string>> rows;
  for (const MetricErrors& one : errors.metrics) {
    const Metric& metric = metrics()[one.metric];
    const std::string unit = metric.unit.empty() ? "" : fmt::format(" {}", metric.unit);
    rows.push_back({std::string(metric.name), percent(one.relative_rmse),
                    fmt::format("{:.3g}{}", one.mae, unit), fmt::format("{:.5f}", one.r2),
                    percent(one.covered), percent(one.half_width), percent(one.all_relative_rmse),
                    percent(one.all_covered)});
  }
  return text + "\n" +
         table_of({{"metric"},
                   {"RMSE", true},
                   {"MAE", true},
                   {"R2", true},
                   {"in interval", true},
                   {"half width", true},
                   {"RMSE of all", true},
                   {"in interval", true}},
                  rows);
}

std::string learning_text(const Proxy& proxy) {
  std::vector<TextColumn> columns = {{"learned from", true}};
  for (const MetricErrors& one : proxy.errors.metrics)
    columns.push_back({std::string(metrics()[one.metric].name), true});
  std::vector<std::vector<std::string>> rows;
  for (const LearningStep& step : proxy.learning) {
    rows.push_back({fmt::format("{}", step.designs)});
    for (const double rmse : step.relative_rmse) rows.back().push_back(percent(rmse));
  }
  return "RMSE of all\n" + table_of(columns, rows);
}

std::string show(const Proxy& proxy, std::uint64_t hash) {
  const ProxySource& source = proxy.source;
  std::string text = fmt::format(
      "proxy {:016x} of {} ({}), model {}\n"
      "{} designs of {}, seed {}: learned from {}, intervals from {}, errors from {}\n",
      hash, source.name, name_of(source.fidelity), name_of(proxy.kind()), source.designs,
      source.searcher, source.seed, source.learned, source.calibrated, source.tested);
  std::string kinds;
  for (const KindError& one : proxy.kinds)
    kinds +=
        fmt::format("{}{} {}", kinds.empty() ? "" : ", ", name_of(one.kind), percent(one.rmse));
  if (!kinds.empty()) text += "RMSE of logarithms of the designs for intervals: " + kinds + "\n";
  text += fmt::format("answers where {:g} % intervals are within {:g} %\n\n", 100 * Proxy::coverage,
                      100 * proxy.limit);
  return text + errors_text(proxy.errors) + "\n" + learning_text(proxy);
}

int train(const ProxyArguments& arguments, const Library& library) {
  const OpenStudy study = open_study(arguments.study, library);
  if (study.sweep.proxy)
    throw SpecError({{{.path = arguments.study},
                      "this study holds what a proxy said",
                      "train on a study whose designs were simulated"}});
  const ProxyOptions options{arguments.kind, arguments.seed, arguments.limit, true};
  const Proxy proxy =
      train_proxy(study.sweep, study.info, trials_of(study), options, arguments.study);
  const std::string text = to_text(proxy);
  write_file_atomic(*arguments.output, text);
  if (!arguments.quiet)
    write_output(show(proxy, read_proxy(text, *arguments.output).hash) + "wrote " +
                 *arguments.output + "\n");
  return exit_done;
}

/// Seconds of this process's processors that a design takes; others' work does not count.
template <class Work>
double seconds_each(std::size_t designs, Work work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / static_cast<double>(designs);
}

/// Designs of the study simulated again, and predicted over and over.
std::string speed_text(const Proxy& proxy, const Sweep& sweep, const std::vector<Trial>& trials,
                       std::size_t count, const Library& library) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < std::min(count, trials.size()); ++i)
    points.push_back(trials[i * trials.size() / count].point);
  Workspace workspace(sweep, library);
  const double simulated = seconds_each(points.size(), [&] {
    for (const Point& point : points) evaluate_point(workspace, point);
  });
  constexpr std::size_t rounds = 10;
  const double predicted = seconds_each(rounds * points.size(), [&] {
    for (std::size_t round = 0; round < rounds; ++round) proxy.evaluate(sweep, points);
  });
  return fmt::format(
      "\n{} designs on one thread: simulated ({}) in {:.3g} ms each, predicted in {:.3g} ms, "
      "{:.3g} times as fast\n",
      points.size(), name_of(sweep.fidelity), 1e3 * simulated, 1e3 * predicted,
      simulated / predicted);
}

int test(const ProxyArguments& arguments, const Library& library) {
  const Proxy proxy = load_proxy(arguments.file).proxy;
  const OpenStudy study = open_study(arguments.study, library);
  check_proxy(proxy, study.sweep, arguments.file);
  const std::vector<Trial> trials = trials_of(study);
  std::string text = fmt::format("trials of {} ({}, seed {})\n", arguments.study,
                                 study.info.searcher, study.info.seed) +
                     errors_text(errors_of(proxy, study.sweep, trials));
  if (arguments.speed > 0) text += speed_text(proxy, study.sweep, trials, arguments.speed, library);
  write_output(text);
  return exit_done;
}

}  // namespace

int proxy_command(const ProxyArguments& arguments, const LibraryFolders& folders) {
  if (arguments.action == "train") return train(arguments, folders.library);
  if (arguments.action == "test") return test(arguments, folders.library);
  const StoredProxy stored = load_proxy(arguments.file);
  write_output(show(stored.proxy, stored.hash));
  return exit_done;
}

}  // namespace sluice
