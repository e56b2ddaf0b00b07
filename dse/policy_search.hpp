// SPDX-License-Identifier: Apache-2.0
// Reinforcement learning of whole designs by proximal policy optimisation, by one agent or several
// that share their reward.
#pragma once

#include <map>
#include <vector>

#include "dse/learn/encoding.hpp"
#include "dse/learn/neural_network.hpp"
#include "dse/learn/shares.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice {

struct PolicySettings {
  std::uint64_t horizon = 32;
  std::uint64_t epochs = 8;
  std::uint64_t width = 32;
  double rate = 0.005;
  double clip = 0.2;
  double entropy = 0.01;
};

template <class Visitor>
void describe(Visitor& v, PolicySettings& s) {
  v.field("horizon", s.horizon, {.doc = "trials between two updates", .min = 8, .max = 512});
  v.field("epochs", s.epochs, {.doc = "steps of an update", .min = 1, .max = 32});
  v.field("width", s.width, {.doc = "units of each of two hidden layers", .min = 8, .max = 256});
  v.field("rate", s.rate, {.doc = "step size of Adam", .min = 1e-5, .max = 0.1});
  v.field("clip", s.clip,
          {.doc = "largest relative change of a probability that is rewarded",
           .min = 0.05,
           .max = 0.5});
  v.field("entropy", s.entropy, {.doc = "reward of undecidedness", .min = 1e-4, .max = 0.1});
}

/// What an agent has done, and what came of it.
struct Experience {
  Eigen::VectorXd observation;
  Point point;
  double reward = 0;
};

/// An agent that chooses the values of some parameters. Its network has a logit for every share of
/// every domain, and an estimate of the reward.
class PolicyAgent {
 public:
  PolicyAgent(const DesignSpace& space, std::vector<std::size_t> parameters,
              std::size_t observation, const PolicySettings& settings, Random& random);

  /// Looks at an observation for the draws that follow.
  void observe(const Eigen::VectorXd& observation);
  /// Draws its parameters' digits, each with probability `stray` evenly, not by the policy.
  void draw(Point& point, double stray, Random& random) const;
  /// J. Schulman and others, Proximal policy optimization algorithms, 2017, equations 7 and 9.
  /// Parameters that a point does not have count for nothing.
  void learn(const std::vector<Experience>& experience);

 private:
  struct Head {
    std::size_t parameter = 0;
    Shares shares;
    Eigen::Index first = 0;        ///< of its logits
    Eigen::ArrayXd observed = {};  ///< probabilities of the shares
  };
  Eigen::ArrayXd probabilities(const Eigen::Ref<const Eigen::VectorXd>& outputs,
                               const Head& head) const;
  double log_probability(const Eigen::Ref<const Eigen::VectorXd>& outputs,
                         const Point& point) const;

  PolicySettings settings_;
  std::vector<Head> heads_;
  Eigen::Index outputs_ = 1;            ///< logits, and the reward
  std::vector<NeuralNetwork> network_;  ///< one
};

/// Every ask is a step of as many one-step episodes. All agents see the best design so far and the
/// best of the latest trials, and are rewarded with the share of the trials so far that a design is
/// better than, which is 0 where it failed: no unit and no scale goes into it.
class PolicySearch {
 public:
  PolicySearch(const SearchProblem& problem, const PolicySettings& settings, bool one_agent);
  std::vector<Point> ask(std::size_t count);
  void tell(std::span<const Trial> trials);

 private:
  std::optional<Point> draw();
  Eigen::VectorXd observation() const;

  SearchProblem problem_;
  PolicySettings settings_;
  Random random_;
  Scalariser scalariser_;
  Encoding encoding_;
  Seen seen_;
  std::vector<PolicyAgent> agents_;
  std::vector<double> costs_;  ///< of all trials, ascending
  Point best_, latest_;
  double best_cost_, latest_cost_;
  std::map<Point, Eigen::VectorXd> asked_;  ///< what was observed then
  std::vector<Experience> experience_;
};

}  // namespace sluice
