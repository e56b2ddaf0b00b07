// SPDX-License-Identifier: Apache-2.0
// `sluice.map`: answers cross as the JSON that `sluice map --json` writes.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <atomic>
#include <chrono>

#include "mapper/search/map_file.hpp"
#include "python/bindings/bindings.hpp"
#include "sim/file_kind.hpp"
#include "sim/mapped/mapped.hpp"
#include "sim/mapped/mapped_spatial.hpp"
#include "sim/models/spatial_run.hpp"
#include "sim/writers/writers.hpp"

namespace sluice::python {
namespace {

using Clock = std::chrono::steady_clock;

/// How the mapping of a map file is searched for; all but `mapper` are for the mapper `search`.
struct MapOptions {
  std::optional<std::string> mapper, objective, fuse, cache;
  std::optional<bool> exhaustive;
  std::optional<unsigned> threads;
  std::optional<double> seconds;
};

SpecError refused(const std::string& option, std::string message, std::string hint = {}) {
  return SpecError({{{.path = option}, std::move(message), std::move(hint)}});
}

bool is_searched(const MapOptions& options, const MapFile& file) {
  const std::string mapper = options.mapper.value_or(file.mapping ? "fixed" : "search");
  if (mapper != "fixed" && mapper != "search")
    throw refused("mapper", quote(mapper) + " maps no map file",
                  suggestion(mapper, {"fixed", "search"}));
  return mapper == "search";
}

/// A run, or a mapping that is given, leaves nothing to search for.
void check_unused(const MapOptions& options, const std::string& why) {
  for (const auto& [name, given] : {std::pair{"objective", options.objective.has_value()},
                                    {"fuse", options.fuse.has_value()},
                                    {"cache", options.cache.has_value()},
                                    {"exhaustive", options.exhaustive.has_value()},
                                    {"threads", options.threads.has_value()},
                                    {"seconds", options.seconds.has_value()}})
    if (given) throw refused(name, why);
}

template <class Value>
Value named(const std::string& option, const std::string& name,
            std::initializer_list<std::pair<const char*, Value>> table) {
  std::vector<std::string> known;
  for (const auto& [text, value] : table) {
    if (name == text) return value;
    known.emplace_back(text);
  }
  throw refused(option, "there is no " + quote(name), suggestion(name, known));
}

CascadeSearchOptions search_options(const MapOptions& options) {
  CascadeSearchOptions search;
  search.search.objective = named<SearchObjective>("objective", options.objective.value_or("edp"),
                                                   {{"cycles", SearchObjective::cycles},
                                                    {"energy", SearchObjective::energy},
                                                    {"edp", SearchObjective::edp},
                                                    {"pareto", SearchObjective::pareto}});
  const int fuse =
      named<int>("fuse", options.fuse.value_or("whole"), {{"none", 0}, {"whole", 1}, {"tiles", 2}});
  search.fuse = fuse > 0;
  search.tiles = fuse > 1;
  search.search.exhaustive = options.exhaustive.value_or(false);
  search.search.threads = options.threads.value_or(0);
  search.cache = options.cache.value_or("");
  return search;
}

/// Ends a search when its time is over or Python has a signal for its main thread.
class SearchStop {
 public:
  explicit SearchStop(std::optional<double> seconds) : seconds_(seconds) {}

  bool operator()() {
    const double spent = std::chrono::duration<double>(Clock::now() - begin_).count();
    if (seconds_ && spent > *seconds_) return true;
    double next = next_look_.load();
    if (spent < next || !next_look_.compare_exchange_strong(next, spent + 0.1)) return signalled_;
    const nb::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) signalled_ = true;  // only ever in Python's main thread
    return signalled_;
  }

 private:
  std::optional<double> seconds_;
  Clock::time_point begin_ = Clock::now();
  std::atomic<double> next_look_ = 0;
  std::atomic<bool> signalled_ = false;
};

nb::dict facts_of(const CascadeSearchResult& result) {
  nb::list front;
  for (const FoundCascade& found : result.found) {
    nb::dict entry;
    entry["cycles"] = found.cycles;
    entry["energy_pj"] = found.energy_pj;
    front.append(entry);
  }
  nb::dict dict;
  dict["optimal"] = result.optimal;
  dict["bound"] = result.bound;
  dict["evaluations"] = result.evaluations;
  dict["found"] = front;
  return dict;
}

CascadeSearchResult search(const MapFile& file, const MapOptions& options) {
  SearchStop stop(options.seconds);
  CascadeSearchOptions asked = search_options(options);
  asked.search.stop = [&] { return stop(); };
  CascadeSearchResult result;
  {
    const nb::gil_scoped_release released;
    result = search_map_file(file, asked);
  }
  if (PyErr_Occurred() != nullptr) throw nb::python_error();
  return result;
}

/// The JSON, None where no mapping was found; and what is known of the search, None without one.
nb::tuple map_file(MapFile file, const MapOptions& options) {
  nb::object facts = nb::none();
  if (is_searched(options, file)) {
    const CascadeSearchResult result = search(file, options);
    facts = facts_of(result);
    if (result.found.empty()) return nb::make_tuple(nb::none(), facts);
    file.mapping = shown(result).mapping;
  } else {
    check_unused(options, "the mapper fixed has nothing to choose");
    if (!file.mapping)
      throw refused("mapper", "the file has no mapping, and the mapper fixed makes none",
                    "write one below `mapping: |`, or take the mapper search");
  }
  const CascadeCost cost = evaluate(*file.mapping, file.hierarchy, file.convention);
  return nb::make_tuple(to_json(file, cost), facts);
}

std::string map_network(Experiment run, const MapOptions& options, const Library& library) {
  check_unused(options, "it is for map files; the mapper of a run has none");
  const nb::gil_scoped_release released;
  if (const auto* spatial = std::get_if<SpatialSetup>(&run.setup)) {
    const auto mapped = map_spatial(run.network, *spatial);
    if (const auto* answer = std::get_if<Infeasible>(&mapped)) return write_json(*answer);
    return to_json(std::get<std::vector<SpatialJob>>(mapped));
  }
  if (auto* setup = std::get_if<SystolicSetup>(&run.setup); setup != nullptr && options.mapper)
    setup->mapping.mapper = *options.mapper;
  const auto mapped = map_run(std::move(run), library);
  if (const auto* answer = std::get_if<Infeasible>(&mapped)) return write_json(*answer);
  return to_json(std::get<MappedRun>(mapped));
}

nb::tuple map(const std::string& path, const std::optional<std::string>& text,
              const Settings& settings, const std::string& root, const MapOptions& options) {
  const YamlNode tree = read_source(path, text ? &*text : nullptr, settings);
  const FileKind kind = kind_of(tree);
  if (kind == FileKind::map) return map_file(read_legal_map(tree), options);
  if (kind != FileKind::run)
    throw refused(path,
                  "this is " + std::string(kind_text(kind)) + ", a map or run file is expected");
  const Library library = library_at(root);
  const Experiment run = read_experiment(tree, library);
  if (std::holds_alternative<MemorySetup>(run.setup))
    throw refused(path, "nothing is mapped: this run is a trace on a memory alone",
                  "simulate runs it");
  return nb::make_tuple(map_network(run, options, library), nb::none());
}

}  // namespace

void bind_mapping(nb::module_& module) {
  nb::class_<MapOptions>(module, "MapOptions")
      .def(nb::init<>())
      .def_rw("mapper", &MapOptions::mapper, nb::arg().none())
      .def_rw("objective", &MapOptions::objective, nb::arg().none())
      .def_rw("fuse", &MapOptions::fuse, nb::arg().none())
      .def_rw("cache", &MapOptions::cache, nb::arg().none())
      .def_rw("exhaustive", &MapOptions::exhaustive, nb::arg().none())
      .def_rw("threads", &MapOptions::threads, nb::arg().none())
      .def_rw("seconds", &MapOptions::seconds, nb::arg().none());
  module.def("map", &map, nb::arg("path"), nb::arg("text").none(), nb::arg("settings"),
             nb::arg("library"), nb::arg("options"));
}

}  // namespace sluice::python
