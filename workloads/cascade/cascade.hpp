// SPDX-License-Identifier: Apache-2.0
// What is computed, as a cascade of extended Einsums: plain values, all numbers resolved. The text
// form is described in docs/cascades.md; reading it is load.hpp, analysing it analysis.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// A named dimension of iteration. An iterative rank carries values from one coordinate to the next
/// and stops after its last.
struct CascadeRank {
  std::string name;
  std::uint64_t size = 1;
  bool iterative = false;

  bool operator==(const CascadeRank&) const = default;
};

/// `coefficient * rank`, or a constant when `rank` is empty. `written` is how the user spelt the
/// coefficient when that was no plain number, such as `M0`; it has a sign of its own.
struct IndexTerm {
  std::int64_t coefficient = 1;
  std::string rank;
  std::string written;

  bool operator==(const IndexTerm&) const = default;
};

struct TensorAccess;

/// One subscript: a sum of terms, plus elements of index tensors (a gather).
struct TensorIndex {
  std::vector<IndexTerm> terms;
  std::vector<TensorAccess> gathers;

  bool operator==(const TensorIndex&) const;
};

struct TensorAccess {
  std::string tensor;
  std::vector<TensorIndex> indices;

  bool operator==(const TensorAccess&) const = default;
};

/// The right side of an Einsum, a tree. `name` is the operator or function (`+`, `exp`, or one that
/// the cascade declares), the symbol, or the argument of a declared function.
struct MapExpression {
  enum class Kind : std::uint8_t { number, symbol, coordinate, argument, element, call };
  Kind kind = Kind::number;
  double number = 0;  ///< also the value of a symbol
  std::string name;
  TensorIndex coordinate;  ///< of `coordinate`: an affine value
  TensorAccess element;    ///< of `element`
  std::vector<MapExpression> parts;

  bool operator==(const MapExpression&) const = default;
};

/// `left <= right` between affine forms, or else one of `alternatives`; `relation` is one of
/// < <= > >= ==. Alternatives have none of their own.
struct RankComparison {
  TensorIndex left;
  std::string relation;
  TensorIndex right;
  std::vector<RankComparison> alternatives = {};

  bool operator==(const RankComparison&) const = default;
};

/// Reduces `ranks` with `operation`: + * max min.
struct Reduction {
  std::string operation = "+";
  std::vector<std::string> ranks;

  bool operator==(const Reduction&) const = default;
};

/// `output = value :: reductions where conditions`. A point is computed where all conditions hold;
/// an element of the output that no point contributes to is the identity of the last reduction (0
/// without any). Reductions are made in order; ranks that are not named are summed before.
struct Einsum {
  TensorAccess output;
  MapExpression value;
  std::vector<Reduction> reductions;  ///< sums that the text leaves out come first
  std::vector<RankComparison> conditions;

  bool operator==(const Einsum&) const = default;
};

/// A scalar function that the file declares, such as `gelu(x)`.
struct MapFunction {
  std::string name;
  std::vector<std::string> arguments;
  MapExpression body;

  bool operator==(const MapFunction&) const = default;
};

struct TensorDimension {
  std::uint64_t size = 1;
  std::string rank;  ///< the rank whose coordinates it has; empty when it has a size of its own

  bool operator==(const TensorDimension&) const = default;
};

struct CascadeTensor {
  enum class Kind : std::uint8_t { input, intermediate, output };
  std::string name;
  Kind kind = Kind::intermediate;
  std::vector<TensorDimension> dimensions;

  std::uint64_t elements() const;
  bool operator==(const CascadeTensor&) const = default;
};

/// A number that has a name, such as a parameter.
struct CascadeSymbol {
  std::string name;
  std::int64_t value = 0;

  bool operator==(const CascadeSymbol&) const = default;
};

struct Cascade {
  std::string name;
  std::string summary;
  std::string source;
  std::uint32_t element_bits = 16;  ///< of every tensor
  std::vector<CascadeSymbol> symbols;
  std::vector<CascadeRank> ranks;
  std::vector<MapFunction> functions;
  std::vector<CascadeTensor> tensors;  ///< inputs as declared, then the others as first written
  std::vector<Einsum> einsums;

  const CascadeRank* find_rank(const std::string& name) const;
  const CascadeTensor* find_tensor(const std::string& name) const;
  const MapFunction* find_function(const std::string& name) const;
  bool operator==(const Cascade&) const = default;
};

/// Every rank of the iteration space: of the output, then of the operands, as they appear.
std::vector<std::string> ranks_of(const Einsum& einsum);
/// Every read of a tensor, those inside indices included, from left to right.
std::vector<const TensorAccess*> reads_of(const Einsum& einsum);
/// The ranks of one access, each once.
std::vector<std::string> ranks_of(const TensorAccess& access);

/// The coefficient of `rank`, and the constant.
std::int64_t coefficient_of(const TensorIndex& index, const std::string& rank);
std::int64_t constant_of(const TensorIndex& index);
/// The rank when the index is nothing but it, else "".
std::string plain_rank(const TensorIndex& index);

/// `LM[m1,p] = BQK[m1,m0,p] :: max(m0)`; reads back to an equal Einsum.
std::string to_text(const Einsum& einsum);
std::string to_text(const TensorAccess& access);
std::string to_text(const TensorIndex& index);
std::string to_text(const MapExpression& value);
std::string to_text(const RankComparison& condition);
/// A file that reads back to an equal cascade.
std::string to_text(const Cascade& cascade);

}  // namespace sluice
