// SPDX-License-Identifier: Apache-2.0
// The work of a tile of layers without an iterative rank; see layer_work.hpp.
#include "mapper/schedule/layer_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/assert.hpp"
#include "base/checked.hpp"
#include "base/diagnostics.hpp"
#include "mapper/schedule/einsum_work.hpp"

namespace sluice {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}
bool has_any(const Names& names, const Names& some) {
  return std::ranges::any_of(some, [&](const std::string& name) { return has(names, name); });
}
Names reversed(Names names) {
  std::ranges::reverse(names);
  return names;
}

bool is_output(const Cascade& cascade, const std::string& tensor) {
  return cascade.find_tensor(tensor)->kind == CascadeTensor::Kind::output;
}

std::string root(const std::map<std::string, std::string>& alias, std::string tensor) {
  while (alias.contains(tensor)) tensor = alias.at(tensor);
  return tensor;
}

/// Einsums that cost something, in order of dependence.
std::vector<std::size_t> working(const Cascade& cascade) {
  const auto alias = aliases_of(cascade);
  std::vector<std::size_t> left, order;
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i)
    if (!alias.contains(cascade.einsums[i].output.tensor)) left.push_back(i);
  const auto waits = [&](std::size_t i) {
    return std::ranges::any_of(reads_of(cascade.einsums[i]), [&](const TensorAccess* access) {
      return std::ranges::any_of(left, [&](std::size_t j) {
        return j != i && cascade.einsums[j].output.tensor == access->tensor;
      });
    });
  };
  while (!left.empty()) {
    const auto next = std::ranges::find_if_not(left, waits);
    SLUICE_ASSERT(next != left.end(), "a cascade without iterative rank depends on itself");
    order.push_back(*next);
    left.erase(next);
  }
  return order;
}

/// Whether `after` looks at every result of `product` once, at the coordinates it was made at.
bool looks_at_each(const Einsum& after, const Einsum& product) {
  if (!after.reductions.empty() || !after.conditions.empty()) return false;
  std::size_t reads = 0;
  for (const TensorAccess* access : reads_of(after)) {
    if (access->tensor != product.output.tensor) continue;
    if (access->indices != product.output.indices) return false;
    ++reads;
  }
  return reads == 1 && ranks_of(after).size() == ranks_of(product.output).size();
}

}  // namespace

std::optional<GridProduct> find_product(const Cascade& cascade) {
  const std::vector<std::size_t> order = working(cascade);
  if (order.empty() || order.size() > 2) return std::nullopt;
  GridProduct product;
  product.einsum = order[0];
  const Einsum& einsum = cascade.einsums[order[0]];
  if (operations_of(einsum, einsum.value, cascade) != Names{"mac"} || !einsum.conditions.empty() ||
      einsum.reductions.size() != 1 || einsum.value.parts.size() != 2)
    return std::nullopt;
  for (const MapExpression& part : einsum.value.parts)
    if (part.kind != MapExpression::Kind::element) return std::nullopt;
  if (order.size() == 2) {
    if (!looks_at_each(cascade.einsums[order[1]], einsum)) return std::nullopt;
    product.epilogue = order[1];
  }
  const Names made = ranks_of(einsum.output);
  const Names first = ranks_of(einsum.value.parts[0].element),
              second = ranks_of(einsum.value.parts[1].element);
  for (const std::string& rank : ranks_of(einsum)) {
    const bool in_first = has(first, rank), in_second = has(second, rank);
    if (!has(made, rank)) {
      if (!in_first || !in_second) return std::nullopt;
      product.reduced.push_back(rank);
    } else {
      (in_first && in_second ? product.blocks
       : in_first            ? product.first
                             : product.second)
          .push_back(rank);
    }
  }
  return product;
}

std::vector<std::string> time_ranks(const GridProduct& product, SpatialDataflow dataflow) {
  if (dataflow == SpatialDataflow::weight) return product.first;
  if (dataflow == SpatialDataflow::input) return product.second;
  return {};
}

namespace {

/// Builds the operations of a product: a stationary operand or stationary sums.
class ProductWork {
 public:
  ProductWork(const Cascade& cascade, const GridProduct& product, SpatialDataflow dataflow,
              const TileSize& size)
      : cascade_(cascade),
        product_(product),
        einsum_(cascade.einsums[product.einsum]),
        alias_(aliases_of(cascade)),
        sums_stay_(dataflow == SpatialDataflow::output ||
                   dataflow == SpatialDataflow::output_swapped),
        second_on_columns_(dataflow == SpatialDataflow::weight ||
                           dataflow == SpatialDataflow::output) {
    TileRanks& ranks = work_.ranks;
    const Names& on_rows = second_on_columns_ ? product.first : product.second;
    ranks.columns = reversed(second_on_columns_ ? product.second : product.first);
    ranks.blocks = product.blocks;
    ranks.rows = sums_stay_ ? on_rows : product.reduced;
    if (!sums_stay_) ranks.time = on_rows;
    work_.tile_rows = std::min(size.rows, size_of(cascade, ranks.rows));
    work_.time_tile = std::min(size.time, size_of(cascade, ranks.time));
    work_.every_tile = sums_stay_ || steps_of(cascade, work_) == 1;
  }

  TileWork build() {
    if (sums_stay_)
      add_stationary_sums();
    else
      add_stationary_operand();
    if (product_.epilogue) add_epilogue(*product_.epilogue);
    return std::move(work_);
  }

 private:
  /// What both arrays read of one that operation `producer` makes.
  static OpOperand made(const TileOp& op, std::size_t producer, std::uint64_t elements) {
    return {op.name, static_cast<std::int32_t>(producer), false, false, true, elements};
  }
  TileOp op(std::string name, OpKind kind, OpShape shape, std::uint64_t elements) const {
    TileOp op;
    op.name = std::move(name);
    op.einsum = product_.einsum;
    op.kind = kind;
    op.shape = shape;
    op.elements = op.results = elements;
    return op;
  }
  std::string tensor_of(std::size_t part) const {
    return root(alias_, einsum_.value.parts[part].element.tensor);
  }
  void add(TileOp op) { work_.ops.push_back(std::move(op)); }
  void add_stationary_operand();
  void add_stationary_sums();
  void add_epilogue(std::size_t index);

  const Cascade& cascade_;
  const GridProduct& product_;
  const Einsum& einsum_;
  std::map<std::string, std::string> alias_;
  bool sums_stay_, second_on_columns_;
  TileWork work_;
};

/// The operand comes into the grid row by row, the other streams through it; sums leave below.
void ProductWork::add_stationary_operand() {
  const std::size_t stays = second_on_columns_ ? 1 : 0;
  const std::uint64_t elements = work_.time_tile;
  const std::string& result = einsum_.output.tensor;
  TileOp load = op(tensor_of(stays), OpKind::load, OpShape::in_place, work_.tile_rows);
  load.results = 1;
  load.operands = {{tensor_of(stays), -1, false, false, true, work_.tile_rows}};
  const bool one_step = work_.every_tile;
  TileOp column = op(one_step ? result : result + ".part", OpKind::map, OpShape::column, elements);
  column.reduction = "+";
  column.operations = {"mac"};
  column.operands.resize(2);
  column.operands[stays] = {load.name, 0, false, true, true, 1};
  column.operands[1 - stays] = {tensor_of(1 - stays), -1, false, true, false, elements};
  column.is_output = one_step && is_output(cascade_, result);
  add(std::move(load));
  add(std::move(column));
  if (one_step) return;
  TileOp sum = op(result, OpKind::sum, OpShape::line, elements);
  sum.operations = {"add"};
  sum.operands = {made(work_.ops[1], 1, elements), made(sum, 2, elements)};
  sum.operands[1].carried = true;
  sum.is_output = is_output(cascade_, result);
  add(std::move(sum));
}

/// Both operands stream; the sums are moved down when they are complete.
void ProductWork::add_stationary_sums() {
  const std::uint64_t terms = size_of(cascade_, product_.reduced);
  const std::string& result = einsum_.output.tensor;
  TileOp sums = op(result + ".sums", OpKind::map, OpShape::in_place, terms);
  sums.results = 1;
  sums.operations = {"mac"};
  for (std::size_t part = 0; part < 2; ++part) {
    const bool on_columns = (part == 1) == second_on_columns_;
    sums.operands.push_back({tensor_of(part), -1, false, !on_columns, on_columns, terms});
  }
  add(std::move(sums));
  TileOp drain = op(result, OpKind::drain, OpShape::column, work_.tile_rows);
  drain.reduction = "+";
  drain.rows_in_time = true;
  drain.operands = {made(work_.ops[0], 0, 1)};
  drain.operands[0].along_row = true;
  drain.is_output = is_output(cascade_, result);
  add(std::move(drain));
}

void ProductWork::add_epilogue(std::size_t index) {
  const Einsum& einsum = cascade_.einsums[index];
  const std::size_t last = work_.ops.size() - 1;
  TileOp epilogue = op(einsum.output.tensor, OpKind::map, OpShape::line, work_.ops[last].elements);
  epilogue.einsum = index;
  epilogue.operations = operations_of(einsum, einsum.value, cascade_);
  epilogue.after_loop = !work_.every_tile;
  epilogue.rows_in_time = sums_stay_;
  epilogue.is_output = true;
  for (const TensorAccess* access : reads_of(einsum)) {
    if (access->tensor == einsum_.output.tensor) {
      epilogue.operands.push_back(made(work_.ops[last], last, epilogue.elements));
      continue;
    }
    const Names ranks = ranks_of(*access);
    const bool in_time = has_any(ranks, sums_stay_ ? work_.ranks.rows : work_.ranks.time);
    epilogue.operands.push_back({root(alias_, access->tensor), -1, false, false,
                                 has_any(ranks, work_.ranks.columns),
                                 in_time ? epilogue.elements : 1});
  }
  add(std::move(epilogue));
}

}  // namespace

TileWork product_work(const Cascade& cascade, const GridProduct& product, SpatialDataflow dataflow,
                      const TileSize& size) {
  return ProductWork(cascade, product, dataflow, size).build();
}

namespace {

[[noreturn]] void refuse(const Cascade& cascade, std::string message) {
  throw SpecError({{{.path = cascade.name}, std::move(message), {}}});
}

/// All Einsums on the vector array; the ranks that all results have are spread over its lanes.
class LineWork {
 public:
  explicit LineWork(const Cascade& cascade)
      : cascade_(cascade), order_(working(cascade)), alias_(aliases_of(cascade)) {
    if (!order_.empty()) common_ = ranks_of(cascade.einsums[order_[0]].output);
    for (const std::size_t i : order_)
      std::erase_if(common_, [&](const std::string& rank) {
        return !has(ranks_of(cascade.einsums[i].output), rank);
      });
    if (common_.empty())
      refuse(cascade,
             "its Einsums have no rank in common: there is nothing to spread over the lanes");
  }

  TileWork build(std::uint64_t columns, std::uint64_t most_vectors) {
    work_.every_tile = true;
    work_.ranks.columns = reversed(common_);
    for (const std::size_t i : order_) add(i);
    const bool simple = std::ranges::all_of(
        work_.ops, [](const TileOp& op) { return op.elements == 1 && op.results == 1; });
    if (!simple) return std::move(work_);
    work_.vectors = std::min(most_vectors, ceil_div(size_of(cascade_, common_), columns));
    for (TileOp& op : work_.ops) {
      op.elements = op.results = work_.vectors;
      for (OpOperand& operand : op.operands)
        if (operand.along_columns) operand.elements = work_.vectors;
    }
    return std::move(work_);
  }

 private:
  std::uint64_t elements_of(const Names& ranks) const {
    std::uint64_t elements = 1;
    for (const std::string& rank : ranks)
      if (!has(common_, rank)) elements = product(elements, cascade_.find_rank(rank)->size);
    return elements;
  }
  void add(std::size_t index);

  const Cascade& cascade_;
  std::vector<std::size_t> order_;
  std::map<std::string, std::string> alias_;
  Names common_;
  TileWork work_;
};

void LineWork::add(std::size_t index) {
  const Einsum& einsum = cascade_.einsums[index];
  TileOp op;
  op.name = einsum.output.tensor;
  op.einsum = index;
  op.elements = elements_of(ranks_of(einsum));
  op.results = elements_of(ranks_of(einsum.output));
  op.operations = operations_of(einsum, einsum.value, cascade_);
  op.is_output = is_output(cascade_, op.name);
  if (op.elements > op.results && op.results > 1)
    refuse(cascade_, fmt::format("{} has {} sums a lane at once, the vector array makes one after "
                                 "the other",
                                 op.name, op.results));
  for (const TensorAccess* access : reads_of(einsum)) {
    const Names ranks = ranks_of(*access);
    OpOperand operand;
    operand.tensor = root(alias_, access->tensor);
    operand.along_columns = has_any(ranks, common_);
    operand.elements = elements_of(ranks);
    for (std::size_t k = 0; k < work_.ops.size(); ++k)
      if (work_.ops[k].name == operand.tensor) operand.producer = static_cast<std::int32_t>(k);
    op.operands.push_back(std::move(operand));
  }
  work_.ops.push_back(std::move(op));
}

}  // namespace

TileWork line_work(const Cascade& cascade, std::uint64_t columns, std::uint64_t most_vectors) {
  return LineWork(cascade).build(columns, most_vectors);
}

}  // namespace sluice
