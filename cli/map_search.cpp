// SPDX-License-Identifier: Apache-2.0
#include "cli/map_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/interrupt.hpp"
#include "cli/streams.hpp"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

SearchObjective objective_of(const MapArguments& arguments) {
  if (arguments.pareto) return SearchObjective::pareto;
  const std::string name = arguments.objective.value_or("edp");
  return name == "cycles"   ? SearchObjective::cycles
         : name == "energy" ? SearchObjective::energy
                            : SearchObjective::edp;
}

std::string_view name_of(SearchObjective objective) {
  switch (objective) {
    case SearchObjective::cycles:
      return "fewest cycles";
    case SearchObjective::energy:
      return "least energy";
    case SearchObjective::edp:
      return "least energy x cycles";
    case SearchObjective::pareto:
    case SearchObjective::priced:
      break;
  }
  return "front of cycles and energy";
}

}  // namespace

namespace {

/// The line on a terminal that says how far a search has come, at most ten times a second.
class SearchLine {
 public:
  ~SearchLine() {
    if (drawn_) write_error(clear_line);
  }
  void draw(const CascadeSearchProgress& progress) {
    if (!error_is_terminal() || Clock::now() < next_) return;
    next_ = Clock::now() + std::chrono::milliseconds(100);
    drawn_ = true;
    const SearchProgress& search = progress.search;
    write_error(
        fmt::format("{}Einsum {} of {}, {} searches made, this one {:.0f} %, {} mappings priced",
                    clear_line, progress.einsum + 1, progress.einsums, progress.searches,
                    100 * static_cast<double>(search.tasks_done) /
                        static_cast<double>(std::max<std::uint64_t>(search.tasks, 1)),
                    search.evaluations));
  }

 private:
  static constexpr std::string_view clear_line = "\r\x1b[K";
  bool drawn_ = false;
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(300);
};

}  // namespace

MapSearch search_map(const MapArguments& arguments, const MapFile& file) {
  CascadeSearchOptions options;
  options.search.objective = objective_of(arguments);
  options.search.exhaustive = arguments.exhaustive;
  options.search.threads = arguments.threads.value_or(0);
  options.fuse = arguments.fuse != "none";
  options.tiles = arguments.fuse == "tiles";
  options.cache = arguments.cache.value_or("");
  const auto begin = Clock::now();
  const double seconds = arguments.time ? arguments.time->value : 0;
  options.search.stop = [&, begin] {
    if (InterruptWatch::requested()) return true;
    return seconds > 0 && std::chrono::duration<double>(Clock::now() - begin).count() > seconds;
  };
  SearchLine line;
  options.progress = [&](const CascadeSearchProgress& progress) { line.draw(progress); };
  const InterruptWatch watch("sluice map: interrupted\n");
  MapSearch search;
  search.objective = options.search.objective;
  search.cached = arguments.cache.has_value();
  search.result = search_map_file(file, options);
  search.interrupted = InterruptWatch::requested();
  return search;
}

namespace {

/// What is known of a search that was ended: the best so far, and what no mapping is below.
std::string gap_text(const MapSearch& search) {
  const CascadeSearchResult& result = search.result;
  const FoundCascade& found = result.found.front();
  const double value = objective_value(search.objective, found.cycles, found.energy_pj);
  if (search.objective == SearchObjective::pareto || result.bound <= 0) return "";
  return fmt::format("found {:.6g}, none is below {:.6g}: a gap of {:.1f} %\n", value, result.bound,
                     100 * (value / result.bound - 1));
}

}  // namespace

std::string search_text(const MapSearch& search) {
  const CascadeSearchResult& result = search.result;
  std::string text = fmt::format(
      "{}: {}, {} mappings priced, {} searches made and {} known\n", name_of(search.objective),
      result.optimal ? "proven to be the best of the map space"
                     : "the search was ended, so that a better one may exist",
      result.evaluations, result.searches, result.recalled);
  if (!result.optimal) text += gap_text(search);
  if (search.cached)
    text += fmt::format("cache: {} results read, {} written\n", result.read, result.written);
  if (search.objective != SearchObjective::pareto) return text;
  text += fmt::format("{:>16}  {:>16}\n", "cycles", "energy (pJ)");
  for (const FoundCascade& found : result.found)
    text += fmt::format("{:>16}  {:>16.6g}{}\n", found.cycles, found.energy_pj,
                        &found == &shown(result) ? "  shown below" : "");
  return text;
}

}  // namespace sluice
