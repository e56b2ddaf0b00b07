// SPDX-License-Identifier: Apache-2.0
// Fewer Einsums with the same results; see layer_work.hpp.
#include <algorithm>
#include <map>
#include <set>

#include "mapper/schedule/layer_work.hpp"

namespace sluice {
namespace {

using Indices = std::map<std::string, TensorIndex>;  ///< by rank

void substitute(TensorIndex& index, const Indices& values);

void substitute(TensorAccess& access, const Indices& values) {
  for (TensorIndex& index : access.indices) substitute(index, values);
}

/// Puts indices in the place of ranks: `2*m+1` with m = a+3 is `2*a+7`.
void substitute(TensorIndex& index, const Indices& values) {
  TensorIndex result;
  for (const IndexTerm& term : index.terms) {
    const auto value = values.find(term.rank);
    if (term.rank.empty() || value == values.end()) {
      result.terms.push_back(term);
      continue;
    }
    for (const IndexTerm& part : value->second.terms)
      result.terms.push_back({term.coefficient * part.coefficient, part.rank, {}});
  }
  result.gathers = index.gathers;
  for (TensorAccess& gather : result.gathers) substitute(gather, values);
  index = std::move(result);
}

void substitute(MapExpression& value, const Indices& values) {
  substitute(value.coordinate, values);
  substitute(value.element, values);
  for (MapExpression& part : value.parts) substitute(part, values);
}

/// Puts `with` in the place of the read of a tensor.
void replace_read(MapExpression& value, const std::string& tensor, const MapExpression& with) {
  if (value.kind == MapExpression::Kind::element && value.element.tensor == tensor) {
    value = MapExpression(with);
    return;
  }
  for (MapExpression& part : value.parts) replace_read(part, tensor, with);
}

/// The ranks of an access whose indices are plain and all different; nothing where they are not.
std::optional<std::vector<std::string>> plain_ranks(const TensorAccess& access) {
  std::vector<std::string> ranks;
  for (const TensorIndex& index : access.indices) {
    const std::string rank = plain_rank(index);
    if (rank.empty() || std::ranges::count(ranks, rank) > 0) return std::nullopt;
    ranks.push_back(rank);
  }
  return ranks;
}

class Simplifier {
 public:
  explicit Simplifier(const Cascade& cascade) : cascade_(cascade) {}

  Cascade run() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < cascade_.einsums.size() && !changed; ++i)
        changed = inline_into_reader(i);
    }
    for (std::size_t i = 0; i < cascade_.einsums.size(); ++i) align_reader(i);
    drop_unused_ranks();
    return std::move(cascade_);
  }

 private:
  /// The only Einsum that reads what Einsum `i` makes, once; nothing for results.
  std::optional<std::size_t> only_reader(std::size_t i) const {
    const std::string& made = cascade_.einsums[i].output.tensor;
    if (cascade_.find_tensor(made)->kind != CascadeTensor::Kind::intermediate) return std::nullopt;
    std::vector<std::size_t> readers;
    std::size_t makers = 0;
    for (std::size_t j = 0; j < cascade_.einsums.size(); ++j) {
      makers += cascade_.einsums[j].output.tensor == made ? 1 : 0;
      for (const TensorAccess* access : reads_of(cascade_.einsums[j]))
        if (access->tensor == made) readers.push_back(j);
    }
    if (readers.size() != 1 || makers != 1) return std::nullopt;
    return readers.front();
  }
  const TensorAccess& read_by(std::size_t reader, const std::string& tensor) const {
    const auto reads = reads_of(cascade_.einsums[reader]);
    return **std::ranges::find(reads, tensor, [](const TensorAccess* a) { return a->tensor; });
  }

  bool inline_into_reader(std::size_t i);
  void align_reader(std::size_t i);
  void drop_unused_ranks();

  Cascade cascade_;
};

/// What has no reduction and no condition is computed where it is read.
bool Simplifier::inline_into_reader(std::size_t i) {
  const Einsum maker = cascade_.einsums[i];
  const auto ranks = plain_ranks(maker.output);
  const auto reader = only_reader(i);
  if (!ranks || !reader || !maker.reductions.empty() || !maker.conditions.empty()) return false;
  if (ranks_of(maker).size() != ranks->size()) return false;
  Einsum& into = cascade_.einsums[*reader];
  const TensorAccess access = read_by(*reader, maker.output.tensor);
  // What every element of a row needs is computed once.
  if (ranks_of(access).size() != ranks_of(into).size()) return false;
  Indices values;
  for (std::size_t d = 0; d < ranks->size(); ++d) values[(*ranks)[d]] = access.indices[d];
  MapExpression value = maker.value;
  substitute(value, values);
  replace_read(into.value, maker.output.tensor, value);
  std::erase_if(cascade_.tensors,
                [&](const CascadeTensor& t) { return t.name == maker.output.tensor; });
  cascade_.einsums.erase(cascade_.einsums.begin() + static_cast<std::ptrdiff_t>(i));
  return true;
}

/// What reads each element of a sum once goes through the ranks of the sum.
void Simplifier::align_reader(std::size_t i) {
  const Einsum maker = cascade_.einsums[i];
  const auto reader = only_reader(i);
  if (maker.reductions.empty() || !reader) return;
  Einsum& into = cascade_.einsums[*reader];
  if (!into.reductions.empty() || !into.conditions.empty()) return;
  const TensorAccess access = read_by(*reader, maker.output.tensor);
  const auto ranks = plain_ranks(access);
  if (!ranks || ranks_of(into).size() != ranks->size()) return;
  Indices values;
  for (std::size_t d = 0; d < ranks->size(); ++d) values[(*ranks)[d]] = maker.output.indices[d];
  substitute(into.value, values);
  substitute(into.output, values);
}

void Simplifier::drop_unused_ranks() {
  std::set<std::string> used;
  for (const Einsum& einsum : cascade_.einsums)
    for (const std::string& rank : ranks_of(einsum)) used.insert(rank);
  for (const CascadeTensor& tensor : cascade_.tensors)
    for (const TensorDimension& dimension : tensor.dimensions) used.insert(dimension.rank);
  std::erase_if(cascade_.ranks, [&](const CascadeRank& rank) { return !used.contains(rank.name); });
}

}  // namespace

Cascade simplify(const Cascade& cascade) { return Simplifier(cascade).run(); }

}  // namespace sluice
