// SPDX-License-Identifier: Apache-2.0
// Runs the command, which is built beside the benchmarks, and says what it took.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/figures.hpp"

namespace sluice::bench {

struct Cost {
  double wall = 1e300;
  double cpu = 1e300;
  double memory_mb = 0;
};

/// Runs `sluice` with these words once and waits for its end. Ends the benchmark when it fails.
inline Cost run_command(std::vector<std::string> words) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "sluice";
  words.insert(words.begin(), "sluice");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const double begin = wall_seconds();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    execv(program.c_str(), pointers.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
    std::printf("%s does not run\n", program.c_str());
    std::exit(2);
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return {wall_seconds() - begin, seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

}  // namespace sluice::bench
