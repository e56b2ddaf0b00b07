// SPDX-License-Identifier: Apache-2.0
// SCALE-Sim's order of demands and its buffers; see scalesim_calc.hpp. The rules were read from
// SCALE-Sim v3.0.0 (scalesim/compute, scalesim/memory) and confirmed by runs of it.
#include "sim/models/scalesim_calc.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "arch/systolic_timing.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

/// Of the 100 sets into which SCALE-Sim cuts a buffer, those that are active.
constexpr std::uint64_t sets = 100, active_sets = 50;

/// One layer as a product m x k times k x n, and the word of the ifmap at row m and column k: the
/// same word for the same pixel. `outside` are pixels beyond the edge, which are not asked for.
struct Operands {
  std::uint64_t m = 1, n = 1, k = 1;
  std::uint64_t ifmap_words = 1;           ///< one more than the largest word
  std::vector<std::uint64_t> row, column;  ///< the word of (m, k) is row[m] + column[k]
  std::vector<bool> outside;               ///< by word; empty when nothing is
};

Operands operands_of(const Linear& linear) {
  Operands o;
  o.m = linear.rows;
  o.n = linear.out_features;
  o.k = linear.in_features;
  o.ifmap_words = product(o.m, o.k);
  for (std::uint64_t i = 0; i < o.m; ++i) o.row.push_back(i * o.k);
  for (std::uint64_t i = 0; i < o.k; ++i) o.column.push_back(i);
  return o;
}

/// The image is widened by what the last windows reach beyond it.
Operands operands_of(const Conv2d& conv) {
  SLUICE_ASSERT(conv.batch == 1 && conv.dilation_height == 1 && conv.dilation_width == 1 &&
                    conv.pad_top + conv.pad_bottom + conv.pad_left + conv.pad_right == 0,
                "SCALE-Sim has no batch, dilation or padding");
  const std::uint64_t channels = conv.in_channels / conv.groups;
  const std::uint64_t height = (out_height(conv) - 1) * conv.stride_height + conv.kernel_height;
  const std::uint64_t width = (out_width(conv) - 1) * conv.stride_width + conv.kernel_width;
  Operands o;
  o.m = product(out_height(conv), out_width(conv));
  o.n = conv.out_channels / conv.groups;
  o.k = product(conv.kernel_height, conv.kernel_width, channels);
  o.ifmap_words = product(height, width, channels);
  for (std::uint64_t y = 0; y < out_height(conv); ++y)
    for (std::uint64_t x = 0; x < out_width(conv); ++x)
      o.row.push_back((y * conv.stride_height * width + x * conv.stride_width) * channels);
  for (std::uint64_t y = 0; y < conv.kernel_height; ++y)
    for (std::uint64_t x = 0; x < conv.kernel_width; ++x)
      for (std::uint64_t c = 0; c < channels; ++c)
        o.column.push_back((y * width + x) * channels + c);
  if (height <= conv.in_height && width <= conv.in_width) return o;
  o.outside.resize(o.ifmap_words);
  for (std::uint64_t y = 0; y < height; ++y)
    for (std::uint64_t x = 0; x < width; ++x)
      if (y >= conv.in_height || x >= conv.in_width)
        std::fill_n(o.outside.begin() + static_cast<std::ptrdiff_t>((y * width + x) * channels),
                    channels, true);
  return o;
}

/// Words that a read buffer asks of DRAM. A generation is the time until it forgets everything.
class ReadBuffer {
 public:
  ReadBuffer(std::uint64_t sram_words, std::uint64_t operand_words)
      : generation_words_(sram_words / sets * active_sets), last_(operand_words, 0) {}

  void never_ask(std::uint64_t word) { last_[word] = never; }
  void ask(std::uint64_t word) {
    if (last_[word] >= generation_) return;
    last_[word] = generation_;
    ++reads_;
    if (++in_generation_ < generation_words_) return;
    in_generation_ = 0;
    ++generation_;
  }
  std::uint64_t reads() const { return reads_; }

 private:
  static constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t generation_words_;
  std::vector<std::uint32_t> last_;  ///< by word: the generation in which it was asked for last
  std::uint32_t generation_ = 1;
  std::uint64_t in_generation_ = 0, reads_ = 0;
};

/// Words that the write buffer hands to DRAM.
class WriteBuffer {
 public:
  WriteBuffer(std::uint64_t sram_words, std::uint64_t line_words)
      : line_words_(line_words),
        free_(static_cast<std::int64_t>(sram_words)),
        least_free_(static_cast<std::int64_t>(sram_words - sram_words / 2)),
        drain_lines_(ceil_div(sram_words / 2, line_words)) {}

  void write(std::uint64_t cycle, std::uint64_t words) {
    for (std::uint64_t i = 0; i < words; ++i) {
      --free_;
      if (++in_line_ == line_words_) close_line();
      if (cycle < drain_end_)
        full_ |= free_ <= 0;
      else if (free_ < least_free_)
        drain_end_ = cycle + drain() - 1;
    }
  }
  void drain_all() {
    close_line();
    while (drained_ < lines_) drain();
  }
  std::uint64_t writes() const { return writes_; }
  bool full() const { return full_; }

 private:
  void close_line() {
    if (in_line_ == 0) return;
    if (in_line_ < line_words_) short_lines_[lines_] = line_words_ - in_line_;
    in_line_ = 0;
    ++lines_;
  }

  /// Writes lines to DRAM; how many.
  std::uint64_t drain() {
    close_line();
    const std::uint64_t lines = std::min(drain_lines_, lines_ - drained_);
    drained_ += lines;
    std::uint64_t words = lines * line_words_;
    const auto last = short_lines_.find(drained_ - 1);
    if (last != short_lines_.end()) words -= last->second;
    writes_ += words;
    free_ += static_cast<std::int64_t>(words);
    return lines;
  }

  std::uint64_t line_words_;
  std::int64_t free_, least_free_;
  std::uint64_t drain_lines_;
  std::uint64_t in_line_ = 0;                           ///< words in the open line
  std::uint64_t lines_ = 0, drained_ = 0;               ///< closed, and of these written
  std::map<std::uint64_t, std::uint64_t> short_lines_;  ///< missing words by line
  std::uint64_t drain_end_ = 0, writes_ = 0;
  bool full_ = false;
};

/// One fold: the first row and column of the array's operands, and how many are there.
struct Fold {
  std::uint64_t row = 0, rows = 0, column = 0, columns = 0;
};

/// Folds in SCALE-Sim's order: columns outside, rows inside.
template <class Visit>
void for_each_fold(const SystolicArray& array, std::uint64_t rows, std::uint64_t columns,
                   Visit visit) {
  for (std::uint64_t c = 0; c < columns; c += array.columns)
    for (std::uint64_t r = 0; r < rows; r += array.rows)
      visit(Fold{r, std::min<std::uint64_t>(array.rows, rows - r), c,
                 std::min<std::uint64_t>(array.columns, columns - c)});
}

/// `lanes` streams of `steps` words, each a cycle behind the one before: ask(lane, step).
template <class Ask>
void skewed(std::uint64_t lanes, std::uint64_t steps, Ask ask) {
  for (std::uint64_t t = 0; t + 1 < steps + lanes; ++t) {
    const std::uint64_t first = t < steps ? 0 : t - steps + 1;
    for (std::uint64_t lane = first; lane < std::min(lanes, t + 1); ++lane) ask(lane, t - lane);
  }
}

/// A tile loaded down the columns, its last row first: ask(row, lane).
template <class Ask>
void loaded(std::uint64_t rows, std::uint64_t lanes, Ask ask) {
  for (std::uint64_t row = rows; row-- > 0;)
    for (std::uint64_t lane = 0; lane < lanes; ++lane) ask(row, lane);
}

/// What the array asks the ifmap buffer for, in order.
template <class Ask>
void ifmap_demands(const SystolicArray& array, const Operands& o, Ask ask) {
  const auto word = [&](std::uint64_t m, std::uint64_t k) { ask(o.row[m] + o.column[k]); };
  switch (array.dataflow) {
    case Dataflow::output_stationary:
      return for_each_fold(array, o.m, o.n, [&](const Fold& f) {
        skewed(f.rows, o.k, [&](auto lane, auto step) { word(f.row + lane, step); });
      });
    case Dataflow::weight_stationary:
      return for_each_fold(array, o.k, o.n, [&](const Fold& f) {
        skewed(f.rows, o.m, [&](auto lane, auto step) { word(step, f.row + lane); });
      });
    case Dataflow::input_stationary:
      return for_each_fold(array, o.k, o.m, [&](const Fold& f) {
        loaded(f.rows, f.columns, [&](auto row, auto lane) { word(f.column + lane, f.row + row); });
      });
  }
}

/// What the array asks the filter buffer for, in order; the word of (k, n) is k * N + n.
template <class Ask>
void filter_demands(const SystolicArray& array, const Operands& o, Ask ask) {
  const auto word = [&](std::uint64_t k, std::uint64_t n) { ask(k * o.n + n); };
  switch (array.dataflow) {
    case Dataflow::output_stationary:
      return for_each_fold(array, o.m, o.n, [&](const Fold& f) {
        skewed(f.columns, o.k, [&](auto lane, auto step) { word(step, f.column + lane); });
      });
    case Dataflow::weight_stationary:
      return for_each_fold(array, o.k, o.n, [&](const Fold& f) {
        loaded(f.rows, f.columns, [&](auto row, auto lane) { word(f.row + row, f.column + lane); });
      });
    case Dataflow::input_stationary:
      return for_each_fold(array, o.k, o.m, [&](const Fold& f) {
        skewed(f.rows, o.n, [&](auto lane, auto step) { word(f.row + lane, step); });
      });
  }
}

std::uint64_t ifmap_reads(const SystolicArray& array, const Operands& o, std::uint64_t sram_words) {
  ReadBuffer buffer(sram_words, o.ifmap_words);
  for (std::uint64_t word = 0; word < o.outside.size(); ++word)
    if (o.outside[word]) buffer.never_ask(word);
  ifmap_demands(array, o, [&](std::uint64_t word) { buffer.ask(word); });
  return buffer.reads();
}

std::uint64_t filter_reads(const SystolicArray& array, const Operands& o,
                           std::uint64_t sram_words) {
  const std::uint64_t words = product(o.k, o.n);
  if (words < sram_words / sets * active_sets) return words;  // asked for once, never forgotten
  ReadBuffer buffer(sram_words, words);
  filter_demands(array, o, [&](std::uint64_t word) { buffer.ask(word); });
  return buffer.reads();
}

/// Results written in every cycle of every fold: `lanes` columns, each a cycle behind the one
/// before, `steps` results each, the first in cycle `first` of the fold.
void write_results(const SystolicArray& array, const Operands& o, WriteBuffer& buffer) {
  const GemmFolds folds = fold_gemm(array, o.m, o.n, o.k);
  const std::uint64_t fold_cycles = fold_timing(array, folds.steps).latency;
  const bool os = array.dataflow == Dataflow::output_stationary;
  const std::uint64_t row_extent = os ? o.m : o.k;
  const std::uint64_t column_extent = array.dataflow == Dataflow::input_stationary ? o.m : o.n;
  std::uint64_t start = 0;
  for_each_fold(array, row_extent, column_extent, [&](const Fold& f) {
    // os: the bottom row leaves first; rows that are not used leave nothing, in their cycles.
    const std::uint64_t steps = os ? f.rows : folds.steps;
    const std::uint64_t first =
        os ? folds.steps - 1 + array.rows - f.rows : 2 * std::uint64_t{array.rows} - 1;
    for (std::uint64_t t = 0; t + 1 < steps + f.columns; ++t) {
      const std::uint64_t from = t < steps ? 0 : t - steps + 1;
      buffer.write(start + first + t, std::min(f.columns, t + 1) - from);
    }
    start += fold_cycles;
  });
  buffer.drain_all();
}

ScalesimTraffic traffic_of(const SystolicArray& array,
                           const std::array<std::uint64_t, tensor_role_count>& sram_words,
                           const Operands& o) {
  ScalesimTraffic traffic;
  traffic.ifmap_reads = ifmap_reads(array, o, sram_words[0]);
  traffic.filter_reads = filter_reads(array, o, sram_words[1]);
  WriteBuffer buffer(sram_words[2], array.columns);
  write_results(array, o, buffer);
  traffic.ofmap_writes = buffer.writes();
  traffic.ofmap_full = buffer.full();
  return traffic;
}

}  // namespace

ScalesimTraffic scalesim_calc_traffic(
    const SystolicArray& array, const std::array<std::uint64_t, tensor_role_count>& sram_words,
    const Operator& op) {
  const auto* conv = std::get_if<Conv2d>(&op);
  const auto* linear = std::get_if<Linear>(&op);
  SLUICE_ASSERT(conv != nullptr || linear != nullptr,
                "SCALE-Sim has only convolutions and matrix products");
  const std::uint64_t copies = conv != nullptr ? conv->groups : linear->experts;
  ScalesimTraffic traffic =
      traffic_of(array, sram_words, conv != nullptr ? operands_of(*conv) : operands_of(*linear));
  traffic.ifmap_reads *= copies;  // every channel of a depthwise layer is a layer there
  traffic.filter_reads *= copies;
  traffic.ofmap_writes *= copies;
  return traffic;
}

}  // namespace sluice
