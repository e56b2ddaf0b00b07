// SPDX-License-Identifier: Apache-2.0
// `sluice run`: evaluates a run file and writes the report.
#include <fmt/format.h>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/streams.hpp"
#include "sim/evaluate.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

constexpr std::string_view to_output = "-";

/// A text and where it goes.
struct Output {
  std::string path;
  std::string text;
};

struct RunInput {
  Experiment experiment;  ///< traced for the timeline of a page, too
  bool writes_trace = false;
  Location energy_table;  ///< where the file names it
};

Location place_of_table(const YamlNode& root) {
  const YamlNode* machine = root.find("architecture");
  const YamlNode* table = machine == nullptr ? nullptr : machine->find("energy_table");
  return table == nullptr ? Location{} : table->where;
}

/// Reports a file that is plainly another one than a run file.
void check_kind(const YamlNode& root, const std::string& file) {
  const auto kind = find_kind(root);
  if (!kind || *kind == FileKind::run) return;
  std::string hint = "a run file names it";
  if (*kind == FileKind::architecture) hint += fmt::format(": architecture: {{include: {}}}", file);
  if (*kind == FileKind::map) hint = "`sluice map` counts its accesses, cycles and energy";
  if (*kind == FileKind::claims) hint = "`sluice reproduce` compares them with what is computed";
  if (*kind == FileKind::network) hint += fmt::format(": workload: {{model: {}}}", file);
  throw SpecError({{{.path = file},
                    fmt::format("this is {}, a run file is expected", kind_text(*kind)),
                    std::move(hint)}});
}

/// Only `tile` has firings with a time: an empty trace would look like an idle machine.
void check_trace(const Experiment& experiment) {
  const Fidelity fidelity = experiment.simulation.fidelity;
  if (!experiment.output.trace || fidelity == Fidelity::tile) return;
  Diagnostics diagnostics;
  diagnostics.error({.path = "sluice run"},
                    fmt::format("fidelity {} makes no trace", name_of(fidelity)),
                    "use tile, or leave the trace out");
  diagnostics.throw_if_any();
}

/// What the command line says goes over what the file says.
RunInput read_run(const RunArguments& arguments, const Library& library) {
  std::vector<Setting> settings = arguments.settings;
  if (arguments.fidelity)
    settings.push_back({"simulation.fidelity", std::string(name_of(*arguments.fidelity))});
  if (arguments.seed) settings.push_back({"simulation.seed", fmt::format("{}", *arguments.seed)});
  const YamlNode root = load_input(arguments.file, settings);
  check_kind(root, arguments.file);
  Experiment experiment = read_experiment(root, library);
  // None of these changes the answer, so they are no part of what is hashed.
  if (!arguments.fast_forward) experiment.simulation.fast_forward = false;
  OutputSettings& output = experiment.output;
  if (arguments.directory) output.directory = *arguments.directory;
  if (arguments.trace) output.trace = true;
  if (arguments.trace_start) output.trace_start = *arguments.trace_start;
  if (arguments.trace_cycles) output.trace_cycles = *arguments.trace_cycles;
  check_trace(experiment);
  const bool writes_trace = output.trace;
  if (arguments.html && experiment.simulation.fidelity == Fidelity::tile) output.trace = true;
  return {std::move(experiment), writes_trace, place_of_table(root)};
}

/// Whether the folder is written: --json, --csv and --html FILE alone name all that is wanted.
bool fills_folder(const RunArguments& arguments) {
  return arguments.directory || (!arguments.json && !arguments.csv && !arguments.html_file);
}

/// The window of the trace lies behind the end of the run, whose length nobody knew before.
bool trace_is_empty(const RunInput& input, const Report& report) {
  return input.writes_trace && input.experiment.output.trace_start >= report.total.cycles;
}

std::string empty_trace_text(const Experiment& experiment, const Report& report) {
  return fmt::format(
      "sluice run: warning: no trace is written: its window begins at cycle {}, the run ends at "
      "cycle {}\nhint: a smaller output.trace_start, or --trace-start\n",
      experiment.output.trace_start, report.total.cycles);
}

std::vector<Output> outputs_of(const RunArguments& arguments, const RunInput& input,
                               const Report& report, const Trace& trace) {
  const std::string folder = input.experiment.output.directory + "/";
  std::vector<Output> outputs;
  const auto add = [&](const std::optional<std::string>& named, const char* usual, auto write) {
    if (!named && !fills_folder(arguments)) return;
    const std::string text = write();
    if (fills_folder(arguments)) outputs.push_back({folder + usual, text});
    if (named) outputs.push_back({*named, text});
  };
  // The largest first: a full disk shows before anything is replaced.
  if (input.writes_trace && !trace_is_empty(input, report))
    outputs.push_back({arguments.trace_file.value_or(folder + "trace.perfetto-trace"),
                       write_perfetto(trace, {.title = fmt::format("{} on {}", report.network.name,
                                                                   report.machine.name)})});
  if (arguments.html)
    outputs.push_back({arguments.html_file.value_or(folder + "report.html"),
                       write_page(report, {.experiment = &input.experiment, .trace = &trace})});
  add(arguments.json, "report.json", [&] { return write_json(report); });
  add(arguments.csv, "layers.csv", [&] { return write_csv(report); });
  return outputs;
}

/// Evaluates. Mistakes in the prices know no place there; they get that of `energy_table`.
Outcome evaluate_run(const RunInput& input, const Library& library, const EvaluateHooks& hooks) {
  try {
    return evaluate(input.experiment, library, hooks);
  } catch (const SpecError& error) {
    std::vector<Diagnostic> placed = error.diagnostics();
    for (Diagnostic& d : placed)
      if (d.where == Location{}) d.where = input.energy_table;
    throw SpecError(std::move(placed));
  }
}

/// Writes the files and returns what goes to standard output, if anything.
std::optional<std::string> write_files(std::vector<Output> outputs, std::string& paths) {
  std::optional<std::string> standard;
  for (Output& output : outputs) {
    if (output.path == to_output) {
      standard = std::move(output.text);
      continue;
    }
    write_file_atomic(output.path, output.text);
    paths += fmt::format("wrote {}\n", output.path);
  }
  return standard;
}

std::string table_of(const Report& report) {
  const Terminal terminal = output_terminal();
  return write_table(report, {.color = terminal.is_terminal, .width = terminal.width});
}

int report_infeasible(const RunArguments& arguments, const Infeasible& infeasible) {
  if (arguments.json == to_output) {
    write_output(write_json(infeasible));
  } else if (arguments.json) {
    write_file_atomic(*arguments.json, write_json(infeasible));
  }
  write_error(infeasible_text(arguments.file, infeasible));
  return exit_failed;
}

}  // namespace

int run_command(const RunArguments& arguments, const LibraryFolders& folders) {
  const RunInput input = read_run(arguments, folders.library);
  const Experiment& experiment = input.experiment;
  Trace trace;
  std::optional<Outcome> outcome;
  std::string paths;
  std::optional<std::string> standard;
  {
    const InterruptWatch watch(interrupted_text);
    {
      Progress progress(!arguments.quiet && error_is_terminal());
      EvaluateHooks hooks{.trace = experiment.output.trace ? &trace : nullptr};
      progress.attach(hooks);
      outcome = evaluate_run(input, folders.library, hooks);
    }
    if (InterruptWatch::requested()) throw InterruptedError{};
    if (const auto* infeasible = std::get_if<Infeasible>(&*outcome))
      return report_infeasible(arguments, *infeasible);
    auto outputs = outputs_of(arguments, input, std::get<Report>(*outcome), trace);
    InterruptWatch::hold();
    standard = write_files(std::move(outputs), paths);
  }
  const Report& report = std::get<Report>(*outcome);
  if (standard) write_output(*standard);
  if (trace_is_empty(input, report)) write_error(empty_trace_text(experiment, report));
  if (arguments.quiet) return exit_done;
  if (standard) {
    write_error(paths);
  } else {
    write_output(table_of(report) + paths);
  }
  return exit_done;
}

}  // namespace sluice
