// SPDX-License-Identifier: Apache-2.0
// Attention as one task of a systolic machine: the scores of a block of queries stay on chip, the
// vector unit turns them into probabilities, and the array multiplies those by the values. The
// cascade (workloads/lowering.hpp) says what the vector unit does, and when.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "arch/architecture.hpp"
#include "base/describe.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// What becomes of a layer's scores.
enum class AttentionForm : std::uint8_t {
  automatic,  ///< a wish only: whichever form ends first
  unfused,    ///< three tasks, scores and probabilities go through main memory
  three_pass,
  three_pass_deferred,
  two_pass_local,
  two_pass_online,
  one_pass,
};
template <>
struct EnumNames<AttentionForm> {
  static constexpr EnumName<AttentionForm> table[] = {
      {"auto", AttentionForm::automatic},
      {"unfused", AttentionForm::unfused},
      {"3pass", AttentionForm::three_pass},
      {"3pass_deferred", AttentionForm::three_pass_deferred},
      {"2pass_local", AttentionForm::two_pass_local},
      {"2pass_online", AttentionForm::two_pass_online},
      {"1pass", AttentionForm::one_pass}};
};

/// The forms whose scores stay on chip, in the order in which they are tried.
inline constexpr std::array fused_attention = {
    AttentionForm::three_pass_deferred, AttentionForm::three_pass, AttentionForm::two_pass_local,
    AttentionForm::two_pass_online, AttentionForm::one_pass};

/// Lane cycles of the vector unit.
struct AttentionCycles {
  /// Of a score, each time that the scores are traversed; 0: they are not. The last time they
  /// become what the values are multiplied by.
  std::array<std::uint64_t, 3> score{};
  std::uint64_t tile_row = 0;     ///< of a row of a key tile
  std::uint64_t tile_output = 0;  ///< of an element of a row's result, for each key tile
  std::uint64_t row = 0;          ///< once
  std::uint64_t output = 0;       ///< of an element of a row's result, once
  bool operator==(const AttentionCycles&) const = default;
};

/// `batch` times softmax(Q K^T) V with `rows` queries, `keys` keys and values, all `width` wide.
/// Query heads that share keys are rows of one. Keys and values are the operands in the weight
/// role, queries the input.
struct AttentionTask {
  std::uint64_t batch = 1, rows = 1, keys = 1, width = 1;
  AttentionForm form = AttentionForm::one_pass;
  AttentionCycles cycles;
  bool operator==(const AttentionTask&) const = default;
};

/// For each product of the batch and each `row_tile` queries, the tiles of `key_tile` keys. All
/// forms but 1pass keep the scores of a block of rows against all keys on chip.
struct AttentionTiling {
  std::uint64_t row_tile = 1, key_tile = 1;
  bool operator==(const AttentionTiling&) const = default;
};

/// What the vector unit does in a form, beyond scale and mask, which `score_ops` counts, and what
/// follows each result, `epilogue_ops`. Derived in attention.cpp from the cascade of that name.
AttentionCycles attention_cycles(AttentionForm form, const VectorUnit& unit,
                                 std::uint64_t score_ops, std::uint64_t epilogue_ops);

/// Times that the scores are traversed.
std::size_t traversals(const AttentionCycles& cycles);

/// Times that a traversal reads each score: twice where a tile's own maximum is found before it is
/// used.
constexpr std::uint64_t score_reads(const AttentionTask& task, std::size_t time) {
  return time == 0 && task.cycles.tile_row > 0 ? 2 : 1;
}
/// Whether a traversal leaves exponentials in the place of the scores, for one after it.
constexpr bool score_writes(const AttentionTask& task, std::size_t time) {
  return (task.form == AttentionForm::three_pass && time == 1) ||
         (task.form == AttentionForm::two_pass_local && time == 0);
}

/// Keys whose scores are on chip at once beside a block of rows.
constexpr std::uint64_t resident_keys(const AttentionTask& task, const AttentionTiling& tiling) {
  return task.form == AttentionForm::one_pass ? tiling.key_tile : task.keys;
}

}  // namespace sluice
