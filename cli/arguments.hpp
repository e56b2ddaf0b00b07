// SPDX-License-Identifier: Apache-2.0
// The words of the command line as plain values. Nothing is read or done here; see commands.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arch/number_format.hpp"
#include "dse/proxy/kind.hpp"
#include "sim/experiment.hpp"
#include "workloads/lowering.hpp"

namespace sluice {

/// A value of `--set path=value`.
struct Setting {
  std::string path;
  std::string value;
};

struct RunArguments {
  std::string file;
  std::vector<Setting> settings;
  std::optional<Fidelity> fidelity;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> directory;  ///< --out
  std::optional<std::string> json;       ///< a path, or `-`
  std::optional<std::string> csv;        ///< a path, or `-`
  bool html = false;
  std::optional<std::string> html_file;  ///< of `--html FILE`
  bool trace = false;
  std::optional<std::string> trace_file;  ///< of `--trace FILE`
  std::optional<std::uint64_t> trace_start;
  std::optional<std::uint64_t> trace_cycles;
  bool fast_forward = true;
  bool quiet = false;
};

struct CheckArguments {
  std::vector<std::string> files;
};

struct DescribeArguments {
  std::string file;
  std::vector<Setting> settings;
};

struct ListArguments {
  std::string kind;  ///< empty: all kinds
  std::string name;  ///< empty: all of the kind
};

struct SchemaArguments {
  std::string kind;
};

struct ImportScaleSimArguments {
  std::string config;
  std::string topology;
  std::string input = "conv";  ///< conv or gemm
  std::string output;
};

struct ImportAccelergyArguments {
  std::string ert;
  std::optional<std::string> art;
  std::string map;  ///< what the components of the ERT are here
  std::string output;
};

struct ImportOnnxArguments {
  std::string file;
  std::vector<Setting> settings;  ///< dimensions that the model leaves open
  std::string output;
};

struct ImportTimeloopArguments {
  std::string problem;
  std::string architecture;
  std::optional<std::string> mapping;  ///< none: a mapper is to find one
  std::optional<std::string> ert;
  std::string output;
};

struct CascadeArguments {
  std::string file;  ///< a cascade, or a network to lower
  std::vector<Setting> settings;
  std::string format = "text";       ///< text, yaml, json, dot or svg
  std::optional<std::string> layer;  ///< of a network: which layers; all when not given
  std::optional<AttentionCascade> attention;
  std::optional<ConvolutionCascade> convolution;
  std::optional<std::string> html;
};

struct EvaluateArguments {
  std::vector<std::string> files;  ///< two cascades or more, or one network
  std::vector<Setting> settings;
  std::optional<std::string> layer;  ///< of a network: which layers; all when not given
  std::uint64_t seed = 1;
  std::optional<NumberFormat> format;       ///< none: double precision
  std::optional<NumberFormat> accumulator;  ///< that partial sums are rounded to
};

struct MapArguments {
  std::string file;
  std::vector<Setting> settings;
  std::optional<std::string> mapper;     ///< none: that of the file
  std::optional<std::string> objective;  ///< cycles, energy or edp
  std::optional<Seconds> time;           ///< that a search may take
  bool pareto = false;                   ///< all mappings that none beats in cycles and energy
  bool exhaustive = false;               ///< look at every mapping
  std::optional<std::string> fuse;       ///< none, whole or tiles
  std::optional<std::string> cache;      ///< a folder
  std::optional<std::uint32_t> threads;
  std::optional<std::string> json;  ///< a path, or `-`
  std::optional<std::string> csv;   ///< a path, or `-`
  std::optional<std::string> html;
};

/// What a sweep asks for results.
enum class Asked : std::uint8_t { analytic, tile, pe, proxy };

template <>
struct EnumNames<Asked> {
  static constexpr EnumName<Asked> table[] = {{"analytic", Asked::analytic},
                                              {"tile", Asked::tile},
                                              {"pe", Asked::pe},
                                              {"proxy", Asked::proxy}};
};

struct SweepArguments {
  std::string file;
  std::vector<Setting> settings;
  std::optional<std::string> searcher;
  std::optional<std::uint64_t> budget, batch, seed, workers;
  std::optional<Seconds> timeout;
  std::optional<Asked> fidelity;  ///< proxy: the fidelity that the sweep's proxy stands for
  std::optional<std::string> store;
  std::optional<std::string> proxy;  ///< says what designs are worth, in place of simulating
  bool quiet = false;
};

struct StudyArguments {
  std::string action;              ///< list, show, best, front, export or validate
  std::string file;                ///< of all but list
  std::vector<std::string> files;  ///< of list: studies, and folders of them; none: out/
  std::uint64_t count = 10;        ///< of best and validate
  std::string format = "csv";      ///< of export: csv or jsonl
  std::optional<std::string> output;
};

struct ProxyArguments {
  std::string action;  ///< train, show or test
  std::string file;    ///< the proxy of show and test
  std::string study;   ///< of train and test
  std::optional<std::string> output;
  std::optional<ProxyKind> kind;  ///< none: the best is chosen
  std::uint64_t seed = 1;
  double limit = 0.2;
  std::uint64_t speed = 0;  ///< designs whose time is taken
  bool quiet = false;
};

struct ReportArguments {
  std::string study;
  std::optional<std::string> output;  ///< none: beside the study
  bool quiet = false;
};

struct ReproduceArguments {
  std::string paper;  ///< a name, or a file; empty: say which there are
  std::vector<Setting> settings;
  std::optional<std::string> csv;  ///< a path, or `-`
  std::optional<std::string> html;
  bool quiet = false;
};

struct BenchmarkArguments {
  std::vector<std::string> files;      ///< sweeps whose spaces are enumerated
  std::vector<std::string> searchers;  ///< empty: all
  std::vector<std::uint64_t> budgets;  ///< empty: as ComparisonSettings has them
  std::uint64_t seeds = 20, batch = 10;
  std::uint64_t configurations = 0;  ///< drawn of each searcher, beside its usual one
  std::uint64_t configuration_seed = 1;
  std::optional<std::string> csv;
  std::string truth = "out/truth";  ///< folder in which the designs' results are kept
  bool quiet = false;
};

/// A text asked for: help, or the version.
struct TextArguments {
  std::string text;
};

struct Command {
  std::string name = "sluice";         ///< for messages, such as `sluice run`
  std::optional<std::string> library;  ///< --library
  std::variant<TextArguments, RunArguments, CheckArguments, DescribeArguments, ListArguments,
               SchemaArguments, ImportScaleSimArguments, ImportAccelergyArguments,
               ImportOnnxArguments, ImportTimeloopArguments, CascadeArguments, EvaluateArguments,
               MapArguments, SweepArguments, StudyArguments, ProxyArguments, ReportArguments,
               ReproduceArguments, BenchmarkArguments>
      arguments;
};

/// Reads the command line. Throws SpecError with what is wrong and what was probably meant.
Command parse_arguments(int count, const char* const* words);

}  // namespace sluice
