// SPDX-License-Identifier: Apache-2.0
// Mappings as text: a line for tables and messages, a loop nest to be read.
#include <algorithm>

#include "mapper/gemm_nest.hpp"
#include "mapper/mapping.hpp"

namespace sluice {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string tiles(std::uint64_t count) { return number(count) + (count == 1 ? " tile" : " tiles"); }

std::string cycles(std::uint64_t count) {
  return number(count) + (count == 1 ? " lane cycle" : " lane cycles");
}

std::string of(std::string_view rank, std::uint64_t tile, std::uint64_t extent) {
  return std::string(rank) + " " + number(tile) + " of " + number(extent);
}

std::string line(const GemmTask& task, const GemmTiling& tiling) {
  const GemmLoop loop = gemm_loop(task, tiling);
  std::string text = task.batch > 1 ? "batch " + number(task.batch) + "; " : "";
  text += of("m", tiling.m_tile, task.m) + ", " + of("n", tiling.n_tile, task.n) + ", " +
          of("k", tiling.k_tile, task.k);
  text += tiling.m_outer ? "; order m n k; " : "; order n m k; ";
  return text + tiles(loop.steps());
}

std::string line(const GemmTask& task, const GemmNest& mapping) {
  GemmExtents around = extents_of(task);
  std::uint64_t steps = 1;
  std::string text;
  for (std::size_t i = 0; i <= mapping.loops.size(); ++i) {
    for (const TensorRole role : {TensorRole::input, TensorRole::weight, TensorRole::output})
      if (mapping.kept[static_cast<std::size_t>(role)] == i)
        text += (text.empty() ? "keep " : ", keep ") + std::string(name_of(role));
    if (i == mapping.loops.size()) break;
    const GemmLoopNode& loop = mapping.loops[i];
    std::uint64_t& extent = around[static_cast<std::size_t>(loop.rank)];
    if (loop.tile >= extent) continue;
    text += (text.empty() ? "" : ", ") + of(name_in(task, loop.rank), loop.tile, extent);
    extent = loop.tile;
  }
  for (std::size_t rank = 0; rank < gemm_ranks; ++rank)
    steps *= count_steps(mapping, GemmRank(rank), extents_of(task)[rank], 0);
  return text + "; " + tiles(steps);
}

std::string line(const VectorTask& task, const VectorTiling& tiling) {
  const VectorLoop loop = vector_loop(task, tiling);
  if (loop.passes == 1)
    return of("elements", tiling.elements_tile, task.elements) + "; " + tiles(loop.steps());
  return number(loop.repeats) + " rows, " +
         of("elements", tiling.elements_tile, task.row_elements) + ", " + number(loop.passes) +
         " passes; " + tiles(loop.steps());
}

std::string line(const AttentionTask& task, const AttentionTiling& tiling) {
  const std::uint64_t stages =
      task.batch * split(task.rows, tiling.row_tile).count *
      (task.form == AttentionForm::one_pass ? split(task.keys, tiling.key_tile).count : 1);
  std::string text = std::string(name_of(task.form)) + "; ";
  if (task.batch > 1) text += "batch " + number(task.batch) + "; ";
  return text + of("rows", tiling.row_tile, task.rows) + ", " +
         of("keys", tiling.key_tile, task.keys) + "; " + number(stages) +
         (stages == 1 ? " block of scores" : " blocks of scores");
}

/// Lines of a loop nest, each indented by the loops around it.
class Nest {
 public:
  /// `for rank in 0..extent step tile`; a loop of a single step is left out.
  void loop(const std::string& rank, std::uint64_t extent, std::uint64_t step) {
    if (step >= extent) return;
    line("for " + rank + " in 0.." + number(extent) + (step == 1 ? "" : " step " + number(step)));
    ++depth_;
  }
  void line(const std::string& text) { text_ += std::string(2 * depth_, ' ') + text + "\n"; }
  std::size_t depth() const { return depth_; }
  void leave_to(std::size_t depth) { depth_ = depth; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t depth_ = 0;
};

std::string nest_of(const GemmTask& task, const GemmTiling& tiling) {
  Nest nest;
  nest.loop("b", task.batch, 1);
  if (tiling.m_outer) nest.loop("m", task.m, tiling.m_tile);
  nest.loop("n", task.n, tiling.n_tile);
  if (!tiling.m_outer) nest.loop("m", task.m, tiling.m_tile);
  const std::size_t around_k = nest.depth();
  nest.loop("k", task.k, tiling.k_tile);
  const std::string b = task.batch > 1 ? "b, " : "";
  const std::string input = "input[" + b + "m, k]";
  const std::string weight = "weight[" + b + "k, n]";
  const std::string output = "output[" + b + "m, n]";
  nest.line("fetch " + input + " and " + weight + " unless they are there");
  nest.line(output + " += " + input + " * " + weight);
  nest.leave_to(around_k);
  if (task.epilogue_ops > 0)
    nest.line("epilogue of " + output + ": " + cycles(task.epilogue_ops) + " an element");
  nest.line("write " + output);
  return nest.take();
}

std::string nest_of(const GemmTask& task, const GemmNest& mapping) {
  Nest nest;
  GemmExtents around = extents_of(task);
  for (std::size_t i = 0; i <= mapping.loops.size(); ++i) {
    for (const TensorRole role : {TensorRole::input, TensorRole::weight, TensorRole::output})
      if (mapping.kept[static_cast<std::size_t>(role)] == i)
        nest.line("keep " + std::string(name_of(role)));
    if (i == mapping.loops.size()) break;
    const GemmLoopNode& loop = mapping.loops[i];
    std::uint64_t& extent = around[static_cast<std::size_t>(loop.rank)];
    nest.loop(std::string(name_in(task, loop.rank)), extent, loop.tile);
    extent = std::min(extent, loop.tile);
  }
  nest.line("output += input * weight");
  if (task.epilogue_ops > 0) {
    nest.leave_to(0);
    nest.line("epilogue of each output tile: " + cycles(task.epilogue_ops) + " an element");
  }
  return nest.take();
}

std::string nest_of(const VectorTask& task, const VectorTiling& tiling) {
  const VectorLoop loop = vector_loop(task, tiling);
  Nest nest;
  nest.loop("row", loop.repeats, 1);
  nest.loop("pass", loop.passes, 1);
  nest.loop("e", loop.passes > 1 ? task.row_elements : task.elements, loop.tiles.size);
  nest.line("fetch input[e]");
  nest.line("output[e] = f(input[e]): " + cycles(task.lane_cycles) + " an element");
  nest.line(loop.passes > 1 ? "write output[e] in the last pass" : "write output[e]");
  return nest.take();
}

std::string nest_of(const AttentionTask& task, const AttentionTiling& tiling) {
  Nest nest;
  const auto work = [&](std::size_t time) {
    nest.line("  " + cycles(task.cycles.score[time]) + " a score" +
              (time + 1 == traversals(task.cycles) ? ", which makes probability[row, key]" : ""));
  };
  nest.loop("b", task.batch, 1);
  nest.loop("row", task.rows, tiling.row_tile);
  nest.line("fetch query[b, row]");
  const std::size_t rows = nest.depth();
  nest.loop("key", task.keys, tiling.key_tile);
  nest.line("fetch key[b, key] unless it is there");
  nest.line("score[row, key] = query[b, row] * key[b, key]");
  const bool at_once = task.form == AttentionForm::one_pass;
  if (!at_once) nest.leave_to(rows);
  for (std::size_t time = 0; time < traversals(task.cycles); ++time) work(time);
  if (!at_once) nest.loop("key", task.keys, tiling.key_tile);
  nest.line("fetch value[b, key] unless it is there");
  nest.line("result[row] += probability[row, key] * value[b, key]");
  if (task.cycles.tile_output > 0)
    nest.line("  corrected: " + cycles(task.cycles.tile_output) + " an element");
  nest.leave_to(rows);
  nest.line("write result[b, row] after " + cycles(task.cycles.output) + " an element and " +
            number(task.cycles.row) + " a row");
  return nest.take();
}

/// Calls `work` with whichever form a product's tiling has.
template <class Work>
std::string with_gemm_tiling(const TaskMapping& mapping, Work work) {
  if (const auto* nest = std::get_if<GemmNest>(&mapping.tiling)) return work(*nest);
  return work(std::get<GemmTiling>(mapping.tiling));
}

}  // namespace

std::string to_text(const TaskMapping& mapping) {
  if (const auto* gemm = std::get_if<GemmTask>(&mapping.task.work))
    return with_gemm_tiling(mapping, [&](const auto& tiling) { return line(*gemm, tiling); });
  if (const auto* attention = std::get_if<AttentionTask>(&mapping.task.work))
    return line(*attention, std::get<AttentionTiling>(mapping.tiling));
  return line(std::get<VectorTask>(mapping.task.work), std::get<VectorTiling>(mapping.tiling));
}

std::string loop_nest(const TaskMapping& mapping) {
  if (const auto* gemm = std::get_if<GemmTask>(&mapping.task.work))
    return with_gemm_tiling(mapping, [&](const auto& tiling) { return nest_of(*gemm, tiling); });
  if (const auto* attention = std::get_if<AttentionTask>(&mapping.task.work))
    return nest_of(*attention, std::get<AttentionTiling>(mapping.tiling));
  return nest_of(std::get<VectorTask>(mapping.task.work), std::get<VectorTiling>(mapping.tiling));
}

}  // namespace sluice
