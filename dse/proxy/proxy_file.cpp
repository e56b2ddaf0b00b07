// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/proxy_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/diagnostics.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "dse/metrics.hpp"
#include "dse/proxy/forest_text.hpp"

namespace sluice {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using nlohmann::json;

constexpr int format_version = 2;
constexpr std::size_t largest_file = std::size_t{1} << 30;

[[noreturn]] void refuse(const std::string& path, std::string message, std::string hint = {}) {
  throw SpecError({{{.path = path}, std::move(message), std::move(hint)}});
}

std::string name_of_metric(std::size_t metric) { return std::string(metrics()[metric].name); }

std::size_t metric_of(const json& name) {
  for (std::size_t m = 0; m < metrics().size(); ++m)
    if (metrics()[m].name == name.get<std::string>()) return m;
  throw json::other_error::create(501, "no such metric", &name);
}

template <class Enum>
Enum word_of(const json& word) {
  for (const auto& entry : EnumNames<Enum>::table)
    if (entry.name == word.get<std::string>()) return entry.value;
  throw json::other_error::create(501, "no such word", &word);
}

/// Rows and columns, then the values column by column.
json matrix_json(const MatrixXd& matrix) {
  return {matrix.rows(), matrix.cols(),
          std::vector<double>(matrix.reshaped().begin(), matrix.reshaped().end())};
}

MatrixXd read_matrix(const json& list) {
  const auto values = list.at(2).get<std::vector<double>>();
  return Eigen::Map<const MatrixXd>(values.data(), list.at(0).get<Index>(),
                                    list.at(1).get<Index>());
}

json forest_json(const Forest& forest) {
  const ForestText text = text_of(forest);
  return {{"cuts", text.cuts}, {"trees", text.trees}};
}

Forest read_forest(const json& list) {
  std::optional<Forest> forest = forest_of({list.at("cuts").get<std::vector<ForestText::Cut>>(),
                                            list.at("trees").get<std::vector<std::string>>()});
  if (!forest) throw json::other_error::create(501, "no forest", &list);
  return std::move(*forest);
}

json to_json(const Forests& forests) {
  json outputs = json::array();
  for (const Forest& forest : forests.outputs) outputs.push_back(forest_json(forest));
  return {{"forests", outputs}};
}

json to_json(const Networks& networks) {
  json members = json::array();
  for (const NeuralNetwork& member : networks.members) {
    json layers = json::array();
    for (const NeuralNetwork::Dense& layer : member.layers())
      layers.push_back({matrix_json(layer.weights), matrix_json(layer.biases)});
    members.push_back(layers);
  }
  return {{"networks", members}};
}

json to_json(const Processes& processes) {
  json outputs = json::array();
  for (const GaussianProcess& process : processes.outputs)
    outputs.push_back(matrix_json(process.hyperparameters()));
  return {{"processes", outputs},
          {"groups", processes.group_of_feature},
          {"x", matrix_json(processes.x)},
          {"y", matrix_json(processes.y)}};
}

Forests read_forests(const json& outputs) {
  Forests forests;
  for (const json& forest : outputs) forests.outputs.push_back(read_forest(forest));
  return forests;
}

Networks read_networks(const json& members) {
  Networks networks;
  for (const json& member : members) {
    std::vector<NeuralNetwork::Dense> layers;
    for (const json& layer : member)
      layers.push_back({read_matrix(layer.at(0)), read_matrix(layer.at(1)).col(0)});
    networks.members.emplace_back(layers);
  }
  return networks;
}

Processes read_processes(const json& model) {
  Processes processes{read_matrix(model.at("x")),
                      read_matrix(model.at("y")),
                      model.at("groups").get<std::vector<std::size_t>>(),
                      {}};
  for (const json& hyperparameters : model.at("processes")) {
    GaussianProcess process(processes.group_of_feature);
    process.set_hyperparameters(read_matrix(hyperparameters));
    processes.outputs.push_back(std::move(process));
  }
  processes.condition();
  return processes;
}

json model_json(const ProxyModel& model) {
  return std::visit([](const auto& one) { return to_json(one); }, model);
}

ProxyModel read_model(const json& model) {
  if (model.contains("forests")) return read_forests(model.at("forests"));
  if (model.contains("networks")) return read_networks(model.at("networks"));
  return read_processes(model);
}

json source_json(const ProxySource& s) {
  return {{"name", s.name},
          {"sluice_version", s.sluice_version},
          {"fidelity", name_of(s.fidelity)},
          {"experiment", hash_text(s.experiment_hash)},
          {"space", hash_text(s.space_hash)},
          {"trials", hash_text(s.trials_hash)},
          {"searcher", s.searcher},
          {"seed", s.seed},
          {"designs", s.designs},
          {"learned", s.learned},
          {"calibrated", s.calibrated},
          {"tested", s.tested}};
}

std::uint64_t hash_of_text(const json& text) {
  return std::stoull(text.get<std::string>(), nullptr, 16);
}

ProxySource read_source(const json& s) {
  return {s.at("name").get<std::string>(),
          s.at("sluice_version").get<std::string>(),
          word_of<Fidelity>(s.at("fidelity")),
          hash_of_text(s.at("experiment")),
          hash_of_text(s.at("space")),
          hash_of_text(s.at("trials")),
          s.at("searcher").get<std::string>(),
          s.at("seed").get<std::uint64_t>(),
          s.at("designs").get<std::uint64_t>(),
          s.at("learned").get<std::uint64_t>(),
          s.at("calibrated").get<std::uint64_t>(),
          s.at("tested").get<std::uint64_t>()};
}

json domain_json(const ProxyDomain& domain) {
  json seen = json::array();
  for (const SeenValues& one : domain.seen)
    seen.push_back({one.absent, one.first, one.last, one.each});
  return {{"seen", seen},
          {"centre", matrix_json(domain.centre)},
          {"inverse", matrix_json(domain.inverse)},
          {"farthest", domain.farthest}};
}

ProxyDomain read_domain(const json& domain) {
  ProxyDomain result;
  for (const json& one : domain.at("seen"))
    result.seen.push_back({one.at(0).get<bool>(), one.at(1).get<std::uint64_t>(),
                           one.at(2).get<std::uint64_t>(),
                           one.at(3).get<std::vector<std::uint64_t>>()});
  result.centre = read_matrix(domain.at("centre"));
  result.inverse = read_matrix(domain.at("inverse"));
  result.farthest = domain.at("farthest").get<double>();
  return result;
}

/// The numbers of MetricErrors under their names.
template <class Errors, class Visit>
void visit_errors(Errors& errors, Visit visit) {
  visit("relative_rmse", errors.relative_rmse);
  visit("mae", errors.mae);
  visit("r2", errors.r2);
  visit("covered", errors.covered);
  visit("half_width", errors.half_width);
  visit("all_relative_rmse", errors.all_relative_rmse);
  visit("all_covered", errors.all_covered);
}

template <class Errors, class Visit>
void visit_counts(Errors& errors, Visit visit) {
  visit("designs", errors.designs);
  visit("refused", errors.refused);
  visit("works", errors.works);
  visit("wrongly_working", errors.wrongly_working);
  visit("wrongly_failing", errors.wrongly_failing);
}

json errors_json(const ProxyErrors& errors) {
  json result = {{"metrics", json::array()}};
  visit_counts(errors, [&](const char* key, std::uint64_t value) { result[key] = value; });
  for (const MetricErrors& one : errors.metrics) {
    json metric = {{"metric", name_of_metric(one.metric)}, {"unit", metrics()[one.metric].unit}};
    visit_errors(one, [&](const char* key, double value) { metric[key] = value; });
    result["metrics"].push_back(metric);
  }
  return result;
}

ProxyErrors read_errors(const json& json) {
  ProxyErrors errors;
  visit_counts(errors, [&](const char* key, std::uint64_t& value) { json.at(key).get_to(value); });
  for (const auto& metric : json.at("metrics")) {
    MetricErrors& one = errors.metrics.emplace_back();
    one.metric = metric_of(metric.at("metric"));
    visit_errors(one, [&](const char* key, double& value) { metric.at(key).get_to(value); });
  }
  return errors;
}

json content_of(const Proxy& proxy) {
  json learned = json::array(), intervals = json::array(), kinds = json::array(),
       learning = json::array();
  for (const LearnedMetric& one : proxy.learned)
    learned.push_back({name_of_metric(one.metric), one.offset, one.scale});
  for (std::size_t m = 0; m < proxy.intervals.size(); ++m)
    if (proxy.knows(m))
      intervals.push_back({name_of_metric(m), proxy.intervals[m].floor, proxy.intervals[m].factor});
  for (const KindError& one : proxy.kinds) kinds.push_back({name_of(one.kind), one.rmse});
  for (const LearningStep& one : proxy.learning)
    learning.push_back({one.designs, one.relative_rmse});
  return {{"source", source_json(proxy.source)},
          {"limit", proxy.limit},
          {"learned", learned},
          {"intervals", intervals},
          {"kinds", kinds},
          {"learning", learning},
          {"errors", errors_json(proxy.errors)},
          {"domain", domain_json(proxy.domain)},
          {"known", proxy.known},
          {"works", proxy.works ? forest_json(*proxy.works) : json(nullptr)},
          {"model", model_json(proxy.model)}};
}

Proxy read_content(const json& content) {
  Proxy proxy;
  proxy.source = read_source(content.at("source"));
  proxy.limit = content.at("limit").get<double>();
  for (const json& one : content.at("learned"))
    proxy.learned.push_back(
        {metric_of(one.at(0)), one.at(1).get<double>(), one.at(2).get<double>()});
  proxy.intervals.resize(metrics().size());
  for (const json& one : content.at("intervals"))
    proxy.intervals[metric_of(one.at(0))] = {one.at(1).get<double>(), one.at(2).get<double>()};
  for (const json& one : content.at("kinds"))
    proxy.kinds.push_back({word_of<ProxyKind>(one.at(0)), one.at(1).get<double>()});
  for (const json& one : content.at("learning"))
    proxy.learning.push_back(
        {one.at(0).get<std::uint64_t>(), one.at(1).get<std::vector<double>>()});
  proxy.errors = read_errors(content.at("errors"));
  proxy.domain = read_domain(content.at("domain"));
  proxy.known = content.at("known").get<std::vector<std::uint64_t>>();
  if (!content.at("works").is_null()) proxy.works = read_forest(content.at("works"));
  proxy.model = read_model(content.at("model"));
  return proxy;
}

}  // namespace

std::string to_text(const Proxy& proxy) {
  const std::string content = content_of(proxy).dump();
  return fmt::format("{{\"sluice_proxy\":{},\"hash\":\"{}\",\"content\":{}}}\n", format_version,
                     hash_text(content_hash(content)), content);
}

StoredProxy read_proxy(std::string_view text, const std::string& path) {
  const json file = json::parse(text, nullptr, false);
  if (!file.is_object() || !file.contains("sluice_proxy")) {
    const bool begins = text.starts_with("{\"sluice_proxy\"");
    refuse(path, begins ? "the proxy is damaged: it ends too early" : "this is no proxy",
           "make one: sluice proxy train STUDY -o FILE");
  }
  if (file["sluice_proxy"] != format_version)
    refuse(path, fmt::format("the proxy has format {}, this sluice reads format {}",
                             file["sluice_proxy"].dump(), format_version));
  try {
    const std::uint64_t hash = content_hash(file.at("content").dump());
    if (file.at("hash") != hash_text(hash))
      refuse(path,
             fmt::format("the proxy is damaged: its content has the hash {}, not {}",
                         hash_text(hash), file.at("hash").get<std::string>()),
             "make it again: sluice proxy train");
    return {read_content(file.at("content")), hash};
  } catch (const json::exception&) {
    refuse(path, "the proxy is damaged: a part of it is missing");
  }
}

StoredProxy load_proxy(const std::string& path) {
  return read_proxy(read_file(path, largest_file), path);
}

void check_proxy(const Proxy& proxy, const Sweep& sweep, const std::string& path) {
  const std::string hint = "train one on a study of this sweep: sluice proxy train STUDY -o FILE";
  if (proxy.source.space_hash != hash_of(sweep.space))
    refuse(path,
           fmt::format("the proxy learned the space of {}, which is not that of {}",
                       quote(proxy.source.name), quote(sweep.name)),
           hint);
  if (proxy.source.experiment_hash != hash_of_experiment(sweep))
    refuse(path,
           fmt::format("the proxy learned the space of {} with another experiment",
                       quote(proxy.source.name)),
           hint);
  if (proxy.source.fidelity != sweep.fidelity)
    refuse(path,
           fmt::format("the proxy predicts {}, the sweep asks for {}",
                       name_of(proxy.source.fidelity), name_of(sweep.fidelity)),
           fmt::format("--fidelity {}", name_of(proxy.source.fidelity)));
}

Proxy proxy_of(const Sweep& sweep) {
  const std::string& path = sweep.proxy->file;
  StoredProxy stored = load_proxy(path);
  if (!sweep.proxy->hash.empty() && sweep.proxy->hash != hash_text(stored.hash))
    refuse(path, fmt::format("this is another proxy than the sweep means: its hash is {}, not {}",
                             hash_text(stored.hash), sweep.proxy->hash));
  check_proxy(stored.proxy, sweep, path);
  for (const std::size_t metric : asked_metrics(sweep))
    if (!stored.proxy.knows(metric))
      refuse(path, fmt::format("the proxy does not know {}", metrics()[metric].name),
             "it was not above 0 in every design that it learned from");
  return std::move(stored.proxy);
}

}  // namespace sluice
