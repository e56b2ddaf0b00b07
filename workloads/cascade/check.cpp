// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/checked.hpp"
#include "workloads/cascade/graph.hpp"

namespace sluice {
namespace {

class Checker {
 public:
  Checker(const Cascade& cascade, const CascadePlaces& places, Mistakes& mistakes)
      : cascade_(cascade), places_(places), mistakes_(mistakes) {
    for (std::size_t i = 0; i < cascade.einsums.size(); ++i) {
      writers_[einsum(i).output.tensor].push_back(i);
      for (const TensorAccess* read : reads_of(einsum(i))) read_.insert(read->tensor);
    }
  }

  void check() {
    for (std::size_t i = 0; i < cascade_.einsums.size(); ++i) {
      check_size(i);
      check_writes_once(i);
      check_other_writers(i);
      check_reads(i);
    }
    check_cycles();
    check_unused();
  }

 private:
  const Einsum& einsum(std::size_t i) const { return cascade_.einsums[i]; }

  void check_size(std::size_t i) {
    std::uint64_t points = 1;
    for (const std::string& name : ranks_of(einsum(i))) {
      const auto more = multiply(points, cascade_.find_rank(name)->size);
      if (!more || *more > (std::uint64_t{1} << 60))
        return mistakes_.error(places_.outputs[i].where, "this Einsum has more than 2^60 points");
      points = *more;
    }
  }

  /// Sums of ranks in a subscript of the output must be positions in a mixed radix.
  void check_writes_once(std::size_t i) {
    const TensorAccess& output = einsum(i).output;
    for (std::size_t d = 0; d < output.indices.size(); ++d) {
      std::vector<std::pair<std::int64_t, std::int64_t>> parts;  // coefficient, size - 1
      for (const std::string& rank : ranks_of(TensorAccess{{}, {output.indices[d]}}))
        parts.emplace_back(std::abs(coefficient_of(output.indices[d], rank)),
                           static_cast<std::int64_t>(cascade_.find_rank(rank)->size) - 1);
      std::ranges::sort(parts);
      std::int64_t reach = 0;
      for (const auto& [coefficient, last] : parts) {
        if (last > 0 && coefficient <= reach)
          return mistakes_.error(
              places_.outputs[i].indices[d],
              fmt::format("several points make the same element of '{}'", output.tensor),
              "reduce into a rank of its own instead");
        std::int64_t more = 0;
        if (__builtin_mul_overflow(coefficient, last, &more) ||
            __builtin_add_overflow(reach, more, &reach))
          reach = INT64_MAX;
      }
    }
  }

  bool are_apart(const Einsum& a, const Einsum& b) const {
    for (std::size_t d = 0; d < a.output.indices.size(); ++d) {
      const IndexRange x = range_of(a.output.indices[d], a, cascade_);
      const IndexRange y = range_of(b.output.indices[d], b, cascade_);
      if (x.most < y.least || y.most < x.least) return true;
    }
    return false;
  }

  void check_other_writers(std::size_t i) {
    const std::string& name = einsum(i).output.tensor;
    const CascadeTensor* tensor = cascade_.find_tensor(name);
    if (tensor->kind == CascadeTensor::Kind::input)
      return mistakes_.error(places_.outputs[i].where,
                             fmt::format("'{}' is an input, no Einsum can make it", name));
    for (const std::size_t j : writers_.at(name))
      if (j < i && !are_apart(einsum(j), einsum(i)))
        return mistakes_.error(
            places_.outputs[i].where, fmt::format("'{}' is made twice", name),
            fmt::format("line {} makes it already; several Einsums may make parts that are apart",
                        places_.outputs[j].where.line));
  }

  void check_reads(std::size_t i) {
    const auto reads = reads_of(einsum(i));
    for (std::size_t k = 0; k < reads.size(); ++k)
      for (std::size_t d = 0; d < reads[k]->indices.size(); ++d)
        check_index(i, *reads[k], d, places_.reads[i][k].indices[d]);
  }

  void check_index(std::size_t i, const TensorAccess& read, std::size_t d, const Location& where) {
    const CascadeTensor* tensor = cascade_.find_tensor(read.tensor);
    if (!tensor || d >= tensor->dimensions.size()) return;
    const TensorIndex& index = read.indices[d];
    const TensorDimension& dimension = tensor->dimensions[d];
    if (!index.gathers.empty()) return;
    const std::string rank = plain_rank(index);
    if (tensor->kind == CascadeTensor::Kind::input && !rank.empty() && !dimension.rank.empty() &&
        cascade_.find_rank(rank)->size != dimension.size && rank != dimension.rank)
      return mistakes_.error(
          where,
          fmt::format("the rank '{}' has {} elements, but '{}' has {} there (rank '{}')", rank,
                      cascade_.find_rank(rank)->size, read.tensor, dimension.size, dimension.rank),
          "declare the input with a number to read a part of it");
    const IndexRange range = range_of(index, einsum(i), cascade_);
    if (range.least > range.most) return;
    if (range.least < 0 || range.most >= static_cast<std::int64_t>(dimension.size))
      return mistakes_.error(
          where,
          fmt::format("'{}' goes from {} to {}, but '{}' has {} elements there", to_text(index),
                      range.least, range.most, read.tensor, dimension.size),
          fmt::format("add the condition `where {} < {}`, or mend the sizes", to_text(index),
                      dimension.size));
    if (tensor->kind != CascadeTensor::Kind::input) check_made(read, d, range, where);
  }

  /// The first element that is read must have been made by something.
  void check_made(const TensorAccess& read, std::size_t d, const IndexRange& range,
                  const Location& where) {
    std::int64_t first = INT64_MAX;
    for (const std::size_t i : writers_.at(read.tensor)) {
      const TensorIndex& index = einsum(i).output.indices[d];
      const std::int64_t least = range_of(index, einsum(i), cascade_).least;
      first = std::min(first, plain_rank(index).empty() ? least : 0);  // conditions leave gaps
    }
    if (range.least >= first) return;
    TensorAccess missing = read;
    missing.indices[d].terms = {{range.least, {}, {}}};
    mistakes_.error(
        where,
        fmt::format("'{}' has no value at {}: nothing makes it there", read.tensor, range.least),
        fmt::format("give it one: {} = 0", to_text(missing)));
  }

  /// A rank that both indices have alone, and how far behind `made` the other lies along it.
  std::optional<RankDistance> distance_between(const TensorIndex& made,
                                               const TensorIndex& read) const {
    const auto constant = [](const TensorIndex& index) {
      std::int64_t sum = 0;
      for (const IndexTerm& term : index.terms) sum += term.rank.empty() ? term.coefficient : 0;
      return sum;
    };
    const auto ranks = [](const TensorIndex& index) { return ranks_of(TensorAccess{{}, {index}}); };
    if (!read.gathers.empty() || ranks(made).size() != 1 || ranks(made) != ranks(read))
      return std::nullopt;
    const std::string rank = ranks(made)[0];
    if (coefficient_of(made, rank) != coefficient_of(read, rank)) return std::nullopt;
    return RankDistance{rank, constant(made) - constant(read)};
  }

  /// Reads of a tensor where the same Einsum makes it elsewhere, along ranks that are not
  /// iterative.
  bool tell_stencils(const CascadeStep& step) {
    bool told = false;
    for (const std::size_t i : step.einsums) {
      const auto reads = reads_of(einsum(i));
      for (std::size_t k = 0; k < reads.size(); ++k)
        if (reads[k]->tensor == einsum(i).output.tensor)
          told = tell_stencil(i, *reads[k], places_.reads[i][k]) || told;
    }
    return told;
  }

  bool tell_stencil(std::size_t i, const TensorAccess& read, const AccessPlace& place) {
    const TensorAccess& made = einsum(i).output;
    std::optional<std::size_t> along;
    std::string rank;
    for (std::size_t d = 0; d < read.indices.size(); ++d) {
      const auto distance = distance_between(made.indices[d], read.indices[d]);
      if (!distance || distance->distance == 0) continue;
      if (cascade_.find_rank(distance->rank)->iterative) return false;  // which may carry it
      if (!along) along = d, rank = distance->rank;
    }
    if (!along) return false;
    mistakes_.error(
        place.indices[*along],
        fmt::format("'{}' is made at {} from itself at {}, but the rank '{}' is not iterative",
                    read.tensor, to_text(made.indices[*along]), to_text(read.indices[*along]),
                    rank),
        fmt::format("put {} under `iterative:`, or give each step a rank of its own", rank));
    return true;
  }

  void check_cycles() {
    std::set<std::string> carried;
    for (const CascadeEdge& edge : edges_of(cascade_))
      for (const auto& [rank, distance] : edge.distances)
        if (distance > 0) carried.insert(rank);
    for (const CascadeStep& step : schedule_of(cascade_)) {
      if (step.possible || tell_stencils(step)) continue;
      std::string names;
      for (const std::size_t i : step.einsums)
        names += (names.empty() ? "" : ", ") + einsum(i).output.tensor;
      mistakes_.error(
          places_.outputs[*std::ranges::min_element(step.einsums)].where,
          fmt::format("these need each other, and no iterative rank orders them: {}", names),
          "a recurrence writes RM[m1+1,p] and reads RM[m1,p], with m1 under "
          "`iterative:`");
    }
    for (const auto& [rank, where] : places_.iterative)
      if (cascade_.find_rank(rank)->size > 1 && !carried.contains(rank))
        mistakes_.error(where, fmt::format("no Einsum carries a value along the rank '{}'", rank),
                        fmt::format("leave it out of `iterative:`, or write to {}+1", rank));
  }

  void check_unused() {
    for (const CascadeTensor& tensor : cascade_.tensors) {
      if (tensor.kind == CascadeTensor::Kind::output || read_.contains(tensor.name)) continue;
      if (tensor.kind == CascadeTensor::Kind::input) {
        mistakes_.error(places_.inputs.at(tensor.name),
                        fmt::format("no Einsum reads the input '{}'", tensor.name));
        continue;
      }
      for (const std::size_t i : writers_.at(tensor.name))
        mistakes_.error(places_.outputs[i].where, fmt::format("nothing reads '{}'", tensor.name),
                        "add it to `outputs:`, or remove it");
    }
  }

  const Cascade& cascade_;
  const CascadePlaces& places_;
  Mistakes& mistakes_;
  std::map<std::string, std::vector<std::size_t>> writers_;
  std::set<std::string> read_;
};

}  // namespace

void derive_tensors(Cascade& cascade, const CascadePlaces& places, Mistakes& mistakes) {
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i) {
    const Einsum& einsum = cascade.einsums[i];
    const std::string& name = einsum.output.tensor;
    auto tensor = std::ranges::find(cascade.tensors, name, &CascadeTensor::name);
    if (tensor != cascade.tensors.end() && tensor->kind == CascadeTensor::Kind::input) continue;
    const bool fresh = tensor == cascade.tensors.end();
    if (fresh) {
      cascade.tensors.push_back({name, CascadeTensor::Kind::intermediate, {}});
      tensor = cascade.tensors.end() - 1;
      tensor->dimensions.resize(einsum.output.indices.size());
    }
    std::uint64_t elements = 1;
    for (std::size_t d = 0; d < einsum.output.indices.size(); ++d) {
      const TensorIndex& index = einsum.output.indices[d];
      IndexRange range = range_of(index, einsum, cascade);
      if (const std::string rank = plain_rank(index); !rank.empty())  // conditions leave gaps only
        range = {0, static_cast<std::int64_t>(cascade.find_rank(rank)->size) - 1};
      if (range.least < 0 || !index.gathers.empty())
        mistakes.error(places.outputs[i].indices[d],
                       index.gathers.empty()
                           ? fmt::format("'{}' goes down to {}, indices begin at 0", to_text(index),
                                         range.least)
                           : "a result cannot be written to where a tensor says");
      TensorDimension& dimension = tensor->dimensions[d];
      const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(range.most, 0)) + 1;
      if (fresh) dimension.rank = plain_rank(index);
      dimension.size = std::max(fresh ? 1 : dimension.size, size);
      elements = multiply(elements, dimension.size).value_or(UINT64_MAX);
      if (dimension.size > 1 && elements > (std::uint64_t{1} << 60))
        return mistakes.error(places.outputs[i].where,
                              fmt::format("'{}' has more than 2^60 elements", name));
    }
  }
  // A rank that makes a part of a dimension only is not its rank.
  for (CascadeTensor& tensor : cascade.tensors)
    for (TensorDimension& dimension : tensor.dimensions)
      if (!dimension.rank.empty() && cascade.find_rank(dimension.rank)->size != dimension.size)
        dimension.rank.clear();
}

void check_cascade(const Cascade& cascade, const CascadePlaces& places, Mistakes& mistakes) {
  Checker(cascade, places, mistakes).check();
}

}  // namespace sluice
