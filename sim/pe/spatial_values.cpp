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
  loop_ = place_of(job.cascade, ranks.loop);
  row_ = place_of(job.cascade, ranks.row);
  for (const TileOp& op : job.work.ops) {
    const Einsum& einsum = job.cascade.einsums[op.einsum];
    reads_.push_back(reads_of(einsum));
    std::vector<std::size_t> temporal;
    for (const std::string& rank : ranks_of(einsum)) {
      const std::size_t at = place_of(job.cascade, rank);
      if (at != loop_ && at != row_ && !std::ranges::count(blocks_, at) &&
          !std::ranges::count(columns_, at))
        temporal.push_back(at);
    }
    temporal_.push_back(std::move(temporal));
  }
}

std::optional<PeCoordinates> SpatialValues::place(const TilePlace& tile, std::uint64_t row,
                                                  std::uint64_t lane, std::uint32_t op,
                                                  std::uint64_t element) const {
  const auto& ranks = job_.cascade.ranks;
  PeCoordinates at(ranks.size(), 0);
  std::uint64_t rest = tile.column * job_.placed.pipeline.columns + lane;
  for (const std::size_t rank : columns_) {  // the first one fastest
    at[rank] = static_cast<std::int64_t>(rest % ranks[rank].size);
    rest /= ranks[rank].size;
  }
  if (rest > 0 || row >= job_.work.tile_rows) return std::nullopt;
  rest = tile.block;
  for (auto rank = blocks_.rbegin(); rank != blocks_.rend(); ++rank) {
    at[*rank] = static_cast<std::int64_t>(rest % ranks[*rank].size);
    rest /= ranks[*rank].size;
  }
  rest = element;
  for (auto rank = temporal_[op].rbegin(); rank != temporal_[op].rend(); ++rank) {
    at[*rank] = static_cast<std::int64_t>(rest % ranks[*rank].size);
    rest /= ranks[*rank].size;
  }
  at[loop_] = static_cast<std::int64_t>(tile.step);
  at[row_] = static_cast<std::int64_t>(row);
  return at;
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
  const TensorAccess& access = *reads_[op][operand];
  return rounded(reference_.at(access.tensor)[flat(access, at)]);
}

std::size_t SpatialValues::result_index(std::uint32_t op, const PeCoordinates& at) const {
  return flat(job_.cascade.einsums[job_.work.ops[op].einsum].output, at);
}

const std::string& SpatialValues::result_name(std::uint32_t op) const {
  return job_.work.ops[op].name;
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
                               std::size_t& next) const {
  using Kind = MapExpression::Kind;
  if (value.kind == Kind::element) return operands[next++];
  if (value.kind == Kind::number || value.kind == Kind::symbol) return value.number;
  SLUICE_ASSERT(value.kind == Kind::call && find_operation(value.name) != nullptr,
                "an operation of the cascade has no value in a PE");
  std::vector<double> parts;
  for (const MapExpression& part : value.parts) parts.push_back(evaluate(part, operands, next));
  if (value.name == "exp") return exponential(parts[0]);
  return rounded(find_operation(value.name)->value(parts.data(), parts.size()));
}

double SpatialValues::map(std::uint32_t op, const std::vector<double>& operands) const {
  const TileOp& of = job_.work.ops[op];
  if (of.operations == std::vector<std::string>{"mac"})  // rounded once, with the sum
    return operands[0] * operands[1];
  std::size_t next = 0;
  return evaluate(job_.cascade.einsums[job_.work.ops[op].einsum].value, operands, next);
}

double SpatialValues::combine(const std::string& reduction, double a, double b) const {
  if (reduction == "max") return std::fmax(a, b);
  if (reduction == "min") return std::fmin(a, b);
  return rounded(reduction == "*" ? a * b : a + b);
}

}  // namespace sluice
