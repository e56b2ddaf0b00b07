// SPDX-License-Identifier: Apache-2.0
// Puts parts together to one cascade: names become unique, ranks that run over the same dimension
// become one, operands are read where their producers put them. Not for users of the room; see
// lowering.hpp.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "workloads/lowering/part.hpp"

namespace sluice {

/// A tensor of the cascade that parts can read.
struct Stored {
  std::string tensor;
  Form form;
  std::vector<std::string> ranks;  ///< of its dimensions; empty where it has none of its own
};

/// Where a port finds its elements. With a `chosen_by`, an index tensor, the `chosen` dimension of
/// the tensor is read where that says, which has the dimensions `by` of the operand.
struct Source {
  Stored stored;
  Projection projection;
  std::string chosen_by;
  std::size_t chosen = 0;
  std::vector<std::size_t> by;
};

class Composer {
 public:
  /// Adds the Einsums of `part`, port k reading `sources[k]`; ports without one become inputs.
  /// The output is called `output`, every other tensor by its own name behind `prefix`, both with a
  /// number when the name is taken.
  Stored add(const Part& part, const std::vector<std::optional<Source>>& sources,
             const std::string& prefix, const std::string& output);
  /// Adds an input; the dimensions get no ranks.
  Stored add_input(const std::string& name, const Form& form);

  /// The cascade, checked. Tensors named in `outputs` are, and those that nothing reads.
  Cascade finish(std::string name, std::string summary, std::string source,
                 const std::set<std::string>& outputs);

 private:
  struct Renaming;
  std::string fresh(const std::string& wanted, bool is_rank);
  void name_ranks(const Part& part, const std::vector<std::optional<Source>>& sources,
                  Renaming& names);
  void add_ranks(const Part& part, Renaming& names);
  void add_tensors(const Part& part, const std::string& prefix, const std::string& output,
                   Renaming& names);
  void copy(const CascadeTensor& operand, const Source& source, const Renaming& names);

  Cascade cascade_;
  std::set<std::string> taken_;
};

}  // namespace sluice
