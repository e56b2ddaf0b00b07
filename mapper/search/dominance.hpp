// SPDX-License-Identifier: Apache-2.0
// Partial mappings that others make useless: both have left the same tile on the same lanes, so
// that the same can follow, and one is no better in any number on which the rest depends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::search {

/// What can follow (equal keys: the same) and what it costs (less is better in each). Equal keys
/// have equally many costs.
struct Standing {
  std::string key;
  std::vector<double> costs;
  template <class Value>
  void put(const Value& value) {
    key.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
};

class Dominance {
 public:
  /// Whether something that was added is no worse.
  bool beats(const Standing& standing) const {
    const auto found = known_.find(standing.key);
    if (found == known_.end()) return false;
    const Known& known = found->second;
    for (std::size_t at = 0; at < known.costs.size(); at += known.width)
      if (no_worse(&known.costs[at], standing.costs.data(), known.width)) return true;
    return false;
  }
  void add(const Standing& standing) {
    Known& known = known_[standing.key];
    known.width = standing.costs.size();
    std::size_t kept = 0;
    for (std::size_t at = 0; at < known.costs.size(); at += known.width) {
      if (no_worse(standing.costs.data(), &known.costs[at], known.width)) continue;
      if (kept != at) std::copy_n(&known.costs[at], known.width, &known.costs[kept]);
      kept += known.width;
    }
    known.costs.resize(kept);
    known.costs.insert(known.costs.end(), standing.costs.begin(), standing.costs.end());
  }
  void merge(const Dominance& other) {
    for (const auto& [key, list] : other.known_) {
      Standing standing{key, std::vector<double>(list.width)};
      for (std::size_t at = 0; at < list.costs.size(); at += list.width) {
        std::copy_n(&list.costs[at], list.width, standing.costs.begin());
        if (!beats(standing)) add(standing);
      }
    }
  }

 private:
  struct Known {
    std::size_t width = 1;
    std::vector<double> costs;  ///< of one after the other
  };

  static bool no_worse(const double* a, const double* b, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
      if (a[i] > b[i]) return false;
    return true;
  }

  std::unordered_map<std::string, Known> known_;
};

}  // namespace sluice::search
