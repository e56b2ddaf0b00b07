// SPDX-License-Identifier: Apache-2.0
// A cascade and its facts as JSON, and the schema of that.
#include <nlohmann/json.hpp>

#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json operations_json(const std::map<std::string, std::uint64_t>& operations) {
  Json result = Json::object();
  for (const auto& [kind, count] : operations) result[std::string(operation_word(kind))] = count;
  return result;
}

std::string_view kind_name(CascadeTensor::Kind kind) {
  static constexpr std::string_view names[] = {"input", "intermediate", "output"};
  return names[static_cast<std::size_t>(kind)];
}

Json tensor_json(const CascadeTensor& tensor, const TensorFacts& facts) {
  Json dimensions = Json::array();
  for (const TensorDimension& dimension : tensor.dimensions) {
    Json entry = {{"size", dimension.size}};
    if (!dimension.rank.empty()) entry["rank"] = dimension.rank;
    dimensions.push_back(std::move(entry));
  }
  return {{"name", tensor.name},
          {"kind", kind_name(tensor.kind)},
          {"dimensions", std::move(dimensions)},
          {"elements", facts.elements},
          {"live_elements", facts.live}};
}

Json einsum_json(const Einsum& einsum, const EinsumFacts& facts) {
  Json reads = Json::array(), reductions = Json::array(), conditions = Json::array();
  for (const TensorAccess* read : reads_of(einsum))
    reads.push_back({{"tensor", read->tensor}, {"access", to_text(*read)}});
  for (const Reduction& reduction : einsum.reductions)
    reductions.push_back({{"operation", reduction.operation}, {"ranks", reduction.ranks}});
  for (const RankComparison& condition : einsum.conditions)
    conditions.push_back(to_text(condition));
  return {{"text", to_text(einsum)},
          {"output", einsum.output.tensor},
          {"reads", std::move(reads)},
          {"ranks", facts.ranks},
          {"reductions", std::move(reductions)},
          {"conditions", std::move(conditions)},
          {"points", facts.points},
          {"results", facts.results},
          {"exact", facts.exact},
          {"operations", operations_json(facts.operations)}};
}

Json pass_json(const PassFacts& passes) {
  return {{"rank", passes.family.name},
          {"covers", passes.family.covers},
          {"passes", passes.passes},
          {"stages", passes.stages}};
}

Json edge_json(const CascadeEdge& edge) {
  Json distances = Json::array();
  for (const auto& [rank, distance] : edge.distances)
    distances.push_back({{"rank", rank}, {"distance", distance}});
  return {{"writer", edge.writer},
          {"reader", edge.reader},
          {"tensor", edge.tensor},
          {"distances", std::move(distances)}};
}

}  // namespace

std::string to_json(const Cascade& cascade, const CascadeFacts& facts) {
  Json ranks = Json::array(), tensors = Json::array(), einsums = Json::array();
  Json passes = Json::array(), recurrences = Json::array(), edges = Json::array();
  for (const CascadeRank& rank : cascade.ranks)
    ranks.push_back({{"name", rank.name}, {"size", rank.size}, {"iterative", rank.iterative}});
  for (std::size_t i = 0; i < cascade.tensors.size(); ++i)
    tensors.push_back(tensor_json(cascade.tensors[i], facts.tensors[i]));
  for (std::size_t i = 0; i < cascade.einsums.size(); ++i)
    einsums.push_back(einsum_json(cascade.einsums[i], facts.einsums[i]));
  for (const PassFacts& family : facts.passes) passes.push_back(pass_json(family));
  for (const RecurrenceFacts& r : facts.recurrences)
    recurrences.push_back({{"rank", r.rank}, {"distance", r.distance}, {"tensors", r.tensors}});
  for (const CascadeEdge& edge : edges_of(cascade)) edges.push_back(edge_json(edge));
  const Json root = {{"schema_version", 1},
                     {"name", cascade.name},
                     {"summary", cascade.summary},
                     {"source", cascade.source},
                     {"element_bits", cascade.element_bits},
                     {"ranks", std::move(ranks)},
                     {"tensors", std::move(tensors)},
                     {"einsums", std::move(einsums)},
                     {"edges", std::move(edges)},
                     {"passes", std::move(passes)},
                     {"recurrences", std::move(recurrences)},
                     {"operations", operations_json(facts.operations)},
                     {"least_traffic",
                      {{"read_bytes", facts.read_bytes},
                       {"written_bytes", facts.written_bytes},
                       {"operations_per_byte", facts.intensity}}}};
  return root.dump(2) + "\n";
}

}  // namespace sluice
