// SPDX-License-Identifier: Apache-2.0
// Searches that are made once: equal questions in one call, and, in a folder, those of earlier
// calls. Internal to this folder; docs/search_mapper.md says what the files are.
#pragma once

#include <list>
#include <map>
#include <string>

#include "mapper/search/engine.hpp"

namespace sluice::search {

class Recall {
 public:
  /// `folder`: of the files; empty: there are none.
  explicit Recall(std::string folder);

  /// The answer to a search, made now or before. An answer of a search that was stopped is not kept
  /// for the next call.
  const SearchResult& search(const Problem& problem, const Hierarchy& hierarchy,
                             const SearchOptions& options);

  /// cost_floors() of engine.hpp, made now or before.
  const std::vector<CostFloor>& floors(const Problem& problem, const Hierarchy& hierarchy,
                                       const SearchOptions& options);

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

  bool read_file(const std::string& question, SearchResult& answer);
  Memo& memo_for(const std::string& einsum);

  std::string folder_;
  std::map<std::string, std::list<Answer>> answers_;  ///< by question, but for the room
  std::map<std::string, std::vector<CostFloor>> floors_;
  std::map<std::string, Memo> memos_;  ///< by Einsum
  std::size_t searches_ = 0, recalled_ = 0, read_ = 0, written_ = 0;
  std::uint64_t evaluations_ = 0, nodes_ = 0;
};

/// The text of a file: a version, the question, the answer and a checksum.
std::string answer_text(const std::string& question, const SearchResult& answer);

/// Reads it back; false if it is of another version or question, or damaged.
bool read_answer(const std::string& text, const std::string& question, SearchResult& answer);

}  // namespace sluice::search
