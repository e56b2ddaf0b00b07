// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/spatial_values.hpp"

#include <algorithm>
#include <cmath>

#include "arch/rounding.hpp"
#include "base/assert.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

std::size_t place_of(const Cascade& cascade, const std::string& rank) {
  const auto at = std::ranges::find(cascade.ranks, rank, &CascadeRank::name);
  return static_cast<std::size_t>(at - cascade.ranks.begin());
}

bool is_true(const std::string& relation, std::int64_t left, std::int64_t right) {
  if (relation == "<") return left < right;
  if (relation == "<=") return left <= right;
  if (relation == ">") return left > right;
  if (relation == ">=") return left >= right;
  return left == right;
}

}  // namespace

SpatialValues::SpatialValues(const SpatialJob& job, const TensorValues& reference,
                             std::optional<NumberFormat> format)
    : job_(job), reference_(reference), format_(format) {
  const TileRanks& ranks = job.work.ranks;
  for (const std::string& rank : ranks.blocks) blocks_.push_back(place_of(job.cascade, rank));
  for (const std::string& rank : ranks.columns) columns_.push_back(place_of(job.cascade, rank));
  for (const std::string& rank : ranks.rows) rows_.push_back(place_of(job.cascade, rank));
  for (const std::string& rank : ranks.time) time_.push_back(place_of(job.cascade, rank));
  if (!ranks.loop.empty()) loop_ = place_of(job.cascade, ranks.loop);
  for (const TileOp& op : job.work.ops) {
    const Einsum& einsum = job.cascade.einsums[op.einsum];
    reads_.push_back(reads_of(einsum));
    std::vector<std::size_t> temporal;
    for (const std::string& rank : ranks_of(einsum)) {
      const std::size_t at = place_of(job.cascade, rank);
      const auto among = [&](const std::vector<std::size_t>& some) {
        return std::ranges::count(some, at) > 0;
      };
      if (at != loop_ && !among(rows_) && !among(blocks_) && !among(columns_) && !among(time_))
        temporal.push_back(at);
    }
    temporal_.push_back(std::move(temporal));
  }
}

std::optional<PeCoordinates> SpatialValues::place(const TilePlace& tile, std::uint64_t row,
                                                  std::uint64_t lane, std::uint32_t op,
                                                  std::uint64_t element) const {
  const TileWork& work = job_.work;
  const TileOp& of = work.ops[op];
  PeCoordinates at(job_.cascade.ranks.size(), 0);
  if (of.rows_in_time || of.kind == OpKind::load) row = element;
  const std::uint64_t vector = work.vectors > 1 ? element : 0;
  std::uint64_t rest = (tile.column * work.vectors + vector) * job_.placed.pipeline.columns + lane;
  for (const std::size_t rank : columns_) rest = set(at, rank, rest);
  if (rest > 0 || row >= work.tile_rows) return std::nullopt;
  const std::uint64_t chunks = job_.walk.chunks;
  const std::uint64_t moment = tile.block % chunks * work.time_tile +
                               (of.kind == OpKind::load || time_.empty() ? 0 : element);
  if (spread(at, blocks_, tile.block / chunks) > 0 || spread(at, time_, moment) > 0)
    return std::nullopt;
  if (time_.empty() && !of.rows_in_time && of.kind != OpKind::load && work.vectors == 1)
    spread(at, temporal_[op], element);
  if (loop_ != none) {
    at[loop_] = static_cast<std::int64_t>(tile.step);
    at[rows_.front()] = static_cast<std::int64_t>(row);
  } else if (spread(at, rows_, tile.step * work.tile_rows + row) > 0) {
    return std::nullopt;
  }
  return at;
}

/// Sets the coordinate of a rank that runs faster than others; what is left for those.
std::uint64_t SpatialValues::set(PeCoordinates& at, std::size_t rank, std::uint64_t value) const {
  const std::uint64_t size = job_.cascade.ranks[rank].size;
  at[rank] = static_cast<std::int64_t>(value % size);
  return value / size;
}

/// The same for ranks together, of which the last one runs fastest.
std::uint64_t SpatialValues::spread(PeCoordinates& at, const std::vector<std::size_t>& ranks,
                                    std::uint64_t value) const {
  for (auto rank = ranks.rbegin(); rank != ranks.rend(); ++rank) value = set(at, *rank, value);
  return value;
}

std::int64_t SpatialValues::value_of(const TensorIndex& index, const PeCoordinates& at) const {
  std::int64_t value = 0;
  for (const IndexTerm& term : index.terms)
    value += term.coefficient * (term.rank.empty() ? 1 : at[place_of(job_.cascade, term.rank)]);
  return value;
}

bool SpatialValues::holds(std::uint32_t op, const PeCoordinates& at) const {
  const auto one = [&](const RankComparison& c) {
    return is_true(c.relation, value_of(c.left, at), value_of(c.right, at));
  };
  const Einsum& einsum = job_.cascade.einsums[job_.work.ops[op].einsum];
  return std::ranges::all_of(einsum.conditions, [&](const RankComparison& c) {
    return one(c) || std::ranges::any_of(c.alternatives, one);
  });
}

std::size_t SpatialValues::flat(const TensorAccess& access, const PeCoordinates& at) const {
  const CascadeTensor& tensor = *job_.cascade.find_tensor(access.tensor);
  std::size_t index = 0;
  for (std::size_t d = 0; d < access.indices.size(); ++d)
    index = index * tensor.dimensions[d].size +
            static_cast<std::size_t>(value_of(access.indices[d], at));
  return index;
}

double SpatialValues::read(std::uint32_t op, std::size_t operand, const PeCoordinates& at) const {
  const TileOp& of = job_.work.ops[op];
  if (of.kind == OpKind::load)  // the operand that stays of the next operation
    operand = job_.work.ops[op + 1].operands[0].producer == static_cast<std::int32_t>(op) ? 0 : 1;
  const TensorAccess& access = *reads_[op][operand];
  return rounded(reference_.at(access.tensor)[flat(access, at)]);
}

std::size_t SpatialValues::result_index(std::uint32_t op, const PeCoordinates& at) const {
  return flat(job_.cascade.einsums[job_.work.ops[op].einsum].output, at);
}

const std::string& SpatialValues::reduction(std::uint32_t op) const {
  return job_.cascade.einsums[job_.work.ops[op].einsum].reductions.back().operation;
}

double SpatialValues::rounded(double value) const {
  return format_ ? round_to(*format_, value) : value;
}

/// 2^k e^f with |f| <= ln 2 / 2: five MACs and a multiplication by 2^k, each rounded.
double SpatialValues::exponential(double x) const {
  if (!format_ || !std::isfinite(x)) return rounded(std::exp(x));
  const double k = std::nearbyint(x / std::log(2.0)), f = rounded(x - k * std::log(2.0));
  double sum = rounded(1.0 / 120);
  for (const double c : {1.0 / 24, 1.0 / 6, 1.0 / 2, 1.0, 1.0}) sum = rounded(sum * f + rounded(c));
  return rounded(std::ldexp(sum, static_cast<int>(k)));
}

double SpatialValues::evaluate(const MapExpression& value, const std::vector<double>& operands,
                               std::size_t& next, const Arguments* arguments) const {
  using Kind = MapExpression::Kind;
  if (value.kind == Kind::element) return operands[next++];
  if (value.kind == Kind::number || value.kind == Kind::symbol) return value.number;
  if (value.kind == Kind::argument) return arguments->at(value.name);
  SLUICE_ASSERT(value.kind == Kind::call, "a PE does not compute with coordinates");
  std::vector<double> parts;
  for (const MapExpression& part : value.parts)
    parts.push_back(evaluate(part, operands, next, arguments));
  if (const MapFunction* function = job_.cascade.find_function(value.name)) {
    Arguments own;
    for (std::size_t i = 0; i < parts.size(); ++i) own[function->arguments[i]] = parts[i];
    return evaluate(function->body, operands, next, &own);
  }
  SLUICE_ASSERT(find_operation(value.name) != nullptr,
                "an operation of the cascade has no value in a PE");
  if (value.name == "exp") return exponential(parts[0]);
  return rounded(find_operation(value.name)->value(parts.data(), parts.size()));
}

double SpatialValues::map(std::uint32_t op, const std::vector<double>& operands) const {
  const TileOp& of = job_.work.ops[op];
  if (of.kind == OpKind::load || of.kind == OpKind::drain) return operands[0];
  if (of.kind == OpKind::sum) return combine("+", operands[0], operands[1]);
  if (of.operations == std::vector<std::string>{"mac"})  // rounded once, with the sum
    return operands[0] * operands[1];
  std::size_t next = 0;
  return evaluate(job_.cascade.einsums[job_.work.ops[op].einsum].value, operands, next, nullptr);
}

double SpatialValues::combine(const std::string& reduction, double a, double b) const {
  if (reduction == "max") return std::fmax(a, b);
  if (reduction == "min") return std::fmin(a, b);
  return rounded(reduction == "*" ? a * b : a + b);
}

}  // namespace sluice
