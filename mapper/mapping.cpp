// SPDX-License-Identifier: Apache-2.0
// The room that tiles need, and what is wrong with a mapping, whoever made it.
#include "mapper/mapping.hpp"

#include <algorithm>
#include <utility>

#include "mapper/gemm_nest.hpp"
#include "mapper/room.hpp"

namespace sluice {
namespace {

constexpr std::array<TensorRole, tensor_role_count> all_roles = {
    TensorRole::input, TensorRole::weight, TensorRole::output};

bool holds(const Scratchpad& scratchpad, TensorRole role) {
  return std::find(scratchpad.holds.begin(), scratchpad.holds.end(), role) !=
         scratchpad.holds.end();
}

/// Collects what is wrong with one task's mapping; one overload a pairing of work and tiling.
class Verification {
 public:
  Verification(const TaskMapping& mapping, const Architecture& architecture,
               std::vector<std::string>& wrong)
      : name_(mapping.task.name), architecture_(architecture), wrong_(wrong) {}

  void operator()(const GemmTask& task, const GemmTiling& tiling) {
    const std::size_t before = wrong_.size();
    extent("batch", task.batch);
    extent("input batch", task.input_batch);
    extent("weight batch", task.weight_batch);
    tile("m", tiling.m_tile, task.m);
    tile("n", tiling.n_tile, task.n);
    tile("k", tiling.k_tile, task.k);
    if (wrong_.size() != before) return;
    divides("input batch", task.input_batch, "batch", task.batch);
    divides("weight batch", task.weight_batch, "batch", task.batch);
    if (task.input_elements > task.m * task.k)
      say("input elements " + std::to_string(task.input_elements) +
          " exceed m x k = " + std::to_string(task.m * task.k));
    else if (!task.window && task.input_elements < task.m * task.k)
      say("input elements " + std::to_string(task.input_elements) +
          " are not m x k = " + std::to_string(task.m * task.k) + ", and no window says which");
    if (task.window) window(*task.window, task);
    if (task.window) window_tiles(*task.window, task, tiling);
    fit(tile_bytes(task, tiling.m_tile, tiling.n_tile, tiling.k_tile, architecture_.array));
  }

  void operator()(const VectorTask& task, const VectorTiling& tiling) {
    const std::size_t before = wrong_.size();
    extent("passes", task.passes);
    extent("row", task.row_elements);
    tile("element", tiling.elements_tile, task.elements);
    if (wrong_.size() != before) return;
    divides("row", task.row_elements, "elements", task.elements);
    fit(tile_bytes(task, tiling.elements_tile, architecture_.array));
  }

  void operator()(const GemmTask& task, const GemmNest& nest) {
    const std::size_t before = wrong_.size();
    if (task.window) window(*task.window, task);
    if (wrong_.size() != before) return;
    GemmExtents around = extents_of(task);
    for (const GemmLoopNode& loop : nest.loops) {
      std::uint64_t& extent = around[static_cast<std::size_t>(loop.rank)];
      tile(name_in(task, loop.rank), loop.tile, extent);
      extent = std::min(extent, std::max<std::uint64_t>(loop.tile, 1));
    }
    for (const GemmRank rank : {GemmRank::group, GemmRank::member, GemmRank::copy})
      if (const std::uint64_t left = around[static_cast<std::size_t>(rank)]; left > 1)
        say("a step has " + std::to_string(left) + " products of rank " +
            std::string(name_in(task, rank)) + "; the array takes 1");
    for (std::size_t role = 0; role < tensor_role_count; ++role)
      if (nest.kept[role] > nest.loops.size())
        say(std::string(name_of(TensorRole(role))) + " is kept inside of " +
            std::to_string(nest.kept[role]) + " loops; there are " +
            std::to_string(nest.loops.size()));
    if (wrong_.size() != before) return;
    if (const std::string why = spills_too_often(task, nest); !why.empty()) say(why);
    RoleBytes bytes;
    for (std::size_t role = 0; role < tensor_role_count; ++role)
      bytes[role] =
          tile_bytes(task, TensorRole(role), tile_at(nest, TensorRole(role), extents_of(task), 0),
                     architecture_.array);
    fit(bytes);
  }

  void operator()(const AttentionTask& task, const AttentionTiling& tiling) {
    const std::size_t before = wrong_.size();
    extent("batch", task.batch);
    extent("width", task.width);
    tile("row", tiling.row_tile, task.rows);
    tile("key", tiling.key_tile, task.keys);
    if (traversals(task.cycles) == 0) say("attention has no form whose scores stay on chip");
    if (wrong_.size() == before) fit(tile_bytes(task, tiling, architecture_.array));
  }

  template <class Work, class Other>
  void operator()(const Work&, const Other&) {
    say("attention and its tiling belong together");
  }
  void operator()(const GemmTask&, const VectorTiling&) {
    say("a matrix product has the tiling of a vector task");
  }
  void operator()(const VectorTask&, const GemmTiling&) {
    say("a vector task has the tiling of a matrix product");
  }
  void operator()(const VectorTask&, const GemmNest&) {
    say("a vector task has the loops of a matrix product");
  }

 private:
  void say(const std::string& what) { wrong_.push_back("task " + name_ + ": " + what); }

  void extent(const char* what, std::uint64_t value) {
    if (value == 0) say(std::string(what) + " is 0; it is at least 1");
  }

  void tile(std::string_view what, std::uint64_t size, std::uint64_t extent) {
    if (size == 0)
      say(std::string(what) + " tile is 0; the extent is " + std::to_string(extent));
    else if (size > extent)
      say(std::string(what) + " tile " + std::to_string(size) + " exceeds the extent " +
          std::to_string(extent));
  }

  void window(const SlidingWindow& window, const GemmTask& task) {
    const std::uint64_t pixels = window.images * window.pixels();
    if (task.m != pixels)
      say("m " + std::to_string(task.m) + " is not the window's " + std::to_string(pixels) +
          " pixels");
    divides("taps", window.taps(), "k", task.k);
  }

  void window_tiles(const SlidingWindow& window, const GemmTask& task, const GemmTiling& tiling) {
    divides("taps", window.taps(), "k tile", tiling.k_tile);
    if (const std::uint64_t most = whole_pixels(task, tiling.m_tile); most != tiling.m_tile)
      say("m tile " + std::to_string(tiling.m_tile) +
          " is neither whole images nor equal runs of rows nor equal parts of a row; the next " +
          "smaller that is, is " + std::to_string(most));
  }

  void divides(const char* part, std::uint64_t divisor, const char* whole, std::uint64_t value) {
    if (value % divisor != 0)
      say(std::string(part) + " " + std::to_string(divisor) + " does not divide " + whole + " " +
          std::to_string(value));
  }

  void fit(const RoleBytes& bytes) {
    if (const auto over = overflow(bytes, architecture_))
      say("tiles of " + over->roles + " need " + std::to_string(over->needed) + " B; scratchpad " +
          over->scratchpad + " holds " + std::to_string(over->available) + " B");
  }

  const std::string& name_;
  const Architecture& architecture_;
  std::vector<std::string>& wrong_;
};

}  // namespace

RoleBytes tile_bytes(const GemmTask& task, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                     const SystolicArray& array) {
  return tile_bytes(task, m, n, k, array, {most_input(task, m), 0});
}

RoleBytes tile_bytes(const VectorTask& task, std::uint64_t elements, const SystolicArray& array) {
  return {storage_bytes(input_tile_elements(task, elements), array.input_format), 0,
          storage_bytes(elements, array.input_format)};
}

RoleBytes tile_bytes(const AttentionTask& task, const AttentionTiling& tiling,
                     const SystolicArray& array) {
  const std::uint64_t scores = product(tiling.row_tile, resident_keys(task, tiling));
  const std::uint64_t block = product(tiling.row_tile, task.width);
  // The maximum and the sum of a row; where results are corrected, also what there is of them.
  const std::uint64_t kept =
      2 * tiling.row_tile + (task.cycles.tile_output > 0 ? block : std::uint64_t{0});
  return {storage_bytes(block, array.input_format) + storage_bytes(scores, array.input_format),
          2 * storage_bytes(product(tiling.key_tile, task.width), array.weight_format),
          storage_bytes(scores + block + kept, array.accumulator_format) +
              storage_bytes(block, array.input_format)};
}

Room::Room(const Architecture& architecture) {
  for (const Scratchpad& scratchpad : architecture.scratchpads) {
    const std::uint64_t sets = scratchpad.double_buffered ? 2 : 1;
    apart_ = apart_ && scratchpad.holds.size() <= 1;
    for (const TensorRole role : scratchpad.holds) {
      const auto index = static_cast<std::size_t>(role);
      room_[index] = scratchpad.capacity.value / sets;
      for (const TensorRole other : scratchpad.holds)
        shared_[index][static_cast<std::size_t>(other)] = true;
    }
  }
  // A role that lives nowhere has no room.
  for (std::size_t role = 0; role < tensor_role_count; ++role) shared_[role][role] = true;
}

std::optional<Overflow> overflow(const RoleBytes& bytes, const Architecture& architecture) {
  for (const Scratchpad& scratchpad : architecture.scratchpads) {
    Overflow over{{}, scratchpad.name, 0, scratchpad.capacity.value};
    for (const TensorRole role : all_roles) {
      const std::uint64_t tile = bytes[static_cast<std::size_t>(role)];
      if (!holds(scratchpad, role) || tile == 0) continue;
      over.needed += scratchpad.double_buffered ? 2 * tile : tile;
      over.roles += (over.roles.empty() ? "" : " and ") + std::string(name_of(role));
    }
    if (over.needed > over.available) return over;
  }
  for (const TensorRole role : all_roles) {
    const std::uint64_t tile = bytes[static_cast<std::size_t>(role)];
    const bool homeless =
        std::none_of(architecture.scratchpads.begin(), architecture.scratchpads.end(),
                     [role](const Scratchpad& s) { return holds(s, role); });
    if (homeless && tile > 0) return Overflow{std::string(name_of(role)), "(none)", tile, 0};
  }
  return std::nullopt;
}

std::vector<std::string> verify(const Mapping& mapping, const Architecture& architecture) {
  std::vector<std::string> wrong;
  for (const TaskMapping& task : mapping.tasks)
    std::visit(Verification(task, architecture, wrong), task.task.work, task.tiling);
  return wrong;
}

}  // namespace sluice
