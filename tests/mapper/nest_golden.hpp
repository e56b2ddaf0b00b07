// SPDX-License-Identifier: Apache-2.0
// Reads the published cases of golden/nest: problem, machine, nest, and the counts expected.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "mapper/nest/cost.hpp"

namespace sluice::golden {

struct Row {
  std::size_t level = 0, tensor = 0;
  std::uint64_t tile = 0, instances = 0, reads = 0, fills = 0, updates = 0;
  double energy = 0;
};

struct Case {
  std::string name;
  Problem problem;
  Hierarchy machine;
  Nest nest;
  std::vector<Row> rows;
  std::uint64_t operations = 0, cycles = 0;
  double utilization = 0, total_fj = 0;
};

template <class List>
std::size_t index_of(const List& list, const std::string& name) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name) return i;
  throw std::runtime_error("no " + name);
}

inline NestTensor read_tensor(std::istream& in, const Problem& problem) {
  NestTensor tensor;
  std::string access, dimension, term;
  in >> tensor.name >> access;
  tensor.output = access == "rw";
  while (in >> dimension) {
    NestProjection projection;
    std::istringstream terms(dimension);
    while (std::getline(terms, term, '+')) {
      const auto star = term.find('*');
      projection.push_back(
          {static_cast<std::uint32_t>(index_of(problem.ranks, term.substr(star + 1))),
           std::stoull(term.substr(0, star))});
    }
    tensor.dimensions.push_back(projection);
  }
  return tensor;
}

/// Reads the nodes of a nest, whose files give factors instead of tiles.
class NodeReader {
 public:
  void read(const std::string& word, std::istream& in, Case& c) {
    if (tiles_.empty())
      for (const NestRank& rank : c.problem.ranks) tiles_.push_back(rank.extent);
    std::string name, axis;
    in >> name;
    if (word == "keep") {
      level_ = index_of(c.machine.levels, name);
      std::uint16_t tensors = 0;
      while (in >> name)
        tensors = static_cast<std::uint16_t>(tensors | 1u << index_of(c.problem.tensors, name));
      c.nest.keep(level_, tensors);
      return;
    }
    const std::size_t rank = index_of(c.problem.ranks, name);
    std::uint64_t factor = 1;
    in >> factor >> axis;
    tiles_[rank] = (tiles_[rank] + factor - 1) / factor;
    if (word == "loop") c.nest.loop(rank, tiles_[rank]);
    if (word == "spread") c.nest.spread(level_, axis == "X" ? 0 : 1, rank, tiles_[rank]);
  }

 private:
  std::vector<std::uint64_t> tiles_;
  std::size_t level_ = 0;
};

/// The fan-out of a level: an axis X of what its file needs, and Y for the rest.
inline void fan_out(Hierarchy& machine, const std::vector<std::uint64_t>& instances) {
  for (std::size_t i = 0; i + 1 < instances.size(); ++i) {
    const std::uint64_t lanes = instances[i + 1] / instances[i];
    if (lanes == 1) continue;
    const std::uint64_t x = lanes == 168                                      ? 14
                            : lanes == 256                                    ? 16
                            : lanes == 16 && machine.levels[0].name == "DRAM" ? 4
                                                                              : lanes;
    machine.levels[i].fan_out = {{"X", x, {}}, {"Y", lanes / x, {}}};
  }
}

inline std::vector<Case> read_cases(const std::string& path) {
  std::ifstream file(path);
  std::vector<Case> cases;
  std::vector<std::uint64_t> instances;
  NodeReader nodes;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream in(line);
    std::string word;
    if (!(in >> word) || word == "end") continue;
    if (word == "case") {
      cases.emplace_back();
      nodes = {};
      instances.clear();
      in >> cases.back().name;
      continue;
    }
    Case& c = cases.back();
    std::string name, other;
    if (word == "rank") {
      std::uint64_t extent = 0;
      in >> name >> extent;
      c.problem.ranks.push_back({name, extent, false});
    } else if (word == "tensor") {
      c.problem.tensors.push_back(read_tensor(in, c.problem));
    } else if (word == "level") {
      NestLevel level;
      std::uint64_t words = 0, count = 1;
      in >> level.name >> words >> level.word_bits >> level.block >> count >>
          level.read_bandwidth >> level.write_bandwidth >> level.read_pj >> level.write_pj >>
          level.update_pj;
      level.capacity_bits = words * level.word_bits;
      instances.push_back(count);
      c.machine.levels.push_back(level);
    } else if (word == "compute") {
      std::uint64_t count = 1;
      in >> c.machine.compute.name >> count >> c.machine.compute.pj;
      instances.push_back(count);
      fan_out(c.machine, instances);
    } else if (word == "row") {
      Row row;
      in >> name >> other >> row.tile >> row.instances >> row.reads >> row.fills >> row.updates >>
          row.energy;
      row.level = index_of(c.machine.levels, name);
      row.tensor = index_of(c.problem.tensors, other);
      c.rows.push_back(row);
    } else if (word == "axes") {
      std::uint64_t x = 1, y = 1;
      in >> name >> x >> y;
      c.machine.levels[index_of(c.machine.levels, name)].fan_out = {{"X", x, {}}, {"Y", y, {}}};
    } else if (word == "cluster") {
      in >> name;
      in >> c.machine.levels[index_of(c.machine.levels, name)].cluster;
    } else if (word == "leak") {
      double leak = 0;
      in >> name >> leak;
      c.machine.levels[index_of(c.machine.levels, name)].leak_pj = leak;
    } else if (word == "result") {
      in >> c.operations >> c.cycles >> c.utilization;
    } else if (word == "total") {
      in >> c.total_fj;
    } else {
      nodes.read(word, in, c);
    }
  }
  return cases;
}

}  // namespace sluice::golden
