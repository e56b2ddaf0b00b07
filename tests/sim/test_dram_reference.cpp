// SPDX-License-Identifier: Apache-2.0
// Bandwidth against Ramulator 2.1 (Luo et al., IEEE CAL 2023; snapshot c5b1c3a), recorded with 200
// 000 requests, 32 read and 32 write entries, FR-FCFS, open page, refresh on.
// docs/validation/dram.md shows the whole table and says what it leaves open.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/sim/dram_patterns.hpp"

using namespace sluice;
using test::Pattern;

namespace {

struct Reference {
  Pattern pattern;
  double tolerance;  ///< relative, in percent: set before the model was written
  /// Percent of peak: DDR4-2400, GDDR6-14000, LPDDR5-6400, HBM2-2000, HBM3-6400.
  double ramulator[5];
};

constexpr std::string_view presets[] = {"DDR4-2400", "GDDR6-14000", "LPDDR5-6400", "HBM2-2000",
                                        "HBM3-6400"};
constexpr Reference references[] = {
    {Pattern::read_interleaved, 8, {93.4, 84.5, 90.2, 87.1, 81.9}},
    {Pattern::read_row, 2, {74.7, 57.1, 79.2, 50.5, 42.0}},
    {Pattern::random_read, 10, {58.4, 22.9, 43.7, 30.1, 28.9}},
    {Pattern::write_interleaved, 8, {93.8, 83.8, 85.7, 86.5, 87.5}},
    {Pattern::two_reads_a_write, 15, {91.2, 74.0, 82.2, 77.8, 70.4}},
    {Pattern::three_streams, 15, {83.6, 54.9, 64.8, 52.1, 34.5}},
};

double deviation_percent(double ours, double theirs) { return 100 * (ours / theirs - 1); }

/// What lies outside its tolerance; why is in docs/validation/dram.md.
bool known_deviation(Pattern pattern, std::string_view preset) {
  if (preset == "GDDR6-14000")
    return pattern == Pattern::read_interleaved || pattern == Pattern::write_interleaved;
  return preset == "LPDDR5-6400" && pattern == Pattern::read_row;
}

}  // namespace

TEST_CASE("bandwidth agrees with Ramulator 2.1 within the tolerance of each kind of pattern") {
  for (const Reference& reference : references)
    for (std::size_t i = 0; i < std::size(presets); ++i) {
      const double ours = test::share_of_peak(reference.pattern, presets[i]);
      const double deviation = deviation_percent(ours, reference.ramulator[i]);
      CAPTURE(presets[i]);
      CAPTURE(static_cast<int>(reference.pattern));
      CAPTURE(ours);
      CAPTURE(reference.ramulator[i]);
      if (known_deviation(reference.pattern, presets[i]))
        CHECK(std::abs(deviation) > reference.tolerance);  // else the page is out of date
      else
        CHECK(std::abs(deviation) <= reference.tolerance);
    }
}

TEST_CASE("with a refresh of 315 clocks, GDDR6 is within tolerance") {
  // nRFCab of the GDDR6 presets in Ramulator 2.1 at commit 278f1ef; ours has tRFC = 211. Whether
  // the recorded runs had it is not known.
  for (const Reference& reference : references) {
    if (reference.pattern == Pattern::read_row || reference.pattern == Pattern::random_read)
      continue;
    Dram dram = test::memory_of(reference.pattern, "GDDR6-14000");
    dram.timing.rfc = 315;
    const auto requests = test::requests_of(reference.pattern, dram, 200'000);
    const double ours = 100 * run_trace(dram, requests).share_of_peak;
    CAPTURE(static_cast<int>(reference.pattern));
    CAPTURE(ours);
    CHECK(std::abs(deviation_percent(ours, reference.ramulator[1])) <= reference.tolerance);
  }
}
