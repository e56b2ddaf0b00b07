// SPDX-License-Identifier: Apache-2.0
// The units that quantities are written in, for their parser and printer. Not for other rooms.
// Prefixes: SI brochure, 9th edition, table 7 (decimal); IEC 80000-13:2008, clause 4 (binary).
#pragma once

#include <span>
#include <string_view>

namespace sluice {

/// A unit is 10^ten * 2^two base units.
struct Unit {
  std::string_view name;
  int ten = 0;
  int two = 0;
};

/// The units of one dimension, in the order in which they are listed to the user.
struct UnitSystem {
  std::string_view quantity;  ///< with its article, such as `a time`
  std::string_view example;
  std::span<const Unit> units;
};

inline constexpr Unit byte_units[] = {
    {"B"},          {"KiB", 0, 10}, {"MiB", 0, 20}, {"GiB", 0, 30}, {"TiB", 0, 40},
    {"PiB", 0, 50}, {"EiB", 0, 60}, {"kB", 3, 0},   {"MB", 6, 0},   {"GB", 9, 0},
    {"TB", 12, 0},  {"PB", 15, 0},  {"EB", 18, 0},
};
inline constexpr Unit hertz_units[] = {
    {"Hz"}, {"kHz", 3, 0}, {"MHz", 6, 0}, {"GHz", 9, 0}, {"THz", 12, 0}};
inline constexpr Unit second_units[] = {{"s"},         {"ms", -3, 0},  {"us", -6, 0},
                                        {"ns", -9, 0}, {"ps", -12, 0}, {"fs", -15, 0}};
inline constexpr Unit picojoule_units[] = {{"pJ"},       {"fJ", -3, 0}, {"nJ", 3, 0},
                                           {"uJ", 6, 0}, {"mJ", 9, 0},  {"J", 12, 0}};
inline constexpr Unit area_units[] = {{"um2"}, {"nm2", -6, 0}, {"mm2", 6, 0}, {"cm2", 8, 0}};

inline constexpr UnitSystem byte_system{"a size", "16 MiB", byte_units};
inline constexpr UnitSystem hertz_system{"a frequency", "940 MHz", hertz_units};
inline constexpr UnitSystem second_system{"a time", "100 ns", second_units};
inline constexpr UnitSystem bandwidth_system{"a bandwidth", "1.2 TB/s", byte_units};
inline constexpr UnitSystem picojoule_system{"an energy", "1.3 pJ", picojoule_units};
inline constexpr UnitSystem area_system{"an area", "0.5 mm2", area_units};

}  // namespace sluice
