// SPDX-License-Identifier: Apache-2.0
// A matrix product on the timeline, whoever walks through its loops: what tiles and steps cost, and
// how they move the clocks. Internal to this folder.
#pragma once

#include "mapper/gemm_nest.hpp"
#include "mapper/timeline.hpp"
#include "mapper/timeline_steps.hpp"

namespace sluice {

struct StepBox;

class Timeline::Product {
 public:
  Product(Timeline& timeline, const GemmTask& task)
      : t_(timeline), array_(timeline.architecture_->array), task_(task) {}

  /// Tiles alike: how they move, and of complete sums what is to be done with them.
  struct TileKind {
    Move move;
    double sums = 0;       ///< bytes
    double lanes = 0;      ///< cycles of the vector unit
    double conflicts = 0;  ///< for which banks hold it besides
  };
  /// Steps alike: cycles of the array, and what they read and write, in bytes.
  struct StepKind {
    double cycles = 0, tail = 0, input = 0, weight = 0, sums = 0, partial_sums = 1;
    double conflicts = 0;          ///< cycles for which banks hold the array
    double resumed_conflicts = 0;  ///< and each time that sums of earlier steps are read back
  };
  /// Of a tile of an operand or of unfinished sums.
  TileKind tile(std::uint64_t bytes, const TileRuns& runs, NumberFormat format) const;
  /// Of complete sums, which leave as so many bytes of results.
  TileKind complete(std::uint64_t sums, std::uint64_t results, const TileRuns& runs) const;
  StepKind step(std::uint64_t m, std::uint64_t n, std::uint64_t k, const StepBox& box) const;

  void load(TensorRole operand, const TileKind& kind) {
    t_.clock(ready, role_index(operand)) = t_.load(operand, buffer_of(operand), kind.move);
  }
  /// Takes a buffer for the present output tile, into which unfinished sums may come back.
  void take_output() { granted_ = t_.buffer_free(output_tiles, TensorRole::output); }
  void load_sums(const TileKind& kind) { granted_ = t_.load_sums(granted_, kind.move); }
  /// `resumed_sums`: see WalkStep.
  void compute(const StepKind& kind, std::uint64_t resumed_sums);
  /// When an array that never waits would have begun to be as far as this one is.
  double begun() const { return t_.clock(array).time - t_.state_.worked; }
  void leave(TensorRole operand) { t_.leave(buffer_of(operand), t_.clock(array)); }
  /// The epilogue of a complete tile, and its way to memory.
  void finish(const TileKind& kind);
  /// Unfinished sums go there as they are.
  void spill(const TileKind& kind) { t_.store(output_tiles, result_, kind.move); }
  template <class Body>
  void repeat(std::uint64_t count, Body body) {
    t_.repeat(count, array, body);
  }

 private:
  static Buffer buffer_of(TensorRole operand) {
    return operand == TensorRole::input ? input_tiles : weight_tiles;
  }

  Timeline& t_;
  const SystolicArray& array_;
  const GemmTask& task_;
  Moment granted_;  ///< the present output tile may be written
  Moment result_;   ///< the array's last result is out
};

inline void Timeline::Product::compute(const StepKind& kind, std::uint64_t resumed_sums) {
  const auto resumed = static_cast<double>(resumed_sums);
  const double again = kind.partial_sums - 1 + resumed;
  const double ports = t_.take_ports<4>({{{TensorRole::input, false, kind.input},
                                          {TensorRole::weight, false, kind.weight},
                                          {TensorRole::output, true, kind.sums * kind.partial_sums},
                                          {TensorRole::output, false, kind.sums * again}}});
  const Moment start =
      later(later(t_.clock(array), granted_), later(t_.clock(ready, 0), t_.clock(ready, 1)));
  const double conflicts = kind.conflicts + resumed * kind.resumed_conflicts;
  t_.clock(array) = t_.moment(start.time + std::max(kind.cycles, ports) + conflicts);
  t_.state_.worked += kind.cycles;
  result_ = t_.moment(t_.clock(array).time + kind.tail);
}

inline void Timeline::Product::finish(const TileKind& kind) {
  if (task_.epilogue_ops > 0) {
    const double ports = t_.take_ports<2>(
        {{{TensorRole::output, false, kind.sums}, {TensorRole::output, true, kind.move.bytes}}});
    const Moment start = later(result_, t_.clock(vector));
    t_.clock(vector) = t_.moment(start.time + std::max(kind.lanes, ports) + kind.conflicts);
    result_ = t_.moment(t_.clock(vector).time + t_.architecture_->vector.latency);
  }
  spill(kind);
}

}  // namespace sluice
