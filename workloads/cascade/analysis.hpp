// SPDX-License-Identifier: Apache-2.0
// What follows from a cascade whatever machine computes it: operations, passes, live footprints,
// recurrences, least traffic. docs/cascades.md says how each is defined.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// A rank with what it may be split into: `m`, and m1 and m0 of `m1*M0+m0`. An Einsum traverses the
/// family when it iterates over all ranks of one of the covers.
struct RankFamily {
  std::string name;
  std::vector<std::vector<std::string>> covers;

  bool has(const std::string& rank) const;
  bool operator==(const RankFamily&) const = default;
};

/// Passes over a family (Nayak and others, FuseMax, MICRO 2024, section 3): how often its elements,
/// or what was computed from each, must be traversed whatever the mapping.
struct PassFacts {
  RankFamily family;
  std::uint32_t passes = 0;
  std::vector<std::uint32_t> stages;  ///< of every Einsum: the pass in which it works; 0: none
};

struct EinsumFacts {
  std::vector<std::string> ranks;
  std::uint64_t points = 0;   ///< where all conditions hold
  std::uint64_t results = 0;  ///< elements of the output that some point contributes to
  bool exact = true;          ///< false: conditions too costly to count were left out
  std::map<std::string, std::uint64_t> operations;  ///< by kind; `mac` is a product that is summed
};

struct TensorFacts {
  std::string name;
  std::uint64_t elements = 0;
  std::uint64_t live = 0;  ///< elements that must be held at once in the best mapping for it alone
};

struct RecurrenceFacts {
  std::string rank;
  std::int64_t distance = 0;  ///< the largest
  std::vector<std::string> tensors;

  bool operator==(const RecurrenceFacts&) const = default;
};

struct CascadeFacts {
  std::vector<EinsumFacts> einsums;
  std::vector<PassFacts> passes;
  std::vector<TensorFacts> tensors;  ///< in the order of the cascade
  std::vector<RecurrenceFacts> recurrences;
  std::map<std::string, std::uint64_t> operations;
  double read_bytes = 0;     ///< every input once; of one that is gathered, what is asked for
  double written_bytes = 0;  ///< every output once
  double intensity = 0;      ///< operations a byte, a MAC being two
};

std::vector<RankFamily> families_of(const Cascade& cascade);
PassFacts count_passes(const Cascade& cascade, const RankFamily& family);
/// `rank` alone, or with what it is split into; nothing when the cascade has no such rank.
std::optional<PassFacts> count_passes(const Cascade& cascade, const std::string& rank);
EinsumFacts facts_of(const Einsum& einsum, const Cascade& cascade);
CascadeFacts facts_of(const Cascade& cascade);

/// The facts as a readable page.
std::string to_table(const Cascade& cascade, const CascadeFacts& facts);
/// All of them as JSON, of the schema that facts_schema() describes.
std::string to_json(const Cascade& cascade, const CascadeFacts& facts);
std::string facts_schema();
/// The graph for Graphviz, and as a drawing.
std::string to_dot(const Cascade& cascade);
std::string to_svg(const Cascade& cascade, const CascadeFacts& facts);
/// The drawing and the facts as a page for a browser, which loads nothing (docs/pages.md).
std::string to_page(const Cascade& cascade, const CascadeFacts& facts);

}  // namespace sluice
