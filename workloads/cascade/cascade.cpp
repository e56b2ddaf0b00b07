// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/cascade.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {
namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

void add_ranks(const TensorIndex& index, std::vector<std::string>& ranks);

void add_ranks(const TensorAccess& access, std::vector<std::string>& ranks) {
  for (const TensorIndex& index : access.indices) add_ranks(index, ranks);
}

void add_ranks(const TensorIndex& index, std::vector<std::string>& ranks) {
  for (const IndexTerm& term : index.terms)
    if (!term.rank.empty()) add_once(ranks, term.rank);
  for (const TensorAccess& gather : index.gathers) add_ranks(gather, ranks);
}

void add_ranks(const MapExpression& value, std::vector<std::string>& ranks) {
  if (value.kind == MapExpression::Kind::coordinate) add_ranks(value.coordinate, ranks);
  if (value.kind == MapExpression::Kind::element) add_ranks(value.element, ranks);
  for (const MapExpression& part : value.parts) add_ranks(part, ranks);
}

void add_gathers(const TensorAccess& access, std::vector<const TensorAccess*>& reads) {
  for (const TensorIndex& index : access.indices)
    for (const TensorAccess& gather : index.gathers) {
      reads.push_back(&gather);
      add_gathers(gather, reads);
    }
}

void add_reads(const MapExpression& value, std::vector<const TensorAccess*>& reads) {
  if (value.kind == MapExpression::Kind::element) {
    reads.push_back(&value.element);
    add_gathers(value.element, reads);
  }
  for (const MapExpression& part : value.parts) add_reads(part, reads);
}

template <class Named>
const Named* find_named(const std::vector<Named>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &Named::name);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

bool TensorIndex::operator==(const TensorIndex& other) const {
  return terms == other.terms && gathers == other.gathers;
}

std::uint64_t CascadeTensor::elements() const {
  std::uint64_t result = 1;
  for (const TensorDimension& dimension : dimensions) result = product(result, dimension.size);
  return result;
}

const CascadeRank* Cascade::find_rank(const std::string& wanted) const {
  return find_named(ranks, wanted);
}
const CascadeTensor* Cascade::find_tensor(const std::string& wanted) const {
  return find_named(tensors, wanted);
}
const MapFunction* Cascade::find_function(const std::string& wanted) const {
  return find_named(functions, wanted);
}

std::vector<std::string> ranks_of(const Einsum& einsum) {
  std::vector<std::string> ranks;
  add_ranks(einsum.output, ranks);
  add_ranks(einsum.value, ranks);
  return ranks;
}

std::vector<std::string> ranks_of(const TensorAccess& access) {
  std::vector<std::string> ranks;
  add_ranks(access, ranks);
  return ranks;
}

std::vector<const TensorAccess*> reads_of(const Einsum& einsum) {
  std::vector<const TensorAccess*> reads;
  add_reads(einsum.value, reads);
  add_gathers(einsum.output, reads);
  return reads;
}

std::int64_t coefficient_of(const TensorIndex& index, const std::string& rank) {
  std::int64_t sum = 0;
  for (const IndexTerm& term : index.terms)
    if (term.rank == rank) sum += term.coefficient;
  return sum;
}

std::int64_t constant_of(const TensorIndex& index) { return coefficient_of(index, {}); }

std::string plain_rank(const TensorIndex& index) {
  if (index.terms.size() != 1 || !index.gathers.empty()) return {};
  return index.terms[0].coefficient == 1 ? index.terms[0].rank : std::string();
}

}  // namespace sluice
