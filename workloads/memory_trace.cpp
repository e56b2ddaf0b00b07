// SPDX-License-Identifier: Apache-2.0
#include "workloads/memory_trace.hpp"

#include <charconv>
#include <filesystem>
#include <random>

#include "base/files.hpp"
#include "base/read.hpp"
#include "base/text_lines.hpp"

namespace sluice {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20;

/// Draws that are the same with every standard library, unlike the distributions of <random>.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : bits_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return bits_() % bound; }
  bool chance(double share) { return static_cast<double>(bits_() >> 11) * 0x1p-53 < share; }

 private:
  std::mt19937_64 bits_;
};

/// The number that all of `text` is, in decimal or with 0x.
bool parse_number(std::string_view text, std::uint64_t& value) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

/// The first word of `rest`, which loses it; a part of it.
std::string_view take_word(std::string_view& rest) {
  rest = stripped(rest);
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

/// Reads one line into `request`; reports what is wrong with it.
void read_request(const TextLines& lines, std::size_t line, MemoryRequest& request,
                  Diagnostics& diagnostics) {
  std::string_view rest = lines[line];
  std::string_view clock = take_word(rest);
  if (clock.ends_with(':')) clock.remove_suffix(1);
  const std::string_view kind = take_word(rest), address = take_word(rest);
  const std::uint64_t before = request.arrival;
  const auto wrong = [&](std::string_view part, const std::string& what) {
    diagnostics.error(lines.place(line, part), what,
                      "a line is `clock: read|write address`, such as `12: read 0x40`");
  };
  if (address.empty() || !stripped(rest).empty())
    return wrong(lines[line], "this is no request of a trace");
  if (!parse_number(clock, request.arrival))
    return wrong(clock, quote(std::string(clock)) + " is no clock");
  if (request.arrival < before)
    return wrong(clock, "clock " + std::to_string(request.arrival) + " is before " +
                            std::to_string(before) + " of the request above");
  if (kind != "read" && kind != "write")
    return wrong(kind, quote(std::string(kind)) + " is neither read nor write");
  request.write = kind == "write";
  if (!parse_number(address, request.address))
    return wrong(address, quote(std::string(address)) + " is no address");
}

}  // namespace

std::vector<MemoryRequest> draw(const MemoryTrace& trace) {
  Draws draws(trace.seed);
  std::vector<MemoryRequest> requests;
  requests.reserve(trace.requests);
  std::uint64_t next = 0;  // address of the stream
  bool streams = trace.pattern == TracePattern::stream;
  const std::uint64_t bursts = std::max<std::uint64_t>(1, trace.span.value / trace.burst.value);
  for (std::uint64_t i = 0; i < trace.requests; ++i) {
    if (trace.pattern == TracePattern::mixed && i % trace.run == 0)
      streams = draws.chance(trace.stream_share);
    MemoryRequest request;
    request.arrival = i * trace.interval;
    request.address = streams ? next : draws.below(bursts) * trace.burst.value;
    if (streams) next += trace.burst.value;
    request.write = trace.write_share > 0 && draws.chance(trace.write_share);
    requests.push_back(request);
  }
  return requests;
}

std::vector<MemoryRequest> read_trace(const std::string& path) {
  const std::string text = read_file(path, most_bytes);
  const TextLines lines(text, path, most_bytes);
  Diagnostics diagnostics;
  std::vector<MemoryRequest> requests;
  MemoryRequest request;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    if (stripped(lines[line]).empty() || stripped(lines[line]).starts_with('#')) continue;
    read_request(lines, line, request, diagnostics);
    requests.push_back(request);
  }
  if (requests.empty()) diagnostics.error({.path = path}, "this trace has no request");
  diagnostics.throw_if_any();
  return requests;
}

MemoryTrace read_memory_trace(const YamlNode& node, Diagnostics& diagnostics) {
  MemoryTrace trace;
  read_value(node, trace, FieldInfo{.name = "trace"}, diagnostics);
  if (trace.file.empty() || !node.is_map()) return trace;
  for (const YamlNode::Entry& entry : node.entries)
    if (entry.key != "file")
      diagnostics.error(entry.key_where, quote(entry.key) + " has no effect on a trace of a file",
                        "remove it, or 'file'");
  const std::filesystem::path beside =
      std::filesystem::path(node.find("file")->where.path).parent_path() / trace.file;
  trace.file = beside.string();
  return trace;
}

}  // namespace sluice
