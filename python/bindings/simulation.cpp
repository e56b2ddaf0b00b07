// SPDX-License-Identifier: Apache-2.0
// Simulations and cascades. Answers cross as JSON, in the forms of docs/report.md and
// docs/cascades.md.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include "base/yaml_include.hpp"
#include "python/bindings/bindings.hpp"
#include "sim/evaluate.hpp"
#include "sim/writers/writers.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice::python {
namespace {

/// Asks Python whether the user pressed Ctrl-C.
bool goes_on(const TileProgress&, void*) {
  const nb::gil_scoped_acquire gil;
  return PyErr_CheckSignals() == 0;
}

std::string simulate(const std::string& path, const std::optional<std::string>& text,
                     const Settings& settings, const std::string& root) {
  const nb::gil_scoped_release released;
  const Library library = library_at(root);
  const Experiment experiment =
      read_experiment(read_source(path, text ? &*text : nullptr, settings), library);
  const std::scoped_lock lock(simulator());
  return write_json(evaluate(experiment, library, {.progress = goes_on}));
}

Cascade cascade_of(const std::string& path, const Settings& settings) {
  std::vector<CascadeSetting> all;
  for (const auto& [name, value] : settings) all.push_back({name, value});
  return load_cascade(path, all);
}

nb::list compare(const Cascade& a, const Cascade& b, std::uint64_t seed) {
  std::vector<OutputDifference> differences;
  {
    const nb::gil_scoped_release released;
    differences = compare_cascades(a, b, seed, {});
  }
  nb::list list;
  for (const OutputDifference& d : differences)
    list.append(nb::make_tuple(d.tensor, d.elements, d.absolute, d.relative));
  return list;
}

}  // namespace

void check_signals() {
  const nb::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

YamlNode read_source(const std::string& path, const std::string* text, const Settings& settings) {
  YamlNode root = text == nullptr ? load_yaml(path) : load_yaml_text(*text, path);
  for (const auto& [dotted, value] : settings) set_path(root, dotted, value);
  return root;
}

Library library_at(const std::string& root) {
  return {{root + "/workloads/library"}, {root + "/arch/tables"}};
}

std::mutex& simulator() {
  static std::mutex mutex;
  return mutex;
}

void bind_simulation(nb::module_& module) {
  module.def("simulate", &simulate, nb::arg("path"), nb::arg("text").none(), nb::arg("settings"),
             nb::arg("library"));
  nb::class_<Cascade>(module, "Cascade")
      .def("name", [](const Cascade& c) { return c.name; })
      .def("text", [](const Cascade& c) { return to_text(c); })
      .def("facts", [](const Cascade& c) {
        const nb::gil_scoped_release released;
        return to_json(c, facts_of(c));
      });
  module.def("load_cascade", &cascade_of, nb::arg("path"), nb::arg("settings"));
  module.def("compare_cascades", &compare, nb::arg("a"), nb::arg("b"), nb::arg("seed"));
}

}  // namespace sluice::python
