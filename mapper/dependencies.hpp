// SPDX-License-Identifier: Apache-2.0
// Which task's results another one reads.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string_view>

#include "mapper/mapping.hpp"

namespace sluice {

/// What must be in main memory before a task's tiles can be loaded.
struct TaskNeeds {
  /// The last earlier task whose results its input is.
  std::optional<std::size_t> results;
  /// The tensor in the weight role is a result too, such as the keys of attention.
  bool weights_are_results = false;
  bool operator==(const TaskNeeds&) const = default;
};

/// Tasks whose results may be stored but not yet asked for: how far the loads of one task run ahead
/// of the stores of another.
inline constexpr std::size_t task_window = 8;

/// Follows a network's tasks in order. A layer's first task needs the layers that it names as
/// inputs, or the layer before; its others the task before them.
class Dependencies {
 public:
  explicit Dependencies(const Network& network) : network_(network) {}
  TaskNeeds next(const Task& task);

 private:
  const Network& network_;
  std::size_t tasks_ = 0;
  std::optional<std::size_t> layer_;                   ///< of the task before
  std::map<std::string_view, std::size_t> last_task_;  ///< by layer name
};

}  // namespace sluice
