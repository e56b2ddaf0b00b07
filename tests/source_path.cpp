// SPDX-License-Identifier: Apache-2.0
#include "tests/source_path.hpp"

namespace sluice {

std::string source_path(const std::string& relative) { return SLUICE_SOURCE_DIR "/" + relative; }

}  // namespace sluice
