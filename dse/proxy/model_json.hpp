// SPDX-License-Identifier: Apache-2.0
// Models as JSON and back, to the last bit. Internal to this folder.
#pragma once

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include "dse/proxy/model.hpp"

namespace sluice {

/// Rows and columns, then the values column by column.
nlohmann::json matrix_json(const Eigen::MatrixXd& matrix);
Eigen::MatrixXd read_matrix(const nlohmann::json& json);

nlohmann::json forest_json(const Forest& forest);
Forest read_forest(const nlohmann::json& json);

nlohmann::json model_json(const ProxyModel& model);
/// Throws json::exception for what is no model.
ProxyModel read_model(const nlohmann::json& json);

}  // namespace sluice
