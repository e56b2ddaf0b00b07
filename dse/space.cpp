// SPDX-License-Identifier: Apache-2.0
#include "dse/space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "dse/broken.hpp"
#include "dse/design_texts.hpp"

namespace sluice {
namespace {

using Kind = ExpressionName::Kind;

Kind kind_of(const Domain& domain) {
  if (std::holds_alternative<SwitchDomain>(domain)) return Kind::condition;
  return is_number(domain) ? Kind::number : Kind::word;
}

ExpressionValue value_of(const Domain& domain, std::uint64_t digit) {
  switch (kind_of(domain)) {
    case Kind::number:
      return digit == inactive ? 0.0 : value_number(domain, digit);
    case Kind::condition:
      return digit == 1;
    case Kind::word:
      return digit == inactive ? std::string() : value_text(domain, digit);
  }
  return 0.0;
}

/// Orders of which a condition may name one: those of seven items.
constexpr std::uint64_t most_orders = 5040;

}  // namespace

std::string value_with_unit(const SpaceParameter& parameter, std::uint64_t digit) {
  if (digit == inactive) return {};
  std::string text = value_text(parameter.domain, digit);
  if (!parameter.unit.empty()) text += " " + parameter.unit;
  return text;
}

std::vector<ExpressionName> expression_names(const DesignSpace& space) {
  std::vector<ExpressionName> names;
  for (const SpaceParameter& parameter : space.parameters) {
    ExpressionName name{parameter.name, kind_of(parameter.domain), {}, parameter.paths};
    if (const auto* choice = std::get_if<ChoiceDomain>(&parameter.domain))
      name.words = choice->values;
    else if (std::holds_alternative<OrderDomain>(parameter.domain) &&
             size_of(parameter.domain) <= most_orders)
      for (std::uint64_t i = 0; i < size_of(parameter.domain); ++i)
        name.words.push_back(value_text(parameter.domain, i));
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<ExpressionValue> expression_values(const DesignSpace& space, const Point& point) {
  std::vector<ExpressionValue> values;
  values.reserve(space.parameters.size());
  for (std::size_t i = 0; i < space.parameters.size(); ++i)
    values.push_back(value_of(space.parameters[i].domain, point.digits[i]));
  return values;
}

std::vector<ExpressionValue> values_for(std::span<const Expression> conditions,
                                        const DesignSpace& space, const Point& point) {
  std::vector<ExpressionValue> values(space.parameters.size(), 0.0);
  for (const Expression& condition : conditions)
    for (const std::size_t used : condition.uses())
      if (used < values.size())  // else it is no parameter's name
        values[used] = value_of(space.parameters[used].domain, point.digits[used]);
  return values;
}

Point canonical(const DesignSpace& space, Point point) {
  const std::size_t n = space.parameters.size();
  point.digits.resize(n, inactive);
  std::vector<ExpressionValue> values(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const SpaceParameter& parameter = space.parameters[i];
    std::uint64_t& digit = point.digits[i];
    if (!parameter.when.holds(values)) {
      digit = inactive;
    } else if (digit == inactive) {
      digit = 0;
    } else {
      digit = std::min(digit, size_of(parameter.domain) - 1);
    }
    values[i] = value_of(parameter.domain, digit);
  }
  return point;
}

bool is_canonical(const DesignSpace& space, const Point& point) {
  const std::size_t n = space.parameters.size();
  if (point.digits.size() != n) return false;
  std::vector<ExpressionValue> values(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const SpaceParameter& parameter = space.parameters[i];
    for (const std::size_t used : parameter.when.uses())  // of parameters before this one
      values[used] = value_of(space.parameters[used].domain, point.digits[used]);
    const bool exists = parameter.when.holds(values);
    if (exists != (point.digits[i] != inactive)) return false;
    if (exists && point.digits[i] >= size_of(parameter.domain)) return false;
  }
  return true;
}

std::string broken_constraint(const DesignSpace& space, const Point& point) {
  if (space.constraints.empty()) return {};
  const std::vector<ExpressionValue> values = values_for(space.constraints, space, point);
  for (const Expression& constraint : space.constraints)
    if (std::string wrong = broken(constraint, values); !wrong.empty()) return wrong;
  return {};
}

std::vector<SpaceSetting> settings_of(const DesignSpace& space, const Point& point) {
  std::vector<SpaceSetting> settings;
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    if (point.digits[i] == inactive) continue;
    const SpaceParameter& parameter = space.parameters[i];
    const std::string text = value_with_unit(parameter, point.digits[i]);
    for (const std::string& path : parameter.paths) settings.push_back({path, text});
  }
  return settings;
}

std::uint64_t hash_of(const DesignSpace& space, const Point& point) {
  return DesignHashes(space).of(point);
}

std::uint64_t hash_of(const DesignSpace& space) {
  std::uint64_t hash = content_hash("");
  for (const SpaceParameter& p : space.parameters) {
    hash = content_hash(
        fmt::format("{}\n{}\n{}\n{}\n", p.name, to_text(p.domain), p.unit, p.when.text()), hash);
    for (const std::string& path : p.paths) hash = content_hash(path + "\n", hash);
  }
  for (const Expression& constraint : space.constraints)
    hash = content_hash(constraint.text() + "\n", hash);
  return hash;
}

std::string to_text(const DesignSpace& space, const Point& point) {
  std::string text;
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    if (point.digits[i] == inactive) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{}={}", space.parameters[i].name,
                        value_with_unit(space.parameters[i], point.digits[i]));
  }
  return text;
}

}  // namespace sluice
