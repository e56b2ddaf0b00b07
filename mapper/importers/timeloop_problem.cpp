// SPDX-License-Identifier: Apache-2.0
// The problem of Timeloop: dimensions, data spaces with projections that are sums of products, and
// an instance. Also what all readers of Timeloop's files share.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/checked.hpp"
#include "base/read.hpp"
#include "mapper/importers/timeloop_parts.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t most_number = std::uint64_t{1} << 48;

}  // namespace

const YamlNode* TimeloopReader::part(const YamlNode& file, std::string_view key) {
  static const std::vector<std::string> known = {"problem",   "architecture", "mapping", "mapper",
                                                 "variables", "components",   "globals", "ERT",
                                                 "ART",       "version",      "mapspace"};
  if (!file.is_map()) {
    error(file, fmt::format("a map with the key {} is expected", quote(key)));
    return nullptr;
  }
  for (const YamlNode::Entry& entry : file.entries) {
    if (entry.key == "sparse_optimizations")
      diagnostics.error(entry.key_where, "sparse optimizations are not read");
    else if (std::ranges::find(known, entry.key) == known.end())
      diagnostics.error(entry.key_where, fmt::format("unknown key {}", quote(entry.key)),
                        suggestion(entry.key, known));
    else if (entry.key == "mapper" || entry.key == "mapspace" || entry.key == "components")
      notes.push_back(fmt::format("{}: {} is passed over", entry.key_where.path, entry.key));
  }
  const YamlNode* found = file.find(key);
  if (found == nullptr)
    diagnostics.error({.path = file.where.path}, fmt::format("the key {} is missing", quote(key)));
  else if (!found->is_map() && !found->is_sequence())
    error(*found, fmt::format("{} has nothing in it that can be read", key));
  else
    return found;
  return nullptr;
}

std::optional<std::uint64_t> TimeloopReader::whole(const YamlNode& node, std::string_view what,
                                                   std::uint64_t least) {
  std::uint64_t number = 0;
  const std::string& text = node.scalar;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (node.is_scalar() && code == std::errc() && end == text.data() + text.size() &&
      number >= least && number <= most_number)
    return number;
  error(node,
        fmt::format("{} is {}, a whole number from {} on is expected", what,
                    node.is_scalar() ? quote(text) : "no number", least),
        "formulas are not computed: write the number");
  return std::nullopt;
}

std::optional<double> TimeloopReader::real(const YamlNode& node, std::string_view what) {
  double number = 0;
  const std::string& text = node.scalar;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (node.is_scalar() && code == std::errc() && end == text.data() + text.size() && number >= 0 &&
      number <= 1e30)
    return number;
  error(node,
        fmt::format("{} is {}, a number from 0 on is expected", what,
                    node.is_scalar() ? quote(text) : "no number"),
        "formulas are not computed: write the number");
  return std::nullopt;
}

std::string TimeloopReader::name(const YamlNode& node, std::string_view what) {
  const std::string& text = node.scalar;
  const bool plain = std::ranges::all_of(
      text, [](unsigned char c) { return c == '_' || (c < 128 && std::isalnum(c) != 0); });
  if (!node.is_scalar() || text.empty() || !plain ||
      std::isdigit(static_cast<unsigned char>(text[0])))
    error(node, fmt::format("the name of {} is {}, letters, digits and '_' are expected", what,
                            node.is_scalar() ? quote(text) : "no word"));
  return text;
}

std::vector<std::pair<std::string, const YamlNode*>> TimeloopReader::words(const YamlNode& node,
                                                                           std::string_view what) {
  std::vector<std::pair<std::string, const YamlNode*>> list;
  if (node.is_null()) return list;
  if (node.is_scalar()) {
    std::string word;
    for (const char c : node.scalar + " ") {
      if (c != ' ' && c != ',') {
        word += c;
      } else if (!word.empty()) {
        list.emplace_back(word, &node);
        word.clear();
      }
    }
    return list;
  }
  if (!node.is_sequence()) error(node, fmt::format("{}: a list is expected", what));
  for (const YamlNode& item : node.items) {
    if (item.is_scalar())
      list.emplace_back(item.scalar, &item);
    else
      error(item, fmt::format("{}: a word is expected", what));
  }
  return list;
}

namespace {

class ProblemReader {
 public:
  explicit ProblemReader(TimeloopReader& reader) : reader_(reader) {}

  TimeloopProblem read(const YamlNode& node) {
    FieldReader keys(node, reader_.diagnostics);
    (void)keys.take("version");
    const YamlNode* shape = keys.take_required("shape", {.doc = "dimensions and data spaces"});
    const YamlNode* instance = keys.take_required("instance", {.doc = "sizes of dimensions"});
    keys.finish();
    if (shape == nullptr || instance == nullptr) return {};
    if (!shape->is_map()) {
      reader_.error(*shape, "shape has to be written out, with dimensions and data spaces");
      return {};
    }
    read_shape(*shape, *instance);
    return std::move(result_);
  }

 private:
  void read_shape(const YamlNode& shape, const YamlNode& instance) {
    FieldReader keys(shape, reader_.diagnostics);
    result_.problem.name = "problem";
    if (const YamlNode* name = keys.take("name")) result_.problem.name = name->scalar;
    const YamlNode* dimensions = keys.take_required("dimensions", {.doc = "names"});
    const YamlNode* coefficients = keys.take("coefficients");
    const YamlNode* spaces = keys.take("data-spaces");
    if (spaces == nullptr) spaces = keys.take_required("data_spaces", {.doc = "tensors"});
    keys.finish();
    if (dimensions != nullptr) read_dimensions(*dimensions);
    if (coefficients != nullptr) read_coefficients(*coefficients);
    read_instance(instance);
    if (spaces != nullptr) read_spaces(*spaces);
  }
  void read_dimensions(const YamlNode& list) {
    for (const auto& [word, node] : reader_.words(list, "dimensions")) {
      std::string rank = reader_.name(*node, "a dimension");
      for (char& c : rank) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      for (const NestRank& other : result_.problem.ranks)
        if (other.name == rank)
          reader_.error(*node, fmt::format("two dimensions are called {} but for capitals", rank));
      result_.dimensions.push_back(word);
      result_.problem.ranks.push_back({rank, 0, false});
    }
    if (result_.dimensions.empty()) reader_.error(list, "there are no dimensions");
  }
  void read_coefficients(const YamlNode& list) {
    if (!list.is_sequence()) reader_.error(list, "coefficients: a list is expected");
    for (const YamlNode& item : list.items) {
      FieldReader keys(item, reader_.diagnostics);
      const YamlNode* name = keys.take_required("name", {.doc = "name of a coefficient"});
      const YamlNode* otherwise = keys.take("default");
      keys.finish();
      if (name == nullptr) continue;
      std::uint64_t value = 0;
      if (otherwise != nullptr)
        value = reader_.whole(*otherwise, "the default of a coefficient", 1).value_or(1);
      coefficients_[name->scalar] = value;
    }
  }
  void read_instance(const YamlNode& instance) {
    if (!instance.is_map()) return reader_.error(instance, "instance: a map is expected");
    std::vector<std::string> known = result_.dimensions;
    for (const auto& [name, value] : coefficients_) known.push_back(name);
    for (const YamlNode::Entry& entry : instance.entries) {
      const auto dimension = std::ranges::find(result_.dimensions, entry.key);
      if (entry.key == "densities" || entry.key == "commonDensities") {
        reader_.diagnostics.error(entry.key_where, "densities are not read: all tensors are dense");
      } else if (dimension != result_.dimensions.end()) {
        const auto at = static_cast<std::size_t>(dimension - result_.dimensions.begin());
        result_.problem.ranks[at].extent = reader_.whole(entry.value, entry.key, 1).value_or(1);
      } else if (coefficients_.contains(entry.key)) {
        coefficients_[entry.key] = reader_.whole(entry.value, entry.key, 1).value_or(1);
      } else {
        reader_.diagnostics.error(
            entry.key_where,
            fmt::format("there is no dimension or coefficient {}", quote(entry.key)),
            suggestion(entry.key, known));
      }
    }
    for (std::size_t i = 0; i < result_.dimensions.size(); ++i)
      if (result_.problem.ranks[i].extent == 0)
        reader_.error(instance, fmt::format("the size of dimension {} is missing",
                                            quote(result_.dimensions[i])));
    for (const auto& [name, value] : coefficients_)
      if (value == 0)
        reader_.error(instance,
                      fmt::format("coefficient {} has neither value nor default", quote(name)));
  }
  void read_spaces(const YamlNode& list) {
    if (!list.is_sequence()) return reader_.error(list, "data_spaces: a list is expected");
    std::size_t outputs = 0;
    for (const YamlNode& item : list.items) {
      FieldReader keys(item, reader_.diagnostics);
      NestTensor tensor;
      const YamlNode* name = keys.take_required("name", {.doc = "name of a data space"});
      const YamlNode* projection = keys.take_required("projection", {.doc = "its dimensions"});
      keys.field("read_write", tensor.output, {});
      keys.field("read-write", tensor.output, {});
      keys.finish();
      if (name == nullptr || projection == nullptr) continue;
      tensor.name = reader_.name(*name, "a data space");
      if (!projection->is_sequence() || projection->items.empty())
        reader_.error(*projection, "projection: a list of dimensions is expected");
      for (const YamlNode& sum : projection->items) tensor.dimensions.push_back(read_sum(sum));
      outputs += tensor.output ? 1 : 0;
      result_.problem.tensors.push_back(std::move(tensor));
    }
    if (outputs != 1)
      reader_.error(list, fmt::format("{} data spaces have read_write, one is expected", outputs));
    if (result_.problem.tensors.size() < 2)
      reader_.error(list, "a result and at least one operand are expected");
  }
  /// A list of products, each a list of names; a name by itself is a sum of one product of one.
  NestProjection read_sum(const YamlNode& sum) {
    NestProjection projection;
    if (sum.is_scalar()) {
      add_product({&sum}, sum, projection);
      return projection;
    }
    if (!sum.is_sequence() || sum.items.empty())
      reader_.error(sum, "a sum is a list of products, such as [[P, stride], [R]]");
    for (const YamlNode& product : sum.items) {
      std::vector<const YamlNode*> factors;
      if (product.is_scalar()) factors.push_back(&product);
      for (const YamlNode& factor : product.items) factors.push_back(&factor);
      add_product(factors, product, projection);
    }
    return projection;
  }
  void add_product(const std::vector<const YamlNode*>& factors, const YamlNode& where,
                   NestProjection& projection) {
    NestTerm term;
    std::size_t ranks = 0;
    for (const YamlNode* factor : factors) {
      const auto dimension = std::ranges::find(result_.dimensions, factor->scalar);
      if (factor->is_scalar() && dimension != result_.dimensions.end()) {
        term.rank = static_cast<std::uint32_t>(dimension - result_.dimensions.begin());
        ++ranks;
      } else if (const auto known = coefficients_.find(factor->scalar);
                 factor->is_scalar() && known != coefficients_.end()) {
        const auto next = multiply(term.coefficient, std::max<std::uint64_t>(1, known->second));
        if (!next || *next > most_number)
          return reader_.error(where, "the coefficients multiply to more than can be counted");
        term.coefficient = *next;
      } else {
        std::vector<std::string> names = result_.dimensions;
        for (const auto& [name, value] : coefficients_) names.push_back(name);
        return reader_.error(
            *factor, fmt::format("there is no dimension or coefficient {}", quote(factor->scalar)),
            suggestion(factor->scalar, names));
      }
    }
    if (ranks != 1)
      return reader_.error(where,
                           fmt::format("a product has {} dimensions, one is expected", ranks),
                           "sums are lists of products: [[P], [R]] is p + r");
    projection.push_back(term);
  }

  TimeloopReader& reader_;
  TimeloopProblem result_;
  std::map<std::string, std::uint64_t> coefficients_;  ///< 0: not known yet
};

}  // namespace

TimeloopProblem read_timeloop_problem(const YamlNode& file, TimeloopReader& reader) {
  const YamlNode* problem = reader.part(file, "problem");
  if (problem == nullptr) return {};
  TimeloopProblem result = ProblemReader(reader).read(*problem);
  if (!reader.diagnostics.empty()) return result;
  for (const std::string& sentence : check(result.problem)) reader.error(*problem, sentence);
  return result;
}

}  // namespace sluice
