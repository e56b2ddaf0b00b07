// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/help.hpp"
#include "cli/word_reader.hpp"
#include "sim/version.hpp"

namespace sluice {
namespace {

void check_page(WordReader& words, const std::optional<std::string>& file) {
  if (file == "-") words.error("a page cannot go to standard output", "name a file: --html FILE");
}

void read_trace(WordReader& words, RunArguments& run) {
  run.trace = words.flag("--trace");
  const std::vector<std::string> file = words.texts("--trace");
  if (!file.empty() && !file.front().empty()) run.trace_file = file.front();
  run.trace_start = words.value<std::uint64_t>("--trace-start", {.name = "trace_start"});
  run.trace_cycles =
      words.value<std::uint64_t>("--trace-cycles", {.min = 1, .name = "trace_cycles"});
  if (!run.trace && !words.flag("--html") && (run.trace_start || run.trace_cycles))
    words.error("--trace-start and --trace-cycles are for a trace, which is not asked for",
                "add --trace");
}

RunArguments read_run(WordReader& words) {
  RunArguments run;
  read_trace(words, run);
  run.html = words.flag("--html");
  if (const auto file = words.texts("--html"); !file.empty() && !file.front().empty())
    run.html_file = file.front();
  if ((run.trace_file || run.html_file) && words.texts("FILE").empty()) {
    words.error("FILE is missing: run file",
                fmt::format("{} takes the word behind it: put FILE first",
                            run.trace_file ? "--trace" : "--html"));
    return run;
  }
  run.file = words.required("FILE");
  run.settings = words.settings();
  run.fidelity = words.value<Fidelity>("--fidelity");
  run.seed = words.value<std::uint64_t>("--seed", {.name = "seed"});
  run.directory = words.text("--out");
  run.json = words.text("--json");
  run.csv = words.text("--csv");
  if (run.json == "-" && run.csv == "-")
    words.error("--json - and --csv - cannot both go to standard output");
  if (run.trace_file == "-")
    words.error("a trace cannot go to standard output", "name a file: --trace=FILE");
  check_page(words, run.html_file);
  for (const auto& [word, file] :
       {std::pair{"--json", run.json}, {"--csv", run.csv}, {"--trace", run.trace_file}})
    if (run.html_file && run.html_file == file)
      words.error(fmt::format("--html and {} name the same file", word));
  run.fast_forward = !words.flag("--no-fast-forward");
  run.quiet = words.flag("--quiet");
  return run;
}

ImportScaleSimArguments read_scalesim(WordReader& words) {
  ImportScaleSimArguments import;
  import.config = words.required("--config");
  import.topology = words.required("--topology");
  import.output = words.required("--output");
  import.input = words.choice("--input", {"conv", "gemm"}).value_or(import.input);
  return import;
}

ImportAccelergyArguments read_accelergy(WordReader& words) {
  ImportAccelergyArguments import;
  import.ert = words.required("--ert");
  import.art = words.text("--art");
  import.map = words.required("--map");
  import.output = words.required("--output");
  return import;
}

ImportOnnxArguments read_onnx(WordReader& words) {
  ImportOnnxArguments import;
  import.file = words.required("FILE");
  import.settings = words.settings();
  import.output = words.required("--output");
  return import;
}

ImportTimeloopArguments read_timeloop(WordReader& words) {
  ImportTimeloopArguments import;
  import.problem = words.required("PROBLEM");
  import.architecture = words.required("ARCHITECTURE");
  import.mapping = words.text("MAPPING");
  import.ert = words.text("--ert");
  import.output = words.required("--output");
  return import;
}

CascadeArguments read_cascade(WordReader& words) {
  CascadeArguments cascade{
      words.required("FILE"),
      words.settings(),
      words.choice("--format", {"text", "yaml", "json", "dot", "svg"}).value_or("text"),
      words.text("--layer"),
      words.value<AttentionCascade>("--attention"),
      words.value<ConvolutionCascade>("--conv"),
      words.text("--html")};
  check_page(words, cascade.html);
  return cascade;
}

MapArguments read_map(WordReader& words) {
  MapArguments map;
  map.file = words.required("FILE");
  map.settings = words.settings();
  map.mapper = words.text("--mapper");
  map.objective = words.choice("--objective", {"cycles", "energy", "edp"});
  map.time = words.value<Seconds>("--time", {.name = "time"});
  map.pareto = words.flag("--pareto");
  map.exhaustive = words.flag("--exhaustive");
  map.fuse = words.choice("--fuse", {"none", "whole", "tiles"});
  map.cache = words.text("--cache");
  map.threads = words.value<std::uint32_t>("--threads", {.min = 1, .max = 1024, .name = "threads"});
  map.json = words.text("--json");
  map.csv = words.text("--csv");
  map.html = words.text("--html");
  check_page(words, map.html);
  if (map.json == "-" && map.csv == "-")
    words.error("--json and --csv: only one of them can go to standard output");
  return map;
}

EvaluateArguments read_evaluate(WordReader& words) {
  EvaluateArguments evaluate;
  words.required("FILE");
  evaluate.files = words.texts("FILE");
  evaluate.settings = words.settings();
  evaluate.layer = words.text("--layer");
  evaluate.seed = words.value<std::uint64_t>("--seed", {.name = "seed"}).value_or(1);
  evaluate.format = words.value<NumberFormat>("--format");
  evaluate.accumulator = words.value<NumberFormat>("--accumulator");
  return evaluate;
}

SweepArguments read_sweep_words(WordReader& words) {
  SweepArguments sweep;
  sweep.file = words.required("FILE");
  sweep.settings = words.settings();
  sweep.searcher = words.text("--searcher");
  sweep.budget = words.value<std::uint64_t>("--budget", {.min = 1, .name = "budget"});
  sweep.batch = words.value<std::uint64_t>("--batch", {.min = 1, .name = "batch"});
  sweep.seed = words.value<std::uint64_t>("--seed", {.name = "seed"});
  sweep.workers =
      words.value<std::uint64_t>("--workers", {.min = 1, .max = 1024, .name = "workers"});
  sweep.timeout = words.value<Seconds>("--timeout", {.name = "timeout"});
  sweep.fidelity = words.value<Asked>("--fidelity");
  sweep.store = words.text("--store");
  if (words.flag("--executor"))  // the Python package's command never gets here with it
    words.error("--executor is in the Python package, and this is the command alone",
                "pip install '.[ray]' (docs/cluster.md)");
  sweep.proxy = words.text("--proxy");
  sweep.quiet = words.flag("--quiet");
  return sweep;
}

BenchmarkArguments read_benchmark(WordReader& words) {
  BenchmarkArguments benchmark;
  words.required("FILE");
  benchmark.files = words.texts("FILE");
  benchmark.searchers = words.texts("--searcher");
  benchmark.budgets = words.values<std::uint64_t>("--budget", {.min = 1, .name = "budget"});
  benchmark.seeds = words.value<std::uint64_t>("--seeds", {.min = 1, .max = 1000, .name = "seeds"})
                        .value_or(benchmark.seeds);
  benchmark.batch =
      words.value<std::uint64_t>("--batch", {.min = 1, .name = "batch"}).value_or(benchmark.batch);
  benchmark.configurations =
      words
          .value<std::uint64_t>("--configurations",
                                {.min = 1, .max = 10'000, .name = "configurations"})
          .value_or(benchmark.configurations);
  benchmark.configuration_seed =
      words.value<std::uint64_t>("--configuration-seed", {.name = "configuration-seed"})
          .value_or(benchmark.configuration_seed);
  benchmark.csv = words.text("--csv");
  benchmark.truth = words.text("--truth").value_or(benchmark.truth);
  benchmark.quiet = words.flag("--quiet");
  return benchmark;
}

StudyArguments read_study_words(std::string_view action, WordReader& words) {
  StudyArguments study;
  study.action = action;
  if (action == "list") {
    study.files = words.texts("FILE");
    return study;
  }
  study.file = words.required("FILE");
  study.count = words.value<std::uint64_t>("--count", {.min = 1, .name = "count"}).value_or(10);
  study.format = words.choice("--format", {"csv", "jsonl"}).value_or("csv");
  study.output = words.text("--output");
  return study;
}

ProxyArguments read_proxy_words(std::string_view action, WordReader& words) {
  ProxyArguments proxy;
  proxy.action = action;
  if (action != "train") proxy.file = words.required("PROXY");
  if (action != "show") proxy.study = words.required("STUDY");
  if (action == "train") proxy.output = words.required("--output");
  proxy.kind = words.value<ProxyKind>("--model");
  proxy.seed = words.value<std::uint64_t>("--seed", {.name = "seed"}).value_or(proxy.seed);
  proxy.limit =
      words.value<double>("--limit", {.min = 1e-6, .name = "limit"}).value_or(proxy.limit);
  proxy.speed =
      words.value<std::uint64_t>("--speed", {.min = 1, .name = "speed"}).value_or(proxy.speed);
  proxy.quiet = words.flag("--quiet");
  return proxy;
}

ReportArguments read_report(WordReader& words) {
  ReportArguments report{words.required("STUDY"), words.text("--output"), words.flag("--quiet")};
  if (report.output == "-")
    words.error("a page cannot go to standard output", "name a file: -o FILE");
  return report;
}

ReproduceArguments read_reproduce(WordReader& words) {
  ReproduceArguments reproduce;
  reproduce.paper = words.text("PAPER").value_or("");
  reproduce.settings = words.settings();
  reproduce.csv = words.text("--csv");
  reproduce.html = words.text("--html");
  reproduce.quiet = words.flag("--quiet");
  check_page(words, reproduce.html);
  if (reproduce.paper.empty() && (reproduce.csv || reproduce.html))
    words.error("PAPER is missing: which one is to be reproduced",
                "`sluice reproduce` says which there are");
  return reproduce;
}

SchemaArguments read_schema(WordReader& words) {
  const std::vector<std::string> kinds = {"run",   "architecture", "network", "map",   "cascade",
                                          "sweep", "claims",       "facts",   "report"};
  SchemaArguments schema{words.required("KIND")};
  if (!schema.kind.empty() && std::ranges::find(kinds, schema.kind) == kinds.end())
    words.error(fmt::format("there is no schema {}", quote(schema.kind)),
                suggestion(schema.kind, kinds));
  return schema;
}

TextArguments help_on(WordReader& words) {
  std::string wanted;
  for (const std::string& word : words.texts("COMMAND"))
    wanted += wanted.empty() ? word : " " + word;
  if (wanted.empty()) return {overview_help()};
  std::string text;
  std::vector<std::string> known;
  for (const CommandSpec& command : command_table()) {
    known.emplace_back(command.name);
    const bool group = command.name.starts_with(wanted + " ");
    if (command.name == wanted || group) text += (text.empty() ? "" : "\n") + command_help(command);
  }
  if (text.empty())
    words.error(fmt::format("there is no command {}", quote(wanted)), suggestion(wanted, known));
  return {text};
}

decltype(Command::arguments) read_arguments(std::string_view command, WordReader& words) {
  if (command == "run") return read_run(words);
  if (command == "check") {
    words.required("FILE");
    return CheckArguments{words.texts("FILE")};
  }
  if (command == "describe") return DescribeArguments{words.required("FILE"), words.settings()};
  if (command == "list")
    return ListArguments{words.text("KIND").value_or(""), words.text("NAME").value_or("")};
  if (command == "schema") return read_schema(words);
  if (command == "cascade") return read_cascade(words);
  if (command == "map") return read_map(words);
  if (command == "evaluate") return read_evaluate(words);
  if (command == "sweep") return read_sweep_words(words);
  if (command == "benchmark") return read_benchmark(words);
  if (command.starts_with("study ")) return read_study_words(command.substr(6), words);
  if (command.starts_with("proxy ")) return read_proxy_words(command.substr(6), words);
  if (command == "report") return read_report(words);
  if (command == "reproduce") return read_reproduce(words);
  if (command == "import scalesim") return read_scalesim(words);
  if (command == "import accelergy") return read_accelergy(words);
  if (command == "import onnx") return read_onnx(words);
  if (command == "import timeloop") return read_timeloop(words);
  return help_on(words);
}

}  // namespace

Command parse_arguments(int count, const char* const* words) {
  const Words given = split_words(count, words);
  Command command;
  if (given.version) {
    command.arguments = TextArguments{fmt::format("sluice {}\n", version())};
    return command;
  }
  if (given.command == nullptr) {
    command.arguments = TextArguments{overview_help()};
    return command;
  }
  command.name = place_of(given.command).path;
  if (given.has("--help")) {
    command.arguments = TextArguments{command_help(*given.command)};
    return command;
  }
  WordReader reader(given);
  command.library = reader.text("--library");
  command.arguments = read_arguments(given.command->name, reader);
  reader.finish();
  return command;
}

}  // namespace sluice
