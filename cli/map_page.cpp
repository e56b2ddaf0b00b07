// SPDX-License-Identifier: Apache-2.0
#include "cli/map_page.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/files.hpp"
#include "base/html.hpp"
#include "sim/report/human.hpp"

extern "C" {
extern const char sluice_map_js[];
extern const std::uint64_t sluice_map_js_size;
}

namespace sluice {
namespace {

using Json = nlohmann::json;

// ---- the nest

struct Line {
  std::size_t depth = 0;
  std::string_view text;
  std::string_view word() const { return text.substr(0, text.find(' ')); }
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const std::size_t depth = line.find_first_not_of(' ');
    if (depth != std::string_view::npos) lines.push_back({depth, line.substr(depth)});
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return lines;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const char* begin = text.data() + at + mark.size();
  if (std::from_chars(begin, text.data() + text.size(), value).ec != std::errc{})
    return std::nullopt;
  return value;
}

/// How often `for r in 0..extent step tile` runs.
std::string times_html(const Line& line) {
  const auto extent = number_after(line.text, " in 0..");
  const std::uint64_t tile = number_after(line.text, " step ").value_or(1);
  if (!extent || tile == 0) return {};
  const std::uint64_t count = (*extent + tile - 1) / tile;
  return fmt::format("<span class=\"times\">{} {}</span>", grouped(count),
                     line.word() == "spread" ? "side by side"
                     : count == 1            ? "time"
                                             : "times");
}

std::string line_html(const Line& line, std::string_view kind) {
  const std::string_view word = line.word();
  const bool is_word = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == word.npos;
  return fmt::format("<div class=\"line{}\">{}{}{}</div>", kind,
                     is_word ? fmt::format("<b>{}</b>", word) : html_text(word),
                     html_text(line.text.substr(word.size())), times_html(line));
}

/// The lines from `at` on that stand deeper than `outside`, as boxes; moves `at` behind them.
std::string block_html(const std::vector<Line>& lines, std::size_t& at, std::size_t outside) {
  std::string html;
  while (at < lines.size() && lines[at].depth + 1 > outside) {
    const Line& line = lines[at++];
    const std::string inner = block_html(lines, at, line.depth + 1);
    const std::string_view word = line.word();
    const bool loop = word == "for", spread = word == "spread", keep = word == "keep";
    if (!loop && !spread && inner.empty()) {
      html += line_html(line, keep ? " keep" : " do");
    } else {
      html += fmt::format("<div class=\"{}\">{}{}</div>",
                          loop     ? "loop"
                          : spread ? "spread"
                                   : "scope",
                          line_html(line, ""), inner);
    }
  }
  return html;
}

// ---- the parts of pages

std::string figure(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, html_text(value));
}

std::string head(const std::string& title, const std::string& note, const Json& json) {
  std::string html = fmt::format("<h1>{}</h1>\n<p class=\"soft\">{}</p>\n<dl class=\"figures\">\n",
                                 html_text(title), html_text(note));
  html += figure("cycles", grouped(json["cycles"].get<std::uint64_t>()));
  html += figure("utilization", percent(json["utilization"].get<double>()));
  if (const double energy = json["energy_pj"].get<double>(); energy > 0)
    html += figure("energy", rounded(energy * 1e-12, "J"));
  return html + "</dl>\n";
}

std::string as_text(const std::string& text) {
  return "<section><details><summary>As text</summary><pre>" + html_text(text) +
         "</pre></details></section>\n";
}

constexpr std::string_view legend =
    "<div class=\"legend\"><span>a loop in time</span>"
    "<span style=\"border-left:5px double var(--s4)\">in space, side by side</span>"
    "<span style=\"border-color:var(--s3)\">kept from here inwards</span>"
    "<span style=\"border-color:var(--s1)\">done here</span></div>\n";

std::string text_of(const Json& value) { return value.get<std::string>(); }

HtmlTable access_table(const Json& json) {
  HtmlTable table{
      "Accesses in elements, of all instances",
      {"Einsum", "level", "tensor", "tile", "instances", "reads", "fills", "updates", "energy"},
      {},
      {3, 4, 5, 6, 7, 8},
      "accesses"};
  for (const Json& einsum : json["einsums"])
    for (const Json& access : einsum["accesses"]) {
      table.rows.push_back(
          {text_of(einsum["name"]), text_of(access["level"]), text_of(access["tensor"])});
      for (const char* key : {"tile", "instances", "reads", "fills", "updates"})
        table.rows.back().push_back(grouped(access[key].get<std::uint64_t>()));
      table.rows.back().push_back(rounded(access["energy_pj"].get<double>() * 1e-12, "J"));
    }
  return table;
}

std::string file_body(const Json& json) {
  const auto rows = static_cast<unsigned>(90 + 38 * json["levels"].size());
  return head(text_of(json["name"]), "counted as " + text_of(json["convention"]) + " does", json) +
         fmt::format("<p class=\"finding\">{}</p>\n", html_text(text_of(json["why"]))) +
         "<section><h2>The loop nest</h2>\n" + std::string(legend) +
         nest_html(text_of(json["mapping"])) + "</section>\n<div class=\"columns\">\n" +
         to_text(HtmlChart{"level_cycles", "Cycles by level",
                           "For which each is busy; the slowest bounds an Einsum.", rows}) +
         to_text(
             HtmlChart{"level_energy", "Energy by level and tensor", "Without leakage.", rows}) +
         to_text(HtmlChart{"level_reads", "Accesses by level and tensor",
                           "Elements read, filled and updated.", rows}) +
         "</div>\n<section><h2>Accesses</h2>\n" + to_text(access_table(json)) + "</section>\n";
}

std::string layer_html(const Json& layer, bool open) {
  const Json& names = layer["names"];
  std::string title = text_of(names.front());
  if (names.size() > 1) title += fmt::format(" ({} layers mapped alike)", names.size());
  std::string html = fmt::format(
      "<details{}><summary><b>{}</b> <span class=\"soft\">{} cycles, utilization "
      "{}</span></summary>\n"
      "<p class=\"finding\">{}</p>\n",
      open ? " open" : "", html_text(title), grouped(layer["cycles"].get<std::uint64_t>()),
      percent(layer["utilization"].get<double>()), html_text(text_of(layer["bottleneck"])));
  for (const Json& task : layer["tasks"])
    html += fmt::format("<p class=\"soft\">{}: {}</p>\n", html_text(text_of(task["name"])),
                        html_text(text_of(task["tiling"]))) +
            nest_html(text_of(task["loop_nest"]));
  return html + "</details>\n";
}

std::string run_body(const Json& json) {
  std::string html = head(text_of(json["network"]) + " on " + text_of(json["machine"]),
                          "mapper " + text_of(json["mapper"]) + ", fidelity analytic", json) +
                     to_text(HtmlChart{"layer_cycles", "Cycles by layers that are mapped alike",
                                       "Of one layer times how many there are.", 300}) +
                     "<section><h2>Loop nests</h2>\n" + std::string(legend);
  constexpr std::size_t open_layers = 3;
  std::size_t shown = 0;
  for (const Json& layer : json["layers"]) html += layer_html(layer, shown++ < open_layers);
  return html + "</section>\n";
}

std::string pipeline_body(const std::string& file, const Json& json) {
  std::string html =
      fmt::format("<h1>{}</h1>\n<p class=\"soft\">Software pipelines.</p>\n", html_text(file));
  const Json& layers = json["layers"];
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const Json& layer = layers[index];
    if (index > 0 && layer["operations"] == layers[index - 1]["operations"]) continue;
    html += to_text(HtmlChart{
        fmt::format("schedule{}", index), text_of(layer["name"]),
        fmt::format(
            "A tile every {} cycles, {} in flight. Which operation enters its array in each "
            "cycle of that interval: in a column, at most one for each array.",
            layer["interval"].get<std::uint64_t>(), layer["stages"].get<std::uint64_t>()),
        static_cast<unsigned>(110 + 22 * layer["operations"].size())});
    HtmlTable bounds{"No schedule is shorter than", {"what", "cycles"}, {}, {1}, ""};
    for (const Json& bound : layer["bounds"])
      bounds.rows.push_back(
          {text_of(bound["what"]), grouped(bound["cycles"].get<std::uint64_t>())});
    html += to_text(bounds);
  }
  return html;
}

}  // namespace

std::string nest_html(std::string_view text) {
  const std::vector<Line> lines = lines_of(text);
  std::size_t at = 0;
  return "<div class=\"nest\">" + block_html(lines, at, 0) + "</div>\n";
}

std::string map_page(const std::string& file, const std::string& json, const std::string& text) {
  const Json data = Json::parse(json);
  HtmlPage page;
  page.title = "Mapping of " + file_name(file);
  if (data.contains("einsums"))
    page.body = file_body(data);
  else if (data.contains("network"))
    page.body = run_body(data);
  else
    page.body = pipeline_body(file_name(file), data);
  page.body += as_text(text);
  page.data = json;
  page.script = {sluice_map_js, sluice_map_js_size};
  return to_text(page);
}

}  // namespace sluice
