// SPDX-License-Identifier: Apache-2.0
// A density over the points of a design space, by kernels around some of them.
#pragma once

#include <cstdint>
#include <vector>

#include "dse/random.hpp"
#include "dse/space.hpp"

namespace sluice {

struct ParzenSettings {
  double bandwidth = 0.2;  ///< of an ordered parameter around one centre, as a share of its range
  double spread = 0.4;     ///< probability that an unordered parameter leaves one centre's value
  double prior_weight = 1.0;  ///< of the uniform density, in centres
};

/// A mixture of products of kernels, one product a centre, and of the uniform density. An ordered
/// parameter has a normal kernel cut to its range and integrated over its values, whose width falls
/// with the number of centres n and parameters d as n^(-1/(d+4)) (D. Scott, Multivariate density
/// estimation, 1992); any other one the kernel of J. Aitchison and C. Aitken (Biometrika 63, 1976).
/// A parameter that a centre does not have is uniform around it. Every point has a density above 0.
class ParzenDensity {
 public:
  /// `centres` are canonical points; there may be none. Holds a reference to the space.
  ParzenDensity(const DesignSpace& space, std::vector<Point> centres,
                const ParzenSettings& settings);

  void add(const Point& centre);

  /// A point that may break constraints.
  Point draw(Random& random) const;
  /// The logarithm of the density of a canonical point.
  double log_density(const Point& point) const;

 private:
  struct Kernel {
    double size = 1;  ///< number of values
    bool ordered = false;
    double stay = 0, leave = 0;    ///< unordered: probability of the centre's value, of each other
    double width = 0;              ///< ordered: standard deviation in values
    std::vector<double> distance;  ///< ordered: weight at so many values from the centre
    std::vector<double> total;     ///< ordered: sum of the weights around each centre
    /// The density of a value around a centre's: a row a value, a column a centre's value, the last
    /// of both for none. Empty for domains of many values.
    std::vector<double> pairs;
    std::vector<std::uint32_t> columns;  ///< of `pairs`, of each centre
  };

  static Kernel kernel_of(const Domain& domain, double shrink, const ParzenSettings& settings);
  std::uint64_t draw(const Kernel& kernel, std::uint64_t centre, Random& random) const;
  static double density(const Kernel& kernel, std::uint64_t centre, std::uint64_t digit);
  static void tabulate_pairs(Kernel& kernel);
  void add_columns(const Point& centre);

  const DesignSpace& space_;
  std::vector<Point> centres_;
  std::vector<Kernel> kernels_;  ///< one a parameter
  double prior_weight_;
};

}  // namespace sluice
