// SPDX-License-Identifier: Apache-2.0
// Every design of a sweep's space, evaluated: what searchers are measured against.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dse/space_index.hpp"
#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// The largest space that is enumerated; a design takes about 200 bytes.
inline constexpr std::uint64_t most_enumerated = 5'000'000;

/// Designs of a file that are evaluated again before it is trusted.
inline constexpr std::uint64_t most_probed = 64;

struct KeptTruth;

class Truth {
 public:
  /// Called now and then with the designs done and in all; false ends it.
  using Progress = std::function<bool(std::uint64_t done, std::uint64_t all)>;

  /// Evaluates all designs; nothing when `progress` ended it. Throws SpecError for a space of more
  /// than most_enumerated. Holds a reference to the sweep.
  static std::optional<Truth> enumerate(const Sweep& sweep, const Library& library,
                                        const Progress& progress);
  /// What save() wrote, or why it is not used: it is of another sweep or version, damaged, or some
  /// of `most_probed` designs, which are evaluated again, come out otherwise now. Neither when
  /// there is no file.
  static KeptTruth load(const Sweep& sweep, const Library& library, const std::string& path);
  void save(const std::string& path) const;

  /// Of a canonical point that keeps the constraints over parameters. Reasons and sentences are not
  /// kept.
  Result result(const Point& point) const;
  const Sweep& sweep() const { return sweep_; }
  std::uint64_t designs() const { return status_.size(); }  ///< that keep the constraints
  std::uint64_t feasible() const;
  /// The designs that no other dominates, in no order.
  const std::vector<Trial>& front() const { return front_; }

 private:
  explicit Truth(const Sweep& sweep);
  void add(const Result& result);
  void find_front();
  std::string header() const;
  std::string stale_header(std::string_view line) const;
  bool read_body(std::string_view text);
  std::string changed_design(const Library& library) const;

  const Sweep& sweep_;
  SpaceIndex index_;
  std::vector<std::uint32_t> row_;  ///< of each index of the space; none_ where constraints break
  std::vector<std::uint8_t> status_;
  std::vector<double> metrics_;       ///< as many a row as there are metrics
  std::vector<std::uint64_t> first_;  ///< stall of each row; one more at the end
  std::vector<std::uint8_t> causes_;
  std::vector<std::uint64_t> cycles_;
  std::vector<std::string> cause_names_;
  std::vector<Trial> front_;
};

struct KeptTruth {
  std::optional<Truth> truth;
  std::string stale;  ///< why a file that is there is not used
};

}  // namespace sluice
