// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/model.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>

#include "dse/random.hpp"

namespace sluice {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

/// Makes `count` values on all threads.
template <class Make>
auto make_each(std::size_t count, Make make) {
  std::vector<std::optional<decltype(make(std::size_t{0}))>> made(count);
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) { made[i] = make(i); });
  std::vector<decltype(make(std::size_t{0}))> values;
  for (auto& one : made) values.push_back(std::move(*one));
  return values;
}

Forests fit_forests(const MatrixXd& x, const MatrixXd& y, std::uint64_t seed) {
  constexpr ForestSettings settings = {.trees = 32, .tried_features = 1, .least_split = 4};
  return {make_each(static_cast<std::size_t>(y.rows()), [&](std::size_t output) {
    Random random(seed + output);
    return Forest(x, y.row(static_cast<Index>(output)).transpose(), settings, random);
  })};
}

/// Inputs around 0, as the first layer's weights expect them.
MatrixXd centred(const MatrixXd& x) { return (2 * x.array() - 1).matrix(); }

/// Least squares over batches of random observations; the rate falls to nothing as half a cosine
/// (I. Loshchilov and F. Hutter, SGDR, ICLR 2017).
NeuralNetwork fit_network(const MatrixXd& x, const MatrixXd& y, std::uint64_t seed) {
  constexpr Index width = 48, batch = 32;
  constexpr double first_rate = 4e-3;
  Random random(seed);
  NeuralNetwork network({x.rows(), width, width, y.rows()}, random);
  std::vector<Index> order(static_cast<std::size_t>(x.cols()));
  std::iota(order.begin(), order.end(), Index{0});
  const Index each = std::min<Index>(batch, x.cols());
  const Index steps = std::clamp<Index>(x.cols() * x.cols() / 400, 1'500, 120'000);
  MatrixXd inputs(x.rows(), each), wanted(y.rows(), each);
  std::size_t next = order.size();
  for (Index step = 0; step < steps; ++step) {
    for (Index i = 0; i < each; ++i) {
      if (next == order.size()) random.shuffle(order), next = 0;
      inputs.col(i) = x.col(order[next]);
      wanted.col(i) = y.col(order[next++]);
    }
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    network.descend(
        inputs,
        [&](const MatrixXd& outputs) {
          return MatrixXd((outputs - wanted) / static_cast<double>(each));
        },
        0.5 * first_rate * (1 + std::cos(std::numbers::pi * done)));
  }
  return network;
}

Networks fit_networks(const MatrixXd& x, const MatrixXd& y, std::uint64_t seed) {
  constexpr std::size_t members = 4;
  const MatrixXd inputs = centred(x);
  return {make_each(members, [&](std::size_t i) { return fit_network(inputs, y, seed + i); })};
}

Processes fit_processes(const MatrixXd& x, const MatrixXd& y,
                        const std::vector<std::size_t>& group_of_feature) {
  constexpr Index most_fitted = 250;  // a step costs the cube of it
  constexpr int steps = 40;
  const Index known = std::min(x.cols(), Processes::most_observations);
  const Index fitted = std::min(x.cols(), most_fitted);
  Processes processes{x.leftCols(known), y.leftCols(known), group_of_feature, {}};
  processes.outputs = make_each(static_cast<std::size_t>(y.rows()), [&](std::size_t output) {
    GaussianProcess process(group_of_feature);
    process.fit(x.leftCols(fitted), y.row(static_cast<Index>(output)).head(fitted).transpose(),
                steps);
    return process;
  });
  processes.condition();
  return processes;
}

Estimates empty_estimates(Index outputs, Index points) {
  return {MatrixXd::Zero(outputs, points), MatrixXd::Zero(outputs, points)};
}

Estimates estimate_with(const Forests& forests, const MatrixXd& x) {
  const auto outputs = static_cast<Index>(forests.outputs.size());
  Estimates estimates = empty_estimates(outputs, x.cols());
  for (Index o = 0; o < outputs; ++o)
    for (Index i = 0; i < x.cols(); ++i) {
      const Prediction y = forests.outputs[static_cast<std::size_t>(o)].predict(x.col(i));
      estimates.mean(o, i) = y.mean;
      estimates.deviation(o, i) = y.deviation;
    }
  return estimates;
}

Estimates estimate_with(const Networks& networks, const MatrixXd& x) {
  const MatrixXd inputs = centred(x);
  const auto n = static_cast<double>(networks.members.size());
  std::vector<MatrixXd> answers;
  for (const NeuralNetwork& member : networks.members) answers.push_back(member(inputs));
  Estimates estimates = empty_estimates(answers[0].rows(), x.cols());
  for (const MatrixXd& answer : answers) estimates.mean += answer / n;
  for (const MatrixXd& answer : answers)
    estimates.deviation += (answer - estimates.mean).cwiseAbs2() / (n - 1);
  estimates.deviation = estimates.deviation.cwiseSqrt();
  return estimates;
}

Estimates estimate_with(const Processes& processes, const MatrixXd& x) {
  const auto outputs = static_cast<Index>(processes.outputs.size());
  Estimates estimates = empty_estimates(outputs, x.cols());
  for (Index o = 0; o < outputs; ++o) {
    const auto posterior = processes.outputs[static_cast<std::size_t>(o)].predict(x);
    for (Index i = 0; i < x.cols(); ++i) {
      estimates.mean(o, i) = posterior.mean(i);
      estimates.deviation(o, i) = posterior.deviation(i);
    }
  }
  return estimates;
}

}  // namespace

void Processes::condition() {
  tbb::parallel_for(std::size_t{0}, outputs.size(), [&](std::size_t o) {
    outputs[o].condition(x, y.row(static_cast<Index>(o)).transpose());
  });
}

ProxyModel fit_model(ProxyKind kind, const MatrixXd& x, const MatrixXd& y,
                     const std::vector<std::size_t>& group_of_feature, std::uint64_t seed) {
  switch (kind) {
    case ProxyKind::forest:
      return fit_forests(x, y, seed);
    case ProxyKind::network:
      return fit_networks(x, y, seed);
    case ProxyKind::gaussian_process:
      break;
  }
  return fit_processes(x, y, group_of_feature);
}

Estimates estimate(const ProxyModel& model, const MatrixXd& x) {
  return std::visit([&](const auto& one) { return estimate_with(one, x); }, model);
}

}  // namespace sluice
