// SPDX-License-Identifier: Apache-2.0
// The mapping of Timeloop: for each node the factors of dimensions in time or in space, their
// order, and what is kept.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/checked.hpp"
#include "base/read.hpp"
#include "mapper/importers/timeloop_parts.hpp"

namespace sluice {
namespace {

struct Factor {
  std::uint64_t bound = 1;
  bool imperfect = false;  ///< the last pass has fewer
};

class MappingReader {
 public:
  MappingReader(const TimeloopProblem& problem, const TimeloopMachine& machine,
                TimeloopReader& reader)
      : problem_(problem), machine_(machine), reader_(reader) {
    const std::size_t levels = machine.hierarchy.levels.size();
    result_.bypassed = machine.bypassed;
    temporal_.resize(levels);
    spatial_.resize(levels);
  }

  TimeloopMapping read(const YamlNode& list) {
    if (!list.is_sequence()) {
      reader_.error(list, "mapping: a list is expected");
      return {};
    }
    for (const YamlNode& entry : list.items) read_entry(entry);
    for (std::size_t i = 0; i < temporal_.size(); ++i) {
      auto& loops = result_.loops.emplace_back(temporal_[i]);
      // Fan-outs from the outermost node to the innermost.
      for (const auto& [order, inner] : spatial_[i])
        loops.insert(loops.end(), inner.begin(), inner.end());
    }
    if (reader_.diagnostics.empty()) check_products(list);
    return std::move(result_);
  }

 private:
  void read_entry(const YamlNode& entry) {
    FieldReader keys(entry, reader_.diagnostics);
    const YamlNode* target = keys.take_required("target", {.doc = "a node"});
    const YamlNode* type = keys.take_required("type", {.doc = "temporal, spatial or dataspace"});
    const YamlNode* factors = keys.take("factors");
    const YamlNode* permutation = keys.take("permutation");
    const YamlNode* split = keys.take("split");
    const YamlNode *keep = keys.take("keep"), *bypass = keys.take("bypass");
    keys.finish();
    if (target == nullptr || type == nullptr) return;
    const auto place = find(*target);
    const auto word = read_word(*type, {"temporal", "spatial", "dataspace", "bypass", "datatype"},
                                reader_.diagnostics);
    if (!place || !word) return;
    if (*word != 1 && !place->memory)
      return reader_.error(*target, fmt::format("{} is no memory", quote(target->scalar)));
    if (*word > 1) {
      if (once(*target, "dataspace")) read_dataspace(keep, bypass, *place);
      return;
    }
    if (!once(*target, type->scalar)) return;
    const auto bounds = read_factors(factors);
    const auto order = read_order(permutation, bounds, entry);
    if (*word == 0)
      add_temporal(*place, bounds, order);
    else
      add_spatial(*target, *place, bounds, order, split);
  }

  std::optional<TimeloopPlace> find(const YamlNode& target) {
    const auto found = machine_.places.find(target.scalar);
    if (found != machine_.places.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [name, place] : machine_.places) known.push_back(name);
    reader_.error(target, fmt::format("there is no node {}", quote(target.scalar)),
                  suggestion(target.scalar, known));
    return std::nullopt;
  }
  bool once(const YamlNode& target, const std::string& type) {
    if (seen_.insert(target.scalar + " " + type).second) return true;
    reader_.error(target,
                  fmt::format("{} has a second entry of type {}", quote(target.scalar), type));
    return false;
  }
  void read_dataspace(const YamlNode* keep, const YamlNode* bypass, const TimeloopPlace& place) {
    auto& bypassed = result_.bypassed[place.level];
    std::vector<std::string> known;
    for (const NestTensor& tensor : problem_.problem.tensors) known.push_back(tensor.name);
    for (const YamlNode* list : {keep, bypass}) {
      if (list == nullptr) continue;
      for (const auto& [word, node] : reader_.words(*list, "data spaces")) {
        if (std::ranges::find(known, word) == known.end()) {
          reader_.error(*node, fmt::format("there is no data space {}", quote(word)),
                        suggestion(word, known));
          continue;
        }
        std::erase(bypassed, word);
        if (list == bypass) bypassed.push_back(word);
      }
    }
  }

  std::size_t rank_of(const std::string& word, const YamlNode& node) {
    const auto found = std::ranges::find(problem_.dimensions, word);
    if (found == problem_.dimensions.end())
      reader_.error(node, fmt::format("there is no dimension {}", quote(word)),
                    suggestion(word, problem_.dimensions));
    return static_cast<std::size_t>(found - problem_.dimensions.begin());
  }

  /// `R=3`, `R=3,2` of a list or a text, or a map; by rank.
  std::map<std::size_t, Factor> read_factors(const YamlNode* node) {
    std::map<std::size_t, Factor> factors;
    const auto add = [&](const std::string& name, const std::string& number,
                         const YamlNode& where) {
      const std::size_t rank = rank_of(name, where);
      if (rank == problem_.dimensions.size()) return;
      const auto factor = read_factor(number, where);
      if (factor && !factors.emplace(rank, *factor).second)
        reader_.error(where, fmt::format("two factors of {}", name));
    };
    if (node != nullptr && node->is_map()) {
      for (const YamlNode::Entry& entry : node->entries)
        add(entry.key, entry.value.scalar, entry.value);
      return factors;
    }
    std::vector<std::pair<std::string, const YamlNode*>> words;
    if (node != nullptr && node->is_scalar())
      words = spaced(*node);
    else if (node != nullptr)
      words = reader_.words(*node, "factors");
    for (const auto& [word, where] : words) {
      const std::size_t sign = word.find('=');
      if (sign == word.npos)
        reader_.error(*where, fmt::format("a factor is {}, such as P=16 is expected", quote(word)));
      else
        add(word.substr(0, sign), word.substr(sign + 1), *where);
    }
    return factors;
  }
  /// Words between spaces; a comma belongs to a factor that leaves a rest.
  static std::vector<std::pair<std::string, const YamlNode*>> spaced(const YamlNode& node) {
    std::vector<std::pair<std::string, const YamlNode*>> words;
    std::string word;
    for (const char c : node.scalar + " ") {
      if (c != ' ')
        word += c;
      else if (!word.empty())
        words.emplace_back(std::exchange(word, {}), &node);
    }
    return words;
  }
  std::optional<Factor> read_factor(const std::string& text, const YamlNode& where) {
    Factor factor;
    const std::size_t comma = text.find(',');
    std::uint64_t rest = 0;
    const auto number = [](std::string_view part, std::uint64_t& value) {
      const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), value);
      return code == std::errc() && end == part.data() + part.size() && value >= 1 &&
             value <= std::uint64_t{1} << 48;
    };
    factor.imperfect = comma != text.npos;
    const std::string_view view = text;
    if (number(view.substr(0, comma), factor.bound) &&
        (!factor.imperfect || (number(view.substr(comma + 1), rest) && rest <= factor.bound)))
      return factor;
    reader_.error(where, fmt::format("a factor is {}, a number from 1 on is expected", quote(text)),
                  "a last pass that has fewer is written P=16,5");
    return std::nullopt;
  }

  /// The ranks with a factor above 1, from outer to inner; Timeloop writes the innermost first.
  std::vector<std::size_t> read_order(const YamlNode* node,
                                      const std::map<std::size_t, Factor>& factors,
                                      const YamlNode& entry) {
    std::vector<std::size_t> order;
    std::vector<std::pair<std::string, const YamlNode*>> words;
    if (node != nullptr) words = reader_.words(*node, "permutation");
    if (words.size() == 1 &&
        std::ranges::find(problem_.dimensions, words[0].first) == problem_.dimensions.end()) {
      const std::string joined = words[0].first;  // PRK: letters that are dimensions
      words.clear();
      for (const char c : joined) words.emplace_back(std::string(1, c), node);
    }
    std::set<std::size_t> named;
    for (const auto& [word, where] : words) {
      const std::size_t rank = rank_of(word, *where);
      if (rank == problem_.dimensions.size()) continue;
      if (!named.insert(rank).second)
        reader_.error(*where, fmt::format("{} stands twice in the permutation", quote(word)));
      if (const auto found = factors.find(rank); found != factors.end() && found->second.bound > 1)
        order.push_back(rank);
    }
    std::vector<std::string> missing;
    for (const auto& [rank, factor] : factors)
      if (factor.bound > 1 && !named.contains(rank)) {
        missing.push_back(problem_.dimensions[rank]);
        order.push_back(rank);
      }
    if (!missing.empty() && order.size() > 1)
      reader_.error(node ? *node : entry,
                    fmt::format("the order of {} is not stated", fmt::join(missing, ", ")),
                    "permutation names them from the innermost to the outermost");
    std::ranges::reverse(order);
    return order;
  }

  void add_temporal(const TimeloopPlace& place, const std::map<std::size_t, Factor>& factors,
                    const std::vector<std::size_t>& order) {
    for (const std::size_t rank : order)
      temporal_[place.level].push_back({rank, factors.at(rank).bound, std::nullopt});
    note_imperfect(factors);
  }
  void add_spatial(const YamlNode& target, const TimeloopPlace& place,
                   const std::map<std::size_t, Factor>& factors,
                   const std::vector<std::size_t>& order, const YamlNode* split) {
    // A memory fans out from the level around it.
    const std::size_t level = place.memory && place.level > 0 ? place.level - 1 : place.level;
    if (!place.x && !place.y && !order.empty())
      return reader_.error(
          target, fmt::format("{} has one instance, nothing fans out to it", quote(target.scalar)),
          "the target of a spatial entry is the node with meshX or meshY");
    // The first `split` of the permutation, which are the innermost, lie along X.
    std::uint64_t along_x = place.x ? order.size() : 0;
    if (split != nullptr) along_x = reader_.whole(*split, "split").value_or(0);
    std::vector<TimeloopLoop> loops;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool x = order.size() - 1 - i < along_x;
      const auto axis = x ? place.x : place.y;
      if (!axis) {
        reader_.error(
            target,
            fmt::format("{} lies along {}, where {} has one instance",
                        problem_.dimensions[order[i]], x ? "X" : "Y", quote(target.scalar)),
            "split says how many of the permutation lie along X");
        continue;
      }
      loops.push_back({order[i], factors.at(order[i]).bound, axis});
    }
    spatial_[level][place.x.value_or(place.y.value_or(0))] = std::move(loops);
    note_imperfect(factors);
    note_diagonals(target, order);
  }
  /// Timeloop compares what the lanes of one fan-out need, and serves equal ones together.
  void note_diagonals(const YamlNode& target, const std::vector<std::size_t>& spread) {
    for (const NestTensor& tensor : problem_.problem.tensors)
      for (const NestProjection& dimension : tensor.dimensions) {
        std::vector<std::string> ranks;
        for (const std::size_t rank : spread)
          if (std::ranges::find(dimension, rank, &NestTerm::rank) != dimension.end())
            ranks.push_back(problem_.dimensions[rank]);
        if (ranks.size() > 1)
          reader_.notes.push_back(fmt::format(
              "{}: lanes that need the same words of {} along a diagonal of {} are served "
              "together by Timeloop, and here each by itself",
              target.scalar, tensor.name, fmt::join(ranks, " and ")));
      }
  }
  void note_imperfect(const std::map<std::size_t, Factor>& factors) {
    for (const auto& [rank, factor] : factors)
      if (factor.imperfect) ragged_.insert(rank);
  }

  void check_products(const YamlNode& list) {
    for (std::size_t rank = 0; rank < problem_.dimensions.size(); ++rank) {
      std::uint64_t product = 1;
      for (const auto& loops : result_.loops)
        for (const TimeloopLoop& loop : loops)
          if (loop.rank == rank) product = multiply(product, loop.factor).value_or(0);
      const std::uint64_t extent = problem_.problem.ranks[rank].extent;
      if (ragged_.contains(rank) ? product < extent : product != extent)
        reader_.error(list, fmt::format("the factors of {} multiply to {}, it has {}",
                                        problem_.dimensions[rank], product, extent));
    }
  }

  const TimeloopProblem& problem_;
  const TimeloopMachine& machine_;
  TimeloopReader& reader_;
  TimeloopMapping result_;
  std::vector<std::vector<TimeloopLoop>> temporal_;
  std::vector<std::map<std::size_t, std::vector<TimeloopLoop>>> spatial_;  ///< by first axis
  std::set<std::string> seen_;
  std::set<std::size_t> ragged_;
};

}  // namespace

TimeloopMapping read_timeloop_mapping(const YamlNode& file, const TimeloopProblem& problem,
                                      const TimeloopMachine& machine, TimeloopReader& reader) {
  const YamlNode* mapping = reader.part(file, "mapping");
  return mapping == nullptr ? TimeloopMapping{}
                            : MappingReader(problem, machine, reader).read(*mapping);
}

}  // namespace sluice
