// SPDX-License-Identifier: Apache-2.0
#include "mapper/systolic_nest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "mapper/gemm_nest.hpp"

namespace sluice {
namespace {

constexpr TensorRole roles[] = {TensorRole::input, TensorRole::weight, TensorRole::output};
constexpr std::uint16_t all_tensors = 0b111;

std::size_t index(TensorRole role) { return static_cast<std::size_t>(role); }

/// What a dataflow lays on rows and on columns, what runs in time, and what stays in the PEs.
struct ArrayRanks {
  GemmRank rows, columns, time;
  TensorRole stationary;
};

ArrayRanks ranks_of(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::weight_stationary:
      return {GemmRank::k, GemmRank::n, GemmRank::m, TensorRole::weight};
    case Dataflow::input_stationary:
      return {GemmRank::k, GemmRank::m, GemmRank::n, TensorRole::input};
    case Dataflow::output_stationary:
      break;
  }
  return {GemmRank::m, GemmRank::n, GemmRank::k, TensorRole::output};
}

std::size_t level_of(const Architecture& architecture, TensorRole role) {
  return 1 + scratchpad_of(architecture, role);
}

/// Reads a nest from outside to inside.
class Reader {
 public:
  Reader(const Nest& nest, const GemmTask& task, const Architecture& architecture)
      : nest_(nest),
        task_(task),
        architecture_(architecture),
        array_(ranks_of(architecture.array.dataflow)),
        ranks_(ranks_in(task)),
        left_(extents_of(task)) {}

  std::variant<GemmNest, std::vector<std::string>> read() {
    std::size_t at = 0;
    for (; at < nest_.size() && !is_array(nest_[at]); ++at) outside(nest_[at]);
    for (const TensorRole role : roles)
      if (!seen_[index(role)])
        say("tensor {} is not kept in scratchpad {}, and the machine has no way around it",
            name_of(role), architecture_.scratchpads[scratchpad_of(architecture_, role)].name);
    if (wrong_.empty()) take_folds();
    for (; at < nest_.size(); ++at) inside(nest_[at]);
    if (!wrong_.empty()) return wrong_;
    if (const std::string why = spills_too_often(task_, mapping_); !why.empty())
      return std::vector{why};
    return mapping_;
  }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> text, Values&&... values) {
    wrong_.push_back(fmt::format(text, std::forward<Values>(values)...));
  }
  bool is_array(const NestNode& node) const {
    return node.kind == NestKind::spread ||
           (node.kind == NestKind::keep && node.level > architecture_.scratchpads.size());
  }

  void outside(const NestNode& node) {
    if (node.kind == NestKind::loop) {
      const GemmRank rank = ranks_[node.rank];
      if (node.tile < left_[index(rank)]) mapping_.loops.push_back({rank, node.tile});
      left_[index(rank)] = std::min(left_[index(rank)], node.tile);
      return;
    }
    if (node.level == 0) return;
    for (const TensorRole role : roles) {
      if ((node.tensors >> index(role) & 1) == 0) continue;
      seen_[index(role)] = true;
      mapping_.kept[index(role)] = mapping_.loops.size();
    }
  }

  /// The innermost loops that only cut the array's ranks to its size are folds of a step; not so
  /// where a step has several ranks side by side there, of which it would fold the product.
  void take_folds() {
    const std::size_t inner = *std::max_element(mapping_.kept.begin(), mapping_.kept.end());
    bool rows = true, columns = true;
    while (mapping_.loops.size() > inner) {
      const GemmLoopNode& loop = mapping_.loops.back();
      const GemmRank rank = product_rank(loop.rank);
      bool* const open = rank == array_.rows ? &rows : rank == array_.columns ? &columns : nullptr;
      const std::uint64_t size =
          rank == array_.rows ? architecture_.array.rows : architecture_.array.columns;
      if (open == nullptr || !*open || loop.tile != size || !is_alone(loop.rank)) return;
      *open = false;
      mapping_.loops.pop_back();
    }
  }

  /// Whether a step has one of each other rank that lies beside this one.
  bool is_alone(GemmRank rank) const {
    for (std::size_t other = 0; other < gemm_ranks; ++other)
      if (GemmRank(other) != rank && product_rank(GemmRank(other)) == product_rank(rank) &&
          left_[other] > 1)
        return false;
    return true;
  }

  void inside(const NestNode& node) {
    if (node.kind == NestKind::keep) {
      for (const TensorRole role : roles)
        if ((node.tensors >> index(role) & 1) != 0 && role != array_.stationary)
          say("the PEs keep tensor {}; with this dataflow only {} stays in them", name_of(role),
              name_of(array_.stationary));
      return;
    }
    const GemmRank rank = ranks_[node.rank];
    const std::uint64_t around = std::exchange(left_[index(rank)], node.tile);
    if (node.tile == around) return;
    if (node.kind == NestKind::loop) {
      if (product_rank(rank) != array_.time || node.tile != 1)
        say("inside of the array rank {} is cut to {}; only {} {} in time there, one by one",
            name_in(task_, rank), node.tile, names_in(task_, array_.time, "and"),
            has_several(array_.time) ? "run" : "runs");
      return;
    }
    const bool rows = node.axis == 0;
    const GemmRank expected = rows ? array_.rows : array_.columns;
    if (product_rank(rank) != expected || node.tile != 1)
      say("the {} of the array take rank {} by {}; with this dataflow they take {} by 1",
          rows ? "rows" : "columns", name_in(task_, rank), node.tile,
          names_in(task_, expected, "and"));
  }

  bool has_several(GemmRank product) const { return task_.window && product != GemmRank::n; }

  const Nest& nest_;
  const GemmTask& task_;
  const Architecture& architecture_;
  ArrayRanks array_;
  std::vector<GemmRank> ranks_;
  GemmExtents left_;
  std::array<bool, tensor_role_count> seen_{};
  GemmNest mapping_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<GemmRank> ranks_in(const GemmTask& task) {
  const GemmExtents extents = extents_of(task);
  const GemmRank last = task.window ? GemmRank::s : GemmRank::k;
  std::vector<GemmRank> ranks;
  for (std::size_t r = 0; r <= index(last); ++r)
    if (r >= index(GemmRank::m) || extents[r] > 1) ranks.push_back(GemmRank(r));
  return ranks;
}

Hierarchy hierarchy_of(const Architecture& architecture) {
  const SystolicArray& array = architecture.array;
  const std::uint32_t sum_bits = width_bits(array.accumulator_format);
  Hierarchy hierarchy;
  hierarchy.name = architecture.name;
  NestLevel memory;
  memory.name = "DRAM";
  memory.word_bits = width_bits(array.input_format);
  memory.bits = {{"output", width_bits(array.input_format)}};
  hierarchy.levels.push_back(memory);
  for (const Scratchpad& pad : architecture.scratchpads) {
    NestLevel level;
    level.name = pad.name;
    level.capacity_bits = 8 * pad.capacity.value;
    level.word_bits = width_bits(array.input_format);
    level.double_buffered = pad.double_buffered;
    for (const TensorRole role : pad.holds) level.keeps.emplace_back(name_of(role));
    hierarchy.levels.push_back(level);
  }
  hierarchy.levels.back().fan_out = {{"rows", array.rows, {}}, {"columns", array.columns, {}}};
  NestLevel pe;
  pe.name = "PE";
  pe.word_bits = sum_bits;
  pe.capacity_bits = sum_bits;
  pe.keeps = {std::string(name_of(ranks_of(array.dataflow).stationary))};
  hierarchy.levels.push_back(pe);
  hierarchy.compute.name = "MAC";
  return hierarchy;
}

Problem problem_of(const GemmTask& task, const Architecture& architecture) {
  const SystolicArray& array = architecture.array;
  const GemmExtents extents = extents_of(task);
  const std::vector<GemmRank> ranks = ranks_in(task);
  Problem problem;
  problem.name = "product";
  for (const GemmRank rank : ranks)
    problem.ranks.push_back({std::string(name_in(task, rank)), extents[index(rank)], false});
  const std::uint32_t bits[] = {width_bits(array.input_format), width_bits(array.weight_format),
                                width_bits(array.accumulator_format)};
  for (const TensorRole role : roles) {
    NestTensor tensor;
    tensor.name = name_of(role);
    tensor.output = role == TensorRole::output;
    tensor.bits = bits[index(role)];
    const bool windows = task.window && role == TensorRole::input;
    for (std::uint32_t r = 0; r < ranks.size(); ++r)
      if (depends_on(task, role, ranks[r]) && !(windows && ranks[r] >= GemmRank::p))
        tensor.dimensions.push_back({{r, 1}});
    if (windows) {
      const auto p = static_cast<std::uint32_t>(ranks.size()) - 4;
      const WindowAxis &rows = task.window->rows, &columns = task.window->columns;
      tensor.dimensions.push_back({{p, rows.stride}, {p + 2, rows.dilation}});
      tensor.dimensions.push_back({{p + 1, columns.stride}, {p + 3, columns.dilation}});
    }
    problem.tensors.push_back(tensor);
  }
  return problem;
}

Nest nest_of(const GemmTask& task, const GemmNest& mapping, const Architecture& architecture) {
  const std::vector<GemmRank> ranks = ranks_in(task);
  const ArrayRanks array = ranks_of(architecture.array.dataflow);
  const auto number = [&](GemmRank rank) {
    return static_cast<std::size_t>(std::find(ranks.begin(), ranks.end(), rank) - ranks.begin());
  };
  Nest nest;
  GemmExtents left = extents_of(task);
  nest.keep(0, all_tensors);
  for (std::size_t i = 0; i <= mapping.loops.size(); ++i) {
    for (const TensorRole role : roles)
      if (mapping.kept[index(role)] == i)
        nest.keep(level_of(architecture, role), static_cast<std::uint16_t>(1u << index(role)));
    if (i == mapping.loops.size()) break;
    const GemmLoopNode& loop = mapping.loops[i];
    if (number(loop.rank) < ranks.size()) nest.loop(number(loop.rank), loop.tile);
    left[index(loop.rank)] = std::min(left[index(loop.rank)], loop.tile);
  }
  const std::size_t last = architecture.scratchpads.size();
  // Of several ranks beside each other as many of each as there is room for, folds by folds.
  const auto each = [&](GemmRank product, auto visit) {
    for (const GemmRank rank : ranks)
      if (product_rank(rank) == product) visit(rank);
  };
  const auto fold = [&](GemmRank product, std::uint64_t size) {
    each(product, [&](GemmRank rank) {
      const std::uint64_t cut = std::min(left[index(rank)], size);
      if (left[index(rank)] > cut) nest.loop(number(rank), cut);
      size /= cut;
    });
  };
  fold(array.rows, architecture.array.rows);
  fold(array.columns, architecture.array.columns);
  each(array.rows, [&](GemmRank rank) { nest.spread(last, 0, number(rank), 1); });
  each(array.columns, [&](GemmRank rank) { nest.spread(last, 1, number(rank), 1); });
  nest.keep(last + 1, static_cast<std::uint16_t>(1u << index(array.stationary)));
  each(array.time, [&](GemmRank rank) { nest.loop(number(rank), 1); });
  return nest;
}

std::variant<GemmNest, std::vector<std::string>> mapping_of(const Nest& nest, const GemmTask& task,
                                                            const Architecture& architecture) {
  std::vector<std::string> wrong =
      verify(nest, problem_of(task, architecture), hierarchy_of(architecture));
  if (!wrong.empty()) return wrong;
  return Reader(nest, task, architecture).read();
}

}  // namespace sluice
