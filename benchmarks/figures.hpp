// SPDX-License-Identifier: Apache-2.0
// What the benchmark programs share: clocks, and one line a figure with what is required of it.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

#include "base/yaml.hpp"
#include "sim/experiment.hpp"

namespace sluice::bench {

/// Processor time of the process, which others on the machine disturb least.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double wall_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// The least time that `work` takes by `clock`, over `rounds` calls.
template <class Clock, class Work>
double least_seconds(int rounds, Clock clock, Work&& work) {
  double least = 1e300;
  for (int round = 0; round < rounds; ++round) {
    const double begin = clock();
    work();
    least = std::min(least, clock() - begin);
  }
  return least;
}

/// Most memory that the process has had, in MB.
inline double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Prints figures and remembers whether all were reached.
class Figures {
 public:
  void at_least(const std::string& name, double value, double required, const char* unit) {
    print(name, value, unit, ">=", required, value >= required);
  }
  void at_most(const std::string& name, double value, double required, const char* unit) {
    print(name, value, unit, "<=", required, value <= required);
  }
  /// A figure of which nothing is required.
  void note(const std::string& name, double value, const char* unit) {
    std::printf("%-56s %12.4g %s\n", name.c_str(), value, unit);
  }
  /// Exit status: 0 when all figures were reached.
  int status() const { return missed_ ? 1 : 0; }

 private:
  void print(const std::string& name, double value, const char* unit, const char* relation,
             double required, bool reached) {
    std::printf("%-56s %12.4g %-16s required %s %.4g%s\n", name.c_str(), value, unit, relation,
                required, reached ? "" : "   MISSED");
    missed_ = missed_ || !reached;
  }
  bool missed_ = false;
};

inline Library library() {
  const std::string root = SLUICE_SOURCE_DIR;
  return {{root + "/workloads/library"}, {root + "/arch/tables"}};
}

/// The experiment of a shipped run file; `more` sets paths to values.
inline Experiment experiment(const std::string& run_file,
                             std::initializer_list<std::pair<const char*, std::string>> more = {}) {
  YamlNode root = load_yaml(std::string(SLUICE_SOURCE_DIR) + "/configs/run/" + run_file);
  for (const auto& [path, value] : more) set_path(root, path, value);
  return read_experiment(root, library());
}

}  // namespace sluice::bench
