// SPDX-License-Identifier: Apache-2.0
// The files of configs/cascades that lowering uses, as they were when the program was built: users
// and networks get the same cascades. Not for users of the room; see lowering.hpp.
#pragma once

#include <string_view>

namespace sluice {

/// The text of configs/cascades/NAME.yaml, which must be one of those that CMakeLists.txt lists.
std::string_view shipped_cascade(std::string_view name);

}  // namespace sluice
