// SPDX-License-Identifier: Apache-2.0
// Where the sources are, for tests that read files of the tree. Only source_path.cpp is compiled
// with the path of the checkout, so that a compiler cache serves all other objects in every
// checkout.
#pragma once

#include <string>

namespace sluice {

/// The path of `relative` in the source tree: source_path("configs/arch").
std::string source_path(const std::string& relative);

}  // namespace sluice
