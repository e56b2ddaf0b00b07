// SPDX-License-Identifier: Apache-2.0
// Convolutions as cascades: directly, as a matrix product, or by minimal filtering.
#include <fmt/format.h>

#include <algorithm>

#include "workloads/lowering/part.hpp"
#include "workloads/lowering/reach.hpp"

namespace sluice {
namespace {

std::string padding(const Conv2d& c, const Reach& rows, const Reach& columns, CascadeDraft& draft) {
  draft.ranks.insert(draft.ranks.end(),
                     {{"a", c.in_channels}, {"u", rows.padded()}, {"v", columns.padded()}});
  return fmt::format("XP[n,a,u,v] = X[n,a,u-{0},v-{1}] where 0 <= u-{0} < {2} and 0 <= v-{1} < {3}",
                     c.pad_top, c.pad_left, c.in_height, c.in_width);
}

/// Padding is made by an Einsum of its own, so that the products with zeros that it brings are
/// counted, as macs() does.
Part lower_directly(const Conv2d& c) {
  const Reach rows = rows_of(c, c.dilation_height), columns = columns_of(c, c.dilation_width);
  const bool padded = rows.leaves() || columns.leaves(), depthwise = is_depthwise(c);
  CascadeDraft draft;
  const std::uint64_t in = c.in_channels / c.groups, out = c.out_channels / c.groups;
  std::string channel = "c", weight = "W[k,c,r,s]", result = "Y[n,k,p,q]", filter = weight;
  draft.ranks = {{"n", c.batch},         {"c", in},
                 {"p", rows.windows},    {"q", columns.windows},
                 {"r", c.kernel_height}, {"s", c.kernel_width}};
  if (depthwise) {
    draft.ranks[1].second = c.groups;
    filter = weight = "W[c,r,s]";
    result = "Y[n,c,p,q]";
  } else if (c.groups > 1) {
    draft.ranks.insert(draft.ranks.end(), {{"g", c.groups}, {"k", out}});
    channel = fmt::format("g*{}+c", in);
    weight = fmt::format("W[{},c,r,s]", c.out_channels);
    filter = fmt::format("W[g*{}+k,c,r,s]", out);
    result = fmt::format("Y[n,g*{}+k,p,q]", out);
  } else {
    draft.ranks.emplace_back("k", out);
  }
  draft.inputs = {fmt::format("X[n,{},{},{}]", c.in_channels, c.in_height, c.in_width), weight};
  if (padded) draft.einsums.push_back(padding(c, rows, columns, draft));
  draft.einsums.push_back(fmt::format("{} = {}[n,{},{},{}] * {}", result, padded ? "XP" : "X",
                                      channel, rows.index("p", "r", 0), columns.index("q", "s", 0),
                                      filter));
  return {draft.parse(),
          {{"X", image_form(c.batch, c.in_channels, c.in_height, c.in_width)}},
          "Y",
          image_form(c.batch, c.out_channels, rows.windows, columns.windows)};
}

void rename_tensor(Cascade& cascade, std::string_view from, std::string_view to) {
  for (CascadeTensor& tensor : cascade.tensors)
    if (tensor.name == from) tensor.name = to;
  for (Einsum& einsum : cascade.einsums) {
    if (einsum.output.tensor == from) einsum.output.tensor = to;
    rename_reads(einsum.value, from, to);
  }
}

void drop_dimension(MapExpression& value, std::string_view tensor, std::size_t dimension) {
  const auto at = static_cast<std::ptrdiff_t>(dimension);
  if (value.element.tensor == tensor)
    value.element.indices.erase(value.element.indices.begin() + at);
  for (MapExpression& part : value.parts) drop_dimension(part, tensor, dimension);
}

/// The shipped cascade with the names and dimensions that the direct form has.
Part shipped_convolution(std::string_view name, const Conv2d& c,
                         const std::vector<CascadeSetting>& settings) {
  const auto text = [](std::uint64_t number) { return fmt::format("{}", number); };
  std::vector<CascadeSetting> all = {
      {"batch", text(c.batch)},   {"in_channels", text(c.in_channels)},
      {"H", text(c.in_height)},   {"out_channels", text(c.out_channels)},
      {"W", text(c.in_width)},    {"pad_top", text(c.pad_top)},
      {"P", text(out_height(c))}, {"pad_left", text(c.pad_left)},
      {"Q", text(out_width(c))}};
  all.insert(all.end(), settings.begin(), settings.end());
  Part part{shipped_part(name, all),
            {{"X", image_form(c.batch, c.in_channels, c.in_height, c.in_width)}},
            "Y",
            image_form(c.batch, c.out_channels, out_height(c), out_width(c))};
  rename_tensor(part.cascade, "IN", "X");
  rename_tensor(part.cascade, "FIL", "W");
  rename_tensor(part.cascade, "OUT", "Y");
  if (!is_depthwise(c)) return part;
  for (CascadeTensor& tensor : part.cascade.tensors)  // of channels in a group there is one
    if (tensor.name == "W") tensor.dimensions.erase(tensor.dimensions.begin() + 1);
  for (Einsum& einsum : part.cascade.einsums) drop_dimension(einsum.value, "W", 1);
  return part;
}

}  // namespace

std::string Reach::index(std::string_view window, std::string_view tap,
                         std::uint64_t offset) const {
  return fmt::format("{}*{}+{}*{}-{}", window, stride, tap, dilation, offset);
}

bool can_lower(const Operator& op, ConvolutionCascade how) {
  const auto* c = std::get_if<Conv2d>(&op);
  if (c == nullptr) return false;
  return how != ConvolutionCascade::winograd ||
         (c->kernel_height == 3 && c->kernel_width == 3 && c->stride_height == 1 &&
          c->stride_width == 1 && c->dilation_height == 1 && c->dilation_width == 1 &&
          c->groups == 1);
}

Part lower_convolution(const Conv2d& c, ConvolutionCascade how) {
  if (how == ConvolutionCascade::direct || !can_lower(c, how)) return lower_directly(c);
  if (how == ConvolutionCascade::winograd) return shipped_convolution("conv2d_winograd", c, {});
  const auto text = [](std::uint64_t number) { return fmt::format("{}", number); };
  return shipped_convolution("conv2d_im2col", c,
                             {{"groups", text(c.groups)},
                              {"R", text(c.kernel_height)},
                              {"S", text(c.kernel_width)},
                              {"stride_height", text(c.stride_height)},
                              {"stride_width", text(c.stride_width)},
                              {"dilation_height", text(c.dilation_height)},
                              {"dilation_width", text(c.dilation_width)}});
}

}  // namespace sluice
