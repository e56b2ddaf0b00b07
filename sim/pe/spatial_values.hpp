// SPDX-License-Identifier: Apache-2.0
// The values that PEs of a spatial machine compute: coordinates of a lane, conditions, and the map
// of an Einsum on the words at hand. Not for users of the room; see spatial.hpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/pe/spatial_program.hpp"
#include "workloads/cascade/evaluate.hpp"

namespace sluice {

/// Where one operation of one PE is in the iteration space: a coordinate of every rank of the
/// cascade, in its order.
using PeCoordinates = std::vector<std::int64_t>;

/// What a PE needs to know of a cascade.
class SpatialValues {
 public:
  SpatialValues(const SpatialJob& job, const TensorValues& reference,
                std::optional<NumberFormat> format);

  /// Coordinates of a PE in a tile; nothing beyond the edge of a ragged tile. `op` is one of the
  /// work, for the ranks that its elements run through.
  std::optional<PeCoordinates> place(const TilePlace& tile, std::uint64_t row, std::uint64_t lane,
                                     std::uint32_t op, std::uint64_t element) const;
  bool holds(std::uint32_t op, const PeCoordinates& at) const;
  /// The map of an operation on its operands, in the order in which it reads them.
  double map(std::uint32_t op, const std::vector<double>& operands) const;
  double combine(const std::string& reduction, double a, double b) const;
  /// The element of the reference that operand `i` of an operation reads.
  double read(std::uint32_t op, std::size_t operand, const PeCoordinates& at) const;
  /// Where the result of an operation lies in its tensor.
  std::size_t result_index(std::uint32_t op, const PeCoordinates& at) const;
  /// What an operation reduces with.
  const std::string& reduction(std::uint32_t op) const;

 private:
  std::size_t flat(const TensorAccess& access, const PeCoordinates& at) const;
  std::int64_t value_of(const TensorIndex& index, const PeCoordinates& at) const;
  using Arguments = std::map<std::string, double>;  ///< of a function that the cascade declares
  std::uint64_t set(PeCoordinates& at, std::size_t rank, std::uint64_t value) const;
  std::uint64_t spread(PeCoordinates& at, const std::vector<std::size_t>& ranks,
                       std::uint64_t value) const;
  double evaluate(const MapExpression& value, const std::vector<double>& operands,
                  std::size_t& next, const Arguments* arguments) const;
  double rounded(double value) const;
  double exponential(double x) const;

  const SpatialJob& job_;
  const TensorValues& reference_;
  std::optional<NumberFormat> format_;
  std::vector<std::vector<const TensorAccess*>> reads_;      ///< by operation of the work
  std::vector<std::vector<std::size_t>> temporal_;           ///< ranks, the last one fastest
  std::vector<std::size_t> rows_, columns_, blocks_, time_;  ///< ranks
  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t loop_ = none;
};

}  // namespace sluice
