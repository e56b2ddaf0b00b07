// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/forest_text.hpp"

#include <bit>
#include <map>
#include <utility>

#include "base/base64.hpp"

namespace sluice {
namespace {

using Cut = ForestText::Cut;

/// Calls `visit` with the index of every node in order.
template <class Visit>
void visit_nodes(const Forest::Tree& tree, Visit visit) {
  std::vector<std::size_t> left = {0};
  while (!left.empty()) {
    const std::size_t node = left.back();
    left.pop_back();
    visit(node);
    if (tree[node].feature < 0) continue;
    left.push_back(tree[node].children + 1);
    left.push_back(tree[node].children);
  }
}

/// Makes a tree of the nodes that `next()` gives in order; the children of splits are set. Nothing
/// when it gives none.
template <class Next>
std::optional<Forest::Tree> tree_of(Next next) {
  Forest::Tree tree(1);
  std::vector<std::size_t> left = {0};
  while (!left.empty()) {
    const std::size_t place = left.back();
    left.pop_back();
    std::optional<Forest::Node> node = next();
    if (!node) return std::nullopt;
    if (node->feature >= 0) {
      node->children = static_cast<std::uint32_t>(tree.size());
      tree.resize(tree.size() + 2);
      left.push_back(node->children + 1);
      left.push_back(node->children);
    }
    tree[place] = *node;
  }
  return tree;
}

Forest::Tree compacted(Forest::Tree tree, const Encoding& encoding) {
  for (std::size_t i = tree.size(); i-- > 0;) {  // children before their parents
    Forest::Node& node = tree[i];
    if (node.feature < 0) {
      node.value = static_cast<double>(static_cast<float>(node.value));
      continue;
    }
    const Forest::Node& first = tree[node.children];
    const Forest::Node& second = tree[node.children + 1];
    if (first.feature < 0 && second.feature < 0 && first.value == second.value)
      node = {.value = first.value};
    else
      node.threshold = encoding.next_value(static_cast<std::size_t>(node.feature), node.threshold);
  }
  std::vector<std::size_t> kept;
  visit_nodes(tree, [&](std::size_t node) { kept.push_back(node); });
  std::size_t next = 0;
  return *tree_of([&] { return std::optional(tree[kept[next++]]); });
}

/// The nodes of a tree, read one after the other.
class TreeReader {
 public:
  TreeReader(std::string bytes, const std::vector<Cut>& cuts)
      : cuts_(cuts), bytes_(std::move(bytes)) {}

  /// Nothing where there is none.
  std::optional<Forest::Node> next() {
    std::size_t cut = 0;
    std::uint32_t seven = 128;
    for (unsigned shift = 0; seven >= 128; shift += 7) {
      if (at_end() || shift > 28) return std::nullopt;
      seven = byte();
      cut |= static_cast<std::size_t>(seven & 127) << shift;
    }
    if (cut > cuts_.size()) return std::nullopt;
    if (cut > 0)
      return Forest::Node{.feature = cuts_[cut - 1].first, .threshold = cuts_[cut - 1].second};
    std::uint32_t bits = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) {
      if (at_end()) return std::nullopt;
      bits |= byte() << shift;
    }
    return Forest::Node{.value = static_cast<double>(std::bit_cast<float>(bits))};
  }

  bool at_end() const { return next_ == bytes_.size(); }

 private:
  std::uint32_t byte() { return static_cast<unsigned char>(bytes_[next_++]); }

  const std::vector<Cut>& cuts_;
  std::string bytes_;
  std::size_t next_ = 0;
};

void write_node(const Forest::Node& node, const std::map<Cut, std::size_t>& cuts,
                std::string& bytes) {
  std::size_t cut = node.feature < 0 ? 0 : cuts.at({node.feature, node.threshold}) + 1;
  for (; cut > 127; cut >>= 7) bytes += static_cast<char>(128 | (cut & 127));
  bytes += static_cast<char>(cut);
  if (node.feature >= 0) return;
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(node.value));
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 255);
}

}  // namespace

Forest compacted(const Forest& forest, const Encoding& encoding) {
  std::vector<Forest::Tree> trees;
  for (const Forest::Tree& tree : forest.trees()) trees.push_back(compacted(tree, encoding));
  return Forest(std::move(trees));
}

ForestText text_of(const Forest& forest) {
  std::map<Cut, std::size_t> numbers;
  for (const Forest::Tree& tree : forest.trees())
    for (const Forest::Node& node : tree)
      if (node.feature >= 0) numbers[{node.feature, node.threshold}] = 0;
  ForestText text;
  for (auto& [cut, number] : numbers) {
    number = text.cuts.size();
    text.cuts.push_back(cut);
  }
  for (const Forest::Tree& tree : forest.trees()) {
    std::string bytes;
    visit_nodes(tree, [&](std::size_t node) { write_node(tree[node], numbers, bytes); });
    text.trees.push_back(to_base64(bytes));
  }
  return text;
}

std::optional<Forest> forest_of(const ForestText& text) {
  std::vector<Forest::Tree> trees;
  for (const Cut& cut : text.cuts)
    if (cut.first < 0) return std::nullopt;
  for (const std::string& base64 : text.trees) {
    std::optional<std::string> bytes = from_base64(base64);
    if (!bytes) return std::nullopt;
    TreeReader reader(std::move(*bytes), text.cuts);
    std::optional<Forest::Tree> tree = tree_of([&] { return reader.next(); });
    if (!tree || !reader.at_end()) return std::nullopt;
    trees.push_back(std::move(*tree));
  }
  if (trees.empty()) return std::nullopt;
  return Forest(std::move(trees));
}

}  // namespace sluice
