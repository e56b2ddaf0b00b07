// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.hpp"

#include <signal.h>

#include <atomic>

namespace sluice {
namespace {

// A signal handler can reach nothing but what lies still: the one global state of the program.
std::atomic<bool> signal_came = false;
std::atomic<bool> signals_held = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void remember(int signal) {
  if (signal_came.exchange(true) && !signals_held) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
}

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptWatch::InterruptWatch() {
  signal_came = false;
  signals_held = false;
  handle(remember);
}

InterruptWatch::~InterruptWatch() { handle(SIG_DFL); }

bool InterruptWatch::requested() { return signal_came; }

void InterruptWatch::hold() { signals_held = true; }

}  // namespace sluice
