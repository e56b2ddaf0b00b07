// SPDX-License-Identifier: Apache-2.0
// What single Einsums ask of PEs; see einsum_work.hpp.
#include "mapper/schedule/einsum_work.hpp"

#include <set>

#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

using Names = std::vector<std::string>;

/// Whether the value is an element as it is, or times a number.
const TensorAccess* renamed(const MapExpression& value) {
  using Kind = MapExpression::Kind;
  if (value.kind == Kind::element) return &value.element;
  if (value.kind != Kind::call || value.name != "*" || value.parts.size() != 2) return nullptr;
  const auto is_number = [](const MapExpression& part) {
    return part.kind == Kind::number || part.kind == Kind::symbol;
  };
  if (is_number(value.parts[0])) return renamed(value.parts[1]);
  if (is_number(value.parts[1])) return renamed(value.parts[0]);
  return nullptr;
}

/// The operators of a map, those of functions that the cascade declares in their place.
void collect_operations(const MapExpression& value, const Cascade& cascade, Names& into) {
  if (value.kind == MapExpression::Kind::call) {
    if (const MapFunction* function = cascade.find_function(value.name))
      collect_operations(function->body, cascade, into);
    else
      into.emplace_back(value.name == "neg" ? "subtract" : operation_word(value.name));
  }
  for (const MapExpression& part : value.parts) collect_operations(part, cascade, into);
}

}  // namespace

std::map<std::string, std::string> aliases_of(const Cascade& cascade) {
  std::map<std::string, std::string> alias;
  std::set<std::string> known;
  for (const CascadeTensor& tensor : cascade.tensors)
    if (tensor.kind == CascadeTensor::Kind::input) known.insert(tensor.name);
  for (const Einsum& einsum : cascade.einsums) {
    const TensorAccess* source = renamed(einsum.value);
    if (source == nullptr || !einsum.reductions.empty() || !known.contains(source->tensor))
      continue;
    const CascadeTensor* made = cascade.find_tensor(einsum.output.tensor);
    if (made->kind == CascadeTensor::Kind::output) continue;
    if (ranks_of(einsum).size() != ranks_of(einsum.output).size()) continue;
    alias[einsum.output.tensor] = source->tensor;
    known.insert(einsum.output.tensor);
  }
  return alias;
}

std::vector<std::string> operations_of(const Einsum& einsum, const MapExpression& value,
                                       const Cascade& cascade) {
  Names operations;
  collect_operations(value, cascade, operations);
  if (einsum.reductions.empty()) return operations;
  const std::string& reduction = einsum.reductions.back().operation;
  const bool sums_products = reduction == "+" && value.kind == MapExpression::Kind::call &&
                             value.name == "*" && operations.size() == 1;
  if (sums_products) return {"mac"};
  operations.emplace_back(operation_word(reduction));
  return operations;
}

}  // namespace sluice
