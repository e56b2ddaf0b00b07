// SPDX-License-Identifier: Apache-2.0
// Makes a proxy of the trials of a study.
#pragma once

#include "dse/proxy/proxy.hpp"
#include "dse/study/study.hpp"

namespace sluice {

/// Fewer designs that can be simulated make no proxy.
inline constexpr std::size_t least_proxy_designs = 100;

struct ProxyOptions {
  std::optional<ProxyKind> kind;  ///< none: the one that predicts the designs for calibration best
  std::uint64_t seed = 1;         ///< of the split and of the models
  double limit = 0.2;             ///< Proxy::limit
  bool learning = true;           ///< Proxy::learning with less data than there is
};

/// The designs are shuffled by the seed: 70 % to learn from, 15 % to calibrate the intervals on, 15
/// % to measure errors with, which nothing else sees. Intervals are split conformal, in units of
/// the deviation that the model states (J. Lei and others, Distribution-free predictive inference
/// for regression, JASA 113, 2018): for designs drawn like those of the study they hold 90 % of the
/// true values. Throws SpecError at `path`, the name of the study, when there are too few designs,
/// or when an objective is not a positive number.
Proxy train_proxy(const Sweep& sweep, const StudyInfo& info, const std::vector<Trial>& trials,
                  const ProxyOptions& options, const std::string& path);

}  // namespace sluice
