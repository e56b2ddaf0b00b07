// SPDX-License-Identifier: Apache-2.0
// The writers: a report or a trace as text or bytes. They compute nothing and open no files.
// docs/report.md describes every form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "sim/experiment.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// What a writer is given.
enum class WriterInput : std::uint8_t { report, trace };

struct WriterFormat {
  std::string_view name;
  std::string_view extension;  ///< of a file, without the dot
  WriterInput input = WriterInput::report;
};

/// The writers of writers.def, in its order.
std::vector<WriterFormat> writer_formats();
/// What each says of itself, in the same order.
std::vector<Descriptor> writer_descriptors();

struct TableOptions {
  bool color = false;           ///< ANSI colours
  bool unicode = true;          ///< lines and bars beyond ASCII
  unsigned width = 100;         ///< columns of the terminal; taken as 60 at least
  std::size_t max_layers = 20;  ///< rows; of a longer network those with the most cycles are shown
};

/// The answer for a terminal. Rounded; every line ends in a newline, none has trailing blanks and
/// none is wider than `width`.
std::string write_table(const Report& report, const TableOptions& options = {});
/// The same for a design that does not fit.
std::string write_table(const Outcome& outcome, const TableOptions& options = {});

/// JSON of version 1, all fields in a fixed order; numbers in full, doubles in the shortest form
/// that reads back. The same outcome gives the same bytes. Causes of stalls must be unique.
std::string write_json(const Outcome& outcome);
/// read_json(write_json(x)) == x. Throws SpecError with everything that is wrong; `path` names the
/// text in messages. Keys that are missing, unknown or there twice are errors.
Outcome read_json(std::string_view text, const std::string& path = "report");
/// JSON Schema (2020-12) of what write_json writes; docs/schema/report.schema.json is this text.
std::string report_schema();

/// One line a layer and one for the total, fields quoted as in RFC 4180, lines ended by CR LF.
std::string write_csv(const Report& report);

struct PageOptions {
  const Experiment* experiment = nullptr;  ///< whose machine is drawn; may be null
  const Trace* trace = nullptr;            ///< from which the timeline is drawn; may be null
};

/// A page for a browser, which loads nothing: the report with charts, a drawing of the machine and
/// tables that can be read without a script (docs/pages.md). Equal input gives equal bytes.
std::string write_page(const Report& report, const PageOptions& options = {});

struct PerfettoOptions {
  std::string title;  ///< shown beside the process, such as `resnet50 on tpu_v2`; may be empty
};

/// A trace for ui.perfetto.dev: packets of perfetto.protos.Trace in order of time, in which
/// one cycle is one nanosecond. Beyond the trace itself it keeps 8 bytes a slice and a sample.
void write_perfetto(const Trace& trace, std::ostream& out, const PerfettoOptions& options = {});
std::string write_perfetto(const Trace& trace, const PerfettoOptions& options = {});

}  // namespace sluice
