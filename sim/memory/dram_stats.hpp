// SPDX-License-Identifier: Apache-2.0
// What a DRAM channel counts. Plain counters: two snapshots subtract, and a period's growth times
// a number of periods adds, which is how repeated work is accounted for without being simulated.
#pragma once

#include <cstdint>

namespace sluice {

/// Counts of one channel, or of several together. The data bus is accounted for clock by clock:
/// data + queue_empty + refresh + row + faw + bank_group + turnaround == clocks.
struct DramStats {
  std::uint64_t activates = 0;
  std::uint64_t precharges = 0;  ///< of single banks, those done with an access (closed page) too
  std::uint64_t reads = 0;       ///< bursts
  std::uint64_t writes = 0;
  std::uint64_t refreshes = 0;      ///< of all banks, or of single banks where refresh is per_bank
  std::uint64_t row_hits = 0;       ///< accesses to a row that another access had opened
  std::uint64_t row_misses = 0;     ///< accesses that opened the row of a closed bank
  std::uint64_t row_conflicts = 0;  ///< accesses that closed another row first
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;

  std::uint64_t clocks = 0;       ///< data bus clocks accounted for
  std::uint64_t data = 0;         ///< of them, carrying data
  std::uint64_t queue_empty = 0;  ///< nothing to serve: too few requests in flight, or none at all
  std::uint64_t refresh = 0;
  std::uint64_t row = 0;         ///< rows being opened and closed; the command bus taken
  std::uint64_t faw = 0;         ///< rows whose opening was held up by tRRD or tFAW
  std::uint64_t bank_group = 0;  ///< tCCD_L beyond tCCD_S
  std::uint64_t turnaround = 0;  ///< between reads and writes

  bool operator==(const DramStats&) const = default;
  DramStats& operator+=(const DramStats& other);
  DramStats& operator-=(const DramStats& other);
  DramStats& operator*=(std::uint64_t count);
  friend DramStats operator-(DramStats a, const DramStats& b) { return a -= b; }
  friend DramStats operator+(DramStats a, const DramStats& b) { return a += b; }
};

/// Calls `visit(name, counter)` for every counter, in the order of declaration.
template <class Stats, class Visit>
void for_each_counter(Stats& s, Visit&& visit) {
  visit("activates", s.activates);
  visit("precharges", s.precharges);
  visit("reads", s.reads);
  visit("writes", s.writes);
  visit("refreshes", s.refreshes);
  visit("row_hits", s.row_hits);
  visit("row_misses", s.row_misses);
  visit("row_conflicts", s.row_conflicts);
  visit("bytes_read", s.bytes_read);
  visit("bytes_written", s.bytes_written);
  visit("clocks", s.clocks);
  visit("data", s.data);
  visit("queue_empty", s.queue_empty);
  visit("refresh", s.refresh);
  visit("row", s.row);
  visit("faw", s.faw);
  visit("bank_group", s.bank_group);
  visit("turnaround", s.turnaround);
}

}  // namespace sluice
