// SPDX-License-Identifier: Apache-2.0
#include "dse/comparison/truth.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "base/files.hpp"
#include "dse/evaluator.hpp"
#include "dse/front.hpp"
#include "dse/metrics.hpp"
#include "sim/version.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t no_row = ~std::uint32_t{0};
constexpr std::size_t block = 4096;  ///< designs that are evaluated at once
constexpr std::size_t largest_file = std::size_t{4} << 30;

template <class T>
void append(std::string& text, const std::vector<T>& values) {
  if (!values.empty())
    text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

/// Takes `count` values off `text`; false when there are fewer.
template <class T>
bool take(std::string_view& text, std::size_t count, std::vector<T>& values) {
  if (text.size() / sizeof(T) < count) return false;
  values.resize(count);
  if (count > 0) std::memcpy(values.data(), text.data(), count * sizeof(T));
  text.remove_prefix(count * sizeof(T));
  return true;
}

}  // namespace

Truth::Truth(const Sweep& sweep) : sweep_(sweep), index_(sweep.space), first_{0} {
  const std::optional<std::uint64_t> count = index_.count();
  if (!count || *count > most_enumerated)
    throw SpecError({{{.path = sweep.name},
                      fmt::format("a space of {:.4g} designs is not enumerated, at most {} are",
                                  index_.size(), most_enumerated),
                      "use a smaller space"}});
  std::uint32_t rows = 0;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const bool allowed = broken_constraint(sweep.space, index_.point(i)).empty();
    row_.push_back(allowed ? rows++ : no_row);
  }
}

std::optional<Truth> Truth::enumerate(const Sweep& sweep, const Library& library,
                                      const Progress& progress) {
  Truth truth(sweep);
  std::vector<Point> points;
  for (std::uint64_t i = 0; i < truth.row_.size(); ++i) {
    if (truth.row_[i] != no_row) points.push_back(truth.index_.point(i));
    if (points.size() < block && i + 1 < truth.row_.size()) continue;
    Evaluator evaluator(sweep, library);
    for (const Result& result : evaluator.evaluate(points)) truth.add(result);
    points.clear();
    if (!progress(i + 1, truth.row_.size())) return std::nullopt;
  }
  truth.find_front();
  return truth;
}

void Truth::add(const Result& result) {
  status_.push_back(static_cast<std::uint8_t>(result.status));
  for (std::size_t m = 0; m < metrics().size(); ++m)
    metrics_.push_back(m < result.metrics.size() ? result.metrics[m] : std::nan(""));
  for (const Stall& stall : result.stalls) {
    auto name = std::ranges::find(cause_names_, stall.cause);
    if (name == cause_names_.end()) name = cause_names_.insert(name, stall.cause);
    causes_.push_back(static_cast<std::uint8_t>(name - cause_names_.begin()));
    cycles_.push_back(stall.cycles);
  }
  SLUICE_ASSERT(cause_names_.size() < 256, "there are fewer than 256 causes of stalls");
  first_.push_back(causes_.size());
}

Result Truth::result(const Point& point) const {
  const std::uint32_t row = row_[index_.index(point)];
  SLUICE_ASSERT(row != no_row, "the design keeps the constraints");
  Result result;
  result.status = static_cast<TrialStatus>(status_[row]);
  const auto begin = metrics_.begin() + static_cast<std::ptrdiff_t>(row * metrics().size());
  if (!std::isnan(*begin))  // cycles are a number wherever there is any
    result.metrics.assign(begin, begin + static_cast<std::ptrdiff_t>(metrics().size()));
  for (std::uint64_t s = first_[row]; s < first_[row + 1]; ++s)
    result.stalls.push_back({cause_names_[causes_[s]], cycles_[s]});
  return result;
}

std::uint64_t Truth::feasible() const {
  constexpr auto ok = static_cast<std::uint8_t>(TrialStatus::ok);
  return static_cast<std::uint64_t>(std::ranges::count(status_, ok));
}

/// In blocks, so that no more than the front is compared with all.
void Truth::find_front() {
  front_.clear();
  std::vector<Trial> together;
  for (std::uint64_t i = 0; i < row_.size(); ++i) {
    if (row_[i] != no_row) together.push_back({i, 0, index_.point(i), result(index_.point(i))});
    if (together.size() < 2 * block && i + 1 < row_.size()) continue;
    std::vector<Trial> kept;
    for (const std::size_t member : front_of(sweep_.objectives, together))
      kept.push_back(std::move(together[member]));
    together = std::move(kept);
  }
  front_ = std::move(together);
}

std::string Truth::header() const {
  return fmt::format("sluice truth 1 {} {:016x} {}\n", version(), hash_of(sweep_), designs());
}

void Truth::save(const std::string& path) const {
  std::string text = header();
  text += fmt::format("{} {}\n", fmt::join(cause_names_, " "), causes_.size());
  append(text, status_);
  append(text, metrics_);
  append(text, first_);
  append(text, causes_);
  append(text, cycles_);
  write_file_atomic(path, text);
}

/// Why a file that begins with this line is not of this sweep and version, or "".
std::string Truth::stale_header(std::string_view line) const {
  const std::string own = header();
  if (line == std::string_view(own).substr(0, own.size() - 1)) return {};
  constexpr std::string_view begin = "sluice truth 1 ";
  if (!line.starts_with(begin)) return "it is no file of designs";
  line.remove_prefix(begin.size());
  const std::string_view its_version = line.substr(0, line.find(' '));
  if (its_version != version())
    return fmt::format("it is of sluice {}, this is {}", its_version, version());
  return "it is of another space, experiment, objectives or fidelity";
}

/// Reads what follows the header; false when it is damaged.
bool Truth::read_body(std::string_view text) {
  const std::size_t line = text.find('\n');
  if (line == text.npos) return false;
  std::string_view names = text.substr(0, line);
  text.remove_prefix(line + 1);
  for (std::size_t blank = names.find(' '); blank != names.npos; blank = names.find(' ')) {
    cause_names_.emplace_back(names.substr(0, blank));
    names.remove_prefix(blank + 1);
  }
  const std::size_t rows = status_.size();
  const std::size_t stalls = std::strtoull(std::string(names).c_str(), nullptr, 10);
  return take(text, rows, status_) && take(text, rows * metrics().size(), metrics_) &&
         take(text, rows + 1, first_) && take(text, stalls, causes_) &&
         take(text, stalls, cycles_) && text.empty();
}

/// The first of some designs, spread evenly, that comes out otherwise now, in words, or "".
std::string Truth::changed_design(const Library& library) const {
  std::vector<Point> points;
  const std::uint64_t step = std::max<std::uint64_t>(1, row_.size() / most_probed);
  for (std::uint64_t i = 0; i < row_.size(); i += step)
    if (row_[i] != no_row) points.push_back(index_.point(i));
  const std::vector<Result> now = Evaluator(sweep_, library).evaluate(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Result then = result(points[i]);
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    if (then.status == now[i].status && then.stalls == now[i].stalls &&
        std::ranges::equal(then.metrics, now[i].metrics, same))
      continue;
    return fmt::format("the models have changed: another result for {}",
                       to_text(sweep_.space, points[i]));
  }
  return {};
}

KeptTruth Truth::load(const Sweep& sweep, const Library& library, const std::string& path) {
  const auto read = try_read_file(path, largest_file);
  if (!std::holds_alternative<std::string>(read)) return {};
  const std::string_view text = std::get<std::string>(read);
  Truth truth(sweep);
  truth.status_.resize(static_cast<std::size_t>(
      std::ranges::count_if(truth.row_, [](std::uint32_t row) { return row != no_row; })));
  const std::size_t line = std::min(text.find('\n'), text.size());
  if (std::string stale = truth.stale_header(text.substr(0, line)); !stale.empty())
    return {std::nullopt, std::move(stale)};
  if (line == text.size() || !truth.read_body(text.substr(line + 1)))
    return {std::nullopt, "it is damaged"};
  if (std::string stale = truth.changed_design(library); !stale.empty())
    return {std::nullopt, std::move(stale)};
  truth.find_front();
  return {std::move(truth), {}};
}

}  // namespace sluice
