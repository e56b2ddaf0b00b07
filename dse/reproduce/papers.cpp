// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/papers.hpp"

namespace sluice {

namespace papers {
#define SLUICE_PAPER(name)                                                             \
  std::vector<ComputedPoint> compute_##name(const YamlNode& settings, const Library&); \
  Descriptor describe_##name();
#include "dse/reproduce/papers.def"
#undef SLUICE_PAPER
}  // namespace papers

namespace {

struct Entry {
  std::string_view name;
  std::vector<ComputedPoint> (*compute)(const YamlNode&, const Library&);
  Descriptor (*describe)();
};

constexpr Entry entries[] = {
#define SLUICE_PAPER(name) {#name, papers::compute_##name, papers::describe_##name},
#include "dse/reproduce/papers.def"
#undef SLUICE_PAPER
};

}  // namespace

const std::string& part_of(const PointKey& key, std::string_view part) {
  if (part == "figure") return key.figure;
  if (part == "model") return key.model;
  if (part == "seq_len") return key.seq_len;
  if (part == "design") return key.design;
  return key.metric;
}

std::vector<ComputedPoint> compute_paper(std::string_view paper, const YamlNode& settings,
                                         const Library& library) {
  for (const Entry& entry : entries)
    if (entry.name == paper) return entry.compute(settings, library);
  return {};
}

std::vector<Descriptor> paper_descriptors() {
  std::vector<Descriptor> list;
  for (const Entry& entry : entries) list.push_back(entry.describe());
  return list;
}

std::vector<std::string> paper_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.emplace_back(entry.name);
  return names;
}

}  // namespace sluice
