// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/recall.hpp"

#include <fmt/format.h>

#include <sstream>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace sluice::search {
namespace {

/// Of what is in a file and what the search does: files of others are not read.
constexpr std::string_view version = "sluice search 2";
constexpr std::size_t largest_file = 1 << 24;

std::string file_of(const std::string& folder, const std::string& question) {
  return folder + "/" + hash_text(content_hash(question)) + ".map";
}

/// Names of tensors matter only where the machine tells them apart.
std::string name_in(const Hierarchy& hierarchy, const std::string& tensor) {
  const auto named = [&](const std::vector<std::string>& list) {
    for (const std::string& name : list)
      if (name == tensor) return true;
    return false;
  };
  for (const NestLevel& level : hierarchy.levels) {
    if (named(level.keeps)) return tensor;
    for (const TensorBits& bits : level.bits)
      if (bits.tensor == tensor) return tensor;
    for (const FanOutAxis& axis : level.fan_out)
      if (named(axis.separate)) return tensor;
  }
  return "-";
}

std::string text_of(const Hierarchy& hierarchy) {
  std::string text;
  for (const NestLevel& level : hierarchy.levels) {
    text += fmt::format("level {} {} {} {} {} {} {} {} {} {} {} {}", level.capacity_bits,
                        level.word_bits, level.block, level.read_bandwidth, level.write_bandwidth,
                        level.shared_bandwidth, level.read_pj, level.write_pj, level.update_pj,
                        level.leak_pj, level.double_buffered, level.cluster);
    for (const std::string& name : level.keeps) text += fmt::format(" keeps {}", name);
    for (const TensorBits& bits : level.bits)
      text += fmt::format(" bits {} {}", bits.tensor, bits.bits);
    for (const FanOutAxis& axis : level.fan_out) {
      text += fmt::format(" axis {}", axis.size);
      for (const std::string& name : axis.separate) text += fmt::format(" separate {}", name);
    }
    text += "\n";
  }
  return text + fmt::format("compute {} {}\n", hierarchy.compute.pj, hierarchy.compute.latch);
}

}  // namespace

Recall::Recall(std::string folder) : folder_(std::move(folder)) {}

std::string Recall::question(const Problem& problem, const Hierarchy& hierarchy,
                             const SearchOptions& options) {
  std::string text =
      fmt::format("{} {} {} {}\n", static_cast<int>(options.objective),
                  static_cast<int>(options.convention), options.ragged, options.exhaustive);
  for (const NestRank& rank : problem.ranks)
    text += fmt::format("rank {} {}\n", rank.extent, rank.ordered);
  for (const NestTensor& tensor : problem.tensors) {
    text +=
        fmt::format("tensor {} {} {}", name_in(hierarchy, tensor.name), tensor.output, tensor.bits);
    for (const NestProjection& dimension : tensor.dimensions) {
      text += " of";
      for (const NestTerm& term : dimension)
        text += fmt::format(" {}*{}", term.coefficient, term.rank);
    }
    text += "\n";
  }
  for (const HeldTensor& held : options.held)
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if (problem.tensors[t].name == held.tensor)
        text += fmt::format("held {} {}\n", t, held.level);
  for (const KeptTensor& kept : options.kept)
    text += fmt::format("kept {} {}\n", kept.tensor, kept.level);
  for (const NestNode& node : options.shared)
    text += fmt::format("shared {} {} {} {} {}\n", static_cast<int>(node.kind), node.level,
                        node.rank, node.tensors, node.tile);
  for (const std::uint64_t bits : options.reserved_bits) text += fmt::format("reserved {}\n", bits);
  return text + text_of(hierarchy);
}

const SearchResult& Recall::search(const Problem& problem, const Hierarchy& hierarchy,
                                   const SearchOptions& options) {
  const std::string asked = question(problem, hierarchy, options);
  if (const auto known = answers_.find(asked); known != answers_.end()) {
    ++recalled_;
    return known->second;
  }
  SearchResult& answer = answers_[asked];
  if (!folder_.empty()) {
    const auto text = try_read_file(file_of(folder_, asked), largest_file);
    if (const auto* found = std::get_if<std::string>(&text);
        found != nullptr && read_answer(*found, asked, answer)) {
      ++recalled_;
      ++read_;
      return answer;
    }
  }
  answer = search_mapping(problem, hierarchy, options);
  ++searches_;
  if (!folder_.empty() && answer.optimal) {
    write_file_atomic(file_of(folder_, asked), answer_text(asked, answer));
    ++written_;
  }
  return answer;
}

std::string answer_text(const std::string& question, const SearchResult& answer) {
  std::string text = fmt::format("{}\n{}answer {} {} {} {} {} {}\n", version, question,
                                 answer.found.size(), answer.bound, answer.least_cycles,
                                 answer.least_energy_pj, answer.evaluations, answer.nodes);
  for (const FoundMapping& found : answer.found) {
    text += fmt::format("mapping {} {} {}\n", found.cycles, found.energy_pj, found.nest.size());
    for (const NestNode& node : found.nest)
      text += fmt::format("{} {} {} {} {} {}\n", static_cast<int>(node.kind), node.level, node.axis,
                          node.rank, node.tensors, node.tile);
  }
  return text + "checksum " + hash_text(content_hash(text)) + "\n";
}

bool read_answer(const std::string& text, const std::string& question, SearchResult& answer) {
  const std::size_t end = text.rfind("checksum ");
  if (end == std::string::npos) return false;
  const std::string body = text.substr(0, end);
  if (text.substr(end) != "checksum " + hash_text(content_hash(body)) + "\n") return false;
  const std::string head = std::string(version) + "\n" + question;
  if (body.compare(0, head.size(), head) != 0) return false;
  std::istringstream in(body.substr(head.size()));
  std::string word;
  std::size_t mappings = 0;
  in >> word >> mappings >> answer.bound >> answer.least_cycles >> answer.least_energy_pj >>
      answer.evaluations >> answer.nodes;
  for (std::size_t i = 0; in && i < mappings; ++i) {
    FoundMapping found;
    std::size_t nodes = 0;
    in >> word >> found.cycles >> found.energy_pj >> nodes;
    for (std::size_t j = 0; in && j < nodes && j < max_nest_nodes; ++j) {
      int kind = 0, level = 0, axis = 0, rank = 0;
      NestNode node;
      in >> kind >> level >> axis >> rank >> node.tensors >> node.tile;
      node.kind = static_cast<NestKind>(kind);
      node.level = static_cast<std::uint8_t>(level);
      node.axis = static_cast<std::uint8_t>(axis);
      node.rank = static_cast<std::uint8_t>(rank);
      found.nest.add(node);
    }
    answer.found.push_back(found);
  }
  answer.optimal = true;
  return static_cast<bool>(in);
}

}  // namespace sluice::search
