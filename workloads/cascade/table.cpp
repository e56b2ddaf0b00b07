// SPDX-License-Identifier: Apache-2.0
// The facts of a cascade as text for people, and its graph for Graphviz.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

std::string operations_text(const std::map<std::string, std::uint64_t>& operations) {
  std::string text;
  for (const auto& [kind, count] : operations)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, operation_word(kind));
  return text.empty() ? "none" : text;
}

std::string einsum_table(const Cascade& cascade, const CascadeFacts& facts) {
  std::size_t wide = 6;
  for (const Einsum& einsum : cascade.einsums) wide = std::max(wide, to_text(einsum).size());
  std::string text = fmt::format("  {:<{}}  {:>14}  operations\n", "Einsum", wide, "points");
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i) {
    const EinsumFacts& e = facts.einsums[i];
    text += fmt::format("  {:<{}}  {:>13}{}  {}\n", to_text(cascade.einsums[i]), wide, e.points,
                        e.exact ? " " : "*", operations_text(e.operations));
  }
  const bool exact = std::ranges::all_of(facts.einsums, &EinsumFacts::exact);
  text += fmt::format("  {:<{}}  {:>14}  {}\n", "all", wide, "", operations_text(facts.operations));
  return exact ? text : text + "  * at most: the conditions are too costly to count\n";
}

std::string covers_text(const RankFamily& family) {
  std::string text = family.name;
  for (const auto& cover : family.covers)
    if (cover.size() > 1) text += fmt::format(" ({})", fmt::join(cover, ","));
  return text;
}

std::string pass_table(const Cascade& cascade, const CascadeFacts& facts) {
  std::size_t wide = 4;
  for (const PassFacts& p : facts.passes) wide = std::max(wide, covers_text(p.family).size());
  std::string text = fmt::format("  {:<{}}  passes  Einsums by pass\n", "rank", wide);
  for (const PassFacts& p : facts.passes) {
    std::string stages;
    const std::uint32_t last = p.stages.empty() ? 0 : *std::ranges::max_element(p.stages);
    for (std::uint32_t stage = 1; stage <= last; ++stage) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < p.stages.size(); ++i)
        if (p.stages[i] == stage) names.push_back(cascade.einsums[i].output.tensor);
      if (!names.empty()) stages += fmt::format("{}: {}  ", stage, fmt::join(names, " "));
    }
    while (stages.ends_with(' ')) stages.pop_back();
    text += fmt::format("  {:<{}}  {:>6}  {}\n", covers_text(p.family), wide, p.passes, stages);
  }
  return text;
}

std::string shape_text(const CascadeTensor& tensor) {
  std::vector<std::string> sizes;
  for (const TensorDimension& d : tensor.dimensions)
    sizes.push_back(d.rank.empty() ? fmt::format("{}", d.size)
                                   : fmt::format("{}={}", d.rank, d.size));
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

std::string tensor_table(const Cascade& cascade, const CascadeFacts& facts) {
  static constexpr std::string_view kinds[] = {"input", "", "output"};
  std::vector<std::string> shapes;
  std::size_t width = 28, name_width = 12;
  for (const CascadeTensor& tensor : cascade.tensors) {
    name_width = std::max(name_width, tensor.name.size());
    shapes.push_back(shape_text(tensor));
    width = std::max(width, shapes.back().size());
  }
  std::string text = fmt::format("  {:<{}} {:<{}} {:>14} {:>14}\n", "tensor", name_width, "shape",
                                 width, "elements", "live at least");
  for (std::size_t i = 0; i < cascade.tensors.size(); ++i) {
    const CascadeTensor& tensor = cascade.tensors[i];
    text += fmt::format("  {:<{}} {:<{}} {:>14} {:>14}  {}", tensor.name, name_width, shapes[i],
                        width, facts.tensors[i].elements, facts.tensors[i].live,
                        kinds[static_cast<std::size_t>(tensor.kind)]);
    while (text.ends_with(' ')) text.pop_back();
    text += '\n';
  }
  return text;
}

}  // namespace

std::string to_table(const Cascade& cascade, const CascadeFacts& facts) {
  std::vector<std::string> ranks;
  for (const CascadeRank& rank : cascade.ranks)
    ranks.push_back(
        fmt::format("{}={}{}", rank.name, rank.size, rank.iterative ? " (iterative)" : ""));
  std::string text = cascade.name + (cascade.summary.empty() ? "" : ": " + cascade.summary) + "\n";
  text += fmt::format("ranks: {}\n\nEINSUMS\n{}\nPASSES\n{}\nTENSORS\n{}\n", fmt::join(ranks, ", "),
                      einsum_table(cascade, facts), pass_table(cascade, facts),
                      tensor_table(cascade, facts));
  for (const RecurrenceFacts& r : facts.recurrences)
    text += fmt::format("recurrence along {}, distance {}: {}\n", r.rank, r.distance,
                        fmt::join(r.tensors, ", "));
  text += fmt::format(
      "least traffic at {} bits an element: {} B read, {} B written; {:.4g} operations a byte\n",
      cascade.element_bits, facts.read_bytes, facts.written_bytes, facts.intensity);
  return text;
}

std::string to_dot(const Cascade& cascade) {
  std::string text = "digraph cascade {\n  node [shape=box, fontname=\"monospace\"];\n";
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i)
    text += fmt::format("  e{} [label=\"{}\"];\n", i, to_text(cascade.einsums[i]));
  for (const CascadeTensor& tensor : cascade.tensors)
    if (tensor.kind == CascadeTensor::Kind::input)
      text += fmt::format("  \"{}\" [shape=ellipse];\n", tensor.name);
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i)
    for (const TensorAccess* read : reads_of(cascade.einsums[i]))
      if (cascade.find_tensor(read->tensor)->kind == CascadeTensor::Kind::input)
        text += fmt::format("  \"{}\" -> e{};\n", read->tensor, i);
  for (const CascadeEdge& edge : edges_of(cascade))
    text += fmt::format("  e{} -> e{} [label=\"{}{}\"{}];\n", edge.writer, edge.reader, edge.tensor,
                        carried_text(edge), edge.carried() ? ", style=dashed" : "");
  return text + "}\n";
}

}  // namespace sluice
