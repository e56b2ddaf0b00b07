// SPDX-License-Identifier: Apache-2.0
#include "workloads/lowering/compose.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

using Kind = MapExpression::Kind;

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

/// Adds `factor` times `index` to `sum`.
void add_scaled(const TensorIndex& index, std::uint64_t factor, TensorIndex& sum) {
  for (IndexTerm term : index.terms) {
    term.coefficient *= static_cast<std::int64_t>(factor);
    if (factor != 1) term.written.clear();
    sum.terms.push_back(std::move(term));
  }
  sum.gathers.insert(sum.gathers.end(), index.gathers.begin(), index.gathers.end());
}

/// Whether a port that wants a tensor of its own does not get it yet.
bool is_copied(const Port& port, const Source& source) {
  return port.stored && (source.stored.form != port.form || !source.chosen_by.empty());
}

}  // namespace

/// What the names of a part are in the cascade.
struct Composer::Renaming {
  std::map<std::string, std::string> ranks;
  std::map<std::string, std::string> tensors;
  std::map<std::string, Source> sources;  ///< of ports that are read in place

  /// The name of a size, such as M0, when its rank has one here.
  std::string symbol(const std::string& name) const {
    for (const auto& [rank, global] : ranks)
      if (upper(rank) == name && rank != name) return upper(global);
    return {};
  }

  TensorIndex index(const TensorIndex& part) const {
    TensorIndex result;
    for (IndexTerm term : part.terms) {
      if (!term.rank.empty()) term.rank = ranks.at(term.rank);
      term.written = symbol(term.written);
      result.terms.push_back(std::move(term));
    }
    for (const TensorAccess& gather : part.gathers) result.gathers.push_back(access(gather));
    return result;
  }

  TensorAccess access(const TensorAccess& part) const {
    TensorAccess result{part.tensor, {}};
    for (const TensorIndex& one : part.indices) result.indices.push_back(index(one));
    const auto source = sources.find(part.tensor);
    if (source != sources.end()) return read(source->second, result.indices);
    result.tensor = tensors.at(part.tensor);
    return result;
  }

  static TensorAccess read(const Source& source, const std::vector<TensorIndex>& at) {
    TensorAccess result{source.stored.tensor, {}};
    for (const Projection::Sum& sum : source.projection.sums) {
      TensorIndex& index = result.indices.emplace_back();
      for (const Projection::Term& term : sum.terms)
        add_scaled(at[term.dimension], term.factor, index);
      if (sum.constant > 0)
        index.terms.push_back({static_cast<std::int64_t>(sum.constant), {}, {}});
    }
    if (source.chosen_by.empty()) return result;
    TensorAccess choice{source.chosen_by, {}};
    for (const std::size_t d : source.by) choice.indices.push_back(at[d]);
    result.indices[source.chosen].gathers.push_back(std::move(choice));
    return result;
  }

  MapExpression value(const MapExpression& part) const {
    MapExpression result = part;
    result.parts.clear();
    for (const MapExpression& operand : part.parts) result.parts.push_back(value(operand));
    if (part.kind == Kind::coordinate) result.coordinate = index(part.coordinate);
    if (part.kind == Kind::element) result.element = access(part.element);
    if (part.kind != Kind::symbol) return result;
    result.name = symbol(part.name);
    if (result.name.empty()) result.kind = Kind::number;
    return result;
  }

  Einsum einsum(const Einsum& part) const {
    Einsum result{access(part.output), value(part.value), part.reductions, {}};
    for (Reduction& reduction : result.reductions)
      for (std::string& rank : reduction.ranks) rank = ranks.at(rank);
    for (const RankComparison& c : part.conditions) result.conditions.push_back(condition(c));
    return result;
  }
  RankComparison condition(const RankComparison& part) const {
    RankComparison result{index(part.left), part.relation, index(part.right), {}};
    for (const RankComparison& other : part.alternatives)
      result.alternatives.push_back(condition(other));
    return result;
  }
};

/// A name that no tensor, rank or size of a rank has.
std::string Composer::fresh(const std::string& wanted, bool is_rank) {
  std::string name = wanted;
  const auto is_taken = [&] {
    return taken_.contains(name) || (is_rank && taken_.contains(upper(name)));
  };
  for (int next = 2; is_taken(); ++next) name = fmt::format("{}_{}", wanted, next);
  taken_.insert(name);
  if (is_rank) taken_.insert(upper(name));
  return name;
}

/// A rank of an operand that is read in place, along a dimension of the producer that has a rank,
/// is that rank; no two of the part become the same.
void Composer::name_ranks(const Part& part, const std::vector<std::optional<Source>>& sources,
                          Renaming& names) {
  std::set<std::string> used;
  for (std::size_t k = 0; k < part.ports.size(); ++k) {
    if (!sources[k]) continue;
    const CascadeTensor* operand = part.cascade.find_tensor(part.ports[k].tensor);
    const std::vector<Projection::Sum>& sums = sources[k]->projection.sums;
    for (std::size_t d = 0; d < sums.size(); ++d) {
      if (sums[d].terms.size() != 1 || sums[d].constant > 0 || sums[d].terms[0].factor != 1)
        continue;
      const std::string& mine = operand->dimensions[sums[d].terms[0].dimension].rank;
      const std::string& theirs = sources[k]->stored.ranks[d];
      if (mine.empty() || theirs.empty() || names.ranks.contains(mine) || used.contains(theirs))
        continue;
      const CascadeRank* rank = part.cascade.find_rank(mine);
      if (rank->iterative || rank->size != cascade_.find_rank(theirs)->size) continue;
      names.ranks[mine] = theirs;
      used.insert(theirs);
    }
  }
}

/// Makes the tensor of a port from what it is read from.
void Composer::copy(const CascadeTensor& operand, const Source& source, const Renaming& names) {
  TensorAccess whole{names.tensors.at(operand.name), {}};
  for (const TensorDimension& dimension : operand.dimensions)
    whole.indices.push_back({{{1, names.ranks.at(dimension.rank), {}}}, {}});
  MapExpression element;
  element.kind = Kind::element;
  element.element = Renaming::read(source, whole.indices);
  std::ranges::find(cascade_.tensors, whole.tensor, &CascadeTensor::name)->kind =
      CascadeTensor::Kind::intermediate;
  cascade_.einsums.push_back({std::move(whole), std::move(element), {}, {}});
}

/// Gives the other ranks of the part names of their own.
void Composer::add_ranks(const Part& part, Renaming& names) {
  std::set<std::string> needed;
  for (const Einsum& einsum : part.cascade.einsums)
    for (const std::string& rank : ranks_of(einsum)) needed.insert(rank);
  for (const CascadeTensor& tensor : part.cascade.tensors)
    for (const TensorDimension& dimension : tensor.dimensions)
      if (!dimension.rank.empty()) needed.insert(dimension.rank);
  for (const std::string& rank : needed) {
    if (names.ranks.contains(rank)) continue;
    CascadeRank own = *part.cascade.find_rank(rank);
    names.ranks[rank] = own.name = fresh(rank, true);
    cascade_.ranks.push_back(std::move(own));
  }
}

void Composer::add_tensors(const Part& part, const std::string& prefix, const std::string& output,
                           Renaming& names) {
  for (const CascadeTensor& tensor : part.cascade.tensors) {
    if (names.sources.contains(tensor.name)) continue;
    CascadeTensor own = tensor;
    own.name = tensor.name == part.output ? output
               : prefix.empty()           ? tensor.name
                                          : prefix + "_" + tensor.name;
    own.name = names.tensors[tensor.name] = fresh(own.name, false);
    for (TensorDimension& dimension : own.dimensions)
      if (!dimension.rank.empty()) dimension.rank = names.ranks.at(dimension.rank);
    if (own.kind == CascadeTensor::Kind::output) own.kind = CascadeTensor::Kind::intermediate;
    cascade_.tensors.push_back(std::move(own));
  }
}

Stored Composer::add(const Part& part, const std::vector<std::optional<Source>>& sources,
                     const std::string& prefix, const std::string& output) {
  Renaming names;
  name_ranks(part, sources, names);
  add_ranks(part, names);
  for (const MapFunction& function : part.cascade.functions)
    if (!cascade_.find_function(function.name)) cascade_.functions.push_back(function);
  const auto is_copied_here = [&](std::size_t k) {
    return sources[k] && is_copied(part.ports[k], *sources[k]);
  };
  for (std::size_t k = 0; k < part.ports.size(); ++k)
    if (sources[k] && !is_copied_here(k)) names.sources[part.ports[k].tensor] = *sources[k];
  add_tensors(part, prefix, output, names);
  for (std::size_t k = 0; k < part.ports.size(); ++k)
    if (is_copied_here(k))
      copy(*part.cascade.find_tensor(part.ports[k].tensor), *sources[k], names);
  for (const Einsum& einsum : part.cascade.einsums)
    cascade_.einsums.push_back(names.einsum(einsum));
  Stored made{names.tensors.at(part.output), part.form, {}};
  for (const TensorDimension& dimension : cascade_.find_tensor(made.tensor)->dimensions)
    made.ranks.push_back(dimension.rank);
  return made;
}

Stored Composer::add_input(const std::string& name, const Form& form) {
  Stored made{fresh(name, false), form, std::vector<std::string>(form.sizes.size())};
  CascadeTensor tensor{made.tensor, CascadeTensor::Kind::input, {}};
  for (const std::uint64_t size : form.sizes) tensor.dimensions.push_back({size, {}});
  cascade_.tensors.push_back(std::move(tensor));
  return made;
}

Cascade Composer::finish(std::string name, std::string summary, std::string source,
                         const std::set<std::string>& outputs) {
  cascade_.name = std::move(name);
  cascade_.summary = std::move(summary);
  cascade_.source = std::move(source);
  std::set<std::string> read;
  for (const Einsum& einsum : cascade_.einsums)
    for (const TensorAccess* access : reads_of(einsum)) read.insert(access->tensor);
  for (CascadeTensor& tensor : cascade_.tensors)
    if (tensor.kind != CascadeTensor::Kind::input &&
        (outputs.contains(tensor.name) || !read.contains(tensor.name)))
      tensor.kind = CascadeTensor::Kind::output;
  return parse_cascade(to_text(cascade_), cascade_.name);
}

}  // namespace sluice
