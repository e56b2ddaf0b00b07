// SPDX-License-Identifier: Apache-2.0
// Points and results as bytes, between processes of the same program. Not for files.
#pragma once

#include <string>
#include <string_view>

#include "dse/trial.hpp"

namespace sluice {

std::string to_bytes(const Point& point);
Point point_of_bytes(std::string_view bytes);

std::string to_bytes(const Result& result);
Result result_of_bytes(std::string_view bytes);

}  // namespace sluice
