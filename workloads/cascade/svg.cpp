// SPDX-License-Identifier: Apache-2.0
// The graph of a cascade as a drawing. Inputs and Einsums stand below each other in the order of
// the file; a tensor is a line in a lane of its own beside them, from what makes it down to its
// last reader; what an iterative rank carries runs dashed on the other side.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/operations.hpp"

namespace sluice {
namespace {

constexpr int letter = 8;  ///< width of a letter of the text, and a little more than fonts need
constexpr int line_height = 17, margin = 20, gap = 14, port_step = 9, lane_step = 14;
constexpr std::size_t widest = 96;  ///< letters of a line

// Dark enough to read on white (contrast above 4.5).
constexpr std::array<std::string_view, 8> colours = {"#1f5fa8", "#a33a0b", "#20713b", "#7a2f8f",
                                                     "#8a5a00", "#0b6f77", "#b01c4f", "#4a4a4a"};

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text)
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

/// Lines of at most `widest` letters, broken at blanks.
std::vector<std::string> wrapped(std::string text) {
  std::vector<std::string> lines;
  while (text.size() > widest) {
    std::size_t at = text.rfind(' ', widest);
    if (at == std::string::npos || at < widest / 2) at = widest;
    lines.push_back(text.substr(0, at));
    text = "    " + text.substr(text[at] == ' ' ? at + 1 : at);
  }
  lines.push_back(std::move(text));
  return lines;
}

/// An input or an Einsum.
struct Box {
  std::vector<std::string> lines;
  std::string note;  ///< below, in small letters
  std::string_view style;
  int top = 0, height = 0;
  int ports = 0;  ///< lines that arrive
};

/// A tensor, from the box that makes it to those that read it.
struct Wire {
  std::string name;
  std::size_t from = 0;
  std::vector<std::size_t> to;
  bool carried = false;
  std::size_t lane = 0;
};

class Drawing {
 public:
  Drawing(const Cascade& cascade, const CascadeFacts& facts) : cascade_(cascade), facts_(facts) {
    add_boxes();
    add_wires();
    assign_lanes(false);
    assign_lanes(true);
    place();
  }

  std::string text() {
    std::string body;
    for (const Box& box : boxes_) body += box_text(box);
    std::vector<int> arrived(boxes_.size(), 0);
    for (const Wire& wire : wires_) body += wire_text(wire, arrived);
    std::vector<std::string> ranks;
    for (const CascadeRank& rank : cascade_.ranks)
      ranks.push_back(
          fmt::format("{}={}{}", rank.name, rank.size, rank.iterative ? " (iterative)" : ""));
    const std::string title =
        cascade_.name + (cascade_.summary.empty() ? "" : ": " + cascade_.summary);
    std::string head =
        fmt::format("<text x=\"{}\" y=\"24\" class=\"title\">{}</text>\n", margin, escaped(title));
    int y = 44;
    for (const std::string& line : wrapped(fmt::format("ranks: {}", fmt::join(ranks, ", ")))) {
      head += fmt::format("<text x=\"{}\" y=\"{}\" class=\"note\">{}</text>\n", margin, y,
                          escaped(line));
      y += line_height;
    }
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\">\n{2}<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
        "{3}{4}</svg>\n",
        std::max(width_, 2 * margin + static_cast<int>(title.size()) * letter), height_, style,
        head, body);
  }

 private:
  static constexpr std::string_view style =
      R"(<style>
text { font: 13px "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; fill: #111; }
.title { font-weight: bold; }
.note { font-size: 11px; fill: #555; }
.label { font-size: 11px; paint-order: stroke; stroke: white; stroke-width: 3px; }
.einsum { fill: #f4f6f9; stroke: #5b6b80; }
.input { fill: #e3f0e6; stroke: #20713b; }
.output { fill: #fdeecf; stroke: #8a5a00; stroke-width: 2; }
path { fill: none; stroke-width: 1.3; }
.carried { stroke-dasharray: 5 3; }
</style>
)";

  std::string note_of(std::size_t i) const {
    const EinsumFacts& facts = facts_.einsums[i];
    std::string note = fmt::format("{} point{}", facts.points, facts.points == 1 ? "" : "s");
    if (!facts.exact) note = "at most " + note;
    for (const auto& [kind, count] : facts.operations)
      note += fmt::format(", {} {}", count, operation_word(kind));
    for (const PassFacts& passes : facts_.passes)
      if (passes.passes > 1 && passes.stages[i] > 0)
        note += fmt::format(", pass {} over {}", passes.stages[i], passes.family.name);
    return note;
  }

  /// Each input before the first Einsum that reads it.
  void add_boxes() {
    for (std::size_t i = 0; i < cascade_.einsums.size(); ++i) {
      for (const TensorAccess* read : reads_of(cascade_.einsums[i])) {
        const CascadeTensor& tensor = *cascade_.find_tensor(read->tensor);
        if (tensor.kind != CascadeTensor::Kind::input || inputs_.contains(tensor.name)) continue;
        inputs_[tensor.name] = boxes_.size();
        std::vector<std::string> sizes;
        for (const TensorDimension& d : tensor.dimensions)
          sizes.push_back(d.rank.empty() ? fmt::format("{}", d.size)
                                         : fmt::format("{}={}", d.rank, d.size));
        boxes_.push_back({{fmt::format("{}[{}]", tensor.name, fmt::join(sizes, ", "))},
                          fmt::format("input, {} elements", tensor.elements()),
                          "input"});
      }
      einsums_.push_back(boxes_.size());
      const Einsum& einsum = cascade_.einsums[i];
      const bool output =
          cascade_.find_tensor(einsum.output.tensor)->kind == CascadeTensor::Kind::output;
      boxes_.push_back({wrapped(to_text(einsum)), note_of(i), output ? "output" : "einsum"});
    }
  }

  Wire& wire_from(const std::string& name, std::size_t from, bool carried) {
    for (Wire& wire : wires_)
      if (wire.name == name && wire.from == from && wire.carried == carried) return wire;
    return wires_.emplace_back(Wire{name, from, {}, carried});
  }
  void add_wires() {
    for (std::size_t i = 0; i < cascade_.einsums.size(); ++i)
      for (const TensorAccess* read : reads_of(cascade_.einsums[i]))
        if (const auto input = inputs_.find(read->tensor); input != inputs_.end())
          connect(wire_from(read->tensor, input->second, false), einsums_[i]);
    for (const CascadeEdge& edge : edges_of(cascade_)) {
      const std::string name = edge.tensor + carried_text(edge);
      connect(wire_from(name, einsums_[edge.writer], edge.carried()), einsums_[edge.reader]);
    }
    std::ranges::stable_sort(wires_, {}, &Wire::from);
  }
  void connect(Wire& wire, std::size_t box) {
    if (std::ranges::find(wire.to, box) != wire.to.end()) return;
    wire.to.push_back(box);
    boxes_[box].ports += wire.carried ? 0 : 1;
  }

  static std::size_t first_of(const Wire& wire) {
    return std::min(wire.from, *std::ranges::min_element(wire.to));
  }
  static std::size_t last_of(const Wire& wire) {
    return std::max(wire.from, *std::ranges::max_element(wire.to));
  }

  /// Wires that run beside the same box get different lanes.
  void assign_lanes(bool carried) {
    std::vector<std::size_t> free_from;  // the first box beside which a lane is free again
    std::vector<Wire*> order;
    for (Wire& wire : wires_)
      if (wire.carried == carried) order.push_back(&wire);
    std::ranges::stable_sort(order, {}, [](const Wire* wire) { return first_of(*wire); });
    for (Wire* wire : order) {
      wire->lane = 0;
      while (wire->lane < free_from.size() && free_from[wire->lane] > first_of(*wire)) ++wire->lane;
      if (wire->lane == free_from.size()) free_from.push_back(0);
      free_from[wire->lane] = last_of(*wire) + 1;
    }
    (carried ? left_lanes_ : right_lanes_) = static_cast<int>(free_from.size());
  }

  void place() {
    std::size_t letters = 0;
    int labels = 0, left_labels = 0;
    for (const Box& box : boxes_) {
      for (const std::string& line : box.lines) letters = std::max(letters, line.size());
      letters = std::max(letters, box.note.size() * 7 / 8);
    }
    for (const Wire& wire : wires_)
      (wire.carried ? left_labels : labels) =
          std::max(wire.carried ? left_labels : labels, static_cast<int>(wire.name.size()) * 7);
    left_ = margin + left_lanes_ * lane_step + (left_lanes_ > 0 ? left_labels + gap : 0);
    box_width_ = static_cast<int>(letters) * letter + 2 * 10;
    right_ = left_ + box_width_;
    lanes_ = right_ + labels + 2 * gap;
    width_ = lanes_ + right_lanes_ * lane_step + margin;
    int y = 60 + line_height * static_cast<int>(cascade_.ranks.size() / 6);
    for (Box& box : boxes_) {
      box.top = y;
      box.height = std::max(static_cast<int>(box.lines.size() + 1) * line_height + 8,
                            20 + box.ports * port_step + 6);
      y += box.height + gap;
    }
    height_ = y + margin;
  }

  std::string box_text(const Box& box) const {
    std::string text = fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" class=\"{}\"/>\n", left_,
        box.top, box_width_, box.height, box.style == "input" ? 12 : 3, box.style);
    int y = box.top + line_height;
    for (const std::string& line : box.lines) {
      text += fmt::format("<text x=\"{}\" y=\"{}\" xml:space=\"preserve\">{}</text>\n", left_ + 10,
                          y, escaped(line));
      y += line_height;
    }
    return text + fmt::format("<text x=\"{}\" y=\"{}\" class=\"note\">{}</text>\n", left_ + 10, y,
                              escaped(box.note));
  }

  std::string wire_text(const Wire& wire, std::vector<int>& arrived) const {
    const std::string_view colour = colours[wire.lane % colours.size()];
    const int direction = wire.carried ? -1 : 1;
    const int side = wire.carried ? left_ : right_;
    const int lane =
        (wire.carried ? left_ - gap : lanes_) + direction * static_cast<int>(wire.lane) * lane_step;
    const int out = boxes_[wire.from].top + (wire.carried ? boxes_[wire.from].height - 8 : 10);
    std::string text;
    for (const std::size_t to : wire.to) {
      const int in =
          wire.carried ? boxes_[to].top + 10 : boxes_[to].top + 20 + port_step * arrived[to]++;
      text += fmt::format(
          "<path d=\"M{} {}H{}V{}H{}\" stroke=\"{}\"{}/>\n"
          "<path d=\"M{} {}l{} -4v8z\" style=\"fill:{}\" stroke=\"none\"/>\n",
          side, out, lane, in, side + direction * 6, colour,
          wire.carried ? " class=\"carried\"" : "", side, in, direction * 7, colour);
    }
    const int at = wire.carried ? margin : side + 8;
    return text +
           fmt::format("<text x=\"{}\" y=\"{}\" class=\"label\" style=\"fill:{}\">{}</text>\n", at,
                       out - 6, colour, escaped(wire.name));
  }

  const Cascade& cascade_;
  const CascadeFacts& facts_;
  std::vector<Box> boxes_;
  std::vector<std::size_t> einsums_;           ///< the box of each
  std::map<std::string, std::size_t> inputs_;  ///< the box of each
  std::vector<Wire> wires_;
  int left_lanes_ = 0, right_lanes_ = 0;
  int left_ = 0, right_ = 0, lanes_ = 0, box_width_ = 0, width_ = 0, height_ = 0;
};

}  // namespace

std::string to_svg(const Cascade& cascade, const CascadeFacts& facts) {
  return Drawing(cascade, facts).text();
}

}  // namespace sluice
