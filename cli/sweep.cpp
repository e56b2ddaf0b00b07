// SPDX-License-Identifier: Apache-2.0
// `sluice sweep`: searches the designs of a sweep file and stores every trial.
#include <fmt/format.h>

#include <chrono>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/interrupt.hpp"
#include "cli/streams.hpp"
#include "cli/study_table.hpp"
#include "dse/front.hpp"
#include "dse/halving.hpp"
#include "dse/metrics.hpp"
#include "dse/proxy/proxy_file.hpp"
#include "dse/run_sweep.hpp"

namespace sluice {
namespace {

constexpr std::string_view interrupted_sweep = "sluice sweep: interrupted; run it again to go on\n";

using Clock = std::chrono::steady_clock;

/// Completes what a sweep says of its proxy. `decides`: the fidelity is the one that it stands for.
void set_proxy(YamlNode& root, bool decides) {
  const YamlNode* proxy = root.find("proxy");
  const YamlNode* file = proxy == nullptr ? nullptr : proxy->find("file");
  if (file == nullptr && decides)
    throw SpecError({{{.path = "--fidelity"},
                      "the sweep has no proxy",
                      "name it: --proxy FILE, or proxy: {file: FILE} in the sweep file"}});
  if (file == nullptr) return;
  const bool has_hash = proxy->find("hash") != nullptr;
  if (has_hash && !decides) return;
  const StoredProxy stored = load_proxy(file->scalar);
  if (!has_hash) set_path(root, "proxy.hash", hash_text(stored.hash));
  if (decides) set_path(root, "fidelity", std::string(name_of(stored.proxy.source.fidelity)));
}

Sweep read_arguments(const SweepArguments& arguments, const Library& library) {
  std::vector<Setting> settings = arguments.settings;
  const auto put = [&](const char* path, const auto& value) {
    if (value) settings.push_back({path, fmt::format("{}", *value)});
  };
  put("search.searcher", arguments.searcher);
  put("search.budget", arguments.budget);
  put("search.batch", arguments.batch);
  put("search.seed", arguments.seed);
  put("search.workers", arguments.workers);
  if (arguments.timeout)
    settings.push_back({"search.timeout", fmt::format("{} s", arguments.timeout->value)});
  if (arguments.fidelity && *arguments.fidelity != Asked::proxy)
    settings.push_back({"fidelity", std::string(name_of(*arguments.fidelity))});
  put("proxy.file", arguments.proxy);
  YamlNode root = load_input(arguments.file, settings);
  set_proxy(root, arguments.fidelity == Asked::proxy);
  Sweep sweep = read_sweep(root, library);
  if (sweep.proxy) proxy_of(sweep);  // what is wrong with it is said before there is a study
  if (sweep.name.empty()) sweep.name = file_name(arguments.file);
  return sweep;
}

std::string store_of(const SweepArguments& arguments, const Sweep& sweep) {
  return arguments.store.value_or("out/" + sweep.name + ".sqlite");
}

/// The line on the terminal.
class SweepProgress {
 public:
  SweepProgress(const Sweep& sweep, bool visible) : sweep_(sweep), visible_(visible) {}
  ~SweepProgress() {
    if (drawn_) write_error("\r\033[K");
  }
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;

  void draw(const Rung& rung, std::size_t done, std::size_t all) {
    drawn_ = drawn_ || visible_;
    if (visible_)
      write_error(fmt::format("\r\033[K{}: {} of {} designs", label_of(rung), done, all));
  }
  void draw(const std::vector<Trial>& trials) {
    const auto now = Clock::now();
    if (!begin_) begin_ = {now, trials.size()};
    if (!visible_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    drawn_ = true;
    write_error("\r\033[K" +
                text(trials, std::chrono::duration<double>(now - begin_->first).count()));
  }

 private:
  std::string text(const std::vector<Trial>& trials, double seconds) const {
    const double done = static_cast<double>(trials.size() - begin_->second);
    const double left = static_cast<double>(sweep_.search.budget - trials.size());
    std::string line = fmt::format("{} of {} designs", trials.size(), sweep_.search.budget);
    const std::vector<std::size_t> front = front_of(sweep_.objectives, trials);
    if (!front.empty()) {
      const Objective& first = sweep_.objectives.front();
      line += fmt::format(", {} {:.6g}", metrics()[first.metric].name,
                          trials[front.front()].result.metrics[first.metric]);
    }
    if (sweep_.objectives.size() > 1) line += fmt::format(", front of {}", front.size());
    if (done > 0) line += fmt::format(", {:.0f} s left", seconds / done * left);
    return line;
  }

  const Sweep& sweep_;
  bool visible_;
  bool drawn_ = false;
  std::optional<std::pair<Clock::time_point, std::size_t>> begin_;
  Clock::time_point next_;
};

}  // namespace

int sweep_command(const SweepArguments& arguments, const LibraryFolders& folders) {
  const Sweep sweep = read_arguments(arguments, folders.library);
  const std::string store = store_of(arguments, sweep);
  Study study = study_of(sweep, store);
  std::vector<Trial> trials;
  bool interrupted = false;
  {
    const InterruptWatch watch(interrupted_sweep);
    SweepProgress progress(sweep, !arguments.quiet && error_is_terminal());
    trials = run_sweep(sweep, folders.library, study, [&](const std::vector<Trial>& so_far) {
      progress.draw(so_far);
      interrupted = InterruptWatch::requested();
      return !interrupted;
    });
    if (!interrupted && sweep.halving)
      interrupted = !climb(sweep, folders.library, study, trials,
                           [&](const Rung& rung, std::size_t done, std::size_t all) {
                             progress.draw(rung, done, all);
                             return !InterruptWatch::requested();
                           });
    if (!interrupted && sweep.confirm) {
      confirm_best(sweep, folders.library, study, trials);
      interrupted = InterruptWatch::requested();
    }
  }
  if (!arguments.quiet)
    write_output(study_summary(sweep, trials, front_of(sweep.objectives, trials)) +
                 looks_table(sweep, trials, study.confirmed()) + "stored in " + store + "\n");
  if (!interrupted) return exit_done;
  write_error(interrupted_sweep);
  return exit_interrupted;
}

}  // namespace sluice
