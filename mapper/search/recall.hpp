// SPDX-License-Identifier: Apache-2.0
// Searches that are made once: equal questions in one call, and, in a folder, those of earlier
// calls. Internal to this folder; docs/search_mapper.md says what the files are.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "mapper/search/engine.hpp"

namespace sluice::search {

/// A search of an Einsum, which outlives it.
struct Question {
  const Problem* problem = nullptr;
  const Hierarchy* hierarchy = nullptr;
  SearchOptions options;
};

class Recall {
 public:
  /// `folder`: of the files; empty: there are none. `threads`: as in SearchOptions.
  Recall(std::string folder, unsigned threads);

  /// The answers to searches, made now or before, those of different Einsums side by side. An
  /// answer of a search that was stopped is not kept for the next call.
  std::vector<const SearchResult*> search(const std::vector<Question>& questions);

  /// The same of cost_floors() of engine.hpp.
  std::vector<const std::vector<CostFloor>*> floors(const std::vector<Question>& questions);

  std::size_t searches() const { return searches_; }
  std::size_t recalled() const { return recalled_; }
  std::uint64_t evaluations() const { return evaluations_; }  ///< of the searches that were made
  std::uint64_t nodes() const { return nodes_; }
  std::size_t read() const { return read_; }        ///< of these, from files
  std::size_t written() const { return written_; }  ///< files

 private:
  struct Answer {
    std::vector<std::uint64_t> reserved;
    SearchResult result;
  };
  /// What is known of an Einsum.
  struct OfEinsum {
    Memo memo;
    std::map<std::string, std::list<Answer>> answers;  ///< by question, but for the room
    std::map<std::string, std::vector<CostFloor>> floors;
  };

  template <class Answers, class Ask>
  Answers each(const std::vector<Question>& questions, const Ask& ask);
  const SearchResult& search(const std::string& text, const Question& question, OfEinsum& known);
  bool read_file(const std::string& question, SearchResult& answer);

  std::string folder_;
  unsigned threads_;
  std::map<std::string, OfEinsum> einsums_;
  std::atomic<std::size_t> searches_ = 0, recalled_ = 0, read_ = 0, written_ = 0;
  std::atomic<std::uint64_t> evaluations_ = 0, nodes_ = 0;
};

/// The text of a file: a version, the question, the answer and a checksum.
std::string answer_text(const std::string& question, const SearchResult& answer);

/// Reads it back; false if it is of another version or question, or damaged.
bool read_answer(const std::string& text, const std::string& question, SearchResult& answer);

}  // namespace sluice::search
