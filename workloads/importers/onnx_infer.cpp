// SPDX-License-Identifier: Apache-2.0
// The values of a whole ONNX model, node by node; the rules of a node are in onnx_shape.cpp.
#include "workloads/importers/onnx_infer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

/// Sets the dimensions that a model leaves open.
class Dimensions {
 public:
  Dimensions(const ImportSettings& settings, const std::string& path, Diagnostics& diagnostics)
      : settings_(settings), path_(path), diagnostics_(diagnostics) {}

  std::optional<OnnxDims> of(const OnnxValueInfo& input) {
    const std::size_t before = diagnostics_.size();
    if (!input.shape) error(fmt::format("input {} has no shape", quote(input.name)), "");
    OnnxDims dims;
    for (std::size_t i = 0; input.shape && i < input.shape->size(); ++i) {
      const OnnxDimension& d = (*input.shape)[i];
      if (d.value && *d.value >= 0)
        dims.push_back(static_cast<std::uint64_t>(*d.value));
      else if (d.value)
        error(fmt::format("dimension {} of input {} is {}", i, quote(input.name), *d.value), "");
      else
        dims.push_back(set(d.name.empty() ? fmt::format("{}.{}", input.name, i) : d.name,
                           fmt::format("dimension {} of input {}", i, quote(input.name))));
    }
    if (diagnostics_.size() != before) return std::nullopt;
    return dims;
  }
  void check_unused() {
    for (const auto& [name, value] : settings_)
      if (!known_.contains(name))
        error(fmt::format("the model has no open dimension {}", quote(name)),
              known_.empty() ? "all its shapes are fixed"
                             : suggestion(name, {known_.begin(), known_.end()}));
  }

 private:
  void error(std::string message, std::string hint) {
    diagnostics_.error({.path = path_}, std::move(message), std::move(hint));
  }
  std::uint64_t set(const std::string& name, const std::string& what) {
    const bool first = known_.insert(name).second;
    const auto given = settings_.find(name);
    if (given == settings_.end()) {
      if (first)
        error(fmt::format("{} is {}, which is not set", what, quote(name)),
              fmt::format("set it: --set {}=1", name));
      return 1;
    }
    const std::string& text = given->second;
    const bool digits =
        !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == text.npos;
    const std::uint64_t value = digits ? std::stoull(text) : 0;
    if (value == 0 && first)
      error(fmt::format("{} is {}, a whole number from 1 to 999999999 is expected", quote(name),
                        quote(text)),
            "");
    return value;
  }

  const ImportSettings& settings_;
  const std::string& path_;
  Diagnostics& diagnostics_;
  std::set<std::string> known_;
};

}  // namespace

OnnxValues infer_onnx(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                      const ImportSettings& settings, const std::string& path,
                      Diagnostics& diagnostics) {
  OnnxValues values;
  const auto error = [&](const std::string& who, const OnnxNodeError& wrong) {
    diagnostics.error({.path = path}, who + ": " + wrong.message, wrong.hint);
  };
  for (const auto& [name, tensor] : model.initializers) {
    OnnxValue value{{}, tensor.type, true, tensor.integers, tensor.real};
    try {
      for (const std::int64_t extent : tensor.dims) {
        if (extent < 0) onnx_fail(fmt::format("a dimension is {}", extent));
        value.dims.push_back(static_cast<std::uint64_t>(extent));
      }
      value.trained = onnx_elements(value.dims) > 1 && onnx_is_real(value.type);
      values.emplace(name, value);
    } catch (const OnnxNodeError& wrong) {
      error("initializer " + quote(name), wrong);
    }
  }
  Dimensions dimensions(settings, path, diagnostics);
  for (const OnnxValueInfo& input : model.inputs) {
    if (model.initializers.contains(input.name)) continue;
    if (const auto dims = dimensions.of(input)) {
      OnnxValue value{*dims, input.type, false, {}, {}};
      value.control = onnx_is_whole(input.type);
      values.emplace(input.name, value);
    }
  }
  dimensions.check_unused();
  std::map<std::string, const OnnxValueInfo*> declared;
  for (const OnnxValueInfo& info : model.values) declared[info.name] = &info;
  for (const OnnxValueInfo& info : model.outputs) declared[info.name] = &info;
  for (const OnnxNode* node : order) {
    if (std::ranges::any_of(node->inputs, [&](const std::string& name) {
          return !name.empty() && !values.contains(name);
        }))
      continue;
    try {
      const std::vector<OnnxValue> made = infer_onnx_node(*node, values);
      for (std::size_t i = 0; i < std::min(made.size(), node->outputs.size()); ++i) {
        (void)onnx_elements(made[i].dims);
        const auto stated = declared.find(node->outputs[i]);
        if (stated != declared.end() && stated->second->shape) {
          const auto& shape = *stated->second->shape;
          bool same = shape.size() == made[i].dims.size();
          std::vector<std::string> text;
          for (std::size_t d = 0; d < shape.size(); ++d) {
            same = same && (!shape[d].value || *shape[d].value < 0 ||
                            static_cast<std::uint64_t>(*shape[d].value) == made[i].dims[d]);
            text.push_back(shape[d].value ? fmt::format("{}", *shape[d].value) : shape[d].name);
          }
          if (!same)
            onnx_fail(fmt::format("its output {} is [{}], but the file says [{}]",
                                  quote(node->outputs[i]), fmt::join(made[i].dims, ", "),
                                  fmt::join(text, ", ")));
        }
        values.insert_or_assign(node->outputs[i], made[i]);
      }
    } catch (const OnnxNodeError& wrong) {
      error(onnx_node_text(*node), wrong);
    }
  }
  return values;
}

}  // namespace sluice
