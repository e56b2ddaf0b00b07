// SPDX-License-Identifier: Apache-2.0
// The kinds of models that a proxy can be.
#pragma once

#include <cstdint>

#include "base/describe.hpp"

namespace sluice {

enum class ProxyKind : std::uint8_t { forest, network, gaussian_process };
template <>
struct EnumNames<ProxyKind> {
  static constexpr EnumName<ProxyKind> table[] = {
      {"forest", ProxyKind::forest},
      {"network", ProxyKind::network},
      {"gaussian_process", ProxyKind::gaussian_process}};
};

}  // namespace sluice
