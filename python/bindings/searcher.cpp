// SPDX-License-Identifier: Apache-2.0
// The searchers of dse/searchers.def, asked and told from Python.
#include <nanobind/stl/shared_ptr.h>

#include "dse/searchers.hpp"
#include "python/bindings/sweep.hpp"

namespace sluice::python {
namespace {

/// A searcher and what it refers to.
struct OpenSearcher {
  std::shared_ptr<OpenSweep> open;
  AnySearcher searcher;
  std::uint64_t told = 0;
  std::uint64_t batches = 0;
};

std::shared_ptr<OpenSearcher> make(std::shared_ptr<OpenSweep> open, const std::string& name,
                                   std::uint64_t budget, std::uint64_t seed,
                                   const Settings& settings) {
  YamlNode hyperparameters;
  hyperparameters.kind = YamlNode::Kind::map;
  for (const auto& [path, value] : settings) set_path(hyperparameters, path, value);
  const SearchProblem problem{open->sweep.space, open->sweep.objectives, budget, seed,
                              open->sweep.scalarisation};
  return std::shared_ptr<OpenSearcher>(
      new OpenSearcher{open, make_searcher(name, problem, hyperparameters)});
}

nb::ndarray<nb::numpy, std::int64_t> ask(OpenSearcher& searcher, std::size_t count) {
  std::vector<Point> points;
  {
    const nb::gil_scoped_release released;
    points = searcher.searcher.ask(count);
  }
  return matrix_of(*searcher.open, points);
}

/// `answer`: what Sweep.evaluate() of the designs gives.
void tell(OpenSearcher& searcher, const nb::dict& answer) {
  const std::vector<Point> points = points_of(*searcher.open, nb::cast<Designs>(answer["designs"]));
  std::vector<Result> results = results_of(*searcher.open, answer);
  if (results.size() != points.size())
    throw SpecError({{{.path = "results"}, "there are not as many as designs"}});
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < points.size(); ++i)
    trials.push_back({searcher.told++, searcher.batches, points[i], std::move(results[i])});
  ++searcher.batches;
  const nb::gil_scoped_release released;
  searcher.searcher.tell(trials);
}

}  // namespace

void bind_searcher(nb::module_& module) {
  nb::class_<OpenSearcher>(module, "Searcher")
      .def("ask", &ask, nb::arg("count"))
      .def("tell", &tell, nb::arg("results"));
  module.def("make_searcher", &make, nb::arg("sweep"), nb::arg("name"), nb::arg("budget"),
             nb::arg("seed"), nb::arg("settings"));
  module.def("searchers", [] {
    nb::list list;
    for (const Descriptor& d : searcher_descriptors())
      list.append(nb::make_tuple(d.name, d.summary));
    return list;
  });
}

}  // namespace sluice::python
