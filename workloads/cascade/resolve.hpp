// SPDX-License-Identifier: Apache-2.0
// Turns the parsed lines of a cascade into values: names become ranks, symbols and tensors, and
// conditions on parameters are decided. Not for users of the room; see load.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/cascade/cascade.hpp"
#include "workloads/cascade/syntax.hpp"
#include "workloads/formula.hpp"
#include "workloads/mistakes.hpp"

namespace sluice {

/// A line of the file, and where in it a part of its text stands.
struct CascadeLine {
  std::string text;
  Location begin;  ///< of the first byte of the text
  Location place(std::size_t offset) const;
};

/// Looks names up and reports what it does not find.
class Resolver {
 public:
  Resolver(Cascade& cascade, FormulaScope& scope, Mistakes& mistakes)
      : cascade_(cascade), scope_(scope), mistakes_(mistakes) {}

  /// Tensors that may be read, with their number of subscripts.
  struct Known {
    std::string name;
    std::size_t subscripts = 0;
  };
  std::vector<Known> tensors;
  /// Conditions that have a name.
  struct Condition {
    std::string name;
    SyntaxTree tree;
    CascadeLine line;
  };
  std::vector<Condition> conditions;

  /// The rank of that name, made from the parameter M for a rank m when there is one.
  const CascadeRank* rank(const std::string& name);
  std::optional<std::int64_t> number(const SyntaxTree& tree, const CascadeLine& line);

  TensorIndex index(const SyntaxTree& tree, const CascadeLine& line);
  TensorAccess access(const SyntaxTree& tree, const CascadeLine& line);
  MapExpression value(const SyntaxTree& tree, const CascadeLine& line,
                      const std::vector<std::string>& arguments = {});
  /// Nothing when a condition on parameters alone does not hold: then no point is computed.
  std::optional<std::vector<RankComparison>> condition(const SyntaxTree& tree,
                                                       const CascadeLine& line);
  Einsum einsum(const EinsumSyntax& syntax, const CascadeLine& line);

  void error(const CascadeLine& line, std::size_t offset, std::string message,
             std::string hint = {});

 private:
  using Conditions = std::optional<std::vector<RankComparison>>;
  TensorIndex scaled(TensorIndex index, const TensorIndex& by, const SyntaxTree& tree,
                     const CascadeLine& line);
  MapExpression named(const SyntaxTree& tree, const CascadeLine& line,
                      const std::vector<std::string>& arguments);
  void check_call(const SyntaxTree& tree, const CascadeLine& line);
  void check_condition(const RankComparison& condition, const Einsum& einsum,
                       const SyntaxTree& syntax, const CascadeLine& line);
  void check_reductions(Einsum& einsum, const EinsumSyntax& syntax, const CascadeLine& line);
  bool has_rank(const SyntaxTree& tree);
  Conditions comparison(const SyntaxTree& tree, const CascadeLine& line);
  Conditions inverse(const SyntaxTree& tree, const CascadeLine& line);
  Conditions limited(std::vector<RankComparison> clauses, const SyntaxTree& tree,
                     const CascadeLine& line);
  const Known* find_tensor(const std::string& name) const;
  std::vector<std::string> rank_names() const;
  std::vector<std::string> tensor_names() const;

  Cascade& cascade_;
  FormulaScope& scope_;
  Mistakes& mistakes_;
};

}  // namespace sluice
