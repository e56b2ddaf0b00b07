// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/map_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace sluice {
namespace {

std::vector<MapWord> words_of(const std::string& line) {
  std::vector<MapWord> words;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    if (line[at] == '#') break;
    std::size_t end = at + 1;
    if (line[at] != ',')
      while (end < line.size() &&
             std::string_view(" \t,").find(line[end]) == std::string_view::npos)
        ++end;
    words.push_back({line.substr(at, end - at), at});
    at = end;
  }
  return words;
}

std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads one line word by word.
class LineReader {
 public:
  LineReader(const MapLine& line, Diagnostics& diagnostics)
      : line_(line), words_(words_of(line.text)), diagnostics_(diagnostics) {}

  std::optional<MapStatement> read() {
    MapStatement statement;
    statement.line = &line_;
    bool understood = false;
    if (take("keep"))
      understood = keep(statement);
    else if (take("for"))
      understood = loop(statement);
    else if (take("spread"))
      understood = spread(statement);
    else if (take("compute"))
      understood = compute(statement);
    else
      fail("a line begins with keep, for, spread or compute",
           suggestion(words_.front().text, {"keep", "for", "spread", "compute"}));
    if (understood && at_ < words_.size()) understood = fail("nothing more is expected here");
    if (!understood) return std::nullopt;
    return statement;
  }

 private:
  bool take(std::string_view word) {
    if (at_ == words_.size() || words_[at_].text != word) return false;
    ++at_;
    return true;
  }

  bool fail(std::string message, std::string hint = {}) {
    const std::size_t offset = at_ < words_.size() ? words_[at_].offset : line_.text.size();
    if (at_ < words_.size()) message = fmt::format("{}: {}", quote(words_[at_].text), message);
    diagnostics_.error(place_in(line_, offset), std::move(message), std::move(hint));
    return false;
  }

  bool name(MapWord& word, std::string_view what) {
    if (at_ == words_.size() || words_[at_].text == ",")
      return fail(fmt::format("{} is expected here", what));
    word = words_[at_++];
    return true;
  }

  bool number(std::uint64_t& value, std::string_view what) {
    const auto read = at_ < words_.size() ? number_of(words_[at_].text) : std::nullopt;
    if (!read || *read == 0) return fail(fmt::format("{} is expected here, a number from 1", what));
    value = *read;
    ++at_;
    return true;
  }

  bool keep(MapStatement& statement) {
    statement.kind = MapStatement::Kind::keep;
    if (!take("nothing")) do {
        if (!name(statement.names.emplace_back(), "a tensor")) return false;
      } while (take(","));
    if (!take("in")) return fail("'in' and a level are expected here");
    if (!name(statement.place, "a level")) return false;
    statement.twice = take("twice");
    return true;
  }

  /// `RANK [in 0..N] [step T]`
  bool span(MapStatement& statement) {
    if (!name(statement.names.emplace_back(), "a rank")) return false;
    if (take("in")) {
      statement.extent_offset = at_ < words_.size() ? words_[at_].offset : 0;
      const std::string range = at_ < words_.size() ? words_[at_].text : "";
      statement.extent = range.starts_with("0..") ? number_of(range.substr(3)) : std::nullopt;
      if (!statement.extent) return fail("a range such as 0..64 is expected here");
      ++at_;
    }
    return !take("step") || number(statement.number, "the step");
  }

  bool loop(MapStatement& statement) {
    statement.kind = MapStatement::Kind::loop;
    return span(statement);
  }

  bool spread(MapStatement& statement) {
    statement.kind = MapStatement::Kind::spread;
    if (!span(statement)) return false;
    if (!take("over")) return fail("'over' and a fan-out such as GB.X are expected here");
    return name(statement.place, "a fan-out such as GB.X");
  }

  bool compute(MapStatement& statement) {
    statement.kind = MapStatement::Kind::compute;
    if (!name(statement.names.emplace_back(), "an Einsum")) return false;
    if (take("on") && !name(statement.place, "a compute unit")) return false;
    if (!take("in")) return true;
    if (!number(statement.number, "the cycles of a point")) return false;
    return take("cycles") || take("cycle") || fail("'cycles' is expected here");
  }

  const MapLine& line_;
  std::vector<MapWord> words_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
};

/// Nests lines by their indentation.
class BlockReader {
 public:
  BlockReader(const std::vector<MapLine>& lines, Diagnostics& diagnostics)
      : lines_(lines), diagnostics_(diagnostics) {}

  std::vector<MapStatement> read() {
    return lines_.empty() ? std::vector<MapStatement>{} : block(lines_.front().indentation);
  }

 private:
  std::vector<MapStatement> block(std::size_t indentation) {
    std::vector<MapStatement> statements;
    while (at_ < lines_.size() && lines_[at_].indentation >= indentation) {
      const MapLine& line = lines_[at_];
      if (line.indentation > indentation) {  // only after a line that was not understood
        if (statements.empty() || statements.back().kind == MapStatement::Kind::compute)
          diagnostics_.error(line.where, "this line is indented below nothing that holds it");
        std::vector<MapStatement> below = block(line.indentation);
        if (!statements.empty())
          std::ranges::move(below, std::back_inserter(statements.back().inside));
        continue;
      }
      ++at_;
      if (auto statement = LineReader(line, diagnostics_).read()) {
        statements.push_back(std::move(*statement));
      } else if (at_ < lines_.size() && lines_[at_].indentation > indentation) {
        std::vector<MapStatement> below = block(lines_[at_].indentation);
        std::ranges::move(below, std::back_inserter(statements));
      }
    }
    if (at_ < lines_.size() && !statements.empty() && lines_[at_].indentation < indentation &&
        indentation == lines_.front().indentation)
      diagnostics_.error(lines_[at_].where, "this line is indented less than the first");
    return statements;
  }

  const std::vector<MapLine>& lines_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
};

}  // namespace

Location place_in(const MapLine& line, std::size_t offset) {
  Location where = line.where;
  where.column += static_cast<std::uint32_t>(offset);
  return where;
}

std::vector<MapLine> map_lines(const std::string& text, const Location& where) {
  std::vector<MapLine> lines;
  std::uint32_t number = 0;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#') continue;
    MapLine next{first, line.substr(first), where};
    next.where.line += number;
    next.where.column = where.column + static_cast<std::uint32_t>(first);
    lines.push_back(std::move(next));
  }
  return lines;
}

std::vector<MapStatement> read_statements(const std::vector<MapLine>& lines,
                                          Diagnostics& diagnostics) {
  return BlockReader(lines, diagnostics).read();
}

}  // namespace sluice
