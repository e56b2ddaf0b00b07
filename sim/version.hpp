// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

/// Version of sluice, as in CMakeLists.txt.
constexpr std::string_view version() { return "0.1.0"; }

}  // namespace sluice
