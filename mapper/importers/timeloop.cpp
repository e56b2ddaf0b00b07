// SPDX-License-Identifier: Apache-2.0
#include "mapper/importers/timeloop.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/yaml_tags.hpp"
#include "mapper/importers/timeloop_parts.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

std::string index_text(const NestProjection& projection, const Problem& problem) {
  std::vector<std::string> terms;
  for (const NestTerm& term : projection) {
    const std::string& rank = problem.ranks[term.rank].name;
    terms.push_back(term.coefficient == 1 ? rank : fmt::format("{}*{}", term.coefficient, rank));
  }
  return fmt::format("{}", fmt::join(terms, "+"));
}

/// A rank, or the number of points that a sum of ranks reaches from 0 on.
std::string size_text(const NestProjection& projection, const Problem& problem) {
  if (projection.size() == 1 && projection[0].coefficient == 1)
    return problem.ranks[projection[0].rank].name;
  std::uint64_t last = 0;
  for (const NestTerm& term : projection)
    last += term.coefficient * (problem.ranks[term.rank].extent - 1);
  return fmt::format("{}", last + 1);
}

std::string access_text(const NestTensor& tensor, const Problem& problem, auto text_of) {
  std::vector<std::string> indices;
  for (const NestProjection& projection : tensor.dimensions)
    indices.push_back(text_of(projection, problem));
  return fmt::format("{}[{}]", tensor.name, fmt::join(indices, ","));
}

/// The problem as a cascade of one Einsum: the product of its operands.
std::string cascade_text(const Problem& problem, std::uint32_t bits) {
  std::string result;
  std::vector<std::string> ranks, sizes, operands;
  for (const NestRank& rank : problem.ranks)
    ranks.push_back(fmt::format("{}: {}", rank.name, rank.extent));
  for (const NestTensor& tensor : problem.tensors) {
    const std::string access = access_text(tensor, problem, index_text);
    if (tensor.output) {
      result = access;
      continue;
    }
    operands.push_back(access);
    sizes.push_back(fmt::format("\"{}\"", access_text(tensor, problem, size_text)));
  }
  return fmt::format(
      "name: {}\nranks: {{{}}}\ninputs: [{}]\nelement_bits: {}\neinsums: |\n  {} = {}\n",
      problem.tensors.empty() ? "problem" : "einsum", fmt::join(ranks, ", "),
      fmt::join(sizes, ", "), bits, result, fmt::join(operands, " * "));
}

/// Elements have the width of a word of each level, as Timeloop counts them.
void set_bits(MapFile& file, const Problem& problem) {
  file.cascade.element_bits = file.hierarchy.levels.front().word_bits;
  for (NestLevel& level : file.hierarchy.levels)
    if (level.word_bits != file.cascade.element_bits)
      for (const NestTensor& tensor : problem.tensors)
        level.bits.push_back({tensor.name, level.word_bits});
}

std::uint16_t kept(const Problem& problem, const std::vector<std::string>& bypassed) {
  std::uint16_t tensors = 0;
  for (std::size_t i = 0; i < problem.tensors.size(); ++i)
    if (std::ranges::find(bypassed, problem.tensors[i].name) == bypassed.end())
      tensors = static_cast<std::uint16_t>(tensors | 1u << i);
  return tensors;
}

/// A mapper may keep at each level what its constraints do not bypass. To keep nothing at all has
/// no form, and is refused before.
void set_keeps(Hierarchy& hierarchy, const std::vector<std::vector<std::string>>& bypassed,
               const std::vector<std::string>& tensors) {
  for (std::size_t i = 0; i < hierarchy.levels.size(); ++i)
    for (const std::string& tensor : tensors)
      if (!bypassed[i].empty() && std::ranges::find(bypassed[i], tensor) == bypassed[i].end())
        hierarchy.levels[i].keeps.push_back(tensor);
}

/// The loops with tiles instead of factors. A factor that leaves a rest is the outermost's loss.
Nest nest_of(const TimeloopMapping& mapping, const Problem& written, const Problem& problem,
             const Hierarchy& hierarchy) {
  std::vector<std::uint64_t> tiles(written.ranks.size(), 1);
  for (const auto& loops : mapping.loops)
    for (const TimeloopLoop& loop : loops) tiles[loop.rank] *= loop.factor;
  Nest nest;
  for (std::size_t level = 0; level < hierarchy.levels.size(); ++level) {
    const std::uint16_t tensors = kept(problem, mapping.bypassed[level]);
    if (tensors != 0) nest.keep(level, tensors);
    for (const TimeloopLoop& loop : mapping.loops[level]) {
      tiles[loop.rank] /= loop.factor;
      const auto rank =
          std::ranges::find(problem.ranks, written.ranks[loop.rank].name, &NestRank::name);
      const auto index = static_cast<std::size_t>(rank - problem.ranks.begin());
      if (loop.axis)
        nest.spread(level, *loop.axis, index, tiles[loop.rank]);
      else
        nest.loop(index, tiles[loop.rank]);
    }
  }
  return nest;
}

void check_size(const TimeloopMapping& mapping, const YamlNode& file, TimeloopReader& reader) {
  std::size_t nodes = mapping.loops.size();
  for (const auto& loops : mapping.loops) nodes += loops.size();
  if (nodes > max_nest_nodes)
    reader.error(file, fmt::format("the mapping has {} loops and memories, at most {} are possible",
                                   nodes, max_nest_nodes));
}

}  // namespace

YamlNode parse_timeloop(std::string_view text, const std::string& path) {
  std::uint32_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row = text.substr(begin, end - begin);
    for (const char* mark : {"{{", "{%", "{#"})
      if (const std::size_t at = row.find(mark); at != row.npos && at < row.find('#'))
        throw SpecError({{{path, line, static_cast<std::uint32_t>(at + 1), std::string(row)},
                          "this is a template of Jinja2, which is not filled in here",
                          "let timeloopfe write the file out first, and import the result"}});
    begin = end + 1;
  }
  return parse_tagged_yaml(text, path);
}

TimeloopImport import_timeloop(const TimeloopFiles& files) {
  TimeloopReader reader;
  const TimeloopProblem problem = read_timeloop_problem(files.problem, reader);
  std::vector<std::string> tensors;
  for (const NestTensor& tensor : problem.problem.tensors) tensors.push_back(tensor.name);
  TimeloopMachine machine = read_timeloop_architecture(files.architecture, tensors, reader);
  reader.diagnostics.throw_if_any();
  if (files.energies) read_timeloop_energies(*files.energies, machine, reader);
  std::optional<TimeloopMapping> mapping;
  if (files.mapping) mapping = read_timeloop_mapping(*files.mapping, problem, machine, reader);
  if (mapping) check_size(*mapping, *files.mapping, reader);
  reader.diagnostics.throw_if_any();
  TimeloopImport result;
  MapFile& file = result.file;
  file.name = problem.problem.name;
  file.source = "Timeloop";
  file.convention = CountConvention::timeloop;
  const std::string text = cascade_text(problem.problem, machine.hierarchy.levels[0].word_bits);
  file.cascade = parse_cascade(text, files.problem.where.path + " as a cascade");
  file.hierarchy = machine.hierarchy;
  set_bits(file, problem.problem);
  if (!mapping) set_keeps(file.hierarchy, machine.bypassed, tensors);
  const CascadeProblems problems = problems_of(file);
  if (problems.problems.size() != 1)
    throw SpecError({{{.path = files.problem.where.path},
                      "the problem cannot be mapped",
                      problems.left_out.empty() ? "" : problems.left_out.front()}});
  if (mapping) {
    MappedEinsum einsum;
    einsum.problem = problems.problems.front().problem;
    einsum.nest = nest_of(*mapping, problem.problem, einsum.problem, file.hierarchy);
    file.mapping = CascadeMapping{file.name, {std::move(einsum)}};
  }
  result.notes = std::move(reader.notes);
  return result;
}

}  // namespace sluice
