// SPDX-License-Identifier: Apache-2.0
// Layers without an iterative rank on a spatial machine: products on its grid, all else on its
// vector array. docs/spatial.md explains the dataflows.
#pragma once

#include <cstdint>
#include <optional>

#include "base/describe.hpp"
#include "mapper/schedule/pipeline.hpp"

namespace sluice {

/// What of a product stays in the PEs.
enum class SpatialDataflow : std::uint8_t {
  best,            ///< whichever of the others is estimated to be fastest
  weight,          ///< a tile of the second operand, reduced ranks along the rows
  input,           ///< a tile of the first operand
  output,          ///< sums, the first operand's ranks along the rows
  output_swapped,  ///< sums, the second operand's ranks along the rows
  vector,          ///< nothing: the vector array computes it
};
template <>
struct EnumNames<SpatialDataflow> {
  static constexpr EnumName<SpatialDataflow> table[] = {
      {"best", SpatialDataflow::best},
      {"weight", SpatialDataflow::weight},
      {"input", SpatialDataflow::input},
      {"output", SpatialDataflow::output},
      {"output_swapped", SpatialDataflow::output_swapped},
      {"vector", SpatialDataflow::vector}};
};

/// The same results with fewer Einsums: what looks at single elements is computed with its only
/// reader, and what follows a sum runs through the ranks of the sum.
Cascade simplify(const Cascade& cascade);

/// A cascade that is one product that sums (inputs may be taken apart or padded first) with at most
/// one Einsum after it, which looks at one element.
struct GridProduct {
  std::size_t einsum = 0;
  std::optional<std::size_t> epilogue;
  std::vector<std::string> reduced, first, second;  ///< ranks; of one operand and the result alone
  std::vector<std::string> blocks;                  ///< of both operands and the result
};
std::optional<GridProduct> find_product(const Cascade& cascade);

/// How much of it is a tile.
struct TileSize {
  std::uint64_t rows = 1, columns = 1;  ///< of the grid
  std::uint64_t time = 1;               ///< coordinates of the ranks in time; `weight`, `input`
};

/// The work of a tile of a product on the grid.
TileWork product_work(const Cascade& cascade, const GridProduct& product, SpatialDataflow dataflow,
                      const TileSize& size);

/// The ranks that run through time in tiles; none but of `weight` and `input`.
std::vector<std::string> time_ranks(const GridProduct& product, SpatialDataflow dataflow);

/// The work of a tile of any cascade without an iterative rank on the vector array; at most
/// `most_vectors` vectors of `columns` elements a tile where nothing else sets their number. Throws
/// SpecError where its Einsums have no rank in common.
TileWork line_work(const Cascade& cascade, std::uint64_t columns, std::uint64_t most_vectors);

}  // namespace sluice
