// SPDX-License-Identifier: Apache-2.0
// How several objectives become one number. A metric is measured (metrics.hpp); what it counts for
// is said here, for searchers of one number and for rewards.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "dse/metrics.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// With c the cost of an objective (its metric, negated where that is maximised), w its weight and
/// t its target:
enum class ScalarKind : std::uint8_t {
  product,           ///< sum of w ln c, ln of the product of powers; one objective: c itself
  weighted,          ///< sum of w c; the weights carry the units
  target,            ///< sum of w max(0, (c - t) / |t|): how far targets are missed
  chebyshev,         ///< max of w (c - t) / |t|: the objective furthest from its ideal t
  hypervolume_gain,  ///< minus the volume, of ln c below ln t, that a design adds to others
};
template <>
struct EnumNames<ScalarKind> {
  static constexpr EnumName<ScalarKind> table[] = {
      {"product", ScalarKind::product},
      {"weighted", ScalarKind::weighted},
      {"target", ScalarKind::target},
      {"chebyshev", ScalarKind::chebyshev},
      {"hypervolume_gain", ScalarKind::hypervolume_gain}};
};

/// `weights` and `targets` are by objective; empty: all 1, or none.
struct Scalarisation {
  ScalarKind kind = ScalarKind::product;
  std::vector<double> weights, targets;
  bool operator==(const Scalarisation&) const = default;
};

/// The weight of objective `i`.
inline double weight_of(const Scalarisation& scalarisation, std::size_t i) {
  return scalarisation.weights.empty() ? 1 : scalarisation.weights[i];
}

/// The volume below the targets that these log_costs() dominate.
double dominated_volume(std::span<const Objective> objectives, const Scalarisation& scalarisation,
                        const std::vector<std::vector<double>>& points);

/// One number to be made small. Infinite when the trial is not ok. Of hypervolume_gain, what the
/// design adds to none.
double scalar_cost(std::span<const Objective> objectives, const Scalarisation& scalarisation,
                   const Result& result);

/// The costs of trials as they are told, one after the other: of hypervolume_gain, what each adds
/// to those before it.
class Scalariser {
 public:
  Scalariser(std::span<const Objective> objectives, Scalarisation scalarisation)
      : objectives_(objectives), scalarisation_(std::move(scalarisation)) {}
  double tell(const Result& result);

 private:
  std::span<const Objective> objectives_;
  Scalarisation scalarisation_;
  std::vector<std::vector<double>> front_;  ///< of hypervolume_gain
};

/// The costs of trials beside each other: of hypervolume_gain, what each adds to all others.
std::vector<double> scalar_costs(std::span<const Objective> objectives,
                                 const Scalarisation& scalarisation, std::span<const Trial> trials);

/// Reads `scalarisation:` of a sweep with these objectives; mistakes go to `diagnostics`.
Scalarisation read_scalarisation(const YamlNode& node, std::span<const Objective> objectives,
                                 Diagnostics& diagnostics);

/// `target of latency_s 0.001, energy_j 0.002`.
std::string to_text(const Scalarisation& scalarisation, std::span<const Objective> objectives);

}  // namespace sluice
