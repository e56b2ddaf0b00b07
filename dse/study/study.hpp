// SPDX-License-Identifier: Apache-2.0
// The trials of a sweep in a file that survives: an SQLite database in which what was reported as
// done is done, whatever happens to the program next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// The store cannot be used or written: not a study, of another version, locked, damaged, a full
/// disk. What was added before is still there.
class StudyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a study is about, as it was when it began.
struct StudyInfo {
  std::string name;
  std::string sluice_version;
  std::string sweep_text;        ///< the sweep as YAML, includes resolved
  std::uint64_t sweep_hash = 0;  ///< hash_of(Sweep)
  std::string searcher;
  std::string searcher_settings;
  std::uint64_t seed = 0;
  std::uint64_t batch = 0;
  bool operator==(const StudyInfo&) const = default;
};

/// What a closer look at a trial's design gave.
struct ConfirmedTrial {
  std::uint64_t number = 0;  ///< of the trial
  std::string fidelity;
  Result result;
  bool operator==(const ConfirmedTrial&) const = default;
};

class Study {
 public:
  /// Opens the study at `path`; creates it with `info` when there is none. One writer at a time:
  /// throws StudyError when another has it. Others may read it meanwhile.
  static Study open(const std::string& path, const StudyInfo& info);
  /// Opens an existing study to read only.
  static Study read(const std::string& path);

  Study(Study&&) noexcept;
  Study& operator=(Study&&) noexcept;
  ~Study();

  StudyInfo info() const;
  /// Says anew what the study is about: the search and the closer looks at it may change.
  void describe(const StudyInfo& info);
  std::uint64_t size() const;
  /// Trials of a status.
  std::uint64_t count(std::string_view status) const;
  /// All trials in their order.
  std::vector<Trial> trials() const;
  /// The trials numbered from `first` on, at most `count`. A study is written to between two calls.
  std::vector<Trial> trials(std::uint64_t first, std::uint64_t count) const;
  /// Hands over all trials in their order, one by one, so that they need not all be kept. Nobody
  /// can write to the study meanwhile: do not wait for anything.
  using Visit = std::function<void(Trial&&)>;
  void visit(const Visit& visit) const;
  /// Adds the trials of one batch, all or none; returns when they are on the disk.
  void add(const std::vector<Trial>& trials);

  /// Closer looks, by the number of the trial.
  std::vector<ConfirmedTrial> confirmed() const;
  /// Adds closer looks, all or none, as add() does.
  void confirm(const std::vector<ConfirmedTrial>& looks);

 private:
  friend class Statement;
  struct Database;
  explicit Study(std::unique_ptr<Database> database);
  void write(const StudyInfo& info);
  template <class Work>
  void transact(Work work);
  std::unique_ptr<Database> database_;
};

/// Throws StudyError for the study at `path` when a trial is none of the sweep: not the one of this
/// number, no design of its space, or ok without its objectives.
void check_trial(const Sweep& sweep, const Trial& trial, std::uint64_t number,
                 const std::string& path);
/// The same of all trials of a study.
void check_trials(const Sweep& sweep, const std::vector<Trial>& trials, const std::string& path);

/// What differs between a study and a sweep that is to go on with it, a sentence each; empty: it
/// may.
std::vector<std::string> differences(const StudyInfo& study, const StudyInfo& sweep);

}  // namespace sluice
