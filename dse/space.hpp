// SPDX-License-Identifier: Apache-2.0
// A design space: parameters that may vary, which of them exist when, and what must hold between
// them. Plain values; how a space is read from YAML is in read_space.hpp, what a design is worth is
// not asked here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dse/domain.hpp"
#include "dse/expression.hpp"

namespace sluice {

/// One parameter. Its value is set at every one of `paths` of the experiment, followed by `unit`.
struct SpaceParameter {
  std::string name;
  std::vector<std::string> paths;
  Domain domain;
  std::string unit;     ///< as in `16 KiB`; empty for a plain value
  Expression when;      ///< the parameter exists only where this holds; over earlier parameters
  std::string group;    ///< of parameters that belong together; empty: by itself
  std::string summary;  ///< one line
  std::optional<std::uint64_t> usual;  ///< the value of the unchanged design
  bool operator==(const SpaceParameter&) const = default;
};

struct DesignSpace {
  std::string name;
  std::vector<SpaceParameter> parameters;
  std::vector<Expression> constraints;  ///< over parameters alone
  bool operator==(const DesignSpace&) const = default;
};

/// The digit of a parameter that does not exist in a design.
inline constexpr std::uint64_t inactive = ~std::uint64_t{0};

/// One design: the index of each parameter's value, or `inactive`.
struct Point {
  std::vector<std::uint64_t> digits;
  auto operator<=>(const Point&) const = default;
};

/// The value of a parameter as it is set; "" where the parameter does not exist.
std::string value_with_unit(const SpaceParameter& parameter, std::uint64_t digit);

/// What expressions of this space may name, in the order of the parameters.
std::vector<ExpressionName> expression_names(const DesignSpace& space);
/// The values of the parameters in the order of expression_names(); those that do not exist are 0,
/// false or "".
std::vector<ExpressionValue> expression_values(const DesignSpace& space, const Point& point);

/// The same design as a point of the space: parameters that do not exist become inactive, those
/// that do and were not become their first value, digits beyond their domain the last.
Point canonical(const DesignSpace& space, Point point);
/// Whether the point is its own canonical().
bool is_canonical(const DesignSpace& space, const Point& point);

/// The text of the first constraint that a canonical point breaks, or "".
std::string broken_constraint(const DesignSpace& space, const Point& point);

/// A setting of one value of the experiment.
struct SpaceSetting {
  std::string path;
  std::string text;
  bool operator==(const SpaceSetting&) const = default;
};
std::vector<SpaceSetting> settings_of(const DesignSpace& space, const Point& point);

/// Stable over versions: names and values of the parameters that exist, whatever their order in the
/// file and whatever else could have been chosen.
std::uint64_t hash_of(const DesignSpace& space, const Point& point);
/// Over all that decides what the points of a space mean.
std::uint64_t hash_of(const DesignSpace& space);

/// `rows=64, columns=32`; parameters that do not exist are left out.
std::string to_text(const DesignSpace& space, const Point& point);

}  // namespace sluice
