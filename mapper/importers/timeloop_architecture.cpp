// SPDX-License-Identifier: Apache-2.0
// The architecture of Timeloop: containers and components from the outermost to the innermost, each
// with instances side by side. Memories become levels, fan-outs axes of the level around them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/checked.hpp"
#include "base/read.hpp"
#include "mapper/importers/timeloop_parts.hpp"

namespace sluice {
namespace {

enum class Sort { memory, compute, unknown };

/// Timeloop tells components apart by words in their class.
Sort sort_of(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto holds = [&](std::string_view word) { return text.find(word) != text.npos; };
  for (const char* word : {"dram", "sram", "regfile", "register", "buffer", "storage"})
    if (holds(word)) return Sort::memory;
  for (const char* word : {"mac", "compute", "alu", "adder", "multiplier"})
    if (holds(word)) return Sort::compute;
  return Sort::unknown;
}

/// Attributes of a component, of which plug-ins of Accelergy have more than Timeloop does.
class Attributes {
 public:
  Attributes(const YamlNode* node, TimeloopReader& reader) : node_(node), reader_(reader) {
    if (node_ != nullptr && !node_->is_map()) {
      reader_.error(*node_, "attributes: a map is expected");
      node_ = nullptr;
    }
  }
  const YamlNode* find(std::initializer_list<std::string_view> names) {
    const YamlNode* found = nullptr;
    for (const std::string_view name : names) {
      used_.insert(std::string(name));
      if (node_ != nullptr && found == nullptr) found = node_->find(name);
    }
    return found;
  }
  std::optional<std::uint64_t> whole(std::initializer_list<std::string_view> names) {
    const YamlNode* found = find(names);
    if (found == nullptr) return std::nullopt;
    return reader_.whole(*found, *names.begin(), 1);
  }
  double bandwidth(std::initializer_list<std::string_view> names) {
    const YamlNode* found = find(names);
    return found == nullptr ? 0 : reader_.real(*found, *names.begin()).value_or(0);
  }
  std::vector<std::string> unused() const {
    std::vector<std::string> list;
    for (std::size_t i = 0; node_ != nullptr && i < node_->entries.size(); ++i)
      if (!used_.contains(node_->entries[i].key)) list.push_back(node_->entries[i].key);
    return list;
  }

 private:
  const YamlNode* node_;
  TimeloopReader& reader_;
  std::set<std::string> used_;
};

class ArchitectureReader {
 public:
  ArchitectureReader(const std::vector<std::string>& tensors, TimeloopReader& reader)
      : tensors_(tensors), reader_(reader) {}

  TimeloopMachine read(const YamlNode& node) {
    FieldReader keys(node, reader_.diagnostics);
    (void)keys.take("version");
    (void)keys.take("variables");
    const YamlNode* nodes = keys.take_required("nodes", {.doc = "from outer to inner"});
    keys.finish();
    if (nodes != nullptr) read_nodes(*nodes, false);
    if (nodes != nullptr && reader_.diagnostics.empty() && !has_compute_)
      reader_.error(*nodes, "there is no component that computes",
                    "its class has to hold mac, compute, alu, adder or multiplier");
    if (machine_.hierarchy.name.empty()) machine_.hierarchy.name = "machine";
    return std::move(machine_);
  }

 private:
  struct Keys {
    const YamlNode *name, *attributes, *spatial, *constraints, *word, *subclass;
  };

  void read_nodes(const YamlNode& list, bool parallel) {
    if (!list.is_sequence()) return reader_.error(list, "nodes: a list is expected");
    for (const YamlNode& node : list.items) read_node(node, parallel);
  }
  static std::string tag_of(const YamlNode& node) {
    const YamlNode* word = node.find("!");
    return word == nullptr ? "" : word->scalar;
  }
  void read_node(const YamlNode& node, bool parallel) {
    const std::string tag = tag_of(node);
    if (tag == "Parallel" || tag == "Hierarchical") {
      FieldReader keys(node, reader_.diagnostics);
      (void)keys.take("!");
      const YamlNode* nodes = keys.take_required("nodes", {.doc = "what is inside"});
      keys.finish();
      const std::size_t first = machine_.hierarchy.levels.size();
      if (nodes == nullptr) return;
      read_nodes(*nodes, parallel || tag == "Parallel");
      if (tag == "Parallel") check_apart(node, first);
      return;
    }
    if (tag != "Container" && tag != "Component")
      return reader_.error(
          node, tag.empty() ? "a node has no tag" : fmt::format("nodes !{} are not read", tag),
          "known: !Container, !Component, !Parallel, !Hierarchical");
    FieldReader fields(node, reader_.diagnostics);
    (void)fields.take("!");
    Keys keys{};
    keys.name = fields.take_required("name", {.doc = "name of the node"});
    keys.attributes = fields.take("attributes");
    keys.spatial = fields.take("spatial");
    keys.constraints = fields.take("constraints");
    keys.word = fields.take("class");
    keys.subclass = fields.take("subclass");
    (void)fields.take("required_actions");
    fields.finish();
    if (keys.name == nullptr) return;
    const std::string name = reader_.name(*keys.name, "a node");
    if (machine_.places.contains(name))
      return reader_.error(*keys.name, fmt::format("two nodes are called {}", quote(name)));
    if (has_compute_)
      return reader_.error(*keys.name, "there is a node inside of what computes",
                           "one component computes, and it is the innermost");
    if (parallel && keys.spatial != nullptr)
      return reader_.error(*keys.spatial, "a part of !Parallel fans out, which is not read");
    TimeloopPlace place = fan_out(name, keys);
    if (tag == "Component")
      component(node, name, keys, place, parallel);
    else
      container(name, keys);
    machine_.places[name] = place;
  }

  TimeloopPlace fan_out(const std::string& name, const Keys& keys) {
    TimeloopPlace place;
    auto& levels = machine_.hierarchy.levels;
    place.level = levels.empty() ? 0 : levels.size() - 1;
    if (keys.spatial == nullptr) return place;
    FieldReader fields(*keys.spatial, reader_.diagnostics);
    std::uint64_t size[2] = {1, 1};
    for (const std::size_t axis : {0u, 1u})
      if (const YamlNode* mesh = fields.take(axis == 0 ? "meshX" : "meshY"))
        size[axis] = reader_.whole(*mesh, axis == 0 ? "meshX" : "meshY", 1).value_or(1);
    fields.finish();
    if (size[0] == 1 && size[1] == 1) return place;
    if (levels.empty()) {
      reader_.error(*keys.spatial, "there is a fan-out outside of the outermost memory");
      return place;
    }
    for (const std::size_t axis : {0u, 1u}) {
      if (size[axis] == 1) continue;
      auto& axes = levels.back().fan_out;
      std::string word = axis == 0 ? "X" : "Y";
      for (const FanOutAxis& other : axes)
        if (other.name == word) word = name + "_" + word;
      (axis == 0 ? place.x : place.y) = axes.size();
      axes.push_back({word, size[axis], {}});
    }
    return place;
  }

  void container(const std::string& name, const Keys& keys) {
    if (machine_.hierarchy.name.empty()) machine_.hierarchy.name = name;
    Attributes attributes(keys.attributes, reader_);
    // Attributes of a container are those of all that is inside of it.
    if (const auto bits = attributes.whole({"datawidth", "word_bits", "word-bits"})) bits_ = *bits;
    read_constraints(keys, nullptr, name);
  }

  void component(const YamlNode& node, const std::string& name, const Keys& keys,
                 TimeloopPlace& place, bool parallel) {
    const std::string word =
        (keys.word ? keys.word->scalar : "") + " " + (keys.subclass ? keys.subclass->scalar : "");
    const Sort sort = sort_of(word);
    if (sort == Sort::unknown)
      return reader_.error(
          keys.word ? *keys.word : node,
          fmt::format("the class of {} is {}, which is neither a memory nor what "
                      "computes",
                      quote(name), keys.word ? quote(keys.word->scalar) : "missing"),
          "memories: DRAM, SRAM, regfile, register, buffer, storage; compute: mac, "
          "compute, alu, adder, multiplier");
    if (sort == Sort::compute) {
      if (parallel) return reader_.error(node, "a part of !Parallel computes, which is not read");
      machine_.hierarchy.compute.name = name;
      has_compute_ = true;
      if (machine_.hierarchy.levels.empty())
        reader_.error(node, "there is no memory around what computes");
      return;
    }
    if (machine_.hierarchy.levels.size() == max_nest_levels)
      return reader_.error(node, fmt::format("there are more than {} memories", max_nest_levels));
    place.memory = true;
    place.level = machine_.hierarchy.levels.size();
    machine_.hierarchy.levels.push_back(memory(node, name, keys));
    machine_.bypassed.emplace_back();
    read_constraints(keys, &machine_.bypassed.back(), name);
    const auto left = [&](const std::string& tensor) {
      return std::ranges::count(machine_.bypassed.back(), tensor) == 0;
    };
    if (!tensors_.empty() && std::ranges::none_of(tensors_, left))
      reader_.error(node, fmt::format("{} bypasses every data space", quote(name)),
                    "a !Container fans out without keeping anything");
  }

  NestLevel memory(const YamlNode& node, const std::string& name, const Keys& keys) {
    Attributes attributes(keys.attributes, reader_);
    NestLevel level;
    level.name = name;
    const auto bits = attributes.whole({"datawidth", "word_bits", "word-bits"});
    if (!bits && bits_ == 0)
      reader_.error(node, fmt::format("the datawidth of {} is missing", quote(name)));
    level.word_bits =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(bits.value_or(bits_), 65536));
    level.block = attributes.whole({"block_size", "block-size"}).value_or(1);
    level.read_bandwidth = attributes.bandwidth({"read_bandwidth"});
    level.write_bandwidth = attributes.bandwidth({"write_bandwidth"});
    level.shared_bandwidth = attributes.bandwidth({"shared_bandwidth"});
    cluster(attributes, level, node);
    const auto depth = attributes.whole({"depth"});
    const auto entries = attributes.whole({"entries"});
    const auto kilobytes = attributes.whole({"sizeKB"});
    if (depth) level.capacity_bits = multiply(*depth, level.block).value_or(0);
    if (entries) level.capacity_bits = *entries;
    level.capacity_bits = multiply(level.capacity_bits, level.word_bits).value_or(0);
    if (kilobytes) level.capacity_bits = *kilobytes * 8192;
    if (const auto copies = attributes.whole({"multiple_buffering"})) {
      level.double_buffered = *copies == 2;
      if (*copies > 2)
        reader_.error(node, fmt::format("multiple_buffering is {}, 1 or 2 is expected", *copies));
    }
    for (const std::string& other : attributes.unused())
      reader_.notes.push_back(fmt::format("{}: attribute {} is passed over", name, other));
    return level;
  }
  /// A row of the memory that is wider than a block serves several instances at once.
  void cluster(Attributes& attributes, NestLevel& level, const YamlNode& node) {
    const auto width = attributes.whole({"width"});
    const auto stated = attributes.whole({"cluster_size", "cluster-size"});
    const std::uint64_t block = multiply(level.word_bits, level.block).value_or(0);
    if (width && block != 0 && *width % block != 0)
      return reader_.error(node,
                           fmt::format("the width of {} is {} bits, which {} words of {} bits "
                                       "do not fill evenly",
                                       quote(level.name), *width, level.block, level.word_bits));
    level.cluster = width && block != 0 ? *width / block : stated.value_or(1);
  }

  void read_constraints(const Keys& keys, std::vector<std::string>* bypassed,
                        const std::string& name) {
    if (keys.constraints == nullptr) return;
    FieldReader fields(*keys.constraints, reader_.diagnostics);
    const YamlNode* dataspace = fields.take("dataspace");
    for (const char* other : {"temporal", "spatial", "max_overbooked_proportion"})
      if (fields.take(other) != nullptr)
        reader_.notes.push_back(fmt::format(
            "{}: its {} constraints are passed over, a mapper is not bound by them", name, other));
    fields.finish();
    if (dataspace == nullptr) return;
    FieldReader spaces(*dataspace, reader_.diagnostics);
    const YamlNode *keep = spaces.take("keep"), *bypass = spaces.take("bypass");
    spaces.finish();
    for (const YamlNode* list : {keep, bypass})
      for (const auto& [word, node] :
           list ? reader_.words(*list, "dataspace") : decltype(reader_.words(*list, ""))()) {
        if (std::ranges::find(tensors_, word) == tensors_.end())
          reader_.error(*node, fmt::format("there is no data space {}", quote(word)),
                        suggestion(word, tensors_));
        else if (list == bypass && bypassed != nullptr)
          bypassed->push_back(word);
      }
  }

  /// Levels beside each other are levels in a row when no tensor is kept by two of them.
  void check_apart(const YamlNode& node, std::size_t first) {
    for (const std::string& tensor : tensors_) {
      std::size_t keeping = 0;
      for (std::size_t i = first; i < machine_.bypassed.size(); ++i)
        keeping += std::ranges::count(machine_.bypassed[i], tensor) == 0 ? 1 : 0;
      if (keeping > 1)
        reader_.error(node, fmt::format("{} parts of !Parallel keep {}", keeping, quote(tensor)),
                      "constraints: {dataspace: {bypass: [...]}} has to leave it to one");
    }
  }

  const std::vector<std::string>& tensors_;
  TimeloopReader& reader_;
  TimeloopMachine machine_;
  std::uint64_t bits_ = 0;
  bool has_compute_ = false;
};

/// `system.PE[1..4].buffer[1..2]` is `buffer`.
std::string last_name(std::string text) {
  for (std::size_t open = 0; (open = text.find('[')) != text.npos;)  // a range has dots, too
    text.erase(open, std::min(text.find(']', open), text.size() - 1) - open + 1);
  const std::size_t dot = text.rfind('.');
  return dot == text.npos ? text : text.substr(dot + 1);
}

}  // namespace

TimeloopMachine read_timeloop_architecture(const YamlNode& file,
                                           const std::vector<std::string>& tensors,
                                           TimeloopReader& reader) {
  const YamlNode* node = reader.part(file, "architecture");
  return node == nullptr ? TimeloopMachine{} : ArchitectureReader(tensors, reader).read(*node);
}

void read_timeloop_energies(const YamlNode& file, TimeloopMachine& machine,
                            TimeloopReader& reader) {
  const YamlNode* ert = reader.part(file, "ERT");
  const YamlNode* tables = ert ? ert->find("tables") : nullptr;
  if (ert != nullptr && (tables == nullptr || !tables->is_sequence()))
    return reader.error(*ert, "the ERT has no list of tables");
  std::set<std::string> priced;
  for (std::size_t i = 0; tables != nullptr && i < tables->items.size(); ++i) {
    const YamlNode& table = tables->items[i];
    const YamlNode *name = table.find("name"), *actions = table.find("actions");
    if (name == nullptr || actions == nullptr || !actions->is_sequence()) {
      reader.error(table, "a table of the ERT has a name and a list of actions");
      continue;
    }
    const std::string component = last_name(name->scalar);
    NestLevel* level = nullptr;
    for (NestLevel& each : machine.hierarchy.levels)
      if (each.name == component) level = &each;
    NestCompute& compute = machine.hierarchy.compute;
    if (level == nullptr && component != compute.name) {
      reader.notes.push_back(fmt::format("{} of the ERT is no node here", name->scalar));
      continue;
    }
    priced.insert(component);
    std::optional<double> update;
    for (const YamlNode& action : actions->items) {
      const YamlNode *word = action.find("name"), *energy = action.find("energy");
      if (word == nullptr || energy == nullptr) {
        reader.error(action, "an action of the ERT has a name and an energy");
        continue;
      }
      const double pj = reader.real(*energy, "energy").value_or(0);
      // Of rows for several arguments the dearest, which is that of random data.
      const auto raise = [&](double& value) { value = std::max(value, pj); };
      if (level == nullptr) {
        if (word->scalar != "leak") raise(compute.pj);
      } else if (word->scalar == "read") {
        raise(level->read_pj);
      } else if (word->scalar == "write") {
        raise(level->write_pj);
      } else if (word->scalar == "update") {
        update = std::max(update.value_or(0), pj);
      } else if (word->scalar == "leak") {
        raise(level->leak_pj);
      } else {
        reader.notes.push_back(
            fmt::format("action {} of {} is passed over", word->scalar, component));
      }
    }
    if (level != nullptr) level->update_pj = update.value_or(level->write_pj);
  }
  for (const auto& [name, place] : machine.places)
    if ((place.memory || name == machine.hierarchy.compute.name) && !priced.contains(name) &&
        ert != nullptr)
      reader.error(*ert, fmt::format("the ERT has no table for {}", quote(name)));
}

}  // namespace sluice
