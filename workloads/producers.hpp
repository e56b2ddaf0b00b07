// SPDX-License-Identifier: Apache-2.0
// The layers made so far, and how `inputs:` finds them: a name is looked for in the group it is
// used in, then in the groups around it. Not for users of the room; see load.hpp.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "workloads/mistakes.hpp"
#include "workloads/shape.hpp"

namespace sluice {

/// The group in which names are looked up.
struct Group {
  std::string prefix;  ///< before the names of its layers; ends in '.', or is empty
  std::string input;   ///< what `input` means in it: the layer before, or the network's input
};

class Producers {
 public:
  /// A layer was made; no shape after a mistake in it. False: the name is taken.
  bool add(const std::string& name, std::optional<Shape> shape);
  /// A layer or group is left out at these parameters.
  void leave_out(const std::string& name) { left_out_.insert(name); }
  /// A group has ended with the layer made last.
  void end_group(const std::string& name);

  /// The layer made last; the network's input when there is none.
  const std::string& last() const { return last_; }
  bool any() const { return !shapes_.empty(); }
  /// Whether a layer or group has this name.
  bool taken(const std::string& name) const;
  std::optional<Shape> shape(const std::string& layer) const;

  /// The producers named by an `inputs:` list, in full. `a | b` is the first that is there; names
  /// of layers that are left out are dropped. Nothing after a mistake, which is reported.
  std::optional<std::vector<std::string>> find(const YamlNode& inputs, const Group& group,
                                               Mistakes& mistakes) const;

 private:
  /// The layer that `name` means in `group`; empty: left out; nothing: unknown.
  std::optional<std::string> resolve(std::string_view name, const Group& group) const;
  std::string suggestion_for(std::string_view name, const Group& group) const;
  std::optional<std::string> first_present(const YamlNode& node, const Group& group,
                                           Mistakes& mistakes) const;

  std::map<std::string, std::optional<Shape>> shapes_;
  std::map<std::string, std::string> groups_;  ///< their last layers
  std::set<std::string> left_out_;
  std::string last_ = std::string(network_input);
};

}  // namespace sluice
