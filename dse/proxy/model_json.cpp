// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/model_json.hpp"

namespace sluice {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using nlohmann::json;

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

}  // namespace

json matrix_json(const MatrixXd& matrix) {
  return {matrix.rows(), matrix.cols(),
          std::vector<double>(matrix.reshaped().begin(), matrix.reshaped().end())};
}

MatrixXd read_matrix(const json& list) {
  const auto values = list.at(2).get<std::vector<double>>();
  return Eigen::Map<const MatrixXd>(values.data(), list.at(0).get<Index>(),
                                    list.at(1).get<Index>());
}

/// A tree is four lists: of features, thresholds, first children, and of the values of leaves.
json forest_json(const Forest& forest) {
  json trees = json::array();
  for (const Forest::Tree& tree : forest.trees()) {
    json features = json::array(), thresholds = json::array(), children = json::array(),
         values = json::array();
    for (const Forest::Node& node : tree) {
      features.push_back(node.feature);
      if (node.feature < 0) {
        values.push_back(node.value);
      } else {
        thresholds.push_back(node.threshold);
        children.push_back(node.children);
      }
    }
    trees.push_back({features, thresholds, children, values});
  }
  return trees;
}

Forest read_forest(const json& list) {
  std::vector<Forest::Tree> trees;
  for (const json& item : list) {
    Forest::Tree tree;
    std::size_t splits = 0, leaves = 0;
    for (const json& feature : item.at(0)) {
      Forest::Node node{.feature = feature.get<Index>()};
      if (node.feature < 0) {
        node.value = item.at(3).at(leaves++).get<double>();
      } else {
        node.threshold = item.at(1).at(splits).get<double>();
        node.children = item.at(2).at(splits++).get<std::uint32_t>();
      }
      tree.push_back(node);
    }
    trees.push_back(std::move(tree));
  }
  return Forest(std::move(trees));
}

json model_json(const ProxyModel& model) {
  return std::visit([](const auto& one) { return to_json(one); }, model);
}

ProxyModel read_model(const json& model) {
  if (model.contains("forests")) return read_forests(model.at("forests"));
  if (model.contains("networks")) return read_networks(model.at("networks"));
  return read_processes(model);
}

}  // namespace sluice
