// SPDX-License-Identifier: Apache-2.0
// What the files of the bindings share.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/yaml.hpp"
#include "sim/experiment.hpp"

namespace sluice::python {

namespace nb = nanobind;

/// Dotted paths and values, as --set takes them.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// `text` is the text itself when `is_text`, which stands beside `path`; else the file at `path` is
/// read. With the settings made. Throws SpecError.
YamlNode read_source(const std::string& path, const std::string* text, const Settings& settings);

/// The library below the folder `root` (the folders that are called as in the source tree).
Library library_at(const std::string& root);

/// One simulation at a time in a process: SystemC's context is global.
std::mutex& simulator();

/// Called now and then by a thread that works without Python's lock: Ctrl-C raises
/// KeyboardInterrupt.
void check_signals();

/// A NumPy array of these numbers with this shape; takes them over.
template <class T>
nb::ndarray<nb::numpy, T> array_of(std::vector<T> values, std::vector<std::size_t> shape) {
  auto* held = new std::vector<T>(std::move(values));
  nb::capsule owner(held, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::ndarray<nb::numpy, T>(held->data(), shape.size(), shape.data(), owner);
}

void bind_errors(nb::module_& module);
void bind_mapping(nb::module_& module);
void bind_simulation(nb::module_& module);
void bind_sweep(nb::module_& module);
void bind_searcher(nb::module_& module);
void bind_environment(nb::module_& module);

}  // namespace sluice::python
