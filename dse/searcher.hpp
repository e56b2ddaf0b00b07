// SPDX-License-Identifier: Apache-2.0
// What a searcher is: it is asked for designs and told what came of them. All searchers see the
// same space, and none sees the simulator.
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <vector>

#include "dse/random.hpp"
#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// What is searched. Must outlive its searchers.
struct SearchProblem {
  const DesignSpace& space;
  std::span<const Objective> objectives;
  std::uint64_t budget = 0;  ///< evaluations in all
  std::uint64_t seed = 1;
  Scalarisation scalarisation = {};  ///< for searchers of one number
};

/// A searcher of the problem it was made with. `ask` gives canonical points that keep the space's
/// constraints, at most `count`; fewer or none when the searcher has nothing more to try. `tell`
/// gives the trials of one ask, in its order, whatever their status. All that a searcher does
/// follows from its seed and these calls.
template <class T>
concept Searcher = requires(T& searcher, std::size_t count, std::span<const Trial> trials) {
  { searcher.ask(count) } -> std::same_as<std::vector<Point>>;
  searcher.tell(trials);
};

/// Any searcher, erased once at the registry.
class AnySearcher {
 public:
  template <Searcher T>
  explicit AnySearcher(T searcher) : model_(std::make_unique<Model<T>>(std::move(searcher))) {}

  std::vector<Point> ask(std::size_t count) { return model_->ask(count); }
  void tell(std::span<const Trial> trials) { model_->tell(trials); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual std::vector<Point> ask(std::size_t count) = 0;
    virtual void tell(std::span<const Trial> trials) = 0;
  };
  template <class T>
  struct Model final : Interface {
    explicit Model(T s) : searcher(std::move(s)) {}
    std::vector<Point> ask(std::size_t count) override { return searcher.ask(count); }
    void tell(std::span<const Trial> trials) override { searcher.tell(trials); }
    T searcher;
  };
  std::unique_ptr<Interface> model_;
};

}  // namespace sluice
