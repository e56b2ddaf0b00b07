// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/recall.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <sstream>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "mapper/nest/moves.hpp"
#include "mapper/search/question.hpp"

namespace sluice::search {
namespace {

/// Of what is in a file and what the search does: files of others are not read.
constexpr std::string_view version = "sluice search 3";
constexpr std::size_t largest_file = 1 << 24;

std::string file_of(const std::string& folder, const std::string& question) {
  return folder + "/" + hash_text(content_hash(question)) + ".map";
}

/// Bits of each level that a nest fills, but for its first `shared` nodes, in which others run too.
std::vector<std::uint64_t> bits_of(const Nest& nest, const Problem& problem,
                                   const Hierarchy& hierarchy, std::size_t shared) {
  std::vector<std::uint64_t> bits(hierarchy.levels.size());
  const RankChains chains = chains_of(nest, problem);
  for (std::uint32_t at = 0; at < nest.size(); ++at) {
    if (nest[at].kind != NestKind::keep) continue;
    const NestLevel& level = hierarchy.levels[nest[at].level];
    // What is kept in shared nodes is a tile of all of them, as to the search.
    const auto inside = std::max<std::uint32_t>(at, static_cast<std::uint32_t>(shared));
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if ((nest[at].tensors >> t & 1) != 0)
        bits[nest[at].level] += tile_words(problem.tensors[t], chains, inside) *
                                bits_at(level, problem.tensors[t].name, problem.tensors[t].bits) *
                                (level.double_buffered ? 2 : 1);
  }
  return bits;
}

bool at_most(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] > (i < b.size() ? b[i] : 0)) return false;
  return true;
}

/// Whether all that was found with more room still fits, so that it is the best with less, too.
bool fits(const SearchResult& result, const Problem& problem, const Hierarchy& hierarchy,
          const SearchOptions& options) {
  return std::ranges::all_of(result.found, [&](const FoundMapping& found) {
    const auto bits = bits_of(found.nest, problem, hierarchy, options.shared.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const std::uint64_t taken =
          bits[i] + (i < options.reserved_bits.size() ? options.reserved_bits[i] : 0);
      const std::uint64_t capacity = hierarchy.levels[i].capacity_bits;
      if (capacity != 0 && taken > capacity) return false;
    }
    return true;
  });
}

}  // namespace

Recall::Recall(std::string folder, unsigned threads)
    : folder_(std::move(folder)), threads_(threads) {}

bool Recall::read_file(const std::string& question, SearchResult& answer) {
  if (folder_.empty()) return false;
  const auto text = try_read_file(file_of(folder_, question), largest_file);
  const auto* found = std::get_if<std::string>(&text);
  return found != nullptr && read_answer(*found, question, answer);
}

/// Asks all questions, one after the other where they are about the same Einsum. Tables are made
/// again where they would take too much room.
template <class Answers, class Ask>
Answers Recall::each(const std::vector<Question>& questions, const Ask& ask) {
  constexpr std::size_t most_bytes = std::size_t{1} << 29;
  std::size_t bytes = 0;
  for (const auto& [text, known] : einsums_) bytes += known.memo.bytes;
  if (bytes > most_bytes)
    for (auto& [text, known] : einsums_) known.memo = {};
  Answers answers(questions.size());
  std::map<std::string, std::vector<std::size_t>> of_einsum;
  for (std::size_t i = 0; i < questions.size(); ++i)
    of_einsum[einsum_text(*questions[i].problem, *questions[i].hierarchy)].push_back(i);
  struct Job {
    const std::string* text;
    const std::vector<std::size_t>* questions;
    OfEinsum* known;
  };
  std::vector<Job> jobs;
  for (const auto& [text, list] : of_einsum) jobs.push_back({&text, &list, &einsums_[text]});
  const auto run = [&](std::size_t job) {
    for (const std::size_t i : *jobs[job].questions)
      answers[i] = &ask(*jobs[job].text, questions[i], *jobs[job].known);
  };
  if (threads_ == 1) {
    for (std::size_t job = 0; job < jobs.size(); ++job) run(job);
    return answers;
  }
  tbb::task_arena arena(threads_ == 0 ? tbb::task_arena::automatic
                                      : std::min(static_cast<int>(threads_),
                                                 tbb::this_task_arena::max_concurrency()));
  arena.execute([&] { tbb::parallel_for(std::size_t{0}, jobs.size(), run); });
  return answers;
}

std::vector<const SearchResult*> Recall::search(const std::vector<Question>& questions) {
  return each<std::vector<const SearchResult*>>(
      questions,
      [this](const std::string& text, const Question& question,
             OfEinsum& known) -> const SearchResult& { return search(text, question, known); });
}

std::vector<const std::vector<CostFloor>*> Recall::floors(const std::vector<Question>& questions) {
  return each<std::vector<const std::vector<CostFloor>*>>(
      questions,
      [](const std::string&, const Question& question,
         OfEinsum& known) -> const std::vector<CostFloor>& {
        const auto& [problem, hierarchy, options] = question;
        const auto [entry, fresh] =
            known.floors.try_emplace(options_text(*problem, options) + room_text(options));
        if (fresh) entry->second = cost_floors(*problem, *hierarchy, options, known.memo);
        return entry->second;
      });
}

const SearchResult& Recall::search(const std::string& text, const Question& question,
                                   OfEinsum& known) {
  const auto& [problem, hierarchy, options] = question;
  const std::string asked = options_text(*problem, options);
  std::list<Answer>& answers = known.answers[asked];
  for (const Answer& other : answers) {
    const bool same = other.reserved == options.reserved_bits;
    if (!same && !(other.result.optimal && at_most(other.reserved, options.reserved_bits) &&
                   fits(other.result, *problem, *hierarchy, options)))
      continue;
    ++recalled_;
    return other.result;
  }
  answers.push_back({options.reserved_bits, {}});
  SearchResult& answer = answers.back().result;
  const std::string file = text + asked + room_text(options);
  if (read_file(file, answer)) {
    ++recalled_;
    ++read_;
    return answer;
  }
  answer = search_mapping(*problem, *hierarchy, options, known.memo);
  ++searches_;
  evaluations_ += answer.evaluations;
  nodes_ += answer.nodes;
  if (!folder_.empty() && answer.optimal) {
    write_file_atomic(file_of(folder_, file), answer_text(file, answer));
    ++written_;
  }
  return answer;
}

std::string answer_text(const std::string& question, const SearchResult& answer) {
  std::string text =
      fmt::format("{}\n{}answer {} {} {} {}\n", version, question, answer.found.size(),
                  answer.bound, answer.evaluations, answer.nodes);
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
  in >> word >> mappings >> answer.bound >> answer.evaluations >> answer.nodes;
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
