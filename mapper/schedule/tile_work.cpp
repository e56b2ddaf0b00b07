// SPDX-License-Identifier: Apache-2.0
// From a cascade to what one tile of it does; see pipeline.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/checked.hpp"
#include "base/diagnostics.hpp"
#include "mapper/schedule/einsum_work.hpp"
#include "mapper/schedule/pipeline.hpp"

namespace sluice {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

[[noreturn]] void refuse(const Cascade& cascade, std::string message, std::string hint = {}) {
  throw SpecError({{{.path = cascade.name}, std::move(message), std::move(hint)}});
}

class Reader {
 public:
  explicit Reader(const Cascade& cascade) : cascade_(cascade) {}

  TileWork read() {
    find_loop();
    alias_ = aliases_of(cascade_);
    find_row();
    sort_einsums();
    find_columns();
    for (const std::size_t i : loop_) add_op(i, false);
    for (const std::size_t i : after_) add_op(i, true);
    return std::move(work_);
  }

 private:
  std::uint64_t size_of(const std::string& rank) const { return cascade_.find_rank(rank)->size; }
  void find_loop();
  void find_row();
  void sort_einsums();
  bool is_carried(const Einsum& maker, const TensorAccess& access) const;
  std::vector<std::size_t> in_order(std::vector<std::size_t> left) const;
  void find_columns();
  bool finite(const std::string& tensor) const;
  bool always(const RankComparison& condition) const;
  bool is_guard(const MapExpression& value) const;
  void add_op(std::size_t index, bool after);
  void add_operands(const Einsum& einsum, TileOp& op) const;
  Names temporal(const Names& ranks) const;
  std::uint64_t count(const Names& ranks) const;
  std::string root(const std::string& tensor) const {
    const auto known = alias_.find(tensor);
    return known == alias_.end() ? tensor : root(known->second);
  }
  std::int64_t loop_constant(const TensorAccess& access) const;

  const Cascade& cascade_;
  TileWork work_;
  std::map<std::string, std::string> alias_;
  std::string row_;
  std::vector<std::size_t> loop_, after_;
};

void Reader::find_loop() {
  for (const CascadeRank& rank : cascade_.ranks) {
    if (!rank.iterative) continue;
    if (!work_.ranks.loop.empty())
      refuse(cascade_,
             fmt::format("ranks {} and {} are both iterative", work_.ranks.loop, rank.name),
             "a pipeline of tiles runs along one");
    work_.ranks.loop = rank.name;
  }
  if (work_.ranks.loop.empty()) refuse(cascade_, "no rank is iterative: there is no loop of tiles");
}

/// The rank r of an index `loop*R + r`.
void Reader::find_row() {
  for (const Einsum& einsum : cascade_.einsums)
    for (const TensorAccess* access : reads_of(einsum))
      for (const TensorIndex& index : access->indices) {
        if (coefficient_of(index, work_.ranks.loop) == 0) continue;
        for (const IndexTerm& term : index.terms)
          if (!term.rank.empty() && term.rank != work_.ranks.loop && term.coefficient == 1 &&
              static_cast<std::int64_t>(size_of(term.rank)) ==
                  coefficient_of(index, work_.ranks.loop))
            work_.ranks.rows = {term.rank};
      }
  if (work_.ranks.rows.empty())
    refuse(cascade_, fmt::format("nothing is split into tiles along {0}: no index is {0}*R + r",
                                 work_.ranks.loop));
  row_ = work_.ranks.rows.front();
  work_.tile_rows = size_of(row_);
}

void Reader::sort_einsums() {
  for (std::size_t i = 0; i < cascade_.einsums.size(); ++i) {
    const Einsum& einsum = cascade_.einsums[i];
    if (alias_.contains(einsum.output.tensor) || reads_of(einsum).empty()) continue;
    (has(ranks_of(einsum), work_.ranks.loop) ? loop_ : after_).push_back(i);
  }
  loop_ = in_order(loop_);
  after_ = in_order(after_);
}

/// Whether `access` reads what a step of the loop before has made by `maker`.
bool Reader::is_carried(const Einsum& maker, const TensorAccess& access) const {
  return loop_constant(maker.output) > loop_constant(access);
}

/// The Einsums so that each comes after those whose results of the same tile it reads; as written
/// where that leaves a choice.
std::vector<std::size_t> Reader::in_order(std::vector<std::size_t> left) const {
  const auto waits = [&](std::size_t i) {
    for (const TensorAccess* access : reads_of(cascade_.einsums[i]))
      for (const std::size_t j : left)
        if (j != i && cascade_.einsums[j].output.tensor == access->tensor &&
            !is_carried(cascade_.einsums[j], *access))
          return true;
    return false;
  };
  std::vector<std::size_t> order;
  while (!left.empty()) {
    const auto next = std::ranges::find_if_not(left, waits);
    if (next == left.end())
      refuse(cascade_, fmt::format("{} needs its own result of the same tile",
                                   cascade_.einsums[left.front()].output.tensor));
    order.push_back(*next);
    left.erase(next);
  }
  return order;
}

/// Ranks of everything in the loop: those that the operands along the rows have too are blocks.
void Reader::find_columns() {
  Names common = ranks_of(cascade_.einsums[loop_.front()].output);
  Names row_operands;
  for (const std::size_t i : loop_) {
    const Names here = ranks_of(cascade_.einsums[i].output);
    std::erase_if(common, [&](const std::string& rank) { return !has(here, rank); });
    for (const TensorAccess* access : reads_of(cascade_.einsums[i])) {
      const Names ranks = ranks_of(*access);
      const CascadeTensor* tensor = cascade_.find_tensor(root(access->tensor));
      if (tensor->kind == CascadeTensor::Kind::input && has(ranks, row_))
        row_operands.insert(row_operands.end(), ranks.begin(), ranks.end());
    }
  }
  for (const std::string& rank : common) {
    if (rank == work_.ranks.loop || rank == row_) continue;
    (has(row_operands, rank) ? work_.ranks.blocks : work_.ranks.columns).push_back(rank);
  }
  if (work_.ranks.columns.empty())
    refuse(cascade_,
           "all results depend on operands along the rows in all their ranks: there is no "
           "rank for the columns of the grid");
}

Names Reader::temporal(const Names& ranks) const {
  Names rest;
  const TileRanks& r = work_.ranks;
  for (const std::string& rank : ranks)
    if (rank != r.loop && rank != row_ && !has(r.columns, rank) && !has(r.blocks, rank))
      rest.push_back(rank);
  return rest;
}

std::uint64_t Reader::count(const Names& ranks) const {
  std::uint64_t elements = 1;
  for (const std::string& rank : temporal(ranks)) elements = product(elements, size_of(rank));
  return elements;
}

std::int64_t Reader::loop_constant(const TensorAccess& access) const {
  for (const TensorIndex& index : access.indices)
    if (coefficient_of(index, work_.ranks.loop) != 0) return constant_of(index);
  return 0;
}

/// Whether a comparison holds at every point, by the ends of its ranks.
bool Reader::always(const RankComparison& condition) const {
  if (std::ranges::any_of(condition.alternatives,
                          [&](const RankComparison& c) { return always(c); }))
    return true;
  std::int64_t least = constant_of(condition.right) - constant_of(condition.left);
  std::int64_t most = least;
  std::set<std::string> ranks;
  for (const TensorIndex* side : {&condition.left, &condition.right})
    for (const IndexTerm& term : side->terms)
      if (!term.rank.empty()) ranks.insert(term.rank);
  for (const std::string& rank : ranks) {
    const std::int64_t c =
        coefficient_of(condition.right, rank) - coefficient_of(condition.left, rank);
    const auto last = static_cast<std::int64_t>(size_of(rank)) - 1;
    (c < 0 ? least : most) += c * last;
  }
  if (condition.relation == "<") return least > 0;
  if (condition.relation == "<=") return least >= 0;
  if (condition.relation == ">") return most < 0;
  if (condition.relation == ">=") return most <= 0;
  return least == 0 && most == 0;
}

/// Whether a maximum along the loop is a number after every tile: no point of what it is the
/// maximum of is left out.
bool Reader::finite(const std::string& tensor) const {
  for (const Einsum& einsum : cascade_.einsums) {
    if (einsum.output.tensor != tensor || !has(ranks_of(einsum), work_.ranks.loop)) continue;
    for (const TensorAccess* access : reads_of(einsum))
      for (const Einsum& maker : cascade_.einsums)
        if (maker.output.tensor == access->tensor && access->tensor != tensor)
          return std::ranges::all_of(maker.conditions,
                                     [&](const RankComparison& c) { return always(c); });
  }
  return false;
}

/// `min(M[m1] - M[m1+1], 0)` of a running maximum M only guards against tiles without points.
bool Reader::is_guard(const MapExpression& value) const {
  using Kind = MapExpression::Kind;
  if (value.kind != Kind::call || value.name != "min" || value.parts.size() != 2) return false;
  const MapExpression &difference = value.parts[0], &zero = value.parts[1];
  if (zero.kind != Kind::number || zero.number != 0) return false;
  if (difference.kind != Kind::call || difference.name != "-" || difference.parts.size() != 2)
    return false;
  const MapExpression &before = difference.parts[0], &now = difference.parts[1];
  return before.kind == Kind::element && now.kind == Kind::element &&
         before.element.tensor == now.element.tensor &&
         loop_constant(now.element) > loop_constant(before.element) && finite(now.element.tensor);
}

void Reader::add_operands(const Einsum& einsum, TileOp& op) const {
  const auto& tensors = cascade_.tensors;
  for (const TensorAccess* access : reads_of(einsum)) {
    OpOperand operand;
    operand.tensor = root(access->tensor);
    const Names ranks = ranks_of(*access);
    operand.along_row = has(ranks, row_);
    operand.along_columns = std::ranges::any_of(
        work_.ranks.columns, [&](const std::string& rank) { return has(ranks, rank); });
    operand.elements = count(ranks);
    for (std::size_t i = 0; i < work_.ops.size(); ++i)
      if (work_.ops[i].name == operand.tensor) operand.producer = static_cast<std::int32_t>(i);
    const bool is_input = std::ranges::any_of(tensors, [&](const CascadeTensor& t) {
      return t.name == operand.tensor && t.kind == CascadeTensor::Kind::input;
    });
    // A recurrence reads what it makes itself, which no operation before it is.
    operand.carried =
        !op.after_loop && !is_input &&
        (operand.producer < 0 ||
         loop_constant(
             cascade_.einsums[work_.ops[static_cast<std::size_t>(operand.producer)].einsum]
                 .output) > loop_constant(*access));
    op.operands.push_back(std::move(operand));
  }
}

void Reader::add_op(std::size_t index, bool after) {
  const Einsum& einsum = cascade_.einsums[index];
  TileOp op;
  op.name = einsum.output.tensor;
  op.einsum = index;
  op.after_loop = after;
  op.is_output = cascade_.find_tensor(op.name)->kind == CascadeTensor::Kind::output;
  const Names iterated = ranks_of(einsum), made = ranks_of(einsum.output);
  op.shape = has(made, row_)       ? OpShape::in_place
             : has(iterated, row_) ? OpShape::column
                                   : OpShape::line;
  op.elements = count(iterated);
  op.results = count(made);
  MapExpression value = einsum.value;
  for (MapExpression& part : value.parts)
    if (is_guard(part)) part = MapExpression(part.parts[0]);
  if (is_guard(value)) value = MapExpression(value.parts[0]);
  op.operations = operations_of(einsum, value, cascade_);
  if (!einsum.reductions.empty() && op.shape == OpShape::column)
    op.reduction = einsum.reductions.back().operation;
  add_operands(einsum, op);
  work_.ops.push_back(std::move(op));
}

/// Operands of recurrences whose maker comes later in the cascade.
void resolve_recurrences(TileWork& work) {
  for (TileOp& op : work.ops)
    for (OpOperand& operand : op.operands)
      for (std::size_t i = 0; i < work.ops.size() && operand.producer < 0; ++i)
        if (work.ops[i].name == operand.tensor) operand.producer = static_cast<std::int32_t>(i);
}

}  // namespace

std::uint64_t size_of(const Cascade& cascade, const std::vector<std::string>& ranks) {
  std::uint64_t size = 1;
  for (const std::string& rank : ranks) size = product(size, cascade.find_rank(rank)->size);
  return size;
}

std::uint64_t steps_of(const Cascade& cascade, const TileWork& work) {
  if (!work.ranks.loop.empty()) return cascade.find_rank(work.ranks.loop)->size;
  return ceil_div(size_of(cascade, work.ranks.rows), work.tile_rows);
}

TileWork tile_work(const Cascade& cascade) {
  TileWork work = Reader(cascade).read();
  resolve_recurrences(work);
  return work;
}

Placement published_placement(const TileWork& work) {
  Placement placement;
  for (const TileOp& op : work.ops)
    placement.unit.push_back(op.shape == OpShape::line ? ArrayUnit::vector : ArrayUnit::spatial);
  placement.seeded.assign(work.ops.size(), false);
  return placement;
}

}  // namespace sluice
