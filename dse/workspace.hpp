// SPDX-License-Identifier: Apache-2.0
// Designs as experiments in memory: what designs have in common is read once, and of each only
// what makes it different is set.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "arch/energy.hpp"
#include "dse/field_setter.hpp"
#include "dse/sweep.hpp"

namespace sluice {

/// Energy tables by name, each read once, for all threads: one takes as long as hundreds of
/// designs. Holds a reference.
class EnergyTables {
 public:
  explicit EnergyTables(const Library& library) : library_(library) {}

  /// Throws SpecError when there is none.
  const EnergyTable& of(const std::string& name);

 private:
  const Library& library_;
  std::mutex mutex_;
  std::map<std::string, EnergyTable> tables_;
};

/// The experiments of a sweep's designs, for one thread. Holds references.
class Workspace {
 public:
  /// `tables`: those that the threads share; nullptr: of its own.
  Workspace(const Sweep& sweep, const Library& library,
            std::shared_ptr<EnergyTables> tables = nullptr);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  const Sweep& sweep() const { return sweep_; }
  const Library& library() const { return library_; }

  /// The experiment of a design, until the next call; equal to what read_experiment() reads from
  /// apply(), its input_hash excepted. nullptr when it has to be read: it is wrong, or a parameter
  /// is no single value of the machine.
  const Experiment* set(const Point& point);

  /// By the energy table of that name; nullptr for "". Throws SpecError when there is none.
  struct Prices {
    const EnergyTable& table;
    std::vector<PricedScratchpad> scratchpads;  ///< by that table, as far as they were asked for
  };
  Prices* prices(const std::string& name);

 private:
  struct Base;
  Base* base_of(const Point& point);
  std::unique_ptr<Base> make_base(const Point& point) const;

  const Sweep& sweep_;
  const Library& library_;
  std::vector<std::vector<YamlNode>> values_;  ///< of each parameter that is set in memory
  std::vector<std::size_t> others_;            ///< the parameters that are read
  std::map<std::vector<std::uint64_t>, std::unique_ptr<Base>> bases_;  ///< by those parameters
  std::shared_ptr<EnergyTables> tables_;
  std::map<std::string, Prices> prices_;
};

}  // namespace sluice
