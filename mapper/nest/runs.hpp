// SPDX-License-Identifier: Apache-2.0
// Points that a sum of evenly spaced terms reaches. Internal to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace sluice {

/// A run of equally spaced points, or none if the sum of the terms has gaps.
struct Run {
  bool even = true;
  std::uint64_t step = 0, length = 1;
};

struct Stride {
  std::uint64_t step, count;
};

inline constexpr std::size_t max_strides = 5;
using Strides = std::array<Stride, max_strides>;

/// The run that the first `size` strides reach together.
inline Run run_of(Strides strides, std::size_t size) {
  for (std::size_t i = 1; i < size; ++i)  // few: by insertion
    for (std::size_t j = i; j > 0 && strides[j].step < strides[j - 1].step; --j)
      std::swap(strides[j], strides[j - 1]);
  Run run;
  for (std::size_t i = 0; i < size; ++i) {
    const auto [step, count] = strides[i];
    if (count == 1) continue;
    if (run.length == 1) {
      run.step = step;
      run.length = count;
    } else if (step == run.step || (step % run.step == 0 && step / run.step <= run.length)) {
      run.length += step / run.step * (count - 1);
    } else {
      run.even = false;
    }
  }
  return run;
}

}  // namespace sluice
