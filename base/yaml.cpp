// SPDX-License-Identifier: Apache-2.0
// The only file that sees yaml-cpp: its parser events become YamlNodes, its errors diagnostics.
// Reading files and includes is yaml_include.cpp.
#include "base/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "base/yaml_source.hpp"
#include "base/yaml_tags.hpp"

namespace sluice {
namespace {

constexpr std::size_t longest_key = 1000;  // YAML 1.2.2, section 7.4.2: an implicit key <= 1024

// What an alias would copy.
struct Extent {
  std::size_t nodes = 1;
  std::size_t depth = 1;
};
Extent extent_of(const YamlNode& node) {
  Extent extent;
  const auto include = [&](const YamlNode& child) {
    const Extent inner = extent_of(child);
    extent.nodes += inner.nodes;
    extent.depth = std::max(extent.depth, inner.depth + 1);
  };
  for (const YamlNode& item : node.items) include(item);
  for (const YamlNode::Entry& entry : node.entries) include(entry.value);
  return extent;
}

// Builds the tree from the parser's events. Mistakes that leave the structure intact are collected;
// exceeding a limit throws at once.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const YamlSource& source, const YamlLimits& limits, bool tags)
      : source_(source), limits_(limits), tags_(tags) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const Location where = place(mark);
    // The parser also takes a line that fits nothing before it for the next document.
    if (where.column == 1 && where.line_text.starts_with("---"))
      fail(where, "the file holds several documents, the second begins here",
           "keep one document in a file, without '---' between");
    fail(where, "this line belongs to no list or map that is open here",
         "check the indentation: keys, or the '-' of a list, begin in the same column");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.where = place(mark);
    // The parser places a value that is left out at whatever comes next.
    if (!open_.empty() && open_.back().has_key && node.where.line != open_.back().key_where.line)
      node.where = open_.back().key_where;
    finish(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.quoted = tag == "!";
    node.scalar = value;
    node.where = place(mark);
    check_tag(tag, node.where);
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { end(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "this alias stands inside what it stands for");
    const Extent extent = extent_of(found->second);
    if (open_.size() + extent.depth > limits_.depth) fail_depth(place(mark));
    count(extent.nodes - 1, mark);
    finish(found->second, 0);
  }

  YamlNode take_root() { return std::move(root_); }
  int documents() const { return documents_; }
  Diagnostics& diagnostics() { return diagnostics_; }
  /// Where the innermost list or map that has not ended began.
  std::optional<Location> innermost() const {
    if (open_.empty()) return std::nullopt;
    return open_.back().node.where;
  }
  /// The line of the last event, or 0.
  std::uint32_t last_line() const { return last_line_; }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Location key_where;
    std::unordered_set<std::string> keys;  ///< only of maps too large to look through
  };

  Location place(const YAML::Mark& mark) {
    last_line_ = static_cast<std::uint32_t>(std::max(0, mark.line) + 1);
    return source_.place(static_cast<std::size_t>(std::max(0, mark.line)),
                         static_cast<std::size_t>(std::max(0, mark.column)));
  }

  [[noreturn]] void fail(Location where, std::string message, std::string hint = {}) {
    diagnostics_.error(std::move(where), std::move(message), std::move(hint));
    diagnostics_.throw_if_any();
    std::terminate();
  }
  [[noreturn]] void fail(const YAML::Mark& mark, std::string message, std::string hint = {}) {
    fail(place(mark), std::move(message), std::move(hint));
  }
  [[noreturn]] void fail_depth(Location where) {
    fail(std::move(where),
         fmt::format("lists and maps are nested more than {} deep here", limits_.depth));
  }

  void count(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes)
      fail(mark, fmt::format("there are more than {} values up to here, counting what aliases "
                             "stand for",
                             limits_.nodes));
  }

  void check_tag(const std::string& tag, const Location& where) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    diagnostics_.error(where, fmt::format("the tag {} has no meaning here", quote(tag)),
                       "remove it");
  }

  void begin(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    if (open_.size() >= limits_.depth) fail_depth(place(mark));
    count(1, mark);
    Open& open = open_.emplace_back();
    open.node.kind = kind;
    open.node.where = place(mark);
    open.anchor = anchor;
    if (tags_ && kind == YamlNode::Kind::map && tag.starts_with('!') && tag.size() > 1) {
      YamlNode word;
      word.kind = YamlNode::Kind::scalar;
      word.scalar = tag.substr(1);
      word.where = open.node.where;
      open.node.entries.push_back({"!", word.where, word});
      return;
    }
    check_tag(tag, open.node.where);
  }

  void end() {
    Open open = std::move(open_.back());
    open_.pop_back();
    --nodes_;  // finish() counts it again
    finish(std::move(open.node), open.anchor);
  }

  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (++nodes_ > limits_.nodes)
      fail(node.where, fmt::format("there are more than {} values up to here", limits_.nodes));
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.is_sequence()) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      take_key(parent, std::move(node));
    } else {
      parent.has_key = false;
      parent.node.entries.push_back(
          {std::move(parent.key), std::move(parent.key_where), std::move(node)});
    }
  }

  void take_key(Open& map, YamlNode key) {
    map.has_key = true;
    map.key_where = key.where;
    map.key = std::move(key.scalar);
    if (!key.is_scalar())
      return diagnostics_.error(key.where, "a key is expected here, which is one word or text");
    if (map.key.size() > longest_key)
      return diagnostics_.error(key.where,
                                fmt::format("this key has {} characters, at most {} are allowed",
                                            map.key.size(), longest_key));
    if (map.key == "<<" && !key.quoted)
      return diagnostics_.error(key.where, "merge keys ('<<') are not part of YAML 1.2",
                                "repeat the keys, or use 'include: file.yaml'");
    check_duplicate(map, key.where);
  }

  void check_duplicate(Open& map, const Location& where) {
    constexpr std::size_t looked_through = 32;
    const auto& entries = map.node.entries;
    if (entries.size() > looked_through) {
      if (map.keys.empty())
        for (const auto& entry : entries) map.keys.insert(entry.key);
      if (map.keys.insert(map.key).second) return;
    }
    for (const auto& entry : entries) {
      if (entry.key != map.key) continue;
      return diagnostics_.error(
          where, fmt::format("the key {} is given twice in this map", quote(map.key)),
          fmt::format("it stands in line {} already", entry.key_where.line));
    }
  }

  const YamlSource& source_;
  const YamlLimits& limits_;
  bool tags_;  ///< whether maps may have tags
  Diagnostics diagnostics_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, YamlNode> anchors_;
  YamlNode root_;
  std::size_t nodes_ = 0;
  std::uint32_t last_line_ = 0;
  int documents_ = 0;
};

// What yaml-cpp says, and what we say instead.
struct Sentence {
  std::string_view theirs;
  std::string_view message;
  std::string_view hint;
};
constexpr Sentence sentences[] = {
    {"illegal map value", "a ':' stands where there is no key before it",
     "check the indentation, and put texts that hold ': ' in quotes"},
    {"end of map not found", "this line belongs to no map or list that is open here",
     "check the indentation: the keys of a map begin in the same column"},
    {"end of sequence not found", "this line belongs to no list that is open here",
     "check the indentation: the '-' of a list stand in the same column"},
    {"end of map flow not found", "the map that '{' began has no end", "add '}'"},
    {"end of sequence flow not found", "the list that '[' began has no end", "add ']'"},
    {"illegal flow end", "a bracket is closed that was not opened", ""},
    {"illegal block entry", "a '-' cannot stand here", "begin each item of a list on its own line"},
    {"illegal map key", "a key cannot stand here", "check the indentation"},
    {"the referenced anchor is not defined", "this alias has no anchor before it",
     "define it first: '&name value'"},
    {"illegal EOF in scalar", "the quote that opens here is not closed", ""},
    {"illegal EOF while skipping", "the file ends in the middle of a text", ""},
    {"unknown token", "YAML gives this character a meaning that does not fit here",
     "put the text in quotes"},
    {"unknown escape character: ", "the text in double quotes has an unknown escape",
     "write '\\\\' for a backslash, or use single quotes"},
    {"cannot assign multiple tags", "a value has two tags", "remove them"},
    {"cannot assign multiple anchors", "a value has two anchors", "keep one"},
};

void add_syntax_error(const YAML::Exception& error, const YamlSource& source,
                      TreeBuilder& builder) {
  Diagnostics& diagnostics = builder.diagnostics();
  const auto line = static_cast<std::size_t>(std::max(0, error.mark.line));
  const auto column = static_cast<std::size_t>(std::max(0, error.mark.column));
  if (const auto tab = source.tab_indentation(line)) {
    return diagnostics.error(*tab, "a tab is used as indentation, which YAML does not allow",
                             "indent with spaces");
  }
  for (const Sentence& sentence : sentences) {
    if (!std::string_view(error.msg).starts_with(sentence.theirs)) continue;
    Location where = source.place(line, column);
    if (sentence.message.ends_with("is not closed"))
      where = source.unclosed_quote(builder.last_line()).value_or(where);
    if (sentence.message.ends_with("has no end")) where = builder.innermost().value_or(where);
    return diagnostics.error(std::move(where), std::string(sentence.message),
                             std::string(sentence.hint));
  }
  diagnostics.error(source.place(line, column), fmt::format("not valid YAML: {}", error.msg));
}

// yaml-cpp 0.7 accepts a quote that is never closed when the text ends with an end of line. A
// comment as the last line makes it notice.
std::string with_end_mark(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t");
  if (last == text.npos || text[last] != '\n') return std::string(text);
  return std::string(text.substr(0, last + 1)) + '#';
}

YamlNode parse(std::string_view text, const std::string& path, const YamlLimits& limits,
               bool tags) {
  const YamlSource source(text, path);
  source.check_text(limits);
  TreeBuilder builder(source, limits, tags);
  try {
    std::istringstream stream(with_end_mark(source.text()));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    add_syntax_error(error, source, builder);
  }
  if (builder.diagnostics().empty() && builder.documents() == 0)
    builder.diagnostics().error({.path = path}, "the file holds nothing but comments");
  builder.diagnostics().throw_if_any();
  return builder.take_root();
}

}  // namespace

YamlNode parse_yaml(std::string_view text, const std::string& path, const YamlLimits& limits) {
  return parse(text, path, limits, false);
}

YamlNode parse_tagged_yaml(std::string_view text, const std::string& path,
                           const YamlLimits& limits) {
  return parse(text, path, limits, true);
}

}  // namespace sluice
