// SPDX-License-Identifier: Apache-2.0
// A tiling of a matrix product on the timeline. It goes through the loops of the tiling as GemmWalk
// goes through any, but these are few and simple: each cuts a rank of its own, all tensors are kept
// inside of all of them, and a tile is fetched inside of the last loop that changes it. The pixels
// of a convolution are one rank; tiles at its edges count like all others.
#include <algorithm>
#include <optional>

#include "mapper/bank_conflicts.hpp"
#include "mapper/room.hpp"
#include "mapper/timeline_gemm.hpp"

namespace sluice {
namespace {

/// Which of the last, smaller tiles of m, n and k a tile or step is at: a bit for each.
using Shape = std::size_t;
constexpr Shape m_last = 1, n_last = 2, k_last = 4, shapes = 8;

Shape last_of(GemmRank rank) {
  return rank == GemmRank::m ? m_last : rank == GemmRank::n ? n_last : k_last;
}

}  // namespace

class Timeline::Tiled {
 public:
  /// `latest`: see append_unless_late().
  Tiled(Timeline& timeline, const GemmTask& task, const GemmTiling& tiling, double latest);
  bool run() {
    inside(0);
    return !late_;
  }

 private:
  struct Loop {
    std::uint64_t alike = 0;  ///< iterations before the last, which counts here if it is like them
    bool last_apart = false;
    bool completes_sums = false;
    Shape last = 0;  ///< what the last adds to the shape
  };

  void add(GemmRank rank, const Split& tiles);
  void inside(std::size_t level);
  void iterate(std::size_t level);
  void step();
  const Product::TileKind& operand(TensorRole role);
  const Product::TileKind& output();

  std::uint64_t m() const { return shape_ & m_last ? loop_.m.last : loop_.m.size; }
  std::uint64_t n() const { return shape_ & n_last ? loop_.n.last : loop_.n.size; }
  std::uint64_t k() const { return shape_ & k_last ? loop_.k.last : loop_.k.size; }

  Product product_;
  const SystolicArray& array_;
  const GemmTask& task_;
  const GemmLoop loop_;
  std::array<Loop, 6> loops_;
  std::size_t depth_ = 0;
  std::array<std::size_t, tensor_role_count> place_{};  ///< by role: loops outside of its fetch
  Shape shape_ = 0;
  bool completes_sums_;
  double latest_;
  bool late_ = false;
  std::array<std::array<std::optional<Product::TileKind>, shapes>, tensor_role_count> tiles_;
  std::array<std::optional<Product::StepKind>, shapes> steps_;
};

Timeline::Tiled::Tiled(Timeline& timeline, const GemmTask& task, const GemmTiling& tiling,
                       double latest)
    : product_(timeline, task),
      array_(timeline.architecture_->array),
      task_(task),
      loop_(gemm_loop(task, tiling)),
      completes_sums_(loop_.k.count == 1),
      latest_(latest) {
  const GemmExtents whole = flat_extents(task);
  for (const GemmRank rank : {GemmRank::group, GemmRank::member, GemmRank::copy})
    add(rank, split(whole[sluice::index(rank)], 1));
  if (tiling.m_outer) add(GemmRank::m, loop_.m);
  add(GemmRank::n, loop_.n);
  if (!tiling.m_outer) add(GemmRank::m, loop_.m);
  add(GemmRank::k, loop_.k);
}

/// A loop, unless it has one iteration.
void Timeline::Tiled::add(GemmRank rank, const Split& tiles) {
  if (tiles.count == 1) return;
  Loop& loop = loops_[depth_++];
  loop.completes_sums = rank == GemmRank::k;
  if (tiles.last < tiles.size) loop.last = last_of(rank);
  loop.last_apart = loop.completes_sums || loop.last != 0;
  loop.alike = tiles.count - (loop.last_apart ? 1 : 0);
  for (std::size_t role = 0; role < tensor_role_count; ++role)
    if (depends_on(task_, TensorRole(role), rank)) place_[role] = depth_;
}

/// What stands inside of the first `level` loops.
void Timeline::Tiled::inside(std::size_t level) {
  if (late_) return;
  const auto has = [&](TensorRole role) { return place_[static_cast<std::size_t>(role)] == level; };
  const bool weight = has(TensorRole::weight), input = has(TensorRole::input),
             sums = has(TensorRole::output);
  if (weight) product_.load(TensorRole::weight, operand(TensorRole::weight));
  if (input) product_.load(TensorRole::input, operand(TensorRole::input));
  if (sums) product_.take_output();
  if (level == depth_)
    step();
  else
    iterate(level);
  if (sums) product_.finish(output());
  if (weight) product_.leave(TensorRole::weight);
  if (input) product_.leave(TensorRole::input);
}

void Timeline::Tiled::iterate(std::size_t level) {
  const Loop& loop = loops_[level];
  product_.repeat(loop.alike, [&](std::uint64_t) { inside(level + 1); });
  if (!loop.last_apart) return;
  shape_ |= loop.last;
  completes_sums_ |= loop.completes_sums;
  inside(level + 1);
  shape_ &= ~loop.last;
  completes_sums_ = completes_sums_ && !loop.completes_sums;
}

void Timeline::Tiled::step() {
  std::optional<Product::StepKind>& kind = steps_[shape_];
  if (!kind) kind = product_.step(m(), n(), k(), tile_step(task_, m(), n(), k()));
  product_.compute(*kind, completes_sums_ ? loop_.k.count - 1 : 0);
  late_ = product_.begun() >= latest_;
}

const Timeline::Product::TileKind& Timeline::Tiled::operand(TensorRole role) {
  const bool input = role == TensorRole::input;
  const Shape shape = shape_ & (input ? m_last | k_last : n_last | k_last);
  std::optional<Product::TileKind>& kind = tiles_[static_cast<std::size_t>(role)][shape];
  if (kind) return *kind;
  const std::uint64_t elements = input ? input_tile_elements(task_, m(), k()) : product(k(), n());
  const bool in_runs = input && !task_.window && k() < task_.k;
  return kind.emplace(
      product_.tile(storage_bytes(elements, input ? array_.input_format : array_.weight_format),
                    in_runs ? TileRuns{m(), task_.k} : TileRuns{}, array_.input_format));
}

const Timeline::Product::TileKind& Timeline::Tiled::output() {
  const Shape shape = shape_ & (m_last | n_last);
  std::optional<Product::TileKind>& kind =
      tiles_[static_cast<std::size_t>(TensorRole::output)][shape];
  if (kind) return *kind;
  const std::uint64_t elements = product(m(), n());
  return kind.emplace(product_.complete(storage_bytes(elements, array_.accumulator_format),
                                        storage_bytes(elements, array_.input_format),
                                        n() < task_.n ? TileRuns{m(), task_.n} : TileRuns{}));
}

double Timeline::last_store(const TaskWork& work, const Tiling& tiling) const {
  const auto* task = std::get_if<GemmTask>(&work);
  const auto* tiles = std::get_if<GemmTiling>(&tiling);
  if (!task || !tiles) return 0;
  const GemmLoop loop = gemm_loop(*task, *tiles);
  const std::uint64_t elements = loop.m.last * loop.n.last;
  return rates_.cycles_per_byte *
         static_cast<double>(storage_bytes(elements, architecture_->array.input_format));
}

bool Timeline::gemm(const GemmTask& task, const GemmTiling& tiling, double latest) {
  return Tiled(*this, task, tiling, latest).run();
}

}  // namespace sluice
