// SPDX-License-Identifier: Apache-2.0
// What the readers of Timeloop's files hand to each other. Internal to this folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "mapper/nest/hierarchy.hpp"
#include "mapper/nest/problem.hpp"

namespace sluice {

/// Collects mistakes and notes; texts and numbers as Timeloop writes them.
class TimeloopReader {
 public:
  Diagnostics diagnostics;
  std::vector<std::string> notes;

  /// The value under `key` at the top of a file, whose other keys are noted.
  const YamlNode* part(const YamlNode& file, std::string_view key);
  void error(const YamlNode& node, std::string message, std::string hint = {}) {
    diagnostics.error(node.where, std::move(message), std::move(hint));
  }
  /// A whole number from `least` on; nothing after a mistake.
  std::optional<std::uint64_t> whole(const YamlNode& node, std::string_view what,
                                     std::uint64_t least = 0);
  std::optional<double> real(const YamlNode& node, std::string_view what);
  /// A name that map files can hold: letters, digits and underscores.
  std::string name(const YamlNode& node, std::string_view what);
  /// Words of a list, or of a text between spaces or commas.
  std::vector<std::pair<std::string, const YamlNode*>> words(const YamlNode& node,
                                                             std::string_view what);
};

/// The problem, and its dimensions as the file calls them (ranks have small letters).
struct TimeloopProblem {
  Problem problem;
  std::vector<std::string> dimensions;
};
TimeloopProblem read_timeloop_problem(const YamlNode& file, TimeloopReader& reader);

/// What a node of the architecture became.
struct TimeloopPlace {
  std::size_t level = 0;  ///< the memory that it is, or under which it fans out
  bool memory = false;
  std::optional<std::size_t> x, y;  ///< axes of the fan-out of `level`
};

struct TimeloopMachine {
  Hierarchy hierarchy;
  std::map<std::string, TimeloopPlace> places;     ///< by name
  std::map<std::string, std::string> classes;      ///< of memories and compute, for notes
  std::vector<std::vector<std::string>> bypassed;  ///< tensors that each level does not keep
};
/// `tensors` are the names of the problem's.
TimeloopMachine read_timeloop_architecture(const YamlNode& file,
                                           const std::vector<std::string>& tensors,
                                           TimeloopReader& reader);
/// Puts the energies of an ERT into the levels and the compute unit.
void read_timeloop_energies(const YamlNode& file, TimeloopMachine& machine, TimeloopReader& reader);

/// Loops and fan-outs of one node, from outer to inner.
struct TimeloopLoop {
  std::size_t rank = 0;
  std::uint64_t factor = 1;
  std::optional<std::size_t> axis;  ///< of the level's fan-out; none: in time
};
struct TimeloopMapping {
  std::vector<std::vector<TimeloopLoop>> loops;    ///< one list a level
  std::vector<std::vector<std::string>> bypassed;  ///< one list a level
};
TimeloopMapping read_timeloop_mapping(const YamlNode& file, const TimeloopProblem& problem,
                                      const TimeloopMachine& machine, TimeloopReader& reader);

}  // namespace sluice
