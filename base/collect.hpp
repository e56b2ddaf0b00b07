// SPDX-License-Identifier: Apache-2.0
// All mistakes of a file at once, also where a part of it is read by what throws.
#pragma once

#include <type_traits>

#include "base/diagnostics.hpp"

namespace sluice {

/// What `read` gives; the mistakes that it throws join the others, and the result is then empty.
template <class Read>
auto collecting(Diagnostics& diagnostics, Read read) {
  using Result = std::invoke_result_t<Read>;
  try {
    return read();
  } catch (const SpecError& error) {
    for (const Diagnostic& d : error.diagnostics()) diagnostics.error(d.where, d.message, d.hint);
    if constexpr (!std::is_void_v<Result>) return Result{};
  }
}

}  // namespace sluice
