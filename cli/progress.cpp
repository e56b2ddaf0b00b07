// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <fmt/format.h>

#include <cmath>

#include "cli/interrupt.hpp"
#include "cli/streams.hpp"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds interval{100};
// Returns to the first column and clears the line (ECMA-48, 5th edition, 8.3.41: EL).
constexpr std::string_view clear_line = "\r\x1b[K";

/// Three digits with a prefix: `1.24 Gcycles`.
std::string count_text(double count, std::string_view unit) {
  constexpr std::string_view prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
  std::size_t prefix = 0;
  for (; count >= 999.5 && prefix + 1 < std::size(prefixes); ++prefix) count /= 1000;
  return fmt::format("{:.3g} {}{}", count, prefixes[prefix], unit);
}

}  // namespace

std::string progress_text(const TileProgress& progress, double seconds) {
  const auto cycles = static_cast<double>(progress.cycle);
  const double share =
      static_cast<double>(progress.firings) / static_cast<double>(progress.total_firings);
  std::string text = fmt::format("{:.0f} %, {} simulated, {:.0f} s", std::floor(100 * share),
                                 count_text(cycles, "cycles"), seconds);
  if (share >= 0.01) text += fmt::format(", {:.0f} s left", seconds / share - seconds);
  if (seconds > 0) text += ", " + count_text(cycles / seconds, "cycles/s");
  return text;
}

Progress::Progress(bool visible)
    : visible_(visible), begin_(Clock::now()), next_(begin_ + 3 * interval) {}

Progress::~Progress() {
  if (drawn_) write_error(clear_line);
}

void Progress::attach(EvaluateHooks& hooks) {
  hooks.progress = report;
  hooks.progress_context = this;
}

bool Progress::report(const TileProgress& reached, void* self) {
  auto& progress = *static_cast<Progress*>(self);
  if (progress.visible_) progress.draw(reached);
  return !InterruptWatch::requested();
}

void Progress::draw(const TileProgress& progress) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + interval;
  drawn_ = true;
  const std::chrono::duration<double> passed = now - begin_;
  write_error(std::string(clear_line) + progress_text(progress, passed.count()));
}

}  // namespace sluice
