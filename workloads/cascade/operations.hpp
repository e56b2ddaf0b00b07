// SPDX-License-Identifier: Apache-2.0
// The operators and functions that map expressions and reductions are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// An operator of map expressions. `least` to `most` operands; `value` computes it in double.
struct MapOperation {
  std::string_view name;
  std::size_t least;
  std::size_t most;
  double (*value)(const double* operands, std::size_t count);
};

/// nullptr when there is none of that name. max and min take the number when the other is NaN, as
/// maximumNumber and minimumNumber of IEEE 754-2019 do.
const MapOperation* find_operation(std::string_view name);
std::vector<std::string> operation_names();
/// `add` for +, `multiply` for *; other names are words already.
std::string_view operation_word(std::string_view name);

/// Whether `name` may reduce: + * max min. `identity_of` is what an empty reduction gives.
bool is_reduction(std::string_view name);
double identity_of(std::string_view reduction);

}  // namespace sluice
