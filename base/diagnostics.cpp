// SPDX-License-Identifier: Apache-2.0
#include "base/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/utf8.hpp"

namespace sluice {
namespace {

constexpr std::size_t shown_width = 100;  // characters of a source line; longer ones are clipped
constexpr std::size_t shown_before = 60;  // of these, before the caret
constexpr std::size_t shown_value = 60;
constexpr std::size_t shown_diagnostics = 100;

// Characters of `text` as slices, malformed bytes one by one.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> result;
  for (std::size_t i = 0; i < text.size(); i += result.back().size())
    result.push_back(text.substr(i, std::max<std::size_t>(1, utf8_length(text, i))));
  return result;
}

// The source line and, below, a caret under `column` (which counts from the start of `line`).
std::string line_with_caret(std::string_view line, std::size_t column, bool cut_before) {
  const std::string clean = printable(line);
  const auto chars = characters(clean);
  const std::size_t caret = std::min(column - 1, chars.size());
  std::size_t begin = 0;
  if (chars.size() > shown_width && caret > shown_before)
    begin = std::min(caret - shown_before, chars.size() - shown_width);
  const std::size_t end = std::min(chars.size(), begin + shown_width);
  const std::string_view lead = begin > 0 || cut_before ? "..." : "";
  std::string text = fmt::format("\n  {}", lead);
  std::string below = fmt::format("\n  {}", std::string(lead.size(), ' '));
  for (std::size_t i = begin; i < end; ++i) text += chars[i];
  for (std::size_t i = begin; i < caret; ++i) below += chars[i] == "\t" ? '\t' : ' ';
  if (end < chars.size()) text += "...";
  return text + below + '^';
}

std::string place(const Location& where) {
  if (where.line == 0) return where.path;
  if (where.column == 0) return fmt::format("{}:{}", where.path, where.line);
  return fmt::format("{}:{}:{}", where.path, where.line, where.column);
}

std::string all_texts(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  const std::size_t shown = std::min(diagnostics.size(), shown_diagnostics);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += '\n';
    text += to_text(diagnostics[i]);
  }
  if (shown < diagnostics.size())
    text += fmt::format("\n... and {} more errors", diagnostics.size() - shown);
  return text;
}

// For comparison: case and the choice between '-' and '_' do not matter.
std::string folded(std::string_view word) {
  std::string result(word);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return result;
}

// Damerau's edit distance in its optimal-string-alignment form: insertions, deletions,
// replacements, and swaps of neighbours (F. Damerau, CACM 7(3), 1964).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// The only candidate that begins with `word`, or "".
std::string only_completion(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() < 3) return {};
  std::string found;
  for (const std::string& candidate : candidates) {
    if (!folded(candidate).starts_with(word)) continue;
    if (!found.empty()) return {};
    found = candidate;
  }
  return found;
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  const Location& where = diagnostic.where;
  std::string text = fmt::format("{}: error: {}", place(where), diagnostic.message);
  if (!where.line_text.empty() && where.column >= where.line_text_column)
    text += line_with_caret(where.line_text, where.column - where.line_text_column + 1,
                            where.line_text_column > 1);
  if (!diagnostic.hint.empty()) text += "\nhint: " + diagnostic.hint;
  return text;
}

SpecError::SpecError(std::vector<Diagnostic> diagnostics)
    : diagnostics_(std::move(diagnostics)), text_(all_texts(diagnostics_)) {}

void Diagnostics::error(Location where, std::string message, std::string hint) {
  list_.push_back({std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::throw_if_any() const {
  if (list_.empty()) return;
  std::vector<Diagnostic> sorted = list_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.where.path, a.where.line, a.where.column) <
           std::tie(b.where.path, b.where.line, b.where.column);
  });
  throw SpecError(std::move(sorted));
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 64;  // a longer word is no misspelling, and would cost time
  if (word.empty() || word.size() > longest) return {};
  const std::string wanted = folded(word);
  std::size_t best = longest;
  std::string found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    const bool near = 3 * distance <= std::max(word.size(), candidate.size());
    if (!near || distance >= best) continue;
    best = distance;
    found = candidate;
  }
  return found.empty() ? only_completion(wanted, candidates) : found;
}

std::string quote(std::string_view value) {
  const std::string clean = printable(value.substr(0, 4 * shown_value + 4));
  const auto chars = characters(clean);
  if (chars.size() <= shown_value) return fmt::format("'{}'", clean);
  std::string text = "'";
  for (std::size_t i = 0; i < shown_value; ++i) text += chars[i];
  return text + "...'";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t listed = 20;
  if (const std::string near = nearest(word, candidates); !near.empty())
    return fmt::format("did you mean '{}'?", near);
  if (candidates.empty()) return {};
  std::string text = "known: " + candidates.front();
  for (std::size_t i = 1; i < std::min(candidates.size(), listed); ++i)
    text += ", " + candidates[i];
  if (candidates.size() > listed) text += fmt::format(", ... ({} in all)", candidates.size());
  return text;
}

}  // namespace sluice
