// SPDX-License-Identifier: Apache-2.0
// A cascade and what follows from it as a page for a browser: its graph as a drawing, and tables.
// It has no script.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/html.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

std::string whole(std::uint64_t value) {
  std::string text = fmt::format("{}", value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ' ');
  return text;
}

std::string operations_text(const std::map<std::string, std::uint64_t>& operations) {
  std::vector<std::string> parts;
  for (const auto& [kind, count] : operations)
    parts.push_back(fmt::format("{} {}", whole(count), operation_word(kind)));
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string figure(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, html_text(value));
}

std::string head(const Cascade& cascade, const CascadeFacts& facts) {
  std::string html = fmt::format("<h1>{}</h1>\n<p class=\"soft\">{}</p>\n<dl class=\"figures\">\n",
                                 html_text(cascade.name), html_text(cascade.summary));
  html += figure("Einsums", whole(cascade.einsums.size()));
  html += figure("inputs, each once", fmt::format("{:.4g} B", facts.read_bytes));
  html += figure("outputs, each once", fmt::format("{:.4g} B", facts.written_bytes));
  html += figure("operations a byte", fmt::format("{:.4g}", facts.intensity));
  return html + "</dl>\n<p>Operations: " + operations_text(facts.operations) + ".</p>\n";
}

HtmlTable rank_table(const Cascade& cascade) {
  HtmlTable table{"Ranks", {"rank", "size", ""}, {}, {1}, ""};
  for (const CascadeRank& rank : cascade.ranks)
    table.rows.push_back({rank.name, whole(rank.size), rank.iterative ? "iterative" : ""});
  return table;
}

HtmlTable einsum_table(const Cascade& cascade, const CascadeFacts& facts) {
  HtmlTable table{"Einsums, in their order", {"Einsum", "points", "operations"}, {}, {1}, ""};
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i) {
    const EinsumFacts& einsum = facts.einsums[i];
    table.rows.push_back({to_text(cascade.einsums[i]),
                          (einsum.exact ? "" : "at most ") + whole(einsum.points),
                          operations_text(einsum.operations)});
  }
  return table;
}

HtmlTable tensor_table(const CascadeFacts& facts) {
  HtmlTable table{"Tensors, and what of each must be held at once in the best mapping for it alone",
                  {"tensor", "elements", "held at once"},
                  {},
                  {1, 2},
                  ""};
  for (const TensorFacts& tensor : facts.tensors)
    table.rows.push_back({tensor.name, whole(tensor.elements), whole(tensor.live)});
  return table;
}

HtmlTable pass_table(const Cascade& cascade, const CascadeFacts& facts) {
  HtmlTable table{"Passes: how often a rank must be traversed, whatever the mapping",
                  {"rank", "passes", "tensors by pass"},
                  {},
                  {1},
                  ""};
  for (const PassFacts& pass : facts.passes) {
    std::string stages;
    for (std::uint32_t stage = 1; stage <= pass.passes; ++stage) {
      stages += fmt::format("{}{}:", stages.empty() ? "" : "; ", stage);
      for (std::size_t i = 0; i < pass.stages.size(); ++i)
        if (pass.stages[i] == stage) stages += " " + cascade.einsums[i].output.tensor;
    }
    table.rows.push_back({pass.family.name, whole(pass.passes), stages});
  }
  return table;
}

HtmlTable recurrence_table(const CascadeFacts& facts) {
  HtmlTable table{"Recurrences", {"iterative rank", "distance", "tensors carried"}, {}, {1}, ""};
  for (const RecurrenceFacts& recurrence : facts.recurrences)
    table.rows.push_back({recurrence.rank, fmt::format("{}", recurrence.distance),
                          fmt::format("{}", fmt::join(recurrence.tensors, ", "))});
  return table;
}

}  // namespace

std::string to_page(const Cascade& cascade, const CascadeFacts& facts) {
  HtmlPage page;
  page.title = cascade.name;
  page.body =
      head(cascade, facts) +
      "<section><h2>The graph</h2>\n<p class=\"soft\">Inputs and Einsums below each other; a "
      "tensor is a line from what makes it to what reads it, dashed where an iterative rank "
      "carries it.</p>\n<div class=\"drawing paper\" tabindex=\"0\">" +
      to_svg(cascade, facts) + "</div></section>\n<section><h2>Einsums and ranks</h2>\n" +
      to_text(einsum_table(cascade, facts)) + "<div class=\"columns\"><div>" +
      to_text(rank_table(cascade)) + "</div><div>" + to_text(tensor_table(facts)) +
      "</div></div>\n";
  if (!facts.passes.empty()) page.body += to_text(pass_table(cascade, facts));
  if (!facts.recurrences.empty()) page.body += to_text(recurrence_table(facts));
  page.body += "</section>\n";
  return to_text(page);
}

}  // namespace sluice
