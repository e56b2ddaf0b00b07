// SPDX-License-Identifier: Apache-2.0
// The ways to map a cascade as a graph: its nodes say how many Einsums are mapped and where what is
// alive then is kept, its edges map one Einsum more, or several in shared loops. Internal to this
// folder.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mapper/search/fuse.hpp"
#include "mapper/search/group.hpp"

namespace sluice::search {

/// A tensor that one Einsum makes and later ones read.
struct Intermediate {
  std::string name;
  std::size_t producer = 0, last_reader = 0;
  std::uint64_t elements = 1;
  std::uint32_t bits = 8;
  std::vector<std::size_t> levels = {0};  ///< where it may be kept
};

/// Where each intermediate that is alive is kept; the outermost level for others.
using Places = std::vector<std::size_t>;

/// One Einsum of a way, and what is asked of the search for its mappings.
struct Part {
  std::size_t einsum = 0;
  Nest begin;  ///< how its nest is written, where `shared` is how it is counted
  Nest shared;
  std::vector<KeptTensor> kept;
  std::vector<std::uint64_t> reserved;
};

struct Way {
  std::size_t from = 0, to = 0;  ///< nodes
  std::vector<Part> parts;
  double least_pj = 0;
};

/// Nodes are in the order of the Einsums that are mapped; the last has them all.
class WayGraph {
 public:
  WayGraph(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
           const CascadeSearchOptions& options);

  std::size_t nodes() const { return nodes_.size(); }
  const std::vector<Way>& ways() const { return ways_; }
  /// Adds the ways in which Einsums share loops, unless `hopeless(first, last, least_pj)` says of
  /// some that they are no use.
  template <class Hopeless>
  void add_shared(const Hopeless& hopeless) {
    for (std::size_t from = 0; from < nodes_.size(); ++from)
      for (const auto& [group, to] : groups_from(from))
        for (const GroupStart& start :
             starts_of(group, problems_, hierarchy_, options_.search.convention))
          if (!hopeless(group.first, group.last, start.least_pj)) add(group, from, to, start);
  }

 private:
  std::size_t node(std::size_t einsums, const Places& places) const;
  void add_single(std::size_t from);
  void add(const Group& group, std::size_t from, std::size_t to, const GroupStart& start);
  std::vector<std::pair<Group, std::size_t>> groups_from(std::size_t from) const;
  Group group_of(std::size_t first, std::size_t last, std::size_t level,
                 const Places& places) const;
  std::vector<Places> choices(std::size_t einsum, const Places& places,
                              std::size_t passed = 0) const;
  Places after(std::size_t einsum, Places places) const;
  bool is_used(std::size_t einsum, const Intermediate& tensor) const;
  std::uint64_t bits_of(const Intermediate& tensor, std::size_t level) const;

  const std::vector<Problem>& problems_;
  const Hierarchy& hierarchy_;
  const CascadeSearchOptions& options_;
  std::vector<Intermediate> intermediates_;
  std::vector<std::pair<std::size_t, Places>> nodes_;
  std::map<std::pair<std::size_t, Places>, std::size_t> index_;
  std::vector<Way> ways_;
};

}  // namespace sluice::search
