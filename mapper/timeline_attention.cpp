// SPDX-License-Identifier: Apache-2.0
// Attention on the timeline: AttentionWalk's visitor. Of a stage's tiles the first says when the
// next unit may begin, the last when it can end.
#include <cmath>

#include "arch/systolic_timing.hpp"
#include "mapper/attention_walk.hpp"
#include "mapper/bank_conflicts.hpp"
#include "mapper/timeline.hpp"
#include "mapper/timeline_steps.hpp"

namespace sluice {
namespace {

double real(std::uint64_t value) { return static_cast<double>(value); }

}  // namespace

class Timeline::Attention {
 public:
  struct Loop {};
  using Place = AttentionPlace<Loop>;

  Attention(Timeline& timeline, const AttentionTask& task)
      : t_(timeline), array_(timeline.architecture_->array), task_(task) {}

  void fetch(AttentionOperand operand, const Place& place) {
    if (operand == AttentionOperand::queries) {
      t_.clock(ready, 0) =
          t_.load(TensorRole::input, input_tiles,
                  t_.rates_.move({bytes(place.rows * task_.width, array_.input_format)}));
      return;
    }
    const bool keys = operand == AttentionOperand::keys;
    t_.clock(keys ? Clock(ready + 1) : values_ready) =
        t_.load(TensorRole::weight, keys ? weight_tiles : value_tiles,
                t_.rates_.move({bytes(place.keys * task_.width, array_.weight_format)}));
  }
  void leave(AttentionOperand operand) {
    t_.leave(operand == AttentionOperand::queries ? input_tiles
             : operand == AttentionOperand::keys  ? weight_tiles
                                                  : value_tiles,
             t_.clock(array));
  }

  void begin_scores(const Place&) {
    wait(array, t_.buffer_free(score_tiles, TensorRole::output));
    first_scores_ = true;
  }
  void scores(const Place& place) {
    wait(array, later(t_.clock(ready, 0), t_.clock(ready, 1)));
    const Moment result = multiply(place.rows, place.keys, task_.width, false);
    if (first_scores_) t_.clock(scores_begun) = result;
    t_.clock(scores_ended) = result;
    first_scores_ = false;
  }

  void begin_results(const Place&) {
    wait(array,
         later(t_.clock(probabilities_begun), t_.buffer_free(result_tiles, TensorRole::output)));
  }
  void results(const Place& place, bool more) {
    wait(array, t_.clock(values_ready));
    t_.clock(results_ended) = multiply(place.rows, task_.width, place.keys, more);
  }
  void end_results(const Place&) {
    wait(array, t_.clock(probabilities_ended));
    wait(results_ended, t_.clock(array));
    t_.leave(probability_tiles, t_.clock(array));
  }

  void begin_probabilities(const Place&) {
    wait(vector, t_.buffer_free(probability_tiles, TensorRole::input));
  }
  void traverse(std::size_t time, const Place& place) {
    const bool last = time + 1 == traversals(task_.cycles);
    if (time == 0) wait(vector, t_.clock(scores_begun));
    const double sums = bytes(place.rows * place.keys, array_.accumulator_format);
    const double out = last ? bytes(place.rows * place.keys, array_.input_format) : 0;
    std::uint64_t lanes = place.rows * place.keys * task_.cycles.score[time];
    if (time == 0) lanes += place.rows * task_.cycles.tile_row;
    const Moment done =
        work(lanes,
             {{{TensorRole::output, false, sums * real(score_reads(task_, time))},
               {TensorRole::output, true, score_writes(task_, time) ? sums : 0},
               {TensorRole::input, true, out}}},
             real(score_reads(task_, time)) *
                     t_.lane_conflicts(TensorRole::output, false, place.rows * place.keys) +
                 (last ? t_.lane_conflicts(TensorRole::input, true, place.rows * place.keys) : 0));
    if (time == 0) wait(vector, t_.clock(scores_ended));
    if (last && !made_probabilities_) t_.clock(probabilities_begun) = done;
    if (last) t_.clock(probabilities_ended) = done;
    made_probabilities_ = last;
  }
  void end_traversals(const Place&) {
    t_.leave(score_tiles, t_.clock(vector));
    made_probabilities_ = false;
  }

  void finish(const Place& place, bool last) {
    wait(vector, t_.clock(results_ended));
    if (last) wait(vector, t_.buffer_free(vector_outputs, TensorRole::output));
    const std::uint64_t elements = place.rows * task_.width;
    const double sums = bytes(elements, array_.accumulator_format);
    const double out = bytes(elements, array_.input_format);
    const bool corrected = task_.cycles.tile_output > 0;
    std::uint64_t lanes = elements * task_.cycles.tile_output;
    if (last) lanes += place.rows * task_.cycles.row + elements * task_.cycles.output;
    const Moment done =
        work(lanes,
             {{{TensorRole::output, false, corrected ? 2 * sums : sums},
               {TensorRole::output, true, corrected && !last ? sums : 0},
               {TensorRole::output, true, last ? out : 0}}},
             t_.lane_conflicts(TensorRole::output, false, elements) +
                 (last ? t_.lane_conflicts(TensorRole::output, true, elements) : 0));
    t_.leave(result_tiles, t_.clock(vector));
    if (last) t_.store(vector_outputs, done, t_.rates_.move({out}));
  }

  template <class Body>
  void loop(bool on_vector, std::uint64_t count, Body body) {
    t_.repeat(count, on_vector ? vector : array, [&](std::uint64_t) { body(Loop{}); });
  }

 private:
  static double bytes(std::uint64_t elements, NumberFormat format) {
    return real(elements) * width_bits(format) / 8;
  }
  void wait(Clock unit, Moment until) { t_.clock(unit) = later(t_.clock(unit), until); }

  /// A product on the array; when its last result is out.
  Moment multiply(std::uint64_t m, std::uint64_t n, std::uint64_t k, bool more) {
    const GemmFolds folds = fold_gemm(array_, m, n, k);
    const FoldTiming timing = fold_timing(array_, folds.steps);
    const OperandReads reads = operand_reads(array_, m, n, k);
    const double sums = bytes(m * n, array_.accumulator_format);
    const double ports = t_.take_ports<4>(
        {{{TensorRole::input, false, bytes(reads.input, array_.input_format)},
          {TensorRole::weight, false, bytes(reads.weight, array_.weight_format)},
          {TensorRole::output, true, sums * real(reads.partial_sums)},
          {TensorRole::output, false, sums * (real(reads.partial_sums) - (more ? 0 : 1))}}});
    const double cycles =
        real(folds.row_folds) * real(folds.column_folds) * real(timing.initiation_interval);
    GemmTask task;
    task.m = m, task.n = n, task.k = k;
    const double conflicts = real(bank_conflicts(*t_.architecture_, task, tile_step(task, m, n, k),
                                                 reads.partial_sums - (more ? 0 : 1)));
    t_.clock(array) = t_.moment(t_.clock(array).time + std::max(cycles, ports) + conflicts);
    return t_.moment(t_.clock(array).time + real(timing.latency - timing.initiation_interval));
  }

  /// Work of the vector unit, which banks hold for `conflicts` cycles; when its last result is out.
  Moment work(std::uint64_t lane_cycles, const std::array<PortBytes, 3>& uses, double conflicts) {
    const VectorUnit& unit = t_.architecture_->vector;
    const double lanes = std::ceil(real(lane_cycles) / unit.lanes);
    t_.clock(vector) =
        t_.moment(t_.clock(vector).time + std::max(lanes, t_.take_ports(uses)) + conflicts);
    return t_.moment(t_.clock(vector).time + unit.latency);
  }

  Timeline& t_;
  const SystolicArray& array_;
  const AttentionTask& task_;
  bool first_scores_ = true, made_probabilities_ = false;
};

void Timeline::attention(const AttentionTask& task, const AttentionTiling& tiling) {
  Attention visitor(*this, task);
  AttentionWalk(task, tiling, visitor).run();
}

}  // namespace sluice
