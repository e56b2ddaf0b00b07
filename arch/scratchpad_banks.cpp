// SPDX-License-Identifier: Apache-2.0
#include "arch/scratchpad_banks.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/checked.hpp"

namespace sluice {
namespace {

std::uint64_t ports_of(const Scratchpad& pad, bool write) {
  return write && !pad.shared_ports ? pad.write_ports : pad.read_ports;
}

std::uint64_t lines_in_bank(const Scratchpad& pad) {  // one after the other
  return pad.interleave.value == 0 ? 1 : pad.interleave.value / pad.width.value;
}

/// Lines by bank; each line of the present access counts once, if lines do not go back.
class BankLoads {
 public:
  explicit BankLoads(const Scratchpad& pad)
      : loads_(pad.banks), block_(lines_in_bank(pad)), banks_(pad.banks) {}

  void clear() {
    std::fill(loads_.begin(), loads_.end(), 0);
    end_ = 0;
  }

  /// Lines [first, last], those up to the last of the run before being at hand.
  void add(std::uint64_t first, std::uint64_t last) {
    first = std::max(first, end_);
    if (last < first) return;
    end_ = last + 1;
    const std::uint64_t round = block_ * banks_, rounds = (last + 1 - first) / round;
    if (rounds > 0)
      for (std::uint64_t& load : loads_) load += rounds * block_;
    first += rounds * round;
    while (first <= last) {
      const std::uint64_t lines = std::min(last + 1 - first, block_ - first % block_);
      loads_[first / block_ % banks_] += lines;
      first += lines;
    }
  }

  std::uint64_t busiest() const { return *std::max_element(loads_.begin(), loads_.end()); }

 private:
  std::vector<std::uint64_t> loads_;
  std::uint64_t block_, banks_;
  std::uint64_t end_ = 0;  ///< one past the last line added
};

/// A walk without the levels that go on where the one inside of them ends.
WordWalk merged(const WordWalk& walk) {
  WordWalk result;
  result.word_bits = walk.word_bits;
  std::size_t at = 0;
  result.levels[0] = walk.levels[0];
  for (std::size_t i = 1; i < walk.levels.size(); ++i) {
    WordWalk::Level& inner = result.levels[at];
    const WordWalk::Level& level = walk.levels[i];
    if (inner.count == 1)
      inner = level;
    else if (level.stride == inner.count * inner.stride)
      inner.count *= level.count;
    else
      result.levels[++at] = level;
  }
  result.levels[at].count = ~std::uint64_t{0};  // the outermost has no end
  return result;
}

/// The place of word `i`, and how many words from it on follow each other by the innermost stride.
struct Place {
  std::uint64_t word = 0, left = 0;
};

Place place_of(const WordWalk& walk, std::uint64_t i) {
  const auto& [a, b, c] = walk.levels;
  const std::uint64_t digit = i % a.count, rest = i / a.count;
  return {digit * a.stride + rest % b.count * b.stride + rest / b.count * c.stride,
          a.count - digit};
}

/// Lines of `words` words of a merged walk from `first` on, added run by run.
std::uint64_t busiest_bank(const WordWalk& walk, std::uint64_t first, std::uint64_t words,
                           std::uint64_t line_bits, BankLoads& loads) {
  loads.clear();
  const std::uint64_t origin = place_of(walk, first).word;
  const std::uint64_t stride = walk.levels[0].stride;
  for (std::uint64_t done = 0; done < words;) {
    const Place place = place_of(walk, first + done);
    const std::uint64_t run = std::min(place.left, words - done);
    const std::uint64_t begin = (place.word - origin) * walk.word_bits;
    if (stride == 1) {
      loads.add(begin / line_bits, (begin + run * walk.word_bits - 1) / line_bits);
    } else {
      for (std::uint64_t i = 0; i < run; ++i) {
        const std::uint64_t bit = begin + i * stride * walk.word_bits;
        loads.add(bit / line_bits, (bit + walk.word_bits - 1) / line_bits);
      }
    }
    done += run;
  }
  return loads.busiest();
}

/// A walk of one stride: all accesses of so many words are alike, and where the stride is p whole
/// lines they fall on every gcd(p, banks)-th bank. 0 where that does not hold.
std::uint64_t busiest_of_stride(const Scratchpad& pad, const WordWalk& walk, std::uint64_t words) {
  const std::uint64_t bits = walk.levels[0].stride * walk.word_bits, line = 8 * pad.width.value;
  if (bits % line != 0 || walk.word_bits > line || lines_in_bank(pad) != 1) return 0;
  const std::uint64_t visited = pad.banks / std::gcd(bits / line, std::uint64_t{pad.banks});
  return ceil_div(words, visited);
}

std::uint64_t busiest_bank(const Scratchpad& pad, const WordWalk& walk, std::uint64_t first,
                           std::uint64_t words, BankLoads& loads) {
  const std::uint64_t left = walk.levels[0].count - first % walk.levels[0].count;
  if (words <= left)
    if (const std::uint64_t busiest = busiest_of_stride(pad, walk, words)) return busiest;
  return busiest_bank(walk, first, words, 8 * pad.width.value, loads);
}

}  // namespace

WordWalk WordWalk::dense(std::uint64_t word_bits) {
  return {word_bits, {Level{~std::uint64_t{0}, 1}, Level{}, Level{}}};
}

std::uint64_t access_cycles(const Scratchpad& pad, bool write, const WordWalk& walk,
                            std::uint64_t first, std::uint64_t words) {
  BankLoads loads(pad);
  return ceil_div(busiest_bank(pad, merged(walk), first, words, loads), ports_of(pad, write));
}

std::uint64_t spread_cycles(const Scratchpad& pad, bool write, std::uint64_t word_bits,
                            std::uint64_t words) {
  return ceil_div(product(words, word_bits), 8 * port_bytes_per_cycle(pad, write));
}

std::uint64_t conflict_cycles(const Scratchpad& pad, bool write, const WordWalk& walk,
                              std::uint64_t extent, std::uint64_t chunk) {
  if (pad.width.value == 0 || pad.layout == BankLayout::skewed || extent == 0) return 0;
  const WordWalk whole = merged(walk);
  BankLoads loads(pad);
  const auto lost = [&](std::uint64_t first, std::uint64_t words) {
    return ceil_div(busiest_bank(pad, whole, first, words, loads), ports_of(pad, write)) -
           spread_cycles(pad, write, walk.word_bits, words);
  };
  const std::uint64_t full = extent / chunk, rest = extent % chunk;
  std::uint64_t sum = rest == 0 ? 0 : lost(full * chunk, rest);
  if (extent <= whole.levels[0].count)  // one stride: all full accesses are alike
    return sum + (full == 0 ? 0 : product(full, lost(0, chunk)));
  for (std::uint64_t i = 0; i < full; ++i) sum += lost(i * chunk, chunk);
  return sum;
}

std::uint64_t run_cycles(const Scratchpad& pad, bool write, std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const std::uint64_t lines = ceil_div(bytes, pad.width.value);
  if (pad.layout == BankLayout::skewed)
    return ceil_div(ceil_div(lines, std::uint64_t{pad.banks}), ports_of(pad, write));
  const std::uint64_t block = lines_in_bank(pad), round = product(block, pad.banks);
  const std::uint64_t busiest = lines / round * block + std::min(lines % round, block);
  return ceil_div(busiest, ports_of(pad, write));
}

}  // namespace sluice
