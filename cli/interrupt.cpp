// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace sluice {
namespace {

// A signal handler can reach nothing but what lies still: the one global state of the program.
std::string_view text_of_end;  // set while no handler is
std::atomic<bool> signal_came = false;
std::atomic<bool> signals_held = false;
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr unsigned grace_seconds = 1;

/// The first signal asks the run to end; a second one, or the alarm, ends it.
void take_signal(int signal) {
  if (signals_held) return;
  if (!signal_came.exchange(true) && signal != SIGALRM) {
    ::alarm(grace_seconds);
    return;
  }
  // What is written, is written whole: a study batch by batch, files after hold().
  [[maybe_unused]] const ::ssize_t written =
      ::write(STDERR_FILENO, text_of_end.data(), text_of_end.size());
  ::_exit(exit_interrupted);
}

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGALRM}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptWatch::InterruptWatch(std::string_view text) {
  text_of_end = text;
  signal_came = false;
  signals_held = false;
  handle(take_signal);
}

InterruptWatch::~InterruptWatch() {
  ::alarm(0);
  handle(SIG_DFL);
}

bool InterruptWatch::requested() { return signal_came; }

void InterruptWatch::hold() {
  signals_held = true;
  ::alarm(0);
}

}  // namespace sluice
