// SPDX-License-Identifier: Apache-2.0
// The table of a network for reading.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "workloads/network.hpp"

namespace sluice {
namespace {

struct ShapeText {
  std::string operator()(const Conv2d& c) const {
    return fmt::format("{}x{}x{}x{} -> {}x{}x{}, {}x{}/{}", c.batch, c.in_channels, c.in_height,
                       c.in_width, c.out_channels, out_height(c), out_width(c), c.kernel_height,
                       c.kernel_width, stride(c)) +
           (c.groups > 1 && !is_depthwise(c) ? fmt::format(", {} groups", c.groups) : "");
  }
  std::string operator()(const DeformableConv2d& d) const {
    return (*this)(d.conv) +
           (d.offset_groups > 1 ? fmt::format(", {} offset groups", d.offset_groups) : "");
  }
  std::string operator()(const Scan& s) const {
    return fmt::format("{} {}x{}x{}", name_of(s.kind), s.batch, s.length, s.channels) +
           (s.state > 1 ? fmt::format(", {} states", s.state) : "");
  }
  std::string operator()(const Linear& l) const {
    return (l.experts > 1 ? fmt::format("{} x ", l.experts) : "") +
           fmt::format("{}x{} -> {}", l.rows, l.in_features, l.out_features);
  }
  std::string operator()(const MatMul& m) const {
    return fmt::format("{} x {}x{} * {}x{}", m.batch, m.m, m.k, m.k, m.n);
  }
  std::string operator()(const Attention& a) const {
    return fmt::format("{} x {} heads ({} kv) of {}, {} to {}{}", a.batch, a.query_heads,
                       a.kv_heads, a.head_width, a.query_length, a.context_length,
                       a.causal ? ", causal" : "");
  }
  std::string operator()(const Pool2d& p) const {
    return fmt::format("{} {}x{}x{}x{} -> {}x{}, {}x{}/{}", name_of(p.kind), p.batch, p.channels,
                       p.in_height, p.in_width, out_height(p), out_width(p), p.kernel_height,
                       p.kernel_width, stride(p));
  }
  std::string operator()(const Elementwise& e) const {
    return fmt::format("{} {}", name_of(e.kind), e.elements);
  }
  std::string operator()(const Softmax& s) const { return fmt::format("{}x{}", s.rows, s.columns); }
  std::string operator()(const Norm& n) const {
    return fmt::format("{} {}x{}", name_of(n.kind), n.rows, n.columns);
  }
  std::string operator()(const Embedding& e) const {
    return fmt::format("{} of {} x {}", e.tokens, e.vocabulary, e.width);
  }

  static std::string stride(const auto& window) {
    return window.stride_height == window.stride_width
               ? fmt::format("{}", window.stride_height)
               : fmt::format("{}x{}", window.stride_height, window.stride_width);
  }
};

std::string operator_text(const Layer& layer) {
  std::string text(operator_name(layer.op));
  for (const ElementwiseKind kind : layer.epilogue) text += fmt::format(" +{}", name_of(kind));
  return text;
}

constexpr std::size_t columns = 8;
using Row = std::array<std::string, columns>;

Row row_of(const Layer& layer) {
  const auto number = [](std::uint64_t count) { return fmt::format("{}", count); };
  return {layer.name,
          operator_text(layer),
          std::visit(ShapeText{}, layer.op),
          number(macs(layer.op)),
          number(parameters(layer)),
          number(input_elements(layer.op)),
          number(weight_elements(layer.op)),
          number(output_elements(layer.op))};
}

}  // namespace

std::string to_table(const Network& network) {
  std::vector<Row> rows = {
      {"layer", "operator", "shape", "MACs", "parameters", "inputs", "weights", "outputs"}};
  std::uint64_t inputs = 0, weights = 0, outputs = 0;
  for (const Layer& layer : network.layers) {
    rows.push_back(row_of(layer));
    inputs += input_elements(layer.op);
    weights += weight_elements(layer.op);
    outputs += output_elements(layer.op);
  }
  rows.push_back({"total", fmt::format("{} layers", network.layers.size()), "",
                  fmt::format("{}", macs(network)), fmt::format("{}", parameters(network)),
                  fmt::format("{}", inputs), fmt::format("{}", weights),
                  fmt::format("{}", outputs)});
  std::array<std::size_t, columns> width{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < columns; ++i) width[i] = std::max(width[i], row[i].size());
  std::string text = fmt::format("{}\n", network.name);
  if (!network.source.empty()) text += fmt::format("source: {}\n", network.source);
  constexpr std::size_t first_number = 3;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < columns; ++i)
      text += i < first_number
                  ? fmt::format("{:<{}}  ", row[i], width[i])
                  : fmt::format("{:>{}}{}", row[i], width[i], i + 1 < columns ? "  " : "\n");
  }
  return text;
}

}  // namespace sluice
