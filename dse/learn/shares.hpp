// SPDX-License-Identifier: Apache-2.0
// The values of a domain in at most so many equal shares, for searchers with a number a value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dse/domain.hpp"
#include "dse/random.hpp"

namespace sluice {

/// Share k holds size / count values, the first size % count shares one more. Every value is in
/// exactly one share; a domain of few values has one a share.
class Shares {
 public:
  Shares(const Domain& domain, std::uint64_t most)
      : size_(size_of(domain)), count_(std::min(size_, most)) {}

  std::uint64_t count() const { return count_; }
  std::uint64_t values() const { return size_; }
  std::uint64_t share_of(std::uint64_t value) const {
    const std::uint64_t each = size_ / count_, larger = size_ % count_;
    const std::uint64_t in_larger = larger * (each + 1);
    return value < in_larger ? value / (each + 1) : larger + (value - in_larger) / each;
  }
  /// A value of the share, each alike.
  std::uint64_t draw(std::uint64_t share, Random& random) const {
    const std::uint64_t each = size_ / count_, larger = size_ % count_;
    const std::uint64_t first = share * each + std::min(share, larger);
    return first + random.below(each + (share < larger ? 1 : 0));
  }

 private:
  std::uint64_t size_, count_;
};

}  // namespace sluice
