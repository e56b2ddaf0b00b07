// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/operations.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace sluice {
namespace {

using Operands = const double*;
constexpr std::size_t many = 16;

double largest(Operands x, std::size_t n) {
  double result = x[0];
  for (std::size_t i = 1; i < n; ++i) result = std::fmax(result, x[i]);
  return result;
}
double smallest(Operands x, std::size_t n) {
  double result = x[0];
  for (std::size_t i = 1; i < n; ++i) result = std::fmin(result, x[i]);
  return result;
}

constexpr MapOperation operations[] = {
    {"+", 2, 2, [](Operands x, std::size_t) { return x[0] + x[1]; }},
    {"-", 2, 2, [](Operands x, std::size_t) { return x[0] - x[1]; }},
    {"*", 2, 2, [](Operands x, std::size_t) { return x[0] * x[1]; }},
    {"/", 2, 2, [](Operands x, std::size_t) { return x[0] / x[1]; }},
    {"neg", 1, 1, [](Operands x, std::size_t) { return -x[0]; }},
    {"max", 2, many, largest},
    {"min", 2, many, smallest},
    {"abs", 1, 1, [](Operands x, std::size_t) { return std::fabs(x[0]); }},
    {"exp", 1, 1, [](Operands x, std::size_t) { return std::exp(x[0]); }},
    {"exp2", 1, 1, [](Operands x, std::size_t) { return std::exp2(x[0]); }},
    {"log", 1, 1, [](Operands x, std::size_t) { return std::log(x[0]); }},
    {"log2", 1, 1, [](Operands x, std::size_t) { return std::log2(x[0]); }},
    {"sqrt", 1, 1, [](Operands x, std::size_t) { return std::sqrt(x[0]); }},
    {"rsqrt", 1, 1, [](Operands x, std::size_t) { return 1 / std::sqrt(x[0]); }},
    {"pow", 2, 2, [](Operands x, std::size_t) { return std::pow(x[0], x[1]); }},
    {"sin", 1, 1, [](Operands x, std::size_t) { return std::sin(x[0]); }},
    {"cos", 1, 1, [](Operands x, std::size_t) { return std::cos(x[0]); }},
    {"tanh", 1, 1, [](Operands x, std::size_t) { return std::tanh(x[0]); }},
    {"erf", 1, 1, [](Operands x, std::size_t) { return std::erf(x[0]); }},
    {"sigmoid", 1, 1, [](Operands x, std::size_t) { return 1 / (1 + std::exp(-x[0])); }},
    {"relu", 1, 1, [](Operands x, std::size_t) { return std::fmax(x[0], 0.0); }},
    {"round", 1, 1, [](Operands x, std::size_t) { return std::nearbyint(x[0]); }},
    {"select", 3, 3, [](Operands x, std::size_t) { return x[0] > 0 ? x[1] : x[2]; }},
    {"floor", 1, 1, [](Operands x, std::size_t) { return std::floor(x[0]); }},
};

}  // namespace

const MapOperation* find_operation(std::string_view name) {
  for (const MapOperation& operation : operations)
    if (operation.name == name) return &operation;
  return nullptr;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const MapOperation& operation : operations) names.emplace_back(operation.name);
  return names;
}

std::string_view operation_word(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"+", "add"}, {"-", "subtract"}, {"*", "multiply"}, {"/", "divide"}};
  for (const auto& [sign, word] : words)
    if (sign == name) return word;
  return name;
}

bool is_reduction(std::string_view name) {
  return name == "+" || name == "*" || name == "max" || name == "min";
}

double identity_of(std::string_view reduction) {
  if (reduction == "*") return 1;
  if (reduction == "max") return -std::numeric_limits<double>::infinity();
  if (reduction == "min") return std::numeric_limits<double>::infinity();
  return 0;
}

}  // namespace sluice
