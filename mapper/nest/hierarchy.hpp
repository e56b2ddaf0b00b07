// SPDX-License-Identifier: Apache-2.0
// The memories of a machine from the outermost to the innermost, each with its fan-out to what lies
// below it, and the compute units at the end. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

inline constexpr std::size_t max_nest_levels = 12;

/// One direction of a fan-out: `size` instances side by side. What several of them read at once is
/// read once and multicast, and what they produce is reduced on the way up, but for the tensors
/// named in `separate`.
struct FanOutAxis {
  std::string name;
  std::uint64_t size = 1;
  std::vector<std::string> separate;
  bool operator==(const FanOutAxis&) const = default;
};

/// How wide the elements of a tensor are at one level: sums are often kept wider than results.
struct TensorBits {
  std::string tensor;
  std::uint32_t bits = 8;
  bool operator==(const TensorBits&) const = default;
};

/// A memory, or only a fan-out if it keeps nothing. Bandwidths are in words a cycle of one instance
/// (0: never limits), energies in pJ a block of `block` words.
struct NestLevel {
  std::string name;
  std::uint64_t capacity_bits = 0;  ///< of one instance; 0: without bound
  std::uint32_t word_bits = 8;
  std::uint64_t block = 1;
  double read_bandwidth = 0, write_bandwidth = 0, shared_bandwidth = 0;
  double read_pj = 0, write_pj = 0, update_pj = 0;
  double leak_pj = 0;               ///< of one instance, a cycle, whether it is used or not
  bool double_buffered = false;     ///< holds every tile twice
  std::uint64_t cluster = 1;        ///< instances whose accesses share a block
  std::vector<std::string> keeps;   ///< tensors it may keep; empty: all
  std::vector<std::string> units;   ///< compute units below it; empty: all
  std::vector<TensorBits> bits;     ///< where they differ from those of the problem
  std::vector<FanOutAxis> fan_out;  ///< to the next level, or to compute
  bool operator==(const NestLevel&) const = default;
};

struct NestCompute {
  std::string name = "compute";
  double pj = 0;       ///< of one operation
  bool latch = false;  ///< an operand that stays the same from one step to the next is not read
  bool operator==(const NestCompute&) const = default;
};

struct Hierarchy {
  std::string name;
  std::vector<NestLevel> levels;  ///< outermost first
  NestCompute compute;
  std::vector<NestCompute> units;  ///< more compute units, for Einsums that are bound to them
  bool operator==(const Hierarchy&) const = default;
};

/// The part of a machine that serves one compute unit (empty: `compute`), which is its `compute`
/// then: levels keep their index, those of other units keep nothing and fan out to nothing. Nothing
/// when there is no such unit.
std::optional<Hierarchy> part_for(const Hierarchy& hierarchy, const std::string& unit);

/// Bits of an element of `tensor` at a level.
std::uint32_t bits_at(const NestLevel& level, const std::string& tensor, std::uint32_t bits);

/// Instances of a level (or of compute, at levels.size()) in the whole machine.
std::uint64_t instances_of(const Hierarchy& hierarchy, std::size_t level);

}  // namespace sluice
