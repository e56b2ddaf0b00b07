// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace sluice {

void assertion_failed(const char* condition, const char* sentence, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: a mistake in sluice itself: %s [%s]\n", file, line, sentence,
               condition);
  std::abort();
}

}  // namespace sluice
