// SPDX-License-Identifier: Apache-2.0
// The cascade of each operator but convolutions and the elementwise ones.
#include <fmt/format.h>

#include <algorithm>

#include "base/print.hpp"
#include "base/yaml.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/cascade/shipped.hpp"
#include "workloads/lowering/part.hpp"
#include "workloads/lowering/reach.hpp"

namespace sluice {
namespace {

struct LowerOperator {
  const LoweringOptions& options;

  Part operator()(const Conv2d& c) const { return lower_convolution(c, options.convolution); }

  Part operator()(const Linear& l) const {
    CascadeDraft draft{{{"m", l.rows}, {"k", l.in_features}, {"n", l.out_features}}, {}, {}, {}};
    if (l.experts == 1) {
      draft.inputs = {"X[m,k]", "W[k,n]"};
      draft.einsums = {"Y[m,n] = X[m,k] * W[k,n]"};
      return {draft.parse(),
              {{"X", matrix_form({l.rows, l.in_features})}},
              "Y",
              matrix_form({l.rows, l.out_features})};
    }
    draft.ranks.emplace_back("e", l.experts);
    draft.inputs = {"X[e,m,k]", "W[e,k,n]"};
    draft.einsums = {"Y[e,m,n] = X[e,m,k] * W[e,k,n]"};
    return {draft.parse(),
            {{"X", matrix_form({l.experts, l.rows, l.in_features})}},
            "Y",
            matrix_form({l.experts, l.rows, l.out_features})};
  }

  Part operator()(const MatMul& m) const {
    const CascadeDraft draft{{{"i", m.batch}, {"m", m.m}, {"k", m.k}, {"n", m.n}},
                             {},
                             {"A[i,m,k]", "B[i,k,n]"},
                             {"Y[i,m,n] = A[i,m,k] * B[i,k,n]"}};
    return {draft.parse(),
            {{"A", matrix_form({m.batch, m.m, m.k})}, {"B", matrix_form({m.batch, m.k, m.n})}},
            "Y",
            matrix_form({m.batch, m.m, m.n})};
  }

  /// The shipped cascade, with the queries divided by the root of their width first.
  Part operator()(const Attention& a) const {
    std::vector<CascadeSetting> settings = {
        {"batch", fmt::format("{}", a.batch)},
        {"kv_heads", fmt::format("{}", a.kv_heads)},
        {"group", fmt::format("{}", a.query_heads / a.kv_heads)},
        {"head_dim", fmt::format("{}", a.head_width)},
        {"keys", fmt::format("{}", a.context_length)},
        {"queries", fmt::format("{}", a.query_length)},
        {"mask", a.window > 0 ? "window"
                 : a.causal   ? "causal"
                              : "none"},
        {"window_size", fmt::format("{}", std::max<std::uint64_t>(a.window, 1))}};
    const bool tiled = options.attention != AttentionCascade::three_pass &&
                       options.attention != AttentionCascade::three_pass_deferred;
    if (tiled)
      settings.push_back({"tile", fmt::format("{}", std::clamp<std::uint64_t>(options.tile, 1,
                                                                              a.context_length))});
    Part part{shipped_part(fmt::format("attention_{}", name_of(options.attention)), settings),
              {},
              {},
              {}};
    scale_queries(part.cascade, 1 / std::sqrt(static_cast<double>(a.head_width)));
    const std::uint64_t width = a.query_heads * a.head_width, keys = a.kv_heads * a.head_width;
    part.ports = {{"Q", query_form(a, width)},
                  {"K", key_form(a, a.context_length, keys), true},
                  {"V", key_form(a, a.context_length, keys), true}};
    part.output = "AV";
    part.form = query_form(a, width);
    return part;
  }

  static void scale_queries(Cascade& cascade, double factor) {
    const CascadeTensor queries = *cascade.find_tensor("Q");
    TensorAccess whole{"Q", {}};
    for (const TensorDimension& dimension : queries.dimensions)
      whole.indices.push_back({{{1, dimension.rank, {}}}, {}});
    for (Einsum& einsum : cascade.einsums) rename_reads(einsum.value, "Q", "QS");
    MapExpression number, element, product;
    number.number = factor;
    element.kind = MapExpression::Kind::element;
    element.element = whole;
    product.kind = MapExpression::Kind::call;
    product.name = "*";
    product.parts = {element, number};
    whole.tensor = "QS";
    cascade.einsums.insert(cascade.einsums.begin(), {whole, product, {}, {}});
    cascade.tensors.push_back({"QS", CascadeTensor::Kind::intermediate, queries.dimensions});
  }

  /// Taps outside the image count for neither kind; an average divides by all taps of its window.
  Part operator()(const Pool2d& pool) const {
    const Reach rows = rows_of(pool, 1), columns = columns_of(pool, 1);
    const std::string y = rows.index("p", "r", pool.pad_top);
    const std::string x = columns.index("q", "s", pool.pad_left);
    CascadeDraft draft{{{"n", pool.batch},
                        {"c", pool.channels},
                        {"p", rows.windows},
                        {"q", columns.windows},
                        {"r", pool.kernel_height},
                        {"s", pool.kernel_width}},
                       {},
                       {fmt::format("X[n,c,{},{}]", pool.in_height, pool.in_width)},
                       {}};
    std::string where;
    if (rows.leaves()) where = fmt::format(" where 0 <= {} < {}", y, pool.in_height);
    if (columns.leaves())
      where += fmt::format("{}0 <= {} < {}", where.empty() ? " where " : " and ", x, pool.in_width);
    const bool average = pool.kind == PoolKind::average;
    draft.einsums = {fmt::format("{}[n,c,p,q] = X[n,c,{},{}] :: {}(r,s){}", average ? "SUM" : "Y",
                                 y, x, average ? "+" : "max", where)};
    if (average)
      draft.einsums.push_back(
          fmt::format("Y[n,c,p,q] = SUM[n,c,p,q] / {}", pool.kernel_height * pool.kernel_width));
    return {draft.parse(),
            {{"X", image_form(pool.batch, pool.channels, pool.in_height, pool.in_width)}},
            "Y",
            image_form(pool.batch, pool.channels, rows.windows, columns.windows)};
  }

  /// The shipped cascade; without modulation, without the weights of its samples.
  Part operator()(const DeformableConv2d& d) const {
    const Conv2d& c = d.conv;
    const auto text = [](std::uint64_t number) { return fmt::format("{}", number); };
    Part part{shipped_part("deformable_conv2d", {{"batch", text(c.batch)},
                                                 {"in_channels", text(c.in_channels)},
                                                 {"out_channels", text(c.out_channels)},
                                                 {"offset_groups", text(d.offset_groups)},
                                                 {"H", text(c.in_height)},
                                                 {"W", text(c.in_width)},
                                                 {"R", text(c.kernel_height)},
                                                 {"S", text(c.kernel_width)},
                                                 {"P", text(out_height(c))},
                                                 {"Q", text(out_width(c))},
                                                 {"stride_height", text(c.stride_height)},
                                                 {"stride_width", text(c.stride_width)},
                                                 {"dilation_height", text(c.dilation_height)},
                                                 {"dilation_width", text(c.dilation_width)},
                                                 {"pad_top", text(c.pad_top)},
                                                 {"pad_left", text(c.pad_left)}}),
              {{"IN", image_form(c.batch, c.in_channels, c.in_height, c.in_width)}},
              "OUT",
              image_form(c.batch, c.out_channels, out_height(c), out_width(c))};
    const std::vector<OffsetPort> offsets = offset_ports(d);
    constexpr std::string_view names[] = {"DY", "DX", "MOD"};
    for (std::size_t k = 0; k < offsets.size(); ++k)
      part.ports.push_back({std::string(names[k]), offsets[k].form});
    if (!d.modulated) leave_weights_out(part.cascade);
    return part;
  }

  static void leave_weights_out(Cascade& cascade) {
    std::erase_if(cascade.einsums, [](const Einsum& e) { return e.output.tensor == "MSK"; });
    std::erase_if(cascade.tensors,
                  [](const CascadeTensor& t) { return t.name == "MSK" || t.name == "MOD"; });
    for (Einsum& einsum : cascade.einsums)
      if (einsum.output.tensor == "SAM") einsum.value = MapExpression(einsum.value.parts[1]);
  }

  /// The shipped cascade. A state that is carried is an input INIT and an output END.
  Part operator()(const Scan& s) const {
    const bool selective = s.kind == ScanKind::selective;
    std::vector<CascadeSetting> settings = {{"batch", fmt::format("{}", s.batch)},
                                            {"T", fmt::format("{}", s.length)},
                                            {"D", fmt::format("{}", s.channels)}};
    if (selective) settings.push_back({"N", fmt::format("{}", s.state)});
    const Form tokens = matrix_form({s.batch, s.length, s.channels});
    const Form vectors = matrix_form({s.batch, s.length, s.state});
    Part part{shipped_part(selective ? "mamba_scan" : "gated_scan", settings), {}, "Y", tokens};
    if (selective)
      part.ports = {{"X", tokens}, {"RAW", tokens}, {"BIN", vectors}, {"COUT", vectors}};
    else
      part.ports = {{"CAN", tokens}, {"GATE", tokens}};
    if (s.carried) carry_state(part.cascade);
    return part;
  }

  static void carry_state(Cascade& cascade) {
    const auto start = std::ranges::find_if(cascade.einsums, [](const Einsum& e) {
      return e.output.tensor == "ST" && e.value.kind == MapExpression::Kind::number;
    });
    const CascadeTensor states = *cascade.find_tensor("ST");
    CascadeTensor init{"INIT", CascadeTensor::Kind::input, {}};
    TensorAccess last = start->output, ranks{"INIT", {}};
    for (std::size_t d = 0; d < last.indices.size(); ++d) {
      if (plain_rank(last.indices[d]).empty()) {  // the step
        last.indices[d].terms = {
            {static_cast<std::int64_t>(states.dimensions[d].size) - 1, {}, {}}};
        continue;
      }
      ranks.indices.push_back(last.indices[d]);
      init.dimensions.push_back(states.dimensions[d]);
    }
    CascadeTensor end = init;
    end.name = "END";
    end.kind = CascadeTensor::Kind::output;
    start->value = element(ranks);
    ranks.tensor = "END";
    cascade.einsums.push_back({ranks, element(last), {}, {}});
    cascade.tensors.push_back(std::move(init));
    cascade.tensors.push_back(std::move(end));
  }
  static MapExpression element(const TensorAccess& access) {
    MapExpression result;
    result.kind = MapExpression::Kind::element;
    result.element = access;
    return result;
  }

  Part operator()(const Softmax& s) const { return by_row("softmax_3pass", s.rows, s.columns); }
  Part operator()(const Norm& n) const {
    return by_row(n.kind == NormKind::layer ? "layer_norm" : "rms_norm", n.rows, n.columns);
  }
  static Part by_row(std::string_view name, std::uint64_t rows, std::uint64_t columns) {
    return {shipped_part(name, {{"T", fmt::format("{}", rows)}, {"E", fmt::format("{}", columns)}}),
            {{"X", matrix_form({rows, columns})}},
            "Y",
            matrix_form({rows, columns})};
  }

  Part operator()(const Embedding& e) const {
    const CascadeDraft draft{{{"t", e.tokens}, {"v", e.vocabulary}, {"d", e.width}},
                             {},
                             {"W[v,d]", "I[t]"},
                             {"Y[t,d] = W[I[t],d]"}};
    return {draft.parse(), {}, "Y", matrix_form({e.tokens, e.width})};
  }

  Part operator()(const Elementwise& e) const {
    return lower_unary(e.kind, matrix_form({e.elements}));
  }
};

}  // namespace

Form query_form(const Attention& a, std::uint64_t features) {
  const std::uint64_t group = a.query_heads / a.kv_heads;
  return {false,
          {a.batch, a.kv_heads, group, a.head_width, a.query_length},
          {a.query_length * features, group * a.head_width, a.head_width, 1, features},
          features};
}

Form key_form(const Attention& a, std::uint64_t rows, std::uint64_t features) {
  return {false,
          {a.batch, a.kv_heads, a.head_width, rows},
          {rows * features, a.head_width, 1, features},
          features};
}

std::vector<OffsetPort> offset_ports(const DeformableConv2d& op) {
  const Conv2d& c = op.conv;
  const std::uint64_t width = out_width(c), pixels = out_height(c) * width;
  const std::uint64_t taps = c.kernel_height * c.kernel_width;
  const std::uint64_t image = offset_channels(op) * pixels;
  const auto form = [&](std::uint64_t step) {  // channels from a tap to the next
    const std::uint64_t tap = step * pixels;
    return Form{false,
                {c.batch, op.offset_groups, c.kernel_height, c.kernel_width, out_height(c), width},
                {image, taps * tap, c.kernel_width * tap, tap, width, 1},
                width};
  };
  std::vector<OffsetPort> ports = {{form(2), 0}, {form(2), pixels}};
  if (op.modulated) ports.push_back({form(1), 2 * op.offset_groups * taps * pixels});
  return ports;
}

Cascade shipped_part(std::string_view name, const std::vector<CascadeSetting>& settings) {
  return parse_cascade(shipped_cascade(name), std::string(name), settings);
}

void rename_reads(MapExpression& value, std::string_view from, std::string_view to) {
  if (value.element.tensor == from) value.element.tensor = to;
  for (MapExpression& part : value.parts) rename_reads(part, from, to);
}

Cascade CascadeDraft::parse() const {
  std::string text = "name: part\nranks:\n";
  for (const auto& [rank, size] : ranks) text += fmt::format("  {}: {}\n", rank, size);
  if (!functions.empty()) text += "functions:\n";
  for (const std::string& function : functions) text += "  " + function + "\n";
  text += "inputs:\n";
  for (const std::string& input : inputs) text += fmt::format("  - \"{}\"\n", input);
  text += "einsums: |\n";
  for (const std::string& einsum : einsums) text += "  " + einsum + "\n";
  return parse_cascade(text, "part");
}

Part lower_operator(const Operator& op, const LoweringOptions& options) {
  return std::visit(LowerOperator{options}, op);
}

}  // namespace sluice
