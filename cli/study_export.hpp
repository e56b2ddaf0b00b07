// SPDX-License-Identifier: Apache-2.0
// The trials of a study as CSV and as JSON lines, for other programs. A study may be larger than
// the memory: it is read and written piece by piece.
#pragma once

#include "base/files.hpp"
#include "cli/open_study.hpp"

namespace sluice {

/// A line for each of the first `count` trials, which must be those of the sweep: number, batch,
/// status, parameters, metrics, reason, bottleneck, the hash of its design, and where it comes
/// from: fidelity, searcher, seed, hash of the sweep, version of sluice.
void write_csv(const OpenStudy& study, std::uint64_t count, const WritePiece& write);
/// The same as JSON objects, with its stalls and the closer looks at it.
void write_json_lines(const OpenStudy& study, std::uint64_t count, const WritePiece& write);

}  // namespace sluice
