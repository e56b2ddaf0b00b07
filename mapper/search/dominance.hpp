// SPDX-License-Identifier: Apache-2.0
// Partial mappings that others make useless: both have left the same tile on the same lanes, so
// that the same can follow, and one is no better in any number on which the rest depends.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::search {

/// What can follow (equal keys: the same) and what it costs (less is better in each).
struct Standing {
  std::string key;
  std::vector<double> costs;
};

class Dominance {
 public:
  /// Whether something that was added is no worse.
  bool beats(const Standing& standing) const {
    const auto found = known_.find(standing.key);
    if (found == known_.end()) return false;
    for (const std::vector<double>& costs : found->second)
      if (no_worse(costs, standing.costs)) return true;
    return false;
  }
  void add(const Standing& standing) {
    auto& list = known_[standing.key];
    std::erase_if(list, [&](const auto& costs) { return no_worse(standing.costs, costs); });
    list.push_back(standing.costs);
  }
  void merge(const Dominance& other) {
    for (const auto& [key, list] : other.known_)
      for (const std::vector<double>& costs : list) {
        const Standing standing{key, costs};
        if (!beats(standing)) add(standing);
      }
  }

 private:
  static bool no_worse(const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] > b[i]) return false;
    return true;
  }

  std::unordered_map<std::string, std::vector<std::vector<double>>> known_;
};

}  // namespace sluice::search
