// SPDX-License-Identifier: Apache-2.0
// Searches that are made once: equal questions in one call, and, in a folder, those of earlier
// calls. Internal to this folder; docs/search_mapper.md says what the files are.
#pragma once

#include <map>
#include <string>

#include "mapper/search/search.hpp"

namespace sluice::search {

class Recall {
 public:
  /// `folder`: of the files; empty: there are none.
  explicit Recall(std::string folder);

  /// The answer to a search, made now or before. An answer of a search that was stopped is not kept
  /// for the next call.
  const SearchResult& search(const Problem& problem, const Hierarchy& hierarchy,
                             const SearchOptions& options);

  std::size_t searches() const { return searches_; }
  std::size_t recalled() const { return recalled_; }
  std::size_t read() const { return read_; }        ///< of these, from files
  std::size_t written() const { return written_; }  ///< files

 private:
  static std::string question(const Problem& problem, const Hierarchy& hierarchy,
                              const SearchOptions& options);

  std::string folder_;
  std::map<std::string, SearchResult> answers_;
  std::size_t searches_ = 0, recalled_ = 0, read_ = 0, written_ = 0;
};

/// The text of a file: a version, the question, the answer and a checksum.
std::string answer_text(const std::string& question, const SearchResult& answer);

/// Reads it back; false if it is of another version or question, or damaged.
bool read_answer(const std::string& text, const std::string& question, SearchResult& answer);

}  // namespace sluice::search
