// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <vector>

#include "arch/scratchpad_banks.hpp"

namespace sluice {
namespace {

Scratchpad pad_of(std::uint32_t banks, std::uint64_t width, std::uint32_t ports = 1) {
  Scratchpad pad;
  pad.name = "pad";
  pad.capacity = Bytes{1 << 20};
  pad.banks = banks;
  pad.width = Bytes{width};
  pad.read_ports = ports;
  return pad;
}

/// Banks with a queue each, of which every cycle as many lines leave as there are ports.
std::uint64_t served_in(const Scratchpad& pad, const std::set<std::uint64_t>& lines) {
  const std::uint64_t interleave =
      pad.interleave.value == 0 ? pad.width.value : pad.interleave.value;
  std::vector<std::deque<std::uint64_t>> queues(pad.banks);
  for (const std::uint64_t line : lines)
    queues[line * pad.width.value / interleave % pad.banks].push_back(line);
  std::uint64_t cycles = 0;
  for (bool waits = true; waits; ++cycles) {
    waits = false;
    for (auto& queue : queues) {
      for (std::uint32_t port = 0; port < pad.read_ports && !queue.empty(); ++port)
        queue.pop_front();
      waits = waits || !queue.empty();
    }
  }
  return cycles;
}

/// The lines of an access, word by word.
std::set<std::uint64_t> lines_of(const Scratchpad& pad, const WordWalk& walk, std::uint64_t first,
                                 std::uint64_t words) {
  const auto place = [&](std::uint64_t i) {
    std::uint64_t word = 0;
    for (std::size_t l = 0; l < 3; ++l) {
      const std::uint64_t count = l == 2 ? ~std::uint64_t{0} : walk.levels[l].count;
      word += i % count * walk.levels[l].stride;
      i /= count;
    }
    return word;
  };
  std::set<std::uint64_t> lines;
  for (std::uint64_t i = first; i < first + words; ++i) {
    const std::uint64_t bit = (place(i) - place(first)) * walk.word_bits;
    for (std::uint64_t b = bit; b < bit + walk.word_bits; ++b)
      lines.insert(b / 8 / pad.width.value);
  }
  return lines;
}

// 8 words of 1 B, one a line of 4 B: at a stride of 4 B they lie in 8 lines that follow each other,
// of which 4 banks serve 4 a cycle; at 8 B on every second bank; at 16 B all in one; at 12 B, of 3
// lines, which have no divisor in common with 4 banks, on all banks again.
TEST_CASE("words at a stride fall on every gcd-th bank") {
  const Scratchpad pad = pad_of(4, 4);
  const auto cycles = [&](std::uint64_t stride) {
    const WordWalk walk{8, {WordWalk::Level{100, stride}, {}, {}}};
    return access_cycles(pad, false, walk, 0, 8);
  };
  CHECK(cycles(1) == 1);  // 8 B: two lines
  CHECK(cycles(4) == 2);
  CHECK(cycles(8) == 4);
  CHECK(cycles(12) == 2);
  CHECK(cycles(16) == 8);
  CHECK(cycles(2) == 1);  // two words a line: four lines
}

// One word more than the banks hold lines asks one of them twice.
TEST_CASE("as many words as banks are served in a cycle, and one more in two") {
  const WordWalk walk{8, {WordWalk::Level{100, 5 * 4}, {}, {}}};
  CHECK(access_cycles(pad_of(4, 4), false, walk, 0, 4) == 1);
  CHECK(access_cycles(pad_of(4, 4), false, walk, 0, 5) == 2);
  CHECK(access_cycles(pad_of(4, 4, 2), false, walk, 0, 8) == 1);
  CHECK(access_cycles(pad_of(4, 4, 2), false, walk, 0, 9) == 2);
}

// Three rows of a window of 4 B, in rows of 32 B: 8 lines apart, a multiple of the 4 banks. In rows
// of 36 B they lie in three banks.
TEST_CASE("rows of a window conflict where the pitch is a multiple of the banks") {
  const Scratchpad pad = pad_of(4, 4);
  const auto lost = [&](std::uint64_t pitch) {
    const WordWalk walk{8, {WordWalk::Level{1, 1}, {4, 1}, {3, pitch}}};
    return conflict_cycles(pad, false, walk, 12, 12);
  };
  CHECK(lost(32) == 2);
  CHECK(lost(36) == 0);
  CHECK(lost(40) == 1);
}

// 64 words of 2 B over 8 banks of 8 B: 16 lines are 2 cycles where every line has the next bank;
// in stretches of 32 B they lie in 4 banks, and in one of 128 B in a single one.
TEST_CASE("wide stretches of addresses in a bank leave the others idle") {
  Scratchpad pad = pad_of(8, 8);
  const auto cycles = [&](std::uint64_t interleave) {
    pad.interleave = Bytes{interleave};
    return access_cycles(pad, false, WordWalk::dense(16), 0, 64);
  };
  CHECK(cycles(0) == 2);
  CHECK(cycles(8) == 2);
  CHECK(cycles(32) == 4);
  CHECK(cycles(128) == 16);
  pad.interleave = Bytes{32};
  CHECK(run_cycles(pad, false, 128) == 4);
  CHECK(run_cycles(pad, false, 129) == 4);
  CHECK(run_cycles(pad, false, 256) == 4);
  CHECK(run_cycles(pad, false, 257) == 5);
  CHECK(conflict_cycles(pad, false, WordWalk::dense(16), 256, 64) == 4 * (4 - 2));
}

TEST_CASE("a skewed layout and a scratchpad without a width have no conflicts") {
  const WordWalk walk{8, {WordWalk::Level{100, 16}, {}, {}}};
  Scratchpad pad = pad_of(4, 4);
  CHECK(conflict_cycles(pad, false, walk, 64, 8) == 8 * (8 - 1));
  pad.layout = BankLayout::skewed;
  CHECK(conflict_cycles(pad, false, walk, 64, 8) == 0);
  CHECK(run_cycles(pad, false, 33) == 3);
  pad = pad_of(4, 0);
  CHECK(conflict_cycles(pad, false, walk, 64, 8) == 0);
}

TEST_CASE("accesses take as long as queues in front of the banks") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&](std::uint64_t low, std::uint64_t high) {
    return low + random() % (high - low + 1);
  };
  for (int i = 0; i < 2000; ++i) {
    Scratchpad pad = pad_of(static_cast<std::uint32_t>(pick(1, 9)), pick(1, 8),
                            static_cast<std::uint32_t>(pick(1, 2)));
    if (pick(0, 2) == 0) pad.interleave = Bytes{pad.width.value * pick(1, 5)};
    WordWalk walk;
    walk.word_bits = std::vector<std::uint64_t>{4, 8, 16, 40}[pick(0, 3)];
    std::uint64_t reach = 1;  // strides that do not go back
    for (auto& level : walk.levels) {
      level = {pick(1, 6), reach + (pick(0, 1) == 0 ? 0 : pick(0, 20))};
      reach = (level.count - 1) * level.stride + reach;
    }
    const std::uint64_t extent = pick(1, 80), chunk = pick(1, 20);
    std::uint64_t lost = 0;
    for (std::uint64_t first = 0; first < extent; first += chunk) {
      const std::uint64_t words = std::min(chunk, extent - first);
      const std::uint64_t cycles = served_in(pad, lines_of(pad, walk, first, words));
      CHECK(access_cycles(pad, false, walk, first, words) == cycles);
      lost += cycles - spread_cycles(pad, false, walk.word_bits, words);
    }
    CHECK(conflict_cycles(pad, false, walk, extent, chunk) == lost);
    const std::uint64_t bytes = pick(1, 300);
    CHECK(run_cycles(pad, false, bytes) ==
          served_in(pad, lines_of(pad, WordWalk::dense(8), 0, bytes)));
  }
}

}  // namespace
}  // namespace sluice
