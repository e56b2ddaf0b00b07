// SPDX-License-Identifier: Apache-2.0
// The parts that layers are lowered to: small cascades with operands to connect. Not for users of
// the room; see lowering.hpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "workloads/cascade/cascade.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/lowering.hpp"
#include "workloads/lowering/form.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// An input of a part that producers make. `stored`: it is a tensor of its own even where its
/// elements could be read in place.
struct Port {
  std::string tensor;
  Form form;
  bool stored = false;
};

struct Part {
  Cascade cascade;
  std::vector<Port> ports;
  std::string output;
  Form form;  ///< of the output
};

/// A cascade while it is written: the lines of its file.
struct CascadeDraft {
  std::vector<std::pair<std::string, std::uint64_t>> ranks;
  std::vector<std::string> functions;  ///< `silu(x): x * sigmoid(x)`
  std::vector<std::string> inputs;     ///< `W[k,n]`
  std::vector<std::string> einsums;

  Cascade parse() const;
};

/// A file of configs/cascades that is built in, with its parameters set.
Cascade shipped_part(std::string_view name, const std::vector<CascadeSetting>& settings);
/// Reads of the tensor `from` in an expression become reads of `to`.
void rename_reads(MapExpression& value, std::string_view from, std::string_view to);

/// X and W to Y, as `how` says where that is possible, else directly.
Part lower_convolution(const Conv2d& conv, ConvolutionCascade how);

/// The operator without its bias, which follows like an epilogue. Not for elementwise operators.
Part lower_operator(const Operator& op, const LoweringOptions& options);

/// `kind` of every element of a tensor of this form.
Part lower_unary(ElementwiseKind kind, const Form& form);
/// The trained bias of a mixture of experts, which each has its own.
Part lower_expert_bias(const Form& form);
/// `kind` of two tensors. `small` has fewer elements, which are repeated: as a whole, or each for a
/// run of the elements of `large`.
Part lower_binary(ElementwiseKind kind, const Form& large, const Form& small);

/// Copies to a tensor of another form. The projection is of `wanted` on `stored`, or of `stored`
/// on `wanted`: at least one of them must be possible.
Part lower_view(const Form& wanted, const Form& stored);
/// Matrices with the same features, or tensors in a line, one behind the other.
Part lower_concatenation(const std::vector<Form>& forms);
/// Keys or values of which the last `fresh` of each batch come from a producer and those before
/// from a cache.
Part lower_cache(const Attention& attention, std::uint64_t fresh);

/// The form of the offsets or weights of a deformable convolution in what its second producer
/// makes: the vertical and horizontal offsets of each tap side by side, then the weights of all.
struct OffsetPort {
  Form form;
  std::uint64_t first = 0;  ///< the element at which they begin
};
std::vector<OffsetPort> offset_ports(const DeformableConv2d& op);

/// The form of keys and values, `rows` of them in each batch, in a producer whose rows hold
/// `features` numbers.
Form key_form(const Attention& attention, std::uint64_t rows, std::uint64_t features);
/// The same of the queries.
Form query_form(const Attention& attention, std::uint64_t features);

}  // namespace sluice
