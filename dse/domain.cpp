// SPDX-License-Identifier: Apache-2.0
#include "dse/domain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

namespace sluice {
namespace {

template <class... Ts>
struct Overload : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overload(Ts...) -> Overload<Ts...>;  // clang 16 deduces no aggregates

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::uint64_t factorial(std::size_t n) {
  std::uint64_t product = 1;
  for (std::uint64_t i = 2; i <= n; ++i) product *= i;
  return product;
}

double real_at(const RealDomain& d, std::uint64_t index) {
  if (index == 0) return d.first;
  if (index + 1 == d.levels) return d.last;
  const double share = static_cast<double>(index) / static_cast<double>(d.levels - 1);
  return d.logarithmic ? d.first * std::pow(d.last / d.first, share)
                       : d.first + (d.last - d.first) * share;
}

/// The items in the order of this number (Lehmer code).
std::vector<std::string> order_at(const OrderDomain& d, std::uint64_t index) {
  std::vector<std::string> left = d.items, order;
  for (std::size_t n = left.size(); n > 0; --n) {
    const std::uint64_t block = factorial(n - 1);
    const auto chosen = left.begin() + static_cast<std::ptrdiff_t>(index / block);
    order.push_back(*chosen);
    left.erase(chosen);
    index %= block;
  }
  return order;
}

/// The number of the order that is written as `[a, b, c]`, or the number of orders.
std::uint64_t index_of_order(const OrderDomain& d, const std::string& text) {
  std::vector<std::string> left = d.items;
  std::uint64_t index = 0;
  std::string rest = text;
  const std::uint64_t none = factorial(d.items.size());
  for (std::string lead = "["; !left.empty(); lead = ", ") {
    const auto begins = [&](const std::string& item) {
      const std::string wanted = lead + item;
      return rest.starts_with(wanted) && (rest[wanted.size()] == ',' || rest[wanted.size()] == ']');
    };
    const auto item = std::ranges::find_if(left, begins);
    if (item == left.end()) return none;
    index += factorial(left.size() - 1) * static_cast<std::uint64_t>(item - left.begin());
    rest.erase(0, lead.size() + item->size());
    left.erase(item);
  }
  return rest == "]" ? index : none;
}

std::string twice(std::vector<std::string> values) {
  std::ranges::sort(values);
  const auto pair = std::ranges::adjacent_find(values);
  return pair == values.end() ? "" : fmt::format("'{}' stands here twice", *pair);
}

/// What is wrong with a domain, or "".
struct Complaint {
  std::string operator()(const IntegerDomain& d) const {
    constexpr std::int64_t bound = std::int64_t{1} << 53;  // as a double it is exact
    if (d.step < 1) return fmt::format("a step of {} leads nowhere", d.step);
    if (d.first < -bound || d.last > bound) return "a bound is beyond 2^53";
    return d.first > d.last ? fmt::format("{} is above {}", d.first, d.last) : "";
  }
  std::string operator()(const PowerDomain& d) const {
    if (d.first == 0) return "powers of two cannot begin at 0";
    return d.first > d.last ? fmt::format("{} is above {}", d.first, d.last) : "";
  }
  std::string operator()(const RealDomain& d) const {
    if (!std::isfinite(d.first) || !std::isfinite(d.last)) return "a bound is not finite";
    if (!(d.first < d.last)) return fmt::format("{} is not below {}", d.first, d.last);
    if (d.levels < 2) return "at least two levels are needed";
    if (d.logarithmic && d.first <= 0)
      return fmt::format("a logarithmic range cannot begin at {}", d.first);
    return "";
  }
  std::string operator()(const ChoiceDomain& d) const {
    return d.values.empty() ? "there is nothing to choose from" : twice(d.values);
  }
  std::string operator()(const SwitchDomain&) const { return ""; }
  std::string operator()(const OrderDomain& d) const {
    if (d.items.empty()) return "there is nothing to order";
    if (d.items.size() > 20) return "more than 20 items have too many orders";
    return twice(d.items);
  }
};

}  // namespace

std::uint64_t size_of(const Domain& domain) {
  return std::visit(
      Overload{
          [](const IntegerDomain& d) {
            return static_cast<std::uint64_t>((d.last - d.first) / d.step) + 1;
          },
          [](const PowerDomain& d) {
            return static_cast<std::uint64_t>(std::bit_width(d.last / d.first));
          },
          [](const RealDomain& d) { return d.levels; },
          [](const ChoiceDomain& d) { return static_cast<std::uint64_t>(d.values.size()); },
          [](const SwitchDomain&) { return std::uint64_t{2}; },
          [](const OrderDomain& d) { return factorial(d.items.size()); },
      },
      domain);
}

std::string check_domain(const Domain& domain) { return std::visit(Complaint{}, domain); }

std::string value_text(const Domain& domain, std::uint64_t index) {
  return std::visit(
      Overload{
          [&](const IntegerDomain& d) {
            return fmt::format("{}", d.first + static_cast<std::int64_t>(index) * d.step);
          },
          [&](const PowerDomain& d) { return fmt::format("{}", d.first << index); },
          [&](const RealDomain& d) { return fmt::format("{}", real_at(d, index)); },
          [&](const ChoiceDomain& d) { return d.values[index]; },
          [&](const SwitchDomain&) { return std::string(index == 0 ? "false" : "true"); },
          [&](const OrderDomain& d) {
            return fmt::format("[{}]", fmt::join(order_at(d, index), ", "));
          },
      },
      domain);
}

std::uint64_t index_of(const Domain& domain, const std::string& text) {
  const std::uint64_t none = size_of(domain);
  if (const auto* d = std::get_if<OrderDomain>(&domain)) return index_of_order(*d, text);
  if (const auto* d = std::get_if<IntegerDomain>(&domain)) {
    const auto value = number_in(text);
    if (!value || *value < static_cast<double>(d->first)) return none;
    const auto index = static_cast<std::uint64_t>((*value - static_cast<double>(d->first)) /
                                                  static_cast<double>(d->step));
    return index < none && value_number(domain, index) == *value ? index : none;
  }
  std::uint64_t index = 0;
  while (index < none && value_text(domain, index) != text) ++index;
  return index;
}

bool is_number(const Domain& domain) {
  if (const auto* choice = std::get_if<ChoiceDomain>(&domain))
    return std::ranges::all_of(choice->values,
                               [](const std::string& text) { return number_in(text).has_value(); });
  return !std::holds_alternative<SwitchDomain>(domain) &&
         !std::holds_alternative<OrderDomain>(domain);
}

double value_number(const Domain& domain, std::uint64_t index) {
  if (const auto* d = std::get_if<IntegerDomain>(&domain))
    return static_cast<double>(d->first + static_cast<std::int64_t>(index) * d->step);
  if (const auto* d = std::get_if<PowerDomain>(&domain))
    return static_cast<double>(d->first << index);
  if (const auto* d = std::get_if<RealDomain>(&domain)) return real_at(*d, index);
  return number_in(value_text(domain, index)).value_or(std::nan(""));
}

bool is_ordered(const Domain& domain) {
  if (const auto* choice = std::get_if<ChoiceDomain>(&domain)) return choice->ordered;
  return !std::holds_alternative<OrderDomain>(domain);
}

double coordinate(const Domain& domain, std::uint64_t index) {
  return (static_cast<double>(index) + 0.5) / static_cast<double>(size_of(domain));
}

std::uint64_t index_at(const Domain& domain, double coordinate) {
  const std::uint64_t size = size_of(domain);
  if (!(coordinate > 0)) return 0;
  if (coordinate >= 1) return size - 1;
  const auto index = static_cast<std::uint64_t>(coordinate * static_cast<double>(size));
  return std::min(index, size - 1);
}

std::string to_text(const Domain& domain) {
  return std::visit(
      Overload{
          [](const IntegerDomain& d) {
            return d.step == 1 ? fmt::format("{}..{}", d.first, d.last)
                               : fmt::format("{}..{} in steps of {}", d.first, d.last, d.step);
          },
          [](const PowerDomain& d) {
            return fmt::format("{}..{} by powers of two", d.first, d.last);
          },
          [](const RealDomain& d) {
            return fmt::format("{}..{} in {} {}levels", d.first, d.last, d.levels,
                               d.logarithmic ? "logarithmic " : "");
          },
          [](const ChoiceDomain& d) {
            return fmt::format("{}", fmt::join(d.values, d.ordered ? " < " : " | "));
          },
          [](const SwitchDomain&) { return std::string("false | true"); },
          [](const OrderDomain& d) { return fmt::format("order of {}", fmt::join(d.items, ", ")); },
      },
      domain);
}

}  // namespace sluice
