// SPDX-License-Identifier: Apache-2.0
// The room that tiles have in scratchpads and the room that they need, for the mapper and for
// verify(). Internal to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "mapper/mapping.hpp"

namespace sluice {

/// Bytes of one tile of each role, by TensorRole.
using RoleBytes = std::array<std::uint64_t, tensor_role_count>;

/// Tiles of input and weights in their formats, of the output in the accumulator's.
RoleBytes tile_bytes(const GemmTask& task, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                     const SystolicArray& array);
/// Operands in the input scratchpad and results in the output scratchpad, both in the input format.
RoleBytes tile_bytes(const VectorTask& task, std::uint64_t elements, const SystolicArray& array);

/// Of a block of rows and a tile of keys: queries and probabilities where inputs live; keys and
/// values; scores, results as sums and as they are written, and what is kept of a row.
RoleBytes tile_bytes(const AttentionTask& task, const AttentionTiling& tiling,
                     const SystolicArray& array);

/// Distinct input elements that m tiles of a size read, of each channel of a convolution, else of
/// each k.
struct InputTiles {
  std::uint64_t most = 1;  ///< no tile reads more; see input_tile_elements()
  std::uint64_t all = 1;   ///< all tiles together, each by itself
};
InputTiles input_tiles(const GemmTask& task, std::uint64_t m_tile);
std::uint64_t most_input(const GemmTask& task, std::uint64_t m_tile);  ///< its `most` alone
/// Numbers of a channel in k.
inline std::uint64_t taps(const GemmTask& task) { return task.window ? task.window->taps() : 1; }

/// tile_bytes() and traffic() with what they need to know of the m tile, which takes longest.
inline RoleBytes tile_bytes(const GemmTask& task, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                            const SystolicArray& array, const InputTiles& input) {
  return {storage_bytes(input.most * (k / taps(task)), array.input_format),
          storage_bytes(k * n, array.weight_format),
          storage_bytes(m * n, array.accumulator_format)};
}
TaskTraffic traffic(const GemmTask& task, const GemmLoop& loop, const SystolicArray& array,
                    const InputTiles& input);

/// A scratchpad that does not hold the tiles that live in it at once.
struct Overflow {
  std::string roles;  ///< such as `input and weight`
  std::string scratchpad;
  std::uint64_t needed = 0, available = 0;  ///< bytes, both halves of a double buffer included
};

/// What each role's scratchpad leaves for one set of tiles: half of it if it is double-buffered.
class Room {
 public:
  explicit Room(const Architecture& architecture);

  bool fits(const RoleBytes& bytes) const {
    for (std::size_t role = 0; role < tensor_role_count; ++role)
      if ((apart_ ? bytes[role] : together(bytes, role)) > room_[role]) return false;
    return true;
  }
  /// Bytes of all roles that live in the scratchpad of `role`.
  std::uint64_t together(const RoleBytes& bytes, std::size_t role) const {
    std::uint64_t sum = 0;
    for (std::size_t other = 0; other < tensor_role_count; ++other)
      sum += bytes[other] * shared_[role][other];
    return sum;
  }
  std::uint64_t room(std::size_t role) const { return room_[role]; }

 private:
  RoleBytes room_{};
  std::array<std::array<bool, tensor_role_count>, tensor_role_count> shared_{};
  bool apart_ = true;  ///< each role has a scratchpad of its own
};

/// The first scratchpad that `bytes` overflow, or nothing. A role that no scratchpad holds
/// overflows a nameless one of 0 bytes if it needs any.
std::optional<Overflow> overflow(const RoleBytes& bytes, const Architecture& architecture);

/// Tile extents that fill the array: what its rows and columns hold, by dataflow (the table at
/// SystolicArray); the rank that runs in time may be cut anywhere.
struct GemmTile {
  std::uint64_t m = 1, n = 1, k = 1;
};
GemmTile gemm_grain(const GemmTask& task, const SystolicArray& array);

/// The tiling with the least DRAM traffic, then the fewest tiles; nothing when none fits.
std::optional<GemmTiling> least_traffic_tiling(const GemmTask& task, const SystolicArray& array,
                                               const Room& room);

std::optional<VectorTiling> least_traffic_tiling(const VectorTask& task,
                                                 const Architecture& architecture,
                                                 const Room& room);

/// Rows and keys that fill the array in both products.
AttentionTiling attention_grain(const AttentionTask& task, const SystolicArray& array);

/// The answer for a task of which not even the smallest tiles fit.
Infeasible smallest_tiles_do_not_fit(const Task& task, const Architecture& architecture);

/// Why the work of `task` is more than can be counted in 64 bits, whatever its tiling, or nothing.
std::optional<Infeasible> too_much_work(const Task& task);

}  // namespace sluice
