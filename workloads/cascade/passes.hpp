// SPDX-License-Identifier: Apache-2.0
// Counts passes over one family of ranks after the other. Not for users of the room; see
// analysis.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "workloads/cascade/analysis.hpp"

namespace sluice {

/// Follows the Einsums of a cascade in order: in which pass each tensor is made, and which passes
/// must have ended before it. What all families need is found once.
class PassCounter {
 public:
  explicit PassCounter(const Cascade& cascade);
  PassFacts count(const RankFamily& family) const;

 private:
  struct Read {
    std::size_t tensor = 0;
    std::vector<std::size_t> ranks;
    /// Ranks along which writers fill the dimensions of which this takes the last coordinate.
    std::vector<std::size_t> ending;
  };
  struct Node {
    std::size_t einsum = 0, output = 0;
    std::vector<std::size_t> ranks, kept;
    std::vector<Read> reads;
  };
  struct State {
    std::uint32_t made = 0;            ///< the pass in which elements are made
    std::uint32_t ended = 0;           ///< the last pass that must have ended before
    std::vector<std::size_t> origins;  ///< tensors whose elements along the family it comes from
  };
  struct Walk;

  Read read_of(const TensorAccess& access) const;
  std::vector<std::size_t> ids_of(const std::vector<std::string>& ranks) const;

  const Cascade& cascade_;
  std::map<std::string, std::size_t> rank_ids_, tensor_ids_;
  std::map<std::string, std::vector<const TensorAccess*>> writers_;
  std::vector<Node> nodes_;  ///< in an order that can be computed
};

}  // namespace sluice
