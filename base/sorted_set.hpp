// SPDX-License-Identifier: Apache-2.0
// A vector as a sorted set.
#pragma once

#include <algorithm>
#include <vector>

namespace sluice {

/// Sorts the values, and drops what is equal to the one before.
template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace sluice
